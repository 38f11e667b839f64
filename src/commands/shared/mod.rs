//! What several commands need.

pub mod backup;
pub mod child;
pub mod judging;
pub mod keep;
pub mod messages;
pub mod options;
pub mod recovery;
pub mod selectors;
pub mod targets;
pub mod wait;
