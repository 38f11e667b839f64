//! Naming, finding, creating and changing objects.

pub mod change;
pub mod create;
pub mod difference;
pub mod fingerprint;
pub mod inventory;
pub mod key;
pub mod limits;
pub mod mode;
pub mod names;
pub mod permission;
pub mod reference;
#[cfg(test)]
pub(crate) mod samples;
pub mod semaphores;
pub mod snapshot;
