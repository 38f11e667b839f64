//! Page sizes, the device numbers behind shared memory mappings, and files in memory.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::sync::OnceLock;

use rustix::fs::{MemfdFlags, fstat, memfd_create};

use super::errno::Result;

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
pub fn segment_device() -> Result<u64> {
    static DEVICE: OnceLock<u64> = OnceLock::new();
    if let Some(device) = DEVICE.get() {
        return Ok(*device);
    }
    let device = device_of_memfd(MemfdFlags::empty())?;
    Ok(*DEVICE.get_or_init(|| device))
}

/// The device number that mappings of segments with huge pages of the default size show; `EINVAL` without huge pages.
pub(crate) fn huge_segment_device() -> Result<u64> {
    device_of_memfd(MemfdFlags::HUGETLB)
}

/// The device numbers that mappings of segments show: ordinary ones, and those of huge pages of every size.
pub(crate) fn all_segment_devices() -> Vec<u64> {
    let mut flags = vec![MemfdFlags::empty(), MemfdFlags::HUGETLB];
    for entry in std::fs::read_dir("/sys/kernel/mm/hugepages").into_iter().flatten().flatten() {
        // hugepages-2048kB
        let name = entry.file_name();
        let size = name.to_str().and_then(|name| name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok());
        if let Some(bytes) = size.and_then(|size: u64| size.checked_mul(1024))
            && bytes.is_power_of_two()
        {
            let size = MemfdFlags::from_bits_retain(bytes.trailing_zeros() << libc::MFD_HUGE_SHIFT);
            flags.push(MemfdFlags::HUGETLB | size);
        }
    }
    let mut devices: Vec<u64> = flags.into_iter().filter_map(|flags| device_of_memfd(flags).ok()).collect();
    devices.sort_unstable();
    devices.dedup();
    devices
}

/// A file in memory with these bytes, read from its start: standard input for a program, without a writer that would
/// have to feed it. `EFBIG` beyond `RLIMIT_FSIZE`.
pub fn file_of(bytes: &[u8]) -> io::Result<File> {
    let mut file = empty_file()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

pub fn empty_file() -> Result<File> {
    memfd(MemfdFlags::empty())
}

fn device_of_memfd(flags: MemfdFlags) -> Result<u64> {
    Ok(fstat(memfd(flags)?)?.st_dev)
}

fn memfd(flags: MemfdFlags) -> Result<File> {
    Ok(File::from(memfd_create("ipcadm", flags | MemfdFlags::CLOEXEC)?))
}
