//! Waiting for a child and forwarding signals to it meanwhile.

use std::io;
use std::mem::MaybeUninit;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, getpid, getsid, kill_process};

use crate::sys::errno::{Errno, Result};
use crate::sys::signals::set::SignalSet;
use crate::sys::signals::{ENDING, wake};

/// Signals forwarded to the program besides those that end programs.
const FORWARDED: [libc::c_int; 2] = [libc::SIGCONT, libc::SIGWINCH];

/// The signals to be forwarded and `SIGCHLD`, blocked so that they can be waited for.
#[derive(Clone, Copy)]
pub(in crate::sys) struct ForwardedSignals {
    blocked: SignalSet,
    pub(super) before: SignalSet,
}

impl ForwardedSignals {
    pub(in crate::sys) fn block() -> Result<Self> {
        let blocked = SignalSet::of(ENDING.into_iter().chain(FORWARDED).chain([libc::SIGCHLD]));
        Ok(Self { blocked, before: blocked.block()? })
    }

    /// Restores the signal mask of before. Async-signal-safe.
    pub(in crate::sys) fn restore(&self) -> Result<()> {
        self.before.set_mask().map(drop)
    }

    /// Forwards signals to the child `pid` until `try_wait` has reaped it.
    pub(in crate::sys) fn wait_and_forward(
        &self,
        pid: Pid,
        mut try_wait: impl FnMut() -> io::Result<Option<ExitStatus>>,
    ) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = try_wait()? {
                return Ok(status);
            }
            let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
            // SAFETY: a valid set, and room for one siginfo_t.
            let number = unsafe { libc::sigwaitinfo(self.blocked.as_ptr(), info.as_mut_ptr()) };
            if number == -1 {
                if Errno::last() == Errno::EINTR {
                    continue;
                }
                return Err(Errno::last().into());
            }
            // SAFETY: filled in by the kernel, and zeroed before.
            let from_a_process = unsafe { info.assume_init() }.si_code <= 0;
            wake::taken(number);
            if number != libc::SIGCHLD
                && (from_a_process || comes_to_us_alone(number))
                && let Some(signal) = Signal::from_named_raw(number)
            {
                // A child that we have not reaped keeps its number.
                let _ = kill_process(pid, signal);
            }
        }
    }
}

/// Whether a signal that the kernel sends reaches only us.
fn comes_to_us_alone(signal: libc::c_int) -> bool {
    match signal {
        // An alarm set before our exec was meant for the program.
        libc::SIGALRM => true,
        // A hangup of the terminal signals the session leader; the others only when the leader ends.
        libc::SIGHUP | libc::SIGCONT => getsid(None) == Ok(getpid()),
        _ => false,
    }
}
