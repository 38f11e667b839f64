//! Running a program while semaphores are held by `SEM_UNDO`.
//!
//! The program's process takes them itself, between fork and exec, and the kernel records it as their last user for as
//! long as it runs. It shares our undo list, which the kernel applies when the last of the two processes ends: never
//! while the program runs, even if this process is killed, and not before the program's files are closed, because our
//! own end waits for that.

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

#[derive(Debug)]
pub enum Ended {
    /// The semaphores were not taken, and the program was not run.
    NotTaken(Attempt),
    /// A signal ended the wait: nothing is taken and the program was not run.
    Signalled(Signal),
    /// The semaphores were taken, but exec failed.
    NotRun(Errno),
    Ran(ExitStatus),
}

pub struct ChildSharingUndo<'a> {
    pub program: &'a Program,
    pub take: &'a Take,
    /// Written to standard error between taking and exec.
    pub message: Option<&'a Message>,
}

/// A line with the time waited, prepared beforehand: nothing may be allocated between fork and exec.
pub struct Message {
    /// The text before the seconds.
    pub before: String,
    /// The text after the seconds.
    pub after: String,
}

impl Message {
    /// Writes the line in one call, so that lines of several processes do not mix. Failures are ignored.
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
    /// Takes the semaphores and replaces this process by the program. Returns only when one of these failed.
    pub(crate) fn become_program(&self) -> Ended {
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

    /// Forks a child that shares our undo list (`CLONE_SYSVSEM`), takes the semaphores and executes the program; waits
    /// for its end and forwards signals meanwhile. Once the program was run, these signals stay blocked: one that came
    /// too late to be forwarded must not hide the exit status. For processes that end soon after.
    ///
    /// If we end while the child waits, the child ends too. An error means that there is no child.
    pub fn run(&self) -> io::Result<Ended> {
        let (reader, writer) = io::pipe()?;
        let signals = ForwardedSignals::block()?;
        let flags = libc::c_long::from(libc::CLONE_SYSVSEM | libc::SIGCHLD);
        // SAFETY: without CLONE_VM and with no stack given this is a fork. Whatever other threads there are, the child
        // takes no lock: it makes async-signal-safe calls on memory prepared before, and execvpe, which POSIX does not
        // count among them, but which in glibc and musl neither locks nor allocates. It ends or executes.
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

/// Gives the child the signals that we were started with; it dies with its parent.
fn begin(signals: &ForwardedSignals, writer: &PipeWriter) -> Result<(), Errno> {
    set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // If the parent ended before that, no signal comes; but then the pipe has no reader. (A parent in another pid
    // namespace has no pid here to compare.)
    if fd::is_broken(writer) {
        exit()
    }
    signals.restore()
}

fn exit() -> ! {
    // SAFETY: ends the process without running exit handlers of the parent.
    unsafe { libc::_exit(127) }
}

fn try_wait(pid: Pid) -> io::Result<Option<ExitStatus>> {
    let ended = waitpid(Some(pid), WaitOptions::NOHANG)?;
    Ok(ended.map(|(_, status)| ExitStatus::from_raw(status.as_raw())))
}
