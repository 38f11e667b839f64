//! Moving bytes between descriptors, and files that have holes.

use std::fs::File;
use std::os::fd::BorrowedFd;

use rustix::fs::{OFlags, SeekFrom, fcntl_getfl, seek, sendfile};
use rustix::io::Errno;
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};

use super::errno::Result;

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
        Err(Errno::NXIO) => Ok(None),
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
