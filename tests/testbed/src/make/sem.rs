//! Semaphore sets.

use super::layout::{Perm, Stat, stat};
use super::{check, check_id, ctl};
use crate::{Kind, before_main};

/// Creates a set of `n` semaphores, exclusively, all zero and never used.
#[track_caller]
pub fn sem(key: i32, n: usize, mode: u32) -> i32 {
    before_main::require();
    let flags = mode | 0o3000; // IPC_CREAT | IPC_EXCL
    // SAFETY: takes numbers only.
    check_id("semget", unsafe { libc::syscall(libc::SYS_semget, key, n, flags) })
}

/// What the kernel keeps of a set. Times are seconds since 1970; 0 is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemStat {
    /// Owner, creator, mode and key.
    pub perm: Perm,
    /// The last semop.
    pub otime: i64,
    /// The creation or last change.
    pub ctime: i64,
    /// The number of semaphores.
    pub nsems: u64,
}

/// IPC_STAT of a set.
#[track_caller]
pub fn sem_stat(id: i32) -> SemStat {
    let data = stat(Kind::Sem, id);
    let Stat::Sem(sem) = data else { unreachable!("asked for a set") };
    let perm = data.perm();
    let (otime, ctime, nsems) = (sem.otime, sem.ctime, sem.nsems);
    SemStat { perm, otime, ctime, nsems }
}

/// Sets all values (SETALL).
#[track_caller]
pub fn setall(id: i32, values: &[u16]) {
    assert_size(id, values.len());
    let mut values = values.to_vec();
    let data = values.as_mut_ptr().cast();
    // SAFETY: the set has as many semaphores as there are values.
    check("SETALL", unsafe { ctl(Kind::Sem, id, libc::SETALL, data) });
}

/// The values of a set of `n` semaphores (GETALL).
#[track_caller]
pub fn getall(id: i32, n: usize) -> Vec<u16> {
    assert_size(id, n);
    let mut values = vec![0; n];
    let data = values.as_mut_ptr().cast();
    // SAFETY: the set has as many semaphores as there is room for.
    check("GETALL", unsafe { ctl(Kind::Sem, id, libc::GETALL, data) });
    values
}

/// The kernel trusts the length it is not told.
#[track_caller]
fn assert_size(id: i32, n: usize) {
    assert_eq!(usize::try_from(sem_stat(id).nsems), Ok(n), "the size of sem:{id}");
}

/// Operates on a set: (semaphore, change, flags) each, atomically. With
/// SEM_UNDO the calling thread's end undoes it.
#[track_caller]
pub fn semop(id: i32, operations: &[(u16, i16, i16)]) {
    let operations = sembufs(operations);
    check("semop", raw_semop(id, &operations));
}

pub(super) fn sembufs(operations: &[(u16, i16, i16)]) -> Vec<libc::sembuf> {
    let sembuf = |&(sem_num, sem_op, sem_flg): &(u16, i16, i16)| libc::sembuf { sem_num, sem_op, sem_flg };
    operations.iter().map(sembuf).collect()
}

/// semop and its result; allocates nothing.
pub(super) fn raw_semop(id: i32, operations: &[libc::sembuf]) -> i64 {
    before_main::require();
    let (data, n) = (operations.as_ptr(), operations.len());
    let forever = std::ptr::null::<libc::timespec>();
    // SAFETY: `n` operations are read from `data`; no time limit.
    unsafe { libc::syscall(libc::SYS_semtimedop, id, data, n, forever) }
}
