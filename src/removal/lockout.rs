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
use crate::removal::judges::{self, Finding, Judges, Stop, Subject};
use crate::removal::locked::{Locked, check, gone_or, lock, look, still_locked, unchanged, unlock};
use crate::removal::other_runs::{keep_locked_by_others, wait_for_other_runs};
use crate::removal::pin::{may_pin, pin};
use crate::removal::remove::remove_now;
use crate::removal::{Candidate, Outcome, Pace};
use crate::sys::signals::blocked::BlockedSignals;
use crate::sys::{Perm, barrier};
use crate::usage::criteria::Criteria;
use crate::usage::users::{Usage, Users, Wants};

/// How often objects are locked again because a process did not answer.
const ATTEMPTS: u32 = 3;

/// Removes those of `batch` that are still what they were judged to be, and tells of each what became of it.
///
/// Signals that end or stop programs are held back meanwhile. Give no more than `pace` allows, which learns how long that
/// took: others are shut out for so long. Where a process does not answer while they are, all is unlocked and done once
/// more, without asking it.
pub fn remove_batch(batch: &[Candidate], record: &mut Record, judges: &mut Judges, pace: &mut Pace) -> Vec<Outcome> {
    let held = BlockedSignals::block();
    judges.begin_batch();
    let mut left = remove_once(batch, record, judges, pace);
    for _ in 0..ATTEMPTS {
        let again: Vec<usize> = (0..batch.len()).filter(|&place| left[place].again.is_some()).collect();
        if again.is_empty() || held.is_asked_to_end() {
            break;
        }
        let candidates: Vec<Candidate> = again.iter().filter_map(|&place| left[place].again.take()).collect();
        for (place, attempt) in again.into_iter().zip(remove_once(&candidates, record, judges, pace)) {
            left[place] = attempt;
        }
    }
    left.into_iter().map(|attempt| attempt.outcome).collect()
}

/// What became of an object, and the candidate to try again where a process did not answer.
struct Attempt {
    outcome: Outcome,
    again: Option<Candidate>,
}

fn remove_once(batch: &[Candidate], record: &mut Record, judges: &mut Judges, pace: &mut Pace) -> Vec<Attempt> {
    let mut outcomes: Vec<Option<Outcome>> = batch.iter().map(|_| None).collect();
    keep_locked_by_others(batch, record, &mut outcomes);
    if judges.are_cold() {
        judge_before(batch, &mut outcomes, judges);
    }
    let wanted: Vec<usize> = (0..batch.len()).filter(|&place| outcomes[place].is_none()).collect();
    // Without read permission they are read later.
    let read = |&place: &usize| Semaphores::of(&batch[place].expected, None).ok().flatten();
    let semaphores: Vec<Option<Semaphores>> = wanted.iter().map(read).collect();
    let objects: Vec<Object> = wanted.iter().map(|&place| batch[place].expected).collect();
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
    for (place, semaphores) in wanted.into_iter().zip(semaphores) {
        if outcomes[place].is_some() {
            continue;
        }
        if let Err(outcome) = check(&batch[place]) {
            outcomes[place] = Some(outcome);
            continue;
        }
        touched.push(place);
        match lock(place, &batch[place], semaphores) {
            Ok(now_locked) => locked.push(now_locked),
            Err(outcome) => outcomes[place] = Some(outcome),
        }
    }
    let mut again = Vec::new();
    if !locked.is_empty() {
        barrier::rcu_grace_period();
        judges.look_anew();
        let locked = read_sets(locked, &mut outcomes, judges, &mut again);
        decide(&locked, &mut outcomes, judges, &mut again);
        pace.note(touched.len(), began.elapsed());
    }
    let mut outcomes: Vec<Outcome> = outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Gone)).collect();
    // The others of the batch are there no more, or were never touched.
    touched.retain(|&place| !matches!(outcomes[place], Outcome::Removed | Outcome::Gone));
    // If that fails, the next run finds nothing that is locked.
    let _ = record.done(touched.iter().map(|&place| &batch[place].expected));
    wait_for_other_runs(batch, record, &mut outcomes);
    find_remaining_users(batch, &mut outcomes);
    let mut attempts: Vec<Attempt> = outcomes.into_iter().map(|outcome| Attempt { outcome, again: None }).collect();
    for (place, candidate) in again {
        attempts[place].again = Some(candidate);
    }
    attempts
}

/// Judges before objects are locked, so that reading programs and libraries, which takes time, is done by the time that
/// others are shut out.
fn judge_before(batch: &[Candidate], outcomes: &mut [Option<Outcome>], judges: &mut Judges) {
    for (candidate, outcome) in batch.iter().zip(&mut *outcomes).filter(|(_, outcome)| outcome.is_none()) {
        *outcome = unchanged(candidate).err();
    }
    let places = (0..batch.len()).filter(|&place| outcomes[place].is_none()).collect();
    keep_by_findings(batch, places, outcomes, judges, None, |_, finding| finding.verdict.err());
}

/// Keeps queues on which somebody has gone to sleep since they were judged. Locking would wake receivers with EACCES, and
/// they would not be found any more; so they are looked for as shortly before as can be.
fn keep_waited_on(batch: &[Candidate], outcomes: &mut [Option<Outcome>], judges: &mut Judges) {
    let is_queue = |place: &usize| outcomes[*place].is_none() && batch[*place].object.is_queue();
    let queues = (0..batch.len()).filter(is_queue).collect();
    keep_by_findings(batch, queues, outcomes, judges, Some(Wants::WAITERS), |candidate, finding| {
        checks::somebody(&candidate.usage, &finding.usage, false)
    });
}

/// Finds out about objects that are not locked: their users if `scan` says which, or else how they are judged. Keeps
/// those for which `reason` gives one.
fn keep_by_findings(
    batch: &[Candidate],
    places: Vec<usize>,
    outcomes: &mut [Option<Outcome>],
    judges: &mut Judges,
    scan: Option<Wants>,
    reason: impl Fn(&Candidate, Finding) -> Option<String>,
) {
    for places in by_criteria(places, |&place| batch[place].condition.criteria()) {
        let subjects = places.iter().map(|&place| Subject::new(&batch[place])).collect();
        match judges.ask(batch[places[0]].condition.criteria(), subjects, scan, scan.is_none()) {
            Ok(found) => {
                for (&place, finding) in places.iter().zip(found) {
                    outcomes[place] = reason(&batch[place], finding).map(Outcome::Kept);
                }
            }
            Err(reason) => places.iter().for_each(|&place| outcomes[place] = Some(Outcome::Kept(reason.clone()))),
        }
    }
}

/// Groups by equal criteria; mostly that is one group.
fn by_criteria<'a, T>(all: Vec<T>, criteria: impl Fn(&T) -> &'a Criteria) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for one in all {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| criteria(first) == criteria(&one))) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

/// Looks into sets that even their owner may not read while they are locked: each is opened to the owner alone for a
/// moment. Only a process of that user that waits for zero can come in that moment, and the pass over `/proc` finds it.
fn read_sets<'a>(
    locked: Vec<Locked<'a>>,
    outcomes: &mut [Option<Outcome>],
    judges: &mut Judges,
    again: &mut Vec<(usize, Candidate)>,
) -> Vec<Locked<'a>> {
    let mut opened = false;
    let mut left = Vec::with_capacity(locked.len());
    for mut set in locked {
        if checks::is_unreadable(&set.object) {
            opened = true;
            match read_while_open(&mut set, judges) {
                Ok(()) => {}
                Err(Stop::Outcome(outcome)) => {
                    outcomes[set.place] = Some(unlock(&set, outcome));
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
fn give_up(
    locked: &Locked<'_>,
    failure: Failure,
    outcomes: &mut [Option<Outcome>],
    again: &mut Vec<(usize, Candidate)>,
) {
    let outcome = unlock(locked, Outcome::Kept(judges::words(failure)));
    if let (Failure::Silent(_), Outcome::Kept(_), Ok(now)) = (failure, &outcome, look(&locked.object))
        && checks::difference(&locked.candidate.expected, &now).is_none()
        && now.perm.mode.permissions() == locked.mode.permissions()
        && !is_locked(&now)
    {
        again.push((locked.place, Candidate { expected: now, ..locked.candidate.clone() }));
    }
    outcomes[locked.place] = Some(outcome);
}

fn read_while_open(set: &mut Locked<'_>, judges: &mut Judges) -> Result<(), Stop> {
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
    let usage = Usage { hidden_waiters: Some(0), ..set.candidate.usage.clone() };
    let judged = judges.judge_one(set.candidate, Subject { usage, ..Subject::new(set.candidate) });
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

/// Looks at each object and at everybody who could use it, and removes or unlocks it.
fn decide(
    locked: &[Locked<'_>],
    outcomes: &mut [Option<Outcome>],
    judges: &mut Judges,
    again: &mut Vec<(usize, Candidate)>,
) {
    // The mode that an object had tells who is let in.
    let as_open = |locked: &Locked<'_>| {
        let Object { perm, .. } = locked.object;
        Object { perm: Perm { mode: locked.candidate.object.perm.mode, ..perm }, ..locked.object }
    };
    let may_pin = locked.iter().any(|locked| locked.object.is_segment()) && may_pin();
    let groups = by_criteria(locked.iter().collect(), |locked| locked.candidate.condition.criteria());
    for group in groups {
        let subject = |locked: &&Locked<'_>| Subject { scanned: as_open(locked), ..Subject::new(locked.candidate) };
        let subjects = group.iter().map(subject).collect();
        let wants = Wants::WHO;
        let found = judges.ask_quickly(group[0].candidate.condition.criteria(), subjects, Some(wants));
        let found = match found {
            Ok(found) => found,
            Err(failure) => {
                group.into_iter().for_each(|locked| give_up(locked, failure, outcomes, again));
                continue;
            }
        };
        for (locked, finding) in group.into_iter().zip(found) {
            let result = examine(locked, &finding).map_err(Stop::Outcome);
            match result.and_then(|()| remove(locked, may_pin, &finding.usage, judges)) {
                Ok(outcome) => outcomes[locked.place] = Some(outcome),
                Err(Stop::Outcome(outcome)) => outcomes[locked.place] = Some(unlock(locked, outcome)),
                Err(Stop::Failure(failure)) => give_up(locked, failure, outcomes, again),
            }
        }
    }
}

/// Removes an object about which all is decided.
fn remove(locked: &Locked<'_>, may_pin: bool, usage: &Usage, judges: &mut Judges) -> Result<Outcome, Stop> {
    let pin = if may_pin && locked.object.is_segment() { pin(locked, usage, judges)? } else { None };
    match remove_now(&locked.object, &locked.object.id, pin) {
        failed @ Outcome::Failed(_) => Err(Stop::Outcome(failed)),
        outcome => Ok(outcome),
    }
}

/// Whether the object is still what it was judged to be, with nobody at it.
fn examine(locked: &Locked<'_>, finding: &Finding) -> Result<(), Outcome> {
    let counted = locked.object.is_set();
    if let Some(who) = checks::somebody(&locked.candidate.usage, &finding.usage, counted) {
        return Err(Outcome::Kept(who));
    }
    if !locked.read_while_open {
        finding.verdict.clone().map_err(Outcome::Kept)?;
        let failed = |errno| gone_or(&locked.object, errno, || Outcome::Kept(format!("cannot look into it: {errno}")));
        if counted && finding.usage.hidden_waiters.is_none() {
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
fn find_remaining_users(batch: &[Candidate], outcomes: &mut [Outcome]) {
    let will_go = |place: &usize| matches!(outcomes[*place], Outcome::WillGo { .. });
    let look = |place: usize| Some((place, inventory::look(batch[place].object.id).ok()??));
    let left = (0..batch.len()).filter(will_go).filter_map(look).filter(|(_, object)| object.is_doomed());
    let (places, left): (Vec<usize>, Vec<Object>) = left.unzip();
    if left.is_empty() {
        return;
    }
    let users = Users::scan(&left, Wants::HOLDERS);
    for (place, object) in places.into_iter().zip(left) {
        if let Outcome::WillGo { usage, .. } = &mut outcomes[place] {
            **usage = users.of(object.id).cloned().unwrap_or_default();
        }
    }
}
