//! Asking a stream whether it can be read or written, and waiting until it can.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

use super::errno::{Errno, Result};

/// Whether nobody reads any more from the pipe or socket behind `stream`. False for anything else.
#[must_use]
pub fn is_broken(stream: impl AsFd) -> bool {
    // A socket whose peer is gone has been hung up; no other stream that can be written is.
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    poll(stream, PollFlags::empty(), Some(Duration::ZERO)).is_ok_and(|events| events.intersects(gone))
}

/// Sleeps until `stream` has bytes or will never, or a signal comes: for streams that somebody made non-blocking.
///
/// # Errors
/// `ENOMEM`, `EINVAL` (no descriptors allowed).
pub fn wait_readable(stream: impl AsFd) -> Result<()> {
    wait(stream, PollFlags::IN)
}

/// Sleeps until `stream` takes bytes again or will never, or a signal comes, as [`wait_readable`].
///
/// # Errors
/// As [`wait_readable`].
pub fn wait_writable(stream: impl AsFd) -> Result<()> {
    wait(stream, PollFlags::OUT)
}

/// Whether `stream` takes bytes, or will never, before `time` is over or a signal comes.
///
/// # Errors
/// As [`wait_readable`].
pub fn is_writable_within(stream: impl AsFd, time: Duration) -> Result<bool> {
    is_ready_within(stream, PollFlags::OUT, time)
}

/// Whether `stream` has bytes, or will never, before `time` is over or a signal comes.
///
/// # Errors
/// As [`wait_readable`].
pub(super) fn is_readable_within(stream: impl AsFd, time: Duration) -> Result<bool> {
    is_ready_within(stream, PollFlags::IN, time)
}

fn is_ready_within(stream: impl AsFd, events: PollFlags, time: Duration) -> Result<bool> {
    match poll(stream, events, Some(time)) {
        Ok(events) => Ok(!events.is_empty()),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn wait(stream: impl AsFd, events: PollFlags) -> Result<()> {
    match poll(stream, events, None) {
        // The caller tries again, and sees what the signal was about.
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// What `poll` tells of one stream; nothing when the time is up.
fn poll(stream: impl AsFd, events: PollFlags, timeout: Option<Duration>) -> Result<PollFlags> {
    let timeout = timeout.map(|time| Timespec::try_from(time).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 }));
    let mut asked = [PollFd::new(&stream, events)];
    rustix::event::poll(&mut asked, timeout.as_ref())?;
    Ok(asked[0].revents())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    use super::is_broken;

    #[test]
    fn a_pipe_is_broken_when_its_reader_is_gone() {
        let (reader, writer) = io::pipe().unwrap();
        assert!(!is_broken(&writer));
        drop(reader);
        assert!(is_broken(&writer));
    }

    #[test]
    fn a_socket_is_broken_when_its_peer_is_gone() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        assert!(!is_broken(&ours));
        // Who has nothing more to say may still listen.
        theirs.shutdown(Shutdown::Write).unwrap();
        assert!(!is_broken(&ours));
        drop(theirs);
        assert!(is_broken(&ours));
    }
}
