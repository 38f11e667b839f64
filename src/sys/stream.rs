//! Asking a stream whether it can still be written.

use std::os::fd::{AsFd, AsRawFd};

/// Whether nobody reads any more from the pipe or socket behind `stream`. False for anything else.
#[must_use]
pub fn is_broken(stream: impl AsFd) -> bool {
    // A socket whose peer is gone has been hung up; no other stream that can be written is.
    poll(stream, 0, 0) & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0
}

/// Sleeps until `stream` takes bytes again or will never, or a signal comes: for streams that somebody made
/// non-blocking.
pub fn wait_writable(stream: impl AsFd) {
    poll(stream, libc::POLLOUT, -1);
}

fn poll(stream: impl AsFd, events: libc::c_short, timeout: libc::c_int) -> libc::c_short {
    let mut asked = libc::pollfd { fd: stream.as_fd().as_raw_fd(), events, revents: 0 };
    // SAFETY: one pollfd to read and write.
    match unsafe { libc::poll(&raw mut asked, 1, timeout) } {
        1 => asked.revents,
        _ => 0,
    }
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
