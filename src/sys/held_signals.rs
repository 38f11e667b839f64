//! Holding back the signals by which people and service managers end or stop a program, while that must not happen.

use std::mem::MaybeUninit;

use super::process::{change_mask, signal_set};
use super::signals::ENDING;

/// A program that is stopped keeps others waiting as one that is ended leaves things half done.
const STOPPING: [libc::c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Keeps the signals that end or stop programs waiting until it is dropped; one that came meanwhile is delivered then.
pub struct HeldSignals {
    before: Option<libc::sigset_t>,
}

impl HeldSignals {
    /// Holds them back from now on.
    #[must_use]
    pub fn hold() -> Self {
        let held = signal_set(ENDING.into_iter().chain(STOPPING));
        // Blocking known signals does not fail; if it did, nothing would be worse than without.
        Self { before: change_mask(libc::SIG_BLOCK, &held).ok() }
    }

    /// Whether a signal that ends programs has come and waits.
    #[must_use]
    pub fn is_asked_to_end(&self) -> bool {
        let mut pending = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: sigpending writes one set, which sigismember reads; all zero is a valid one.
        unsafe {
            libc::sigpending(pending.as_mut_ptr()) == 0
                && ENDING.into_iter().any(|signal| libc::sigismember(pending.as_ptr(), signal) == 1)
        }
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = change_mask(libc::SIG_SETMASK, before);
        }
    }
}
