//! How far long work has come.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::render::units::push_size;

/// Work that takes no longer shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(200);

/// A line on standard error, if that is a terminal and standard output is not.
pub(crate) struct Progress {
    total: Option<u64>,
    begun: Instant,
    next: Duration,
    shows: bool,
    shown: bool,
}

impl Progress {
    /// Of work on `total` bytes, if that is known.
    pub(crate) fn new(total: Option<u64>) -> Self {
        let shows = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        Self { total, begun: Instant::now(), next: PATIENCE, shows, shown: false }
    }

    /// So many bytes are done.
    pub(crate) fn update(&mut self, done: u64) {
        if !self.shows || self.begun.elapsed() < self.next {
            return;
        }
        self.next = self.begun.elapsed() + INTERVAL;
        let mut text = String::from("\r\x1b[K");
        push_size(&mut text, done);
        if let Some(total) = self.total {
            text.push_str(" of ");
            push_size(&mut text, total);
        }
        self.shown = true;
        let _ = write!(std::io::stderr().lock(), "{text}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
