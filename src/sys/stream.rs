//! Asking a stream whether it can be read or written, and waiting until it can.

use std::os::fd::{AsFd, AsRawFd};

use super::errno::{Errno, Result};

/// Whether nobody reads any more from the pipe or socket behind `stream`. False for anything else.
#[must_use]
pub fn is_broken(stream: impl AsFd) -> bool {
    // A socket whose peer is gone has been hung up; no other stream that can be written is.
    let gone = libc::POLLERR | libc::POLLHUP | libc::POLLNVAL;
    poll(stream, 0, 0).is_ok_and(|events| events & gone != 0)
}

/// Sleeps until `stream` has bytes or will never, or a signal comes: for streams that somebody made non-blocking.
///
/// # Errors
/// `ENOMEM`, `EINVAL` (no descriptors allowed).
pub fn wait_readable(stream: impl AsFd) -> Result<()> {
    wait(stream, libc::POLLIN)
}

/// Sleeps until `stream` takes bytes again or will never, or a signal comes, as [`wait_readable`].
///
/// # Errors
/// As [`wait_readable`].
pub fn wait_writable(stream: impl AsFd) -> Result<()> {
    wait(stream, libc::POLLOUT)
}

/// Whether `stream` takes bytes, or will never, before so many milliseconds are over or a signal comes.
///
/// # Errors
/// As [`wait_readable`].
pub fn is_writable_within(stream: impl AsFd, milliseconds: libc::c_int) -> Result<bool> {
    match poll(stream, libc::POLLOUT, milliseconds) {
        Ok(events) => Ok(events != 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn wait(stream: impl AsFd, events: libc::c_short) -> Result<()> {
    match poll(stream, events, -1) {
        // The caller tries again, and sees what the signal was about.
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// What `poll` tells of one stream; 0 when the time is up.
fn poll(stream: impl AsFd, events: libc::c_short, timeout: libc::c_int) -> Result<libc::c_short> {
    let mut asked = libc::pollfd { fd: stream.as_fd().as_raw_fd(), events, revents: 0 };
    // SAFETY: one pollfd to read and write.
    Errno::check(unsafe { libc::poll(&raw mut asked, 1, timeout) }.into())?;
    Ok(asked.revents)
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
