//! Running another program for as long as something is held for it, and looking at processes.

mod child;
pub(super) mod forward;
pub mod kcmp;
pub mod mapping;
pub mod probe;
pub mod program;

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use self::forward::ForwardedSignals;
use super::signals::{self, wake};

/// Starts `command`, waits for its end, and forwards signals to it meanwhile.
///
/// A signal that the terminal sends reaches the program by itself, so only those are forwarded that a process sent or
/// that the kernel sends to us alone. One that asks us to stop is recorded too: see [`wake::caught`].
///
/// # Errors
/// Why the program could not be started: `NotFound`, `PermissionDenied`, …; `Interrupted` when a caught signal asked
/// us to stop before that.
pub fn run(mut command: Command) -> io::Result<ExitStatus> {
    let signals = ForwardedSignals::block()?;
    // From here on a signal waits until it is looked for.
    if wake::caught().is_some() {
        signals.restore()?;
        return Err(io::ErrorKind::Interrupted.into());
    }
    let original = wake::original_mask().unwrap_or(signals.before);
    // SAFETY: between fork and exec only sigaction, signal and pthread_sigmask are called, which are async-signal-safe.
    // The program finds the signal actions and the mask that we were started with; until it is executed, signals do
    // what they would have done without `catch_signals`, or it would never hear of one that comes before.
    unsafe {
        command.pre_exec(move || {
            signals::restore_ignored();
            signals::reset_ending();
            Ok(original.set_mask().map(drop)?)
        });
    }
    let result = command.spawn().and_then(|mut child| {
        let pid = Pid::from_child(&child);
        signals.wait_and_forward(pid, || child.try_wait())
    });
    signals.restore()?;
    result
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
    match rustix::process::test_kill_process(Pid::from_raw(pid.raw().max(0))?) {
        Ok(()) | Err(Errno::PERM) => Some(true),
        Err(Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

/// Runs `body` on the CPU with this number and goes back to those the calling thread may use. None when the thread may
/// not run there.
pub fn on_cpu<T>(cpu: usize, body: impl FnOnce() -> T) -> Option<T> {
    if cpu >= CpuSet::MAX_CPU {
        return None;
    }
    let before = sched_getaffinity(None).ok()?;
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one).ok()?;
    let result = body();
    // If the CPUs were taken away meanwhile, the kernel has chosen others.
    let _ = sched_setaffinity(None, &before);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::on_cpu;

    #[test]
    fn the_thread_moves_there_and_may_go_back() {
        let allowed = || std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = |text: String| text.lines().find(|line| line.starts_with("Cpus_allowed_list:")).map(str::to_owned);
        let before = line(allowed());
        let there = (0..64).find_map(|cpu| on_cpu(cpu, || (cpu, line(allowed()))));
        let (cpu, there) = there.unwrap();
        assert_eq!(there, Some(format!("Cpus_allowed_list:\t{cpu}")));
        assert_eq!(line(allowed()), before);
        assert_eq!(on_cpu(usize::MAX, || ()), None);
    }
}
