//! The initial values of a semaphore set, given so that nobody meets some of them only.

use crate::sys::sem::{self, SemOp};
use crate::sys::{self, Errno, SemId};

/// Whether they can be given by one `semop`.
pub(super) fn fits_one_operation(values: &[u16]) -> bool {
    let semopm = sem::limits().map_or(500, |limits| limits.semopm);
    let operations = match values.iter().filter(|&&value| value > 0).count() {
        0 => 2,
        some => some,
    };
    // An operation names its semaphore by sixteen bits.
    operations as u64 <= semopm && values.len() <= 1 << 16
}

/// Gives a set of zeros its values. Afterwards its otime is not zero: the sign by which others know a set as
/// initialised.
pub(super) fn initialise(id: SemId, values: &[u16], at_once: bool) -> sys::Result<()> {
    if !at_once {
        if !values.is_empty() {
            sem::set_all(id, values)?;
        }
        return touch(id, values);
    }
    let ops: Vec<SemOp> = (0u32..)
        .zip(values)
        .filter(|&(_, &value)| value > 0)
        // Both fit: so many fit one operation, and no value is above 32767.
        .map(|(index, &value)| SemOp::new(index as u16, value.cast_signed()).no_wait())
        .collect();
    if ops.is_empty() { touch(id, values) } else { sem::op(id, &ops, None) }
}

/// An operation that changes nothing but otime.
fn touch(id: SemId, values: &[u16]) -> sys::Result<()> {
    let first = if values.first().is_some_and(|&value| value > 0) { -1 } else { 1 };
    let ops = [SemOp::new(0, first).no_wait(), SemOp::new(0, -first).no_wait()];
    match sem::op(id, &ops, None) {
        // Where semopm is 1. The set is hidden still, as that counts as too many for one operation.
        Err(Errno::E2BIG) => ops.iter().try_for_each(|&op| sem::op(id, &[op], None)),
        done => done,
    }
}
