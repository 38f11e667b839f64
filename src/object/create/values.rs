//! Setting the initial values of a semaphore set, so that nobody sees only some of them.

use crate::sys::sem::{self, SemOp};
use crate::sys::{self, Errno, SemId};

/// Whether one `semop` can set them.
pub(super) fn fits_one_operation(values: &[u16]) -> bool {
    let semopm = sem::limits().map_or(500, |limits| limits.semopm);
    let operations = match values.iter().filter(|&&value| value > 0).count() {
        0 => 2,
        some => some,
    };
    // An operation has sixteen bits for its semaphore.
    operations as u64 <= semopm && values.len() <= 1 << 16
}

/// Sets the values of a new set. Its otime is not zero afterwards, by which other programs recognise an initialised
/// set.
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
        // Both casts fit: there are at most 65536 operations, and no value exceeds 32767.
        .map(|(index, &value)| SemOp::new(index as u16, value.cast_signed()).no_wait())
        .collect();
    if ops.is_empty() { touch(id, values) } else { sem::op(id, &ops, None) }
}

/// Changes nothing but otime.
fn touch(id: SemId, values: &[u16]) -> sys::Result<()> {
    let first = if values.first().is_some_and(|&value| value > 0) { -1 } else { 1 };
    let ops = [SemOp::new(0, first).no_wait(), SemOp::new(0, -first).no_wait()];
    match sem::op(id, &ops, None) {
        // For a semopm of 1. The set still has its initial mode, as this counts as several operations.
        Err(Errno::E2BIG) => ops.iter().try_for_each(|&op| sem::op(id, &[op], None)),
        done => done,
    }
}
