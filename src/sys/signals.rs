//! Signal actions of this program, and of programs that it executes.

pub mod blocked;
pub(super) mod set;
pub mod wake;

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_long};

use self::set::SignalSet;
use super::errno::{Errno, Result};

/// Signals that end a program by default and are commonly sent to do so; they are blocked or caught together.
pub(super) const ENDING: [c_int; 7] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(c_int);

impl Signal {
    pub const PIPE: Self = Self(libc::SIGPIPE);

    pub(super) const fn new(number: c_int) -> Self {
        Self(number)
    }

    /// As in signal(7).
    pub fn number(self) -> i32 {
        self.0
    }
}

/// Bit N-1: signal N is one whose action we change, and was ignored when the program started.
static INHERITED_IGNORED: AtomicU64 = AtomicU64::new(0);

/// Signals whose action we change even if they were ignored at start. Executed programs inherit the original action.
fn changed() -> [c_int; 4] {
    [libc::SIGPIPE, libc::SIGCHLD, libc::SIGXFSZ, libc::SIGRTMIN()]
}

/// Records the ignored signals, and gives `SIGCHLD` its default action: while it is ignored, the kernel drops exit
/// statuses of children. Must run before Rust's runtime changes any action.
pub(super) fn record_inherited() {
    for signal in changed() {
        if is_ignored(signal) {
            INHERITED_IGNORED.fetch_or(1 << (signal - 1), Ordering::Relaxed);
        }
    }
    if was_ignored(libc::SIGCHLD) {
        set_action(libc::SIGCHLD, libc::SIG_DFL);
    }
}

pub(super) fn was_ignored(signal: c_int) -> bool {
    INHERITED_IGNORED.load(Ordering::Relaxed) & 1 << (signal - 1) != 0
}

pub(crate) fn die_by(signal: Signal) -> ! {
    set_action(signal.0, libc::SIG_DFL);
    let _ = SignalSet::of([signal.0]).unblock();
    // SAFETY: take numbers only. `_exit` is for a signal that does not end a program.
    unsafe {
        libc::raise(signal.0);
        libc::_exit(128 + signal.0)
    }
}

/// Has writing to a pipe that nobody reads fail, instead of ending the program.
pub(super) fn ignore_broken_pipes() {
    set_action(libc::SIGPIPE, libc::SIG_IGN);
}

/// Makes a write beyond `RLIMIT_FSIZE` (which also counts for memfds) fail with `EFBIG` instead of killing the program,
/// which may hold something it must not lose.
pub(crate) fn keep_file_size_errors() {
    set_action(libc::SIGXFSZ, libc::SIG_IGN);
}

/// Ignores again what was ignored at start, before exec. Async-signal-safe.
pub(super) fn restore_ignored() {
    for signal in changed() {
        set_action(signal, if was_ignored(signal) { libc::SIG_IGN } else { libc::SIG_DFL });
    }
}

/// Installs `handler` for the signals that end programs, except ignored ones (`nohup`).
pub(super) fn handle_ending(handler: extern "C" fn(c_int)) -> Result<()> {
    ENDING.into_iter().filter(|&signal| !is_ignored(signal)).try_for_each(|signal| handle(signal, handler))
}

/// Undoes [`handle_ending`]. Async-signal-safe.
pub(super) fn reset_ending() {
    ENDING.into_iter().filter(|&signal| !is_ignored(signal)).for_each(|signal| set_action(signal, libc::SIG_DFL));
}

/// Installs a handler without `SA_RESTART`, so that it interrupts system calls.
pub(super) fn handle(signal: c_int, handler: extern "C" fn(c_int)) -> Result<()> {
    // SAFETY: an all-zero sigaction is valid: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as *const () as libc::sighandler_t;
    // SAFETY: a valid action whose handler has the signature for no flags; the old action is not wanted.
    Errno::check(c_long::from(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) })).map(drop)
}

/// Async-signal-safe.
pub(super) fn is_ignored(signal: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: no new action; room for the old one, for which all zero is valid.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Sets `SIG_DFL` or `SIG_IGN`. Async-signal-safe.
fn set_action(signal: c_int, action: libc::sighandler_t) {
    // SAFETY: takes numbers only: `action` is SIG_DFL or SIG_IGN.
    unsafe { libc::signal(signal, action) };
}
