//! The one comparison of two looks at an object. Whoever acts later than he looked lists the parts that must be the same
//! and gets his words for the first that is not.

use crate::kind::model::Object;
use crate::sys::Mode;

/// A part of an object in which two looks can differ. Only the memory behind a segment is none: it comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Id,
    /// The key, which a segment loses when it is marked for removal.
    Key,
    Creator,
    Owner,
    Permissions,
    /// The bits `SHM_DEST` and `SHM_LOCKED`.
    StatusBits,
    /// `SHM_DEST` alone, set since the first look.
    MarkedForRemoval,
    ChangeTime,
    Size,
    /// The process that created a segment.
    CreatingProcess,
    /// The same, unless one look did not see it: a reader in another pid namespace sees 0, which proves nothing.
    CreatingProcessIfSeen,
    Attachments,
    /// The times of the last attach and detach, and the process that did the later one.
    LastAttachment,
    Semaphores,
    /// The last semop(2).
    LastOperation,
    /// The number of messages and of their bytes.
    Messages,
    /// The time and the process of the last msgsnd(2).
    LastSend,
    /// The time and the process of the last msgrcv(2).
    LastReceive,
    Capacity,
}

/// A part that must be the same, and the words for saying that it is not.
pub type Named = (Part, &'static str);

/// The words for the first of `parts` in which `now` differs from `before`; None if it differs in none.
#[must_use]
pub(crate) fn first_difference(before: &Object, now: &Object, parts: &[Named]) -> Option<&'static str> {
    parts.iter().find_map(|(part, words)| part.differs(before, now).then_some(*words))
}

/// Whether two looks are the same in everything but the memory behind a segment.
#[must_use]
pub(crate) fn is_same(before: &Object, now: &Object) -> bool {
    let without_memory = |mut object: Object| {
        if let Some(segment) = object.as_segment_mut() {
            segment.memory = None;
        }
        object
    };
    without_memory(*before) == without_memory(*now)
}

impl Part {
    /// Whether two looks differ in this part. What an object's kind does not have never differs.
    #[must_use]
    pub fn differs(self, before: &Object, now: &Object) -> bool {
        let (one, two) = (&before.perm, &now.perm);
        let status_bits = |mode: Mode| mode.bits() & !Mode::PERMISSIONS;
        let both = (before, now);
        match self {
            Self::Id => before.id != now.id,
            Self::Key => one.key != two.key,
            Self::Creator => (one.cuid, one.cgid) != (two.cuid, two.cgid),
            Self::Owner => (one.uid, one.gid) != (two.uid, two.gid),
            Self::Permissions => one.mode.permissions() != two.mode.permissions(),
            Self::StatusBits => status_bits(one.mode) != status_bits(two.mode),
            Self::MarkedForRemoval => now.is_doomed() && !before.is_doomed(),
            Self::ChangeTime => before.ctime != now.ctime,
            Self::Size => differ(both, Object::as_segment, |segment| segment.size),
            Self::CreatingProcess => differ(both, Object::as_segment, |segment| segment.cpid),
            Self::CreatingProcessIfSeen => {
                let unseen = |object: &Object| object.as_segment().is_some_and(|segment| segment.cpid.is_none());
                !unseen(before) && !unseen(now) && Self::CreatingProcess.differs(before, now)
            }
            Self::Attachments => differ(both, Object::as_segment, |segment| segment.nattch),
            Self::LastAttachment => {
                differ(both, Object::as_segment, |segment| (segment.lpid, segment.atime, segment.dtime))
            }
            Self::Semaphores => differ(both, Object::as_set, |set| set.nsems),
            Self::LastOperation => differ(both, Object::as_set, |set| set.otime),
            Self::Messages => differ(both, Object::as_queue, |queue| (queue.qnum, queue.cbytes)),
            Self::LastSend => differ(both, Object::as_queue, |queue| (queue.stime, queue.lspid)),
            Self::LastReceive => differ(both, Object::as_queue, |queue| (queue.rtime, queue.lrpid)),
            Self::Capacity => differ(both, Object::as_queue, |queue| queue.qbytes),
        }
    }
}

/// Whether a part differs that only one kind has.
fn differ<Own, Value: PartialEq>(
    (before, now): (&Object, &Object),
    own: fn(&Object) -> Option<&Own>,
    value: fn(&Own) -> Value,
) -> bool {
    own(before).map(value) != own(now).map(value)
}
