//! Page sizes, the device numbers behind shared memory mappings, and files in memory.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use super::errno::{Errno, Result};

/// The size of a base page in bytes.
#[must_use]
pub fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: takes and returns numbers.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(size).unwrap_or(4096)
    })
}

/// The device number that mappings of ordinary segments show in `/proc/PID/maps`.
///
/// Segments live on the kernel's internal tmpfs, as memfds do, so a memfd tells it without touching any object.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSYS`.
pub fn segment_device() -> Result<u64> {
    device_of_memfd(0)
}

/// The device number that mappings of huge page segments of the default size show.
///
/// # Errors
/// As [`segment_device`]; `EINVAL` without huge page support.
pub fn huge_segment_device() -> Result<u64> {
    device_of_memfd(libc::MFD_HUGETLB)
}

/// The device numbers that mappings of any segments show: ordinary ones, and those of huge pages of every size.
#[must_use]
pub fn all_segment_devices() -> Vec<u64> {
    let mut flags = vec![0, libc::MFD_HUGETLB];
    for entry in std::fs::read_dir("/sys/kernel/mm/hugepages").into_iter().flatten().flatten() {
        // hugepages-2048kB
        let name = entry.file_name();
        let size = name.to_str().and_then(|name| name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok());
        if let Some(bytes) = size.and_then(|size: u64| size.checked_mul(1024))
            && bytes.is_power_of_two()
        {
            flags.push(libc::MFD_HUGETLB | bytes.trailing_zeros() << libc::MFD_HUGE_SHIFT);
        }
    }
    let mut devices: Vec<u64> = flags.into_iter().filter_map(|flags| device_of_memfd(flags).ok()).collect();
    devices.sort_unstable();
    devices.dedup();
    devices
}

/// A file in memory that holds `bytes` and is read from its start: standard input for a program, which nobody has to
/// feed while it runs.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSPC`; `EFBIG` beyond the caller's limit on files.
pub fn file_of(bytes: &[u8]) -> io::Result<File> {
    let mut file = empty_file()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// An empty file in memory, gone when it is closed.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`, `ENOSYS`.
pub fn empty_file() -> Result<File> {
    memfd(0)
}

fn device_of_memfd(flags: libc::c_uint) -> Result<u64> {
    let file = memfd(flags)?;
    file.metadata().map(|data| data.dev()).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

fn memfd(flags: libc::c_uint) -> Result<File> {
    // SAFETY: the name is a C string; the call creates a descriptor and touches no memory of ours.
    let fd = unsafe { libc::memfd_create(c"ipcadm".as_ptr(), flags | libc::MFD_CLOEXEC) };
    if fd == -1 {
        return Err(Errno::last());
    }
    // SAFETY: a descriptor just made and owned by nobody else.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}
