//! Performing operations on a set at one moment.

use std::time::Duration;

use crate::error::{Error, Result, Status};
use crate::object::reference::Resolved;
use crate::object::semaphores::{count, id, values};
use crate::set::operation::Operation;
use crate::sys::sem::take::{Attempt, Take};
use crate::sys::sem::{self, MAX_VALUE, SemOp};
use crate::sys::sem_wait::op_unless_signalled;
use crate::sys::{Errno, Wait};

/// The kernel's default, where the limit cannot be read.
const DEFAULT_SEMOPM: u64 = 500;
/// The most operations named in a message.
const MOST_NAMED: usize = 8;

/// Operations performed together.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// In order.
    pub operations: &'a [Operation],
    pub wait: Wait,
}

impl Request<'_> {
    /// Performs all operations or none, without undo; returns the time waited. A signal that ends the process while it
    /// waits leaves nothing done.
    ///
    /// # Errors
    /// A usage error when the set lacks one of the semaphores; else status 6 (would block), 7 (timed out), 8 (the set
    /// was removed), 4, or 1 (a value would exceed 32767).
    pub(crate) fn perform(&self, set: &Resolved<'_>) -> Result<Duration> {
        self.check(set)?;
        let ops = self.expand(false);
        self.outcome(set, Attempt::of(self.wait.limit(), |left| op_unless_signalled(id(&set.object), &ops, left)))
    }

    /// Prepares the operations with undo for a child. Errors as `Request::perform`, as far as known beforehand.
    pub fn take(&self, set: &Resolved<'_>) -> Result<Take> {
        self.check(set)?;
        Ok(Take::new(id(&set.object), &self.expand(true), self.wait.limit()))
    }

    /// The time waited, or the error as `Request::perform`.
    pub fn outcome(&self, set: &Resolved<'_>, attempt: Attempt) -> Result<Duration> {
        attempt.done.map(|()| attempt.waited).map_err(|errno| self.explain(set, errno, attempt))
    }

    /// Checks the operations against the set and the limits.
    fn check(&self, set: &Resolved<'_>) -> Result<()> {
        for operation in self.operations {
            operation.semaphores.check(set, count(&set.object))?;
        }
        let total: u64 = self.operations.iter().map(|operation| operation.semaphores.count()).sum();
        let semopm = semopm();
        if total > semopm {
            let remedy = format!("kernel.sem (SEMOPM) allows {semopm} at one moment");
            return Err(Error::cannot(Status::Failed, &self.name(set), Errno::E2BIG, Some(&remedy)));
        }
        Ok(())
    }

    fn expand(&self, undo: bool) -> Vec<SemOp> {
        let ops = self.operations.iter().flat_map(|operation| operation.expand());
        ops.map(|op| SemOp {
            no_wait: op.no_wait || self.wait == Wait::Not,
            // Undo of waiting for zero means nothing.
            undo: undo && op.delta != 0,
            ..op
        })
        .collect()
    }

    fn name(&self, set: &Resolved<'_>) -> String {
        if self.operations.len() > MOST_NAMED {
            return format!("do {} operations on {}", self.operations.len(), set);
        }
        let words: Vec<String> = self.operations.iter().map(Operation::to_string).collect();
        format!("do {} on {}", words.join(" "), set)
    }

    fn explain(&self, set: &Resolved<'_>, errno: Errno, attempt: Attempt) -> Error {
        let Attempt { waited, interrupted, .. } = attempt;
        let (name, ops) = (self.name(set), self.expand(false));
        let cannot = |status, reason: &str, remedy: Option<&str>| Error::cannot(status, &name, reason, remedy);
        let reason = errno.to_string();
        match errno {
            Errno::EAGAIN => {
                let now = values(&set.object).ok().and_then(|values| obstacle(&values, &ops));
                match self.wait {
                    // The kernel's clock starts after ours.
                    Wait::AtMost(limit) if waited >= limit => cannot(Status::TimedOut, "timed out", now.as_deref()),
                    _ => cannot(Status::WouldBlock, "would block", now.as_deref()),
                }
            }
            Errno::EIDRM => cannot(Status::Removed, "removed while waiting", None),
            Errno::EINVAL if interrupted => cannot(Status::Removed, "removed while waiting", None),
            Errno::EINVAL => cannot(Status::NotFound, "it is gone", None),
            Errno::EACCES if ops.iter().all(|op| op.delta == 0) => {
                cannot(Status::Denied, &reason, Some("needs read permission or CAP_IPC_OWNER"))
            }
            Errno::EACCES => cannot(Status::Denied, &reason, Some("needs write permission or CAP_IPC_OWNER")),
            Errno::ERANGE => {
                let limit = values(&set.object).ok().and_then(|values| obstacle(&values, &ops));
                let limit = limit.unwrap_or_else(|| format!("a value is at most {MAX_VALUE}"));
                cannot(Status::Failed, &reason, Some(&limit))
            }
            errno => cannot(Status::of(errno), &reason, None),
        }
    }
}

/// The first of `ops` that these values do not allow, in words.
pub(super) fn obstacle(values: &[u16], ops: &[SemOp]) -> Option<String> {
    let mut values: Vec<i32> = values.iter().copied().map(i32::from).collect();
    ops.iter().find_map(|op| {
        let value = values.get_mut(usize::from(op.index))?;
        let (before, index) = (*value, op.index);
        *value += i32::from(op.delta);
        if op.delta == 0 {
            (before != 0).then(|| format!("semaphore {index} is {before}, not 0"))
        } else if *value < 0 {
            Some(format!("semaphore {index} is {before}"))
        } else if *value > i32::from(MAX_VALUE) {
            Some(format!("semaphore {index} is {before}, and can be at most {MAX_VALUE}"))
        } else {
            None
        }
    })
}

pub(super) fn semopm() -> u64 {
    sem::limits().map_or(DEFAULT_SEMOPM, |limits| limits.semopm)
}
