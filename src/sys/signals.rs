//! Signals that ask a program to stop, for a program that holds something it must not lose.
//!
//! The default action would end it between taking a message and writing it out. So the handlers only note the
//! signal and let a [`Ringer`] ring, which ends whatever call sleeps; the program puts its things in order and then
//! ends itself by that signal with [`die_by`].

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use libc::c_int;

use super::errno::{Errno, Result};
use super::timer::{self, Ringer};

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

    /// The signal with this number.
    pub(super) const fn new(number: c_int) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

/// The first signal that came; 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// The timer that the handlers start; -1 for none.
static RINGER: AtomicI32 = AtomicI32::new(-1);
/// Of the signals whose action we change, those that were ignored when the program started: bit N-1 stands for signal N.
static INHERITED_IGNORED: AtomicU64 = AtomicU64::new(0);
/// The signal mask that the program was started with, once it was changed.
static ORIGINAL: OnceLock<libc::sigset_t> = OnceLock::new();

/// From now on signals that end a program are noted and wake calls by `ringer`. A signal that whoever started us ignores
/// (`nohup`) stays ignored; one that was blocked no longer is.
///
/// # Errors
/// None that the kernel documents for these signals.
pub fn catch(ringer: &Ringer) -> Result<()> {
    RINGER.store(ringer.id(), Ordering::SeqCst);
    for signal in ENDING {
        if !is_ignored(signal) {
            handle(signal, note)?;
        }
    }
    unblock(&ENDING)
}

/// The signal that asked us to stop, if one has.
#[must_use]
pub fn caught() -> Option<Signal> {
    match CAUGHT.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(Signal(signal)),
    }
}

/// Notes a signal that was taken in another way than by its handler, if such signals are caught at all. Nothing is
/// rung: whoever took it did not sleep, and looks at [`caught`] before the next sleep.
pub(super) fn taken(signal: c_int) {
    if RINGER.load(Ordering::SeqCst) >= 0 && ENDING.contains(&signal) && !is_ignored(signal) {
        let _ = CAUGHT.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// Ends the program by `signal`, as if it had not been caught.
pub fn die_by(signal: Signal) -> ! {
    set_action(signal.0, libc::SIG_DFL);
    let _ = unblock(&[signal.0]);
    // SAFETY: take numbers only. The second is for a signal that does not end a program.
    unsafe {
        libc::raise(signal.0);
        libc::_exit(128 + signal.0)
    }
}

/// Signals whose action the program changes even if it was started ignoring them. A program that is executed finds them
/// as they were.
fn changed() -> [c_int; 4] {
    [libc::SIGPIPE, libc::SIGCHLD, libc::SIGXFSZ, libc::SIGRTMIN()]
}

/// Notes which signals are ignored, and has the kernel keep the status of children: where `SIGCHLD` is ignored, it does
/// not. To be called before Rust's runtime changes any action.
pub(super) fn record_inherited() {
    for signal in changed() {
        if is_ignored(signal) {
            INHERITED_IGNORED.fetch_or(1 << (signal - 1), Ordering::Relaxed);
        }
    }
    set_action(libc::SIGCHLD, libc::SIG_DFL);
}

/// Whether one of the signals that we change was ignored when the program started.
pub(super) fn was_ignored(signal: c_int) -> bool {
    INHERITED_IGNORED.load(Ordering::Relaxed) & 1 << (signal - 1) != 0
}

/// Sets an action that runs no code. Async-signal-safe.
fn set_action(signal: c_int, action: libc::sighandler_t) {
    // SAFETY: takes numbers only: `action` is SIG_DFL or SIG_IGN.
    unsafe { libc::signal(signal, action) };
}

/// From now on a write beyond the file size limit (`ulimit -f`, which holds for files in memory too) fails with
/// `EFBIG` instead of ending the program, which may hold something it must not lose.
pub fn keep_file_size_errors() {
    set_action(libc::SIGXFSZ, libc::SIG_IGN);
}

/// Before another program is executed, which is to find ignored signals as we did. Async-signal-safe.
pub(super) fn restore_ignored() {
    for signal in changed() {
        set_action(signal, if was_ignored(signal) { libc::SIG_IGN } else { libc::SIG_DFL });
    }
}

/// In a forked child: the signals do what they would have done without [`catch`], or the program to be executed
/// would never hear of one that comes before it is. Makes async-signal-safe calls only.
pub(super) fn restore_actions() {
    restore_ignored();
    for signal in ENDING {
        if !is_ignored(signal) {
            set_action(signal, libc::SIG_DFL);
        }
    }
}

/// The signal mask that the program was started with, if it was changed here.
pub(super) fn original_mask() -> Option<libc::sigset_t> {
    ORIGINAL.get().copied()
}

/// Forgets a timer that goes away.
pub(super) fn forget_ringer(id: c_int) {
    let _ = RINGER.compare_exchange(id, -1, Ordering::SeqCst, Ordering::SeqCst);
}

/// The handler. It makes one system call and leaves no trace in `errno`.
extern "C" fn note(signal: c_int) {
    // SAFETY: the address of this thread's own errno.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    let _ = CAUGHT.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    let ringer = RINGER.load(Ordering::SeqCst);
    if ringer >= 0 {
        timer::set(ringer, Some(Duration::ZERO));
    }
    // SAFETY: as above.
    unsafe { *errno = before };
}

/// Installs a handler that interrupts system calls: without `SA_RESTART`.
pub(super) fn handle(signal: c_int, handler: extern "C" fn(c_int)) -> Result<()> {
    // SAFETY: an all-zero sigaction is valid: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as *const () as libc::sighandler_t;
    // SAFETY: a valid action whose handler has the signature for no flags; the old action is not wanted.
    Errno::check(libc::c_long::from(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) })).map(drop)
}

/// Whether a signal is ignored. Async-signal-safe.
pub(super) fn is_ignored(signal: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: no new action; room for the old one, which all zero is valid for.
    unsafe {
        libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Unblocks signals in the calling thread.
pub(super) fn unblock(signals: &[c_int]) -> Result<()> {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: sigemptyset initialises the set, sigaddset adds to it, and the mask call reads it and writes the old.
    let (code, before) = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for &signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        let code = libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), before.as_mut_ptr());
        (code, before.assume_init())
    };
    if code != 0 {
        return Err(Errno::from_raw(code));
    }
    ORIGINAL.get_or_init(|| before);
    Ok(())
}
