//! Messages: how they are written as records and read from them, sent, received without loss, looked at, discarded.

pub mod encode;
pub mod give_back;
pub mod headers;
pub mod input;
pub mod look;
pub mod receive;
pub mod room;
pub mod send;
pub mod sink;

use std::time::{Duration, Instant};

use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::object::reference::Reference;
use crate::sys::Errno;

/// A queue that was looked up.
#[derive(Clone, Debug)]
pub struct Queue {
    /// For messages: `msg:3`, or `msg:0x00000051 (id 3)`.
    pub text: String,
    /// As it was then.
    pub object: Object,
}

impl Queue {
    /// Finds it.
    ///
    /// # Errors
    /// Those of [`Reference::resolve`].
    pub fn find(reference: &Reference) -> Result<Self> {
        let found = reference.resolve()?;
        Ok(Self { text: found.to_string(), object: found.object })
    }
}

/// How messages stand in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One message, its bytes and nothing else.
    #[default]
    Raw,
    /// Each ended by a newline.
    Lines,
    /// Each ended by a NUL byte.
    Null,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The byte that ends a record and so cannot be in one.
    #[must_use]
    pub fn separator(self) -> Option<u8> {
        match self {
            Self::Lines => Some(b'\n'),
            Self::Null => Some(0),
            Self::Raw | Self::Jsonl => None,
        }
    }
}

/// How long to wait for a message, or for room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Not at all.
    NoWait,
    /// So long for each.
    For(Duration),
    /// As long as it takes.
    Forever,
}

impl Patience {
    /// When a wait that begins now ends; None for never.
    fn deadline(self) -> Option<Instant> {
        match self {
            // Past the end of the clock is never.
            Self::For(duration) => Instant::now().checked_add(duration),
            Self::NoWait | Self::Forever => None,
        }
    }
}

/// What an operation on the queue `text` failed with. `before`: whether a call on it has succeeded since it was
/// looked up; `right` names the permission it needs.
fn failed(operation: &str, text: &str, errno: Errno, before: bool, right: &str) -> Error {
    let operation = format!("{operation} {text}");
    match errno {
        Errno::EIDRM => Error::cannot(Status::Removed, &operation, "the queue was removed meanwhile", None),
        Errno::EINVAL if before => Error::cannot(Status::Removed, &operation, "the queue was removed meanwhile", None),
        Errno::EINVAL => Error::cannot(Status::NotFound, &operation, "the queue was removed meanwhile", None),
        Errno::EACCES => {
            let remedy = format!("needs {right} permission or CAP_IPC_OWNER");
            Error::cannot(Status::Denied, &operation, errno, Some(&remedy))
        }
        errno => Error::call(&operation, errno),
    }
}

/// "1 message", "5 messages".
#[must_use]
pub fn counted(number: u64) -> String {
    match number {
        1 => "1 message".to_owned(),
        many => format!("{many} messages"),
    }
}
