//! One object that is closed: taking its mode from it, and giving it back.

use crate::error::{Error, Status};
use crate::journal::access;
use crate::journal::locked::{is_locked, is_locked_since};
use crate::kind::model::{Kind, Object};
use crate::object::difference::Part;
use crate::object::inventory;
use crate::object::permission::{may_change, refused};
use crate::removal::checks::{self, Semaphores};
use crate::removal::{Candidate, Fate};
use crate::sys::{Errno, Mode};

/// An object that is closed.
pub(super) struct Closed<'a> {
    pub(super) place: usize,
    pub(super) candidate: &'a Candidate,
    /// The mode it had.
    pub(super) mode: Mode,
    /// As it was seen when it was closed.
    pub(super) object: Object,
    /// What was in the set before.
    pub(super) semaphores: Option<Semaphores>,
    /// The set can be read by its owner only while it is open to him, and was read then.
    pub(super) read_while_open: bool,
}

/// Whether the object is as it was judged, a look before it is touched.
pub(super) fn unchanged(candidate: &Candidate) -> Result<(), Fate> {
    let expected = &candidate.expected;
    let now = look(expected)?;
    if let Some(what) = checks::difference(expected, &now) {
        return Err(kept_since(what));
    }
    if Part::Permissions.differs(expected, &now) || Part::ChangeTime.differs(expected, &now) {
        return Err(kept_since("it was changed"));
    }
    if now.as_segment().is_some_and(|segment| segment.nattch > 0) {
        return Err(Fate::Kept("it is attached".to_owned()));
    }
    access::obstacle(&now).map_or(Ok(()), |obstacle| Err(Fate::Kept(obstacle)))
}

pub(super) fn kept_since(what: &str) -> Fate {
    Fate::Kept(format!("{what} since it was judged"))
}

pub(super) fn look(object: &Object) -> Result<Object, Fate> {
    match inventory::look(object.id) {
        Ok(Some(now)) => Ok(now),
        Ok(None) => Err(Fate::Gone),
        Err(errno) => Err(Fate::Failed(inventory::unreadable(object.id, errno))),
    }
}

/// What a failed call means: that the object is gone, or `otherwise`.
pub(super) fn gone_or(object: &Object, errno: Errno, otherwise: impl FnOnce() -> Fate) -> Fate {
    if matches!(errno, Errno::EINVAL | Errno::EIDRM) && matches!(inventory::look(object.id), Ok(None)) {
        Fate::Gone
    } else {
        otherwise()
    }
}

/// Closes an object; `semaphores` is what was in the set a moment before.
pub(super) fn close(place: usize, candidate: &Candidate, semaphores: Option<Semaphores>) -> Result<Closed<'_>, Fate> {
    // Others of the batch came first, and the record was written: what was done to it meanwhile must not be undone.
    unchanged(candidate)?;
    let before = &candidate.expected;
    if let Some(check) = &candidate.check {
        check.pass(before).map_err(Fate::Kept)?;
    }
    let mode = Mode::new(before.perm.mode.permissions());
    if is_locked(before) {
        // It is closed already. Done again, it could undo that another run has just opened it.
        return Ok(Closed { place, candidate, mode, object: *before, semaphores, read_while_open: false });
    }
    access::set_mode(before, access::CLOSED).map_err(|errno| {
        gone_or(before, errno, || {
            let by_capacity = before.kind() == Kind::Msg && may_change(before);
            match errno {
                Errno::EPERM if !by_capacity => Fate::Failed(refused(before, &format!("remove {}", before.id), errno)),
                errno => Fate::Kept(access::refusal(before, errno)),
            }
        })
    })?;
    let mut closed = Closed { place, candidate, mode, object: *before, semaphores, read_while_open: false };
    match look(before) {
        Ok(now) => closed.object = now,
        Err(fate) => return Err(open(&closed, fate)),
    }
    Ok(closed)
}

/// The object as it is now, if nobody has touched it since it was closed.
pub(super) fn still_closed(closed: &Closed<'_>) -> Result<Object, Fate> {
    let now = look(&closed.object)?;
    if let Some(what) = checks::difference(&closed.candidate.expected, &now) {
        return Err(kept_since(what));
    }
    if !is_locked(&now) || Part::ChangeTime.differs(&closed.object, &now) {
        return Err(Fate::Kept("somebody changed it while it was closed".to_owned()));
    }
    Ok(now)
}

/// Gives the object its mode back, unless somebody else has given it one; what then is its fate.
pub(super) fn open(closed: &Closed<'_>, fate: Fate) -> Fate {
    if matches!(fate, Fate::Gone) {
        return fate;
    }
    let id = closed.object.id;
    let before = &closed.candidate.expected;
    let result = match inventory::look(id) {
        Ok(None) => return fate,
        // A removed segment has lost its key.
        Ok(Some(now)) if is_locked_since(before, &now) || now.is_doomed() && is_locked(&now) && !is_locked(before) => {
            access::set_mode(&now, closed.mode)
        }
        Ok(Some(_)) => return fate,
        Err(errno) => Err(errno),
    };
    match result {
        Ok(()) => fate,
        Err(Errno::EINVAL | Errno::EIDRM) if matches!(inventory::look(id), Ok(None)) => fate,
        Err(errno) => {
            let remedy = format!("'ipcadm set --mode {:04o} {id}' does it", closed.mode.permissions());
            Fate::Failed(Error::cannot(Status::of(errno), &format!("give {id} its mode back"), errno, Some(&remedy)))
        }
    }
}
