//! Locks on files that go with the process, however it ends (`flock`).

use std::fs::File;
use std::io;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Takes the lock on `file` for as long as it is open; false when another process has it.
///
/// # Errors
/// `ENOLCK`; `EINVAL` or `EOPNOTSUPP` where the file system has no locks.
pub fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
