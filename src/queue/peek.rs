//! Peeking at messages (`MSG_COPY`).

use crate::error::{Error, Result, Status};
use crate::queue::{LARGEST, Queue, failed, headers};
use crate::sys::msg::{self, Message, MsgStat, Wanted};
use crate::sys::{Errno, MsgId};

/// The first buffer; the kernel's cost grows with its size.
const FIRST: usize = 1024;

#[derive(Debug)]
pub struct Seen {
    /// From 0.
    pub index: u32,
    pub mtype: i64,
    pub text: Vec<u8>,
}

#[derive(Debug)]
pub struct QueuePeeker<'a> {
    queue: &'a Queue,
    id: MsgId,
    /// The largest buffer: the bytes in the queue when last asked.
    largest: usize,
    message: Message,
    before: MsgStat,
    /// Positions of messages larger than the present `kernel.msgmax`, which the kernel does not show.
    unseen: Vec<u32>,
}

impl<'a> QueuePeeker<'a> {
    /// # Errors
    /// Status 3 when the queue is gone, 4 when it may not be described.
    pub fn new(queue: &'a Queue) -> Result<Self> {
        let id = MsgId::new(queue.object.id.sysv());
        // Without read permission the first peek fails; the description may be had all the same.
        let before = match stat(id) {
            Ok(stat) => stat,
            Err(errno) => return Err(failed("look into", &queue.text, errno, false, "read")),
        };
        Ok(Self {
            queue,
            id,
            largest: most_bytes(&before),
            message: Message::with_capacity(FIRST),
            before,
            unseen: Vec::new(),
        })
    }

    /// Messages in the queue at the start.
    pub fn number(&self) -> u64 {
        self.before.qnum
    }

    /// Positions of messages that the kernel did not show.
    pub fn unseen(&self) -> &[u32] {
        &self.unseen
    }

    /// Whether messages were sent or received since the start, by the kernel's times and counts.
    pub(crate) fn has_changed(&self) -> bool {
        let Ok(now) = stat(self.id) else { return true };
        let figures = |stat: &MsgStat| (stat.qnum, stat.cbytes, stat.stime, stat.rtime, stat.lspid, stat.lrpid);
        figures(&now) != figures(&self.before)
    }

    /// None past the end.
    ///
    /// # Errors
    /// Status 1 for a message larger than the present `kernel.msgmax`; 8, 4, 1.
    pub fn at(&mut self, index: u32) -> Result<Option<Seen>> {
        let seen = self.peek(index)?;
        if seen.is_none() && self.unseen.contains(&index) {
            let operation = format!("look at message {index} of {}", self.queue.text);
            let reason = "it is larger than kernel.msgmax now allows, so the kernel shows it to nobody";
            return Err(Error::cannot(Status::Failed, &operation, reason, Some("'msg recv' can take it")));
        }
        Ok(seen)
    }

    /// Shows up to `most` of the wanted messages in the order of receiving, until `show` fails. Returns whether more
    /// may follow.
    ///
    /// # Errors
    /// Those of `show`; status 8, 4, 1.
    pub fn each(&mut self, wanted: Wanted, most: u64, mut show: impl FnMut(&Seen) -> Result<()>) -> Result<bool> {
        if let Wanted::UpTo(highest) = wanted {
            // The lowest type comes first, wherever it stands.
            let mut found = Vec::new();
            self.scan(|seen| {
                if seen.mtype <= highest {
                    found.push(seen);
                }
                Ok(true)
            })?;
            found.sort_by_key(|seen| seen.mtype);
            let more = found.len() as u64 > most;
            found.iter().take(usize::try_from(most).unwrap_or(usize::MAX)).try_for_each(show)?;
            return Ok(more);
        }
        let mut shown = 0;
        self.scan(|seen| {
            let fits = match wanted {
                Wanted::Type(mtype) => seen.mtype == mtype,
                Wanted::Except(mtype) => seen.mtype != mtype,
                Wanted::First | Wanted::UpTo(_) => true,
            };
            if fits {
                shown += 1;
                show(&seen)?;
            }
            Ok(shown < most)
        })?;
        // A search for another message of the type is not worth its cost.
        Ok(shown == most && (wanted != Wanted::First || self.before.qnum > shown))
    }

    /// Visits messages in order until `visit` returns false.
    fn scan(&mut self, mut visit: impl FnMut(Seen) -> Result<bool>) -> Result<()> {
        // At most the length at the start: a busy sender would never let us end. An empty queue is peeked into too, for
        // the error without permission.
        let end = u32::try_from(self.before.qnum).unwrap_or(u32::MAX).max(1);
        for index in 0..end {
            match self.peek(index)? {
                Some(seen) => {
                    if !visit(seen)? {
                        break;
                    }
                }
                None if self.unseen.last() == Some(&index) => {}
                None => break,
            }
        }
        Ok(())
    }

    /// None past the end, and for a message that the kernel does not show, which is then in `unseen`.
    fn peek(&mut self, index: u32) -> Result<Option<Seen>> {
        let peeked = loop {
            match headers::peek(self.id, &mut self.message, index, self.largest) {
                // The message is newer than the size of the queue that we know.
                Err(Errno::E2BIG) if self.largest < LARGEST => match stat(self.id) {
                    Ok(now) => self.largest = most_bytes(&now).max(self.largest.saturating_mul(2)).min(LARGEST),
                    Err(errno) => break Err(errno),
                },
                other => break other,
            }
        };
        match peeked {
            Ok(()) => Ok(Some(Seen { index, mtype: self.message.mtype(), text: self.message.text().to_vec() })),
            Err(Errno::ENOMSG) => Ok(None),
            Err(Errno::EINVAL) if stat(self.id).is_ok() => {
                self.unseen.push(index);
                Ok(None)
            }
            Err(Errno::ENOSYS) => Err(Error::cannot(
                Status::Failed,
                &format!("look into {}", self.queue.text),
                "this kernel cannot (it lacks CONFIG_CHECKPOINT_RESTORE)",
                None,
            )),
            Err(errno) => Err(failed("look into", &self.queue.text, errno, index > 0, "read")),
        }
    }
}

/// No message exceeds the sum.
fn most_bytes(stat: &MsgStat) -> usize {
    usize::try_from(stat.cbytes).unwrap_or(FIRST).clamp(FIRST, LARGEST)
}

/// Without permission where the kernel supports that.
fn stat(id: MsgId) -> std::result::Result<MsgStat, Errno> {
    match msg::stat_any(id.raw()) {
        Ok((now, stat)) if now == id => Ok(stat),
        Ok(_) => Err(Errno::EIDRM),
        Err(_) => msg::stat(id),
    }
}
