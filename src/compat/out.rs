//! Buffered standard output with the error handling of stdio(3), and the exit status.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write as _};

use super::Tool;
use crate::error::os_message;
use crate::sys::{signals, startup};

/// Bytes gathered before a write.
const PIECE: usize = 64 * 1024;

/// Standard output. A failed write is reported at the end of the run, as ferror(3) would tell it.
#[derive(Debug)]
pub(super) struct Out {
    /// The buffer: callers append to it and call [`Out::row`] after each row.
    pub(super) text: String,
    tool: Tool,
    file: Option<File>,
    unwritten: Option<io::Error>,
    pub(super) failed: bool,
}

impl Out {
    /// Standard output is not opened before the first write.
    pub(super) const fn new(tool: Tool) -> Self {
        Self { text: String::new(), tool, file: None, unwritten: None, failed: false }
    }

    /// Flushes the buffer if it is full.
    pub(super) fn row(&mut self) {
        if self.text.len() >= PIECE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() && self.unwritten.is_none() {
            self.unwritten = self.write().err();
        }
        self.text.clear();
    }

    fn write(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(startup::stdout()?),
        };
        file.write_all(self.text.as_bytes())
    }

    /// Prints a message on standard error; the exit status will be 1.
    pub(super) fn fail(&mut self, message: impl Display) {
        self.failed = true;
        self.tool.say(message);
    }

    /// Flushes the buffer and returns the exit status: 1 if anything failed or could not be written. `EPIPE` ends the
    /// program by `SIGPIPE`, or is no failure if that signal is ignored.
    pub(super) fn finish(mut self) -> u8 {
        self.flush();
        if let Some(error) = self.unwritten.take() {
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.fail(format_args!("write error: {}", os_message(&error)));
            } else if !startup::sigpipe_was_ignored() {
                signals::die_by(signals::Signal::PIPE);
            }
        }
        if self.failed { 1 } else { 0 }
    }
}
