//! Waking a thread from calls that know no timeout, such as `msgsnd` and `msgrcv`: by a timer, and by signals that ask
//! the program to stop.
//!
//! One interruption is not enough: a signal that arrives after the last look at the clock and before the thread sleeps
//! would be lost, and the thread would sleep for ever. So the timer expires at the deadline and again every few
//! milliseconds, until the call has returned. Nothing interrupts the thread before, and nobody polls.
//!
//! The default action of a signal that asks to stop would end the program between taking a message and writing it out. So
//! its handler only records the signal and lets the timer expire, which ends whatever call sleeps; the program puts its
//! things in order and then ends itself by that signal with [`die_by`](super::die_by).

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use libc::{c_int, c_long};

use super::set::SignalSet;
use super::{ENDING, Signal, handle, handle_ending, is_ignored, reset_ending};
use crate::sys::errno::{Errno, Result};
use crate::sys::layout::Timespec;

/// From the first expiry on, the time between two: how late a wake-up that just missed the thread can be.
const AGAIN: Duration = Duration::from_millis(5);

/// The first signal that came; 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// The timer that the handler starts; -1 for none.
static TIMER: AtomicI32 = AtomicI32::new(-1);
/// The signal mask that the program was started with, once it was changed.
static ORIGINAL_MASK: OnceLock<SignalSet> = OnceLock::new();

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
    /// A signal asked the program to stop (see [`WakeTimer::catch_signals`]).
    Stopped(Signal),
}

/// The timer. It belongs to the thread that made it, and neither a forked child nor a program that is executed has it.
#[derive(Debug)]
pub struct WakeTimer {
    id: c_int,
    catches: bool,
    /// It wakes one thread only.
    _thread: PhantomData<*const ()>,
}

impl WakeTimer {
    /// A timer for the calling thread that is not set.
    ///
    /// # Errors
    /// `EAGAIN` when the kernel has no room for a timer or the user too many signals pending.
    pub fn new() -> Result<Self> {
        let signal = libc::SIGRTMIN();
        handle(signal, ignore)?;
        unblock([signal])?;
        // SAFETY: an all-zero sigevent is valid.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal;
        event.sigev_notify_thread_id = rustix::thread::gettid().as_raw_pid();
        let mut id: c_int = 0;
        // SAFETY: the kernel reads one sigevent, whose layout the C library shares, and writes its own timer id, an
        // int; the C library, which has another idea of timer ids, is not asked.
        Errno::check(unsafe {
            libc::syscall(libc::SYS_timer_create, c_long::from(libc::CLOCK_MONOTONIC), &raw const event, &raw mut id)
        })?;
        Ok(Self { id, catches: false, _thread: PhantomData })
    }

    /// As long as the timer is there, signals that end a program are recorded instead, and wake calls. A signal that
    /// whoever started us ignores (`nohup`) stays ignored; one that was blocked no longer is.
    ///
    /// # Errors
    /// None that the kernel documents for these signals.
    pub fn catch_signals(&mut self) -> Result<()> {
        TIMER.store(self.id, Ordering::SeqCst);
        self.catches = true;
        handle_ending(record)?;
        unblock(ENDING)
    }

    /// Makes a call that may sleep until it returns, the deadline passes or a signal asks to stop. What the call took
    /// or sent in the last moment is never lost: when it has succeeded, that is the result. Once a signal has asked to
    /// stop, the timer goes on expiring, so that no later call sleeps for long either.
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
            let result = match caught() {
                Some(signal) => Ok(Waited::Stopped(signal)),
                None => match call() {
                    Err(Errno::EINTR) if caught().is_some() => continue,
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
            // Once asked to stop, the timer goes on: it has to end whatever sleeps next, such as a write.
            if deadline.is_some() && caught().is_none() {
                self.disarm();
                // A signal that came after that look had set it, too.
                if caught().is_some() {
                    set(self.id, Some(Duration::ZERO));
                }
            }
            return result;
        }
    }

    /// Lets it expire no more.
    pub fn disarm(&self) {
        set(self.id, None);
    }
}

impl Drop for WakeTimer {
    fn drop(&mut self) {
        if self.catches {
            reset_ending();
            TIMER.store(-1, Ordering::SeqCst);
        }
        // SAFETY: takes a number, that of a timer made in `new` and deleted nowhere else.
        unsafe { libc::syscall(libc::SYS_timer_delete, c_long::from(self.id)) };
    }
}

/// The signal that asked us to stop, if one has.
#[must_use]
pub fn caught() -> Option<Signal> {
    match CAUGHT.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(Signal::new(signal)),
    }
}

/// Records a signal that was taken in another way than by its handler, if such signals are caught at all. The timer is not
/// set: whoever took it did not sleep, and looks at [`caught`] before the next sleep.
pub(in crate::sys) fn taken(signal: c_int) {
    if TIMER.load(Ordering::SeqCst) >= 0 && ENDING.contains(&signal) && !is_ignored(signal) {
        let _ = CAUGHT.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// The signal mask that the program was started with, if it was changed here.
pub(in crate::sys) fn original_mask() -> Option<SignalSet> {
    ORIGINAL_MASK.get().copied()
}

fn unblock(signals: impl IntoIterator<Item = c_int>) -> Result<()> {
    let before = SignalSet::of(signals).unblock()?;
    ORIGINAL_MASK.get_or_init(|| before);
    Ok(())
}

/// Handles a signal that asks to stop. It makes one system call and leaves no trace in `errno`.
extern "C" fn record(signal: c_int) {
    // SAFETY: the address of this thread's own errno.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    let _ = CAUGHT.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    let timer = TIMER.load(Ordering::SeqCst);
    if timer >= 0 {
        set(timer, Some(Duration::ZERO));
    }
    // SAFETY: as above.
    unsafe { *errno = before };
}

/// Handles the timer's signal: that it interrupts a call is all that is wanted.
extern "C" fn ignore(_signal: c_int) {}

/// Lets the timer `id` expire after `first` and again and again, or no more. Async-signal-safe.
fn set(id: c_int, first: Option<Duration>) {
    let timespec = |duration: Duration| Timespec {
        // No further than a century: the kernel counts nanoseconds in 63 bits.
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).min(100 * 366 * 86_400),
        nanoseconds: i64::from(duration.subsec_nanos()),
    };
    let never = Duration::ZERO;
    let spec = match first {
        // Zero would disarm it.
        Some(first) => Itimerspec { interval: timespec(AGAIN), first: timespec(first.max(Duration::from_nanos(1))) },
        None => Itimerspec { interval: timespec(never), first: timespec(never) },
    };
    let old = ptr::null_mut::<Itimerspec>();
    // SAFETY: the kernel reads one itimerspec and writes none. It fails only for a timer that is not ours.
    unsafe { libc::syscall(libc::SYS_timer_settime, c_long::from(id), 0 as c_long, &raw const spec, old) };
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{ENDING, Waited, WakeTimer};
    use crate::sys::Errno;

    /// Sleeps until a signal comes.
    fn pause() -> Result<(), Errno> {
        // SAFETY: takes nothing.
        unsafe { libc::pause() };
        Err(Errno::last())
    }

    #[test]
    fn a_call_without_a_timeout_gets_one() {
        let timer = WakeTimer::new().unwrap();
        for wait in [Duration::ZERO, Duration::from_millis(20)] {
            let deadline = Instant::now() + wait;
            assert_eq!(timer.wait(Some(deadline), pause), Ok(Waited::TimedOut));
            assert!(Instant::now() >= deadline);
        }
    }

    #[test]
    fn a_wake_up_that_came_too_early_is_followed_by_another() {
        let timer = WakeTimer::new().unwrap();
        let deadline = Instant::now();
        let late = || {
            // The first expiry hits no sleeping call.
            while deadline.elapsed() < Duration::from_millis(2) {}
            pause()
        };
        assert_eq!(timer.wait(Some(deadline), late), Ok(Waited::TimedOut));
    }

    #[test]
    fn results_and_errors_pass_through() {
        let timer = WakeTimer::new().unwrap();
        let later = Instant::now().checked_add(Duration::from_secs(1 << 40));
        assert_eq!(timer.wait(later, || Ok(3)), Ok(Waited::Done(3)));
        assert_eq!(timer.wait(None, || Ok(4)), Ok(Waited::Done(4)));
        assert_eq!(timer.wait::<()>(later, || Err(Errno::EIDRM)), Err(Errno::EIDRM));
    }

    #[test]
    fn signals_are_caught_as_long_as_the_timer_is_there() {
        let action = |signal| {
            // SAFETY: all zero is a valid action, and the call writes the present one.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                assert_eq!(libc::sigaction(signal, std::ptr::null(), &raw mut action), 0);
                action.sa_sigaction
            }
        };
        let is_default = || ENDING.map(|signal| matches!(action(signal), libc::SIG_DFL | libc::SIG_IGN));
        let mut timer = WakeTimer::new().unwrap();
        timer.catch_signals().unwrap();
        assert!(is_default().contains(&false));
        drop(timer);
        assert!(!is_default().contains(&false));
    }
}
