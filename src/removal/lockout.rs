//! The lock-out of a batch of objects: one grace period and one pass over `/proc` serve them all.

use std::time::Instant;

use crate::error::{Error, Status, os_message};
use crate::journal::access;
use crate::journal::locked::is_locked;
use crate::journal::record::Record;
use crate::kind::model::Object;
use crate::object::inventory;
use crate::proc::probe::Failure;
use crate::removal::checks::{self, Semaphores};
use crate::removal::judges::{self, Finding, Judges, News, Stop, Subject};
use crate::removal::locked::{Locked, Turn, check, gone_or, lock, look, still_locked, unchanged, unlock};
use crate::removal::other_runs::{keep_locked_by_others, wait_for_other_runs};
use crate::removal::pace::Pace;
use crate::removal::pin::Pins;
use crate::removal::remove::{left_of, remove_now};
use crate::removal::{Candidate, Outcome};
use crate::sys::signals::blocked::BlockedSignals;
use crate::sys::{Errno, barrier};
use crate::usage::criteria::Criteria;
use crate::usage::users::{Usage, Users, Wants};

/// How often objects are locked again because a process did not answer.
const ATTEMPTS: u32 = 3;

/// Removes candidates, some at a time.
pub struct Lockout<'a> {
    /// Those that are left.
    rest: &'a [Candidate],
    /// The place of the first of them.
    next: usize,
    record: &'a mut Record,
    judges: Judges<'a>,
    pace: Pace,
}

impl<'a> Lockout<'a> {
    /// Of `candidates`; what is locked is put on `record`.
    pub fn new(candidates: &'a [Candidate], record: &'a mut Record) -> Self {
        Self { rest: candidates, next: 0, record, judges: Judges::new(candidates), pace: Pace::default() }
    }

    /// Removes those of the next candidates that are still what they were judged to be, and tells of each what became of
    /// it; None when there are no more.
    ///
    /// Signals that end or stop programs are held back meanwhile. Where a process does not answer while objects are
    /// locked, all of them are unlocked, and it is done once more without asking it.
    pub fn next_batch(&mut self) -> Option<(&'a [Candidate], Vec<Outcome>)> {
        let held = BlockedSignals::block();
        let (batch, rest) = self.rest.split_at(self.pace.number(self.rest));
        let turns = (self.next..).zip(batch);
        let turns = turns.map(|(place, candidate)| Turn { place, candidate, expected: candidate.expected });
        let mut turns: Vec<Turn<'_>> = turns.collect();
        (self.rest, self.next) = (rest, self.next + batch.len());
        if batch.is_empty() {
            return None;
        }
        self.judges.begin_batch();
        let mut left = self.remove(&turns);
        for _ in 0..ATTEMPTS {
            let again: Vec<(usize, Object)> =
                (0..batch.len()).filter_map(|number| Some((number, left[number].again.take()?))).collect();
            if again.is_empty() || held.is_asked_to_end() {
                break;
            }
            again.iter().for_each(|&(number, now)| turns[number].expected = now);
            let some: Vec<Turn<'_>> = again.iter().map(|&(number, _)| turns[number]).collect();
            for ((number, _), attempt) in again.into_iter().zip(self.remove(&some)) {
                left[number] = attempt;
            }
        }
        Some((batch, left.into_iter().map(|attempt| attempt.outcome).collect()))
    }

    fn remove(&mut self, batch: &[Turn<'a>]) -> Vec<Attempt> {
        let Self { record, judges, pace, .. } = self;
        let mut outcomes: Vec<Option<Outcome>> = batch.iter().map(|_| None).collect();
        keep_locked_by_others(batch, record, &mut outcomes);
        if judges.are_cold() {
            judge_before(batch, &mut outcomes, judges);
        }
        let wanted: Vec<usize> = (0..batch.len()).filter(|&number| outcomes[number].is_none()).collect();
        // Without read permission they are read later.
        let read = |&number: &usize| Semaphores::of(&batch[number].expected, None).ok().flatten();
        let semaphores: Vec<Option<Semaphores>> = wanted.iter().map(read).collect();
        let objects: Vec<Object> = wanted.iter().map(|&number| batch[number].expected).collect();
        if let Err(error) = record.write(&objects) {
            let reason = format!("{}: {}", record.path().display(), os_message(&error));
            let fail = || Error::cannot(Status::Failed, "keep a record of what is closed", &reason, None);
            let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Outcome::Failed(fail())));
            return outcomes.map(|outcome| Attempt { outcome, again: None }).collect();
        }
        keep_waited_on(batch, &mut outcomes, judges);
        let began = Instant::now();
        let mut touched = Vec::with_capacity(wanted.len());
        let mut locked = Vec::with_capacity(wanted.len());
        for (number, semaphores) in wanted.into_iter().zip(semaphores) {
            if outcomes[number].is_some() {
                continue;
            }
            if let Err(outcome) = check(&batch[number]) {
                outcomes[number] = Some(outcome);
                continue;
            }
            touched.push(number);
            match lock(number, batch[number], semaphores) {
                Ok(now_locked) => locked.push(now_locked),
                Err(outcome) => outcomes[number] = Some(outcome),
            }
        }
        let mut again = Vec::new();
        if !locked.is_empty() {
            barrier::rcu_grace_period();
            judges.look_anew();
            let locked = read_sets(locked, &mut outcomes, judges, &mut again);
            let pins = decide(&locked, &mut outcomes, judges, &mut again);
            pace.note(touched.len(), began.elapsed());
            drop(pins);
            for locked in &locked {
                if let Some(outcome @ Outcome::Removed) = &mut outcomes[locked.number] {
                    *outcome = left_of(&locked.object);
                }
            }
        }
        let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Gone)).collect();
        // The others of the batch are there no more, or were never touched.
        touched.retain(|&number| !matches!(outcomes[number], Outcome::Removed | Outcome::Gone));
        // If that fails, the next run finds nothing that is locked.
        let _ = record.done(touched.iter().map(|&number| &batch[number].expected));
        wait_for_other_runs(batch, record, &mut outcomes);
        find_remaining_users(batch, &mut outcomes);
        let mut attempts: Vec<Attempt> = outcomes.into_iter().map(|outcome| Attempt { outcome, again: None }).collect();
        for (number, now) in again {
            attempts[number].again = Some(now);
        }
        attempts
    }
}

/// What became of an object, and as what it is to be found when it is tried again, because a process did not answer.
struct Attempt {
    outcome: Outcome,
    again: Option<Object>,
}

/// Objects that are to be tried again, by their number in the batch.
type Again = Vec<(usize, Object)>;

/// Judges before objects are locked, so that reading programs and libraries, which takes time, is done by the time that
/// others are shut out.
fn judge_before<'a>(batch: &[Turn<'a>], outcomes: &mut [Option<Outcome>], judges: &mut Judges<'a>) {
    for (turn, outcome) in batch.iter().zip(&mut *outcomes).filter(|(_, outcome)| outcome.is_none()) {
        *outcome = unchanged(&turn.expected).err();
    }
    let numbers = (0..batch.len()).filter(|&number| outcomes[number].is_none()).collect();
    keep_by_findings(batch, numbers, outcomes, judges, None, |_, finding| finding.verdict.err());
}

/// Keeps queues on which somebody has gone to sleep since they were judged. Locking would wake receivers with EACCES, and
/// they would not be found any more; so they are looked for as shortly before as can be.
fn keep_waited_on<'a>(batch: &[Turn<'a>], outcomes: &mut [Option<Outcome>], judges: &mut Judges<'a>) {
    let is_queue = |number: &usize| outcomes[*number].is_none() && batch[*number].expected.is_queue();
    let queues = (0..batch.len()).filter(is_queue).collect();
    keep_by_findings(batch, queues, outcomes, judges, Some(Wants::WAITERS), |candidate, finding| {
        checks::somebody(&candidate.usage, finding.usage(candidate), false)
    });
}

/// Finds out about objects that are not locked: their users if `scan` says which, or else how they are judged. Keeps
/// those for which `reason` gives one.
fn keep_by_findings<'a>(
    batch: &[Turn<'a>],
    numbers: Vec<usize>,
    outcomes: &mut [Option<Outcome>],
    judges: &mut Judges<'a>,
    scan: Option<Wants>,
    reason: impl Fn(&Candidate, Finding) -> Option<String>,
) {
    for (criteria, numbers) in by_criteria(numbers, |&number| batch[number].candidate) {
        let subjects = numbers.iter().map(|&number| Subject::new(batch[number].place)).collect();
        match judges.ask(criteria, subjects, scan, scan.is_none()) {
            Ok(found) => {
                for (number, finding) in numbers.into_iter().zip(found) {
                    outcomes[number] = reason(batch[number].candidate, finding).map(Outcome::Kept);
                }
            }
            Err(reason) => numbers.iter().for_each(|&number| outcomes[number] = Some(Outcome::Kept(reason.clone()))),
        }
    }
}

/// Groups by equal criteria; mostly that is one group.
fn by_criteria<'a, T>(all: Vec<T>, candidate: impl Fn(&T) -> &'a Candidate) -> Vec<(&'a Criteria, Vec<T>)> {
    let mut groups: Vec<(&Criteria, Vec<T>)> = Vec::new();
    for one in all {
        let criteria = candidate(&one).condition.criteria();
        match groups.iter_mut().find(|(of, _)| *of == criteria) {
            Some((_, group)) => group.push(one),
            None => groups.push((criteria, vec![one])),
        }
    }
    groups
}

/// Looks into sets that even their owner may not read while they are locked: each is opened to the owner alone for a
/// moment. Only a process of that user that waits for zero can come in that moment, and the pass over `/proc` finds it.
fn read_sets<'a>(
    locked: Vec<Locked<'a>>,
    outcomes: &mut [Option<Outcome>],
    judges: &mut Judges<'_>,
    again: &mut Again,
) -> Vec<Locked<'a>> {
    let mut opened = false;
    // Whoever may read one set at mode 0000 may read all.
    let mut may_read = false;
    let mut left = Vec::with_capacity(locked.len());
    for mut set in locked {
        let read = if may_read { Ok(()) } else { checks::read(&set.object) };
        may_read |= set.object.is_set() && read.is_ok();
        if read == Err(Errno::EACCES) {
            opened = true;
            match read_while_open(&mut set, judges) {
                Ok(()) => {}
                Err(Stop::Outcome(outcome)) => {
                    outcomes[set.number] = Some(unlock(&set, outcome));
                    continue;
                }
                Err(Stop::Failure(failure)) => {
                    give_up(&set, failure, outcomes, again);
                    continue;
                }
            }
        }
        left.push(set);
    }
    if opened {
        barrier::rcu_grace_period();
        judges.look_anew();
    }
    left
}

/// Unlocks an object because a process did not answer, and has it tried again if nobody has touched it meanwhile.
fn give_up(locked: &Locked<'_>, failure: Failure, outcomes: &mut [Option<Outcome>], again: &mut Again) {
    let outcome = unlock(locked, Outcome::Kept(judges::words(failure)));
    if let (Failure::Silent(_), Outcome::Kept(_), Ok(now)) = (failure, &outcome, look(&locked.object))
        && checks::difference(&locked.turn.expected, &now).is_none()
        && now.perm.mode.permissions() == locked.mode.permissions()
        && !is_locked(&now)
    {
        again.push((locked.number, now));
    }
    outcomes[locked.number] = Some(outcome);
}

fn read_while_open(set: &mut Locked<'_>, judges: &mut Judges<'_>) -> Result<(), Stop> {
    let failed =
        |set: &Locked<'_>, errno| gone_or(&set.object, errno, || Outcome::Kept(access::refusal(&set.object, errno)));
    still_locked(set)?;
    if set.object.perm.uid != set.object.perm.cuid {
        let reason = "its owner and its creator differ, so that it cannot be looked into while it is closed to both";
        return Err(Outcome::Kept(format!("{reason} (CAP_IPC_OWNER can)")).into());
    }
    access::set_mode(&set.object, access::LOOK).map_err(|errno| failed(set, errno))?;
    // The kernel counts the waiters; who they are does not matter here.
    let waited_for = checks::waited_for(&set.object);
    let candidate = set.turn.candidate;
    let usage = Usage { hidden_waiters: Some(0), ..candidate.usage.clone() };
    let judged = judges.judge_one(set.turn.place, News { usage, ctime: candidate.object.ctime });
    let last_users = judged.as_ref().ok().and_then(|finding| finding.last_users.clone());
    let found = Semaphores::of(&set.object, last_users);
    access::set_mode(&set.object, access::LOCKED).map_err(|errno| failed(set, errno))?;
    set.object = look(&set.object)?;
    let waited_for = waited_for.map_err(|errno| failed(set, errno))?;
    let found = found.map_err(|errno| failed(set, errno))?;
    let changed = || checks::changed(set.semaphores.as_ref(), found.as_ref()?);
    if let Some(what) = waited_for.or_else(changed) {
        return Err(Outcome::Kept(what).into());
    }
    set.read_while_open = true;
    judged?.verdict.map_err(|reason| Stop::Outcome(Outcome::Kept(reason)))
}

/// Looks at each object and at everybody who could use it, and removes or unlocks it. Returns the attachments to segments
/// that were removed.
fn decide<'a>(
    locked: &[Locked<'a>],
    outcomes: &mut [Option<Outcome>],
    judges: &mut Judges<'a>,
    again: &mut Again,
) -> Pins {
    let mut pins = Pins::default();
    for (criteria, group) in by_criteria(locked.iter().collect(), |locked| locked.turn.candidate) {
        let subject = |locked: &&Locked<'_>| Subject {
            attachments: locked.object.attachments(),
            ..Subject::new(locked.turn.place)
        };
        let subjects = group.iter().map(subject).collect();
        // Should a probe be started for this, it would have them too.
        pins.let_go();
        let found = match judges.ask_quickly(criteria, subjects, Some(Wants::WHO)) {
            Ok(found) => found,
            Err(failure) => {
                group.into_iter().for_each(|locked| give_up(locked, failure, outcomes, again));
                continue;
            }
        };
        for (locked, finding) in group.into_iter().zip(found) {
            let result = examine(locked, &finding).map_err(Stop::Outcome);
            let usage = finding.usage(locked.turn.candidate);
            match result.and_then(|()| remove(locked, &mut pins, usage, judges)) {
                Ok(outcome) => outcomes[locked.number] = Some(outcome),
                Err(Stop::Outcome(outcome)) => outcomes[locked.number] = Some(unlock(locked, outcome)),
                Err(Stop::Failure(failure)) => give_up(locked, failure, outcomes, again),
            }
        }
    }
    pins
}

/// Removes an object about which all is decided.
fn remove(locked: &Locked<'_>, pins: &mut Pins, usage: &Usage, judges: &mut Judges<'_>) -> Result<Outcome, Stop> {
    let pin = pins.pin(locked, usage, judges)?;
    match remove_now(&locked.object, &locked.object.id) {
        failed @ Outcome::Failed(_) => Err(Stop::Outcome(failed)),
        outcome => {
            pins.keep(pin);
            Ok(outcome)
        }
    }
}

/// Whether the object is still what it was judged to be, with nobody at it.
fn examine(locked: &Locked<'_>, finding: &Finding) -> Result<(), Outcome> {
    let counted = locked.object.is_set();
    let candidate = locked.turn.candidate;
    let usage = finding.usage(candidate);
    if let Some(who) = checks::somebody(&candidate.usage, usage, counted) {
        return Err(Outcome::Kept(who));
    }
    if !locked.read_while_open {
        finding.verdict.clone().map_err(Outcome::Kept)?;
        let failed = |errno| gone_or(&locked.object, errno, || Outcome::Kept(format!("cannot look into it: {errno}")));
        if counted && usage.hidden_waiters.is_none() {
            let waited_for = checks::waited_for(&locked.object).map_err(failed)?;
            waited_for.map_or(Ok(()), |who| Err(Outcome::Kept(who)))?;
        }
        let now = Semaphores::of(&locked.object, finding.last_users.clone()).map_err(failed)?;
        let changed = now.and_then(|now| checks::changed(locked.semaphores.as_ref(), &now));
        changed.map_or(Ok(()), |what| Err(Outcome::Kept(what)))?;
    }
    still_locked(locked).map(drop)
}

/// Finds out who has attached the segments that stay until their last detach.
fn find_remaining_users(batch: &[Turn<'_>], outcomes: &mut [Outcome]) {
    let will_go = |number: &usize| matches!(outcomes[*number], Outcome::WillGo { .. });
    let look = |number: usize| Some((number, inventory::look(batch[number].expected.id).ok()??));
    let left = (0..batch.len()).filter(will_go).filter_map(look).filter(|(_, object)| object.is_doomed());
    let (numbers, left): (Vec<usize>, Vec<Object>) = left.unzip();
    if left.is_empty() {
        return;
    }
    let users = Users::scan(&left, Wants::HOLDERS);
    for (number, object) in numbers.into_iter().zip(left) {
        if let Outcome::WillGo { usage, .. } = &mut outcomes[number] {
            **usage = users.of(object.id).cloned().unwrap_or_default();
        }
    }
}
