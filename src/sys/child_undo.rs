//! Running a program for which semaphores are held by `SEM_UNDO`.
//!
//! The program's process takes them itself, between fork and exec: so the kernel records it as the one that has used
//! them, for as long as it runs. It shares our undo list, so that what was taken is given back when the last of the
//! two is gone: never while the program runs, even when this process is killed, and not before the program's files are
//! closed, which is what our own end waits for.

mod report;

use std::io::{self, IoSlice, PipeReader, PipeWriter, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, WaitOptions, set_parent_process_death_signal, waitpid};

use self::report::Report;
use super::errno::Errno;
use super::fd;
use super::process::forward::ForwardedSignals;
use super::process::program::Program;
use super::sem::take::{Attempt, Take};
use super::signals::Signal;

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

/// A program and the operations that are done for it, in a process that shares our undo list.
pub struct ChildSharingUndo<'a> {
    /// What is to be run.
    pub program: &'a Program,
    /// What is to be taken before.
    pub take: &'a Take,
    /// Written to standard error in between.
    pub message: Option<&'a Message>,
}

/// A line about how long it took to take, put together beforehand: nothing may be allocated between fork and exec.
pub struct Message {
    /// What stands in front of the seconds.
    pub before: String,
    /// What stands behind them.
    pub after: String,
}

impl Message {
    /// Writes it in one call, so that what several processes say does not get mixed. Nothing is done about a failure.
    fn write(&self, waited: Duration) {
        let mut seconds = [0; 32];
        let mut rest = &mut seconds[..];
        let _ = write!(rest, "{:.6}", waited.as_secs_f64());
        let unused = rest.len();
        let seconds = &seconds[..seconds.len() - unused];
        let line = [self.before.as_bytes(), seconds, self.after.as_bytes()].map(IoSlice::new);
        let _ = rustix::io::writev(rustix::stdio::stderr(), &line);
    }
}

impl ChildSharingUndo<'_> {
    /// Takes, and replaces this process by the program. Returns only when one of these failed.
    #[must_use]
    pub fn become_program(&self) -> Ended {
        let attempt = self.take.perform();
        if attempt.done.is_err() {
            return Ended::NotTaken(attempt);
        }
        self.announce(attempt.waited);
        Ended::NotRun(self.program.exec())
    }

    fn announce(&self, waited: Duration) {
        if let Some(message) = self.message {
            message.write(waited);
        }
    }

    /// Has a child that shares our undo list (`CLONE_SYSVSEM`) take and become the program, waits for its end and
    /// forwards signals to it meanwhile. When the program was run, those stay blocked afterwards: one that came too
    /// late for it is not to hide how it ended. For processes that then soon end.
    ///
    /// While the child waits, our end is its end.
    ///
    /// # Errors
    /// Why there is no child: `EAGAIN`, `ENOMEM`, `EMFILE`, …
    pub fn run(&self) -> io::Result<Ended> {
        let (reader, writer) = io::pipe()?;
        let signals = ForwardedSignals::block()?;
        let flags = libc::c_long::from(libc::CLONE_SYSVSEM | libc::SIGCHLD);
        // SAFETY: without CLONE_VM and with no stack given this is a fork. Whatever other threads there are, the child
        // makes async-signal-safe calls only, on memory prepared before, takes no lock, and ends or execs.
        let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize) };
        if pid == 0 {
            self.be_child(&signals, reader, &writer)
        }
        let pid = Pid::from_raw(pid.max(0) as libc::pid_t).ok_or_else(Errno::last)?;
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
    fn be_child(&self, signals: &ForwardedSignals, reader: PipeReader, writer: &PipeWriter) -> ! {
        drop(reader);
        let report = match begin(signals, writer) {
            Ok(()) => self.take_and_exec(writer),
            Err(errno) => Report::NotRun(errno),
        };
        report.send(writer);
        exit()
    }

    fn take_and_exec(&self, writer: &PipeWriter) -> Report {
        let attempt = self.take.perform();
        if attempt.done.is_err() {
            return Report::NotTaken(attempt);
        }
        self.announce(attempt.waited);
        Report::Taken.send(writer);
        match set_parent_process_death_signal(None) {
            Ok(()) => Report::NotRun(self.program.exec()),
            Err(errno) => Report::NotRun(errno.into()),
        }
    }
}

/// Gives the child the signals that we were started with, and sees to it that it does not outlive its parent.
fn begin(signals: &ForwardedSignals, writer: &PipeWriter) -> Result<(), Errno> {
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // A parent that was gone before that sends no signal; but then nobody reads the pipe. (A parent in another pid
    // namespace has no number here by which it could be known.)
    if fd::is_broken(writer) {
        exit()
    }
    signals.restore()
}

/// Ends a child.
fn exit() -> ! {
    // SAFETY: runs nothing of the parent's.
    unsafe { libc::_exit(127) }
}

fn try_wait(pid: Pid) -> io::Result<Option<ExitStatus>> {
    let ended = waitpid(Some(pid), WaitOptions::NOHANG)?;
    Ok(ended.map(|(_, status)| ExitStatus::from_raw(status.as_raw())))
}
