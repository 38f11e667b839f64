//! Running another program for as long as something is held for it, and looking at processes.

pub mod kcmp;
pub mod mapping;
pub mod probe;
mod program;
mod report;
pub mod undo;

pub use program::Program;

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use super::errno::Errno;
use super::signals;

/// Signals that are passed on to the program when somebody sends them to us, besides those that end programs.
const FORWARDED: [libc::c_int; 2] = [libc::SIGCONT, libc::SIGWINCH];

/// Starts `command`, waits for its end, and forwards signals to it meanwhile.
///
/// A signal that the terminal sends reaches the program by itself, so only those are forwarded that a process sent or
/// that the kernel sends to us alone. One that asks us to stop is noted too: see [`signals::caught`].
///
/// # Errors
/// Why the program could not be started: `NotFound`, `PermissionDenied`, …; `Interrupted` when a caught signal asked
/// us to stop before that.
pub fn run(mut command: Command) -> io::Result<ExitStatus> {
    let signals = Signals::block()?;
    // From here on a signal waits until it is looked for.
    if signals::caught().is_some() {
        signals.restore()?;
        return Err(io::ErrorKind::Interrupted.into());
    }
    let original = signals::original_mask().unwrap_or(signals.before);
    // SAFETY: between fork and exec only signal, sigaction and pthread_sigmask are called, which are async-signal-safe;
    // they give the program the signal actions and mask we were started with.
    unsafe {
        command.pre_exec(move || {
            signals::restore_actions();
            change_mask(libc::SIG_SETMASK, &original).map(drop)
        });
    }
    let result = command.spawn().and_then(|mut child| {
        let pid = child.id().cast_signed();
        signals.wait_and_forward(pid, || child.try_wait())
    });
    signals.restore()?;
    result
}

/// The signals that are to be forwarded and `SIGCHLD`, blocked so that they can be waited for.
#[derive(Clone, Copy)]
struct Signals {
    blocked: libc::sigset_t,
    before: libc::sigset_t,
}

impl Signals {
    fn block() -> io::Result<Self> {
        let blocked = signal_set(signals::ENDING.into_iter().chain(FORWARDED).chain([libc::SIGCHLD]));
        Ok(Self { blocked, before: change_mask(libc::SIG_BLOCK, &blocked)? })
    }

    /// Gives back the signal mask of before. Async-signal-safe.
    fn restore(&self) -> io::Result<()> {
        change_mask(libc::SIG_SETMASK, &self.before).map(drop)
    }

    /// Forwards signals to the child `pid` until `try_wait` has reaped it.
    fn wait_and_forward(
        &self,
        pid: libc::pid_t,
        mut try_wait: impl FnMut() -> io::Result<Option<ExitStatus>>,
    ) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = try_wait()? {
                return Ok(status);
            }
            let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
            // SAFETY: a valid set, and room for one siginfo_t.
            let signal = unsafe { libc::sigwaitinfo(&raw const self.blocked, info.as_mut_ptr()) };
            if signal == -1 {
                if Errno::last() == Errno::EINTR {
                    continue;
                }
                return Err(Errno::last().into());
            }
            // SAFETY: filled in by the kernel, and zeroed before.
            let from_a_process = unsafe { info.assume_init() }.si_code <= 0;
            signals::taken(signal);
            if signal != libc::SIGCHLD && (from_a_process || comes_to_us_alone(signal)) {
                // SAFETY: takes numbers; a pid that we have not reaped cannot be taken by another process.
                unsafe { libc::kill(pid, signal) };
            }
        }
    }
}

/// Whether a signal from the kernel does not reach the program by itself.
fn comes_to_us_alone(signal: libc::c_int) -> bool {
    match signal {
        // Whoever set an alarm before we were executed meant the program.
        libc::SIGALRM => true,
        // A terminal that hangs up tells the leader of its session, and the others only when that ends.
        // SAFETY: these take numbers only.
        libc::SIGHUP | libc::SIGCONT => unsafe { libc::getsid(0) == libc::getpid() },
        _ => false,
    }
}

pub(super) fn signal_set(signals: impl Iterator<Item = libc::c_int>) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: sigemptyset initialises the set, and sigaddset adds to an initialised one.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

/// Changes the signal mask of the calling thread and returns the old one.
pub(super) fn change_mask(how: libc::c_int, set: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: a valid set to read and room for one to write.
    let code = unsafe { libc::pthread_sigmask(how, set, old.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::from_raw_os_error(code));
    }
    // SAFETY: written by the call that succeeded.
    Ok(unsafe { old.assume_init() })
}

/// The status a shell would give: the exit status, or 128 plus the signal.
#[must_use]
pub fn shell_status(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(125);
    u8::try_from(code & 0xff).unwrap_or(125)
}

/// Whether a process or thread with this number exists; None when that may not be known.
#[must_use]
pub fn exists(pid: super::Pid) -> Option<bool> {
    let pid = rustix::process::Pid::from_raw(pid.raw().max(0))?;
    match rustix::process::test_kill_process(pid) {
        Ok(()) | Err(rustix::io::Errno::PERM) => Some(true),
        Err(rustix::io::Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

/// Descriptors that are closed one by one where the kernel cannot close them all at once.
const MOST_OLD: u32 = 1024;

/// Closes all descriptors from `first` on but one. Async-signal-safe.
///
/// # Safety
/// Nothing may use any of them afterwards.
unsafe fn close_all_but(kept: u32, first: u32) {
    // SAFETY: takes numbers; the caller sees to it that they are nobody's.
    unsafe {
        if kept > first {
            libc::syscall(libc::SYS_close_range, first, kept - 1, 0);
        }
        if libc::syscall(libc::SYS_close_range, kept.saturating_add(1).max(first), u32::MAX, 0) == -1 {
            // Before Linux 5.9. This program opens few.
            (first..MOST_OLD).filter(|fd| *fd != kept).for_each(|fd| _ = libc::close(fd.cast_signed()));
        }
    }
}
