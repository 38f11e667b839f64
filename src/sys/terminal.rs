//! The terminal.

use std::os::fd::AsFd;

/// The columns of the terminal behind `stream`; None when it is none or does not say.
#[must_use]
pub fn columns(stream: impl AsFd) -> Option<u16> {
    rustix::termios::tcgetwinsize(stream).ok().map(|size| size.ws_col).filter(|&columns| columns > 0)
}
