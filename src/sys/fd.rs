//! Descriptors: waiting until they are ready, moving bytes between them, holes, locks, and the terminal's width.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FlockOperation, OFlags, SeekFrom, fcntl_getfl, flock, seek, sendfile};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

use super::errno::{Errno, Result};

/// Whether the pipe or socket behind `stream` has lost its last reader. False for anything else.
pub(crate) fn is_broken(stream: impl AsFd) -> bool {
    // Only a socket whose peer is gone hangs up among writable streams.
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    poll(stream, PollFlags::empty(), Some(Duration::ZERO)).is_ok_and(|events| events.intersects(gone))
}

/// Sleeps until `stream` is readable or at its end, or a signal comes: for streams that somebody made non-blocking.
pub(crate) fn wait_readable(stream: impl AsFd) -> Result<()> {
    wait(stream, PollFlags::IN)
}

/// Sleeps until `stream` is writable or broken, or a signal comes: see [`wait_readable`].
pub(crate) fn wait_writable(stream: impl AsFd) -> Result<()> {
    wait(stream, PollFlags::OUT)
}

/// Whether `stream` becomes writable or broken before `time` is over or a signal comes.
pub(crate) fn is_writable_within(stream: impl AsFd, time: Duration) -> Result<bool> {
    is_ready_within(stream, PollFlags::OUT, time)
}

/// Whether `stream` becomes readable or ends before `time` is over or a signal comes.
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
        // The caller tries again and handles the signal.
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// The events of one stream; none after the timeout.
fn poll(stream: impl AsFd, events: PollFlags, timeout: Option<Duration>) -> Result<PollFlags> {
    let timeout = timeout.map(|time| Timespec::try_from(time).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 }));
    let mut asked = [PollFd::new(&stream, events)];
    rustix::event::poll(&mut asked, timeout.as_ref())?;
    Ok(asked[0].revents())
}

/// Sends bytes of a file to `out` inside the kernel (`sendfile`); returns the number, 0 at the end of the file.
///
/// # Errors
/// `EINVAL` where one of the two does not support it (`O_APPEND`, say): copy through memory then.
pub fn send(out: BorrowedFd<'_>, file: &File, offset: u64, len: usize) -> Result<usize> {
    let mut offset = offset;
    Ok(sendfile(out, file, Some(&mut offset), len)?)
}

/// The start of data at or after `offset` (`SEEK_DATA`); None when only a hole is left. `EINVAL` where files have no
/// holes.
pub(crate) fn next_data(file: &File, offset: u64) -> Result<Option<u64>> {
    match seek(file, SeekFrom::Data(offset)) {
        Ok(at) => Ok(Some(at)),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// The end of the data at `offset` (`SEEK_HOLE`), at most the end of the file. `EINVAL` where files have no holes;
/// `ENXIO` past the end.
pub(crate) fn next_hole(file: &File, offset: u64) -> Result<u64> {
    Ok(seek(file, SeekFrom::Hole(offset))?)
}

/// Enlarges the buffer of a pipe to `bytes` if that is allowed, and returns its size. `EBADF` for anything else.
pub(crate) fn raise_pipe(pipe: BorrowedFd<'_>, bytes: usize) -> Result<usize> {
    let held = fcntl_getpipe_size(pipe)?;
    // Refused beyond the user's share of pipe memory; the size then stays.
    Ok(if held < bytes { fcntl_setpipe_size(pipe, bytes).unwrap_or(held) } else { held })
}

/// Whether writes to `out` always go to its end (`O_APPEND`).
pub(crate) fn appends(out: BorrowedFd<'_>) -> bool {
    fcntl_getfl(out).is_ok_and(|flags| flags.contains(OFlags::APPEND))
}

/// Takes a lock (`flock`) on `file` until it is closed; false when another process has it. Errors where the file
/// system has no locks.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The width of the terminal behind `stream`; None for other streams and where the width is unknown.
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
        // A socket that is shut down for writing can still be read.
        theirs.shutdown(Shutdown::Write).unwrap();
        assert!(!is_broken(&ours));
        drop(theirs);
        assert!(is_broken(&ours));
    }
}
