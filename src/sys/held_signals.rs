//! Holding back the signals by which people and service managers end a program, while it must not be ended.

use super::process::{change_mask, signal_set};
use super::signals::ENDING;

/// Keeps the signals that end programs waiting until it is dropped; one that came meanwhile is delivered then.
pub struct HeldSignals {
    before: Option<libc::sigset_t>,
}

impl HeldSignals {
    /// Holds them back from now on.
    #[must_use]
    pub fn hold() -> Self {
        let held = signal_set(ENDING.into_iter());
        // Blocking known signals does not fail; if it did, nothing would be worse than without.
        Self { before: change_mask(libc::SIG_BLOCK, &held).ok() }
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = change_mask(libc::SIG_SETMASK, before);
        }
    }
}
