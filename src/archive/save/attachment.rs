//! What an attachment of our own does to a segment, so that whatever else happens to it meanwhile shows.
//!
//! The kernel's times are whole seconds, and our detach makes us the last process again. So who attaches, writes and
//! detaches right before it leaves no trace if all that is within the second of our own attach. Held until a later
//! second, the attachment tells.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::kind::model::Object;
use crate::object::difference::is_same;
use crate::object::inventory;
use crate::sys::Pid;
use crate::sys::mapping::Mapped;

/// The kernel's seconds begin up to a tick of its clock later than ours.
const TICK: Duration = Duration::from_millis(20);
/// No second is longer, unless the clock is set.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Why a copy is approximate if more than our own attachment happened.
pub(super) const SOMEBODY: &str = "somebody attached, detached or changed it meanwhile";

/// A segment with an attachment of our own.
#[derive(Debug)]
pub(super) struct Held {
    /// As it was before we attached it.
    pub(super) before: Object,
    /// As it was when it had been copied.
    pub(super) last: Object,
    pub(super) mapped: Mapped,
}

impl Held {
    /// Detaches; the segment afterwards, if nobody has come since it was copied.
    pub(super) fn let_go(self) -> Option<Object> {
        let id = self.before.id;
        let then = inventory::look(id).ok().flatten();
        self.mapped.detach().ok()?;
        let now = inventory::look(id).ok().flatten()?;
        let quiet = then.is_some_and(|then| is_same(&then, &self.last));
        (quiet && is_same_detached(&self.before, &self.last, &now)).then_some(now)
    }
}

/// Whether nothing but our own attach has happened between two looks. Whoever attaches, detaches or forks after us is
/// the last process then.
pub(super) fn is_same_attached(before: &Object, last: &Object) -> bool {
    let mut expected = *before;
    if let Some(segment) = expected.as_segment_mut() {
        let Some(last) = last.as_segment() else { return false };
        segment.nattch += 1;
        segment.atime = last.atime;
        segment.lpid = Pid::new(std::process::id().cast_signed());
    }
    is_same(&expected, last)
}

/// Whether nothing but our own detach has happened since `last`, a look before it. `before` is the look before we
/// attached it.
pub(super) fn is_same_detached(before: &Object, last: &Object, now: &Object) -> bool {
    let mut expected = *last;
    if let (Some(expected), Some(before), Some(now)) =
        (expected.as_segment_mut(), before.as_segment(), now.as_segment())
    {
        (expected.nattch, expected.dtime) = (before.nattch, now.dtime);
    }
    is_same(&expected, now)
}

/// Waits until whoever attaches one of these segments gets a later time than our own attach; whether that is so now.
pub(super) fn wait_for_a_later_second(held: &[Held]) -> bool {
    let latest = held.iter().filter_map(|held| held.last.as_segment().map(|last| last.atime.seconds())).max();
    let latest = u64::try_from(latest.unwrap_or(0)).unwrap_or(0);
    let end = Duration::from_secs(latest) + Duration::from_secs(1) + TICK;
    let mut left = PATIENCE;
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let Some(missing) = end.checked_sub(now).filter(|missing| !missing.is_zero()) else { return true };
        if left.is_zero() {
            return false;
        }
        let step = missing.min(left);
        thread::sleep(step);
        left -= step;
    }
}
