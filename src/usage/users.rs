//! Who uses objects: processes with a segment attached, threads asleep on an object, and processes that have used a set
//! with `SEM_UNDO`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::kind::model::{IdMap, Kind, ObjectId};
use crate::proc::status::Credentials;
use crate::usage::process::Process;
use crate::usage::undo::{Hiding, Undo, UndoRecord};

/// A process with a segment attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Which. A process may have tens of thousands of segments attached.
    pub process: Rc<Process>,
    pub mappings: u32,
    /// Whether one of them may be written to.
    pub writable: bool,
    /// The first address of the first of them.
    pub address: u64,
}

/// What a thread sleeps for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Waiting {
    /// To subtract from a semaphore.
    Take { index: u16, by: u16 },
    /// Until a semaphore is zero.
    Zero { index: u16 },
    /// Operations on a set that could not be read.
    Operate,
    /// To send a message of this size, in bytes.
    Send { bytes: u64 },
    Receive {
        /// The type asked for, as msgrcv(2) takes it.
        mtype: i64,
        /// `MSG_EXCEPT`: any other type.
        except: bool,
    },
}

impl Waiting {
    /// The semaphore that it sleeps for, if that is known.
    pub fn semaphore(self) -> Option<u16> {
        match self {
            Self::Take { index, .. } | Self::Zero { index } => Some(index),
            Self::Operate | Self::Send { .. } | Self::Receive { .. } => None,
        }
    }
}

/// How a thread inside a call on an object is kept from going on. The kernel counts such threads of a queue, but not of
/// a set: they are told to try again when they go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Paused {
    /// By a signal (SIGSTOP, SIGTSTP and so on).
    Stopped,
    /// By whoever traces it: a debugger.
    Traced,
    /// By the freezer of its control group.
    Frozen,
}

impl Paused {
    /// The word in tables and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Traced => "traced",
            Self::Frozen => "frozen",
        }
    }
}

/// A thread inside a call on an object: asleep, or paused there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiter {
    pub process: Process,
    pub tid: u32,
    pub waiting: Waiting,
    /// Whether its operations are undone when it ends; None where that cannot be known.
    pub undo: Option<bool>,
    /// Whether it gives up after a time; None where that cannot be known.
    pub timeout: Option<bool>,
    /// Seconds that it has slept, where that can be known.
    pub asleep_for: Option<u64>,
    /// How it is paused, if it is.
    pub paused: Option<Paused>,
}

/// What mappings of a segment show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The key with which it was made.
    pub key: u32,
    /// Whether it is made of huge pages.
    pub huge: bool,
}

/// Who uses an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processes with it attached, by pid.
    pub holders: Vec<Holder>,
    /// What their mappings show.
    pub shown: Option<Shown>,
    /// Attachments that the kernel counts and that were not found.
    pub hidden_attachments: u64,
    /// Threads asleep on it or paused there, by pid and thread.
    pub waiters: Vec<Waiter>,
    /// Threads asleep on it that were not found. Of a set, as the kernel counts them; of a queue there is no count.
    /// None where it cannot be known whether there are any.
    pub hidden_waiters: Option<u64>,
    /// A process that may stand in a call on the set, paused, so that the kernel does not count it: the object's mode lets
    /// it in, and its threads may not be looked into.
    pub may_be_paused: Option<u32>,
    /// Why something is hidden, or more is found than the kernel counts, in words; None when neither is so.
    pub hidden_why: Option<String>,
    /// Undo records of a set; None of other kinds, and where they were not looked for.
    pub undo: Option<Rc<Undo>>,
}

impl Usage {
    pub fn holding(&self) -> impl Iterator<Item = u32> {
        self.holders.iter().map(|holder| holder.process.pid)
    }

    pub fn undo_records(&self) -> &[UndoRecord] {
        self.undo.as_ref().map_or(&[], |undo| undo.records.as_slice())
    }
}

/// The users of the objects of a scan.
#[derive(Debug, Default)]
pub struct Users {
    /// What holds for the objects of each kind of which nothing else is told: mostly, that nobody uses them.
    pub(super) usual: BTreeMap<Kind, Usage>,
    pub(super) by_object: IdMap<Usage>,
    pub(super) unseen: BTreeSet<u32>,
    pub(super) unseen_threads: UnseenThreads,
}

/// Processes of which it was not seen whether they sleep on a set or queue, or are paused there. Who sleeps on a set is
/// counted all the same, and hidden in its [`Usage`]; who is paused there is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnseenThreads {
    /// By number, and whom they act as; None where that cannot be seen either.
    pub processes: BTreeMap<u32, Option<Credentials>>,
    /// Why there may be others, of which not even the number is known.
    pub others: Option<String>,
}

/// What a scan looks for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Wants {
    /// Processes with segments attached.
    pub holders: bool,
    /// Threads asleep, and processes that have used sets with undo.
    pub waiters: bool,
    /// What the threads wait for; it is read from the memory of their processes.
    pub operations: bool,
}

impl Wants {
    /// Everything that can be told of users.
    pub const ALL: Self = Self { holders: true, waiters: true, operations: true };
    /// Who the users are, and no more.
    pub const WHO: Self = Self { holders: true, waiters: true, operations: false };
    pub const HOLDERS: Self = Self { holders: true, waiters: false, operations: false };
    pub const WAITERS: Self = Self { holders: false, waiters: true, operations: false };
}

impl Users {
    /// The users of an object of the scan; None if there was none of its kind.
    pub fn of(&self, id: ObjectId) -> Option<&Usage> {
        self.by_object.get(&id).or_else(|| self.usual.get(&id.kind))
    }

    /// Notes who was found to use an object, other than by its attachments.
    pub(super) fn tell(&mut self, id: ObjectId, usage: Usage) {
        let is_nobody = usage.waiters.is_empty() && matches!(usage.hidden_waiters, None | Some(0));
        match self.usual.get(&id.kind) {
            Some(usual) if *usual == usage => {}
            None if is_nobody => _ = self.usual.insert(id.kind, usage),
            _ => _ = self.by_object.insert(id, usage),
        }
    }

    /// The users of an object, to be changed.
    pub(super) fn of_mut(&mut self, id: ObjectId) -> &mut Usage {
        let usual = &self.usual;
        self.by_object.entry(id).or_insert_with(|| usual.get(&id.kind).cloned().unwrap_or_default())
    }

    /// The threads that may sleep on the sets and queues of the scan, or be paused there, without being among their users.
    pub fn unseen_threads(&self) -> &UnseenThreads {
        &self.unseen_threads
    }

    /// Why undo records of a set are hidden; None when none are.
    pub fn undo_hidden(&self) -> Option<&Hiding> {
        self.usual.values().chain(self.by_object.values()).find_map(|usage| usage.undo.as_ref()?.hidden.as_ref())
    }

    /// Whether a process may not be looked into, so that it may use more than was found.
    pub fn is_unseen(&self, pid: u32) -> bool {
        self.unseen.contains(&pid)
    }
}
