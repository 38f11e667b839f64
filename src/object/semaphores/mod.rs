//! Using a semaphore set: which semaphores, which operations, which values; and doing it.

pub mod asking;
pub mod assign;
pub mod held;
pub mod operate;
pub mod operation;
pub mod range;

#[cfg(test)]
mod tests;

pub use assign::Assignment;
pub use operate::{Request, Wait};
pub use operation::Operation;
pub use range::Range;

use super::model::Object;
use crate::sys::{self, Errno, SemId, sem};

/// The id of a set.
fn id(set: &Object) -> SemId {
    SemId::new(set.id.id)
}

/// The number of semaphores of a set.
#[must_use]
pub fn count(set: &Object) -> u64 {
    set.as_set().map_or(0, |set| set.nsems)
}

/// All values of a set at one moment.
///
/// # Errors
/// `EACCES` without read permission, `EINVAL` or `EIDRM` when the set is gone, `ENOMEM`.
pub fn values(set: &Object) -> sys::Result<Vec<u16>> {
    sem::get_all(id(set), usize::try_from(count(set)).map_err(|_| Errno::ENOMEM)?)
}
