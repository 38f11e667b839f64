//! Comparing resources of processes that the kernel does not show (kcmp(2)).

use std::cmp::Ordering;
use std::io;

use super::child::Child;

/// `enum kcmp_type` of linux/kcmp.h.
const KCMP_VM: libc::c_long = 1;
const KCMP_SYSVSEM: libc::c_long = 6;

/// The order of a resource of two processes, which only serves to sort and to tell equal ones. None when that may not be known,
/// one has ended, or the kernel lacks kcmp(2).
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

/// The order of the memories of two processes: equal for processes that share theirs (`CLONE_VM`, as after vfork). None
/// when that may not be known, one has ended, or the kernel lacks kcmp(2).
#[must_use]
pub fn compare_memory(one: u32, other: u32) -> Option<Ordering> {
    compare(one, other, KCMP_VM)
}

/// A process that has no undo list, to compare others with: a child of ours that waits until this is dropped.
#[derive(Debug)]
pub struct WithoutUndo {
    child: Child,
    /// Its closing ends the child, which is killed otherwise.
    _end: io::PipeWriter,
}

impl WithoutUndo {
    /// Starts the child. A fork without `CLONE_SYSVSEM` has no undo list, whatever this process has.
    ///
    /// # Errors
    /// When there is no room for another process or descriptor.
    pub fn start() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let wait_for_the_end = |pipe| _ = rustix::io::retry_on_intr(|| rustix::io::read(&pipe, &mut [0_u8]));
        Ok(Self { child: Child::fork(reader.into(), wait_for_the_end)?, _end: writer })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// Whether a process has an undo list: it has changed a semaphore with `SEM_UNDO`, or started a thread, since it
    /// was forked. None when that may not be known, it has ended, or the kernel lacks kcmp(2).
    #[must_use]
    pub fn has_undo_list(&self, pid: u32) -> Option<bool> {
        compare(self.pid(), pid, KCMP_SYSVSEM).map(Ordering::is_ne)
    }
}
