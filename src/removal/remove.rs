//! The removal itself: of an object that was named, if it still is what was looked at, and of one about which all is
//! decided.

use std::fmt::Display;

use crate::kind::model::Object;
use crate::kind::remove_id;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::permission::refused;
use crate::removal::Outcome;
use crate::sys::Errno;

/// Removes an object if it still is what `fingerprint` says. `text` is its name in messages.
pub fn remove_if_same(fingerprint: &Fingerprint, text: &impl Display) -> Outcome {
    let id = fingerprint.id();
    let object = match inventory::look(id) {
        Ok(Some(object)) => object,
        Ok(None) => return Outcome::Gone,
        Err(errno) => return Outcome::Failed(inventory::unreadable(id, errno)),
    };
    match fingerprint.compare(&object) {
        Comparison::Same => match remove_now(&object, text) {
            Outcome::Removed => left_of(&object),
            outcome => outcome,
        },
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

/// Removes an object as it was just seen; [`left_of`] tells what is left of it.
pub(super) fn remove_now(object: &Object, text: &impl Display) -> Outcome {
    match remove_id(object.id) {
        Ok(()) => Outcome::Removed,
        Err(Errno::EINVAL | Errno::EIDRM) => Outcome::Gone,
        Err(errno) => Outcome::Failed(refused(object, &format!("remove {text}"), errno)),
    }
}

/// What became of an object that was removed: somebody may have attached a segment, and whoever held it may have let go, in
/// that moment.
pub(super) fn left_of(removed: &Object) -> Outcome {
    let left = if removed.is_segment() { inventory::look(removed.id).ok().flatten() } else { None };
    left.filter(Object::is_doomed).map_or(Outcome::Removed, |left| will_go(&left, removed.is_doomed()))
}

fn will_go(object: &Object, already: bool) -> Outcome {
    Outcome::WillGo { nattch: object.attachments(), already, usage: Box::default() }
}

fn changed(what: &str) -> Outcome {
    Outcome::Kept(format!("it has changed meanwhile: another {what}"))
}
