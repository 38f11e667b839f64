//! The start of the program, and the state inherited from the caller, recorded before anything changes it.
//!
//! `/dev/null` is opened in place of a closed standard stream: afterwards nobody can tell that a caller's `>&-` is about
//! to swallow the only copy of a reference, or that `<&-` gives an empty message. `SIGPIPE` is ignored.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
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

/// Makes a function of the arguments, which returns an exit status, the program.
///
/// Rust's own start would be a seventh of all that listing nothing takes: it reads `/proc/self/maps` and sets up a stack
/// for saying that the stack was overrun. [`begin`](crate::sys::startup::begin) does what else it does.
#[macro_export]
macro_rules! entry {
    ($program:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(count: std::ffi::c_int, arguments: *const *const std::ffi::c_char) -> std::ffi::c_int {
            // SAFETY: the C library calls this first, with the arguments and their number.
            let arguments = unsafe { $crate::sys::startup::begin(count, arguments) };
            let program: fn(&[std::ffi::OsString]) -> u8 = $program;
            program(arguments).into()
        }
    };
}

static ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();

/// The arguments of the program, its name first; none in tests.
pub(crate) fn arguments() -> &'static [OsString] {
    ARGUMENTS.get().map_or(&[], Vec::as_slice)
}

/// Does what Rust's start would do: opens what was closed of the standard streams, ignores `SIGPIPE`, and returns the
/// arguments. Ends the program if a stream cannot be opened.
///
/// # Safety
/// `arguments` are `count` C strings that nobody changes, as `main` gets them, and no other thread runs.
pub unsafe fn begin(count: c_int, arguments: *const *const c_char) -> &'static [OsString] {
    for descriptor in libc::STDIN_FILENO..=libc::STDERR_FILENO {
        // SAFETY: both take numbers and a C string, and give the lowest number that is free, which is this one.
        let is_open = unsafe {
            libc::fcntl(descriptor, libc::F_GETFD) != -1
                || libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) == descriptor
        };
        if !is_open {
            std::process::abort();
        }
    }
    super::signals::ignore_broken_pipes();
    let words = (0..usize::try_from(count).unwrap_or(0)).map(|place| {
        // SAFETY: there are so many, and each is a C string.
        let word = unsafe { CStr::from_ptr(*arguments.add(place)) };
        OsStr::from_bytes(word.to_bytes()).to_owned()
    });
    ARGUMENTS.get_or_init(|| words.collect())
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
