//! Shared memory segments: `shmget`, `shmctl`, `shmat`, `shmdt`.

use std::fs::File;
use std::{io, ptr};

use libc::{c_int, c_long};
use rustix::fs::{AtFlags, StatxFlags, statx};

use super::errno::{Errno, Result};
use super::layout::{Ipc64Perm, ShmInfo, Shmid64Ds, Shminfo64, command, highest_index};
use super::types::{Gid, Key, Mode, Perm, Pid, ShmId, Timestamp, Uid};

/// `struct shmid_ds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShmStat {
    pub perm: Perm,
    /// The requested size in bytes; the memory is rounded up to whole pages.
    pub size: u64,
    /// Last attach (also by fork).
    pub atime: Timestamp,
    /// Last detach.
    pub dtime: Timestamp,
    /// Creation or last `IPC_SET`.
    pub ctime: Timestamp,
    pub cpid: Pid,
    pub lpid: Pid,
    /// Mappings, not processes: one process may hold several.
    pub nattch: u64,
}

/// `struct shminfo` of the current IPC namespace.
#[derive(Clone, Copy, Debug)]
pub struct ShmLimits {
    /// Largest segment, bytes.
    pub shmmax: u64,
    /// Smallest segment, bytes (always 1).
    pub shmmin: u64,
    pub shmmni: u64,
    /// All segments together, pages.
    pub shmall: u64,
    /// The highest index in use; 0 also when there is none.
    pub max_index: u32,
}

/// `struct shm_info`; pages are base pages.
#[derive(Clone, Copy, Debug)]
pub struct ShmUsage {
    pub used_ids: u32,
    /// Pages of all segments.
    pub total_pages: u64,
    pub resident_pages: u64,
    pub swapped_pages: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct ShmFlags {
    /// Use huge pages: `Some(0)` the default size, `Some(n)` pages of 2^n bytes.
    pub huge_shift: Option<u32>,
    /// Reserve no swap space (`SHM_NORESERVE`).
    pub no_reserve: bool,
}

/// Fails if `key` names a segment already. A private key always makes a new one.
///
/// # Errors
/// `EEXIST`, `EINVAL` (size 0 or above `shmmax`), `ENOSPC` (`shmmni` or `shmall`), `ENOMEM`, `EPERM` (huge pages).
pub fn create(key: Key, size: u64, mode: Mode, flags: ShmFlags) -> Result<ShmId> {
    let mut flg = libc::IPC_CREAT | libc::IPC_EXCL | mode.as_flags();
    if let Some(shift) = flags.huge_shift {
        flg |= libc::SHM_HUGETLB | ((shift & 0x3f) << libc::MAP_HUGE_SHIFT).cast_signed();
    }
    if flags.no_reserve {
        flg |= libc::SHM_NORESERVE;
    }
    get(key, size, flg)
}

/// Needs no permission on the segment. `ENOENT` when there is none; `EINVAL` for a private key, with which `shmget`
/// would create one.
pub fn find(key: Key) -> Result<ShmId> {
    if key.is_private() { Err(Errno::EINVAL) } else { get(key, 0, 0) }
}

fn get(key: Key, size: u64, flags: c_int) -> Result<ShmId> {
    let size = usize::try_from(size).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the call takes numbers only.
    let id =
        Errno::check(unsafe { libc::syscall(libc::SYS_shmget, c_long::from(key.raw()), size, c_long::from(flags)) })?;
    Ok(ShmId::new(id as c_int))
}

/// Describes the segment `id` (`IPC_STAT`). Needs read permission.
///
/// # Errors
/// `EACCES`, `EINVAL` (no such segment), `EIDRM`.
pub fn stat(id: ShmId) -> Result<ShmStat> {
    stat_with(command::IPC_STAT, id.raw()).map(|(_, stat)| stat)
}

/// Describes the segment at an index (`SHM_STAT`), with its id. Needs read permission.
///
/// # Errors
/// `EACCES`, `EINVAL` (a hole), `EIDRM`.
pub fn stat_at(index: i32) -> Result<(ShmId, ShmStat)> {
    stat_with(command::SHM_STAT, index)
}

/// Describes the segment at an index or id (`SHM_STAT_ANY`, Linux 4.17), with the id of what lives there.
/// Needs no permission; only the index bits of `index_or_id` count, so compare the id returned.
///
/// # Errors
/// `EINVAL` (a hole, or an older kernel), `EIDRM`, `EACCES` from a security module.
pub fn stat_any(index_or_id: i32) -> Result<(ShmId, ShmStat)> {
    stat_with(command::SHM_STAT_ANY, index_or_id)
}

fn stat_with(cmd: c_int, number: c_int) -> Result<(ShmId, ShmStat)> {
    let mut ds = Shmid64Ds::default();
    // SAFETY: the stat commands write one shmid64_ds, which `ds` is.
    let returned = Errno::check(unsafe { ctl(number, cmd, (&raw mut ds).cast()) })?;
    Ok((
        ShmId::new(returned as c_int),
        ShmStat {
            perm: ds.perm.typed(),
            size: ds.segsz as u64,
            atime: Timestamp::new(ds.atime),
            dtime: Timestamp::new(ds.dtime),
            ctime: Timestamp::new(ds.ctime),
            cpid: Pid::new(ds.cpid),
            lpid: Pid::new(ds.lpid),
            nattch: ds.nattch,
        },
    ))
}

/// Sets owner, group and permission bits (`IPC_SET`).
///
/// # Errors
/// `EPERM` (neither owner, creator nor privileged), `EINVAL` (gone, or an id that the namespace cannot map), `EIDRM`.
pub fn set(id: ShmId, uid: Uid, gid: Gid, mode: Mode) -> Result<()> {
    let mut ds = Shmid64Ds { perm: Ipc64Perm::for_set(uid, gid, mode), ..Shmid64Ds::default() };
    // SAFETY: IPC_SET reads one shmid64_ds.
    Errno::check(unsafe { ctl(id.raw(), command::IPC_SET, (&raw mut ds).cast()) }).map(drop)
}

/// Removes the segment, at once or when the last process detaches (`IPC_RMID`).
///
/// # Errors
/// `EPERM`, `EINVAL` (gone), `EIDRM`.
pub fn remove(id: ShmId) -> Result<()> {
    simple(id, command::IPC_RMID)
}

/// `SHM_LOCK`: keeps the segment in RAM; without effect on huge pages.
///
/// # Errors
/// `EPERM` (neither owner nor creator nor `CAP_IPC_LOCK`, or `RLIMIT_MEMLOCK` 0), `ENOMEM` (`RLIMIT_MEMLOCK`),
/// `EINVAL`, `EIDRM`.
pub fn lock(id: ShmId) -> Result<()> {
    simple(id, command::SHM_LOCK)
}

/// `SHM_UNLOCK`.
pub fn unlock(id: ShmId) -> Result<()> {
    simple(id, command::SHM_UNLOCK)
}

fn simple(id: ShmId, cmd: c_int) -> Result<()> {
    // SAFETY: these commands use no buffer.
    Errno::check(unsafe { ctl(id.raw(), cmd, ptr::null_mut()) }).map(drop)
}

/// `IPC_INFO`; `ENOSYS` where the kernel has no System V IPC.
pub fn limits() -> Result<ShmLimits> {
    let mut info = Shminfo64::default();
    // SAFETY: IPC_INFO writes one shminfo64.
    let returned = Errno::check(unsafe { ctl(0, command::IPC_INFO, (&raw mut info).cast()) })?;
    Ok(ShmLimits {
        shmmax: info.shmmax,
        shmmin: info.shmmin,
        shmmni: info.shmmni,
        shmall: info.shmall,
        max_index: highest_index(returned),
    })
}

/// `SHM_INFO`; walks every segment in the kernel, about 50 ns each.
pub fn usage() -> Result<ShmUsage> {
    let mut info = ShmInfo::default();
    // SAFETY: SHM_INFO writes one shm_info.
    Errno::check(unsafe { ctl(0, command::SHM_INFO, (&raw mut info).cast()) })?;
    Ok(ShmUsage {
        used_ids: u32::try_from(info.used_ids).unwrap_or(0),
        total_pages: info.shm_tot,
        resident_pages: info.shm_rss,
        swapped_pages: info.shm_swp,
    })
}

/// # Safety
/// `buffer` must be what `cmd` reads or writes.
unsafe fn ctl(number: c_int, cmd: c_int, buffer: *mut libc::c_void) -> c_long {
    // SAFETY: the caller vouches for the buffer.
    unsafe { libc::syscall(libc::SYS_shmctl, c_long::from(number), c_long::from(cmd), buffer) }
}

/// What this process has mapped, each with the file behind it (`/proc/self/map_files`).
#[derive(Debug)]
pub struct MappedFiles(File);

impl MappedFiles {
    pub fn open() -> io::Result<Self> {
        File::open("/proc/self/map_files").map(Self)
    }

    /// When the file was made that is mapped from `start` to `end`; None where its file system does not tell.
    ///
    /// # Errors
    /// `EPERM` without `CAP_CHECKPOINT_RESTORE`; `ENOENT` when there is no such mapping; `ENOSYS` before Linux 4.11.
    pub fn born(&self, start: u64, end: u64) -> Result<Option<Timestamp>> {
        let file = statx(&self.0, format!("{start:x}-{end:x}"), AtFlags::empty(), StatxFlags::BTIME)?;
        let is_told = file.stx_mask & StatxFlags::BTIME.bits() != 0;
        Ok(is_told.then(|| Timestamp::new(file.stx_btime.tv_sec)))
    }
}

/// A mapped segment; dropping it detaches.
#[derive(Debug)]
pub struct Attachment {
    address: usize,
}

impl Attachment {
    /// `shmat` at an address of the kernel's choice.
    ///
    /// # Errors
    /// `EACCES`, `EINVAL` (gone), `EIDRM`, `ENOMEM`.
    pub fn new(id: ShmId, read_only: bool) -> Result<Self> {
        let flags = if read_only { libc::SHM_RDONLY } else { 0 };
        // SAFETY: with a null address the kernel picks a free range; nothing of ours is mapped over.
        let address = Errno::check(unsafe {
            libc::syscall(libc::SYS_shmat, c_long::from(id.raw()), ptr::null::<libc::c_void>(), c_long::from(flags))
        })?;
        Ok(Self { address: address as usize })
    }

    /// `MADV_DONTFORK`: children would count as attachments, and be recorded as users.
    pub(crate) fn keep_from_children(&self, size: u64) -> Result<()> {
        let size = usize::try_from(size).map_err(|_| Errno::EINVAL)?;
        // SAFETY: concerns the whole mapping, which self made; no byte changes.
        Errno::check(libc::c_long::from(unsafe {
            libc::madvise(self.address as *mut libc::c_void, size, libc::MADV_DONTFORK)
        }))
        .map(drop)
    }

    pub fn address(&self) -> usize {
        self.address
    }

    pub fn detach(self) -> Result<()> {
        let result = detach_at(self.address);
        std::mem::forget(self);
        result
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // A failed detach cannot be handled here; the kernel detaches at exit.
        let _ = detach_at(self.address);
    }
}

fn detach_at(address: usize) -> Result<()> {
    // SAFETY: the address came from shmat and only its owner, `Attachment`, detaches it; no reference into
    // the mapping is ever handed out.
    Errno::check(unsafe { libc::syscall(libc::SYS_shmdt, address) }).map(drop)
}
