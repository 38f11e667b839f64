//! Acting as another user for a moment, in this thread alone, and whether the process acts as another all the time.
//!
//! The C library's functions change all threads of a process; the calls themselves change the calling one.

use libc::{c_long, uid_t};

use super::errno::{Errno, Result};
use super::{Gid, Uid, accounts};

/// "Leave it as it is".
const SAME: uid_t = uid_t::MAX;

/// `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h: two words of 32 capabilities.
const VERSION_3: u32 = 0x2008_0522;

/// Whether exec gave the process rights that its caller does not have: by a set-user-ID or set-group-ID bit, or by
/// capabilities of the file. `AT_SECURE` alone does not tell: a change of SELinux or AppArmor domain, as of every service,
/// sets it too.
#[must_use]
pub fn are_borrowed() -> bool {
    // SAFETY: takes a number.
    if unsafe { libc::getauxval(libc::AT_SECURE) } == 0 {
        return false;
    }
    // SAFETY: take nothing and cannot fail.
    let (uid, others) =
        unsafe { (libc::getuid(), [(libc::getuid(), libc::geteuid()), (libc::getgid(), libc::getegid())]) };
    others.iter().any(|(real, effective)| real != effective) || uid != 0 && has_capabilities_of_its_file()
}

/// Whether a process whose user is not root has capabilities that its caller did not hand on (ambient ones).
fn has_capabilities_of_its_file() -> bool {
    let header = [VERSION_3, 0];
    let mut data = [[0_u32; 3]; 2];
    // SAFETY: for version 3 the kernel reads a header of two words and writes two structures of three words.
    let result = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), data.as_mut_ptr()) };
    let [[_, low, _], [_, high, _]] = data;
    let permitted = u64::from(low) | u64::from(high) << 32;
    let is_ambient = |capability: libc::c_ulong| {
        // SAFETY: takes numbers only.
        (unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_IS_SET, capability, 0_u64, 0_u64) }) == 1
    };
    result != 0 || (0..64).any(|capability| permitted >> capability & 1 == 1 && !is_ambient(capability))
}

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
