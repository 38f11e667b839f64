//! A child process in the background.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::process::{Child, ChildStdin, ChildStdout};
use std::thread::{self, JoinHandle};

use crate::{Outcome, pause};

/// How long a child may run before it is taken to hang, in milliseconds.
const PATIENCE_MS: i32 = 60_000;

/// A child process that was started and not waited for yet. Dropping it kills
/// it. One that runs for a minute is taken to hang and killed.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    read: Vec<u8>,
}

impl Running {
    pub(super) fn new(command: String, mut child: Child, stdin: Option<ChildStdin>) -> Self {
        kill_when_hanging(&child);
        let stdout = child.stdout.take().map(BufReader::new);
        let stderr = child.stderr.take().map(|pipe| thread::spawn(move || read_all(pipe)));
        Running { command, child, stdin, stdout, stderr, read: Vec::new() }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the next line of its standard output and returns it without
    /// the line end.
    ///
    /// # Panics
    ///
    /// When standard output ends instead.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_until(b'\n', &mut line).unwrap_or_else(|e| panic!("reading: {e}"));
        }
        self.read.extend(&line);
        if line.pop() != Some(b'\n') {
            let outcome = self.finish();
            panic!("no further line came\n{outcome}");
        }
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Waits for this many bytes of its standard output and returns them.
    ///
    /// # Panics
    ///
    /// When standard output ends before.
    #[track_caller]
    pub fn read_exact(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        if let Some(stdout) = &mut self.stdout {
            stdout.read_exact(&mut bytes).unwrap_or_else(|e| panic!("reading: {e}"));
        }
        self.read.extend(&bytes);
        bytes
    }

    /// Writes to its standard input, with [`Cmd::stdin_open`](crate::Cmd::stdin_open).
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let Some(stdin) = &mut self.stdin else { panic!("standard input is not open") };
        stdin.write_all(bytes.as_ref()).unwrap_or_else(|e| panic!("writing to stdin: {e}"));
    }

    /// Closes its standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&self, signal: i32) {
        let pid = pid_t(self.child.id());
        // SAFETY: takes numbers only; the child is not reaped yet, so the pid
        // is still its own.
        let ret = unsafe { libc::kill(pid, signal) };
        assert_eq!(ret, 0, "kill: {}", io::Error::last_os_error());
    }

    /// Waits until a thread of it sleeps in semop, semtimedop, msgsnd or
    /// msgrcv.
    ///
    /// # Panics
    ///
    /// When it ends without.
    #[track_caller]
    pub fn until_asleep(&mut self) {
        while !asleep_in_ipc(self.child.id()) {
            if self.child.try_wait().is_ok_and(|end| end.is_some()) {
                let outcome = self.finish();
                panic!("it ended instead of waiting\n{outcome}");
            }
            pause();
        }
    }

    /// Whether it is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|end| end.is_none())
    }

    /// Closes its standard input and waits for its end. The outcome has all
    /// of its output, lines that were read before too.
    pub fn wait(mut self) -> Outcome {
        self.finish()
    }

    fn finish(&mut self) -> Outcome {
        self.stdin = None;
        if let Some(mut stdout) = self.stdout.take() {
            stdout.read_to_end(&mut self.read).unwrap_or_else(|e| panic!("reading stdout: {e}"));
        }
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let end = self.child.wait().unwrap_or_else(|e| panic!("waiting for a child: {e}"));
        Outcome::new(self.command.clone(), end, std::mem::take(&mut self.read), stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both do nothing to a child that was waited for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether a thread of the process sleeps in a call on a semaphore set or a
/// message queue.
pub(crate) fn asleep_in_ipc(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads.flatten().any(|thread| {
        let file = |name| fs::read_to_string(thread.path().join(name)).unwrap_or_default();
        let call = file("syscall").split(' ').next().and_then(|n| n.parse::<i64>().ok());
        let waits = [libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_msgsnd, libc::SYS_msgrcv];
        // "PID (comm) S …"; comm may hold anything.
        let stat = file("stat");
        let state = stat.rsplit(')').next().map(str::trim_start);
        call.is_some_and(|call| waits.contains(&call)) && state.is_some_and(|s| s.starts_with('S'))
    })
}

/// Pids are positive and fit.
pub(crate) fn pid_t(pid: u32) -> libc::pid_t {
    pid.try_into().unwrap_or_else(|_| panic!("no pid: {pid}"))
}

fn read_all(mut pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is still worth showing.
    drop(pipe.read_to_end(&mut bytes));
    bytes
}

/// Starts a thread that kills the child unless it ends in time. It holds a
/// pidfd, so it can never hit another process.
fn kill_when_hanging(child: &Child) {
    // SAFETY: takes numbers only; a new descriptor is this function's own.
    let pidfd = unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, pid_t(child.id()), 0);
        assert!(fd >= 0, "pidfd_open: {}", io::Error::last_os_error());
        OwnedFd::from_raw_fd(i32::try_from(fd).unwrap_or(-1))
    };
    thread::spawn(move || {
        let mut end = libc::pollfd { fd: pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: poll gets one structure that lives on; the signal goes to an
        // open descriptor, with no details.
        unsafe {
            if libc::poll(&raw mut end, 1, PATIENCE_MS) == 0 {
                let fd = pidfd.as_raw_fd();
                let none = std::ptr::null::<libc::siginfo_t>();
                libc::syscall(libc::SYS_pidfd_send_signal, fd, libc::SIGKILL, none, 0);
            }
        }
    });
}
