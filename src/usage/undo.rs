//! The processes that have used sets with `SEM_UNDO`, and what is given back when they end.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::kind::model::{IdMap, Kind, Object, ObjectId};
use crate::proc::ipc_namespace::may_be_outside;
use crate::proc::probe;
use crate::proc::reader::Reader;
use crate::proc::status::numbers_are_ours;
use crate::proc::tasks::undo::{self, UndoList, UndoLists};
use crate::sys::Pid;
use crate::sys::process::exists;
use crate::usage::process::{Process, ProcessCache};

/// The undo record that a process has for a set: from its first operation with `SEM_UNDO` on, for as long as it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoRecord {
    pub process: Process,
    /// Processes that it shares the record with: what is in it is given back when the last of them ends.
    pub shared_with: Vec<u32>,
    /// What the kernel will add to which semaphores' values, in their order; none that is zero.
    pub adjustments: Vec<Adjustment>,
}

/// Adjustments, and processes that share a record, that are named; of the others the number.
const NAMED: usize = 3;

impl UndoRecord {
    /// The effect of its end, in a few words: `gives back 1 to semaphore 0 at exit`.
    pub fn words(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for Adjustment { semaphore, by } in self.adjustments.iter().take(NAMED) {
            let (verb, to) = if *by > 0 { ("gives back ", "to") } else { ("takes back ", "from") };
            text.push_str(if text.is_empty() { "" } else { ", " });
            text.push_str(if verb == last { "" } else { verb });
            text.push_str(&format!("{} {to} semaphore {semaphore}", by.unsigned_abs()));
            last = verb;
        }
        if text.is_empty() {
            text.push_str("has used it with undo");
        } else {
            push_more(&mut text, self.adjustments.len());
            text.push_str(" at exit");
        }
        if !self.shared_with.is_empty() {
            let others: Vec<String> = self.shared_with.iter().take(NAMED).map(ToString::to_string).collect();
            text.push_str(&format!(", together with {}", others.join(", ")));
            push_more(&mut text, self.shared_with.len());
        }
        text
    }
}

fn push_more(text: &mut String, all: usize) {
    if all > NAMED {
        text.push_str(&format!(" and {} more", all - NAMED));
    }
}

/// What the kernel will add to a semaphore's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    pub semaphore: u16,
    /// How much; less than zero where it is taken.
    pub by: i16,
}

/// What is known of the undo records of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Those that were found, by pid.
    pub records: Vec<UndoRecord>,
    /// Why there may be more, in words; None where there are none.
    pub hidden: Option<Hiding>,
}

/// Why undo records are not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hiding {
    /// No record is seen; why, in words: `needs CAP_BPF and CAP_PERFMON`.
    All(String),
    /// Some records are missing; why, in words. Others may have seen to that, so that nothing is known.
    Some(String),
    /// Processes outside of the caller's pid namespace may have some.
    Outside,
}

impl Hiding {
    /// `undo records: not readable (needs CAP_BPF and CAP_PERFMON)`
    pub fn words(&self) -> String {
        match self {
            Self::All(why) => format!("undo records: not readable ({why})"),
            Self::Some(why) => format!("undo records: not all are seen ({why})"),
            Self::Outside => "undo records: those of processes outside of this pid namespace cannot be seen".to_owned(),
        }
    }
}

impl Undo {
    pub fn is_unreadable(&self) -> bool {
        matches!(self.hidden, Some(Hiding::All(_)))
    }
}

/// Reads the undo records of a set.
pub fn of_set(set: &Object) -> Undo {
    probe::run(|| {
        let Undos { without, mut with } = read(std::slice::from_ref(set)).unwrap_or_default();
        with.remove(&set.id).unwrap_or(without)
    })
}

/// The undo records of sets.
#[derive(Debug, Default)]
pub(super) struct Undos {
    /// What is known of a set of which no record was found.
    pub(super) without: Undo,
    /// The others.
    pub(super) with: IdMap<Undo>,
}

/// Reads the undo records of those of `objects` that are sets; None where none is.
pub(super) fn read(objects: &[Object]) -> Option<Undos> {
    let sets: Vec<(i32, u64)> =
        objects.iter().filter_map(|object| Some((object.id.sysv(), object.as_set()?.nsems))).collect();
    if sets.is_empty() {
        return None;
    }
    let lists =
        if numbers_are_ours() { undo::read(&sets) } else { Err("/proc is that of another pid namespace".to_owned()) };
    let hidden = match &lists {
        Ok(UndoLists { incomplete: Some(why), .. }) => Some(Hiding::Some(why.clone())),
        Ok(_) => may_be_outside().then_some(Hiding::Outside),
        Err(why) => Some(Hiding::All(why.clone())),
    };
    let mut all = Undos { without: Undo { hidden, ..Undo::default() }, ..Undos::default() };
    let (mut processes, mut reader) = (ProcessCache::default(), Reader::default());
    for UndoList { process, shared_with, records } in lists.unwrap_or_default().lists {
        let Some(process) = describe(process, &mut processes, &mut reader) else { continue };
        for (id, adjustments) in records {
            let set = ObjectId::system_v(Kind::Sem, id);
            let undo = all.with.entry(set).or_insert_with(|| all.without.clone());
            let adjustments = adjustments.into_iter().map(|(semaphore, by)| Adjustment { semaphore, by }).collect();
            let (process, shared_with) = (process.clone(), shared_with.clone());
            undo.records.push(UndoRecord { process, shared_with, adjustments });
        }
    }
    Some(all)
}

/// Describes a process; None when it has ended since.
fn describe(pid: u32, processes: &mut ProcessCache, reader: &mut Reader) -> Option<Process> {
    processes.get(pid, reader).map(Rc::unwrap_or_clone).or_else(|| {
        // It may live where /proc does not show it.
        let number = Pid::new(i32::try_from(pid).ok()?);
        (exists(number) != Some(false)).then(|| Process { pid, ..Process::default() })
    })
}

#[cfg(test)]
mod tests {
    use super::{Adjustment, UndoRecord};

    #[test]
    fn records_are_told_in_words() {
        let words = |adjustments: &[(u16, i16)], shared_with: &[u32]| {
            let adjustments = adjustments.iter().map(|&(semaphore, by)| Adjustment { semaphore, by }).collect();
            UndoRecord { adjustments, shared_with: shared_with.to_vec(), ..UndoRecord::default() }.words()
        };
        assert_eq!(words(&[(0, 1)], &[]), "gives back 1 to semaphore 0 at exit");
        assert_eq!(words(&[(7, -32768)], &[]), "takes back 32768 from semaphore 7 at exit");
        assert_eq!(
            words(&[(0, 1), (1, 2), (3, -1)], &[12]),
            "gives back 1 to semaphore 0, 2 to semaphore 1, takes back 1 from semaphore 3 at exit, together with 12"
        );
        let many: Vec<(u16, i16)> = (0..9).map(|semaphore| (semaphore, 1)).collect();
        assert_eq!(
            words(&many, &[1, 2, 3, 4]),
            "gives back 1 to semaphore 0, 1 to semaphore 1, 1 to semaphore 2 and 6 more at exit, \
             together with 1, 2, 3 and 1 more"
        );
        assert_eq!(words(&[], &[]), "has used it with undo");
        assert_eq!(words(&[], &[4]), "has used it with undo, together with 4");
    }
}
