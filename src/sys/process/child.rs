//! Children that run no other program.

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

/// A child, a copy of this process. Dropping it kills it, and abandons it if that does not end it at once.
#[derive(Debug)]
pub(super) struct Child(Pid);

impl Child {
    /// Forks; the child runs `serve` with `kept`, and ends.
    ///
    /// The child has no other descriptor than that, and /dev/null in place of the standard ones: locks and pipes that it
    /// holds for ever would be held for this program. It has all signals blocked, and dies with its parent.
    ///
    /// # Errors
    /// `EAGAIN` and `ENOMEM`, where there is no room for another process.
    pub(super) fn fork(kept: OwnedFd, serve: impl FnOnce(OwnedFd)) -> io::Result<Self> {
        let parent = getpid();
        // SAFETY: the child is a copy of the calling thread. Other threads of the parent are not in it; a program has one
        // thread, and what takes locks here (the allocator, the standard library's locks) is made for fork or is not held.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            if isolate(parent, &kept).is_some() {
                serve(kept);
            }
            // SAFETY: ends the process without running what the parent has left to run.
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
        // It is our own and is reaped nowhere else, so that the number is still its. One that cannot end yet is left to
        // whoever reaps this process's children.
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

/// How often, and after how long each, it is looked whether a killed child has ended.
const REAPING_ATTEMPTS: u32 = 40;
const REAPING_PAUSE: Duration = Duration::from_micros(250);

/// Lets go of all that a child has from its parent, but for one descriptor. None when the parent is gone already.
fn isolate(parent: Pid, kept: &OwnedFd) -> Option<()> {
    let _ = SignalSet::full().set_mask();
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // A parent outside of the pid namespace has no number here.
    if getppid().is_some_and(|now| now != parent) {
        return None;
    }
    let null = File::options().read(true).write(true).open("/dev/null");
    match &null {
        Ok(null) => _ = dup2_stdin(null).and_then(|()| dup2_stdout(null)).and_then(|()| dup2_stderr(null)),
        Err(_) => (0..3).filter(|fd| *fd != kept.as_raw_fd()).for_each(|fd| {
            // SAFETY: takes a number; nothing is read or written by standard streams any more.
            unsafe { libc::close(fd) };
        }),
    }
    // It is closed with the others.
    std::mem::forget(null);
    // SAFETY: closes descriptors of this process that nothing uses any more, since it ends without dropping what it has
    // from its parent.
    unsafe { close_all_but(kept.as_raw_fd().unsigned_abs(), 3) };
    Some(())
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
