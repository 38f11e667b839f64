//! The commands: a file for each, with its arguments and what it does; and what several of them share.

pub mod attach;
pub mod completions;
pub mod context;
pub mod create;
pub mod key;
pub mod limits;
pub mod ls;
pub mod rm;
pub mod set;
pub mod shm_lock;
pub mod shm_read;
pub mod shm_write;
pub mod show;

mod confirm;
mod envelope;
mod options;
mod output;
mod progress;
mod report;
mod selectors;
mod sheets;
mod targets;
