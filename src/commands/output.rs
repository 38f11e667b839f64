//! Standard output, with every write checked.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};

use crate::error::{Error, Result};
use crate::sys::startup;

/// Standard output without the line buffering of the standard library's own.
pub(super) struct Out {
    writer: BufWriter<File>,
}

impl Out {
    /// Opens it.
    pub(super) fn stdout() -> Result<Self> {
        stdout_file().map(Self::onto)
    }

    /// A file of our own in its place.
    pub(super) fn onto(file: File) -> Self {
        Self { writer: BufWriter::with_capacity(64 * 1024, file) }
    }

    /// As [`Out::stdout`], for commands that do their work all the same: where it was closed, every write fails.
    pub(super) fn stdout_or_failing() -> Result<Self> {
        match Self::stdout() {
            Err(Error::Output(error)) if startup::stdout_was_closed() => {
                // Opened for reading only; without even that there is nothing to say it to.
                let nowhere = File::open("/dev/null").map_err(|_| Error::Output(error))?;
                Ok(Self { writer: BufWriter::new(nowhere) })
            }
            other => other,
        }
    }

    /// Hands on everything.
    pub(super) fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(Error::Output)
    }
}

/// Whether what is printed is shown by a terminal, which obeys control characters.
pub(super) fn to_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Standard output without any buffer.
pub(super) fn stdout_file() -> Result<File> {
    startup::stdout().map_err(Error::Output)
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
