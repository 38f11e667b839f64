//! Acting as another user for a moment, in this thread alone.
//!
//! The C library's functions change all threads of a process; the calls themselves change the calling one.

use libc::{c_long, uid_t};

use super::errno::{Errno, Result};
use super::{Gid, Uid, accounts};

/// "Leave it as it is".
const SAME: uid_t = uid_t::MAX;

/// The calling thread acts as another user and group until [`Acting::end`].
#[derive(Debug)]
#[must_use = "the thread stays another user until it ends"]
pub struct Acting {
    uid: Uid,
    gid: Gid,
}

impl Acting {
    /// Takes the effective user and group. Capabilities rest until the end, if the thread is root.
    ///
    /// # Errors
    /// `EPERM` without `CAP_SETUID` and `CAP_SETGID`; `EINVAL` for numbers that the user namespace does not have.
    pub fn begin(uid: Uid, gid: Gid) -> Result<Self> {
        let before = Self { uid: accounts::effective_user(), gid: accounts::effective_group() };
        // The group first: who is no longer root may not change it.
        set(libc::SYS_setresgid, gid.raw())?;
        if let Err(errno) = set(libc::SYS_setresuid, uid.raw()) {
            set(libc::SYS_setresgid, before.gid.raw())?;
            return Err(errno);
        }
        Ok(before)
    }

    /// Becomes the user and group of before again.
    ///
    /// # Errors
    /// None that should be possible: the real and saved numbers were kept.
    pub fn end(self) -> Result<()> {
        set(libc::SYS_setresuid, self.uid.raw())?;
        set(libc::SYS_setresgid, self.gid.raw())
    }
}

/// Changes the effective number and keeps the real and the saved one.
fn set(call: c_long, number: u32) -> Result<()> {
    // SAFETY: takes numbers only. That the thread has other credentials than its siblings harms no memory.
    Errno::check(unsafe { libc::syscall(call, SAME, number, SAME) }).map(drop)
}
