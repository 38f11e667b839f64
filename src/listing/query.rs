//! The objects that a selection chooses, with who uses them and their states as far as anybody asks.
//!
//! Looking through `/proc` and judging is done only for objects that the cheaper selectors have chosen, and not at all
//! where neither the selection nor the caller wants it.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::journal::saved_modes;
use crate::kind::field::Needs;
use crate::kind::model::{IdMap, Kind, Object, ObjectId};
use crate::listing::select::Selection;
use crate::object::inventory::{self, Source};
use crate::object::semaphores::{Budget, Unread, count};
use crate::proc::identity::{self, Owner};
use crate::proc::probe;
use crate::proc::recorded::{Gone, Processes, Recorded, Unknown};
use crate::sys::clock::now;
use crate::sys::{Pid, Timestamp};
use crate::usage::criteria::Criteria;
use crate::usage::judge::Judge;
use crate::usage::possible::answer::MayKnow;
use crate::usage::recorded::recorded_users;
use crate::usage::state::{Evidence, Judgement, Words};
use crate::usage::undo::Hiding;
use crate::usage::users::{self, Usage, Users};

/// What was found out about objects' use.
#[derive(Debug, Default)]
pub struct Analysis {
    users: Users,
    /// In the order of the objects.
    judgements: Vec<(ObjectId, Judgement)>,
    /// The place of the one that was asked for last: mostly the next is asked for then.
    last: Cell<usize>,
    /// The places of all, once somebody asks in another order.
    places: OnceCell<IdMap<usize>>,
}

impl Analysis {
    /// Finds out about `objects`.
    #[must_use]
    pub fn of(objects: &[Object], wanted: Needs, criteria: &Criteria) -> Self {
        Self::among(objects, objects, wanted, criteria)
    }

    /// Finds out about `objects`; looks in the same pass for the users of `all`, which they are among.
    #[must_use]
    pub fn among(all: &[Object], objects: &[Object], wanted: Needs, criteria: &Criteria) -> Self {
        if !wanted.any(Needs::USE) {
            return Self::default();
        }
        let found = probe::run(|| {
            let mut analysis = Self::default();
            analysis.look_for_users(all, wanted);
            if wanted.any(Needs::STATES) {
                analysis.judge(objects, criteria);
            }
            analysis.pack()
        });
        Self::unpack(found)
    }

    /// For the way from a probe: what many judgements share goes once.
    fn pack(mut self) -> Packed {
        let (mut words, mut answers) = (Shared::default(), Shared::default());
        let pack = |(_, judgement): &mut (ObjectId, Judgement)| {
            for evidence in &mut judgement.evidence {
                if let Evidence::Words(said) = evidence
                    && Rc::strong_count(said) > 1
                {
                    *evidence = Evidence::Shared(words.number(said));
                }
            }
            judgement.may_know.take().map(|answer| answers.number(&answer))
        };
        let may_know = self.judgements.iter_mut().map(pack).collect();
        let Self { users, judgements, .. } = self;
        Packed { users, judgements, may_know, words: words.all, answers: answers.all }
    }

    fn unpack(Packed { users, mut judgements, may_know, words, answers }: Packed) -> Self {
        for ((_, judgement), answer) in judgements.iter_mut().zip(may_know) {
            for evidence in &mut judgement.evidence {
                if let Evidence::Shared(number) = evidence
                    && let Some(said) = words.get(*number as usize)
                {
                    *evidence = Evidence::Words(Rc::clone(said));
                }
            }
            judgement.may_know = answer.and_then(|number| answers.get(number as usize)).map(Rc::clone);
        }
        Self { users, judgements, ..Self::default() }
    }

    fn look_for_users(&mut self, objects: &[Object], wanted: Needs) {
        let waiters = wanted.any(Needs::WAITERS.and(Needs::STATES));
        if (wanted.any(Needs::HOLDERS) || waiters) && !objects.is_empty() {
            self.users = Users::scan(
                objects,
                users::Wants { holders: wanted.any(Needs::HOLDERS), waiters, operations: wanted.any(Needs::WAITERS) },
            );
        }
    }

    fn judge(&mut self, objects: &[Object], criteria: &Criteria) {
        let mut judge = Judge::new(criteria);
        let nothing = Usage::default();
        let mut order: Vec<usize> = (0..objects.len()).collect();
        // As in `smallest_first`.
        order.sort_by_key(|&place| count(&objects[place]));
        let judged = order.into_iter().map(|place| {
            let object = &objects[place];
            let usage = self.users.of(object.id).unwrap_or(&nothing);
            (place, (object.id, judge.judge(object, usage)))
        });
        let mut judged: Vec<_> = judged.collect();
        judged.sort_by_key(|(place, _)| *place);
        self.judgements = judged.into_iter().map(|(_, judged)| judged).collect();
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
        let is_at = |place: &usize| self.judgements.get(*place).is_some_and(|(of, _)| *of == id);
        let last = self.last.get();
        let near = [last, last + 1, 0].into_iter().find(is_at);
        let place = near.or_else(|| {
            let all = self.judgements.iter().enumerate();
            self.places.get_or_init(|| all.map(|(place, (of, _))| (*of, place)).collect()).get(&id).copied()
        })?;
        self.last.set(place);
        self.judgements.get(place).map(|(_, judgement)| judgement)
    }

    /// Keeps those of `objects`, all of which were judged, whose judgement is `wanted`.
    fn retain(&mut self, objects: &mut Vec<Object>, wanted: impl Fn(&Judgement) -> bool) {
        let mut judged = self.judgements.iter().map(|(_, judgement)| wanted(judgement));
        objects.retain(|_| judged.next() == Some(true));
        self.judgements.retain(|(_, judgement)| wanted(judgement));
    }
}

/// What many have, each once.
struct Shared<T> {
    numbers: HashMap<*const T, u32>,
    all: Vec<Rc<T>>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), all: Vec::new() }
    }
}

impl<T> Shared<T> {
    fn number(&mut self, one: &Rc<T>) -> u32 {
        *self.numbers.entry(Rc::as_ptr(one)).or_insert_with(|| {
            self.all.push(Rc::clone(one));
            u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
        })
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

/// An analysis on its way from a probe.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    users: Users,
    judgements: Vec<(ObjectId, Judgement)>,
    /// Of each judgement, the number of the answer that belongs to it.
    may_know: Vec<Option<u32>>,
    words: Vec<Rc<Words>>,
    answers: Vec<Rc<MayKnow>>,
}

/// What was chosen, and what was found out about it.
#[derive(Debug)]
pub struct Listing {
    /// In the kernel's order, kind by kind.
    pub objects: Vec<Object>,
    /// As far as the selection or the caller wanted it.
    pub analysis: Analysis,
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
pub fn query(selection: &Selection, needs: Needs) -> Result<Listing> {
    let inventory::Inventory { mut objects, losses, sources } = inventory::collect(selection.possible_kinds(), needs)?;
    let count = |kind| objects.iter().filter(|object| object.kind() == kind).count() as u64;
    let sources = sources.into_iter().map(|(kind, source)| (kind, source, count(kind))).collect();
    let saved_modes::Applied { were: closed, doubt } = saved_modes::apply(&mut objects);
    let now = now();
    if selection.is_given() {
        objects.retain(|object| selection.matches(object, now));
    }
    let mut wanted = needs;
    if !selection.pid.is_empty() {
        wanted = wanted.and(Needs::HOLDERS).and(Needs::WAITERS);
    }
    if selection.asks_for_judgements() {
        wanted = wanted.and(Needs::STATES);
    }
    let mut analysis = Analysis::default();
    let mut doubts: Vec<String> = Vec::new();
    if wanted.any(Needs::USE) {
        let found;
        (objects, found, doubts) = probe::run(|| {
            let (objects, analysis, doubts) = look(objects.clone(), wanted, selection);
            (objects, analysis.pack(), doubts)
        });
        analysis = Analysis::unpack(found);
        doubts.extend(doubt.map(str::to_owned));
    }
    if !selection.state.is_empty() {
        analysis.retain(&mut objects, |judgement| selection.state.contains(&judgement.state));
    }
    if selection.creator_gone {
        analysis.retain(&mut objects, |judgement| judgement.creator_gone);
    }
    Ok(Listing { objects, analysis, losses, doubts, closed, sources })
}

/// Those of `objects` that the processes of the selection use, what is `wanted` of them, and what may be missing.
fn look(mut objects: Vec<Object>, wanted: Needs, selection: &Selection) -> (Vec<Object>, Analysis, Vec<String>) {
    let mut analysis = Analysis::default();
    analysis.look_for_users(&objects, wanted);
    let mut doubts = Vec::new();
    if !selection.pid.is_empty() {
        let mut search = Search::new(&selection.pid);
        objects.retain(|object| search.is_used(object, &analysis));
        doubts = search.doubts(analysis.users());
    }
    if wanted.any(Needs::STATES) {
        analysis.judge(&objects, &selection.criteria);
    }
    (objects, analysis, doubts)
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
            match u32::try_from(pid.raw()).map(identity::owner) {
                Ok(Owner::Process(process)) => pids.extend(i32::try_from(process).ok().map(Pid::new)),
                Ok(Owner::Hidden) => doubts.push(format!(
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
    fn is_used(&mut self, object: &Object, analysis: &Analysis) -> bool {
        let is_one = |pid: u32| i32::try_from(pid).is_ok_and(|pid| self.pids.contains(&Pid::new(pid)));
        if let Some(usage) = analysis.usage(object.id)
            && (usage.holders.iter().any(|holder| is_one(holder.process.pid))
                || usage.waiters.iter().any(|waiter| is_one(waiter.process.pid))
                || usage.undo_records().iter().any(|record| is_one(record.process.pid)))
        {
            return true;
        }
        let (users, unanswered) = recorded_users(object, &mut self.budget);
        if let Some(why) = unanswered {
            self.unread.note(why);
        }
        users.into_iter().any(|user| self.is_recorded(user.pid, user.time))
    }

    /// Whether the number recorded at `time` means one of the processes: it is that number and does not belong to
    /// another process now, or it is that of a thread.
    fn is_recorded(&mut self, pid: Pid, time: Timestamp) -> bool {
        if pid.is_none() {
            return false;
        }
        match self.processes.recorded(pid, time) {
            Recorded::Alive(living)
            | Recorded::Unknown(Unknown::Incomparable(living) | Unknown::SetForward(living, _)) => {
                self.pids.contains(&Pid::new(living.process)) || self.pids.contains(&pid)
            }
            Recorded::Gone(Gone::Reused(..)) => false,
            Recorded::Gone(_) | Recorded::Unknown(Unknown::Hidden) => self.pids.contains(&pid),
        }
    }
}
