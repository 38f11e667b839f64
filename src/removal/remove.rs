//! The removal itself: of an object that was named, if it still is what was looked at, and of one about which all is
//! decided.

use std::fmt::Display;

use crate::kind::model::Object;
use crate::kind::remove_id;
use crate::kind::system_v::SystemV;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::permission::refused;
use crate::removal::Outcome;
use crate::sys::Errno;
use crate::sys::shm::Attachment;

/// Removes an object if it still is what `fingerprint` says. `text` is its name in messages.
pub fn remove_if_same(fingerprint: &Fingerprint, text: &impl Display) -> Outcome {
    let id = fingerprint.id();
    let object = match inventory::look(id) {
        Ok(Some(object)) => object,
        Ok(None) => return Outcome::Gone,
        Err(errno) => return Outcome::Failed(inventory::unreadable(id, errno)),
    };
    match fingerprint.compare(&object) {
        Comparison::Same => remove_now(&object, text, None),
        Comparison::Doomed => will_go(&object, true),
        Comparison::Changed(what) => changed(what),
    }
}

/// What [`remove_if_same`] would come to for `object` as it was just seen.
#[must_use]
pub fn preview(fingerprint: &Fingerprint, object: &Object) -> Outcome {
    match fingerprint.compare(object) {
        Comparison::Doomed => will_go(object, true),
        Comparison::Changed(what) => changed(what),
        Comparison::Same if object.attachments() > 0 => will_go(object, object.is_doomed()),
        Comparison::Same => Outcome::Removed,
    }
}

/// Removes an object as it was just seen. `pin` keeps its identifier from passing to another one until that is done.
pub(super) fn remove_now(object: &Object, text: &impl Display, pin: Option<Attachment>) -> Outcome {
    let id = object.id;
    let removed = remove_id(id);
    drop(pin);
    match removed {
        Ok(()) if id.system_v_kind() == Some(SystemV::Segment) => {
            // Somebody may have attached it, and whoever held it may have let go, in that moment.
            let left = inventory::look(id).ok().flatten().filter(Object::is_doomed);
            left.map_or(Outcome::Removed, |left| will_go(&left, object.is_doomed()))
        }
        Ok(()) => Outcome::Removed,
        Err(Errno::EINVAL | Errno::EIDRM) => Outcome::Gone,
        Err(errno) => Outcome::Failed(refused(object, &format!("remove {text}"), errno)),
    }
}

fn will_go(object: &Object, already: bool) -> Outcome {
    Outcome::WillGo { nattch: object.attachments(), already, usage: Box::default() }
}

fn changed(what: &str) -> Outcome {
    Outcome::Kept(format!("it has changed meanwhile: another {what}"))
}
