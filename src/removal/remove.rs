//! Removing exactly the object that was looked at.

use crate::error::Result;
use crate::kind::model::{Kind, Object};
use crate::kind::remove_id;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::permission::refused;
use crate::sys::Errno;

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
    let id = fingerprint.id();
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
    if id.kind == Kind::Shm {
        // Somebody may have attached it, and whoever held it may have let go, in that moment.
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
