//! The memory of a process that has a segment attached.
//!
//! Reading a page that the process has not touched would add it to its page table and allocate a hole. So only pages
//! that some page table has are read, if the tables show all data.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::proc::attached::{ProcessDir, Wanted};
use crate::proc::maps::SegmentMapping;
use crate::segment::{CopyError, Pages};
use crate::sys::{self, Errno, memory};

const CHUNK: usize = 1 << 20;
const ENTRIES: usize = 8192;
/// Page table entry bits: in RAM, or in swap.
const PRESENT: u64 = 0b11 << 62;

/// Adds the pages of the segment that are in a process's page table.
pub(super) fn add_pages(process: &ProcessDir, mappings: &[SegmentMapping], pages: &mut Pages) -> io::Result<()> {
    let table = File::open(process.path("pagemap"))?;
    let page = memory::page_size() as u64;
    let mut bytes = vec![0u8; ENTRIES * 8];
    for SegmentMapping { mapping, .. } in mappings {
        let mut at = mapping.start / page;
        let end = mapping.end / page;
        while at < end {
            let count = usize::try_from(end - at).unwrap_or(ENTRIES).min(ENTRIES);
            let got = table.read_at(&mut bytes[..count * 8], at * 8)?;
            if got < 8 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let first = mapping.offset / page + (at - mapping.start / page);
            for (number, entry) in (first..).zip(bytes[..got].as_chunks().0) {
                if u64::from_ne_bytes(*entry) & PRESENT != 0 {
                    pages.add(number);
                }
            }
            at += (got / 8) as u64;
        }
    }
    Ok(())
}

#[derive(Debug)]
pub(super) struct ProcessMemory {
    process: ProcessDir,
    memory: File,
    mappings: Vec<SegmentMapping>,
    wanted: Wanted,
}

impl ProcessMemory {
    /// `EACCES` without permission on the process.
    pub(super) fn open(process: ProcessDir, mappings: Vec<SegmentMapping>, wanted: Wanted) -> io::Result<Self> {
        let memory = File::open(process.path("mem"))?;
        Ok(Self { process, memory, mappings, wanted })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Whether all of `range` is mapped.
    pub(super) fn covers(&self, range: &Range<u64>) -> bool {
        let mut at = range.start;
        while at < range.end {
            match self.place(at) {
                Some((_, len)) => at = at.saturating_add(len),
                None => return false,
            }
        }
        true
    }

    /// The address of a byte of the segment, and the number of bytes mapped from there.
    fn place(&self, offset: u64) -> Option<(u64, u64)> {
        self.mappings.iter().find_map(|SegmentMapping { mapping, .. }| {
            let into = offset.checked_sub(mapping.offset)?;
            let left = (mapping.end - mapping.start).checked_sub(into)?;
            (left > 0).then_some((mapping.start + into, left))
        })
    }

    pub(super) fn read(
        &self,
        range: Range<u64>,
        mut take: impl FnMut(&[u8]) -> Result<(), CopyError>,
    ) -> Result<(), CopyError> {
        let mut buffer = vec![0u8; CHUNK];
        let mut at = range.start;
        while at < range.end {
            let (address, left) = self.place(at).ok_or(CopyError::Read(Errno::EFAULT))?;
            let len = usize::try_from(left.min(range.end - at)).unwrap_or(CHUNK).min(CHUNK);
            self.memory
                .read_exact_at(&mut buffer[..len], address)
                .map_err(|error| CopyError::Read(Errno::from_raw(error.raw_os_error().unwrap_or(libc::ESRCH))))?;
            take(&buffer[..len])?;
            at += len as u64;
        }
        Ok(())
    }

    /// `EFAULT` unless the segment is still mapped as it was.
    pub(super) fn check(&self) -> sys::Result<()> {
        let now = self.process.mappings(&self.wanted).unwrap_or_default();
        if self.mappings.iter().all(|mapping| now.contains(mapping)) { Ok(()) } else { Err(Errno::EFAULT) }
    }
}
