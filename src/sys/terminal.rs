//! The terminal.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};

/// The columns of the terminal behind `stream`; None when it is none or does not say.
#[must_use]
pub fn columns(stream: impl AsFd) -> Option<u16> {
    let mut size = MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: TIOCGWINSZ writes one winsize.
    let result = unsafe { libc::ioctl(stream.as_fd().as_raw_fd(), libc::TIOCGWINSZ, size.as_mut_ptr()) };
    if result == -1 {
        return None;
    }
    // SAFETY: zeroed above, and all-zero is a valid winsize.
    let columns = unsafe { size.assume_init() }.ws_col;
    (columns > 0).then_some(columns)
}
