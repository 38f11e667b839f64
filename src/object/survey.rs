//! The objects that a selection chooses, with who uses them and their states as far as anybody asks.
//!
//! Looking through `/proc` and judging is done only for objects that the cheaper selectors have chosen, and not at all
//! where neither the selection nor the caller wants it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::inventory::{self, Source};
use super::model::{Detail, Kind, Object, ObjectId};
use super::select::Selection;
use super::state::{Judge, Judgement};
use super::users::{self, Usage, Users};
use crate::error::Result;
use crate::proc::recorded::{Gone, Processes, Recorded, Unknown};
use crate::sys::clock::now;
use crate::sys::{Pid, SemId, Timestamp, sem};

/// What is to be found out about objects' use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Insight {
    /// Their states, and why.
    pub judgements: bool,
    /// Processes that have segments attached. Judging needs only their number, which the kernel tells.
    pub holders: bool,
    /// Threads asleep on sets and queues.
    pub waiters: bool,
}

impl Insight {
    /// Nothing.
    pub const NONE: Self = Self { judgements: false, holders: false, waiters: false };
    /// Everything.
    pub const ALL: Self = Self { judgements: true, holders: true, waiters: true };

    /// What either asks for.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            judgements: self.judgements || other.judgements,
            holders: self.holders || other.holders,
            waiters: self.waiters || other.waiters,
        }
    }
}

/// What was found out about objects' use.
#[derive(Debug, Default)]
pub struct Insights {
    users: Users,
    judgements: HashMap<ObjectId, Judgement>,
}

impl Insights {
    /// Finds out about `objects`.
    #[must_use]
    pub fn of(objects: &[Object], wanted: Insight, grace: Duration) -> Self {
        Self::among(objects, objects, wanted, grace)
    }

    /// Finds out about `objects`; looks in the same pass for the users of `all`, which they are among.
    #[must_use]
    pub fn among(all: &[Object], objects: &[Object], wanted: Insight, grace: Duration) -> Self {
        let mut insights = Self::default();
        insights.look_for_users(all, wanted);
        if wanted.judgements {
            insights.judge(objects, grace);
        }
        insights
    }

    fn look_for_users(&mut self, objects: &[Object], wanted: Insight) {
        let waiters = wanted.waiters || wanted.judgements;
        if (wanted.holders || waiters) && !objects.is_empty() {
            self.users = Users::scan(objects, users::Wants { holders: wanted.holders, waiters });
        }
    }

    fn judge(&mut self, objects: &[Object], grace: Duration) {
        let mut judge = Judge::new(grace);
        let nothing = Usage::default();
        let judged = objects.iter().map(|object| {
            let usage = self.users.of(object.id).unwrap_or(&nothing);
            (object.id, judge.judge(object, usage))
        });
        self.judgements = judged.collect();
    }

    /// Who uses the objects, as far as anybody asked.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// Who uses an object; None if nobody asked.
    #[must_use]
    pub fn usage(&self, id: ObjectId) -> Option<&Usage> {
        self.users.of(id)
    }

    /// An object's state, and why; None if nobody asked.
    #[must_use]
    pub fn judgement(&self, id: ObjectId) -> Option<&Judgement> {
        self.judgements.get(&id)
    }
}

/// What a survey is to find out of the objects that it chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Resident and swapped memory of segments.
    pub memory: bool,
    /// Their use.
    pub insight: Insight,
}

/// What was chosen, and what was found out about it.
#[derive(Debug)]
pub struct Survey {
    /// In the kernel's order, kind by kind.
    pub objects: Vec<Object>,
    /// As far as the selection or the caller wanted it.
    pub insights: Insights,
    /// What the listing lacks and why, a sentence each.
    pub losses: Vec<String>,
    /// How each kind was listed, and how many objects of it there are.
    pub sources: Vec<(Kind, Source, u64)>,
}

/// Lists the objects that `selection` chooses.
///
/// # Errors
/// When the kernel has no System V IPC, or none of the ways to list works.
pub fn survey(selection: &Selection, wants: Wants) -> Result<Survey> {
    let inventory::Inventory { mut objects, losses, sources } =
        inventory::collect(inventory::Wants { kinds: selection.possible_kinds(), memory: wants.memory })?;
    let count = |kind| objects.iter().filter(|object| object.kind() == kind).count() as u64;
    let sources = sources.into_iter().map(|(kind, source)| (kind, source, count(kind))).collect();
    let now = now();
    objects.retain(|object| selection.matches(object, now));
    let by_pid = Insight { holders: true, waiters: true, judgements: false };
    let by_state = Insight { judgements: true, ..Insight::NONE };
    let wanted = [(!selection.pids.is_empty(), by_pid), (!selection.states.is_empty(), by_state)]
        .into_iter()
        .filter(|(used, _)| *used)
        .fold(wants.insight, |wanted, (_, more)| wanted.or(more));
    let mut insights = Insights::default();
    insights.look_for_users(&objects, wanted);
    if !selection.pids.is_empty() {
        let mut processes = Processes::new();
        objects.retain(|object| is_used_by(object, &selection.pids, &insights, &mut processes));
    }
    if wanted.judgements {
        insights.judge(&objects, selection.grace);
    }
    if !selection.states.is_empty() {
        let chosen = |state| selection.states.contains(&state);
        objects.retain(|object| insights.judgement(object.id).is_some_and(|judgement| chosen(judgement.state)));
    }
    Ok(Survey { objects, insights, losses, sources })
}

/// Whether one of the processes holds, waits for, created or last used the object.
fn is_used_by(object: &Object, pids: &[Pid], insights: &Insights, processes: &mut Processes) -> bool {
    let is_one = |pid: u32| i32::try_from(pid).is_ok_and(|pid| pids.contains(&Pid::new(pid)));
    if let Some(usage) = insights.usage(object.id)
        && (usage.holders.iter().any(|holder| is_one(holder.process.pid))
            || usage.waiters.iter().any(|waiter| is_one(waiter.process.pid)))
    {
        return true;
    }
    let mut recorded = |pid, time| is_recorded(pid, time, pids, processes);
    match &object.detail {
        Detail::Shm(segment) => {
            recorded(segment.cpid, object.ctime) || recorded(segment.lpid, segment.atime.max(segment.dtime))
        }
        Detail::Sem(set) => {
            // Without read permission nobody tells; a gone set is nobody's.
            let ids = 0..u32::try_from(set.nsems).unwrap_or(u32::MAX);
            let users = ids.map_while(|index| sem::last_pid(SemId::new(object.id.id), index).ok());
            let users: BTreeSet<Pid> = users.collect();
            users.into_iter().any(|pid| recorded(pid, set.otime.max(object.ctime)))
        }
        Detail::Msg(queue) => recorded(queue.lspid, queue.stime) || recorded(queue.lrpid, queue.rtime),
    }
}

/// Whether the number recorded at `time` means one of `pids`: it is that number and does not belong to another process
/// now, or it is that of a thread.
fn is_recorded(pid: Pid, time: Timestamp, pids: &[Pid], processes: &mut Processes) -> bool {
    if pid.is_none() {
        return false;
    }
    match processes.recorded(pid, time, processes.clock_set([time]).is_none()) {
        Recorded::Alive(living) | Recorded::Unknown(Unknown::Incomparable(living) | Unknown::SetForward(living, _)) => {
            pids.contains(&Pid::new(living.process)) || pids.contains(&pid)
        }
        Recorded::Gone(Gone::Reused(..)) => false,
        Recorded::Gone(_) | Recorded::Unknown(Unknown::Hidden) => pids.contains(&pid),
    }
}
