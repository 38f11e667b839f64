//! Running a program while something is held for it, and looking at processes.

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
/// Signals of the terminal reach the program by themselves: only signals of processes and signals that the kernel sends
/// to us alone are forwarded. One that asks us to stop is recorded too: see [`wake::caught`].
///
/// # Errors
/// Why the program could not be started: `NotFound`, `PermissionDenied`, …; `Interrupted` when a caught signal asked
/// us to stop before.
pub fn run(mut command: Command) -> io::Result<ExitStatus> {
    let signals = ForwardedSignals::block()?;
    // From here on signals stay blocked until they are waited for.
    if wake::caught().is_some() {
        signals.restore()?;
        return Err(io::ErrorKind::Interrupted.into());
    }
    let original = wake::original_mask().unwrap_or(signals.before);
    // SAFETY: between fork and exec only sigaction, signal and pthread_sigmask are called, which are async-signal-safe.
    // The program inherits the signal actions and the mask that we were started with. Until exec, signals act as
    // without `catch_signals`, or one that comes before exec would be lost.
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

/// The exit status, or 128 plus the signal, as in a shell.
pub(crate) fn shell_status(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(125);
    u8::try_from(code & 0xff).unwrap_or(125)
}

/// Whether a process or thread has this number; None when that may not be known.
pub fn exists(pid: super::Pid) -> Option<bool> {
    match rustix::process::test_kill_process(Pid::from_raw(pid.raw().max(0))?) {
        Ok(()) | Err(Errno::PERM) => Some(true),
        Err(Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

/// Runs `body` on this CPU and restores the affinity of the calling thread. None when the thread may not run there.
pub(crate) fn on_cpu<T>(cpu: usize, body: impl FnOnce() -> T) -> Option<T> {
    if cpu >= CpuSet::MAX_CPU {
        return None;
    }
    let before = sched_getaffinity(None).ok()?;
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one).ok()?;
    let result = body();
    // If these CPUs were taken away meanwhile, the kernel has chosen others.
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
