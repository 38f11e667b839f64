//! A child that may block for ever.
//!
//! Reading files in `/proc/PID` can block on locks of that process, for as long as its owner likes; in uninterruptible
//! sleep not even SIGKILL ends the reader, nor a process of which the reader is a thread. So the reader is a process of
//! its own, which its parent can abandon.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::child::Child;
use crate::sys::errno::Errno;
use crate::sys::fd;

/// What a probe is doing, in memory shared with its parent.
#[repr(C)]
#[derive(Debug)]
struct Progress {
    /// The process that it looks into; the upper half is what it reads.
    at: AtomicU64,
    /// How often it has begun to read.
    steps: AtomicU64,
}

/// The process that has forked this probe; 0 if it is none.
static PROGRAM: AtomicU32 = AtomicU32::new(0);
/// Of this process, if it is a probe.
static OWN: AtomicPtr<Progress> = AtomicPtr::new(ptr::null_mut());

/// Records that this process, if it is a probe, begins to read `what` of process `pid`.
pub fn note(pid: u32, what: u32) {
    let progress = OWN.load(Ordering::Relaxed);
    if progress.is_null() {
        return;
    }
    // SAFETY: it was set once, in this process, to memory that stays mapped until the process ends.
    let progress = unsafe { &*progress };
    progress.at.store(u64::from(what) << 32 | u64::from(pid), Ordering::Relaxed);
    progress.steps.fetch_add(1, Ordering::Release);
}

/// Whether this process is a probe.
#[must_use]
pub fn is_inside() -> bool {
    !OWN.load(Ordering::Relaxed).is_null()
}

/// The number of the process that runs this program, be this a probe of it.
#[must_use]
pub fn program() -> u32 {
    match PROGRAM.load(Ordering::Relaxed) {
        0 => std::process::id(),
        number => number,
    }
}

/// How far a probe has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The process that it looks into.
    pub pid: u32,
    /// What of it, as [`note`] was told.
    pub what: u32,
    /// How often it has begun to read.
    pub number: u64,
}

/// A child that is a probe. Dropping it kills it, and abandons it if that does not end it at once.
#[derive(Debug)]
pub struct Probe {
    child: Child,
    progress: *mut Progress,
    /// Leads to the child.
    pub socket: UnixStream,
}

impl Probe {
    /// Forks; the child runs `serve` with its end of a socket, and ends. It has nothing else from this process.
    ///
    /// # Errors
    /// Where there is no room for another process, descriptor or page.
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

    /// How far it has come.
    #[must_use]
    pub fn step(&self) -> Step {
        // SAFETY: the memory is mapped until this is dropped, and is read and written by atomic operations alone.
        let progress = unsafe { &*self.progress };
        let number = progress.steps.load(Ordering::Acquire);
        let at = progress.at.load(Ordering::Relaxed);
        Step { pid: at as u32, what: (at >> 32) as u32, number }
    }

    /// Whether it waits for something, so that it is not for want of a CPU that it does not go on.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let mut text = String::new();
        // This is the program's own child, whose locks nobody holds.
        let read =
            File::open(format!("/proc/{}/stat", self.child.pid())).and_then(|mut file| file.read_to_string(&mut text));
        let state = read.ok().and_then(|_| text.rsplit(')').next()?.trim_start().chars().next());
        state != Some('R')
    }

    /// Waits until there is something to read from the socket, or the child has ended; false when `time` has passed.
    ///
    /// # Errors
    /// Those of poll(2).
    pub fn wait(&self, time: Duration) -> io::Result<bool> {
        Ok(fd::is_readable_within(&self.socket, time)?)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // Where the child lives on, it has a mapping of its own.
        unshare(self.progress);
    }
}

/// Memory that a child shares.
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
