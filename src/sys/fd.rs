//! Descriptors: waiting until they are ready, moving bytes between them, holes, locks, and the terminal's width.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FlockOperation, OFlags, SeekFrom, fcntl_getfl, flock, seek, sendfile};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

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

/// Sends bytes of a file to `out` inside the kernel (`sendfile`); how many went, 0 at the end of the file.
///
/// # Errors
/// `EINVAL` where one of the two does not take part (a file opened for appending, say): copy through memory then.
/// Otherwise those of `write`.
pub fn send(out: BorrowedFd<'_>, file: &File, offset: u64, len: usize) -> Result<usize> {
    let mut offset = offset;
    Ok(sendfile(out, file, Some(&mut offset), len)?)
}

/// Where data begins at or after `offset` (`SEEK_DATA`); None when only a hole is left.
///
/// # Errors
/// `EINVAL` where files have no holes to tell of.
pub fn next_data(file: &File, offset: u64) -> Result<Option<u64>> {
    match seek(file, SeekFrom::Data(offset)) {
        Ok(at) => Ok(Some(at)),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Where the data that `offset` lies in ends (`SEEK_HOLE`): the end of the file at the latest.
///
/// # Errors
/// `EINVAL` where files have no holes to tell of; `ENXIO` behind the end.
pub fn next_hole(file: &File, offset: u64) -> Result<u64> {
    Ok(seek(file, SeekFrom::Hole(offset))?)
}

/// Makes a pipe hold `bytes` if that is allowed, and tells what it holds.
///
/// # Errors
/// `EBADF` when it is no pipe.
pub fn raise_pipe(pipe: BorrowedFd<'_>, bytes: usize) -> Result<usize> {
    let held = fcntl_getpipe_size(pipe)?;
    // Refused beyond the user's share of pipe memory: it stays as it was.
    Ok(if held < bytes { fcntl_setpipe_size(pipe, bytes).unwrap_or(held) } else { held })
}

/// Whether writes to `out` always go to its end (`O_APPEND`).
#[must_use]
pub fn appends(out: BorrowedFd<'_>) -> bool {
    fcntl_getfl(out).is_ok_and(|flags| flags.contains(OFlags::APPEND))
}

/// Takes the lock on `file` (`flock`) for as long as it is open; false when another process has it. It goes with the
/// process, however that ends.
///
/// # Errors
/// `ENOLCK`; `EINVAL` or `EOPNOTSUPP` where the file system has no locks.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The columns of the terminal behind `stream`; None when it is none or does not say.
#[must_use]
pub fn columns(stream: impl AsFd) -> Option<u16> {
    rustix::termios::tcgetwinsize(stream).ok().map(|size| size.ws_col).filter(|&columns| columns > 0)
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
