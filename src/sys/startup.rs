//! State inherited from the caller, recorded before Rust's own start-up code changes it.
//!
//! The standard library opens `/dev/null` in place of a closed standard stream: afterwards nobody can tell that a
//! caller's `>&-` is about to swallow the only copy of a reference, or that `<&-` gives an empty message. It also
//! ignores `SIGPIPE`.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

use super::errno::Errno;

static STDIN_WAS_CLOSED: AtomicBool = AtomicBool::new(false);
static STDOUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

pub(crate) fn stdin_was_closed() -> bool {
    STDIN_WAS_CLOSED.load(Ordering::Relaxed)
}

pub(crate) fn stdout_was_closed() -> bool {
    STDOUT_WAS_CLOSED.load(Ordering::Relaxed)
}

/// Standard input, unbuffered; `EBADF` when it was closed at start.
pub fn stdin() -> io::Result<File> {
    own(io::stdin(), stdin_was_closed())
}

/// Standard output, unbuffered; `EBADF` when it was closed at start.
pub fn stdout() -> io::Result<File> {
    own(io::stdout(), stdout_was_closed())
}

fn own(stream: impl AsFd, was_closed: bool) -> io::Result<File> {
    if was_closed {
        return Err(Errno::from_raw(libc::EBADF).into());
    }
    stream.as_fd().try_clone_to_owned().map(File::from)
}

/// Whether `SIGPIPE` was ignored at start; the runtime always ignores it.
pub(crate) fn sigpipe_was_ignored() -> bool {
    super::signals::was_ignored(libc::SIGPIPE)
}

extern "C" fn record_inherited_state() {
    for (descriptor, closed) in [(libc::STDIN_FILENO, &STDIN_WAS_CLOSED), (libc::STDOUT_FILENO, &STDOUT_WAS_CLOSED)] {
        // SAFETY: F_GETFD takes and returns numbers, and may be called before main.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            closed.store(true, Ordering::Relaxed);
        }
    }
    super::signals::record_inherited();
}

// SAFETY: the C library calls every function pointer of this section once before main; `record_inherited_state` has the
// right signature (further arguments are ignored) and does nothing that start-up forbids.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = record_inherited_state;
