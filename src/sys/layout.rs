//! The structures of the kernel's own interface, which the C libraries rearrange or lack.
//!
//! The calls go through `syscall(2)`, for which the kernel's layout counts and not that of glibc or musl.
//! Sources: `asm-generic/{ipcbuf,shmbuf,msgbuf}.h`, x86's own `asm/sembuf.h`, and `linux/{shm,sem,msg}.h`.

use std::mem::size_of;

use libc::{c_int, c_ulong};

use super::types::{Gid, Key, Mode, Perm, Uid};

#[cfg(not(all(
    target_os = "linux",
    target_pointer_width = "64",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64", target_arch = "loongarch64")
)))]
compile_error!("the System V structures are written down for 64-bit Linux on x86, ARM, RISC-V and LoongArch only");

/// Commands of the `*ctl` calls that libc does not name for every target.
pub(super) mod command {
    use libc::c_int;

    pub(crate) const IPC_RMID: c_int = 0;
    pub(crate) const IPC_SET: c_int = 1;
    pub(crate) const IPC_STAT: c_int = 2;
    pub(crate) const IPC_INFO: c_int = 3;
    pub(crate) const SHM_LOCK: c_int = 11;
    pub(crate) const SHM_UNLOCK: c_int = 12;
    pub(crate) const SHM_STAT: c_int = 13;
    pub(crate) const SHM_INFO: c_int = 14;
    pub(crate) const SHM_STAT_ANY: c_int = 15;
    pub(crate) const MSG_STAT: c_int = 11;
    pub(crate) const MSG_INFO: c_int = 12;
    pub(crate) const MSG_STAT_ANY: c_int = 13;
    pub(crate) const GETPID: c_int = 11;
    pub(crate) const GETVAL: c_int = 12;
    pub(crate) const GETALL: c_int = 13;
    pub(crate) const GETNCNT: c_int = 14;
    pub(crate) const GETZCNT: c_int = 15;
    pub(crate) const SETVAL: c_int = 16;
    pub(crate) const SETALL: c_int = 17;
    pub(crate) const SEM_STAT: c_int = 18;
    pub(crate) const SEM_INFO: c_int = 19;
    pub(crate) const SEM_STAT_ANY: c_int = 20;
}

/// `struct ipc64_perm`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Ipc64Perm {
    pub(super) key: c_int,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) cuid: u32,
    pub(super) cgid: u32,
    pub(super) mode: u32,
    pub(super) seq: u16,
    pub(super) pad: u16,
    pub(super) unused: [c_ulong; 2],
}

impl Ipc64Perm {
    pub(super) fn typed(&self) -> Perm {
        Perm {
            key: Key::from_raw(self.key),
            uid: Uid::new(self.uid),
            gid: Gid::new(self.gid),
            cuid: Uid::new(self.cuid),
            cgid: Gid::new(self.cgid),
            mode: Mode::new(self.mode),
        }
    }

    /// What `IPC_SET` reads of the structure: owner, group and mode.
    pub(super) fn for_set(uid: Uid, gid: Gid, mode: Mode) -> Self {
        Self { uid: uid.raw(), gid: gid.raw(), mode: mode.permissions(), ..Self::default() }
    }
}

/// `struct shmid64_ds`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Shmid64Ds {
    pub(super) perm: Ipc64Perm,
    pub(super) segsz: usize,
    pub(super) atime: i64,
    pub(super) dtime: i64,
    pub(super) ctime: i64,
    pub(super) cpid: i32,
    pub(super) lpid: i32,
    pub(super) nattch: c_ulong,
    pub(super) unused: [c_ulong; 2],
}

/// `struct semid64_ds`; x86 has room for the high halves of the times in between.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Semid64Ds {
    pub(super) perm: Ipc64Perm,
    pub(super) otime: i64,
    #[cfg(target_arch = "x86_64")]
    pub(super) unused1: c_ulong,
    pub(super) ctime: i64,
    #[cfg(target_arch = "x86_64")]
    pub(super) unused2: c_ulong,
    pub(super) nsems: c_ulong,
    pub(super) unused: [c_ulong; 2],
}

/// `struct msqid64_ds`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Msqid64Ds {
    pub(super) perm: Ipc64Perm,
    pub(super) stime: i64,
    pub(super) rtime: i64,
    pub(super) ctime: i64,
    pub(super) cbytes: c_ulong,
    pub(super) qnum: c_ulong,
    pub(super) qbytes: c_ulong,
    pub(super) lspid: i32,
    pub(super) lrpid: i32,
    pub(super) unused: [c_ulong; 2],
}

/// `struct shminfo64`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Shminfo64 {
    pub(super) shmmax: c_ulong,
    pub(super) shmmin: c_ulong,
    pub(super) shmmni: c_ulong,
    pub(super) shmseg: c_ulong,
    pub(super) shmall: c_ulong,
    pub(super) unused: [c_ulong; 4],
}

/// `struct shm_info`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct ShmInfo {
    pub(super) used_ids: c_int,
    pub(super) shm_tot: c_ulong,
    pub(super) shm_rss: c_ulong,
    pub(super) shm_swp: c_ulong,
    pub(super) swap_attempts: c_ulong,
    pub(super) swap_successes: c_ulong,
}

/// `struct seminfo`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Seminfo {
    pub(super) semmap: c_int,
    pub(super) semmni: c_int,
    pub(super) semmns: c_int,
    pub(super) semmnu: c_int,
    pub(super) semmsl: c_int,
    pub(super) semopm: c_int,
    pub(super) semume: c_int,
    pub(super) semusz: c_int,
    pub(super) semvmx: c_int,
    pub(super) semaem: c_int,
}

/// `struct msginfo`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Msginfo {
    pub(super) msgpool: c_int,
    pub(super) msgmap: c_int,
    pub(super) msgmax: c_int,
    pub(super) msgmnb: c_int,
    pub(super) msgmni: c_int,
    pub(super) msgssz: c_int,
    pub(super) msgtql: c_int,
    pub(super) msgseg: u16,
}

/// `struct sembuf`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Sembuf {
    pub(super) num: u16,
    pub(super) op: i16,
    pub(super) flg: i16,
}

/// `struct __kernel_timespec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Timespec {
    pub(super) seconds: i64,
    pub(super) nanoseconds: i64,
}

const _: () = {
    assert!(size_of::<Ipc64Perm>() == 48);
    assert!(size_of::<Shmid64Ds>() == 112);
    assert!(size_of::<Semid64Ds>() == if cfg!(target_arch = "x86_64") { 104 } else { 88 });
    assert!(size_of::<Msqid64Ds>() == 120);
    assert!(size_of::<Shminfo64>() == 72);
    assert!(size_of::<ShmInfo>() == 48);
    assert!(size_of::<Seminfo>() == 40);
    assert!(size_of::<Msginfo>() == 32);
    assert!(size_of::<Sembuf>() == 6);
    assert!(size_of::<Timespec>() == 16);
};

/// A count that the kernel keeps as an int.
pub(super) fn unsigned(number: c_int) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Splits the result of `IPC_INFO` and `*_INFO`, the highest used index, from "nothing there": the kernel
/// returns 0 both for an empty table and for one whose only object has index 0.
pub(super) fn highest_index(returned: libc::c_long) -> u32 {
    u32::try_from(returned).unwrap_or(0)
}
