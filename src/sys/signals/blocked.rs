//! Blocking the signals by which people and service managers end or stop a program, while that must not happen.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use super::set::SignalSet;
use super::{ENDING, is_ignored};
use crate::sys::fd;

/// A program that is stopped keeps others waiting as one that is ended leaves things half done.
const STOPPING: [libc::c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Between two looks for a signal while nobody reads what is written.
const STEP: Duration = Duration::from_millis(50);

/// Blocks the signals that end or stop programs until it is dropped; one that came meanwhile is delivered then.
pub struct BlockedSignals {
    before: Option<SignalSet>,
}

impl BlockedSignals {
    /// Blocks them from now on.
    #[must_use]
    pub fn block() -> Self {
        // Blocking known signals does not fail; if it did, nothing would be worse than without.
        Self { before: SignalSet::of(ENDING.into_iter().chain(STOPPING)).block().ok() }
    }

    /// Whether a signal that ends programs is pending.
    #[must_use]
    pub fn is_asked_to_end(&self) -> bool {
        is_asked_to_end()
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = before.set_mask();
        }
    }
}

fn is_asked_to_end() -> bool {
    let pending = SignalSet::pending();
    // One that is ignored (`nohup`) is pending like others while it is blocked, and does nothing then.
    ENDING.into_iter().any(|signal| pending.has(signal) && !is_ignored(signal))
}

/// A file that is written while signals are blocked: a pending one that ends programs makes a write that nobody reads
/// fail, with an error that has no number. For results that are undone when they cannot be told.
pub struct UntilAskedToEnd(pub File);

impl Write for UntilAskedToEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A pipe that takes anything takes so much without sleeping.
        let piece = bytes.get(..libc::PIPE_BUF).unwrap_or(bytes);
        loop {
            if is_asked_to_end() {
                return Err(io::Error::other("a signal came before anybody read it"));
            }
            if !fd::is_writable_within(&self.0, STEP)? {
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
