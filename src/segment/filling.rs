//! Putting bytes into a segment that nobody else has attached yet.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use crate::segment::own::whole_pages;
use crate::segment::series::path_of_file;
use crate::sys::mapping::{Advice, Mapped};
use crate::sys::{self, Errno, ShmId, memory};

/// A new segment with an attachment of our own.
pub(crate) struct Filling {
    mapped: Mapped,
    /// The file behind it, where that may be opened: a page written whole through it is not filled with zeros before.
    file: Option<File>,
    /// What bytes go through without it, so that no code of ours touches the segment.
    bounce: Option<File>,
}

impl Filling {
    pub(crate) fn attach(id: ShmId) -> sys::Result<Self> {
        let mapped = Mapped::new(id, false)?;
        let (start, end) = whole_pages(&mapped);
        let file = OpenOptions::new().write(true).open(path_of_file(start, end)).ok();
        Ok(Self { mapped, file, bounce: None })
    }

    /// # Errors
    /// `EFAULT` when a page cannot be had, or for a range outside.
    pub(crate) fn put(&mut self, offset: u64, bytes: &[u8]) -> sys::Result<()> {
        let place = usize::try_from(offset).map_err(|_| Errno::EFAULT)?;
        // A file would grow.
        if place.checked_add(bytes.len()).is_none_or(|end| end > self.mapped.len()) {
            return Err(Errno::EFAULT);
        }
        if self.file.as_ref().is_some_and(|file| file.write_all_at(bytes, offset).is_ok()) {
            return Ok(());
        }
        // A limit on the size of files is none on segments, and huge pages are not written to in this way.
        self.file = None;
        let bounce = match &mut self.bounce {
            Some(bounce) => bounce,
            none => none.insert(memory::empty_file()?),
        };
        bounce.write_all_at(bytes, 0).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
        let _ = self.mapped.advise(place, bytes.len(), Advice::PopulateWrite);
        match self.mapped.read_from_start(bounce.as_fd(), place, bytes.len()) {
            Ok(got) if got == bytes.len() => Ok(()),
            // The kernel stopped at a page that it could not have.
            Ok(_) => Err(Errno::EFAULT),
            Err(errno) => Err(errno),
        }
    }

    pub(crate) fn detach(self) -> sys::Result<()> {
        self.mapped.detach()
    }
}
