//! Moving bytes between descriptors, and files that have holes.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::off_t;

use super::errno::{Errno, Result};

/// Sends bytes of a file to `out` inside the kernel (`sendfile`); how many went, 0 at the end of the file.
///
/// # Errors
/// `EINVAL` where one of the two does not take part (a file opened for appending, say): copy through memory then.
/// Otherwise those of `write`.
pub fn send(out: BorrowedFd<'_>, file: &File, offset: u64, len: usize) -> Result<usize> {
    let mut offset = off_t::try_from(offset).map_err(|_| Errno::EINVAL)?;
    // SAFETY: two open descriptors, and an offset for the kernel to read and move on.
    let sent = unsafe { libc::sendfile(out.as_raw_fd(), file.as_raw_fd(), &raw mut offset, len) };
    usize::try_from(sent).map_err(|_| Errno::last())
}

/// Where data begins at or after `offset` (`SEEK_DATA`); None when only a hole is left.
///
/// # Errors
/// `EINVAL` where files have no holes to tell of.
pub fn next_data(file: &File, offset: u64) -> Result<Option<u64>> {
    match seek(file, offset, libc::SEEK_DATA) {
        Ok(at) => Ok(Some(at)),
        Err(errno) if errno.raw() == libc::ENXIO => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Where the data that `offset` lies in ends (`SEEK_HOLE`): the end of the file at the latest.
///
/// # Errors
/// `EINVAL` where files have no holes to tell of; `ENXIO` behind the end.
pub fn next_hole(file: &File, offset: u64) -> Result<u64> {
    seek(file, offset, libc::SEEK_HOLE)
}

fn seek(file: &File, offset: u64, whence: libc::c_int) -> Result<u64> {
    let offset = off_t::try_from(offset).map_err(|_| Errno::EINVAL)?;
    // SAFETY: takes numbers only.
    let at = unsafe { libc::lseek(file.as_raw_fd(), offset, whence) };
    u64::try_from(at).map_err(|_| Errno::last())
}

/// Makes a pipe hold `bytes` if that is allowed, and tells what it holds.
///
/// # Errors
/// `EBADF` when it is no pipe.
pub fn raise_pipe(pipe: BorrowedFd<'_>, bytes: u32) -> Result<usize> {
    let wanted = libc::c_int::try_from(bytes).map_err(|_| Errno::EINVAL)?;
    // SAFETY: takes numbers only.
    let held = Errno::check(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_GETPIPE_SZ) }.into())?;
    if held >= wanted.into() {
        return Ok(usize::try_from(held).unwrap_or(0));
    }
    // SAFETY: as above.
    let raised = Errno::check(unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETPIPE_SZ, wanted) }.into());
    // Refused beyond the user's share of pipe memory: it stays as it was.
    Ok(usize::try_from(raised.unwrap_or(held)).unwrap_or(0))
}

/// Whether writes to `out` always go to its end (`O_APPEND`).
#[must_use]
pub fn appends(out: BorrowedFd<'_>) -> bool {
    // SAFETY: takes numbers only.
    let flags = unsafe { libc::fcntl(out.as_raw_fd(), libc::F_GETFL) };
    flags != -1 && flags & libc::O_APPEND != 0
}
