//! An operation that a signal interrupts cleanly: either it was done, or the process dies by the signal and it was not.
//!
//! With the default action of `SIGTERM` the kernel may complete the operation for the sleeper at the moment the signal
//! kills it; the semaphore then stays taken. A handler alone is not enough: a signal just before the call would be
//! noticed only after a sleep of any length. So the handler also zeroes the timeout that the kernel reads when it
//! enters the call: from then on the call does not sleep.

use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::Duration;

use libc::{c_int, c_long};

use super::errno::{Errno, Result};
use super::layout::{Sembuf, Timespec};
use super::sem::{SemOp, timespec};
use super::signals::{handle_ending, reset_ending};

/// The caught signal; 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// The timeout of the call, static so that the handler can reach it.
static LIMIT: Limit = Limit { seconds: AtomicI64::new(0), nanoseconds: AtomicI64::new(0) };

/// The layout of [`Timespec`], with fields that a handler may store to.
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

/// Only stores to atomics, as a handler must.
extern "C" fn catch(signal: c_int) {
    CAUGHT.store(signal, Ordering::SeqCst);
    LIMIT.seconds.store(0, Ordering::SeqCst);
    LIMIT.nanoseconds.store(0, Ordering::SeqCst);
}

/// As [`super::sem::op`], without undo. A signal that ends processes ends this one, and then nothing was done. After
/// success these signals stay caught: the process is to end soon, with an exit status that reports the operation.
///
/// For one thread of a process only. `EINTR` also after the process was stopped and continued.
pub(crate) fn op_unless_signalled(id: super::SemId, ops: &[SemOp], timeout: Option<Duration>) -> Result<()> {
    let raw: Vec<Sembuf> = ops.iter().map(|op| op.raw()).collect();
    CAUGHT.store(0, Ordering::SeqCst);
    handle_ending(catch)?;
    LIMIT.set(&timespec(timeout.unwrap_or(Duration::MAX)));
    // A signal before the limit was set did not zero it.
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
            // The exit status must report success, so the handlers stay: no signal may end us any more.
            return Ok(());
        }
        // From here on a signal ends the process by itself; the handler records none.
        reset_ending();
        if CAUGHT.load(Ordering::SeqCst) == 0 {
            return done.map(drop);
        }
    } else {
        reset_ending();
    }
    // SAFETY: takes a number; the action is the default one again, which ends the process.
    unsafe { libc::raise(CAUGHT.load(Ordering::SeqCst)) };
    // A blocked signal ends nothing; nothing was done either.
    Err(Errno::EINTR)
}
