//! The mappings of a segment in the processes that have it attached.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::maps::{self, Mapping};
use crate::sys::{Key, ShmId, memory, namespace};

/// What a mapping must be to be one of the segment that is meant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The segment's id.
    inode: u64,
    /// Its key; 0 fits all, for a segment that is removed keeps its old one in its name.
    key: u32,
    /// The caller's IPC namespace: in others the same id is another segment.
    namespace: u64,
    /// The device of ordinary segments, and that of huge pages of the default size.
    devices: [Option<u64>; 2],
}

impl Wanted {
    /// For a segment of the caller's namespace; None where `/proc` does not tell which that is.
    #[must_use]
    pub fn new(id: ShmId, key: Key) -> Option<Self> {
        Some(Self {
            inode: u64::try_from(id.raw()).ok()?,
            key: key.bits(),
            namespace: namespace::ipc()?,
            devices: [memory::segment_device().ok(), memory::huge_segment_device().ok()],
        })
    }

    /// Whether the mapping is one of the segment.
    #[must_use]
    pub fn fits(&self, mapping: &Mapping) -> bool {
        mapping.inode == self.inode
            && (self.key == 0 || mapping.key == self.key)
            && self.devices.contains(&Some(mapping.device))
    }

    /// Whether a mapping that fits is of base pages and not of huge ones.
    #[must_use]
    pub fn is_plain(&self, mapping: &Mapping) -> bool {
        Some(mapping.device) == self.devices[0]
    }
}

/// A process looked into, by its folder in `/proc`, which does not come to be another process's.
#[derive(Debug)]
pub struct Process {
    folder: File,
    /// Its number.
    pub pid: u32,
}

impl Process {
    /// Opens a process's folder.
    ///
    /// # Errors
    /// `ENOENT` when there is no such process, or it is hidden.
    pub fn open(pid: u32) -> io::Result<Self> {
        Ok(Self { folder: File::open(format!("/proc/{pid}"))?, pid })
    }

    /// A file of it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.folder.as_raw_fd()))
    }

    /// Its mappings of the segment.
    ///
    /// # Errors
    /// `EACCES` when it may not be looked into.
    pub fn mappings(&self, wanted: &Wanted) -> io::Result<Vec<Mapping>> {
        if fs::metadata(self.path("ns/ipc"))?.ino() != wanted.namespace {
            return Ok(Vec::new());
        }
        let text = fs::read(self.path("maps"))?;
        Ok(maps::segments(&text).filter(|mapping| wanted.fits(mapping)).collect())
    }
}

/// Those of `pids` that have it mapped and may be looked into, as they are found.
pub fn among(pids: impl IntoIterator<Item = u32>, wanted: &Wanted) -> impl Iterator<Item = (Process, Vec<Mapping>)> {
    pids.into_iter().filter_map(|pid| {
        let process = Process::open(pid).ok()?;
        let mappings = process.mappings(wanted).ok()?;
        (!mappings.is_empty()).then_some((process, mappings))
    })
}
