//! The objects that a selection chooses, with who uses them and their states as far as anybody asks.
//!
//! Looking through `/proc` and judging is done only for objects that the cheaper selectors have chosen, and not at all
//! where neither the selection nor the caller wants it.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::journal::saved_modes;
use crate::kind::model::{Detail, Kind, Object, ObjectId};
use crate::listing::select::Selection;
use crate::object::inventory::{self, Source};
use crate::object::semaphores::{Budget, Unread, last_users, smallest_first};
use crate::proc::probe;
use crate::proc::process::{Found, process_of};
use crate::proc::recorded::{Gone, Processes, Recorded, Unknown};
use crate::sys::clock::now;
use crate::sys::{Pid, Timestamp};
use crate::usage::criteria::Criteria;
use crate::usage::judge::Judge;
use crate::usage::possible::MayKnow;
use crate::usage::state::Judgement;
use crate::usage::undo::Hiding;
use crate::usage::users::{self, Usage, Users};

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
    /// States. What is attached is active, whoever has it.
    pub const STATES: Self = Self { judgements: true, holders: false, waiters: false };
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
    pub fn of(objects: &[Object], wanted: Insight, criteria: &Criteria) -> Self {
        Self::among(objects, objects, wanted, criteria)
    }

    /// Finds out about `objects`; looks in the same pass for the users of `all`, which they are among.
    #[must_use]
    pub fn among(all: &[Object], objects: &[Object], wanted: Insight, criteria: &Criteria) -> Self {
        if wanted == Insight::NONE {
            return Self::default();
        }
        let found = probe::run(|| {
            let mut insights = Self::default();
            insights.look_for_users(all, wanted);
            if wanted.judgements {
                insights.judge(objects, criteria);
            }
            insights.pack()
        });
        Self::unpack(found)
    }

    /// For the way from a probe: what many judgements share goes once.
    fn pack(self) -> Packed {
        let mut numbers: HashMap<*const MayKnow, u32> = HashMap::new();
        let mut answers = Vec::new();
        let pack = |(id, mut judgement): (ObjectId, Judgement)| {
            let answer = judgement.may_know.take().map(|answer| {
                *numbers.entry(Rc::as_ptr(&answer)).or_insert_with(|| {
                    answers.push(answer);
                    u32::try_from(answers.len() - 1).unwrap_or(u32::MAX)
                })
            });
            (id, judgement, answer)
        };
        let judgements = self.judgements.into_iter().map(pack).collect();
        Packed { users: self.users, judgements, answers }
    }

    fn unpack(Packed { users, judgements, answers }: Packed) -> Self {
        let unpack = |(id, judgement, answer): (ObjectId, Judgement, Option<u32>)| {
            let may_know = answer.and_then(|number| answers.get(number as usize)).map(Rc::clone);
            (id, Judgement { may_know, ..judgement })
        };
        Self { users, judgements: judgements.into_iter().map(unpack).collect() }
    }

    fn look_for_users(&mut self, objects: &[Object], wanted: Insight) {
        let waiters = wanted.waiters || wanted.judgements;
        if (wanted.holders || waiters) && !objects.is_empty() {
            self.users =
                Users::scan(objects, users::Wants { holders: wanted.holders, waiters, operations: wanted.waiters });
        }
    }

    fn judge(&mut self, objects: &[Object], criteria: &Criteria) {
        let mut judge = Judge::new(criteria);
        let nothing = Usage::default();
        let judged = smallest_first(objects).into_iter().map(|object| {
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

/// Looks for the users of `objects`, and has a judge answer a question about each.
pub fn ask<T: Serialize + DeserializeOwned>(
    objects: &[Object],
    criteria: &Criteria,
    question: impl Fn(&mut Judge, &Object, &Usage) -> T,
) -> (Users, Vec<T>) {
    probe::run(|| {
        let users = Users::scan(objects, users::Wants::WHO);
        let mut judge = Judge::new(criteria);
        let nobody = Usage::default();
        let answer = |object: &Object| question(&mut judge, object, users.of(object.id).unwrap_or(&nobody));
        let answers = objects.iter().map(answer).collect();
        (users, answers)
    })
}

/// Insights on their way from a probe.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    users: Users,
    /// With the number of the answer that belongs to it.
    judgements: Vec<(ObjectId, Judgement, Option<u32>)>,
    answers: Vec<Rc<MayKnow>>,
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
    /// What the selection may have missed and why, likewise: a process that may not be looked into, or is not there.
    pub doubts: Vec<String>,
    /// Those that a run of this user has closed, as the kernel shows them; their modes above are those that they have when
    /// they are open.
    pub closed: Vec<Object>,
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
    let closed = saved_modes::show_open(&mut objects);
    let now = now();
    objects.retain(|object| selection.matches(object, now));
    let by_pid = Insight { holders: true, waiters: true, judgements: false };
    let by_state = Insight::STATES;
    let wanted = [(!selection.pids.is_empty(), by_pid), (selection.asks_for_judgements(), by_state)]
        .into_iter()
        .filter(|(used, _)| *used)
        .fold(wants.insight, |wanted, (_, more)| wanted.or(more));
    let mut insights = Insights::default();
    let mut doubts = Vec::new();
    if wanted != Insight::NONE {
        let found;
        (objects, found, doubts) = probe::run(|| {
            let (objects, insights, doubts) = look(objects.clone(), wanted, selection);
            (objects, insights.pack(), doubts)
        });
        insights = Insights::unpack(found);
    }
    if !selection.states.is_empty() {
        let chosen = |state| selection.states.contains(&state);
        objects.retain(|object| insights.judgement(object.id).is_some_and(|judgement| chosen(judgement.state)));
    }
    if selection.creator_gone {
        objects.retain(|object| insights.judgement(object.id).is_some_and(|judgement| judgement.creator_gone));
    }
    Ok(Survey { objects, insights, losses, doubts, closed, sources })
}

/// Those of `objects` that the processes of the selection use, what is `wanted` of them, and what may be missing.
fn look(mut objects: Vec<Object>, wanted: Insight, selection: &Selection) -> (Vec<Object>, Insights, Vec<String>) {
    let mut insights = Insights::default();
    insights.look_for_users(&objects, wanted);
    let mut doubts = Vec::new();
    if !selection.pids.is_empty() {
        let mut search = Search::new(&selection.pids);
        objects.retain(|object| search.is_used(object, &insights));
        doubts = search.doubts(insights.users());
    }
    if wanted.judgements {
        insights.judge(&objects, &selection.criteria);
    }
    (objects, insights, doubts)
}

/// A search for the objects that processes use.
#[derive(Debug)]
struct Search {
    /// The numbers that were given, and the processes of those that are threads.
    pids: Vec<Pid>,
    doubts: Vec<String>,
    processes: Processes,
    budget: Budget,
    /// Sets of which it is not known who changed them.
    unread: Unread,
}

impl Search {
    fn new(given: &[Pid]) -> Self {
        let (mut pids, mut doubts) = (Vec::new(), Vec::new());
        for &pid in given.iter().collect::<BTreeSet<_>>() {
            pids.push(pid);
            match u32::try_from(pid.raw()).map(process_of) {
                Ok(Found::Process(process)) => pids.extend(i32::try_from(process).ok().map(Pid::new)),
                Ok(Found::Hidden) => doubts.push(format!(
                    "process {pid} exists, but /proc does not show it to you: it may use more than is recorded"
                )),
                _ => doubts.push(format!("there is no process {pid}")),
            }
        }
        Self { pids, doubts, processes: Processes::new(), budget: Budget::default(), unread: Unread::default() }
    }

    /// What may be missing. Said is it of each process once, whether found by its number or by that of a thread.
    fn doubts(self, users: &Users) -> Vec<String> {
        let unseen: BTreeSet<u32> = self.pids.iter().filter_map(|pid| u32::try_from(pid.raw()).ok()).collect();
        let unseen = unseen.into_iter().filter(|pid| users.is_unseen(*pid));
        let unseen =
            unseen.map(|pid| format!("process {pid} {}: it may use more than is recorded", probe::why_unseen(pid)));
        let undo = users.undo_hidden().map(Hiding::words);
        self.doubts.into_iter().chain(unseen).chain(self.unread.lines()).chain(undo).collect()
    }

    /// Whether one of the processes holds, waits for, created or last used the object.
    fn is_used(&mut self, object: &Object, insights: &Insights) -> bool {
        let is_one = |pid: u32| i32::try_from(pid).is_ok_and(|pid| self.pids.contains(&Pid::new(pid)));
        if let Some(usage) = insights.usage(object.id)
            && (usage.holders.iter().any(|holder| is_one(holder.process.pid))
                || usage.waiters.iter().any(|waiter| is_one(waiter.process.pid))
                || usage.undo_records().iter().any(|record| is_one(record.process.pid)))
        {
            return true;
        }
        match &object.detail {
            Detail::Shm(segment) => {
                self.is_recorded(segment.cpid, object.ctime)
                    || self.is_recorded(segment.lpid, segment.atime.max(segment.dtime))
            }
            Detail::Sem(set) => {
                let users = last_users(object, &mut self.budget).unwrap_or_else(|why| {
                    self.unread.note(why);
                    Vec::new()
                });
                let users: BTreeSet<Pid> = users.into_iter().collect();
                users.into_iter().any(|pid| self.is_recorded(pid, set.otime.max(object.ctime)))
            }
            Detail::Msg(queue) => {
                self.is_recorded(queue.lspid, queue.stime) || self.is_recorded(queue.lrpid, queue.rtime)
            }
        }
    }

    /// Whether the number recorded at `time` means one of the processes: it is that number and does not belong to
    /// another process now, or it is that of a thread.
    fn is_recorded(&mut self, pid: Pid, time: Timestamp) -> bool {
        if pid.is_none() {
            return false;
        }
        let comparable = self.processes.clock_set([time]).is_none();
        match self.processes.recorded(pid, time, comparable) {
            Recorded::Alive(living)
            | Recorded::Unknown(Unknown::Incomparable(living) | Unknown::SetForward(living, _)) => {
                self.pids.contains(&Pid::new(living.process)) || self.pids.contains(&pid)
            }
            Recorded::Gone(Gone::Reused(..)) => false,
            Recorded::Gone(_) | Recorded::Unknown(Unknown::Hidden) => self.pids.contains(&pid),
        }
    }
}
