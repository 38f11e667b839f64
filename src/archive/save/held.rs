//! Segments that stay attached after they were copied, until their times tell who else comes.
//!
//! The kernel's times are whole seconds, and our detach makes us the last process again. So who attaches, writes and
//! detaches right before it leaves no trace if all that is within the second of our own attach. A later second tells.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Saved, segment};
use crate::kind::model::{Object, ObjectId};
use crate::object::difference::is_same;
use crate::object::inventory;
use crate::sys::mapping::Mapped;

/// The kernel's seconds begin up to a tick of its clock later than ours.
const TICK: Duration = Duration::from_millis(20);
/// No second is longer, unless the clock is set.
const PATIENCE: Duration = Duration::from_millis(1500);
/// What is said of what somebody came to.
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

/// All of them.
#[derive(Debug, Default)]
pub struct HeldSegments(Vec<Held>);

impl HeldSegments {
    pub(super) fn extend(&mut self, held: Option<Held>) {
        self.0.extend(held);
    }

    /// Detaches all, and writes down as what they then are left, or that somebody has come since they were copied. May
    /// wait for the next second.
    pub fn let_go<'a>(self, copies: impl Iterator<Item = &'a mut Saved>) {
        if self.0.is_empty() {
            return;
        }
        let latest = self.0.iter().filter_map(|held| held.last.as_segment().map(|last| last.atime.seconds())).max();
        let told = wait_until_after(latest.unwrap_or(0));
        let fates: HashMap<ObjectId, Option<Object>> =
            self.0.into_iter().map(|held| (held.before.id, let_go(held).filter(|_| told))).collect();
        for copy in copies {
            match fates.get(&copy.object.id) {
                None => {}
                Some(Some(object)) => copy.object = *object,
                Some(None) => copy.approximate = copy.approximate.take().or(Some(SOMEBODY.to_owned())),
            }
        }
    }
}

/// Detaches; the segment afterwards, if nobody has come since it was copied.
fn let_go(held: Held) -> Option<Object> {
    let id = held.before.id;
    let then = inventory::look(id).ok().flatten();
    held.mapped.detach().ok()?;
    let now = inventory::look(id).ok().flatten()?;
    let quiet = then.is_some_and(|then| is_same(&then, &held.last));
    (quiet && segment::left_alone(&held.before, &held.last, &now)).then_some(now)
}

/// Waits until an attach gets a later time than `second`; whether that is so now.
fn wait_until_after(second: i64) -> bool {
    let end = Duration::from_secs(u64::try_from(second).unwrap_or(0)) + Duration::from_secs(1) + TICK;
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
