//! The mappings of a segment in the processes that have it attached.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::maps::{self, SegmentMapping};
use super::probe::{self, What};
use super::reader::{Reader, Task, is_gone};
use crate::sys::process::mapping::Mapping;
use crate::sys::{Key, ShmId, memory, namespace};

/// The segment whose mappings are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The segment's id.
    inode: u64,
    /// The key in its name; None fits all, for what a removed segment was made with is not known any more.
    key: Option<Key>,
    /// The caller's IPC namespace: in others the same id is another segment.
    namespace: u64,
    /// The device of ordinary segments, and that of huge pages of the default size.
    devices: [Option<u64>; 2],
}

impl Wanted {
    /// For a segment of the caller's namespace, by the key it was made with, if that is known; None where `/proc` does
    /// not tell which namespace that is.
    pub fn new(id: ShmId, key: Option<Key>) -> Option<Self> {
        Some(Self {
            inode: u64::try_from(id.raw()).ok()?,
            key,
            namespace: namespace::ipc()?,
            devices: [memory::segment_device().ok(), memory::huge_segment_device().ok()],
        })
    }

    /// Whether the mapping is one of the segment.
    pub fn fits(&self, SegmentMapping { mapping, key }: &SegmentMapping) -> bool {
        mapping.inode == self.inode
            && self.key.is_none_or(|own| own.bits() == *key)
            && self.devices.contains(&Some(mapping.device))
    }

    /// Whether a mapping that fits is of base pages and not of huge ones.
    pub fn is_plain(&self, mapping: &Mapping) -> bool {
        Some(mapping.device) == self.devices[0]
    }
}

/// The open directory of a process in `/proc`. It never leads to a later process of the same number.
#[derive(Debug)]
pub struct ProcessDir {
    dir: File,
    pub pid: u32,
}

impl ProcessDir {
    /// Opens a process's dir.
    ///
    /// # Errors
    /// `ENOENT` when there is no such process, or it is hidden.
    pub fn open(pid: u32) -> io::Result<Self> {
        let process = Self { dir: File::open(format!("/proc/{pid}"))?, pid };
        match fs::metadata(process.path("ns/ipc")) {
            // Its first thread has ended and shows nothing any more; the others do.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(process.any_thread().unwrap_or(process)),
            _ => Ok(process),
        }
    }

    /// The same process by the dir of a thread that has not ended.
    fn any_thread(&self) -> Option<Self> {
        let threads = fs::read_dir(self.path("task")).ok()?.flatten();
        let mut threads =
            threads.filter_map(|thread| Some(Self { dir: File::open(thread.path()).ok()?, pid: self.pid }));
        threads.find(|thread| fs::metadata(thread.path("ns/ipc")).is_ok())
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.dir.as_raw_fd()))
    }

    /// Whether it is seen that all its threads are in the namespace of the segment: one that is in another may have
    /// attached what is there, for all of them.
    pub fn is_all_in(&self, wanted: &Wanted) -> bool {
        // Its number has not come to be another's meanwhile.
        probe::run(|| all_in(self.pid, wanted.namespace)) && self.path("status").exists()
    }

    /// Its mappings of the segment.
    ///
    /// # Errors
    /// `EACCES` when it may not be looked into.
    pub fn mappings(&self, wanted: &Wanted) -> io::Result<Vec<SegmentMapping>> {
        if fs::metadata(self.path("ns/ipc"))?.ino() != wanted.namespace {
            return Ok(Vec::new());
        }
        let text = fs::read(self.path("maps"))?;
        Ok(maps::segments(&text).filter(|found| wanted.fits(found)).collect())
    }
}

/// Whether all threads of a process are seen to be in an IPC namespace.
fn all_in(pid: u32, namespace: u64) -> bool {
    let mut reader = Reader::default();
    let Ok(threads) = reader.thread_ids(pid) else { return false };
    let mut is_in_it = |tid| match reader.ipc_namespace(Task::thread(pid, tid)) {
        Ok(found) => found == namespace,
        Err(error) => is_gone(&error),
    };
    threads.into_iter().all(&mut is_in_it)
}

/// The processes among `pids` that have the segment mapped and may be looked into, with their mappings.
pub fn among(
    pids: impl IntoIterator<Item = u32>,
    wanted: &Wanted,
) -> impl Iterator<Item = (ProcessDir, Vec<SegmentMapping>)> {
    pids.into_iter().filter_map(|pid| {
        probe::begin(pid, What::Facts).ok()?;
        let process = ProcessDir::open(pid).ok()?;
        let mappings = process.mappings(wanted).ok()?;
        (!mappings.is_empty()).then_some((process, mappings))
    })
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use crate::proc::maps::SegmentMapping;
    use crate::sys::process::mapping::Mapping;
    use crate::sys::{Key, ShmId, memory};

    #[test]
    fn only_a_removed_segment_may_have_any_key_in_its_name() {
        let device = memory::segment_device().unwrap();
        let mapping = Mapping { start: 0, end: 4096, writable: true, offset: 0, device, inode: 5 };
        let found = |key| SegmentMapping { mapping, key };
        let fits = |wanted, key| Wanted::new(ShmId::new(5), wanted).unwrap().fits(&found(key));
        assert!(fits(Some(Key::PRIVATE), 0) && !fits(Some(Key::PRIVATE), 0x51));
        assert!(fits(Some(Key::from_bits(0x51)), 0x51) && !fits(Some(Key::from_bits(0x51)), 0));
        assert!(fits(None, 0) && fits(None, 0x51));
    }
}
