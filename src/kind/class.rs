//! The datasheet of a kind, and what its functions take and give.

use crate::kind::field::{Field, Needs};
use crate::kind::limit::LimitDef;
use crate::kind::model::{Kind, Object, ObjectId};
use crate::kind::recorded::{Activity, RecordedUser};
use crate::render::slot::Slot;
use crate::render::style::Style;
use crate::render::units::push_u64;
use crate::render::value::Value;
use crate::sys::{self, Gid, Key, Mode, Pid, Timestamp, Uid};

/// The datasheet of a kind. What is None cannot be done with objects of that kind.
pub struct Class {
    /// Which kind.
    pub kind: Kind,
    /// The word on the command line and in JSON.
    pub word: &'static str,
    /// One such object, in a sentence.
    pub noun: &'static str,
    /// How its users can be found among the processes.
    pub found_by: FoundBy,
    /// Adds all its objects to an inventory.
    ///
    /// # Errors
    /// `ENOSYS` where the kernel has none of this kind.
    pub list: fn(Needs, &mut Inventory) -> sys::Result<Source>,
    /// One object, whoever may read it; `Ok(None)` when it is gone.
    ///
    /// # Errors
    /// `EACCES` when it exists but nothing may be known of it; `ENOSYS`.
    pub look: fn(ObjectId) -> sys::Result<Option<Object>>,
    /// Whether its mode lets the caller read it. True for one that is gone.
    pub may_read: fn(ObjectId) -> bool,
    /// How many there are, as the kernel counts.
    ///
    /// # Errors
    /// `ENOSYS`.
    pub used: fn() -> sys::Result<u32>,
    /// The object that a key names; needs no permission on it.
    ///
    /// # Errors
    /// `ENOENT` when there is none.
    pub find: Option<fn(Key) -> sys::Result<ObjectId>>,
    /// Removes an object, without any check.
    ///
    /// # Errors
    /// `EPERM`; `EINVAL` or `EIDRM` when it is gone.
    pub remove: Option<fn(ObjectId) -> sys::Result<()>>,
    /// Gives an object new attributes, all of them at once.
    ///
    /// # Errors
    /// `EPERM`; `EINVAL` or `EIDRM` when it is gone; `EACCES` where the capacity is not known and cannot be kept.
    pub set: Option<fn(ObjectId, Attributes) -> sys::Result<()>>,
    /// The fields that no other kind has.
    pub fields: &'static [Field<Read>],
    /// The columns of a list of this kind alone.
    pub columns: &'static [&'static str],
    /// Tells the processes that the kernel has recorded in the object itself.
    pub recorded: fn(&Object, &mut dyn FnMut(RecordedUser)),
    /// What limits its objects, the one on their number first.
    pub limits: &'static [LimitDef],
    /// The times that the kernel keeps besides ctime, the more telling ones later.
    pub activities: &'static [Activity],
    /// What it takes of the limits: bytes, or semaphores of a set.
    pub size: fn(&Object) -> u64,
    /// Whether that is bytes, for `--larger` and `--smaller`.
    pub is_sized_in_bytes: bool,
    /// Adds what a mixed list says of it: `4K, 2 attachments`.
    pub contents: fn(&Object, &mut String),
}

/// Reads a field from the object alone. A table of 32,000 objects asks for each of its cells twice, so the expression of
/// `read!` is compiled into what a table does with it: there the variant of the value is known.
#[derive(Clone, Copy)]
pub struct Read {
    /// The value.
    pub value: fn(&Object) -> Value<'static>,
    /// As [`Value::width`].
    pub(crate) width: fn(&Object, &Style, &mut String) -> usize,
    /// As [`Value::fill`].
    pub(crate) fill: fn(&Object, Slot<'_>, &Style, &mut String) -> bool,
}

/// How a field is read, as a closure would say it.
macro_rules! read {
    (|$object:ident| $value:expr) => {
        $crate::kind::class::Read {
            value: |$object| $value,
            width: |$object, style, scratch| $crate::render::value::Value::width(&$value, style, scratch),
            fill: |$object, slot, style, scratch| $crate::render::value::Value::fill(&$value, slot, style, scratch),
        }
    };
}
pub(crate) use read;

/// What tells in `/proc` that a process uses an object.
#[derive(Clone, Copy, Debug)]
pub struct FoundBy {
    /// Its mappings (`maps`).
    pub attachments: bool,
    /// The system calls that its threads sleep in (`syscall`).
    pub sleepers: bool,
}

/// What can be changed of an object (`IPC_SET`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Owner.
    pub uid: Uid,
    /// Group.
    pub gid: Gid,
    /// Permission bits.
    pub mode: Mode,
    /// Capacity of a queue in bytes, where it is known.
    pub qbytes: Option<u64>,
}

impl Attributes {
    /// What `object` has now.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self {
            uid: object.perm.uid,
            gid: object.perm.gid,
            mode: Mode::new(object.perm.mode.permissions()),
            qbytes: object.as_queue().and_then(|queue| queue.qbytes),
        }
    }
}

/// Objects that were listed, and what could not be.
#[derive(Debug, Default)]
pub struct Inventory {
    /// In the kernel's order, kind by kind.
    pub objects: Vec<Object>,
    /// What the listing lacks and why, a sentence each.
    pub losses: Vec<String>,
    /// How each kind was listed.
    pub sources: Vec<(Kind, Source)>,
}

/// A way to list objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `*_STAT_ANY` for each index.
    StatAny,
    /// The table in `/proc/sysvipc`.
    Proc,
    /// `*_STAT` for each index: only what may be read.
    Stat,
}

impl Source {
    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::StatAny => "STAT_ANY",
            Self::Proc => "/proc/sysvipc",
            Self::Stat => "STAT",
        }
    }
}

/// A time, null for never.
pub(crate) fn time(time: Timestamp) -> Value<'static> {
    if time.is_never() { Value::Null } else { Value::Time(time.seconds()) }
}

/// The kernel writes 0 both for "none yet" and for a process of a pid namespace that cannot be seen from here;
/// `happened` tells which.
pub(super) fn pid(pid: Pid, happened: bool) -> Value<'static> {
    match (pid.is_none(), happened) {
        (false, _) => Value::Signed(i64::from(pid.raw())),
        (true, true) => Value::Hidden,
        (true, false) => Value::Null,
    }
}

/// `1 message`, `2 messages`.
pub(super) fn push_count(text: &mut String, number: u64, noun: &str) {
    push_u64(text, number);
    text.push(' ');
    text.push_str(noun);
    if number != 1 {
        text.push('s');
    }
}
