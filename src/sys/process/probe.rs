//! A child that may block for ever.
//!
//! Reading files in `/proc/PID` can block on locks of that process for any length of time, in uninterruptible sleep:
//! then not even SIGKILL ends the reader, nor the process of a reading thread. So the reader is a process of its own,
//! which its parent can abandon.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::child::Child;
use crate::sys::errno::Errno;
use crate::sys::fd;

/// A probe's progress, in memory shared with its parent.
#[repr(C)]
#[derive(Debug)]
struct Progress {
    /// The pid it reads about; the upper half tells which file.
    at: AtomicU64,
    /// Number of reads begun.
    steps: AtomicU64,
}

/// The process that forked this probe; 0 outside of probes.
static PROGRAM: AtomicU32 = AtomicU32::new(0);
/// The progress of this process, if it is a probe.
static OWN: AtomicPtr<Progress> = AtomicPtr::new(ptr::null_mut());

/// Records that this process, if it is a probe, begins to read `what` of process `pid`.
pub fn note(pid: u32, what: u32) {
    let progress = OWN.load(Ordering::Relaxed);
    if progress.is_null() {
        return;
    }
    // SAFETY: set once, in this process, to memory that stays mapped until the process ends.
    let progress = unsafe { &*progress };
    progress.at.store(u64::from(what) << 32 | u64::from(pid), Ordering::Relaxed);
    progress.steps.fetch_add(1, Ordering::Release);
}

pub fn is_inside() -> bool {
    !OWN.load(Ordering::Relaxed).is_null()
}

/// The pid of the program, also inside a probe.
pub fn program() -> u32 {
    match PROGRAM.load(Ordering::Relaxed) {
        0 => std::process::id(),
        number => number,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub pid: u32,
    /// As told to [`note`].
    pub what: u32,
    /// Number of reads begun.
    pub number: u64,
}

/// A forked child. Dropping it kills it, and abandons it if it does not end soon.
#[derive(Debug)]
pub struct Probe {
    child: Child,
    progress: *mut Progress,
    /// Connected to the child.
    pub socket: UnixStream,
}

impl Probe {
    /// Forks; the child runs `serve` with its end of a socket, and ends. It inherits nothing else.
    pub fn start(serve: impl FnOnce(UnixStream)) -> io::Result<Self> {
        let (socket, other) = UnixStream::pair()?;
        let progress = share()?;
        let program = std::process::id();
        let child = Child::fork(other.into(), |socket| {
            PROGRAM.store(program, Ordering::Relaxed);
            OWN.store(progress, Ordering::Relaxed);
            serve(socket.into());
        });
        match child {
            Ok(child) => Ok(Self { child, progress, socket }),
            Err(error) => {
                unshare(progress);
                Err(error)
            }
        }
    }

    pub fn step(&self) -> Step {
        // SAFETY: mapped until this is dropped; accessed by atomic operations alone.
        let progress = unsafe { &*self.progress };
        let number = progress.steps.load(Ordering::Acquire);
        let at = progress.at.load(Ordering::Relaxed);
        Step { pid: at as u32, what: (at >> 32) as u32, number }
    }

    /// Whether the child sleeps, so that its delay is not for want of a CPU.
    pub(crate) fn is_waiting(&self) -> bool {
        let mut text = String::new();
        // Reading about our own child does not block: nobody holds its locks.
        let read =
            File::open(format!("/proc/{}/stat", self.child.pid())).and_then(|mut file| file.read_to_string(&mut text));
        let state = read.ok().and_then(|_| text.rsplit(')').next()?.trim_start().chars().next());
        state != Some('R')
    }

    /// Waits until the socket is readable or the child has ended; false after `time`.
    pub fn wait(&self, time: Duration) -> io::Result<bool> {
        Ok(fd::is_readable_within(&self.socket, time)?)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // A child that lives on has a mapping of its own.
        unshare(self.progress);
    }
}

fn share() -> io::Result<*mut Progress> {
    // SAFETY: a new mapping, at an address that the kernel chooses; its bytes are zero, which is a valid value.
    let memory = unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(ptr::null_mut(), size_of::<Progress>(), protection, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1, 0)
    };
    if memory == libc::MAP_FAILED { Err(Errno::last().into()) } else { Ok(memory.cast()) }
}

fn unshare(progress: *mut Progress) {
    // SAFETY: mapped by `share` and not used after this.
    unsafe { libc::munmap(progress.cast(), size_of::<Progress>()) };
}
