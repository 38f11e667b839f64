//! Whether a segment may be attached, and why an attach failed.

use crate::error::{Error, Status};
use crate::object::reference::Resolved;
use crate::proc::sysctl;
use crate::sys::Errno;

/// Refuses to attach a segment that detaching would destroy: an unattached one where `kernel.shm_rmid_forced` is set.
/// `force` overrides this; None where there is no such option. The error has status 10.
pub fn check(found: &Resolved<'_>, operation: &str, force: Option<bool>) -> Result<(), Error> {
    check_by(found, operation, force, sysctl::shm_rmid_forced)
}

/// As [`check`], with the setting from elsewhere.
pub(super) fn check_by(
    found: &Resolved<'_>,
    operation: &str,
    force: Option<bool>,
    shm_rmid_forced: impl FnOnce() -> Option<bool>,
) -> Result<(), Error> {
    let unattached = found.object.as_segment().is_some_and(|segment| segment.nattch == 0);
    if !unattached || force == Some(true) {
        return Ok(());
    }
    let reason = match shm_rmid_forced() {
        Some(false) => return Ok(()),
        Some(true) => "kernel.shm_rmid_forced is 1 and nobody has it attached, so detaching would destroy it",
        None => {
            "nobody has it attached, and it cannot be told whether detaching would destroy it (kernel.shm_rmid_forced)"
        }
    };
    let operation = format!("{operation} {}", found);
    Err(Error::cannot(Status::Refused, &operation, reason, force.map(|_| "--force does it all the same")))
}

/// The error of a refused attach; `remedy` is an alternative for lack of permission.
pub fn refused(found: &Resolved<'_>, operation: &str, read_only: bool, errno: Errno, remedy: Option<&str>) -> Error {
    let permission = if read_only { "read" } else { "read and write" };
    let denied = format!("needs {permission} permission or CAP_IPC_OWNER");
    let (status, remedy) = match (errno, remedy) {
        (Errno::EACCES, Some(remedy)) => (Status::Denied, Some(format!("{denied}; {remedy}"))),
        (Errno::EACCES, None) => (Status::Denied, Some(denied)),
        (Errno::EINVAL | Errno::EIDRM, _) => (Status::NotFound, Some("it was removed meanwhile".to_owned())),
        (Errno::ENOMEM, _) => (Status::Failed, Some("no room in the address space or no memory".to_owned())),
        (errno, _) => (Status::of(errno), None),
    };
    Error::cannot(status, &format!("{operation} {}", found), errno, remedy.as_deref())
}
