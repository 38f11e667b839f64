//! What signals do to this program, and to programs that it executes.

pub mod blocked;
pub(super) mod set;
pub mod wake;

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_long};

use self::set::SignalSet;
use super::errno::{Errno, Result};

/// Signals whose default action ends a program and that are commonly sent to do so: what protects something from them
/// protects it from all of these.
pub(super) const ENDING: [c_int; 7] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2, libc::SIGALRM];

/// The number of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(c_int);

impl Signal {
    /// What a write to a pipe without a reader sends.
    pub const PIPE: Self = Self(libc::SIGPIPE);

    pub(super) const fn new(number: c_int) -> Self {
        Self(number)
    }

    /// As in signal(7).
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

/// Of the signals whose action we change, those that were ignored when the program started: bit N-1 stands for signal N.
static INHERITED_IGNORED: AtomicU64 = AtomicU64::new(0);

/// Signals whose action the program changes even if it was started ignoring them. A program that is executed finds them
/// as they were.
fn changed() -> [c_int; 4] {
    [libc::SIGPIPE, libc::SIGCHLD, libc::SIGXFSZ, libc::SIGRTMIN()]
}

/// Records which signals are ignored, and has the kernel keep the status of children: where `SIGCHLD` is ignored, it
/// does not. To be called before Rust's runtime changes any action.
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

/// Whether one of the signals that we change was ignored when the program started.
pub(super) fn was_ignored(signal: c_int) -> bool {
    INHERITED_IGNORED.load(Ordering::Relaxed) & 1 << (signal - 1) != 0
}

/// Ends the program by `signal`, as if it had not been caught.
pub fn die_by(signal: Signal) -> ! {
    set_action(signal.0, libc::SIG_DFL);
    let _ = SignalSet::of([signal.0]).unblock();
    // SAFETY: take numbers only. The second is for a signal that does not end a program.
    unsafe {
        libc::raise(signal.0);
        libc::_exit(128 + signal.0)
    }
}

/// From now on a write beyond the file size limit (`ulimit -f`, which holds for files in memory too) fails with
/// `EFBIG` instead of ending the program, which may hold something it must not lose.
pub fn keep_file_size_errors() {
    set_action(libc::SIGXFSZ, libc::SIG_IGN);
}

/// Gives ignored signals back to a program that is about to be executed. Async-signal-safe.
pub(super) fn restore_ignored() {
    for signal in changed() {
        set_action(signal, if was_ignored(signal) { libc::SIG_IGN } else { libc::SIG_DFL });
    }
}

/// Has `handler` run for the signals that end programs, but for those that whoever started us ignores (`nohup`).
pub(super) fn handle_ending(handler: extern "C" fn(c_int)) -> Result<()> {
    ENDING.into_iter().filter(|&signal| !is_ignored(signal)).try_for_each(|signal| handle(signal, handler))
}

/// Undoes [`handle_ending`]. Async-signal-safe.
pub(super) fn reset_ending() {
    ENDING.into_iter().filter(|&signal| !is_ignored(signal)).for_each(|signal| set_action(signal, libc::SIG_DFL));
}

/// Installs a handler that interrupts system calls: without `SA_RESTART`.
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
    // SAFETY: no new action; room for the old one, which all zero is valid for.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Sets an action that runs no code. Async-signal-safe.
fn set_action(signal: c_int, action: libc::sighandler_t) {
    // SAFETY: takes numbers only: `action` is SIG_DFL or SIG_IGN.
    unsafe { libc::signal(signal, action) };
}
