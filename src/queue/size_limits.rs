//! How large a message a queue can ever take.

use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::queue::LARGEST;
use crate::sys::msg;

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    /// `kernel.msgmax`; None when it cannot be read.
    pub msgmax: Option<u64>,
    /// The queue's capacity; None when it is hidden.
    pub qbytes: Option<u64>,
}

impl SizeLimits {
    pub fn of(queue: &Object) -> Self {
        Self {
            msgmax: msg::limits().ok().map(|limits| limits.msgmax),
            qbytes: queue.as_queue().and_then(|queue| queue.qbytes),
        }
    }

    /// The largest message; the largest possible where the limits are unknown.
    pub fn largest(self) -> usize {
        let largest = [self.msgmax, self.qbytes].into_iter().flatten().min();
        usize::try_from(largest.unwrap_or(u64::MAX)).unwrap_or(usize::MAX).min(LARGEST)
    }

    /// Refuses a message that the queue `text` can never take. `what` is the message, `size` its bytes, or None for
    /// more than [`SizeLimits::largest`].
    ///
    /// # Errors
    /// Status 1, naming the limit.
    pub fn check(self, what: &str, text: &str, size: Option<usize>) -> Result<()> {
        let bytes = size.map_or(u64::MAX, |size| size as u64);
        if self.qbytes != Some(0) && [self.msgmax, self.qbytes].into_iter().flatten().all(|limit| bytes <= limit) {
            return Ok(());
        }
        let shown = match size {
            Some(size) => format!("it has {size}"),
            None => "it has more".to_owned(),
        };
        let operation = format!("send {what} to {text}");
        match self {
            Self { msgmax: Some(most), .. } if bytes > most && self.qbytes.is_none_or(|capacity| most <= capacity) => {
                let reason = format!("a message may have {most} bytes, and {shown}");
                Err(Error::cannot(Status::Failed, &operation, reason, Some("kernel.msgmax; see 'ipcadm limits'")))
            }
            Self { qbytes: Some(capacity), .. } if bytes > capacity => {
                let reason = format!("the queue holds {capacity} bytes at most, and {shown}");
                let remedy = "'ipcadm set --qbytes' changes that";
                Err(Error::cannot(Status::Failed, &operation, reason, Some(remedy)))
            }
            // The capacity limits the number of messages too.
            Self { qbytes: Some(0), .. } => Err(Error::cannot(
                Status::Failed,
                &operation,
                "the queue has no capacity",
                Some("'ipcadm set --qbytes'"),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SizeLimits;

    #[test]
    fn the_smaller_limit_is_named() {
        let message = |msgmax, qbytes, size| {
            SizeLimits { msgmax, qbytes }.check("a message", "msg:0", size).map_err(|error| error.to_string()).err()
        };
        assert_eq!(message(Some(10), Some(20), Some(10)), None);
        assert!(message(Some(10), Some(20), Some(11)).unwrap().contains("kernel.msgmax"));
        assert!(message(Some(20), Some(10), Some(11)).unwrap().contains("holds 10 bytes at most"));
        assert!(message(Some(20), Some(10), None).unwrap().contains("holds 10 bytes at most"));
        assert!(message(Some(10), None, None).unwrap().contains("kernel.msgmax"));
        assert!(message(Some(10), Some(0), Some(0)).unwrap().contains("no capacity"));
        assert_eq!(message(None, None, Some(1 << 30)), None);
    }
}
