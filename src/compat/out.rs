//! Standard output as the C library's streams treat it, and the exit status.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::Tool;
use crate::sys::{Errno, signals, startup};

/// Output is written in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// Standard output, which remembers until the end that a write failed, as the C library's does, and whether the run
/// failed otherwise.
#[derive(Debug)]
pub(super) struct Out {
    /// Not written yet; callers append to it, and call [`Out::row`] now and then.
    pub(super) text: String,
    tool: Tool,
    file: Option<File>,
    unwritten: Option<io::Error>,
    pub(super) failed: bool,
}

impl Out {
    /// Opens nothing before there is something to print.
    pub(super) const fn new(tool: Tool) -> Self {
        Self { text: String::new(), tool, file: None, unwritten: None, failed: false }
    }

    /// Writes the text once it is long: to be called after every row.
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

    /// Prints a message on standard error, and makes the exit status that of a failure.
    pub(super) fn fail(&mut self, message: impl Display) {
        self.failed = true;
        self.tool.say(message);
    }

    /// Writes the rest. The exit status is failure too when not everything could be printed; a reader that has gone
    /// away ends the program by `SIGPIPE`, or is no failure where that signal is ignored.
    pub(super) fn finish(mut self) -> ExitCode {
        self.flush();
        if let Some(error) = self.unwritten.take() {
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.fail(format_args!("write error: {}", reason(&error)));
            } else if !startup::sigpipe_was_ignored() {
                signals::die_by(signals::Signal::PIPE);
            }
        }
        if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// The C library's text for an error.
pub(super) fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |number| Errno::from_raw(number).to_string())
}
