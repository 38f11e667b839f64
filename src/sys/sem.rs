//! Semaphore sets: `semget`, `semctl`, `semtimedop`.
//!
//! Errors of the calls that all kinds have are documented in [`super::shm`].

pub mod take;

use std::ptr;
use std::time::Duration;

use libc::{c_int, c_long, c_ulong};

use super::errno::{Errno, Result};
use super::guarded::with_values;
use super::layout::{Ipc64Perm, Sembuf, Semid64Ds, Seminfo, Timespec, command, highest_index, unsigned};
use super::types::{Gid, Key, Mode, Perm, Pid, SemId, Timestamp, Uid};

/// `SEMVMX`.
pub const MAX_VALUE: u16 = 32767;

/// `struct semid_ds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemStat {
    pub perm: Perm,
    /// Last successful `semop`; never for a set only initialised by `SETVAL` or `SETALL`.
    pub otime: Timestamp,
    /// Creation, last `IPC_SET`, `SETVAL` or `SETALL`.
    pub ctime: Timestamp,
    pub nsems: u64,
}

/// `struct seminfo` of the current IPC namespace.
#[derive(Clone, Copy, Debug)]
pub struct SemLimits {
    pub semmni: u64,
    /// Number of semaphores in all sets.
    pub semmns: u64,
    /// Semaphores in one set.
    pub semmsl: u64,
    /// Operations in one `semop`.
    pub semopm: u64,
    pub semvmx: u64,
    /// The highest index in use; 0 also when there is none.
    pub max_index: u32,
}

/// `SEM_INFO`.
#[derive(Clone, Copy, Debug)]
pub struct SemUsage {
    pub used_ids: u32,
    pub semaphores: u64,
}

/// `struct sembuf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemOp {
    pub index: u16,
    /// Added to the value; negative waits until the value is large enough, 0 waits for zero.
    pub delta: i16,
    /// Fail instead of waiting (`IPC_NOWAIT`).
    pub no_wait: bool,
    /// Revert when the process ends (`SEM_UNDO`).
    pub undo: bool,
}

impl SemOp {
    pub const fn new(index: u16, delta: i16) -> Self {
        Self { index, delta, no_wait: false, undo: false }
    }

    pub const fn no_wait(self) -> Self {
        Self { no_wait: true, ..self }
    }

    pub(super) fn raw(self) -> Sembuf {
        let mut flg = 0;
        if self.no_wait {
            flg |= libc::IPC_NOWAIT;
        }
        if self.undo {
            flg |= libc::SEM_UNDO;
        }
        // Both flags fit sixteen bits (04000 and 010000).
        Sembuf { num: self.index, op: self.delta, flg: flg as i16 }
    }
}

/// All values are 0. Fails if `key` names a set already.
///
/// # Errors
/// `EEXIST`, `EINVAL` (`nsems` 0 or above `semmsl`), `ENOSPC` (`semmni` or `semmns`), `ENOMEM`.
pub fn create(key: Key, nsems: u32, mode: Mode) -> Result<SemId> {
    let nsems = c_int::try_from(nsems).map_err(|_| Errno::EINVAL)?;
    get(key, nsems, libc::IPC_CREAT | libc::IPC_EXCL | mode.as_flags())
}

/// Needs no permission on the set.
pub fn find(key: Key) -> Result<SemId> {
    if key.is_private() { Err(Errno::EINVAL) } else { get(key, 0, 0) }
}

fn get(key: Key, nsems: c_int, flags: c_int) -> Result<SemId> {
    // SAFETY: the call takes numbers only.
    let id = Errno::check(unsafe {
        libc::syscall(libc::SYS_semget, c_long::from(key.raw()), c_long::from(nsems), c_long::from(flags))
    })?;
    Ok(SemId::new(id as c_int))
}

/// Describes the set `id` (`IPC_STAT`). Needs read permission.
pub fn stat(id: SemId) -> Result<SemStat> {
    stat_with(command::IPC_STAT, id.raw()).map(|(_, stat)| stat)
}

/// Describes the set at an index (`SEM_STAT`), with its id. Needs read permission.
pub fn stat_at(index: i32) -> Result<(SemId, SemStat)> {
    stat_with(command::SEM_STAT, index)
}

/// Describes the set at an index or id (`SEM_STAT_ANY`, Linux 4.17), with the id of what lives there.
/// Needs no permission; only the index bits of `index_or_id` count, so compare the id returned.
pub fn stat_any(index_or_id: i32) -> Result<(SemId, SemStat)> {
    stat_with(command::SEM_STAT_ANY, index_or_id)
}

fn stat_with(cmd: c_int, number: c_int) -> Result<(SemId, SemStat)> {
    let mut ds = Semid64Ds::default();
    // SAFETY: the stat commands write one semid64_ds, which `ds` is.
    let returned = Errno::check(unsafe { ctl(number, 0, cmd, (&raw mut ds) as c_ulong) })?;
    Ok((
        SemId::new(returned as c_int),
        SemStat {
            perm: ds.perm.typed(),
            otime: Timestamp::new(ds.otime),
            ctime: Timestamp::new(ds.ctime),
            nsems: ds.nsems,
        },
    ))
}

/// Sets owner, group and permission bits (`IPC_SET`).
///
/// # Errors
/// `EPERM` (neither owner, creator nor privileged), `EINVAL` (gone, or an id that the namespace cannot map), `EIDRM`.
pub fn set(id: SemId, uid: Uid, gid: Gid, mode: Mode) -> Result<()> {
    let mut ds = Semid64Ds { perm: Ipc64Perm::for_set(uid, gid, mode), ..Semid64Ds::default() };
    // SAFETY: IPC_SET reads one semid64_ds.
    Errno::check(unsafe { ctl(id.raw(), 0, command::IPC_SET, (&raw mut ds) as c_ulong) }).map(drop)
}

/// Removes the set; whoever waits on it gets `EIDRM` (`IPC_RMID`).
pub fn remove(id: SemId) -> Result<()> {
    // SAFETY: IPC_RMID uses no buffer.
    Errno::check(unsafe { ctl(id.raw(), 0, command::IPC_RMID, 0) }).map(drop)
}

/// `GETALL`: all values at one moment. `nsems` is from the set's stat.
///
/// # Errors
/// `EACCES`, `EINVAL` (gone), `EIDRM`, `ENOMEM`; `EFAULT` if the set has become larger than `nsems`.
pub fn get_all(id: SemId, nsems: usize) -> Result<Vec<u16>> {
    with_values(nsems, |values| {
        // SAFETY: the kernel writes as many values as the set has; past `nsems` it meets the guard page and fails.
        Errno::check(unsafe { ctl(id.raw(), 0, command::GETALL, values.as_mut_ptr() as c_ulong) })?;
        Ok(values.to_vec())
    })
}

/// `SETALL`: sets all values at one moment, and clears every process's undo adjustments for the set.
///
/// # Errors
/// `EACCES`, `ERANGE` (a value above [`MAX_VALUE`]; nothing is set), `EINVAL` (gone), `EIDRM`; `EFAULT` if the
/// set has become larger than `values`.
pub fn set_all(id: SemId, values: &[u16]) -> Result<()> {
    with_values(values.len(), |buffer| {
        buffer.copy_from_slice(values);
        // SAFETY: the kernel reads as many values as the set has; past the end it meets the guard page and fails.
        Errno::check(unsafe { ctl(id.raw(), 0, command::SETALL, buffer.as_mut_ptr() as c_ulong) }).map(drop)
    })
}

/// `GETVAL`.
///
/// # Errors
/// `EACCES`, `EINVAL` (gone, or no such semaphore), `EIDRM`.
pub fn value(id: SemId, index: u32) -> Result<u16> {
    // GETVAL returns 0 to SEMVMX.
    number(id, index, command::GETVAL).map(|value| value as u16)
}

/// `GETPID`: the last process to operate on the semaphore.
pub fn last_pid(id: SemId, index: u32) -> Result<Pid> {
    number(id, index, command::GETPID).map(Pid::new)
}

/// `GETNCNT`: threads waiting for the value to grow.
pub fn waiting_for_increase(id: SemId, index: u32) -> Result<u32> {
    number(id, index, command::GETNCNT).map(i32::cast_unsigned)
}

/// `GETZCNT`: threads waiting for zero.
pub fn waiting_for_zero(id: SemId, index: u32) -> Result<u32> {
    number(id, index, command::GETZCNT).map(i32::cast_unsigned)
}

fn number(id: SemId, index: u32, cmd: c_int) -> Result<c_int> {
    let index = c_int::try_from(index).map_err(|_| Errno::EINVAL)?;
    // SAFETY: these commands use no buffer.
    let returned = Errno::check(unsafe { ctl(id.raw(), index, cmd, 0) })?;
    Ok(returned as c_int)
}

/// `SETVAL`: sets one value, and clears every process's undo adjustments for the semaphore.
///
/// # Errors
/// `EACCES`, `ERANGE`, `EINVAL` (gone, or no such semaphore), `EIDRM`.
pub fn set_value(id: SemId, index: u32, value: u16) -> Result<()> {
    let index = c_int::try_from(index).map_err(|_| Errno::EINVAL)?;
    // SAFETY: SETVAL takes the value itself, no buffer.
    Errno::check(unsafe { ctl(id.raw(), index, command::SETVAL, c_ulong::from(value)) }).map(drop)
}

/// `semtimedop`: does all of `ops` at one moment or waits. Not repeated after a signal.
///
/// # Errors
/// `EAGAIN` (would block, or timed out), `EACCES`, `EFBIG` (no such semaphore), `ERANGE`, `E2BIG` (more than
/// `semopm`), `EIDRM` (removed while waiting), `EINTR`, `EINVAL` (gone, or no operation), `ENOMEM` (undo).
pub fn op(id: SemId, ops: &[SemOp], timeout: Option<Duration>) -> Result<()> {
    let raw: Vec<Sembuf> = ops.iter().map(|op| op.raw()).collect();
    call(id, &raw, timeout)
}

/// `semtimedop` itself; allocates nothing.
fn call(id: SemId, ops: &[Sembuf], timeout: Option<Duration>) -> Result<()> {
    let limit = timeout.map(timespec);
    let limit: *const Timespec = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `ops` holds as many sembufs as is said, and `limit` is null or one timespec; both outlive the call.
    Errno::check(unsafe { libc::syscall(libc::SYS_semtimedop, c_long::from(id.raw()), ops.as_ptr(), ops.len(), limit) })
        .map(drop)
}

pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: i64::from(duration.subsec_nanos()),
    }
}

/// `IPC_INFO`; `ENOSYS` where the kernel has no System V IPC.
pub fn limits() -> Result<SemLimits> {
    let (info, max_index) = info(command::IPC_INFO)?;
    Ok(SemLimits {
        semmni: unsigned(info.semmni),
        semmns: unsigned(info.semmns),
        semmsl: unsigned(info.semmsl),
        semopm: unsigned(info.semopm),
        semvmx: unsigned(info.semvmx),
        max_index,
    })
}

/// `SEM_INFO`; `ENOSYS` where the kernel has no System V IPC.
pub fn usage() -> Result<SemUsage> {
    let (info, _) = info(command::SEM_INFO)?;
    Ok(SemUsage { used_ids: u32::try_from(info.semusz).unwrap_or(0), semaphores: unsigned(info.semaem) })
}

fn info(cmd: c_int) -> Result<(Seminfo, u32)> {
    let mut info = Seminfo::default();
    // SAFETY: IPC_INFO and SEM_INFO write one seminfo.
    let returned = Errno::check(unsafe { ctl(0, 0, cmd, (&raw mut info) as c_ulong) })?;
    Ok((info, highest_index(returned)))
}

/// # Safety
/// `arg` must be what `cmd` takes: the address of a live structure, or a number.
unsafe fn ctl(number: c_int, index: c_int, cmd: c_int, arg: c_ulong) -> c_long {
    // SAFETY: the caller vouches for `arg`.
    unsafe { libc::syscall(libc::SYS_semctl, c_long::from(number), c_long::from(index), c_long::from(cmd), arg) }
}
