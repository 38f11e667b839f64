//! Bare system calls on objects that return the errno instead of panicking,
//! for tests in which failing is part of the game. None of them allocates.

use std::ptr;

use crate::make::raw_shmat;
use crate::{Kind, before_main};

/// A result, or the errno.
pub type Errno<T> = Result<T, i32>;

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn result(value: i64) -> Errno<i64> {
    if value < 0 { Err(errno()) } else { Ok(value) }
}

fn id(value: i64) -> Errno<i32> {
    result(value).map(|id| i32::try_from(id).unwrap_or(-1))
}

/// shmget, semget or msgget; `size` is of a segment in bytes, or of a set in
/// semaphores.
pub fn get(kind: Kind, key: i32, size: usize, flags: i32) -> Errno<i32> {
    before_main::require();
    // SAFETY: these take numbers only.
    id(unsafe {
        match kind {
            Kind::Shm => libc::syscall(libc::SYS_shmget, key, size, flags),
            Kind::Sem => libc::syscall(libc::SYS_semget, key, size, flags),
            Kind::Msg => libc::syscall(libc::SYS_msgget, key, flags),
        }
    })
}

/// IPC_RMID.
pub fn remove(kind: Kind, id: i32) -> Errno<()> {
    let none = ptr::null_mut();
    // SAFETY: IPC_RMID reads and writes no memory.
    result(unsafe { super::make::ctl(kind, id, libc::IPC_RMID, none) }).map(drop)
}

/// The mode of an object, SHM_DEST and SHM_LOCKED included. That needs no
/// permission (STAT_ANY).
pub fn mode(kind: Kind, id: i32) -> Errno<u32> {
    super::make::stat_any(kind, id)
}

/// A segment's attachment. It is not undone by dropping it.
#[derive(Clone, Copy, Debug)]
pub struct Attached(usize);

/// shmat for reading.
pub fn attach(id: i32) -> Errno<Attached> {
    let address = raw_shmat(id, libc::SHM_RDONLY);
    if address.is_null() { Err(errno()) } else { Ok(Attached(address.addr())) }
}

/// shmdt.
pub fn detach(attached: Attached) -> Errno<()> {
    // SAFETY: the address came from shmat, and nothing uses the memory.
    result(unsafe { libc::shmdt(ptr::without_provenance(attached.0)) }.into()).map(drop)
}

/// semtimedop of one operation; without a time limit where `millis` is None.
pub fn semop(id: i32, (sem_num, sem_op, sem_flg): (u16, i16, i32), millis: Option<i64>) -> Errno<()> {
    let flags = i16::try_from(sem_flg).unwrap_or(0);
    let operation = libc::sembuf { sem_num, sem_op, sem_flg: flags };
    let limit = millis.map(|millis| libc::timespec { tv_sec: millis / 1000, tv_nsec: millis % 1000 * 1_000_000 });
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: reads one operation, and a time or nothing.
    result(unsafe { libc::syscall(libc::SYS_semtimedop, id, &raw const operation, 1, limit) }).map(drop)
}

/// The longest message of [`send`].
pub const MOST_BYTES: usize = 8192;

#[repr(C)]
struct Message {
    mtype: i64,
    text: [u8; MOST_BYTES],
}

/// msgsnd of so many bytes.
pub fn send(id: i32, mtype: i64, len: usize, flags: i32) -> Errno<()> {
    assert!(len <= MOST_BYTES);
    let message = Message { mtype, text: [0; MOST_BYTES] };
    // SAFETY: the type and `len` bytes are read.
    result(unsafe { libc::syscall(libc::SYS_msgsnd, id, &raw const message, len, flags) }).map(drop)
}

/// msgrcv.
pub fn recv(id: i32, mtype: i64, flags: i32) -> Errno<()> {
    let mut message = Message { mtype: 0, text: [0; MOST_BYTES] };
    // SAFETY: the type and at most as many bytes as there is room for are written.
    result(unsafe { libc::syscall(libc::SYS_msgrcv, id, &raw mut message, MOST_BYTES, mtype, flags) }).map(drop)
}
