//! Blocking the signals that end or stop a program, around steps that must not be interrupted.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use super::set::SignalSet;
use super::{ENDING, is_ignored};
use crate::sys::fd;

/// A stopped program would keep others waiting.
const STOPPING: [libc::c_int; 3] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];

/// Polling interval for pending signals while nobody reads the output.
const STEP: Duration = Duration::from_millis(50);

/// Blocks the signals that end or stop programs until it is dropped; pending ones are delivered then.
pub struct BlockedSignals {
    before: Option<SignalSet>,
}

impl BlockedSignals {
    #[must_use]
    pub fn block() -> Self {
        // Blocking valid signals does not fail; if it did, the work could still go on.
        Self { before: SignalSet::of(ENDING.into_iter().chain(STOPPING)).block().ok() }
    }

    /// Whether a signal that ends programs is pending.
    pub(crate) fn is_asked_to_end(&self) -> bool {
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
    // An ignored signal (`nohup`) is pending too while it is blocked, and does nothing afterwards.
    ENDING.into_iter().any(|signal| pending.has(signal) && !is_ignored(signal))
}

/// A file written while signals are blocked: a pending signal that ends programs makes a write that nobody reads fail,
/// with an error without an errno. For results that are undone when they cannot be reported.
pub struct UntilAskedToEnd(pub File);

impl Write for UntilAskedToEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A writable pipe takes PIPE_BUF bytes without sleeping.
        let piece = bytes.get(..libc::PIPE_BUF).unwrap_or(bytes);
        loop {
            if is_asked_to_end() {
                return Err(io::Error::other("a signal came before anybody read it"));
            }
            if !fd::is_writable_within(&self.0, STEP)? {
                continue;
            }
            match self.0.write(piece) {
                // Somebody made the file non-blocking, and others write to it too.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
