//! The object: one shape for all kinds.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use crate::sys::{Perm, Pid, Timestamp, namespace};

/// The kinds of objects.
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

    /// Its bit in a [`KindSet`].
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Some of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSet(u16);

impl KindSet {
    /// None.
    pub const NONE: Self = Self(0);
    /// All.
    pub const ALL: Self = Self(u16::MAX >> (u16::BITS - Kind::ALL.len() as u32));
    /// Those of System V.
    pub const SYSTEM_V: Self = Self::SHM.with(Kind::Sem).with(Kind::Msg);
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

/// All of them.
impl Default for KindSet {
    fn default() -> Self {
        Self::ALL
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

/// Something for each of many objects.
pub type IdMap<T> = HashMap<ObjectId, T, BuildHasherDefault<IdHasher>>;

/// Spreads identifiers, which the kernel gives out one after the other: nobody can have many that fall together.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u64(&mut self, number: u64) {
        // The golden ratio: numbers that follow on each other end up far apart.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
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
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.id.kind
    }
}
