//! Segments that are read one after the other.

use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};

use crate::error::Result;
use crate::object::reference::Resolved;
use crate::proc::maps;
use crate::proc::sysctl::ShmRmidForced;
use crate::segment::{Occupancy, attach};
use crate::sys::fd;
use crate::sys::process::mapping::{self, Mapping, Sort};

/// What is asked of the kernel, or opened, once for all of them.
#[derive(Debug, Default)]
pub struct Series {
    /// As it was before the first of them was read.
    pub(super) occupancy: Occupancy,
    shm_rmid_forced: OnceCell<Option<ShmRmidForced>>,
    /// `/proc/self/maps`.
    maps: OnceCell<Option<File>>,
    /// Whether the files behind our own mappings may not be opened.
    has_no_files: Cell<bool>,
}

impl Series {
    /// [`attach::check`] for one of them.
    pub(crate) fn check(&self, found: &Resolved<'_>, operation: &str) -> Result<()> {
        let setting = self.shm_rmid_forced.get_or_init(ShmRmidForced::open);
        attach::check_by(found, operation, None, || setting.as_ref()?.is_set())
    }

    /// The file behind a mapping of our own, if it may be opened and shows its holes.
    pub(super) fn file(&self, start: u64, end: u64) -> Option<File> {
        if self.has_no_files.get() {
            return None;
        }
        let file = File::open(path_of_file(start, end));
        // It is there and needs a capability.
        self.has_no_files.set(file.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied));
        file.ok().filter(|file| fd::next_data(file, 0).is_ok())
    }

    /// Our own mapping at an address, which shows the device of the memory.
    pub(super) fn mapping(&self, start: u64) -> Option<Mapping> {
        let maps = self.maps.get_or_init(|| File::open("/proc/self/maps").ok()).as_ref()?;
        match mapping::next(maps, start, Sort::Shared) {
            Ok(Some(found)) => Some(found).filter(|found| found.start == start),
            // Kernels without PROCMAP_QUERY.
            _ => read_to(start),
        }
    }
}

/// Reads no further than to a mapping, as the kernel puts new ones below all others and the file begins with the lowest.
fn read_to(start: u64) -> Option<Mapping> {
    let maps = BufReader::new(File::open("/proc/self/maps").ok()?);
    let segments = maps.split(b'\n').map_while(std::result::Result::ok).filter_map(|line| maps::segments(&line).next());
    segments
        .map(|found| found.mapping)
        .take_while(|mapping| mapping.start <= start)
        .find(|mapping| mapping.start == start)
}

/// The way to the file behind a mapping of our own.
pub(super) fn path_of_file(start: u64, end: u64) -> String {
    format!("/proc/self/map_files/{start:x}-{end:x}")
}
