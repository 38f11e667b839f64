//! One object that is locked: its mode is taken away and given back.

use crate::error::{Error, Status};
use crate::journal::access;
use crate::journal::locked::{is_locked, is_locked_since};
use crate::kind::model::Object;
use crate::object::difference::{Part, is_same};
use crate::object::inventory;
use crate::object::permission::{may_change, refused};
use crate::removal::checks::{self, Semaphores};
use crate::removal::{Candidate, Outcome};
use crate::sys::{Errno, Mode};

/// A candidate whose turn has come.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    /// Its place among all candidates.
    pub(super) place: usize,
    pub(super) candidate: &'a Candidate,
    /// As it must be found.
    pub(super) expected: Object,
}

pub(super) struct Locked<'a> {
    /// Its number in the batch.
    pub(super) number: usize,
    pub(super) turn: Turn<'a>,
    pub(super) mode: Mode,
    /// As it was seen when it was locked.
    pub(super) object: Object,
    /// The contents of the set before.
    pub(super) semaphores: Option<Semaphores>,
    /// Whether a set was opened to its owner for a look, and read then: locked, it cannot be.
    pub(super) read_while_open: bool,
}

/// Whether the object is as it was judged, and may be locked.
pub(super) fn unchanged(expected: &Object) -> Result<(), Outcome> {
    let now = look(expected)?;
    if !is_same(expected, &now) {
        let what = checks::difference(expected, &now);
        let is_changed = || Part::Permissions.differs(expected, &now) || Part::ChangeTime.differs(expected, &now);
        if let Some(what) = what.or_else(|| is_changed().then_some("it was changed")) {
            return Err(kept_since(what));
        }
    }
    if now.attachments() > 0 {
        return Err(Outcome::Kept("it is attached".to_owned()));
    }
    access::obstacle(&now).map_or(Ok(()), |obstacle| Err(Outcome::Kept(obstacle)))
}

pub(super) fn kept_since(what: &str) -> Outcome {
    Outcome::Kept(format!("{what} since it was judged"))
}

pub(super) fn look(object: &Object) -> Result<Object, Outcome> {
    match inventory::look(object.id) {
        Ok(Some(now)) => Ok(now),
        Ok(None) => Err(Outcome::Gone),
        Err(errno) => Err(Outcome::Failed(inventory::unreadable(object.id, errno))),
    }
}

/// The outcome after a failed call: the object is gone, or else `otherwise`.
pub(super) fn gone_or(object: &Object, errno: Errno, otherwise: impl FnOnce() -> Outcome) -> Outcome {
    if matches!(errno, Errno::EINVAL | Errno::EIDRM) && matches!(inventory::look(object.id), Ok(None)) {
        Outcome::Gone
    } else {
        otherwise()
    }
}

/// Whether an object may be locked: it is as it was judged, and what else must be true of it is. Asked right before it is,
/// as others of the batch came first, and the record was written: what was done to it meanwhile must not be undone.
pub(super) fn check(Turn { candidate, expected, .. }: &Turn<'_>) -> Result<(), Outcome> {
    unchanged(expected)?;
    candidate.check.as_ref().map_or(Ok(()), |check| check.pass(expected).map_err(Outcome::Kept))
}

/// Locks an object; `semaphores` are the contents of the set a moment before.
pub(super) fn lock<'a>(number: usize, turn: Turn<'a>, semaphores: Option<Semaphores>) -> Result<Locked<'a>, Outcome> {
    let before = &turn.expected;
    let mode = Mode::new(before.perm.mode.permissions());
    if is_locked(before) {
        // It is locked already. Done again, it could lock what another run has just unlocked.
        return Ok(Locked { number, turn, mode, object: *before, semaphores, read_while_open: false });
    }
    access::set_mode(before, access::LOCKED).map_err(|errno| {
        gone_or(before, errno, || {
            let by_capacity = before.is_queue() && may_change(before);
            match errno {
                Errno::EPERM if !by_capacity => {
                    Outcome::Failed(refused(before, &format!("remove {}", before.id), errno))
                }
                errno => Outcome::Kept(access::refusal(before, errno)),
            }
        })
    })?;
    let mut locked = Locked { number, turn, mode, object: *before, semaphores, read_while_open: false };
    match look(before) {
        Ok(now) => locked.object = now,
        Err(outcome) => return Err(unlock(&locked, outcome)),
    }
    Ok(locked)
}

/// The object as it is now, if nobody has touched it since it was locked.
pub(super) fn still_locked(locked: &Locked<'_>) -> Result<Object, Outcome> {
    let now = look(&locked.object)?;
    if let Some(what) = checks::difference(&locked.turn.expected, &now) {
        return Err(kept_since(what));
    }
    if !is_locked(&now) || Part::ChangeTime.differs(&locked.object, &now) {
        return Err(Outcome::Kept("somebody changed it while it was closed".to_owned()));
    }
    Ok(now)
}

/// Gives the object its mode back, unless it was changed meanwhile. Returns the outcome.
pub(super) fn unlock(locked: &Locked<'_>, outcome: Outcome) -> Outcome {
    if matches!(outcome, Outcome::Gone) {
        return outcome;
    }
    let id = locked.object.id;
    let before = &locked.turn.expected;
    let result = match inventory::look(id) {
        Ok(None) => return outcome,
        Ok(Some(now)) if is_locked_since(before, &now) => access::set_mode(&now, locked.mode),
        Ok(Some(_)) => return outcome,
        Err(errno) => Err(errno),
    };
    match result {
        Ok(()) => outcome,
        Err(Errno::EINVAL | Errno::EIDRM) if matches!(inventory::look(id), Ok(None)) => outcome,
        Err(errno) => {
            let remedy = format!("'ipcadm set --mode {:04o} {id}' does it", locked.mode.permissions());
            Outcome::Failed(Error::cannot(Status::of(errno), &format!("give {id} its mode back"), errno, Some(&remedy)))
        }
    }
}
