//! Standard output, with every write checked.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};

use crate::error::{Error, Result};
use crate::sys::signals::blocked::UntilAskedToEnd;
use crate::sys::startup;

/// Standard output without the line buffering of the standard library's own.
pub(crate) struct Out {
    writer: BufWriter<Box<dyn Write>>,
}

impl Out {
    /// Opens it.
    pub(crate) fn stdout() -> Result<Self> {
        stdout_file().map(Self::onto)
    }

    /// A file of our own in its place.
    pub(crate) fn onto(file: File) -> Self {
        Self::over(Box::new(file))
    }

    /// As [`Out::stdout`], for what is undone when it cannot be told, while signals are held back: one that ends programs
    /// ends the writing if nobody reads.
    pub(crate) fn stdout_until_asked_to_end() -> Result<Self> {
        stdout_file().map(|file| Self::over(Box::new(UntilAskedToEnd(file))))
    }

    fn over(stream: Box<dyn Write>) -> Self {
        Self { writer: BufWriter::with_capacity(64 * 1024, stream) }
    }

    /// As [`Out::stdout`], for commands that do their work all the same: where it was closed, every write fails.
    pub(crate) fn stdout_or_failing() -> Result<Self> {
        match Self::stdout() {
            Err(Error::Output(error)) if startup::stdout_was_closed() => {
                // Opened for reading only; without even that there is nothing to say it to.
                let nowhere = File::open("/dev/null").map_err(|_| Error::Output(error))?;
                Ok(Self::onto(nowhere))
            }
            other => other,
        }
    }

    /// Hands on everything.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(Error::Output)
    }
}

/// Writes to standard output. A pipe whose reader has closed it is no failure.
pub(crate) fn print(write: impl FnOnce(&mut Out) -> io::Result<()>) -> Result<()> {
    let mut out = Out::stdout()?;
    write(&mut out).map_err(Error::Output).and_then(|()| out.finish()).or_else(Error::ignore_broken_pipe)
}

/// Whether what is printed is shown by a terminal, which obeys control characters.
pub(crate) fn to_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Standard output without any buffer.
pub(crate) fn stdout_file() -> Result<File> {
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
