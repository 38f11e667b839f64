//! Children that execute no other program.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getppid, kill_process, set_parent_process_death_signal, waitpid,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use crate::sys::errno::Errno;
use crate::sys::signals::set::SignalSet;

/// A forked copy of this process. Dropping it kills it, and abandons it if it does not end soon.
#[derive(Debug)]
pub(super) struct Child(Pid);

impl Child {
    /// Forks; the child runs `serve` with `kept`, and ends.
    ///
    /// The child keeps no other descriptor than that, and has /dev/null as the standard ones: an abandoned child would
    /// hold locks and pipes for ever. All its signals are blocked, and it dies with its parent.
    pub(super) fn fork(kept: OwnedFd, serve: impl FnOnce(OwnedFd)) -> io::Result<Self> {
        let parent = getpid();
        // SAFETY: the child is a copy of the calling thread only. This program has one thread, and locks that are taken
        // here (the allocator's, the standard library's) are made for fork or are not held.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            if isolate(parent, &kept).is_some() {
                serve(kept);
            }
            // SAFETY: ends the process without running exit handlers of the parent.
            unsafe { libc::_exit(0) };
        }
        Pid::from_raw(pid.max(0)).map(Self).ok_or_else(|| Errno::last().into())
    }

    pub(super) fn pid(&self) -> u32 {
        self.0.as_raw_pid().unsigned_abs()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It is our own child and is reaped nowhere else, so its pid cannot have been reused. One that cannot end yet
        // is left to whoever reaps this process's children.
        let is_running = || matches!(waitpid(Some(self.0), WaitOptions::NOHANG), Ok(None));
        if is_running() {
            let _ = kill_process(self.0, Signal::KILL);
            for _ in 0..REAPING_ATTEMPTS {
                if !is_running() {
                    break;
                }
                sleep(REAPING_PAUSE);
            }
        }
    }
}

/// How often a killed child is waited for, with a pause after each.
const REAPING_ATTEMPTS: u32 = 40;
const REAPING_PAUSE: Duration = Duration::from_micros(250);

/// Closes everything inherited but one descriptor. None when the parent is gone already.
fn isolate(parent: Pid, kept: &OwnedFd) -> Option<()> {
    let _ = SignalSet::full().set_mask();
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // A parent outside of the pid namespace has no pid here.
    if getppid().is_some_and(|now| now != parent) {
        return None;
    }
    let null = File::options().read(true).write(true).open("/dev/null");
    match &null {
        Ok(null) => _ = dup2_stdin(null).and_then(|()| dup2_stdout(null)).and_then(|()| dup2_stderr(null)),
        Err(_) => (0..3).filter(|fd| *fd != kept.as_raw_fd()).for_each(|fd| {
            // SAFETY: takes a number; nothing uses the standard streams any more.
            unsafe { libc::close(fd) };
        }),
    }
    // close_all_but closes it too.
    std::mem::forget(null);
    // SAFETY: the descriptors are no longer used: the process ends without dropping what it inherited.
    unsafe { close_all_but(kept.as_raw_fd().unsigned_abs(), 3) };
    Some(())
}

/// Descriptors that are closed one by one before Linux 5.9.
const MOST_OLD: u32 = 1024;

/// Closes all descriptors from `first` on but one. Async-signal-safe.
///
/// # Safety
/// Nothing may use these descriptors afterwards.
unsafe fn close_all_but(kept: u32, first: u32) {
    // SAFETY: takes numbers; the caller promises that nothing uses the descriptors.
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
