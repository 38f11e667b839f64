//! Reading bytes of a segment into memory of ours.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::segment::{Contents, Holes};
use crate::sys::mapping::Advice;
use crate::sys::{self, Errno, memory};

/// Reads by way of a file or of our own attachment.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// What bytes of an attachment go through, so that no code of ours touches them.
    bounce: Option<File>,
}

impl Reader {
    /// Reads the bytes of a segment from `offset` on. What has become a hole reads as zeros.
    ///
    /// # Errors
    /// `EFAULT` when a page cannot be had.
    pub(crate) fn read(&mut self, contents: &Contents, offset: u64, bytes: &mut [u8]) -> sys::Result<()> {
        if let Holes::InFile(file) = &contents.holes {
            return file
                .read_exact_at(bytes, offset)
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)));
        }
        let mapped = contents.mapped.as_ref().ok_or(Errno::EFAULT)?;
        let offset = usize::try_from(offset).map_err(|_| Errno::EFAULT)?;
        let bounce = match &mut self.bounce {
            Some(bounce) => bounce,
            none => none.insert(memory::empty_file()?),
        };
        // One call instead of a fault for every few pages. Older kernels do not know it, and fault.
        let _ = mapped.advise(offset, bytes.len(), Advice::PopulateRead);
        mapped.copy_out(bounce, offset, bytes)
    }
}
