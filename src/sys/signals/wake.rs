//! Waking a thread from calls that know no timeout, such as `msgsnd` and `msgrcv`: by a timer, and by signals that ask
//! the program to stop.
//!
//! One interruption is not enough: a signal between the last check of the clock and the sleep would be lost, and the
//! thread would sleep for ever. So the timer expires at the deadline and then every few milliseconds, until the call
//! has returned. Nothing interrupts the thread before, and nothing polls.
//!
//! By default, a signal that asks to stop would end the program between taking a message and writing it out. So its
//! handler only records the signal and starts the timer, which interrupts whatever call sleeps; the program then cleans
//! up and ends itself by that signal with `die_by`.

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

/// The interval after the first expiry: how late a wake-up that just missed the thread can be.
const AGAIN: Duration = Duration::from_millis(5);

/// The first signal caught; 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);
/// The timer that the handler starts; -1 for none.
static TIMER: AtomicI32 = AtomicI32::new(-1);
/// The signal mask at start, once it was changed.
static ORIGINAL_MASK: OnceLock<SignalSet> = OnceLock::new();

/// `struct __kernel_itimerspec`.
#[repr(C)]
struct Itimerspec {
    interval: Timespec,
    first: Timespec,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited<T> {
    Done(T),
    TimedOut,
    /// A signal asked the program to stop (see [`WakeTimer::catch_signals`]).
    Stopped(Signal),
}

/// A timer of the thread that made it; neither forked children nor executed programs inherit it.
#[derive(Debug)]
pub struct WakeTimer {
    id: c_int,
    catches: bool,
    /// Not Send: it wakes one thread only.
    _thread: PhantomData<*const ()>,
}

impl WakeTimer {
    /// A disarmed timer for the calling thread. `EAGAIN` when the kernel has no room for a timer or the user has too
    /// many pending signals.
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
        // int. The C library, whose timer ids differ, is not involved.
        Errno::check(unsafe {
            libc::syscall(libc::SYS_timer_create, c_long::from(libc::CLOCK_MONOTONIC), &raw const event, &raw mut id)
        })?;
        Ok(Self { id, catches: false, _thread: PhantomData })
    }

    /// While the timer exists, signals that end a program are recorded instead, and wake calls. A signal ignored at
    /// start (`nohup`) stays ignored; a blocked one is unblocked.
    pub fn catch_signals(&mut self) -> Result<()> {
        TIMER.store(self.id, Ordering::SeqCst);
        self.catches = true;
        handle_ending(record)?;
        unblock(ENDING)
    }

    /// Repeats a call that may sleep until it succeeds, the deadline passes or a signal asks to stop. A call that has
    /// succeeded always counts, so nothing it took or sent is lost. Once a signal has asked to stop, the timer goes on
    /// expiring, so that later calls do not sleep for long either.
    ///
    /// # Errors
    /// The call's own except `EINTR`, after which it is repeated; `EIDRM` where the repeated call fails with `EINVAL`.
    pub fn wait<T>(&self, deadline: Option<Instant>, mut call: impl FnMut() -> Result<T>) -> Result<Waited<T>> {
        let mut interrupted = false;
        loop {
            if let Some(deadline) = deadline {
                set(self.id, Some(deadline.saturating_duration_since(Instant::now())));
            }
            // Checked after the timer is set: the setting would override the handler's for an earlier signal, and the
            // handler sets it for a later one.
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
                    // The object was there when the wait began and is gone; the repeated call cannot know of the wait.
                    Err(Errno::EINVAL) if interrupted => Err(Errno::EIDRM),
                    Ok(done) => Ok(Waited::Done(done)),
                    Err(errno) => Err(errno),
                },
            };
            // Once asked to stop, the timer goes on: it must end the next sleep, such as a write.
            if deadline.is_some() && caught().is_none() {
                self.disarm();
                // A signal after the check above had set the timer.
                if caught().is_some() {
                    set(self.id, Some(Duration::ZERO));
                }
            }
            return result;
        }
    }

    pub(crate) fn disarm(&self) {
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

pub fn caught() -> Option<Signal> {
    match CAUGHT.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(Signal::new(signal)),
    }
}

/// Records a signal that sigwaitinfo(2) or the like returned, if such signals are caught at all. The timer is not set:
/// the caller did not sleep, and checks [`caught`] before its next sleep.
pub(in crate::sys) fn taken(signal: c_int) {
    if TIMER.load(Ordering::SeqCst) >= 0 && ENDING.contains(&signal) && !is_ignored(signal) {
        let _ = CAUGHT.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// The signal mask at start, if it was changed here.
pub(in crate::sys) fn original_mask() -> Option<SignalSet> {
    ORIGINAL_MASK.get().copied()
}

fn unblock(signals: impl IntoIterator<Item = c_int>) -> Result<()> {
    let before = SignalSet::of(signals).unblock()?;
    ORIGINAL_MASK.get_or_init(|| before);
    Ok(())
}

/// Handles a signal that asks to stop: makes one system call and preserves `errno`.
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

/// Handles the timer's signal, which only needs to interrupt a call.
extern "C" fn ignore(_signal: c_int) {}

/// Arms the timer `id` to expire after `first` and repeatedly, or disarms it. Async-signal-safe.
fn set(id: c_int, first: Option<Duration>) {
    let timespec = |duration: Duration| Timespec {
        // At most a century: the kernel counts nanoseconds in 63 bits.
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
            // The first expiry interrupts no call.
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
