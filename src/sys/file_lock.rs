//! Locks on files that go with the process, however it ends (`flock`).

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Takes the lock on `file` for as long as it is open; false when another process has it.
///
/// # Errors
/// `ENOLCK`; `EINVAL` or `EOPNOTSUPP` where the file system has no locks.
pub fn try_lock(file: &File) -> io::Result<bool> {
    // SAFETY: takes a descriptor that is open, and a number.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        error => Err(error),
    }
}
