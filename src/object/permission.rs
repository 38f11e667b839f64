//! Permission to change and remove an object.

use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::object::names::user_text;
use crate::proc::capabilities::is_system_administrator;
use crate::sys::{Errno, accounts};

/// The error of a call that only the owner, the creator or a privileged process may make.
pub fn refused(object: &Object, operation: &str, errno: Errno) -> Error {
    if errno != Errno::EPERM {
        return Error::call(operation, errno);
    }
    let owner = user_text(object.perm.uid);
    let remedy = if object.perm.cuid == object.perm.uid {
        format!("owned by {owner}; needs the owner or CAP_SYS_ADMIN")
    } else {
        let creator = user_text(object.perm.cuid);
        format!("owned by {owner}, created by {creator}; needs one of them or CAP_SYS_ADMIN")
    };
    Error::cannot(Status::Denied, operation, errno, Some(&remedy))
}

/// Whether the caller owns or created the object and needs no privilege.
pub(crate) fn is_mine(object: &Object) -> bool {
    let me = accounts::effective_user();
    me == object.perm.uid || me == object.perm.cuid
}

/// Whether the caller may change and remove the object, as far as known without trying.
pub(crate) fn may_change(object: &Object) -> bool {
    is_mine(object) || is_system_administrator()
}

/// For a dry run: the refusal that `operation` would meet, with status 4.
pub(crate) fn preview(object: &Object, operation: &str) -> Result<()> {
    if may_change(object) { Ok(()) } else { Err(refused(object, operation, Errno::EPERM)) }
}
