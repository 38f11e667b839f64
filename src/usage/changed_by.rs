//! The users of a semaphore set: each semaphore has its own, and each has to be asked about.

use crate::kind::model::Object;
use crate::kind::recorded::{Deed, RecordedUser};
use crate::object::semaphores::{TOO_MUCH, Unanswered, first_asleep, last_users};
use crate::proc::ipc_namespace::may_be_outside;
use crate::sys::{Errno, Pid};
use crate::usage::evidence::{UNDO_SOURCE, fact};
use crate::usage::judge::Judge;
use crate::usage::process::Process;
use crate::usage::recorded::{Finding, Records, changers, look_up};
use crate::usage::state::Evidence;
use crate::usage::undo::Hiding;
use crate::usage::users::Usage;

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
        let Some(set) = object.as_set() else { return Ok(None) };
        if let Some(held) = crate::usage::evidence::held(usage) {
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
        // Whoever looked for the waiters has counted them already, unless that took too long. One is enough here.
        if usage.hidden_waiters.is_none() {
            let first =
                first_asleep(object, &mut self.budget).map_err(|why| unknown(why, "whether a thread waits on it"))?;
            if let Some(first) = first {
                let text = format!("{} for semaphore {}", crate::usage::evidence::waiters(first.total()), first.index);
                return Ok(Some(fact(text, "GETNCNT, GETZCNT")));
            }
        }
        let last_users = last_users(object, &mut self.budget).map_err(|why| unknown(why, "who used it"))?;
        let users: Vec<RecordedUser> = changers(object, &last_users).collect();
        self.last_users = Some((object.id, last_users));
        let mut others = 0;
        for (number, user) in users.iter().enumerate() {
            if user.pid.is_none() {
                // A process that cannot be seen is recorded as 0, as is nobody. It was nobody where nothing else was
                // ever done, and where no process can be that cannot be seen.
                let nothing_done = set.otime.is_never() && users.len() == 1;
                if !nothing_done && *self.may_be_outside.get_or_insert_with(may_be_outside) {
                    let text =
                        format!("{} changed by nobody, or by a process of another pid namespace", were(user.deed));
                    finding.doubts.push(fact(text, "GETPID, otime"));
                }
                continue;
            }
            look_up(&mut self.processes, (user, object), comparable, finding);
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
    /// The numbers that the kernel has recorded for an object, as far as they may be read; beside them why it was not
    /// asked about all.
    pub(super) fn recorded_numbers(&mut self, object: &Object, records: &Records<'_>) -> (Vec<Pid>, Option<Evidence>) {
        let mut numbers: Vec<Pid> = records.users.iter().map(|user| user.pid).collect();
        match object.as_set().map(|_| last_users(object, &mut self.budget)) {
            Some(Ok(users)) => numbers.extend(changers(object, &users).map(|user| user.pid)),
            Some(Err(why @ Unanswered::Spent)) => return (numbers, Some(unknown(why, "who used it"))),
            Some(Err(Unanswered::Refused(_))) | None => {}
        }
        (numbers, None)
    }

    /// The last users of the semaphores of a set, if it is the one that was judged last.
    pub fn take_last_users(&mut self, set: &Object) -> Option<Vec<Pid>> {
        self.last_users.take().filter(|(id, _)| *id == set.id).map(|(_, users)| users)
    }
}

/// Why it is not known `what` the kernel tells of each semaphore.
fn unknown(why: Unanswered, what: &str) -> Evidence {
    match why {
        Unanswered::Spent => fact(format!("{what} is not known: {TOO_MUCH}"), "nsems"),
        Unanswered::Refused(Errno::EACCES) => fact("who used it cannot be known: that needs read permission", "GETPID"),
        Unanswered::Refused(Errno::EINVAL | Errno::EIDRM) => fact("it has been removed meanwhile", "GETPID"),
        Unanswered::Refused(errno) => fact(format!("who used it cannot be known: {errno}"), "GETPID"),
    }
}

/// `semaphore 3 was last`, `semaphore 3 and 16 more were last`.
fn were(deed: Deed) -> String {
    match deed {
        Deed::Change { first, count } if count > 1 => format!("semaphore {first} and {} more were last", count - 1),
        Deed::Change { first, .. } => format!("semaphore {first} was last"),
        _ => String::new(),
    }
}
