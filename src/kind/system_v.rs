//! What only the three kinds of System V have: keys, `*ctl` calls, archives and the tools of util-linux work on these, and
//! cannot be handed anything else.

use crate::kind::model::{Detail, Kind, Object, ObjectId, Queue, Segment, Set};

/// A kind of System V object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemV {
    /// Shared memory segments.
    Segment,
    /// Semaphore sets.
    Set,
    /// Message queues.
    Queue,
}

impl ObjectId {
    /// As what kind of System V object it is known.
    #[must_use]
    pub const fn system_v_kind(self) -> Option<SystemV> {
        self.kind.system_v()
    }
}

impl SystemV {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 3] = [Self::Segment, Self::Set, Self::Queue];

    /// The kind that `word` names.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        Kind::from_word(word).and_then(Kind::system_v)
    }

    /// The kind, among all kinds.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Segment => Kind::Shm,
            Self::Set => Kind::Sem,
            Self::Queue => Kind::Msg,
        }
    }
}

impl std::fmt::Display for SystemV {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind().fmt(f)
    }
}

impl Kind {
    /// The same as a kind of System V, if it is one.
    #[must_use]
    pub const fn system_v(self) -> Option<SystemV> {
        match self {
            Self::Shm => Some(SystemV::Segment),
            Self::Sem => Some(SystemV::Set),
            Self::Msg => Some(SystemV::Queue),
            #[allow(unreachable_patterns, reason = "kinds of other families are none of these")]
            _ => None,
        }
    }
}

/// The part of a System V object that its kind alone has.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Of a segment.
    Segment(&'a Segment),
    /// Of a set.
    Set(&'a Set),
    /// Of a queue.
    Queue(&'a Queue),
}

impl Object {
    /// Whether it is a segment.
    #[must_use]
    pub const fn is_segment(&self) -> bool {
        self.as_segment().is_some()
    }

    /// Whether it is a semaphore set.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.as_set().is_some()
    }

    /// Whether it is a message queue.
    #[must_use]
    pub const fn is_queue(&self) -> bool {
        self.as_queue().is_some()
    }

    /// Its part, if it is a System V object.
    #[must_use]
    pub const fn system_v(&self) -> Option<Part<'_>> {
        match &self.detail {
            Detail::Shm(segment) => Some(Part::Segment(segment)),
            Detail::Sem(set) => Some(Part::Set(set)),
            Detail::Msg(queue) => Some(Part::Queue(queue)),
            #[allow(unreachable_patterns, reason = "objects of other families have none of these")]
            _ => None,
        }
    }
}
