//! A timer that wakes this thread from calls that know no timeout, such as `msgsnd` and `msgrcv`.
//!
//! One ring is not enough: a signal that arrives after the last look at the clock and before the thread sleeps
//! would be lost, and the thread would sleep for ever. So the timer rings at the deadline and again every few
//! milliseconds, until the call has returned. Nothing is rung before, and nobody polls.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::time::{Duration, Instant};

use libc::{c_int, c_long};

use super::errno::{Errno, Result};
use super::layout::Timespec;
use super::signals::{self, Signal};

/// From the first ring on, the time between rings: how late a wake-up that just missed the thread can be.
const AGAIN: Duration = Duration::from_millis(5);

/// `struct __kernel_itimerspec`.
#[repr(C)]
struct Itimerspec {
    interval: Timespec,
    first: Timespec,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited<T> {
    /// The call succeeded.
    Done(T),
    /// The deadline passed first.
    TimedOut,
    /// A signal asked the program to stop (see [`signals::catch`]).
    Stopped(Signal),
}

/// The timer. It belongs to the thread that made it, and neither a forked child nor a program that is executed has it.
#[derive(Debug)]
pub struct Ringer {
    id: c_int,
    /// It wakes one thread only.
    _thread: PhantomData<*const ()>,
}

impl Ringer {
    /// A silent timer for the calling thread.
    ///
    /// # Errors
    /// `EAGAIN` when the kernel has no room for a timer or the user too many signals pending.
    pub fn new() -> Result<Self> {
        let signal = libc::SIGRTMIN();
        signals::handle(signal, ring)?;
        signals::unblock(&[signal])?;
        // SAFETY: an all-zero sigevent is valid.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal;
        // SAFETY: takes nothing and cannot fail.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut id: c_int = 0;
        // SAFETY: the kernel reads one sigevent, whose layout the C library shares, and writes its own timer id, an
        // int; the C library, which has another idea of timer ids, is not asked.
        Errno::check(unsafe {
            libc::syscall(libc::SYS_timer_create, c_long::from(libc::CLOCK_MONOTONIC), &raw const event, &raw mut id)
        })?;
        Ok(Self { id, _thread: PhantomData })
    }

    /// The kernel's number of it.
    pub(super) fn id(&self) -> c_int {
        self.id
    }

    /// Makes a call that may sleep until it returns, the deadline passes or a signal asks to stop. What the call took
    /// or sent in the last moment is never lost: when it has succeeded, that is the result. Once a signal has asked to
    /// stop, the ringing goes on, so that no later call sleeps for long either.
    ///
    /// # Errors
    /// The call's own, other than `EINTR`, after which it is repeated; `EIDRM` where the repeated call says `EINVAL`.
    pub fn wait<T>(&self, deadline: Option<Instant>, mut call: impl FnMut() -> Result<T>) -> Result<Waited<T>> {
        let mut interrupted = false;
        loop {
            if let Some(deadline) = deadline {
                set(self.id, Some(deadline.saturating_duration_since(Instant::now())));
            }
            // After the timer is set, for a signal that comes before that would be set for too late. One that comes
            // after this look sets it itself.
            let result = match signals::caught() {
                Some(signal) => Ok(Waited::Stopped(signal)),
                None => match call() {
                    Err(Errno::EINTR) if signals::caught().is_some() => continue,
                    Err(Errno::EINTR) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                        Ok(Waited::TimedOut)
                    }
                    Err(Errno::EINTR) => {
                        interrupted = true;
                        continue;
                    }
                    // What was there when the wait began is gone now: the call cannot know that it is the same wait.
                    Err(Errno::EINVAL) if interrupted => Err(Errno::EIDRM),
                    Ok(done) => Ok(Waited::Done(done)),
                    Err(errno) => Err(errno),
                },
            };
            // Once asked to stop, the ringing goes on: it has to end whatever sleeps next, such as a write.
            if deadline.is_some() && signals::caught().is_none() {
                self.silence();
                // The ringing of a signal that came after that look was silenced as well.
                if signals::caught().is_some() {
                    set(self.id, Some(Duration::ZERO));
                }
            }
            return result;
        }
    }

    /// Stops the ringing.
    pub fn silence(&self) {
        set(self.id, None);
    }
}

impl Drop for Ringer {
    fn drop(&mut self) {
        signals::forget_ringer(self.id);
        // SAFETY: takes a number, that of a timer made in `new` and deleted nowhere else.
        unsafe { libc::syscall(libc::SYS_timer_delete, c_long::from(self.id)) };
    }
}

/// Lets the timer `id` ring after `first` and again and again, or no more. Safe to call in a signal handler.
pub(super) fn set(id: c_int, first: Option<Duration>) {
    let rings = |duration: Duration| Timespec {
        // No further than a century: the kernel counts nanoseconds in 63 bits.
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).min(100 * 366 * 86_400),
        nanoseconds: i64::from(duration.subsec_nanos()),
    };
    let never = Duration::ZERO;
    let spec = match first {
        // Zero would silence it.
        Some(first) => Itimerspec { interval: rings(AGAIN), first: rings(first.max(Duration::from_nanos(1))) },
        None => Itimerspec { interval: rings(never), first: rings(never) },
    };
    let old = ptr::null_mut::<Itimerspec>();
    // SAFETY: the kernel reads one itimerspec and writes none. It fails only for a timer that is not ours.
    unsafe { libc::syscall(libc::SYS_timer_settime, c_long::from(id), 0 as c_long, &raw const spec, old) };
}

/// The bell: that a call was interrupted is all that is wanted.
extern "C" fn ring(_signal: c_int) {}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Ringer, Waited};
    use crate::sys::Errno;

    /// Sleeps until a signal comes.
    fn pause() -> Result<(), Errno> {
        // SAFETY: takes nothing.
        unsafe { libc::pause() };
        Err(Errno::last())
    }

    #[test]
    fn a_call_without_a_timeout_gets_one() {
        let ringer = Ringer::new().unwrap();
        for wait in [Duration::ZERO, Duration::from_millis(20)] {
            let deadline = Instant::now() + wait;
            assert_eq!(ringer.wait(Some(deadline), pause), Ok(Waited::TimedOut));
            assert!(Instant::now() >= deadline);
        }
    }

    #[test]
    fn a_wake_up_that_came_too_early_is_followed_by_another() {
        let ringer = Ringer::new().unwrap();
        let deadline = Instant::now();
        let late = || {
            // The first ring hits no sleeping call.
            while deadline.elapsed() < Duration::from_millis(2) {}
            pause()
        };
        assert_eq!(ringer.wait(Some(deadline), late), Ok(Waited::TimedOut));
    }

    #[test]
    fn results_and_errors_pass_through() {
        let ringer = Ringer::new().unwrap();
        let later = Instant::now().checked_add(Duration::from_secs(1 << 40));
        assert_eq!(ringer.wait(later, || Ok(3)), Ok(Waited::Done(3)));
        assert_eq!(ringer.wait(None, || Ok(4)), Ok(Waited::Done(4)));
        assert_eq!(ringer.wait::<()>(later, || Err(Errno::EIDRM)), Err(Errno::EIDRM));
    }
}
