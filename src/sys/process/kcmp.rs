//! Comparing what processes have in the kernel, which itself is not shown.

use std::cmp::Ordering;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use super::close_all_but;
use crate::sys::errno::Errno;

/// `enum kcmp_type` of linux/kcmp.h.
const KCMP_VM: libc::c_long = 1;
const KCMP_SYSVSEM: libc::c_long = 6;

/// The order of something of two processes, which has no meaning but that it is one. None when that may not be known,
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
    pid: libc::pid_t,
    /// Its closing ends the child.
    _end: io::PipeWriter,
}

impl WithoutUndo {
    /// Starts the child. A fork without `CLONE_SYSVSEM` has no undo list, whatever this process has.
    ///
    /// # Errors
    /// When there is no room for another process or descriptor.
    pub fn start() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        // SAFETY: the child makes system calls only, on descriptors it was given, and ends; it takes no lock that a
        // thread of the parent may hold.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let mut byte = 0_u8;
            let kept = reader.as_raw_fd().unsigned_abs();
            // SAFETY: closes descriptors of this process, reads at most one byte into a live variable, and ends
            // without running anything of the parent's. SIGKILL at the parent's end comes on top, for copies of the
            // writing end that other children may have. Copies of other descriptors would keep what is locked by them
            // locked until then, and pipes open.
            unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::close(writer.as_raw_fd());
                close_all_but(kept, 0);
                while libc::read(reader.as_raw_fd(), (&raw mut byte).cast(), 1) == -1 && Errno::last() == Errno::EINTR {
                }
                libc::_exit(0);
            }
        }
        Errno::check(libc::c_long::from(pid))?;
        Ok(Self { pid, _end: writer })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.unsigned_abs()
    }

    /// Whether a process has an undo list: it has changed a semaphore with `SEM_UNDO`, or started a thread, since it
    /// was forked. None when that may not be known, it has ended, or the kernel lacks kcmp(2).
    #[must_use]
    pub fn has_undo_list(&self, pid: u32) -> Option<bool> {
        compare(self.pid(), pid, KCMP_SYSVSEM).map(Ordering::is_ne)
    }
}

impl Drop for WithoutUndo {
    fn drop(&mut self) {
        // SAFETY: the child is our own and is reaped nowhere else, so that the number is still its; the status is not
        // wanted.
        unsafe {
            libc::kill(self.pid, libc::SIGKILL);
            while libc::waitpid(self.pid, ptr::null_mut(), 0) == -1 && Errno::last() == Errno::EINTR {}
        }
    }
}
