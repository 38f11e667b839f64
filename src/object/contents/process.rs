//! The memory of a process that has a segment attached.
//!
//! Reading a page that the process has not touched enters it into its page table, and would give memory to a hole.
//! So a hole is never read: page tables tell which pages hold data, if all of them are in some table.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use super::{CopyError, Pages};
use crate::proc::maps::{self, Mapping};
use crate::sys::{self, Errno, memory};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;
/// Page table entries read at a time.
const ENTRIES: usize = 8192;
/// The bits of an entry that say that the page is there: in RAM, or in swap.
const PRESENT: u64 = 0b11 << 62;

/// What a mapping must be to be one of the segment that is meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// The segment's id.
    pub(super) inode: u64,
    /// Its key; 0 fits all, for a segment that is removed keeps its old one in its name.
    pub(super) key: u32,
    /// The caller's IPC namespace: in others the same id is another segment.
    pub(super) namespace: u64,
    /// The devices that segments are on.
    pub(super) devices: [Option<u64>; 2],
}

/// A process looked into, by its folder in `/proc`, which does not come to be another process's.
#[derive(Debug)]
pub(super) struct Process {
    folder: File,
    /// Its number.
    pub(super) pid: u32,
}

impl Process {
    /// Opens a process's folder.
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        Ok(Self { folder: File::open(format!("/proc/{pid}"))?, pid })
    }

    /// A file of it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.folder.as_raw_fd()))
    }

    /// Its mappings of the segment.
    ///
    /// # Errors
    /// `EACCES` when it may not be looked into.
    pub(super) fn mappings(&self, wanted: &Wanted) -> io::Result<Vec<Mapping>> {
        if fs::metadata(self.path("ns/ipc"))?.ino() != wanted.namespace {
            return Ok(Vec::new());
        }
        let text = fs::read(self.path("maps"))?;
        let fits = |mapping: &Mapping| {
            mapping.inode == wanted.inode
                && (wanted.key == 0 || mapping.key == wanted.key)
                && wanted.devices.contains(&Some(mapping.device))
        };
        Ok(maps::segments(&text).filter(fits).collect())
    }

    /// Adds the pages of the segment that are in its page table.
    pub(super) fn add_pages(&self, mappings: &[Mapping], pages: &mut Pages) -> io::Result<()> {
        let table = File::open(self.path("pagemap"))?;
        let page = memory::page_size() as u64;
        let mut bytes = vec![0u8; ENTRIES * 8];
        for mapping in mappings {
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
}

/// A segment in the memory of a process.
#[derive(Debug)]
pub(super) struct ProcessMemory {
    process: Process,
    memory: File,
    mappings: Vec<Mapping>,
    wanted: Wanted,
}

impl ProcessMemory {
    /// Opens the memory of a process with these mappings.
    ///
    /// # Errors
    /// `EACCES` when it may not be looked into.
    pub(super) fn open(process: Process, mappings: Vec<Mapping>, wanted: Wanted) -> io::Result<Self> {
        let memory = File::open(process.path("mem"))?;
        Ok(Self { process, memory, mappings, wanted })
    }

    /// Its number.
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

    /// The address of a byte of the segment, and how many follow.
    fn place(&self, offset: u64) -> Option<(u64, u64)> {
        self.mappings.iter().find_map(|mapping| {
            let into = offset.checked_sub(mapping.offset)?;
            let left = (mapping.end - mapping.start).checked_sub(into)?;
            (left > 0).then_some((mapping.start + into, left))
        })
    }

    /// Reads a range piece by piece.
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

    /// Whether it still has the segment mapped as it had.
    ///
    /// # Errors
    /// `EFAULT` when not.
    pub(super) fn check(&self) -> sys::Result<()> {
        let now = self.process.mappings(&self.wanted).unwrap_or_default();
        if self.mappings.iter().all(|mapping| now.contains(mapping)) { Ok(()) } else { Err(Errno::EFAULT) }
    }
}
