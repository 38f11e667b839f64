//! The bytes of a segment: how to come by them, and copying them out without giving memory to its holes.
//!
//! A page that nobody has written to yet is a hole: it reads as zeros and takes no memory, until somebody touches it
//! through a mapping. So a segment that takes little memory must not grow to its full size only because it is looked
//! at. There are three ways in, the best first:
//!
//! - a file: a descriptor for the memory behind a mapping (`/proc/PID/map_files`). Tells data from holes exactly and
//!   never allocates. Needs `CAP_CHECKPOINT_RESTORE` or `CAP_SYS_ADMIN`.
//! - an attachment of our own. Which pages are data, `mincore` tells for what is in RAM.
//! - the memory of a process that has it attached, for looking without a trace. Its page table tells.
//!
//! What another process has mapped is the segment's only as far as `/proc` can be believed: a segment of another IPC
//! namespace may show the same device, inode and key. So a copy that is to be relied on is made by attaching.

pub mod attach;
mod foreign;
mod occupancy;
mod own;
mod pages;
mod process;
mod stream;
mod write;

use std::fs::File;
use std::ops::Range;

use crate::error::Result;
use crate::object::reference::Resolved;
use crate::sys::mapping::Mapped;
use crate::sys::{self, Errno, fd};
use pages::Pages;
use process::ProcessMemory;

pub use foreign::untouched;
pub use occupancy::Occupancy;
pub use own::{open, open_one_of_many};
pub use stream::Stream;
pub use write::parse_byte;

/// So much is copied between two looks at the progress.
const STEP: u64 = 64 << 20;

/// Why bytes could not be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// They could not be read from the segment.
    Read(Errno),
    /// They could not be written to where they should go.
    Write(Errno),
}

/// Where the bytes of a segment go.
pub trait Sink {
    /// Takes bytes from a file.
    ///
    /// # Errors
    /// Whatever stops it.
    fn file(&mut self, file: &File, range: Range<u64>) -> std::result::Result<(), CopyError>;

    /// Takes bytes from an attachment.
    ///
    /// # Errors
    /// Whatever stops it.
    fn mapped(&mut self, mapped: &Mapped, range: Range<usize>) -> std::result::Result<(), CopyError>;

    /// Takes bytes.
    ///
    /// # Errors
    /// Whatever stops it.
    fn bytes(&mut self, bytes: &[u8]) -> std::result::Result<(), CopyError>;

    /// Takes so many zeros.
    ///
    /// # Errors
    /// Whatever stops it.
    fn hole(&mut self, len: u64) -> std::result::Result<(), CopyError>;
}

/// How data is told from holes.
#[derive(Debug)]
enum Holes {
    /// There are none.
    None,
    /// The file tells.
    InFile(File),
    /// Only these pages hold data.
    Known(Pages),
    /// It cannot be told, so everything is read.
    Unknown,
}

/// A way to the bytes of a segment.
#[derive(Debug)]
pub struct Contents {
    mapped: Option<Mapped>,
    process: Option<ProcessMemory>,
    holes: Holes,
    /// How it was come by, for people.
    way: String,
}

impl Contents {
    /// How the bytes are come by, for people.
    #[must_use]
    pub fn way(&self) -> &str {
        &self.way
    }

    /// Whether holes cannot be told from data, so that reading gives them memory.
    #[must_use]
    pub fn fills_holes(&self) -> bool {
        matches!(self.holes, Holes::Unknown)
    }

    /// How many bytes the pages have that were seen to hold data; None where those that were not seen are read as well, or
    /// cannot be.
    #[must_use]
    pub fn seen(&self) -> Option<u64> {
        match &self.holes {
            Holes::Known(pages) => Some(pages.bytes()),
            _ => None,
        }
    }

    /// Our own attachment, if there is one.
    #[must_use]
    pub fn mapped(&self) -> Option<&Mapped> {
        self.mapped.as_ref()
    }

    /// Nothing but our own attachment, if there is one.
    #[must_use]
    pub fn into_mapped(self) -> Option<Mapped> {
        self.mapped
    }

    /// How far the run goes that `range` begins with, and whether it is data.
    ///
    /// # Errors
    /// When the file that tells cannot be asked.
    pub fn run(&self, range: &Range<u64>) -> sys::Result<(u64, bool)> {
        match &self.holes {
            Holes::None | Holes::Unknown => Ok((range.end, true)),
            Holes::Known(pages) => Ok(pages.run(range)),
            Holes::InFile(file) => {
                let data = match fd::next_data(file, range.start)? {
                    Some(data) if data < range.end => data,
                    _ => return Ok((range.end, false)),
                };
                if data > range.start {
                    return Ok((data, false));
                }
                let hole = match fd::next_hole(file, range.start) {
                    // Gone since: it is read as the zeros it has become.
                    Err(errno) if errno.raw() == libc::ENXIO => range.end,
                    other => other?,
                };
                Ok((hole.clamp(range.start + 1, range.end), true))
            }
        }
    }

    /// Copies `range` to `sink`; `progress` is told after every step how many bytes are done.
    ///
    /// # Errors
    /// Whatever stops it; what went out before stays out.
    pub fn copy(
        &self,
        range: Range<u64>,
        sink: &mut dyn Sink,
        progress: &mut dyn FnMut(u64),
    ) -> std::result::Result<(), CopyError> {
        let mut at = range.start;
        while at < range.end {
            let (end, data) = self.run(&(at..range.end)).map_err(CopyError::Read)?;
            while at < end {
                let to = end.min(at.saturating_add(STEP));
                if data {
                    self.copy_data(at..to, sink)?
                } else {
                    sink.hole(to - at)?
                }
                at = to;
                progress(at - range.start);
            }
        }
        if let Some(process) = &self.process {
            // What was read from addresses is worth nothing if something else has come to be there.
            process.check().map_err(CopyError::Read)?;
        }
        Ok(())
    }

    fn copy_data(&self, range: Range<u64>, sink: &mut dyn Sink) -> std::result::Result<(), CopyError> {
        let size = |number: u64| usize::try_from(number).map_err(|_| CopyError::Read(Errno::EFAULT));
        match (&self.holes, &self.mapped, &self.process) {
            (Holes::InFile(file), _, _) => sink.file(file, range),
            (_, Some(mapped), _) => sink.mapped(mapped, size(range.start)?..size(range.end)?),
            (_, None, Some(process)) => process.read(range, |bytes| sink.bytes(bytes)),
            (_, None, None) => Err(CopyError::Read(Errno::EFAULT)),
        }
    }

    /// Ends the use; detaches if it was attached.
    ///
    /// # Errors
    /// When detaching fails, which should not be possible.
    pub fn close(self, found: &Resolved<'_>) -> Result<()> {
        match self.mapped {
            Some(mapped) => {
                mapped.detach().map_err(|errno| crate::error::Error::call(&format!("detach {}", found), errno))
            }
            None => Ok(()),
        }
    }
}
