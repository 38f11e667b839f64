//! The kernel's own structures (include/uapi/asm-generic/{ipc,shm,sem,msg}buf.h
//! and x86's sembuf.h), for 64-bit processes.

use std::io;
use std::mem::size_of;

use super::ctl;
use crate::Kind;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the testbed knows the structures of 64-bit kernels only");

/// What all kinds have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perm {
    /// The creation key; 0 for a private object.
    pub key: i32,
    /// The owner.
    pub uid: u32,
    /// The owner's group.
    pub gid: u32,
    /// The creator.
    pub cuid: u32,
    /// The creator's group.
    pub cgid: u32,
    /// The permission bits; a segment's may have SHM_DEST and SHM_LOCKED too.
    pub mode: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Ipc64Perm {
    key: i32,
    uid: u32,
    gid: u32,
    cuid: u32,
    cgid: u32,
    mode: u32,
    seq: u16,
    pad: [u16; 3],
    unused: [u64; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Shmid64 {
    perm: Ipc64Perm,
    pub(super) segsz: u64,
    pub(super) atime: i64,
    pub(super) dtime: i64,
    pub(super) ctime: i64,
    pub(super) cpid: i32,
    pub(super) lpid: i32,
    pub(super) nattch: u64,
    unused: [u64; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Semid64 {
    perm: Ipc64Perm,
    pub(super) otime: i64,
    #[cfg(target_arch = "x86_64")]
    unused1: u64,
    pub(super) ctime: i64,
    #[cfg(target_arch = "x86_64")]
    unused2: u64,
    pub(super) nsems: u64,
    unused: [u64; 2],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Msqid64 {
    perm: Ipc64Perm,
    pub(super) stime: i64,
    pub(super) rtime: i64,
    pub(super) ctime: i64,
    pub(super) cbytes: u64,
    pub(super) qnum: u64,
    pub(super) qbytes: u64,
    pub(super) lspid: i32,
    pub(super) lrpid: i32,
    unused: [u64; 2],
}

const _: () = assert!(size_of::<Ipc64Perm>() == 48);
const _: () = assert!(size_of::<Shmid64>() == 112);
const _: () = assert!(size_of::<Semid64>() == if cfg!(target_arch = "x86_64") { 104 } else { 88 });
const _: () = assert!(size_of::<Msqid64>() == 120);

/// What IPC_STAT filled in.
pub(super) enum Stat {
    Shm(Shmid64),
    Sem(Semid64),
    Msg(Msqid64),
}

impl Stat {
    pub(super) fn pointer(&mut self) -> *mut libc::c_void {
        match self {
            Stat::Shm(data) => (&raw mut *data).cast(),
            Stat::Sem(data) => (&raw mut *data).cast(),
            Stat::Msg(data) => (&raw mut *data).cast(),
        }
    }

    pub(super) fn perm_mut(&mut self) -> &mut Ipc64Perm {
        match self {
            Stat::Shm(data) => &mut data.perm,
            Stat::Sem(data) => &mut data.perm,
            Stat::Msg(data) => &mut data.perm,
        }
    }

    pub(super) fn perm(mut self) -> Perm {
        let &mut Ipc64Perm { key, uid, gid, cuid, cgid, mode, .. } = self.perm_mut();
        Perm { key, uid, gid, cuid, cgid, mode }
    }
}

impl Ipc64Perm {
    pub(super) fn set(&mut self, uid: u32, gid: u32, mode: u32) {
        (self.uid, self.gid, self.mode) = (uid, gid, mode);
    }
}

/// IPC_STAT.
#[track_caller]
pub(super) fn stat(kind: Kind, id: i32) -> Stat {
    try_stat(kind, id).unwrap_or_else(|e| panic!("IPC_STAT of {}:{id}: {e}", kind.word()))
}

/// IPC_STAT, which may fail.
pub(super) fn try_stat(kind: Kind, id: i32) -> io::Result<Stat> {
    let mut data = match kind {
        Kind::Shm => Stat::Shm(Shmid64::default()),
        Kind::Sem => Stat::Sem(Semid64::default()),
        Kind::Msg => Stat::Msg(Msqid64::default()),
    };
    // SAFETY: the structure is the kernel's for this kind, as asserted above.
    match unsafe { ctl(kind, id, libc::IPC_STAT, data.pointer()) } {
        0 => Ok(data),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The mode of the object with this id, by X_STAT_ANY, which needs no
/// permission; the errno, EINVAL too when another object has its place.
pub fn stat_any(kind: Kind, id: i32) -> Result<u32, i32> {
    const SHM_STAT_ANY: i32 = 15;
    const SEM_STAT_ANY: i32 = 20;
    const MSG_STAT_ANY: i32 = 13;
    let (mut data, command) = match kind {
        Kind::Shm => (Stat::Shm(Shmid64::default()), SHM_STAT_ANY),
        Kind::Sem => (Stat::Sem(Semid64::default()), SEM_STAT_ANY),
        Kind::Msg => (Stat::Msg(Msqid64::default()), MSG_STAT_ANY),
    };
    // SAFETY: the structure is the kernel's for this kind, as asserted above.
    match unsafe { ctl(kind, id, command, data.pointer()) } {
        found if found == i64::from(id) => Ok(data.perm().mode),
        found if found >= 0 => Err(libc::EINVAL),
        _ => Err(io::Error::last_os_error().raw_os_error().unwrap_or(0)),
    }
}
