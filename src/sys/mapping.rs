//! Copying the bytes of an attached segment by system calls.
//!
//! No code of ours reads or writes through the mapping. Where a page cannot be had (a missing huge page, no memory), a
//! load would raise `SIGBUS`; a system call fails with `EFAULT`. Other processes also change the bytes meanwhile, which
//! Rust references rule out.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::FileExt;

use libc::c_void;

use super::errno::{Errno, Result};
use super::memory::page_size;
use super::shm::{self, Attachment, ShmStat};
use super::types::ShmId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Swap in (`MADV_WILLNEED`).
    WillNeed,
    /// Populate page tables (`MADV_POPULATE_READ`, Linux 5.14). Allocates holes.
    PopulateRead,
    /// Populate page tables for writing (`MADV_POPULATE_WRITE`, Linux 5.14).
    PopulateWrite,
}

/// An attached segment, copied from and to descriptors.
#[derive(Debug)]
pub struct Mapped {
    attachment: Attachment,
    len: usize,
}

impl Mapped {
    /// Attaches `id` and reads its size, which never changes.
    pub fn new(id: ShmId, read_only: bool) -> Result<Self> {
        Self::with_stat(id, read_only).map(|(mapped, _)| mapped)
    }

    /// As [`Mapped::new`], with the segment as it is then: attached it cannot go, and its id cannot be reused.
    pub fn with_stat(id: ShmId, read_only: bool) -> Result<(Self, ShmStat)> {
        let attachment = Attachment::new(id, read_only)?;
        let stat = shm::stat(id)?;
        let len = usize::try_from(stat.size).map_err(|_| Errno::ENOMEM)?;
        // Where that fails, a child counts as attached for as long as it lives.
        let _ = attachment.keep_from_children(stat.size);
        Ok((Self { attachment, len }, stat))
    }

    pub fn address(&self) -> usize {
        self.attachment.address()
    }

    /// The size in bytes that was requested at creation.
    #[expect(clippy::len_without_is_empty, reason = "no segment is empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn detach(self) -> Result<()> {
        self.attachment.detach()
    }

    fn at(&self, offset: usize, len: usize) -> Result<*mut c_void> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(std::ptr::with_exposed_provenance_mut(self.address() + offset)),
            _ => Err(Errno::EFAULT),
        }
    }

    /// Writes bytes of the segment to `out` (`write`); returns the number.
    ///
    /// # Errors
    /// Those of `write`; `EFAULT` also when a page cannot be had, or for a range outside.
    pub(crate) fn write_to(&self, out: BorrowedFd<'_>, offset: usize, len: usize) -> Result<usize> {
        let from = self.at(offset, len)?;
        // SAFETY: the range lies in the mapping, which lives as long as self; the kernel reads it and nothing else.
        count(unsafe { libc::write(out.as_raw_fd(), from, len) })
    }

    /// Puts pages of the segment into a pipe without copying (`vmsplice`); returns the number of bytes. The reader gets
    /// the segment's content at the time of reading. `EBADF` for anything but a pipe.
    pub(crate) fn splice_to(&self, pipe: BorrowedFd<'_>, offset: usize, len: usize) -> Result<usize> {
        let part = libc::iovec { iov_base: self.at(offset, len)?, iov_len: len };
        // SAFETY: one range, which lies in the mapping. The pipe refers to the pages, not to the mapping, and the
        // kernel only reads them: without SPLICE_F_GIFT they stay the segment's.
        count(unsafe { libc::vmsplice(pipe.as_raw_fd(), &raw const part, 1, 0) })
    }

    /// Reads from `input` into the segment (`read`); returns the number of bytes, 0 at the end.
    ///
    /// # Errors
    /// Those of `read`; `EFAULT` also when a page cannot be had or is read-only, or for a range outside.
    pub(crate) fn read_from(&self, input: BorrowedFd<'_>, offset: usize, len: usize) -> Result<usize> {
        let to = self.at(offset, len)?;
        // SAFETY: the range lies in the mapping, no reference into which exists; the kernel writes it and nothing else.
        count(unsafe { libc::read(input.as_raw_fd(), to, len) })
    }

    /// Reads the first `len` bytes of `input` into the segment (`pread`), whatever its position; see
    /// [`Mapped::read_from`].
    pub(crate) fn read_from_start(&self, input: BorrowedFd<'_>, offset: usize, len: usize) -> Result<usize> {
        let to = self.at(offset, len)?;
        // SAFETY: as in `read_from`.
        count(unsafe { libc::pread(input.as_raw_fd(), to, len, 0) })
    }

    /// Copies bytes of the segment into our memory by way of the scratch file `bounce`. `EFAULT` as above.
    pub(crate) fn copy_out(&self, bounce: &File, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let from = self.at(offset, buffer.len())?;
        // SAFETY: as in `write_to`.
        let got = count(unsafe { libc::pwrite(bounce.as_fd().as_raw_fd(), from, buffer.len(), 0) })?;
        if got != buffer.len() {
            // The kernel stopped at a page it could not read.
            return Err(Errno::EFAULT);
        }
        bounce.read_exact_at(buffer, 0).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
    }

    /// The pages from `offset` on that are in RAM (`mincore`): the lowest bit of a byte each. It does not see huge
    /// pages and swapped-out pages. Allocates nothing.
    ///
    /// # Errors
    /// `EINVAL` for an offset inside a page, `EFAULT` for pages outside.
    pub fn resident(&self, offset: usize, pages: &mut [u8]) -> Result<()> {
        let whole = self.len.next_multiple_of(page_size());
        let len = pages.len() * page_size();
        if offset.checked_add(len).is_none_or(|end| end > whole) {
            return Err(Errno::EFAULT);
        }
        let from = std::ptr::with_exposed_provenance_mut(self.address() + offset);
        // SAFETY: the range is within the mapping, which has whole pages; the kernel writes a byte for each page.
        Errno::check(unsafe { libc::mincore(from, len, pages.as_mut_ptr()) }.into()).map(drop)
    }

    /// `madvise` on a range, widened to whole pages.
    ///
    /// # Errors
    /// `EINVAL` on kernels that do not know the advice, `EFAULT` for a range outside, `ENOMEM`.
    pub(crate) fn advise(&self, offset: usize, len: usize, advice: Advice) -> Result<()> {
        self.at(offset, len)?;
        let start = offset - offset % page_size();
        let address = std::ptr::with_exposed_provenance_mut(self.address() + start);
        let advice = match advice {
            Advice::WillNeed => libc::MADV_WILLNEED,
            Advice::PopulateRead => libc::MADV_POPULATE_READ,
            Advice::PopulateWrite => libc::MADV_POPULATE_WRITE,
        };
        // SAFETY: none of these changes or removes what is in memory.
        Errno::check(unsafe { libc::madvise(address, len + (offset - start), advice) }.into()).map(drop)
    }
}

fn count(returned: libc::ssize_t) -> Result<usize> {
    usize::try_from(returned).map_err(|_| Errno::last())
}
