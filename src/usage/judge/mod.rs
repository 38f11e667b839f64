//! What can be concluded about an object: its state, and the evidence for it.
//!
//! The idea is that of garbage collection: a key is a root, and so is a living process that the kernel recorded. What
//! the kernel does not record, or does not show, makes an object's state unknown: never gone. A user that was recorded
//! last and is gone is no proof that nobody uses it: then all living processes are asked about ([`possible`](crate::usage::possible)).

use std::rc::Rc;
use std::time::Duration;

use crate::kind::model::{Kind, Object, ObjectId};
use crate::kind::system_v::Part;
use crate::object::semaphores::Budget;
use crate::proc::recorded::{ClockSet, Processes};
use crate::sys::Pid;
use crate::sys::clock::now;
use crate::usage::criteria::Criteria;
use crate::usage::evidence::{self, fact, span};
use crate::usage::logout::Logout;
use crate::usage::possible::PossibleUsers;
use crate::usage::possible::answer::MayKnow;
use crate::usage::possible::question::Question;
use crate::usage::recorded::{Finding, Records, look_up};
use crate::usage::state::{Evidence, Judgement, State, Why, found, unknown};
use crate::usage::users::Usage;

/// Why nothing is known of the users of a kind for which no rule says how they are found.
const NO_EVIDENCE: &str = "nothing tells who may use objects of this kind";

/// Judges objects; remembers what it found out about processes, so that each is looked up once. What happens later
/// to a process that it found alive, it does not see: judge anew before acting.
#[derive(Debug)]
pub struct Judge {
    grace: Duration,
    pub(super) processes: Processes,
    possible: PossibleUsers,
    logout: Logout,
    /// What the kernel may still be asked about semaphores.
    pub(super) budget: Budget,
    /// The last users of the semaphores of the set that was judged last.
    pub(super) last_users: Option<(ObjectId, Vec<Pid>)>,
    /// What was said last of an answer that nobody may use objects of a kind.
    asked: Option<(Rc<MayKnow>, Kind, Evidence)>,
    /// Whether processes outside of the pid namespace may be in this IPC namespace, once that was asked.
    pub(super) may_be_outside: Option<bool>,
}

impl Judge {
    /// A judge of this moment.
    #[must_use]
    pub fn new(criteria: &Criteria) -> Self {
        Self {
            grace: criteria.grace,
            processes: Processes::new(),
            possible: PossibleUsers::new(criteria.bystanders.clone()),
            logout: Logout::default(),
            budget: Budget::default(),
            last_users: None,
            asked: None,
            may_be_outside: None,
        }
    }

    /// Forgets what was found out about processes, for a later moment. What was read of programs and libraries stays.
    pub fn look_anew(&mut self) {
        self.processes = Processes::new();
        self.possible.forget();
        self.budget = Budget::default();
        self.last_users = None;
    }

    /// What can be concluded about `object`, as it was just seen, used as `usage` says.
    pub fn judge(&mut self, object: &Object, usage: &Usage) -> Judgement {
        let records = Records::of(object);
        let clock = self.processes.clock_set(records.times().map(|(_, time)| time));
        let mut judgement = self.conclude(object, usage, &records, clock);
        if matches!(judgement.state, State::Doomed | State::Active) {
            judgement.command = self.command(object, usage, &records, clock.is_none());
        }
        if judgement.state != State::Active {
            judgement.evidence.extend(evidence::undo_hidden(usage));
        }
        if let Some(clock) = clock {
            judgement.evidence.push(evidence::clock_set(clock));
        }
        if judgement.state != State::Doomed
            && let Some(removed) = self.logout.removes(object)
        {
            judgement.evidence.push(removed);
        }
        judgement
    }

    /// The command name of a recorded user that lives, or of one that was found.
    fn command(&mut self, object: &Object, usage: &Usage, records: &Records<'_>, comparable: bool) -> Option<String> {
        let mut finding = Finding::default();
        for record in &records.users {
            look_up(&mut self.processes, (record, object), comparable, &mut finding);
        }
        let holders = usage.holders.iter().map(|holder| &*holder.process);
        let found = holders.chain(usage.waiters.iter().map(|waiter| &waiter.process));
        let found = found.chain(usage.undo_records().iter().map(|record| &record.process));
        finding.command.or_else(|| found.map(|process| process.command.clone()).next())
    }

    /// The living processes that may use an object, whether or not anybody is known to, but for those that are
    /// `known` to. At most [`MOST_DESCRIBED`](crate::usage::possible::MOST_DESCRIBED) are told of one by one.
    pub fn may_know(&mut self, object: &Object, usage: &Usage, known: &[u32]) -> MayKnow {
        if object.system_v().is_none() {
            return MayKnow { unseen: Some(NO_EVIDENCE.to_owned()), ..MayKnow::default() };
        }
        let records = Records::of(object);
        let clock = self.processes.clock_set(records.times().map(|(_, time)| time));
        let (recorded, unknown) = self.recorded_numbers(object, &records);
        let undo_is_known = usage.undo.as_ref().is_some_and(|undo| !undo.is_unreadable());
        let asking = Asking { except: known, undo_is_known, ..Asking::default() };
        let mut may_know = Rc::unwrap_or_clone(self.ask(object, &records, clock, &recorded, asking));
        may_know.unseen = may_know.unseen.or(unknown.map(|unknown| unknown.fact().into_owned()));
        may_know
    }

    /// Why it cannot be said that nobody uses an object or may use it; None when that can. The grace age does not matter
    /// here, nor that nobody has used the object yet. What has a key may be looked up by whoever is let in.
    pub fn objection(&mut self, object: &Object, usage: &Usage) -> Option<Evidence> {
        let records = Records::of(object);
        let clock = self.processes.clock_set(records.times().map(|(_, time)| time));
        let finding = match self.look_for_users(object, usage, &records, clock) {
            Ok(finding) => finding,
            Err(settled) => return settled.evidence.into_iter().next(),
        };
        if let Some(known) = finding.alive.into_iter().chain(finding.doubts).next() {
            return Some(known);
        }
        let by_key = !object.perm.key.is_private();
        let asking = Asking { by_key, undo_is_known: finding.undo_is_known, ..Asking::default() };
        let may_know = self.ask(object, &records, clock, &finding.recorded, asking);
        if may_know.is_nobody() { None } else { may_know.evidence(object, records.latest().0).into_iter().next() }
    }

    /// A living process that uses an object or may, where one is seen; None also where it cannot be known whether there
    /// is one.
    pub fn living_user(&mut self, object: &Object, usage: &Usage) -> Option<Evidence> {
        let records = Records::of(object);
        let clock = self.processes.clock_set(records.times().map(|(_, time)| time));
        let finding = match self.look_for_users(object, usage, &records, clock) {
            Ok(finding) => finding,
            Err(settled) => return settled.evidence.into_iter().next().filter(|_| settled.state == State::Active),
        };
        if let Some(alive) = finding.alive.into_iter().next() {
            return Some(alive);
        }
        let asking = Asking { undo_is_known: finding.undo_is_known, ..Asking::default() };
        let may_know = self.ask(object, &records, clock, &finding.recorded, asking);
        (may_know.number > 0).then(|| may_know.evidence(object, records.latest().0).into_iter().next()).flatten()
    }

    fn ask(
        &mut self,
        object: &Object,
        records: &Records<'_>,
        clock: Option<ClockSet>,
        recorded: &[Pid],
        asking: Asking<'_>,
    ) -> Rc<MayKnow> {
        let Asking { except, by_key, by_descent, undo_is_known } = asking;
        let last = records.latest();
        let question = Question { object, last, recorded, clock, except, by_key, by_descent, undo_is_known };
        self.possible.find(&question, &self.processes)
    }

    /// That nobody may use an object; said once for all of a kind that have the same answer.
    fn asked(&mut self, may_know: &Rc<MayKnow>, kind: Kind) -> Evidence {
        match &self.asked {
            Some((answer, of, said)) if Rc::ptr_eq(answer, may_know) && *of == kind => said.clone(),
            _ => {
                let said = may_know.asked(kind);
                self.asked = Some((Rc::clone(may_know), kind, said.clone()));
                said
            }
        }
    }

    fn conclude(
        &mut self,
        object: &Object,
        usage: &Usage,
        records: &Records<'_>,
        clock: Option<ClockSet>,
    ) -> Judgement {
        match self.look_for_users(object, usage, records, clock) {
            Ok(finding) => self.weigh(object, records, clock, finding),
            Err(settled) => settled,
        }
    }

    /// What became of the recorded users.
    ///
    /// # Errors
    /// What the object is, where that does not depend on them.
    fn look_for_users(
        &mut self,
        object: &Object,
        usage: &Usage,
        records: &Records<'_>,
        clock: Option<ClockSet>,
    ) -> Result<Finding, Judgement> {
        if object.is_doomed() {
            return Err(evidence::doomed(object, usage));
        }
        let nattch = object.attachments();
        if nattch > 0 {
            return Err(found(State::Active, vec![evidence::attached(nattch, usage)]));
        }
        if let Some(evidence) = evidence::waiting(usage) {
            return Err(found(State::Active, vec![evidence]));
        }
        let Some(part) = object.system_v() else {
            return Err(unknown(Why::Hidden, vec![fact(NO_EVIDENCE, "/proc")]));
        };
        let mut finding = Finding::default();
        match part {
            Part::Segment(_) => {}
            Part::Queue(_) if usage.hidden_waiters.is_none() => {
                let why = usage.hidden_why.as_deref().unwrap_or("threads may not be looked into");
                let text = format!("whether a thread waits on it cannot be known: {why}");
                // No matter, when somebody is known to use it.
                finding.doubts.push(fact(text, "/proc/PID/task/TID/syscall"));
            }
            Part::Queue(_) => {}
            Part::Set(_) => {
                // No matter either.
                finding.doubts.extend(usage.may_be_paused.map(evidence::may_be_paused));
                match self.ask_set(object, usage, &mut finding, clock.is_none()) {
                    Ok(None) => {}
                    Ok(Some(active)) => return Err(found(State::Active, vec![active])),
                    Err(doubt) => return Err(unknown(Why::Hidden, vec![doubt])),
                }
            }
        }
        for record in &records.users {
            look_up(&mut self.processes, (record, object), clock.is_none(), &mut finding);
        }
        Ok(finding)
    }

    /// What the recorded users come to.
    fn weigh(
        &mut self,
        object: &Object,
        records: &Records<'_>,
        clock: Option<ClockSet>,
        finding: Finding,
    ) -> Judgement {
        let (what, activity) = records.latest();
        let grace = i64::try_from(self.grace.as_secs()).unwrap_or(i64::MAX);
        // A time yet to come counts as now.
        let age = now().saturating_sub(activity.seconds()).max(0);
        let is_young = Duration::from_secs(age.unsigned_abs()) < self.grace;
        let Finding { alive, doubts, gone, command, recorded, undo_is_known, detached } = finding;
        if !alive.is_empty() {
            // Whoever else used it changes nothing.
            let mut judgement = Judgement { command, ..found(State::Idle, alive) };
            let alone = judgement.evidence.len() == 1 && doubts.is_empty() && object.perm.key.is_private();
            if let Some(last) = detached.filter(|_| alone && !is_young) {
                let except = &[last.process.unsigned_abs()];
                let asking = Asking { except, by_descent: false, undo_is_known, ..Asking::default() };
                if self.ask(object, records, clock, &recorded, asking).is_nobody() {
                    judgement.creator_gone = true;
                    judgement.evidence.splice(0..0, evidence::creator_gone(&last, &gone));
                }
            }
            return judgement;
        }
        if !doubts.is_empty() {
            let why = if clock.is_some() { Why::Clock } else { Why::Hidden };
            return Judgement { command, ..unknown(why, [doubts, gone].concat()) };
        }
        if gone.is_empty() {
            return unknown(Why::NeverUsed, vec![records.nobody()]);
        }
        let last = Evidence::Last(what, age, grace);
        if is_young {
            return found(State::Idle, [vec![last], gone].concat());
        }
        if clock == Some(ClockSet::BeforeBoot) && grace > 0 {
            let text = format!("all users are gone, but for how long cannot be known; grace is {}", span(grace));
            return unknown(Why::Clock, [vec![fact(text, what.field)], gone].concat());
        }
        let asking = Asking { undo_is_known, ..Asking::default() };
        let may_know = self.ask(object, records, clock, &recorded, asking);
        if !may_know.is_nobody() {
            let why = if may_know.unseen.is_some() { Why::Hidden } else { Why::MayKnow };
            let evidence = [may_know.evidence(object, what), gone, vec![last]].concat();
            return Judgement { may_know: Some(may_know), ..unknown(why, evidence) };
        }
        let state = if object.perm.key.is_private() { State::Orphan } else { State::Dormant };
        let mut evidence = gone;
        evidence.extend([self.asked(&may_know, object.kind()), Evidence::Key(object.perm.key), last]);
        found(state, evidence)
    }
}

/// How it is asked who may use an object.
struct Asking<'a> {
    /// These processes do not count.
    except: &'a [u32],
    by_key: bool,
    by_descent: bool,
    undo_is_known: bool,
}

impl Default for Asking<'_> {
    fn default() -> Self {
        Self { except: &[], by_key: false, by_descent: true, undo_is_known: false }
    }
}

#[cfg(test)]
mod tests;
