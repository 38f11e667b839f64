//! Measuring whole processes against each other, and saying what came of it.

pub(crate) mod crowd;
pub(crate) mod figure;
pub(crate) mod objects;
pub(crate) mod race;
pub(crate) mod run;
