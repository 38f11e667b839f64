use crate::error::{Error, Result, Status};
use crate::queue::{LARGEST, Queue, failed};
use crate::sys::msg::{self, Message, Wanted};
use crate::sys::signals::Signal;
use crate::sys::signals::wake::{self, Waited, WakeTimer};
use crate::sys::{self, Errno, MsgId, Wait};

/// The first buffer.
const FIRST: usize = 8192;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// See [`Receiver::message`].
    Message,
    Nothing,
    TimedOut,
    /// A signal asked to stop; nothing was taken.
    Stopped(Signal),
}

/// Takes messages from one queue, each by one call. Meanwhile signals that end programs are only recorded: a taken
/// message must be written out or requeued first.
#[derive(Debug)]
pub struct Receiver<'a> {
    queue: &'a Queue,
    id: MsgId,
    wanted: Wanted,
    wait: Wait,
    /// Larger messages stay in the queue and are an error.
    most: Option<usize>,
    timer: WakeTimer,
    message: Message,
    received: u64,
}

impl<'a> Receiver<'a> {
    /// An error means that no timer is available.
    pub fn new(queue: &'a Queue, wanted: Wanted, wait: Wait, most: Option<usize>) -> Result<Self> {
        let mut timer = WakeTimer::new().map_err(|errno| Error::call("make a timer", errno))?;
        timer.catch_signals().map_err(|errno| Error::call("catch signals", errno))?;
        let id = MsgId::new(queue.object.id.sysv());
        let message = Message::with_capacity(most.unwrap_or(FIRST).min(FIRST));
        Ok(Self { queue, id, wanted, wait, most, timer, message, received: 0 })
    }

    pub fn message(&self) -> &Message {
        &self.message
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    /// Takes the next message. `settle` is called before sleeping, for work that cannot wait for a message.
    ///
    /// # Errors
    /// Those of `settle`; status 8 (the queue was removed), 3, 4, or 1 (larger than `most`; it stays).
    pub fn next(&mut self, settle: impl FnOnce() -> Result<()>) -> Result<Next> {
        if let Some(signal) = wake::caught() {
            return Ok(Next::Stopped(signal));
        }
        match self.take(|id, message, wanted, _| msg::receive(id, message, wanted, true, false).map(Waited::Done)) {
            Err(Errno::ENOMSG) if self.wait == Wait::Not => return Ok(Next::Nothing),
            Err(Errno::ENOMSG) => {}
            other => return self.came(other),
        }
        settle()?;
        let deadline = self.wait.deadline();
        let waited = self.take(|id, message, wanted, timer| {
            timer.wait(deadline, || msg::receive(id, message, wanted, false, false))
        });
        self.came(waited)
    }

    /// Retries with a larger buffer on `E2BIG`.
    fn take(
        &mut self,
        mut call: impl FnMut(MsgId, &mut Message, Wanted, &WakeTimer) -> sys::Result<Waited<()>>,
    ) -> sys::Result<Waited<()>> {
        loop {
            match call(self.id, &mut self.message, self.wanted, &self.timer) {
                Err(Errno::EINTR) => {}
                Err(Errno::E2BIG) => {
                    let most = self.most.unwrap_or(LARGEST);
                    let now = self.message.capacity();
                    if now >= most {
                        return Err(Errno::E2BIG);
                    }
                    self.message = Message::with_capacity(now.saturating_mul(4).min(most));
                }
                other => return other,
            }
        }
    }

    fn came(&mut self, result: sys::Result<Waited<()>>) -> Result<Next> {
        match result {
            Ok(Waited::Done(())) => {
                self.received += 1;
                Ok(Next::Message)
            }
            Ok(Waited::TimedOut) => Ok(Next::TimedOut),
            Ok(Waited::Stopped(signal)) => Ok(Next::Stopped(signal)),
            Err(Errno::E2BIG) => Err(Error::cannot(
                Status::Failed,
                &format!("receive from {}", self.queue.text),
                format!("the next message is larger than {} bytes", self.message.capacity()),
                Some("it stays in the queue; --truncate cuts it"),
            )),
            Err(errno) => Err(failed("receive from", &self.queue.text, errno, self.received > 0, "read")),
        }
    }
}

/// For a maximum of 0 messages: checks that the queue exists and may be read. Errors have status 3 or 4.
pub(crate) fn take_none(queue: &Queue, operation: &str) -> Result<()> {
    match msg::stat(MsgId::new(queue.object.id.sysv())) {
        Ok(_) => Ok(()),
        Err(errno) => Err(failed(operation, &queue.text, errno, false, "read")),
    }
}

/// Discards up to `most` messages unread; returns their number.
///
/// # Errors
/// The number discarded before, and status 8 (the queue was removed), 3, 4 or 1.
pub fn discard(queue: &Queue, wanted: Wanted, most: u64) -> std::result::Result<u64, (u64, Error)> {
    let id = MsgId::new(queue.object.id.sysv());
    if most == 0 {
        return take_none(queue, "purge").map(|()| 0).map_err(|error| (0, error));
    }
    // The kernel drops the text that does not fit.
    let mut message = Message::with_capacity(0);
    let mut discarded = 0;
    while discarded < most {
        match msg::receive(id, &mut message, wanted, true, true) {
            Ok(()) => discarded += 1,
            Err(Errno::ENOMSG) => break,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err((discarded, failed("purge", &queue.text, errno, discarded > 0, "read"))),
        }
    }
    Ok(discarded)
}
