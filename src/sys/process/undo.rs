//! Running a program for which semaphores are held by `SEM_UNDO`.
//!
//! The program's process takes them itself, between fork and exec: so the kernel records it as the one that has used
//! them, for as long as it runs. It shares our undo list, so that what was taken is given back when the last of the
//! two is gone: never while the program runs, even when this process is killed, and not before the program's files are
//! closed, which is what our own end waits for.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::report::Report;
use super::{Program, Signals};
use crate::sys::errno::Errno;
use crate::sys::sem::take::{Attempt, Take};
use crate::sys::signals::Signal;

/// What came of taking semaphores and running a program.
#[derive(Debug)]
pub enum Ended {
    /// They were not taken, and the program was not run.
    NotTaken(Attempt),
    /// A signal ended the wait, so nothing is taken and the program was not run.
    Signalled(Signal),
    /// They were taken, but the program could not be started.
    NotRun(Errno),
    /// The program was run, and ended like this.
    Ran(ExitStatus),
}

/// A program and what is to be taken for it.
pub struct Job<'a> {
    /// What is to be run.
    pub program: &'a Program,
    /// What is to be taken before.
    pub take: &'a Take,
    /// Called in between, with the time that it took. May not allocate.
    pub taken: &'a dyn Fn(Duration),
}

impl Job<'_> {
    /// Takes, and replaces this process by the program. Returns only when one of these failed.
    #[must_use]
    pub fn become_program(&self) -> Ended {
        let attempt = self.take.perform();
        if attempt.done.is_err() {
            return Ended::NotTaken(attempt);
        }
        (self.taken)(attempt.waited);
        Ended::NotRun(self.program.exec())
    }

    /// Has a child that shares our undo list (`CLONE_SYSVSEM`) take and become the program, waits for its end and
    /// forwards signals to it meanwhile. When the program was run, those stay blocked afterwards: one that came too
    /// late for it is not to hide how it ended. For processes of one thread that then soon end.
    ///
    /// While the child waits, our end is its end.
    ///
    /// # Errors
    /// Why there is no child: `EAGAIN`, `ENOMEM`, `EMFILE`, …
    pub fn run(&self) -> io::Result<Ended> {
        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (reader.into(), writer.into());
        let signals = Signals::block()?;
        let flags = libc::c_long::from(libc::CLONE_SYSVSEM | libc::SIGCHLD);
        // SAFETY: without CLONE_VM and with no stack given this is a fork. The process has one thread, so the child
        // finds no lock held by another; it makes system calls on memory prepared before, and ends or execs.
        let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize) };
        if pid == 0 {
            self.be_child(&signals, reader, &writer)
        }
        let pid = Errno::check(pid)? as libc::pid_t;
        drop(writer);
        let status = signals.wait_and_forward(pid, || try_wait(pid))?;
        let ended = match (Report::last(reader)?, status.signal()) {
            (Some(Report::NotTaken(attempt)), _) => Ended::NotTaken(attempt),
            (Some(Report::NotRun(errno)), _) => Ended::NotRun(errno),
            (None, Some(signal)) => Ended::Signalled(Signal::new(signal)),
            (Some(Report::Taken) | None, _) => return Ok(Ended::Ran(status)),
        };
        signals.restore()?;
        Ok(ended)
    }

    /// The child's part.
    fn be_child(&self, signals: &Signals, reader: OwnedFd, writer: &OwnedFd) -> ! {
        drop(reader);
        let report = match begin(signals, writer) {
            Ok(()) => self.take_and_exec(writer),
            Err(errno) => Report::NotRun(errno),
        };
        report.send(writer);
        // SAFETY: runs nothing of the parent's.
        unsafe { libc::_exit(127) }
    }

    fn take_and_exec(&self, writer: &OwnedFd) -> Report {
        let attempt = self.take.perform();
        if attempt.done.is_err() {
            return Report::NotTaken(attempt);
        }
        (self.taken)(attempt.waited);
        Report::Taken.send(writer);
        match die_with_parent(false) {
            Ok(()) => Report::NotRun(self.program.exec()),
            Err(errno) => Report::NotRun(errno),
        }
    }
}

/// Gives the child the signals that we were started with, and sees to it that it does not outlive its parent.
fn begin(signals: &Signals, writer: &OwnedFd) -> Result<(), Errno> {
    die_with_parent(true)?;
    // A parent that was gone before that sends no signal; but then nobody reads the pipe. (A parent in another pid
    // namespace has no number here by which it could be known.)
    let mut pipe = libc::pollfd { fd: writer.as_raw_fd(), events: 0, revents: 0 };
    // SAFETY: reads and writes one pollfd.
    if unsafe { libc::poll(&raw mut pipe, 1, 0) } == 1 && pipe.revents & libc::POLLERR != 0 {
        // SAFETY: runs nothing of the parent's.
        unsafe { libc::_exit(127) }
    }
    signals.restore().map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

/// Whether the kernel kills the calling process when its parent ends.
fn die_with_parent(on: bool) -> Result<(), Errno> {
    let signal = if on { libc::SIGKILL } else { 0 };
    // SAFETY: takes numbers only; the kernel reads an unsigned long.
    Errno::check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) }.into()).map(drop)
}

fn try_wait(pid: libc::pid_t) -> io::Result<Option<ExitStatus>> {
    let mut status = 0;
    // SAFETY: writes one int; the child is our own and is reaped nowhere else.
    match unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } {
        -1 => Err(Errno::last().into()),
        0 => Ok(None),
        _ => Ok(Some(ExitStatus::from_raw(status))),
    }
}
