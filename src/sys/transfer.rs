//! Moving bytes between descriptors, and files that have holes.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

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

/// Waits until `fd`, which somebody has made non-blocking, can be read (or written).
///
/// # Errors
/// `EINTR` is retried; `ENOMEM`.
pub fn wait_for(fd: BorrowedFd<'_>, write: bool) -> Result<()> {
    let events = if write { libc::POLLOUT } else { libc::POLLIN };
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    loop {
        // SAFETY: one pollfd, for the kernel to fill in.
        match Errno::check(unsafe { libc::poll(&raw mut poll, 1, -1) }.into()) {
            Err(Errno::EINTR) => {}
            result => return result.map(drop),
        }
    }
}

/// An empty file in memory, gone when it is closed.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSYS`.
pub fn memory_file() -> Result<File> {
    // SAFETY: the name is a C string; the call creates a descriptor and touches no memory of ours.
    let fd = unsafe { libc::memfd_create(c"ipcadm".as_ptr(), libc::MFD_CLOEXEC) };
    if fd == -1 {
        return Err(Errno::last());
    }
    // SAFETY: a descriptor just made and owned by nobody else.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

/// Gives an open file without a name the name `path`; fails if something has it (`linkat`).
///
/// # Errors
/// `EEXIST`; those of `link`.
pub fn link(file: &File, path: &std::ffi::CStr) -> io::Result<()> {
    let own = format!("/proc/self/fd/{}\0", file.as_fd().as_raw_fd());
    let flags = libc::AT_SYMLINK_FOLLOW;
    // SAFETY: two strings that end with NUL; the descriptor in the first is open.
    let result = unsafe { libc::linkat(libc::AT_FDCWD, own.as_ptr().cast(), libc::AT_FDCWD, path.as_ptr(), flags) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Renames, but never over something that is there (`renameat2`, `RENAME_NOREPLACE`).
///
/// # Errors
/// `EEXIST`; `EINVAL` where the file system cannot; those of `rename`.
pub fn rename_new(from: &std::ffi::CStr, to: &std::ffi::CStr) -> io::Result<()> {
    let (cwd, flags) = (libc::AT_FDCWD, libc::RENAME_NOREPLACE);
    // SAFETY: two strings that end with NUL.
    let result = unsafe { libc::syscall(libc::SYS_renameat2, cwd, from.as_ptr(), cwd, to.as_ptr(), flags) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
