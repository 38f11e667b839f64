//! Checks that nothing has happened to an object since it was judged.

use crate::kind::model::Object;
use crate::object::difference::{Named, Part, first_difference, is_same};
use crate::object::semaphores::{self, Budget, TOO_MUCH, Unanswered};
use crate::render::escape::escape;
use crate::sys::{self, Mode, Perm, Pid, SemId, sem};
use crate::usage::process::Process;
use crate::usage::undo::Hiding;
use crate::usage::users::Usage;

/// What must be the same while an object is locked: everything but permission bits and time of change, which locking
/// itself changes.
const UNTOUCHED: [Named; 16] = {
    const ATTACHED: &str = "it was attached or detached";
    const SEGMENT: &str = "it is another segment";
    [
        (Part::Id, "it is another object"),
        (Part::MarkedForRemoval, "somebody has removed it, and it waits for its last detach"),
        (Part::Key, "it has another key"),
        (Part::Creator, "it has another creator"),
        (Part::Owner, "it has another owner"),
        (Part::StatusBits, "it was locked or unlocked"),
        (Part::Attachments, ATTACHED),
        (Part::Size, SEGMENT),
        (Part::CreatingProcess, SEGMENT),
        (Part::LastAttachment, ATTACHED),
        (Part::Semaphores, "it has another number of semaphores"),
        (Part::LastOperation, "it was used"),
        (Part::Messages, "messages came or went"),
        (Part::LastSend, "somebody sent to it"),
        (Part::LastReceive, "somebody received from it"),
        (Part::Capacity, "its capacity was changed"),
    ]
};

/// In what `now` is another object than `before`, or has been used since, but for what locking changes. None when in
/// nothing.
#[must_use]
pub(super) fn difference(before: &Object, now: &Object) -> Option<&'static str> {
    let mode = Mode::new(now.perm.mode.bits() & !Mode::PERMISSIONS | before.perm.mode.permissions());
    let as_before = Object { perm: Perm { mode, ..now.perm }, ctime: before.ctime, ..*now };
    // Mostly nothing has happened, and one comparison tells.
    if is_same(before, &as_before) { None } else { first_difference(before, now, &UNTOUCHED) }
}

/// The values of a set, and the last process to change each.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Semaphores {
    values: Vec<u16>,
    last_users: Vec<Pid>,
}

impl Semaphores {
    /// Reads a set; None of other kinds. A caller who has just asked for the last users gives them: that takes a call for
    /// each semaphore.
    ///
    /// # Errors
    /// `EACCES` without read permission, `EINVAL` or `EIDRM` when it is gone.
    pub(super) fn of(object: &Object, last_users: Option<Vec<Pid>>) -> sys::Result<Option<Self>> {
        if object.as_set().is_none() {
            return Ok(None);
        }
        let values = semaphores::values(object)?;
        let last_users = match last_users {
            Some(known) => known,
            None => semaphores::last_users(object, &mut Budget::unlimited()).map_err(Unanswered::errno)?,
        };
        Ok(Some(Self { values, last_users }))
    }
}

/// Reads something of an object, if it is a set.
///
/// # Errors
/// As [`Semaphores::of`].
pub(super) fn read(object: &Object) -> sys::Result<()> {
    if object.is_set() { sem::value(SemId::new(object.id.sysv()), 0).map(drop) } else { Ok(()) }
}

/// Says that semaphores were changed since `before`, where that could be read.
pub(super) fn changed(before: Option<&Semaphores>, now: &Semaphores) -> Option<String> {
    before.is_some_and(|before| before != now).then(|| "its semaphores were changed".to_owned())
}

/// Why a set stays whose waiters were not counted: somebody waits, or that cannot be known.
///
/// # Errors
/// As [`Semaphores::of`].
pub(super) fn waited_for(object: &Object) -> sys::Result<Option<String>> {
    match semaphores::first_asleep(object, &mut Budget::default()) {
        Ok(None) => Ok(None),
        Ok(Some(first)) => Ok(Some(format!("a thread waits for its semaphore {}", first.index))),
        Err(Unanswered::Spent) => Ok(Some(format!("whether a thread waits on it is not known: {TOO_MUCH}"))),
        Err(Unanswered::Refused(errno)) => Err(errno),
    }
}

/// Says who uses an object now, or may without being seen, and did not when it was judged; None when nobody does.
/// `counted` means that the kernel counts the waiters, so that none is hidden.
pub(super) fn somebody(before: &Usage, now: &Usage, counted: bool) -> Option<String> {
    if let Some(holder) = now.holders.first() {
        return Some(format!("{} has attached it", named(&holder.process)));
    }
    if let Some(waiter) = now.waiters.first() {
        return Some(format!("{} waits on it", named(&waiter.process)));
    }
    let had = |pid| before.undo_records().iter().any(|record| record.process.pid == pid);
    if let Some(record) = now.undo_records().iter().find(|record| !had(record.process.pid)) {
        return Some(format!("{} has used it with undo", named(&record.process)));
    }
    let disturbed = |usage: &Usage| usage.undo.as_ref().and_then(|undo| undo.hidden.clone());
    if let Some(hidden @ Hiding::Some(_)) = disturbed(now).filter(|_| disturbed(before).is_none()) {
        return Some(format!("whether a process holds it cannot be known any more: {}", hidden.words()));
    }
    if let Some(pid) = now.may_be_paused.filter(|pid| before.may_be_paused != Some(*pid)) {
        return Some(format!("pid {pid} may wait on it, paused: its threads may not be looked into"));
    }
    if now.hidden_attachments > before.hidden_attachments {
        return Some("somebody who cannot be seen has attached it".to_owned());
    }
    let more = match (before.hidden_waiters, now.hidden_waiters) {
        _ if counted => false,
        (Some(before), Some(now)) => now > before,
        (Some(_), None) => true,
        (None, Some(now)) => now > 0,
        (None, None) => false,
    };
    more.then(|| match &now.hidden_why {
        Some(why) => format!("whether a thread waits on it cannot be known any more: {why}"),
        None => "somebody who cannot be seen may wait on it".to_owned(),
    })
}

/// `pid 812 (postgres)`
pub(super) fn named(process: &Process) -> String {
    if process.command.is_empty() {
        format!("pid {}", process.pid)
    } else {
        format!("pid {} ({})", process.pid, escape(&process.command))
    }
}
