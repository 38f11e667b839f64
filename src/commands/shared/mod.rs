//! What several commands need.

pub mod backup;
pub mod child;
pub mod find;
pub mod judging;
pub mod keep;
pub mod messages;
pub mod recovery;
pub mod targets;
pub mod wait;
