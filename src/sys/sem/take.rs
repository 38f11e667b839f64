//! Operations with `SEM_UNDO`, prepared so that a child can do them between fork and exec.

use std::time::{Duration, Instant};

use super::{SemOp, call};
use crate::sys::errno::{Errno, Result};
use crate::sys::layout::Sembuf;
use crate::sys::types::SemId;

/// Operations on a set, as the kernel takes them.
pub struct Take {
    id: SemId,
    operations: Vec<Sembuf>,
    limit: Option<Duration>,
}

/// What came of waiting for operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Whether all were done, or why none was.
    pub done: Result<()>,
    /// How long that took.
    pub waited: Duration,
    /// Whether the wait was interrupted and begun again: the process was stopped and continued, or traced.
    pub interrupted: bool,
}

impl Take {
    /// `operations` on the set `id`, to be waited for no longer than `limit`.
    #[must_use]
    pub fn new(id: SemId, operations: &[SemOp], limit: Option<Duration>) -> Self {
        Self { id, operations: operations.iter().map(|op| op.raw()).collect(), limit }
    }

    /// Does all of them or nothing. Allocates nothing.
    #[must_use]
    pub fn perform(&self) -> Attempt {
        // The kernel takes back what it did for a process that a signal kills.
        Attempt::of(self.limit, |left| call(self.id, &self.operations, left))
    }
}

impl Attempt {
    /// Calls `op` with what is left of `limit`, again and again while it is interrupted.
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
