//! Queries for single mappings of a process (`PROCMAP_QUERY` on an open `/proc/PID/maps`, since Linux 6.11).
//!
//! Reading the file instead makes the kernel write a line with a path for each mapping, which takes three times as long
//! when only some mappings are wanted.

use std::fs::File;
use std::os::fd::AsRawFd;

use crate::sys::errno::{Errno, Result};

/// `struct procmap_query` of linux/fs.h.
#[repr(C)]
#[derive(Debug, Default)]
struct Query {
    size: u64,
    query_flags: u64,
    query_addr: u64,
    start: u64,
    end: u64,
    flags: u64,
    page_size: u64,
    offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    name_size: u32,
    build_id_size: u32,
    name_addr: u64,
    build_id_addr: u64,
}

const PROCMAP_QUERY: libc::Ioctl = libc::_IOWR::<Query>(b'f' as u32, 17);

const WRITABLE: u64 = 0x02;
const EXECUTABLE: u64 = 0x04;
const SHARED: u64 = 0x08;
/// The mapping at the address, or else the next.
const COVERING_OR_NEXT: u64 = 0x10;
const FILE_BACKED: u64 = 0x20;

/// The longest name that the kernel gives, including its NUL.
const NAME: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Executable mappings.
    Code,
    Shared,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub start: u64,
    /// Exclusive.
    pub end: u64,
    pub writable: bool,
    /// Offset in the file.
    pub offset: u64,
    /// As maps shows it and stat(2) encodes it.
    pub device: u64,
    pub inode: u64,
}

/// The first mapping of this sort whose end is above `address`.
///
/// # Errors
/// `ESRCH` when the process has ended or executed another program since the file was opened; `ENOTTY` before Linux
/// 6.11.
pub fn next(maps: &File, address: u64, sort: Sort) -> Result<Option<Mapping>> {
    let of_sort = match sort {
        Sort::Code => EXECUTABLE,
        Sort::Shared => SHARED,
    };
    let mut query =
        Query { query_flags: COVERING_OR_NEXT | FILE_BACKED | of_sort, query_addr: address, ..Query::default() };
    match ask(maps, &mut query, &mut []) {
        Ok(()) => Ok(Some(query.mapping())),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Copies the path of a mapping's file to `name`, as the kernel shows it, without escapes. False when the mapping is
/// gone; `ENAMETOOLONG` for a path longer than `PATH_MAX`.
pub fn name(maps: &File, mapping: &Mapping, name: &mut Vec<u8>) -> Result<bool> {
    name.resize(NAME, 0);
    let mut query = Query { query_flags: FILE_BACKED, query_addr: mapping.start, ..Query::default() };
    match ask(maps, &mut query, name) {
        Ok(()) => {}
        Err(Errno::ENOENT) => return Ok(false),
        Err(errno) => return Err(errno),
    }
    // The size includes the NUL.
    let length = usize::try_from(query.name_size).unwrap_or(0).saturating_sub(1);
    name.truncate(length);
    Ok(query.mapping() == *mapping)
}

fn ask(maps: &File, query: &mut Query, name: &mut [u8]) -> Result<()> {
    query.size = size_of::<Query>() as u64;
    if !name.is_empty() {
        query.name_addr = name.as_mut_ptr().expose_provenance() as u64;
        query.name_size = u32::try_from(name.len()).unwrap_or(u32::MAX);
    }
    // SAFETY: reads and writes one structure of the size that stands in it, and writes a name of at most as many bytes
    // as there are at the address in it; both are borrowed for the time of the call.
    let result = unsafe { libc::ioctl(maps.as_raw_fd(), PROCMAP_QUERY, std::ptr::from_mut(query)) };
    Errno::check(result.into()).map(drop)
}

impl Query {
    fn mapping(&self) -> Mapping {
        Mapping {
            start: self.start,
            end: self.end,
            writable: self.flags & WRITABLE != 0,
            offset: self.offset,
            device: libc::makedev(self.dev_major, self.dev_minor),
            inode: self.inode,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::{Mapping, Sort, name, next};
    use crate::sys::Errno;

    #[test]
    fn mappings_come_in_their_order_and_have_names() {
        let file = File::open("/proc/self/maps").unwrap();
        let own = std::env::current_exe().unwrap();
        let (mut address, mut path, mut seen) = (0, Vec::new(), false);
        loop {
            match next(&file, address, Sort::Code) {
                Ok(Some(mapping)) => {
                    assert!(mapping.start >= address && mapping.end > mapping.start && mapping.inode > 0);
                    address = mapping.end;
                    assert_eq!(name(&file, &mapping, &mut path), Ok(true));
                    seen |= path == own.as_os_str().as_encoded_bytes();
                }
                Ok(None) => break,
                Err(errno) => {
                    assert_eq!(errno.raw(), libc::ENOTTY);
                    return ipcadm_testbed::left_out("what takes questions about single mappings (Linux 6.11)");
                }
            }
        }
        assert!(seen);
        let nowhere = Mapping { start: 0, end: 1, writable: false, offset: 0, device: 0, inode: 0 };
        assert_eq!(name(&file, &nowhere, &mut path), Ok(false));
        assert_eq!(next(&File::open("/proc/self/status").unwrap(), 0, Sort::Code), Err(Errno::from_raw(libc::ENOTTY)));
    }
}
