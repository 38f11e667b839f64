//! Removing exactly the object that was looked at.

use super::fingerprint::{Comparison, Fingerprint};
use super::inventory;
use super::model::{Kind, Object, ObjectId};
use super::names::user_text;
use crate::error::{Error, Result, Status};
use crate::sys::{self, Errno, MsgId, SemId, ShmId, accounts, msg, sem, shm};

/// What became of an object that was to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It is marked and goes when the last of so many attachments does. `already` tells that it had been marked.
    WillGo {
        /// Attachments left.
        nattch: u64,
        /// Somebody had removed it before.
        already: bool,
    },
    /// Somebody else removed it between looking and acting.
    Gone,
    /// It is not what it was; the sentence says how.
    Kept(String),
}

/// Removes `id` if it still is what `fingerprint` says.
///
/// # Errors
/// Status 4 without the right to; 1 when the kernel refuses otherwise.
pub fn remove(fingerprint: &Fingerprint, text: &impl std::fmt::Display) -> Result<Removal> {
    let id = fingerprint.id;
    let Some(object) = inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))? else {
        return Ok(Removal::Gone);
    };
    let already = match fingerprint.compare(&object) {
        Comparison::Same => object.is_doomed(),
        Comparison::Doomed => {
            return Ok(Removal::WillGo { nattch: attachments(&object), already: true });
        }
        Comparison::Changed(what) => {
            return Ok(Removal::Kept(changed(what)));
        }
    };
    match remove_id(id) {
        Ok(()) => {}
        Err(Errno::EINVAL | Errno::EIDRM) => return Ok(Removal::Gone),
        Err(errno) => return Err(refused(&object, &format!("remove {text}"), errno)),
    }
    if id.kind == Kind::Shm && attachments(&object) > 0 {
        // Whoever held it may have let go in that moment.
        let left = inventory::look(id).ok().flatten().filter(Object::is_doomed);
        return Ok(match left {
            Some(left) => Removal::WillGo { nattch: attachments(&left), already },
            None => Removal::Removed,
        });
    }
    Ok(Removal::Removed)
}

/// What [`remove`] would come to for `object` as it was just seen.
#[must_use]
pub fn foresee(fingerprint: &Fingerprint, object: &Object) -> Removal {
    match fingerprint.compare(object) {
        Comparison::Doomed => Removal::WillGo { nattch: attachments(object), already: true },
        Comparison::Changed(what) => Removal::Kept(changed(what)),
        Comparison::Same if attachments(object) > 0 => {
            Removal::WillGo { nattch: attachments(object), already: object.is_doomed() }
        }
        Comparison::Same => Removal::Removed,
    }
}

fn changed(what: &str) -> String {
    format!("it has changed meanwhile: another {what}")
}

fn attachments(object: &Object) -> u64 {
    object.as_segment().map_or(0, |segment| segment.nattch)
}

/// `IPC_RMID` without any check: for what this program itself made a moment ago.
///
/// # Errors
/// The kernel's.
pub fn remove_id(id: ObjectId) -> sys::Result<()> {
    match id.kind {
        Kind::Shm => shm::remove(ShmId::new(id.id)),
        Kind::Sem => sem::remove(SemId::new(id.id)),
        Kind::Msg => msg::remove(MsgId::new(id.id)),
    }
}

/// The error for a call that only the owner, the creator or a privileged process may make.
#[must_use]
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

/// Why an object should not go without a question: it is attached, waited for, or holds messages. None when
/// nothing of that is seen.
#[must_use]
pub fn use_of(object: &Object) -> Option<String> {
    if let Some(segment) = object.as_segment() {
        return (segment.nattch > 0 && !object.is_doomed()).then(|| match segment.nattch {
            1 => "attached once".to_owned(),
            many => format!("attached {many} times"),
        });
    }
    if let Some(queue) = object.as_queue() {
        return (queue.qnum > 0).then(|| match queue.qnum {
            1 => "1 unread message".to_owned(),
            many => format!("{many} unread messages"),
        });
    }
    let waiters = waiters(object)?;
    (waiters > 0).then(|| match waiters {
        1 => "1 thread waits on it".to_owned(),
        many => format!("{many} threads wait on it"),
    })
}

/// Threads asleep on a set; None when that may not be known.
fn waiters(object: &Object) -> Option<u64> {
    let id = SemId::new(object.id.id);
    let nsems = u32::try_from(object.as_set()?.nsems).ok()?;
    let mut waiting: u64 = 0;
    for index in 0..nsems {
        waiting += u64::from(sem::waiting_for_increase(id, index).ok()?);
        waiting += u64::from(sem::waiting_for_zero(id, index).ok()?);
    }
    Some(waiting)
}

/// Whether the caller owns or created the object, so that its rights do not depend on privilege.
#[must_use]
pub fn is_mine(object: &Object) -> bool {
    let me = accounts::effective_user();
    me == object.perm.uid || me == object.perm.cuid
}
