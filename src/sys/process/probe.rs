//! A copy of this process that may get stuck.
//!
//! Who reads the files of another process in `/proc` may have to wait for locks of that process, and its owner decides for
//! how long. In one state of that waiting (uninterruptible sleep) not even SIGKILL ends the reader, nor the process that
//! it is a thread of. So it is a process of its own, which its parent can abandon.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::close_all_but;
use crate::sys::errno::Errno;
use crate::sys::stream;

/// What a probe does, for its parent to see: shared memory.
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

/// Notes that this process, if it is a probe, begins to read `what` of process `pid`.
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
    pid: libc::pid_t,
    progress: *mut Progress,
    /// Leads to the child.
    pub socket: UnixStream,
}

impl Probe {
    /// Forks; the child runs `serve` with its end of a socket, and ends.
    ///
    /// The child has no other descriptor than that, and /dev/null in place of the standard ones: locks and pipes that it
    /// holds for ever would be held for this program. It has all signals blocked, and dies with its parent.
    ///
    /// # Errors
    /// Where there is no room for another process, descriptor or page.
    pub fn start(serve: impl FnOnce(UnixStream)) -> io::Result<Self> {
        let (socket, other) = UnixStream::pair()?;
        let progress = share()?;
        let program = std::process::id();
        // SAFETY: the child is a copy of the calling thread. Other threads of the parent are not in it; a program has one
        // thread, and what takes locks here (the allocator, the standard library's locks) is made for fork or is not held.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            PROGRAM.store(program, Ordering::Relaxed);
            OWN.store(progress, Ordering::Relaxed);
            let end = isolate(other);
            if let Ok(socket) = end {
                serve(socket);
            }
            // SAFETY: ends the process without running what the parent has left to run.
            unsafe { libc::_exit(0) };
        }
        let probe = Self { pid, progress, socket };
        Errno::check(libc::c_long::from(pid))?;
        Ok(probe)
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
        let read = File::open(format!("/proc/{}/stat", self.pid)).and_then(|mut file| file.read_to_string(&mut text));
        let state = read.ok().and_then(|_| text.rsplit(')').next()?.trim_start().chars().next());
        state != Some('R')
    }

    /// Waits until there is something to read from the socket, or the child has ended; false when `time` has passed.
    ///
    /// # Errors
    /// Those of poll(2).
    pub fn wait(&self, time: Duration) -> io::Result<bool> {
        Ok(stream::is_readable_within(&self.socket, time)?)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if self.pid > 0 {
            // SAFETY: the child is our own and is reaped nowhere else, so that the number is still its. One that cannot end
            // yet is left to whoever reaps this process's children.
            unsafe {
                if libc::waitpid(self.pid, ptr::null_mut(), libc::WNOHANG) == 0 {
                    libc::kill(self.pid, libc::SIGKILL);
                }
                for _ in 0..REAPING_ATTEMPTS {
                    if libc::waitpid(self.pid, ptr::null_mut(), libc::WNOHANG) != 0 {
                        break;
                    }
                    libc::usleep(REAPING_PAUSE);
                }
            }
        }
        // SAFETY: mapped by `share` and not used after this.
        unsafe { libc::munmap(self.progress.cast(), size_of::<Progress>()) };
    }
}

/// How often, and after how many microseconds each, it is looked whether a killed child has ended.
const REAPING_ATTEMPTS: u32 = 40;
const REAPING_PAUSE: libc::c_uint = 250;

/// Memory that a child shares.
fn share() -> io::Result<*mut Progress> {
    // SAFETY: a new mapping, at an address that the kernel chooses; its bytes are zero, which is a valid value.
    let memory = unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(ptr::null_mut(), size_of::<Progress>(), protection, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1, 0)
    };
    if memory == libc::MAP_FAILED { Err(Errno::last().into()) } else { Ok(memory.cast()) }
}

/// Lets go of all that a child has from its parent, but for one end of a socket, whose closing tells it of the parent's
/// end.
fn isolate(socket: UnixStream) -> io::Result<UnixStream> {
    let null = File::options().read(true).write(true).open("/dev/null");
    // SAFETY: takes numbers and a set that is filled before; closes descriptors of this process that nothing uses any
    // more, since it ends without dropping what it has from its parent.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const all, ptr::null_mut());
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        // A parent outside of the pid namespace has no number here.
        if ![0, program().cast_signed()].contains(&libc::getppid()) {
            libc::_exit(0);
        }
        for standard in 0..3 {
            match &null {
                Ok(null) => libc::dup2(null.as_raw_fd(), standard),
                Err(_) if standard != socket.as_raw_fd() => libc::close(standard),
                Err(_) => 0,
            };
        }
        close_all_but(socket.as_raw_fd().unsigned_abs(), 3);
    }
    // It is closed already.
    std::mem::forget(null);
    Ok(socket)
}
