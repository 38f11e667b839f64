//! Telling from its mode that an object is locked: that a run has set it to 0000, so that nobody new gets in.

use crate::journal::access::{LOCKED, LOOK};
use crate::kind::model::Object;
use crate::object::difference::Part;
use crate::object::fingerprint::Fingerprint;

/// Whether the mode is 0000.
#[must_use]
pub fn is_locked(object: &Object) -> bool {
    object.perm.mode.permissions() == LOCKED.permissions()
}

/// Whether the mode is one that a run gives to what it locks: 0000, or 0400 while it looks into a set.
#[must_use]
pub fn may_be_locked(object: &Object) -> bool {
    is_locked(object) || is_open_for_a_look(object)
}

/// Whether `now` is the object `before`, as it is while a run has it locked. Somebody may have given it another owner or
/// capacity since; who does so passes on the mode that he finds. A segment may have been marked for removal: it still has a
/// mode for those who attach it by its id.
#[must_use]
pub fn is_locked_since(before: &Object, now: &Object) -> bool {
    let locked = is_locked(now) || is_open_for_a_look(now) && !Part::Owner.differs(before, now);
    locked && Part::Permissions.differs(before, now) && Fingerprint::of(before).is_of(now)
}

fn is_open_for_a_look(object: &Object) -> bool {
    object.as_set().is_some() && object.perm.mode.permissions() == LOOK.permissions()
}

#[cfg(test)]
pub(super) mod tests {
    use super::is_locked_since;
    use crate::kind::model::Object;
    use crate::object::samples::objects;
    use crate::sys::{Key, Mode, Timestamp, Uid};

    pub(in crate::journal) fn queue(mode: u32, ctime: i64) -> Object {
        let [.., mut queue] = objects();
        (queue.perm.mode, queue.ctime) = (Mode::new(mode), Timestamp::new(ctime));
        queue
    }

    #[test]
    fn only_a_locked_object_is_one() {
        let before = queue(0o640, 100);
        assert!(is_locked_since(&before, &queue(0, 200)));
        // Somebody has unlocked it.
        assert!(!is_locked_since(&before, &queue(0o600, 200)));
        // A mode that only sets get.
        assert!(!is_locked_since(&before, &queue(0o400, 200)));
        // It never had another mode.
        assert!(!is_locked_since(&queue(0, 100), &queue(0, 200)));
        let mut other = queue(0, 200);
        other.perm.uid = Uid::new(8);
        assert!(is_locked_since(&before, &other), "it is locked all the same");
        other = queue(0, 200);
        other.perm.key = Key::from_bits(6);
        assert!(!is_locked_since(&before, &other));
    }

    #[test]
    fn a_locked_segment_may_be_marked_for_removal() {
        let [mut segment, ..] = objects();
        (segment.perm.key, segment.perm.mode) = (Key::from_bits(5), Mode::new(0o600));
        let mut marked = segment;
        (marked.perm.key, marked.perm.mode) = (Key::PRIVATE, Mode::new(0o1000));
        assert!(marked.is_doomed() && is_locked_since(&segment, &marked));
        marked.perm.cuid = Uid::new(segment.perm.cuid.raw() + 1);
        assert!(!is_locked_since(&segment, &marked));
    }
}
