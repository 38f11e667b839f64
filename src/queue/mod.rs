//! Messages: as records in a stream, sent, received without loss, peeked at, discarded.

pub mod encode;
pub mod headers;
pub mod input;
pub mod peek;
pub mod receive;
pub mod requeue;
pub mod send;
pub mod sink;
pub mod size_limits;

use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::object::reference::Reference;
use crate::sys::Errno;

/// No message is larger: the kernel counts its bytes in an int.
const LARGEST: usize = i32::MAX as usize;

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
