//! Holding back the signals by which people and service managers end or stop a program, while that must not happen.

use std::fs::File;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::time::Duration;

use super::process::{change_mask, signal_set};
use super::signals::{self, ENDING};
use super::stream;

/// A program that is stopped keeps others waiting as one that is ended leaves things half done.
const STOPPING: [libc::c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Between two looks for a signal while nobody reads what is written.
const STEP: Duration = Duration::from_millis(50);

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
        is_asked_to_end()
    }
}

fn is_asked_to_end() -> bool {
    let mut pending = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: sigpending writes one set, which sigismember reads; all zero is a valid one.
    let mut waits = |signal| unsafe {
        libc::sigpending(pending.as_mut_ptr()) == 0 && libc::sigismember(pending.as_ptr(), signal) == 1
    };
    // One that is ignored (`nohup`) waits like others while it is held back, and does nothing then.
    ENDING.into_iter().any(|signal| waits(signal) && !signals::is_ignored(signal))
}

/// A file that is written while signals are held back: one that ends programs ends a write if nobody reads, with an
/// error that has no number. For what is undone when it cannot be told.
pub struct UntilAskedToEnd(pub File);

impl Write for UntilAskedToEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A pipe that takes anything takes so much without sleeping.
        let piece = bytes.get(..libc::PIPE_BUF).unwrap_or(bytes);
        loop {
            if is_asked_to_end() {
                return Err(io::Error::other("a signal came before anybody read it"));
            }
            if !stream::is_writable_within(&self.0, STEP)? {
                continue;
            }
            match self.0.write(piece) {
                // Somebody made it non-blocking, and others write to it too.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = change_mask(libc::SIG_SETMASK, before);
        }
    }
}
