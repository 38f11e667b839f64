//! Standard output as the C library's streams treat it.

use std::fs::File;
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::Tool;
use super::common::say;
use crate::sys::{Errno, signals, startup};

/// Output is handed on in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// Standard output, which remembers that it failed until the end, as the C library's does.
#[derive(Debug, Default)]
pub struct Out {
    /// What was not handed on yet; append to it, and call [`Out::row`] now and then.
    pub text: String,
    file: Option<File>,
    failed: Option<io::Error>,
}

impl Out {
    /// Nothing is opened before there is something to print.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands on what has gathered if it is much: to be called after every row.
    pub fn row(&mut self) {
        if self.text.len() >= PIECE {
            self.flush();
        }
    }

    /// Hands on what has gathered.
    pub fn flush(&mut self) {
        if self.text.is_empty() || self.failed.is_some() {
            self.text.clear();
            return;
        }
        if let Err(error) = self.write() {
            self.failed = Some(error);
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

    /// Hands on the rest. The exit status is `status`, or failure when not everything could be printed; a reader that
    /// has gone away ends the program by `SIGPIPE`, or is no failure where that signal is ignored.
    pub fn finish(mut self, tool: Tool, status: ExitCode) -> ExitCode {
        self.flush();
        match self.failed {
            None => status,
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                if !startup::sigpipe_was_ignored() {
                    signals::die_by(signals::Signal::PIPE);
                }
                status
            }
            Some(error) => {
                say(tool, format_args!("write error: {}", reason(&error)));
                ExitCode::FAILURE
            }
        }
    }
}

/// The C library's text for an error.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |number| Errno::from_raw(number).to_string())
}
