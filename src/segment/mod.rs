//! The bytes of a segment: access to them, and copies that do not allocate its holes.
//!
//! A page never written to is a hole: it reads as zeros and takes no memory, until it is touched through a mapping. A
//! sparse segment must not grow to its full size by being read. There are three ways in, the best first:
//!
//! - a file: a descriptor for the memory behind a mapping (`/proc/PID/map_files`). It shows holes exactly and never
//!   allocates. Needs `CAP_CHECKPOINT_RESTORE` or `CAP_SYS_ADMIN`.
//! - an attachment of our own. `mincore` shows the data pages in RAM.
//! - the memory of a process that has it attached, for reading without a trace. Page tables show its data pages.
//!
//! Another process's mapping can only be matched by what `/proc` shows: a segment of another IPC namespace may show the
//! same device, inode and key. So a reliable copy is made by attaching.

pub mod attach;
mod filling;
mod foreign;
mod occupancy;
mod own;
mod pages;
mod process;
mod reader;
mod series;
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

pub(crate) use filling::Filling;
pub use foreign::untouched;
pub use occupancy::Occupancy;
pub(crate) use own::{open, open_one_of};
pub(crate) use reader::Reader;
pub use series::Series;
pub use stream::Stream;
pub use write::parse_byte;

/// Bytes copied between progress updates.
const STEP: u64 = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyError {
    /// The segment cannot be read.
    Read(Errno),
    /// The destination cannot be written.
    Write(Errno),
}

/// The destination of the bytes of a segment. Errors end the copy.
pub trait Sink {
    fn file(&mut self, file: &File, range: Range<u64>) -> std::result::Result<(), CopyError>;

    fn mapped(&mut self, mapped: &Mapped, range: Range<usize>) -> std::result::Result<(), CopyError>;

    fn bytes(&mut self, bytes: &[u8]) -> std::result::Result<(), CopyError>;

    /// Takes `len` zeros.
    fn hole(&mut self, len: u64) -> std::result::Result<(), CopyError>;
}

#[derive(Debug)]
enum Holes {
    None,
    /// The file shows its holes.
    InFile(File),
    /// All data is in these pages.
    Known(Pages),
    /// Holes are unknown, so everything is read.
    Unknown,
}

/// Access to the bytes of a segment.
#[derive(Debug)]
pub struct Contents {
    mapped: Option<Mapped>,
    process: Option<ProcessMemory>,
    holes: Holes,
    way: String,
}

impl Contents {
    /// The way of access, for people.
    pub fn way(&self) -> &str {
        &self.way
    }

    /// Whether holes cannot be told from data, so that reading allocates them.
    pub(crate) fn fills_holes(&self) -> bool {
        matches!(self.holes, Holes::Unknown)
    }

    /// Bytes of the pages that were seen to hold data; None where other pages are read as well, or nothing is known.
    pub fn seen(&self) -> Option<u64> {
        match &self.holes {
            Holes::Known(pages) => Some(pages.bytes()),
            _ => None,
        }
    }

    /// Our own attachment, if there is one.
    pub fn mapped(&self) -> Option<&Mapped> {
        self.mapped.as_ref()
    }

    /// Closes all but our own attachment.
    pub(crate) fn into_mapped(self) -> Option<Mapped> {
        self.mapped
    }

    /// The end of the run at the start of `range`, and whether it is data.
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
                    // The data has gone since; it is read as zeros.
                    Err(errno) if errno.raw() == libc::ENXIO => range.end,
                    other => other?,
                };
                Ok((hole.clamp(range.start + 1, range.end), true))
            }
        }
    }

    /// Copies `range` to `sink`; `progress` gets the bytes done after every step. A failed copy may be partly written.
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
            // The data is invalid if these addresses have been mapped anew.
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

    /// Detaches if it was attached; errors should not be possible.
    pub fn close(self, found: &Resolved<'_>) -> Result<()> {
        match self.mapped {
            Some(mapped) => {
                mapped.detach().map_err(|errno| crate::error::Error::call(&format!("detach {}", found), errno))
            }
            None => Ok(()),
        }
    }
}
