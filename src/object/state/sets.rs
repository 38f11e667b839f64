//! The users of a semaphore set: each semaphore has its own, and each has to be asked about.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::records::{Finding, Record, Records};
use super::wording::{UNDO_SOURCE, fact};
use super::{Evidence, Judge};
use crate::object::model::Object;
use crate::object::users::undo::Hiding;
use crate::object::users::{Process, Usage};
use crate::proc::process::may_be_outside;
use crate::sys::{Errno, Pid, Result, SemId, sem};

/// Semaphores that a judge asks about, some seconds' worth. A set that would exceed it is not judged.
const MOST_SEMAPHORES: u64 = 10_000_000;
/// So many of a set's users are named; of the others the number.
const MOST_NAMED: usize = 5;

impl Judge {
    /// Who waits on a set, and what became of those who changed its semaphores. Returns evidence that it is active.
    ///
    /// # Errors
    /// Evidence that nothing can be known of it.
    pub(super) fn ask_set(
        &mut self,
        object: &Object,
        usage: &Usage,
        finding: &mut Finding,
        comparable: bool,
    ) -> std::result::Result<Option<Evidence>, Evidence> {
        let id = SemId::new(object.id.id);
        let Some(set) = object.as_set() else { return Ok(None) };
        if let Some(held) = super::wording::held(usage) {
            return Ok(Some(held));
        }
        finding.undo_is_known = usage.undo.as_ref().is_some_and(|undo| !undo.is_unreadable());
        for record in usage.undo_records() {
            let Process { pid, command, .. } = &record.process;
            let text = format!("used with undo by {pid} ({command}), which lives");
            finding.alive.push(fact(text, UNDO_SOURCE));
            finding.command.get_or_insert_with(|| command.clone());
        }
        // Somebody may see to it that others' are not read.
        if let Some(hidden @ Hiding::Some(_)) = usage.undo.as_ref().and_then(|undo| undo.hidden.as_ref()) {
            finding.doubts.push(fact(hidden.words(), UNDO_SOURCE));
        }
        self.semaphores = self.semaphores.saturating_add(set.nsems);
        if self.semaphores > MOST_SEMAPHORES {
            return Err(fact("there are too many semaphores to ask about each", "nsems"));
        }
        // Whoever looked for the waiters has counted them already.
        if usage.hidden_waiters.is_none()
            && let Some((index, waiters)) = first_waited_for(id, set.nsems).map_err(unreadable)?
        {
            let text = format!("{} for semaphore {index}", super::wording::waiters(waiters));
            return Ok(Some(fact(text, "GETNCNT, GETZCNT")));
        }
        let users = users(id, set.nsems).map_err(unreadable)?;
        // SETVAL and SETALL record a process too, and move ctime on.
        let time = set.otime.max(object.ctime);
        let mut others = 0;
        for (number, (&pid, &(first, count))) in users.iter().enumerate() {
            if pid.is_none() {
                // A process that cannot be seen is recorded as 0, as is nobody. It was nobody where nothing else was
                // ever done, and where no process can be that cannot be seen.
                let nothing_done = set.otime.is_never() && users.len() == 1;
                if !nothing_done && *self.may_be_outside.get_or_insert_with(may_be_outside) {
                    let text = format!(
                        "{} changed by nobody, or by a process of another pid namespace",
                        semaphores(first, count, " was last", " were last")
                    );
                    finding.doubts.push(fact(text, "GETPID, otime"));
                }
                continue;
            }
            let role = Cow::Owned(format!("{}: last user", semaphores(first, count, "", "")));
            let record = Record { role, pid, time, source: "GETPID, otime and ctime", may_be_thread: false };
            self.look_up(&record, object, comparable, finding);
            if number >= MOST_NAMED && finding.gone.len() > MOST_NAMED {
                finding.gone.truncate(MOST_NAMED);
                others += 1;
            }
        }
        if others > 0 {
            finding.gone.push(fact(format!("{others} more recorded users are gone as well"), "GETPID"));
        }
        Ok(None)
    }
}

impl Judge {
    /// The numbers that the kernel has recorded for an object, as far as they may be read.
    pub(super) fn recorded_numbers(&self, object: &Object, records: &Records) -> Vec<Pid> {
        let mut numbers: Vec<Pid> = records.users.iter().map(|record| record.pid).collect();
        if let Some(set) = object.as_set() {
            let users = users(SemId::new(object.id.id), set.nsems.min(MOST_SEMAPHORES)).unwrap_or_default();
            numbers.extend(users.into_keys());
        }
        numbers
    }
}

fn unreadable(errno: Errno) -> Evidence {
    match errno {
        Errno::EACCES => fact("who used it cannot be known: that needs read permission", "GETPID"),
        Errno::EINVAL | Errno::EIDRM => fact("it has been removed meanwhile", "GETPID"),
        errno => fact(format!("who used it cannot be known: {errno}"), "GETPID"),
    }
}

/// `semaphore 3`, or `semaphore 3 and 16 more`.
fn semaphores(first: u32, count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("semaphore {first}{one}"),
        count => format!("semaphore {first} and {} more{many}", count - 1),
    }
}

/// Each process recorded for a semaphore, with the first such semaphore and their number.
fn users(id: SemId, nsems: u64) -> Result<BTreeMap<Pid, (u32, u64)>> {
    let mut users: BTreeMap<Pid, (u32, u64)> = BTreeMap::new();
    for index in indices(nsems) {
        users.entry(sem::last_pid(id, index)?).or_insert((index, 0)).1 += 1;
    }
    Ok(users)
}

/// The first semaphore that threads wait for, and how many.
fn first_waited_for(id: SemId, nsems: u64) -> Result<Option<(u32, u64)>> {
    for index in indices(nsems) {
        let waiters = u64::from(sem::waiting_for_increase(id, index)?) + u64::from(sem::waiting_for_zero(id, index)?);
        if waiters > 0 {
            return Ok(Some((index, waiters)));
        }
    }
    Ok(None)
}

fn indices(nsems: u64) -> std::ops::Range<u32> {
    0..u32::try_from(nsems).unwrap_or(u32::MAX)
}
