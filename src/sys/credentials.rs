//! Acting as another user in this thread alone, and privileges that exec gave the process.
//!
//! The C library's functions change all threads of a process; the system calls change the calling one.

use rustix::process::{getegid, geteuid, getgid, getuid};
use rustix::thread::{
    CapabilitySet, capabilities, capability_is_in_ambient_set, set_thread_res_gid, set_thread_res_uid,
};

use super::errno::Result;
use super::{Gid, Uid, accounts};

/// Whether exec raised the privileges of the process: by a set-user-ID or set-group-ID bit, or by file capabilities.
/// `AT_SECURE` alone does not tell: a change of SELinux or AppArmor domain, as of every service, sets it too.
pub(crate) fn are_borrowed() -> bool {
    // SAFETY: takes a number.
    if unsafe { libc::getauxval(libc::AT_SECURE) } == 0 {
        return false;
    }
    getuid() != geteuid() || getgid() != getegid() || !getuid().is_root() && has_capabilities_of_its_file()
}

/// Whether a process of another user than root has capabilities besides ambient ones.
fn has_capabilities_of_its_file() -> bool {
    let Ok(sets) = capabilities(None) else { return true };
    let is_ambient = |capability| capability_is_in_ambient_set(capability).unwrap_or(false);
    let each = (0..u64::BITS).map(|bit| CapabilitySet::from_bits_retain(1 << bit));
    each.filter(|one| sets.permitted.contains(*one)).any(|one| !is_ambient(one))
}

/// The calling thread acts as another user and group until [`Acting::end`].
#[derive(Debug)]
#[must_use = "the thread stays another user until it ends"]
pub struct Acting {
    uid: Uid,
    gid: Gid,
}

impl Acting {
    /// Changes the effective user and group. Root's capabilities are not effective until the end.
    ///
    /// # Errors
    /// `EPERM` without `CAP_SETUID` and `CAP_SETGID`; `EINVAL` for numbers that the user namespace does not map.
    pub fn begin(uid: Uid, gid: Gid) -> Result<Self> {
        let before = Self { uid: accounts::effective_user(), gid: accounts::effective_group() };
        // The group first: only root may change it.
        set_group(gid)?;
        if let Err(errno) = set_user(uid) {
            set_group(before.gid)?;
            return Err(errno);
        }
        Ok(before)
    }

    /// Restores the effective user and group. Errors should not be possible: the real and saved ids were kept.
    pub fn end(self) -> Result<()> {
        set_user(self.uid)?;
        set_group(self.gid)
    }
}

fn set_user(uid: Uid) -> Result<()> {
    Ok(set_thread_res_uid(None, rustix::process::Uid::from_raw(uid.raw()), None)?)
}

fn set_group(gid: Gid) -> Result<()> {
    Ok(set_thread_res_gid(None, rustix::process::Gid::from_raw(gid.raw()), None)?)
}
