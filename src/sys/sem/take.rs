//! Operations with `SEM_UNDO`, prepared for a child that performs them between fork and exec.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{SemOp, call};
use crate::sys::errno::{Errno, Result};
use crate::sys::layout::Sembuf;
use crate::sys::types::SemId;

pub struct Take {
    id: SemId,
    operations: Vec<Sembuf>,
    limit: Option<Duration>,
}

/// The result of waiting for operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub done: Result<()>,
    pub waited: Duration,
    /// Whether the wait was interrupted and restarted: the process was stopped and continued, or traced.
    pub interrupted: bool,
}

impl Take {
    /// The wait for `operations` on the set `id` ends after `limit`.
    pub fn new(id: SemId, operations: &[SemOp], limit: Option<Duration>) -> Self {
        Self { id, operations: operations.iter().map(|op| op.raw()).collect(), limit }
    }

    /// Performs all operations or none. Allocates nothing.
    pub(crate) fn perform(&self) -> Attempt {
        // If a signal kills the process, the kernel reverts the operations.
        Attempt::of(self.limit, |left| call(self.id, &self.operations, left))
    }
}

impl Attempt {
    /// Calls `op` with the rest of `limit` until it is not interrupted.
    pub fn of(limit: Option<Duration>, mut op: impl FnMut(Option<Duration>) -> Result<()>) -> Self {
        let start = Instant::now();
        let mut interrupted = false;
        loop {
            match op(limit.map(|limit| limit.saturating_sub(start.elapsed()))) {
                Err(Errno::EINTR) => interrupted = true,
                done => return Self { done, waited: start.elapsed(), interrupted },
            }
        }
    }
}
