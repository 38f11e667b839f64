//! The object: one shape for segments, semaphore sets and message queues.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sys::memory::page_size;
use crate::sys::msg::MsgStat;
use crate::sys::namespace;
use crate::sys::sem::SemStat;
use crate::sys::shm::ShmStat;
use crate::sys::{Key, MsgId, Perm, Pid, SemId, ShmId, Timestamp};

/// The three kinds of System V IPC objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A shared memory segment.
    Shm,
    /// A semaphore set.
    Sem,
    /// A message queue.
    Msg,
}

impl Kind {
    /// In the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Shm, Self::Sem, Self::Msg];

    /// The word on the command line and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Shm => "shm",
            Self::Sem => "sem",
            Self::Msg => "msg",
        }
    }

    /// The kind that `word` names.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word().as_bytes() == word)
    }

    /// What one such object is called in a sentence.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Shm => "shared memory segment",
            Self::Sem => "semaphore set",
            Self::Msg => "message queue",
        }
    }

    /// So many of them, in words.
    #[must_use]
    pub fn count(self, number: u64) -> String {
        format!("{number} {}{}", self.noun(), if number == 1 { "" } else { "s" })
    }

    /// Its bit in a [`KindSet`].
    const fn bit(self) -> u8 {
        match self {
            Self::Shm => 1,
            Self::Sem => 2,
            Self::Msg => 4,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Some of the three kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSet(u8);

impl KindSet {
    /// None.
    pub const NONE: Self = Self(0);
    /// All three.
    pub const ALL: Self = Self(7);
    /// Segments.
    pub const SHM: Self = Self::of(Kind::Shm);
    /// Semaphore sets.
    pub const SEM: Self = Self::of(Kind::Sem);
    /// Message queues.
    pub const MSG: Self = Self::of(Kind::Msg);

    /// Just one.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        Self(kind.bit())
    }

    /// Whether `kind` is among them.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// These and `kind`.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Self {
        Self(self.0 | kind.bit())
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kind, when there is exactly one.
    #[must_use]
    pub fn single(self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|&kind| self == Self::of(kind))
    }

    /// Each of them, in listing order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |&kind| self.has(kind))
    }
}

impl FromIterator<Kind> for KindSet {
    fn from_iter<T: IntoIterator<Item = Kind>>(kinds: T) -> Self {
        kinds.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The identity of an object on this machine. Two objects are one exactly if all three are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectId {
    /// Which kind.
    pub kind: Kind,
    /// Where the number counts: for System V objects the inode number of their IPC namespace (the kernel gives
    /// namespaces and devices 32-bit numbers), 0 where `/proc` does not tell it.
    pub space: u32,
    /// The number that the kernel gave it: for System V objects the identifier.
    pub number: u64,
}

impl ObjectId {
    /// The System V object of the calling thread's IPC namespace that has the identifier `id`.
    #[must_use]
    pub fn system_v(kind: Kind, id: i32) -> Self {
        Self { kind, space: namespace::own_ipc(), number: u64::from(id.cast_unsigned()) }
    }

    /// The identifier of a System V object, as its system calls take it.
    #[must_use]
    pub const fn sysv(self) -> i32 {
        (self.number as u32).cast_signed()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.number)
    }
}

/// An object as the kernel described it at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Which one.
    pub id: ObjectId,
    /// Owner, creator, key and mode.
    pub perm: Perm,
    /// Creation or last change of owner, mode, capacity or (by `SETVAL`, `SETALL`) values.
    pub ctime: Timestamp,
    /// What only its kind has.
    pub detail: Detail,
}

/// The part that depends on the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detail {
    /// Of a segment.
    Shm(Segment),
    /// Of a set.
    Sem(Set),
    /// Of a queue.
    Msg(Queue),
}

/// What a segment has besides the common fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Bytes as asked for at creation.
    pub size: u64,
    /// Mappings of it.
    pub nattch: u64,
    /// Creating process.
    pub cpid: Pid,
    /// Last process to attach or detach.
    pub lpid: Pid,
    /// Last attach.
    pub atime: Timestamp,
    /// Last detach.
    pub dtime: Timestamp,
    /// Memory behind it; only `/proc/sysvipc/shm` tells.
    pub memory: Option<Memory>,
}

impl Segment {
    /// Bytes in RAM: what the kernel says, but not more than the segment can have. Some kernels count a huge page as
    /// often as it has base pages.
    #[must_use]
    pub fn rss(&self) -> Option<u64> {
        let told = self.memory?.rss;
        let page = page_size() as u64;
        // A table of page entries covers one huge page.
        let huge_page = page * (page / 8);
        let most = |unit: u64| self.size.checked_next_multiple_of(unit).unwrap_or(u64::MAX);
        Some(if told > most(page) { told.min(most(huge_page)) } else { told })
    }
}

/// Where the pages of a segment are, in bytes, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In RAM.
    pub rss: u64,
    /// In swap.
    pub swap: u64,
}

/// What a semaphore set has besides the common fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Number of semaphores.
    pub nsems: u64,
    /// Last `semop`.
    pub otime: Timestamp,
}

/// What a message queue has besides the common fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Messages held.
    pub qnum: u64,
    /// Bytes held.
    pub cbytes: u64,
    /// Capacity in bytes; `/proc/sysvipc/msg` does not tell it.
    pub qbytes: Option<u64>,
    /// Last sender.
    pub lspid: Pid,
    /// Last receiver.
    pub lrpid: Pid,
    /// Last send.
    pub stime: Timestamp,
    /// Last receive.
    pub rtime: Timestamp,
}

impl Object {
    /// A segment from what the kernel says.
    #[must_use]
    pub fn segment(id: ShmId, stat: &ShmStat, memory: Option<Memory>) -> Self {
        let ShmStat { perm, size, atime, dtime, ctime, cpid, lpid, nattch } = *stat;
        Self {
            id: ObjectId::system_v(Kind::Shm, id.raw()),
            perm,
            ctime,
            detail: Detail::Shm(Segment { size, nattch, cpid, lpid, atime, dtime, memory }),
        }
    }

    /// A semaphore set from what the kernel says.
    #[must_use]
    pub fn set(id: SemId, stat: &SemStat) -> Self {
        let SemStat { perm, otime, ctime, nsems } = *stat;
        Self { id: ObjectId::system_v(Kind::Sem, id.raw()), perm, ctime, detail: Detail::Sem(Set { nsems, otime }) }
    }

    /// A queue from what the kernel says; `knows_capacity` is false where its source leaves `qbytes` out.
    #[must_use]
    pub fn queue(id: MsgId, stat: &MsgStat, knows_capacity: bool) -> Self {
        let MsgStat { perm, stime, rtime, ctime, cbytes, qnum, qbytes, lspid, lrpid } = *stat;
        Self {
            id: ObjectId::system_v(Kind::Msg, id.raw()),
            perm,
            ctime,
            detail: Detail::Msg(Queue {
                qnum,
                cbytes,
                qbytes: knows_capacity.then_some(qbytes),
                lspid,
                lrpid,
                stime,
                rtime,
            }),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.id.kind
    }

    /// The latest of all times the kernel keeps for it.
    #[must_use]
    pub fn activity(&self) -> Timestamp {
        match &self.detail {
            Detail::Shm(segment) => self.ctime.max(segment.atime).max(segment.dtime),
            Detail::Sem(set) => self.ctime.max(set.otime),
            Detail::Msg(queue) => self.ctime.max(queue.stime).max(queue.rtime),
        }
    }

    /// Whether it is a segment that goes at the last detach.
    #[must_use]
    pub fn is_doomed(&self) -> bool {
        self.kind() == Kind::Shm && self.perm.mode.is_doomed()
    }

    /// The key that the names of a segment's mappings show: that it was made with. None of a removed one, which has
    /// lost it.
    #[must_use]
    pub fn key_in_maps(&self) -> Option<Key> {
        (!self.is_doomed()).then_some(self.perm.key)
    }

    /// The segment's part, if it is one.
    #[must_use]
    pub const fn as_segment(&self) -> Option<&Segment> {
        match &self.detail {
            Detail::Shm(segment) => Some(segment),
            _ => None,
        }
    }

    /// The set's part, if it is one.
    #[must_use]
    pub const fn as_set(&self) -> Option<&Set> {
        match &self.detail {
            Detail::Sem(set) => Some(set),
            _ => None,
        }
    }

    /// The queue's part, if it is one.
    #[must_use]
    pub const fn as_queue(&self) -> Option<&Queue> {
        match &self.detail {
            Detail::Msg(queue) => Some(queue),
            _ => None,
        }
    }
}
