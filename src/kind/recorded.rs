//! What the kernel writes down about the use of an object: which processes, and when.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::kind::model::Object;
use crate::sys::{Pid, Timestamp};

/// For what the kernel records a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Deed {
    /// It created the segment.
    Create,
    /// It was the last to attach or detach the segment.
    Attach,
    /// It was the last to send.
    Send,
    /// It was the last to receive.
    Receive,
    /// It was the last to change so many semaphores, of which this is the first.
    Change {
        /// The first of them.
        first: u32,
        /// How many.
        count: u32,
    },
}

impl Deed {
    /// The word in JSON, CSV and tables, a promise to scripts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "creator",
            Self::Attach => "last_attach",
            Self::Send => "last_send",
            Self::Receive => "last_receive",
            Self::Change { .. } => "last_change",
        }
    }

    /// Whose deed it is, in a sentence: `creator`, `last sender`.
    #[must_use]
    pub const fn doer(self) -> Doer {
        Doer(self)
    }

    /// The deed, in a list of uses: `created`, `last to send`.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Create => "created".to_owned(),
            Self::Attach => "last to attach or detach".to_owned(),
            Self::Send => "last to send".to_owned(),
            Self::Receive => "last to receive".to_owned(),
            Self::Change { first, count: 1 } => format!("last to change semaphore {first}"),
            Self::Change { first, count } => format!("last to change {count} semaphores, the first {first}"),
        }
    }
}

/// Who did a deed, in words.
#[derive(Clone, Copy, Debug)]
pub struct Doer(Deed);

impl fmt::Display for Doer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Deed::Create => f.write_str("creator"),
            Deed::Attach => f.write_str("last user"),
            Deed::Send => f.write_str("last sender"),
            Deed::Receive => f.write_str("last receiver"),
            Deed::Change { first, count: 1 } => write!(f, "semaphore {first}: last user"),
            Deed::Change { first, count } => write!(f, "semaphore {first} and {} more: last user", count - 1),
        }
    }
}

/// A process that the kernel has recorded with an object.
#[derive(Clone, Copy, Debug)]
pub struct RecordedUser {
    /// For what.
    pub deed: Deed,
    /// Its number, or a thread's: 0 both where nobody has done it yet and where it belongs to a pid namespace that
    /// cannot be seen from here; [`RecordedUser::happened`] tells which.
    pub pid: Pid,
    /// When it did that, as far as the kernel tells; later than that at most.
    pub time: Timestamp,
    /// The fields that say so.
    pub source: &'static str,
    /// Whether it was ever done.
    pub happened: bool,
    /// Whether the number may be that of a thread, which `/proc` does not list.
    pub may_be_thread: bool,
}

impl RecordedUser {
    /// Whether there is somebody, seen or not.
    #[must_use]
    pub fn is_somebody(&self) -> bool {
        self.happened || !self.pid.is_none()
    }
}

/// A time that the kernel keeps for an object.
#[derive(Clone, Copy, Debug)]
pub struct Activity {
    /// What happened then, as in `last attached`.
    pub phrase: &'static str,
    /// The field.
    pub field: &'static str,
    /// When, in the object.
    pub time: fn(&Object) -> Timestamp,
}

impl PartialEq for Activity {
    fn eq(&self, other: &Self) -> bool {
        self.field == other.field
    }
}

impl Eq for Activity {}

/// As its name: no two kinds call a time by the same.
impl Serialize for Activity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.field.serialize(serializer)
    }
}

/// The one that all kinds have.
pub static CHANGED: Activity = Activity { phrase: "created or changed", field: "ctime", time: |object| object.ctime };
