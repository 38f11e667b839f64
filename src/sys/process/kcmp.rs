//! Comparing resources of processes that the kernel does not show (kcmp(2)).

use std::cmp::Ordering;
use std::io;

use super::child::Child;

/// `enum kcmp_type` of linux/kcmp.h.
const KCMP_VM: libc::c_long = 1;
const KCMP_SYSVSEM: libc::c_long = 6;

/// An arbitrary but stable order of a resource of two processes; equal if they share it. None without permission, when
/// one has ended, or without kcmp(2).
fn compare(one: u32, other: u32, what: libc::c_long) -> Option<Ordering> {
    // SAFETY: takes numbers only.
    let order = unsafe {
        libc::syscall(libc::SYS_kcmp, libc::c_long::from(one), libc::c_long::from(other), what, 0_usize, 0_usize)
    };
    match order {
        0 => Some(Ordering::Equal),
        1 => Some(Ordering::Less),
        2 => Some(Ordering::Greater),
        _ => None,
    }
}

/// Equal for processes that share their memory (`CLONE_VM`, as after vfork); None as for [`compare`].
pub(crate) fn compare_memory(one: u32, other: u32) -> Option<Ordering> {
    compare(one, other, KCMP_VM)
}

/// A process without an undo list, to compare others with: a child that waits until this is dropped.
#[derive(Debug)]
pub struct WithoutUndo {
    child: Child,
    /// Closing it ends the child; otherwise the child is killed.
    _end: io::PipeWriter,
}

impl WithoutUndo {
    /// A fork without `CLONE_SYSVSEM` starts without an undo list, whatever this process has.
    pub fn start() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let wait_for_the_end = |pipe| _ = rustix::io::retry_on_intr(|| rustix::io::read(&pipe, &mut [0_u8]));
        Ok(Self { child: Child::fork(reader.into(), wait_for_the_end)?, _end: writer })
    }

    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// Whether a process has an undo list: since it was forked it has used `SEM_UNDO` or started a thread. None as for
    /// [`compare`].
    pub(crate) fn has_undo_list(&self, pid: u32) -> Option<bool> {
        compare(self.pid(), pid, KCMP_SYSVSEM).map(Ordering::is_ne)
    }
}
