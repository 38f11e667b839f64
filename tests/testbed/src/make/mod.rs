//! Objects made, used and looked at as a foreign program would do it: through
//! bare system calls, sharing no code with the program under test.
//!
//! Everything here panics with the call's name and errno when it fails, and
//! works in the IPC namespace of the calling thread.
//!
//! All calls on objects are made by their numbers. So a test process imports
//! none of `semop`, `msgsnd`, `msgrcv` and `shmat`, and the program does not
//! take it for one that may use objects which others have made.

mod layout;
mod msg;
mod pause;
mod process;
mod sem;
mod shm;
mod undo;

use std::io;

pub use layout::{Perm, stat_any};
pub use msg::{MsgStat, msg, msg_stat, qbytes, recv, send};
pub(crate) use pause::mount_of;
pub use pause::{Freezer, Traced, Version};
pub use process::receiving_thread;
pub use process::{Blocked, Churner, Holder, ReceivingThread, as_user, blocked_recv, blocked_recv_except};
pub use process::{blocked_semop, blocked_send};
pub use process::{by_dead_process, churner, holder, holder_from_elsewhere, holder_of_four, holder_with_a_twin};
pub use process::{receiver_that_had_a_thread, recv_until_removed, semop_until_removed, send_until_removed};
pub use sem::{SemStat, getall, sem, sem_stat, semop, setall};
pub(crate) use shm::raw_shmat;
pub use shm::{Attachment, ShmStat, attach, attach_readonly, shm, shm_lock, shm_stat};
pub use undo::{Sharers, undo_churner, undo_holder, undo_turnover};

use crate::{Kind, before_main};

/// Removes an object (IPC_RMID).
#[track_caller]
pub fn remove(kind: Kind, id: i32) {
    let none = std::ptr::null_mut();
    // SAFETY: IPC_RMID reads and writes no memory.
    check("IPC_RMID", unsafe { ctl(kind, id, libc::IPC_RMID, none) });
}

/// Sets owner, group and mode (IPC_SET); a queue keeps its size.
#[track_caller]
pub fn chown(kind: Kind, id: i32, uid: u32, gid: u32, mode: u32) {
    let mut data = layout::stat(kind, id);
    data.perm_mut().set(uid, gid, mode);
    // SAFETY: the structure is the kernel's for this kind.
    check("IPC_SET", unsafe { ctl(kind, id, libc::IPC_SET, data.pointer()) });
}

/// Whether there is an object with this id.
#[track_caller]
pub fn exists(kind: Kind, id: i32) -> bool {
    match layout::try_stat(kind, id) {
        Ok(_) => true,
        Err(e) if [libc::EINVAL, libc::EIDRM].map(Some).contains(&e.raw_os_error()) => false,
        Err(e) => panic!("IPC_STAT of {}:{id}: {e}", kind.word()),
    }
}

/// Owner, creator, mode and key of an object (IPC_STAT).
#[track_caller]
pub fn perm(kind: Kind, id: i32) -> Perm {
    layout::stat(kind, id).perm()
}

/// An object's key.
#[track_caller]
pub fn key_of(kind: Kind, id: i32) -> i32 {
    perm(kind, id).key
}

/// The C library's ftok(3).
#[track_caller]
pub fn ftok(path: impl AsRef<std::path::Path>, project: u8) -> i32 {
    use std::os::unix::ffi::OsStrExt as _;
    let path = path.as_ref();
    let name =
        std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // SAFETY: a C string that outlives the call, and a number.
    let key = unsafe { libc::ftok(name.as_ptr(), project.into()) };
    let failed = key == -1 && !path.exists();
    assert!(!failed, "ftok: {}", io::Error::last_os_error());
    key
}

/// shmctl, semctl or msgctl without the C library's idea of the structures.
///
/// # Safety
///
/// `data` must be what `command` asks for.
pub(crate) unsafe fn ctl(kind: Kind, id: i32, command: i32, data: *mut libc::c_void) -> i64 {
    before_main::require();
    // SAFETY: as the caller promised.
    unsafe {
        match kind {
            Kind::Shm => libc::syscall(libc::SYS_shmctl, id, command, data),
            Kind::Sem => libc::syscall(libc::SYS_semctl, id, 0, command, data),
            Kind::Msg => libc::syscall(libc::SYS_msgctl, id, command, data),
        }
    }
}

/// The result of a system call, unless it failed.
#[track_caller]
fn check(call: &str, result: i64) -> i64 {
    assert!(result >= 0, "{call}: {}", io::Error::last_os_error());
    result
}

/// An id that was just returned.
#[track_caller]
fn check_id(call: &str, result: i64) -> i32 {
    let id = check(call, result);
    id.try_into().unwrap_or_else(|_| panic!("{call} returned {id}"))
}
