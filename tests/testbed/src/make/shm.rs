//! Shared memory segments.

use std::io;
use std::ptr;

use super::layout::{Perm, Stat, stat};
use super::{check, check_id, ctl};
use crate::run::forking;
use crate::{Kind, before_main};

/// Creates a segment, exclusively. `mode` may hold further flags of shmget,
/// such as SHM_NORESERVE.
#[track_caller]
pub fn shm(key: i32, size: usize, mode: u32) -> i32 {
    before_main::require();
    let flags = mode | 0o3000; // IPC_CREAT | IPC_EXCL
    // SAFETY: takes numbers only.
    check_id("shmget", unsafe { libc::syscall(libc::SYS_shmget, key, size, flags) })
}

/// What the kernel keeps of a segment. Times are seconds since 1970; 0 is
/// never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShmStat {
    /// Owner, creator, mode and key.
    pub perm: Perm,
    /// The size asked for, in bytes.
    pub size: u64,
    /// The last attach.
    pub atime: i64,
    /// The last detach.
    pub dtime: i64,
    /// The creation or last change.
    pub ctime: i64,
    /// The creator's pid.
    pub cpid: i32,
    /// The pid of the last attach or detach.
    pub lpid: i32,
    /// How often it is attached.
    pub nattch: u64,
}

/// IPC_STAT of a segment.
#[track_caller]
pub fn shm_stat(id: i32) -> ShmStat {
    let data = stat(Kind::Shm, id);
    let Stat::Shm(shm) = data else { unreachable!("asked for a segment") };
    let perm = data.perm();
    let (size, nattch) = (shm.segsz, shm.nattch);
    let (atime, dtime, ctime) = (shm.atime, shm.dtime, shm.ctime);
    let (cpid, lpid) = (shm.cpid, shm.lpid);
    ShmStat { perm, size, atime, dtime, ctime, cpid, lpid, nattch }
}

/// Keeps a segment in RAM (SHM_LOCK).
#[track_caller]
pub fn shm_lock(id: i32) {
    // SAFETY: SHM_LOCK reads and writes no memory.
    check("SHM_LOCK", unsafe { ctl(Kind::Shm, id, libc::SHM_LOCK, ptr::null_mut()) });
}

/// A segment attached to the test process, but not to children. Dropping it
/// detaches it.
#[derive(Debug)]
pub struct Attachment {
    address: *mut u8,
    len: usize,
}

// SAFETY: an attachment belongs to the whole process; `&self` only reads.
unsafe impl Send for Attachment {}

/// Attaches a segment for reading and writing.
#[track_caller]
pub fn attach(id: i32) -> Attachment {
    attach_as(id, 0)
}

/// Attaches a segment for reading. [`Attachment::write`] would crash.
#[track_caller]
pub fn attach_readonly(id: i32) -> Attachment {
    attach_as(id, libc::SHM_RDONLY)
}

#[track_caller]
fn attach_as(id: i32, flags: i32) -> Attachment {
    let size = shm_stat(id).size;
    let len = size.try_into().unwrap_or_else(|_| panic!("too big to attach: {size}"));
    let _no_fork = forking();
    let address = raw_shmat(id, flags);
    assert!(!address.is_null(), "shmat: {}", io::Error::last_os_error());
    // A child that another test's thread forks would have it attached too, and
    // nattch would not be what this test expects.
    // SAFETY: only decides what fork copies; the range was just attached.
    let ret = unsafe { libc::madvise(address.cast(), len, libc::MADV_DONTFORK) };
    assert_eq!(ret, 0, "madvise: {}", io::Error::last_os_error());
    Attachment { address, len }
}

/// shmat where the kernel chooses; null when it failed. Allocates nothing.
pub(crate) fn raw_shmat(id: i32, flags: i32) -> *mut u8 {
    before_main::require();
    // SAFETY: nothing is replaced, and what is mapped belongs to nobody yet.
    let address = unsafe { libc::syscall(libc::SYS_shmat, id, ptr::null::<u8>(), flags) };
    if address == -1 {
        return ptr::null_mut();
    }
    ptr::with_exposed_provenance_mut(usize::try_from(address).unwrap_or_default())
}

impl Attachment {
    /// Where the segment is in this process.
    pub fn address(&self) -> usize {
        self.address.addr()
    }

    /// The bytes at this offset.
    #[track_caller]
    pub fn read(&self, offset: usize, len: usize) -> Vec<u8> {
        self.assert_inside(offset, len);
        let mut bytes = vec![0; len];
        // SAFETY: the range is inside the attachment; the vector is as long.
        unsafe { ptr::copy(self.address.add(offset), bytes.as_mut_ptr(), len) };
        bytes
    }

    /// Writes the bytes at this offset.
    #[track_caller]
    pub fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.assert_inside(offset, bytes.len());
        // SAFETY: the range is inside the attachment, which is writable.
        unsafe { ptr::copy(bytes.as_ptr(), self.address.add(offset), bytes.len()) };
    }

    #[track_caller]
    fn assert_inside(&self, offset: usize, len: usize) {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.len), "beyond the {} bytes", self.len);
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // SAFETY: `address` came from shmat and nothing borrows the memory.
        unsafe { libc::shmdt(self.address.cast()) };
    }
}
