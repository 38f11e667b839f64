use crate::error::{Error, Result, Status};
use crate::queue::{Queue, counted, failed};
use crate::sys::msg::{self, Message};
use crate::sys::signals::wake::{Waited, WakeTimer};
use crate::sys::{Errno, MsgId, Wait};

/// Sends messages to one queue, each by one call.
#[derive(Debug)]
pub struct Sender<'a> {
    queue: &'a Queue,
    id: MsgId,
    wait: Wait,
    /// For a limited wait only.
    timer: Option<WakeTimer>,
    message: Message,
    sent: u64,
}

impl<'a> Sender<'a> {
    /// An error means that no timer is available.
    pub fn new(queue: &'a Queue, wait: Wait) -> Result<Self> {
        let timer = wait.limit().map(|_| WakeTimer::new()).transpose();
        let timer = timer.map_err(|errno| Error::call("make a timer", errno))?;
        let id = MsgId::new(queue.object.id.sysv());
        Ok(Self { queue, id, wait, timer, message: Message::with_capacity(8192), sent: 0 })
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// `mtype` is at least 1.
    ///
    /// # Errors
    /// Status 6 (no room), 7 (no room in time), 8 (the queue was removed), 3, 4, 1.
    pub fn send(&mut self, mtype: i64, text: &[u8]) -> Result<()> {
        self.message.fill(mtype, text);
        let no_wait = self.wait != Wait::Forever;
        let result = loop {
            match msg::send(self.id, &self.message, no_wait) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => match &self.timer {
                    Some(timer) => {
                        break timer.wait(self.wait.deadline(), || msg::send(self.id, &self.message, false));
                    }
                    None => return Err(self.full(Status::WouldBlock, "no room")),
                },
                result => break result.map(Waited::Done),
            }
        };
        match result {
            Ok(Waited::Done(())) => {
                self.sent += 1;
                Ok(())
            }
            Ok(Waited::TimedOut | Waited::Stopped(_)) => Err(self.full(Status::TimedOut, "timed out")),
            // The kernel also reports a message above a lowered msgmax so.
            Err(Errno::EINVAL) if msg::stat_any(self.id.raw()).is_ok_and(|(now, _)| now == self.id) => {
                let reason = "the message is larger than kernel.msgmax now allows";
                Err(Error::cannot(Status::Failed, &self.operation(), reason, None))
            }
            Err(errno) => Err(failed(&self.verb(), &self.queue.text, errno, self.sent > 0, "write")),
        }
    }

    fn full(&self, status: Status, reason: &str) -> Error {
        let now = msg::stat_any(self.id.raw()).ok().filter(|(now, _)| *now == self.id);
        let remedy = now.map(|(_, stat)| {
            format!("the queue holds {} with {} of {} bytes", counted(stat.qnum), stat.cbytes, stat.qbytes)
        });
        Error::cannot(status, &self.operation(), reason, remedy.as_deref())
    }

    fn operation(&self) -> String {
        format!("{} {}", self.verb(), self.queue.text)
    }

    /// Names the operation and the number sent before.
    fn verb(&self) -> String {
        match self.sent {
            0 => "send to".to_owned(),
            sent => format!("send more than {} to", counted(sent)),
        }
    }
}
