//! The processes that have used sets with `SEM_UNDO`, and what is given back when they end.

use std::collections::HashMap;

use super::Process;
use super::describe::Describer;
use crate::object::model::{Kind, Object, ObjectId};
use crate::proc::identity::numbers_are_ours;
use crate::proc::process::may_be_outside;
use crate::proc::reader::Reader;
use crate::proc::tasks::undo::{self, UndoList};
use crate::sys::Pid;
use crate::sys::process::exists;

/// The undo record that a process has for a set: from its first operation with `SEM_UNDO` on, for as long as it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoRecord {
    /// Which.
    pub process: Process,
    /// Processes that it shares the record with: what is in it is given back when the last of them ends.
    pub shared_with: Vec<u32>,
    /// What the kernel will add to which semaphores' values, in their order; none that is zero.
    pub adjustments: Vec<Adjustment>,
}

/// What the kernel will add to a semaphore's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Which.
    pub semaphore: u16,
    /// How much; less than zero where it is taken.
    pub by: i16,
}

/// What is known of the undo records of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// Those that were found, by pid.
    pub records: Vec<UndoRecord>,
    /// Why there may be more, in words; None where there are none.
    pub hidden: Option<Hiding>,
}

/// Why undo records are not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hiding {
    /// None is; why, in words: `needs CAP_BPF and CAP_PERFMON`.
    All(String),
    /// Processes outside of the caller's pid namespace may have some.
    Outside,
}

impl Hiding {
    /// `undo records: not readable (needs CAP_BPF and CAP_PERFMON)`
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::All(why) => format!("undo records: not readable ({why})"),
            Self::Outside => "undo records: those of processes outside of this pid namespace cannot be seen".to_owned(),
        }
    }
}

impl Undo {
    /// Whether none could be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self.hidden, Some(Hiding::All(_)))
    }
}

/// Reads the undo records of those of `objects` that are sets.
pub(super) fn read(objects: &[Object]) -> HashMap<ObjectId, Undo> {
    let sets: Vec<(i32, u64)> =
        objects.iter().filter_map(|object| Some((object.id.id, object.as_set()?.nsems))).collect();
    if sets.is_empty() {
        return HashMap::new();
    }
    let lists =
        if numbers_are_ours() { undo::read(&sets) } else { Err("/proc is that of another pid namespace".to_owned()) };
    let hidden = match &lists {
        Ok(_) => may_be_outside().then_some(Hiding::Outside),
        Err(why) => Some(Hiding::All(why.clone())),
    };
    let set = |id| ObjectId { kind: Kind::Sem, id };
    let mut all: HashMap<ObjectId, Undo> =
        sets.iter().map(|(id, _)| (set(*id), Undo { hidden: hidden.clone(), ..Undo::default() })).collect();
    let (mut describer, mut reader) = (Describer::default(), Reader::default());
    for UndoList { process, shared_with, records } in lists.unwrap_or_default() {
        let Some(process) = describe(process, &mut describer, &mut reader) else { continue };
        for (id, adjustments) in records {
            let Some(undo) = all.get_mut(&set(id)) else { continue };
            let adjustments = adjustments.into_iter().map(|(semaphore, by)| Adjustment { semaphore, by }).collect();
            let (process, shared_with) = (process.clone(), shared_with.clone());
            undo.records.push(UndoRecord { process, shared_with, adjustments });
        }
    }
    all
}

/// Who that is; None when it has ended since.
fn describe(pid: u32, describer: &mut Describer, reader: &mut Reader) -> Option<Process> {
    describer.process(pid, reader).or_else(|| {
        // It may live where /proc does not show it.
        let number = Pid::new(i32::try_from(pid).ok()?);
        (exists(number) != Some(false)).then(|| Process { pid, ..Process::default() })
    })
}
