//! Sets of signals, and the mask of those that are blocked (`sigset_t`, `pthread_sigmask`).

use std::mem::MaybeUninit;

use libc::c_int;

use crate::sys::errno::{Errno, Result};

/// `sigset_t`.
#[derive(Clone, Copy)]
pub(in crate::sys) struct SignalSet(libc::sigset_t);

impl SignalSet {
    pub(in crate::sys) fn of(signals: impl IntoIterator<Item = c_int>) -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: sigemptyset initialises the set, and sigaddset adds to an initialised one.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for signal in signals {
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            Self(set.assume_init())
        }
    }

    pub(in crate::sys) fn full() -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: sigfillset initialises the set.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            Self(set.assume_init())
        }
    }

    pub(in crate::sys) fn pending() -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: sigpending writes one set; if it failed, all zero would be one too.
        unsafe {
            libc::sigpending(set.as_mut_ptr());
            Self(set.assume_init())
        }
    }

    pub(in crate::sys) fn has(&self, signal: c_int) -> bool {
        // SAFETY: reads an initialised set.
        unsafe { libc::sigismember(&raw const self.0, signal) == 1 }
    }

    pub(in crate::sys) fn as_ptr(&self) -> *const libc::sigset_t {
        &raw const self.0
    }

    /// Adds the set to the mask of the calling thread; returns the mask before.
    pub(in crate::sys) fn block(&self) -> Result<Self> {
        self.change_mask(libc::SIG_BLOCK)
    }

    /// Removes the set from the mask of the calling thread; returns the mask before.
    pub(in crate::sys) fn unblock(&self) -> Result<Self> {
        self.change_mask(libc::SIG_UNBLOCK)
    }

    /// Makes the set the mask of the calling thread; returns the mask before. Async-signal-safe.
    pub(in crate::sys) fn set_mask(&self) -> Result<Self> {
        self.change_mask(libc::SIG_SETMASK)
    }

    fn change_mask(&self, how: c_int) -> Result<Self> {
        let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: a valid set to read and room for one to write.
        match unsafe { libc::pthread_sigmask(how, self.as_ptr(), before.as_mut_ptr()) } {
            // SAFETY: written by the call, which has succeeded.
            0 => Ok(Self(unsafe { before.assume_init() })),
            // It returns its error, and sets no errno.
            number => Err(Errno::from_raw(number)),
        }
    }
}
