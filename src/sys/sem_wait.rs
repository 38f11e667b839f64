//! An operation that a signal ends cleanly: either it was done, or the process dies by the signal and it was not.
//!
//! With the default action of `SIGTERM` the kernel may have done the operation for the sleeper in the very moment
//! in which the signal kills it; what was taken then stays taken. A handler alone is not enough either: a signal
//! that comes just before the call would be noticed only after a sleep of any length. So the handler also sets to
//! zero the time limit that the kernel reads when it enters the call: from then on the call does not sleep.

use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::Duration;

use libc::{c_int, c_long};

use super::errno::{Errno, Result};
use super::layout::{Sembuf, Timespec};
use super::sem::{SemOp, timespec};
use super::signals::{handle_ending, reset_ending};

/// The signal that came; 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// The time limit of the call, where the handler can reach it.
static LIMIT: Limit = Limit { seconds: AtomicI64::new(0), nanoseconds: AtomicI64::new(0) };

/// As the kernel reads it: [`Timespec`], with parts that a handler may store to.
#[repr(C)]
struct Limit {
    seconds: AtomicI64,
    nanoseconds: AtomicI64,
}

const _: () = assert!(size_of::<Limit>() == size_of::<Timespec>());

impl Limit {
    fn set(&self, limit: &Timespec) {
        self.seconds.store(limit.seconds, Ordering::SeqCst);
        self.nanoseconds.store(limit.nanoseconds, Ordering::SeqCst);
    }
}

/// Only stores to atomics, which is all that a handler may safely do.
extern "C" fn catch(signal: c_int) {
    CAUGHT.store(signal, Ordering::SeqCst);
    LIMIT.seconds.store(0, Ordering::SeqCst);
    LIMIT.nanoseconds.store(0, Ordering::SeqCst);
}

/// As [`super::sem::op`], for operations that nothing takes back. A signal that ends processes ends this one by that
/// signal, and then nothing was done. Once it is done these signals do nothing any more: it is for a process that then
/// soon ends, so that its end tells what became of the operation.
///
/// For one thread of a process only.
///
/// # Errors
/// As [`super::sem::op`]; `EINTR` after the process was stopped and continued.
pub fn op_unless_signalled(id: super::SemId, ops: &[SemOp], timeout: Option<Duration>) -> Result<()> {
    let raw: Vec<Sembuf> = ops.iter().map(|op| op.raw()).collect();
    CAUGHT.store(0, Ordering::SeqCst);
    handle_ending(catch)?;
    LIMIT.set(&timespec(timeout.unwrap_or(Duration::MAX)));
    // A signal that came before the limit was set did not lower it.
    if CAUGHT.load(Ordering::SeqCst) == 0 {
        // SAFETY: `raw` holds as many sembufs as is said; LIMIT is static and laid out as a timespec. A handler may
        // store to it while the kernel reads; either half is a valid limit with any other.
        let done = Errno::check(unsafe {
            libc::syscall(
                libc::SYS_semtimedop,
                c_long::from(id.raw()),
                raw.as_ptr(),
                raw.len(),
                ptr::from_ref(&LIMIT).cast::<Timespec>(),
            )
        });
        if done.is_ok() {
            // The way we end must tell that it was done, so the handlers stay: no signal may end us any more.
            return Ok(());
        }
        // Only after that no signal is recorded any more, and one that comes then ends the process by itself.
        reset_ending();
        if CAUGHT.load(Ordering::SeqCst) == 0 {
            return done.map(drop);
        }
    } else {
        reset_ending();
    }
    // SAFETY: takes a number; its action is the default one again, which ends the process.
    unsafe { libc::raise(CAUGHT.load(Ordering::SeqCst)) };
    // Where the signal is blocked, it ends nothing; nothing was done either.
    Err(Errno::EINTR)
}
