//! Options of the commands that may wait for a semaphore.

use std::time::Duration;

use clap::Args;

use crate::error::{Error, Result, Status};
use crate::option_values::duration;
use crate::sys::Wait;

/// `--no-wait`, `--timeout` and `--quiet`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct WaitArgs {
    /// Fail instead of waiting
    #[arg(long, alias = "nonblock", conflicts_with = "timeout")]
    no_wait: bool,
    /// Wait no longer than this
    #[arg(short = 'w', long, alias = "wait", value_name = "DURATION", value_parser = duration)]
    timeout: Option<Duration>,
    /// Say nothing when it would block or timed out
    #[arg(short, long)]
    quiet: bool,
}

impl WaitArgs {
    pub(crate) fn wait(self) -> Wait {
        match self.timeout {
            Some(limit) => Wait::AtMost(limit),
            None if self.no_wait => Wait::Not,
            None => Wait::Forever,
        }
    }

    /// The status of a wait. With `--quiet`, a wait that would block or timed out is a status without a message.
    pub(crate) fn outcome(self, waited: Result<Duration>) -> Result<Status> {
        match waited {
            Ok(_) => Ok(Status::Done),
            Err(error) if self.quiet && in_vain(&error) => Ok(error.status()),
            Err(error) => Err(error),
        }
    }
}

/// Whether the operation would block or timed out.
pub(crate) fn in_vain(error: &Error) -> bool {
    matches!(error.status(), Status::WouldBlock | Status::TimedOut)
}
