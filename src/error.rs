//! The error type and the exit statuses.

use std::io;

use crate::sys::Errno;

/// Exit statuses, a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or nothing needed doing.
    Done = 0,
    Failed = 1,
    /// The command line is wrong; nothing was done.
    Usage = 2,
    NotFound = 3,
    Denied = 4,
    /// Already exists, or exists and differs.
    Exists = 5,
    WouldBlock = 6,
    TimedOut = 7,
    /// The object was removed while waiting.
    Removed = 8,
    /// Some done, some failed.
    Partial = 9,
    /// Refused by a safety check, or not confirmed.
    Refused = 10,
}

impl Status {
    /// Every one, in the order of their numbers, which are promises.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::Denied,
        Self::Exists,
        Self::WouldBlock,
        Self::TimedOut,
        Self::Removed,
        Self::Partial,
        Self::Refused,
    ];

    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The status of a failed call on an object. `EINVAL` depends on the call and is [`Status::Failed`] here.
    pub fn of(errno: Errno) -> Self {
        match errno {
            Errno::EPERM | Errno::EACCES => Self::Denied,
            Errno::ENOENT | Errno::EIDRM => Self::NotFound,
            Errno::EEXIST => Self::Exists,
            _ => Self::Failed,
        }
    }
}

/// Own errors of commands that run another program, whose exit status is passed on.
pub const OWN_FAILURE: u8 = 125;

/// Counts outcomes of many objects.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    done: bool,
    failed: Option<Status>,
}

impl Tally {
    /// Done, or nothing needed doing.
    pub fn done(&mut self) {
        self.done = true;
    }

    pub fn failed(&mut self, status: Status) {
        self.failed = match self.failed {
            None => Some(status),
            Some(before) if before == status => Some(status),
            Some(_) => Some(Status::Failed),
        };
    }

    /// All done: 0. All failed alike: that status. All failed differently: 1. A mixture: 9.
    pub fn status(self) -> Status {
        match (self.done, self.failed) {
            (_, None) => Status::Done,
            (false, Some(status)) => status,
            (true, Some(_)) => Status::Partial,
        }
    }
}

/// Shown after `ipcadm: `.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line, or a line of standard input, is malformed. Nothing was done.
    #[error("{0}")]
    Usage(String),
    #[error("{message}")]
    Failed {
        status: Status,
        /// Operation, object, reason and remedy.
        message: String,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output: {}", os_message(.0))]
    Output(#[source] io::Error),
}

impl Error {
    /// "cannot OPERATION: REASON", with what to do about it when that is known.
    pub fn cannot(status: Status, operation: &str, reason: impl std::fmt::Display, remedy: Option<&str>) -> Self {
        let message = match remedy {
            Some(remedy) => format!("cannot {operation}: {reason} ({remedy})"),
            None => format!("cannot {operation}: {reason}"),
        };
        Self::Failed { status, message }
    }

    /// A failed system call without further explanation.
    pub fn call(operation: &str, errno: Errno) -> Self {
        Self::cannot(Status::of(errno), operation, errno, None)
    }

    /// Makes a closed pipe an error, for output that must have been read.
    pub(crate) fn broken_pipe_is_error(self) -> Self {
        match self {
            Self::Output(_) => Self::Failed { status: Status::Failed, message: self.to_string() },
            other => other,
        }
    }

    /// Treats a closed pipe as success: its reader has seen enough.
    pub(crate) fn ignore_broken_pipe(self) -> Result<()> {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Err(other),
        }
    }

    pub fn status(&self) -> Status {
        match self {
            Self::Usage(_) => Status::Usage,
            Self::Failed { status, .. } => *status,
            Self::Output(_) => Status::Failed,
        }
    }
}

/// The text of an I/O error without Rust's "(os error N)".
pub fn os_message(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).to_string(),
        None => error.to_string(),
    }
}

pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::{Status, Tally};

    fn tally(done: usize, failed: &[Status]) -> Status {
        let mut tally = Tally::default();
        (0..done).for_each(|_| tally.done());
        failed.iter().for_each(|&status| tally.failed(status));
        tally.status()
    }

    #[test]
    fn many_outcomes_make_one_status() {
        assert_eq!(tally(0, &[]), Status::Done);
        assert_eq!(tally(2, &[]), Status::Done);
        assert_eq!(tally(0, &[Status::NotFound, Status::NotFound]), Status::NotFound);
        assert_eq!(tally(0, &[Status::NotFound, Status::Denied]), Status::Failed);
        assert_eq!(tally(0, &[Status::NotFound, Status::Denied, Status::Denied]), Status::Failed);
        assert_eq!(tally(1, &[Status::NotFound]), Status::Partial);
    }

    #[test]
    fn statuses_keep_their_numbers() {
        assert!(Status::ALL.iter().enumerate().all(|(number, status)| usize::from(status.code()) == number));
    }
}
