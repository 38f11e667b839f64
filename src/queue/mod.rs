//! Messages: as records in a stream, sent, received without loss, peeked at, discarded.

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

#[derive(Clone, Debug)]
pub struct Queue {
    /// `msg:3`, or `msg:0x00000051 (id 3)`.
    pub text: String,
    /// As it was looked up.
    pub object: Object,
}

impl Queue {
    pub fn find(reference: &Reference) -> Result<Self> {
        let found = reference.resolve()?;
        Ok(Self { text: found.to_string(), object: found.object })
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The bytes of one message.
    #[default]
    Raw,
    /// Ended by newlines.
    Lines,
    /// Ended by NUL bytes.
    Null,
    /// JSON lines.
    Jsonl,
}

impl Format {
    pub fn separator(self) -> Option<u8> {
        match self {
            Self::Lines => Some(b'\n'),
            Self::Null => Some(0),
            Self::Raw | Self::Jsonl => None,
        }
    }
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    NoWait,
    /// For each operation.
    For(Duration),
    Forever,
}

impl Patience {
    /// The end of a wait that begins now; None for never.
    fn deadline(self) -> Option<Instant> {
        match self {
            // A time past the end of the clock is never.
            Self::For(duration) => Instant::now().checked_add(duration),
            Self::NoWait | Self::Forever => None,
        }
    }
}

/// The error of an operation on the queue `text`. `before`: an earlier call has succeeded since the lookup; `right`:
/// the permission needed.
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
pub fn counted(number: u64) -> String {
    match number {
        1 => "1 message".to_owned(),
        many => format!("{many} messages"),
    }
}
