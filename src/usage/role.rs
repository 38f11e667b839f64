//! Uses of objects by processes, as rows of a list: who has what attached, sleeps on what, has used what with undo, or is
//! recorded with what.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::kind::model::{Object, ObjectId};
use crate::kind::recorded::Deed;
use crate::usage::last_changed::{LastChanger, LastChangers};
use crate::usage::possible::able::Able;
use crate::usage::possible::answer::Candidate;
use crate::usage::process::Process;
use crate::usage::undo::{Hiding, UndoRecord};
use crate::usage::users::{Holder, Usage, Users, Waiter, Waiting};

/// What a process has to do with an object. There may be millions of holders, so what is larger is boxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It has the segment attached.
    Holder(Holder),
    /// One of its threads sleeps on it. With the last process to do what it waits for: to change the semaphore, to send
    /// or to receive.
    Waiter(Box<Waiter>, Option<Box<LastChanger>>),
    /// It has used the set with `SEM_UNDO`.
    Undo(Box<UndoRecord>),
    /// The kernel has recorded it.
    Recorded(Box<Deed>, Rc<Process>),
    /// It may know it, and is not known to use it.
    MayKnow(Box<Candidate>),
}

/// A process and what it has to do with an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The object.
    pub object: ObjectId,
    /// What it has to do with it.
    pub role: Role,
}

impl Use {
    /// A use of `object` by a process that the kernel has recorded.
    #[must_use]
    pub fn recorded(object: ObjectId, process: Rc<Process>, deed: Deed) -> Self {
        Self { object, role: Role::Recorded(Box::new(deed), process) }
    }

    /// A process that may know `object`.
    #[must_use]
    pub fn possible(object: ObjectId, candidate: Candidate) -> Self {
        Self { object, role: Role::MayKnow(Box::new(candidate)) }
    }

    /// Whether it is known to use the object, and not only able to.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        !matches!(self.role, Role::MayKnow(_))
    }

    /// Whether it uses the object at this moment.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        match &self.role {
            Role::Holder(_) | Role::Waiter(..) => true,
            Role::Undo(record) => !record.adjustments.is_empty(),
            Role::Recorded(..) | Role::MayKnow(_) => false,
        }
    }

    /// Whether it could be examined, if it may know the object.
    #[must_use]
    pub fn is_examined(&self) -> bool {
        !matches!(&self.role, Role::MayKnow(candidate) if matches!(candidate.able, Able::Unexaminable(_)))
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &Process {
        match &self.role {
            Role::Holder(holder) => &holder.process,
            Role::Waiter(waiter, _) => &waiter.process,
            Role::Undo(record) => &record.process,
            Role::Recorded(_, process) => process,
            Role::MayKnow(candidate) => &candidate.process,
        }
    }

    /// Whether the process has used the object and may again, but neither has nor waits for anything of it now.
    #[must_use]
    pub fn is_past(&self) -> bool {
        matches!(&self.role, Role::Undo(record) if record.adjustments.is_empty())
    }

    /// Its place among the uses of one object by one process.
    #[must_use]
    pub fn rank(&self) -> (u8, u32) {
        match &self.role {
            Role::Holder(_) => (0, 0),
            Role::Waiter(waiter, _) => (1, waiter.tid),
            Role::Undo(_) => (2, 0),
            Role::Recorded(deed, _) => (if **deed == Deed::Create { 3 } else { 4 }, 0),
            Role::MayKnow(_) => (5, 0),
        }
    }

    /// What it is to the object, in a word that scripts may rely on.
    #[must_use]
    pub fn role_word(&self) -> &'static str {
        match &self.role {
            Role::Holder(_) => "holder",
            Role::Waiter(..) => "waiter",
            Role::MayKnow(_) => "may_know",
            Role::Undo(_) => "undo",
            Role::Recorded(deed, _) => deed.word(),
        }
    }

    /// What it does, in a few words of our own: `attached rw 2x`, `takes 1 from semaphore 2`.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.role {
            Role::Holder(holder) => {
                let rights = if holder.writable { "rw" } else { "ro" };
                match holder.mappings {
                    1 => format!("attached {rights}"),
                    many => format!("attached {rights} {many}x"),
                }
            }
            Role::Waiter(waiter, _) => {
                let mut words = waiting(waiter.waiting);
                if waiter.undo == Some(true) {
                    words.push_str(", undo");
                }
                if waiter.timeout == Some(true) {
                    words.push_str(", timeout");
                }
                if waiter.tid != waiter.process.pid {
                    words.push_str(&format!(" (thread {})", waiter.tid));
                }
                if let Some(paused) = waiter.paused {
                    words.push_str(&format!(", paused ({})", paused.word()));
                }
                words
            }
            Role::MayKnow(candidate) => candidate.words(self.object.kind),
            Role::Undo(record) => record.words(),
            Role::Recorded(deed, _) => deed.words(),
        }
    }
}

/// What a thread sleeps for, in a few words.
#[must_use]
pub fn waiting(waiting: Waiting) -> String {
    match waiting {
        Waiting::Take { index, by } => format!("takes {by} from semaphore {index}"),
        Waiting::Zero { index } => format!("waits for zero of semaphore {index}"),
        Waiting::Operate => "operates".to_owned(),
        Waiting::Send { bytes: 1 } => "sends 1 byte".to_owned(),
        Waiting::Send { bytes } => format!("sends {bytes} bytes"),
        Waiting::Receive { mtype: 0, .. } => "receives any type".to_owned(),
        Waiting::Receive { mtype, except: true } if mtype > 0 => format!("receives any type but {mtype}"),
        Waiting::Receive { mtype, .. } if mtype < 0 => format!("receives types up to {}", mtype.unsigned_abs()),
        Waiting::Receive { mtype, .. } => format!("receives type {mtype}"),
    }
}

/// The uses of `object` that a scan found: holders, then waiters, then undo records.
pub fn of_object<'a>(object: &Object, users: &'a Users, last: &'a LastChangers) -> impl Iterator<Item = Use> + use<'a> {
    let object = object.id;
    users.of(object).into_iter().flat_map(move |usage| {
        let holders = usage.holders.iter().map(|holder| Role::Holder(holder.clone()));
        let waiters = usage.waiters.iter().map(move |waiter| {
            let last = last.of(object, waiter.waiting).cloned().map(Box::new);
            Role::Waiter(Box::new(waiter.clone()), last)
        });
        let records = usage.undo_records().iter().cloned().map(|record| Role::Undo(Box::new(record)));
        holders.chain(waiters).chain(records).map(move |role| Use { object, role })
    })
}
/// What is hidden of the users of an object or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Attachments.
    pub attachments: u64,
    /// Threads asleep, as far as they are counted.
    pub waiters: u64,
    /// Whether there may be more of them.
    pub uncounted: bool,
    /// Why, of the first that has anything hidden.
    pub why: Option<String>,
    /// That undo records are hidden and why, of the first of which some are.
    pub undo: Option<String>,
}

impl Hidden {
    /// Of all these.
    pub fn of<'a>(usages: impl IntoIterator<Item = &'a Usage>) -> Self {
        let mut all = Self::default();
        for usage in usages {
            all.attachments = all.attachments.saturating_add(usage.hidden_attachments);
            all.waiters = all.waiters.saturating_add(usage.hidden_waiters.unwrap_or(0));
            all.uncounted |= usage.hidden_waiters.is_none();
            if all.why.is_none() {
                all.why.clone_from(&usage.hidden_why);
            }
            if all.undo.is_none() {
                all.undo = undo_hidden(usage);
            }
        }
        all
    }

    /// The reasons; None when nothing is hidden.
    #[must_use]
    pub fn reasons(&self) -> Option<String> {
        joined(self.why.clone(), self.undo.clone())
    }

    /// In a few words without the reason; None when nothing is hidden, or nothing but undo records.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let count = |number: u64, what: &str| match number {
            0 => None,
            1 => Some(format!("1 {what} is hidden")),
            many => Some(format!("{many} {what}s are hidden")),
        };
        let more = if self.waiters > 0 { "more of them may be" } else { "sleeping threads may be hidden" };
        let words = [
            count(self.attachments, "attachment"),
            count(self.waiters, "sleeping thread"),
            self.uncounted.then(|| more.to_owned()),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// What is hidden of the users of an object, in a few words with the reason; None when nothing is.
#[must_use]
pub fn hidden(usage: &Usage) -> Option<String> {
    let hidden = Hidden::of([usage]);
    let others = match (hidden.words(), hidden.why) {
        (Some(what), Some(why)) => Some(format!("{what}: {why}")),
        // Where nothing is missing, more may have been found than there is.
        (what, why) => what.or(why),
    };
    joined(others, hidden.undo)
}

/// That undo records of an object are hidden, and why; None when none are.
#[must_use]
pub fn undo_hidden(usage: &Usage) -> Option<String> {
    usage.undo.as_ref()?.hidden.as_ref().map(Hiding::words)
}

fn joined(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(format!("{one}; {other}")),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{Hidden, Role, Use, hidden, waiting};
    use crate::kind::model::{Kind, ObjectId};
    use crate::usage::process::Process;
    use crate::usage::undo::{Hiding, Undo};
    use crate::usage::users::{Holder, Paused, Usage, Waiter, Waiting};

    /// There may be millions.
    #[test]
    fn a_holder_is_small() {
        assert!(size_of::<Holder>() <= 32 && size_of::<Use>() <= 40);
    }

    #[test]
    fn undo_and_timeout_are_told() {
        let words = |undo, timeout, tid, paused| {
            let waiting = Waiting::Take { index: 0, by: 1 };
            let process = Process { pid: 7, ..Process::default() };
            let waiter = Waiter { process, tid, waiting, undo, timeout, asleep_for: None, paused };
            let role = Role::Waiter(Box::new(waiter), None);
            Use { object: ObjectId::system_v(Kind::Sem, 0), role }.words()
        };
        assert_eq!(words(Some(true), Some(true), 7, None), "takes 1 from semaphore 0, undo, timeout");
        assert_eq!(words(Some(false), Some(true), 8, None), "takes 1 from semaphore 0, timeout (thread 8)");
        assert_eq!(words(None, None, 7, None), "takes 1 from semaphore 0");
        let paused = words(None, None, 8, Some(Paused::Frozen));
        assert_eq!(paused, "takes 1 from semaphore 0 (thread 8), paused (frozen)");
    }

    #[test]
    fn what_is_hidden_of_many_is_added_up() {
        let usage =
            |hidden_attachments, hidden_waiters| Usage { hidden_attachments, hidden_waiters, ..Usage::default() };
        let words = |usages: &[Usage]| Hidden::of(usages).words();
        assert_eq!(
            words(&[usage(1, Some(0)), usage(1, Some(2))]).as_deref(),
            Some("2 attachments are hidden, 2 sleeping threads are hidden")
        );
        // Where none is counted, 0 is not what is known.
        assert_eq!(
            words(&[usage(1, Some(0)), usage(0, None)]).as_deref(),
            Some("1 attachment is hidden, sleeping threads may be hidden")
        );
        assert_eq!(
            words(&[usage(0, Some(1)), usage(0, None)]).as_deref(),
            Some("1 sleeping thread is hidden, more of them may be")
        );
        assert_eq!(words(&[usage(0, Some(0))]), None);
    }

    #[test]
    fn waits_are_told_in_words() {
        for (wait, words) in [
            (Waiting::Take { index: 2, by: 1 }, "takes 1 from semaphore 2"),
            (Waiting::Zero { index: 0 }, "waits for zero of semaphore 0"),
            (Waiting::Operate, "operates"),
            (Waiting::Send { bytes: 400 }, "sends 400 bytes"),
            (Waiting::Receive { mtype: 0, except: false }, "receives any type"),
            (Waiting::Receive { mtype: 3, except: false }, "receives type 3"),
            (Waiting::Receive { mtype: 3, except: true }, "receives any type but 3"),
            (Waiting::Receive { mtype: -3, except: true }, "receives types up to 3"),
            (Waiting::Receive { mtype: i64::MIN, except: false }, "receives types up to 9223372036854775808"),
        ] {
            assert_eq!(waiting(wait), words);
        }
    }

    #[test]
    fn what_is_hidden_is_told_with_its_reason() {
        let usage = |hidden_attachments, hidden_waiters| {
            let hidden_why = Some("it is so".to_owned());
            hidden(&Usage { hidden_attachments, hidden_waiters, hidden_why, ..Usage::default() })
        };
        assert_eq!(hidden(&Usage { hidden_waiters: Some(0), ..Usage::default() }), None);
        assert_eq!(usage(0, Some(0)).as_deref(), Some("it is so"));
        assert_eq!(usage(2, Some(0)).as_deref(), Some("2 attachments are hidden: it is so"));
        assert_eq!(usage(0, Some(1)).as_deref(), Some("1 sleeping thread is hidden: it is so"));
        assert_eq!(usage(0, None).as_deref(), Some("sleeping threads may be hidden: it is so"));
        let undo = Undo { hidden: Some(Hiding::All("because".to_owned())), ..Undo::default() };
        let undo = Usage { hidden_waiters: Some(0), undo: Some(Rc::new(undo)), ..Usage::default() };
        assert_eq!(hidden(&undo).as_deref(), Some("undo records: not readable (because)"));
        let both = Usage { hidden_waiters: Some(1), ..undo };
        assert_eq!(hidden(&both).as_deref(), Some("1 sleeping thread is hidden; undo records: not readable (because)"));
    }
}
