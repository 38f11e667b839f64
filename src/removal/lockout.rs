//! The protocol, for some objects at a time: one grace period and one pass over `/proc` serve them all.

use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Status, bare};
use crate::journal::access;
use crate::journal::locked::is_locked;
use crate::journal::record::Record;
use crate::kind::model::{Kind, Object};
use crate::object::inventory;
use crate::proc::probe::Failure;
use crate::removal::checks::{self, Semaphores};
use crate::removal::judges::{self, Finding, Judges, Stop, Subject};
use crate::removal::last_step::remove_one;
use crate::removal::locked::{Closed, close, gone_or, look, open, still_closed, unchanged};
use crate::removal::{Candidate, Fate};
use crate::sys::signals::blocked::BlockedSignals;
use crate::sys::{Perm, barrier};
use crate::usage::criteria::Criteria;
use crate::usage::users::{Usage, Users, Wants};

/// So often objects are closed again because somebody did not answer.
const ATTEMPTS: u32 = 3;
/// So long another run is waited for that has closed the same objects, and so often looked for.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(5);

/// Removes those of `batch` that are still what they were judged to be, and tells of each what became of it.
///
/// Signals that end or stop programs are held back meanwhile. Give no more than [`crate::removal::batches`] has in one: others
/// are shut out for as long as it takes. Where a process does not answer while they are, all is opened again and done once
/// more, without asking it.
pub fn remove(batch: &[Candidate], record: &mut Record, judges: &mut Judges) -> Vec<Fate> {
    let held = BlockedSignals::block();
    judges.begin_batch();
    let mut left = remove_once(batch, record, judges);
    for _ in 0..ATTEMPTS {
        let again: Vec<usize> = (0..batch.len()).filter(|&place| left[place].again.is_some()).collect();
        if again.is_empty() || held.is_asked_to_end() {
            break;
        }
        let candidates: Vec<Candidate> = again.iter().filter_map(|&place| left[place].again.take()).collect();
        for (place, outcome) in again.into_iter().zip(remove_once(&candidates, record, judges)) {
            left[place] = outcome;
        }
    }
    left.into_iter().map(|outcome| outcome.fate).collect()
}

/// What became of an object, and as what to try it again, because somebody did not answer.
struct Outcome {
    fate: Fate,
    again: Option<Candidate>,
}

fn remove_once(batch: &[Candidate], record: &mut Record, judges: &mut Judges) -> Vec<Outcome> {
    let mut fates: Vec<Option<Fate>> = batch.iter().map(|candidate| unchanged(candidate).err()).collect();
    keep_closed_by_others(batch, record, &mut fates);
    let wanted: Vec<usize> = (0..batch.len()).filter(|&place| fates[place].is_none()).collect();
    let objects: Vec<Object> = wanted.iter().map(|&place| batch[place].expected).collect();
    if judges.are_cold() {
        prepare(batch, &mut fates, judges);
    }
    // Without read permission they are read later.
    let read = |candidate: &Candidate| Semaphores::of(&candidate.expected, None).ok().flatten();
    let mut semaphores: Vec<Option<Semaphores>> = batch.iter().map(read).collect();
    if let Err(error) = record.write(&objects) {
        let reason = format!("{}: {}", record.path().display(), bare(&error));
        let fail = || Error::cannot(Status::Failed, "keep a record of what is closed", &reason, None);
        let fates = fates.into_iter().map(|fate| fate.unwrap_or_else(|| Fate::Failed(fail())));
        return fates.map(|fate| Outcome { fate, again: None }).collect();
    }
    let mut closed = Vec::with_capacity(wanted.len());
    keep_slept_on(batch, &mut fates, judges);
    for place in wanted {
        if fates[place].is_some() {
            continue;
        }
        match close(place, &batch[place], semaphores[place].take()) {
            Ok(now_closed) => closed.push(now_closed),
            Err(fate) => fates[place] = Some(fate),
        }
    }
    let mut again = Vec::new();
    if !closed.is_empty() {
        barrier::rcu_grace_period();
        judges.look_anew();
        let closed = read_sets(closed, &mut fates, judges, &mut again);
        decide(&closed, &mut fates, judges, &mut again);
    }
    // If that fails, the next run finds nothing that is closed.
    let _ = record.done(&objects);
    let mut fates: Vec<Fate> = fates.into_iter().map(|fate| fate.unwrap_or(Fate::Gone)).collect();
    see_others_out(batch, record, &mut fates);
    see_who_has_them(batch, &mut fates);
    let mut outcomes: Vec<Outcome> = fates.into_iter().map(|fate| Outcome { fate, again: None }).collect();
    for (place, candidate) in again {
        outcomes[place].again = Some(candidate);
    }
    outcomes
}

/// Judges before objects are closed, so that what takes time, the reading of programs and libraries, is done by the time
/// that others are shut out.
fn prepare(batch: &[Candidate], fates: &mut [Option<Fate>], judges: &mut Judges) {
    let places: Vec<usize> = (0..batch.len()).filter(|&place| fates[place].is_none()).collect();
    for places in by_criteria(places, |&place| batch[place].rule.criteria()) {
        let subjects = places.iter().map(|&place| Subject::new(&batch[place])).collect();
        match judges.ask(batch[places[0]].rule.criteria(), subjects, None, true) {
            Ok(found) => {
                for (&place, finding) in places.iter().zip(found) {
                    fates[place] = finding.verdict.err().map(Fate::Kept);
                }
            }
            Err(reason) => places.iter().for_each(|&place| fates[place] = Some(Fate::Kept(reason.clone()))),
        }
    }
}

/// Groups what has the same criteria; mostly that is all.
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

/// Keeps objects that were judged while another run had them closed: the mode they had is not theirs.
fn keep_closed_by_others(batch: &[Candidate], record: &Record, fates: &mut [Option<Fate>]) {
    let places = || (0..batch.len()).filter(|&place| is_locked(&batch[place].expected));
    if places().next().is_none() {
        return;
    }
    let others = record.named_by_others();
    for place in places() {
        if fates[place].is_none() && others.contains(&batch[place].object.id) {
            fates[place] = Some(Fate::Kept("another run of ipcadm is at work on it".to_owned()));
        }
    }
}

/// What is kept because another run has closed it is mostly gone a moment later, and then that is its fate.
fn see_others_out(batch: &[Candidate], record: &Record, fates: &mut [Fate]) {
    let end = Instant::now() + PATIENCE;
    let mut left: Vec<usize> = (0..batch.len()).filter(|&place| matches!(fates[place], Fate::Kept(_))).collect();
    loop {
        left.retain(|&place| match inventory::look(batch[place].object.id) {
            Ok(None) => {
                fates[place] = Fate::Gone;
                false
            }
            Ok(Some(now)) => is_locked(&now),
            Err(_) => false,
        });
        if left.is_empty() {
            return;
        }
        let others = record.named_by_others();
        left.retain(|&place| others.contains(&batch[place].object.id));
        if left.is_empty() || Instant::now() >= end {
            return;
        }
        thread::sleep(STEP);
    }
}

/// Keeps queues on which somebody has gone to sleep since they were judged. Closing would wake receivers with EACCES, and
/// they would not be found any more; so they are looked for as shortly before as can be.
fn keep_slept_on(batch: &[Candidate], fates: &mut [Option<Fate>], judges: &mut Judges) {
    let is_queue = |place: &usize| fates[*place].is_none() && batch[*place].object.kind() == Kind::Msg;
    let queues: Vec<usize> = (0..batch.len()).filter(is_queue).collect();
    for places in by_criteria(queues, |&place| batch[place].rule.criteria()) {
        let subjects = places.iter().map(|&place| Subject::new(&batch[place])).collect();
        let wants = Wants::WAITERS;
        match judges.ask(batch[places[0]].rule.criteria(), subjects, Some(wants), false) {
            Ok(found) => {
                for (&place, finding) in places.iter().zip(found) {
                    fates[place] = checks::somebody(&batch[place].usage, &finding.usage, false).map(Fate::Kept);
                }
            }
            Err(reason) => places.iter().for_each(|&place| fates[place] = Some(Fate::Kept(reason.clone()))),
        }
    }
}

/// Looks into sets that their owner may not read while they are closed: each is opened to him alone for a moment. Who
/// comes in that moment can only be a process of his that waits for zero, and is found by the pass over `/proc`.
fn read_sets<'a>(
    closed: Vec<Closed<'a>>,
    fates: &mut [Option<Fate>],
    judges: &mut Judges,
    again: &mut Vec<(usize, Candidate)>,
) -> Vec<Closed<'a>> {
    let mut opened = false;
    let mut left = Vec::with_capacity(closed.len());
    for mut set in closed {
        if checks::is_unreadable(&set.object) {
            opened = true;
            match read_while_open(&mut set, judges) {
                Ok(()) => {}
                Err(Stop::Fate(fate)) => {
                    fates[set.place] = Some(open(&set, fate));
                    continue;
                }
                Err(Stop::Failure(failure)) => {
                    give_up(&set, failure, fates, again);
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

/// Opens an object again because somebody did not answer, and has it tried again if nobody has touched it meanwhile.
fn give_up(closed: &Closed<'_>, failure: Failure, fates: &mut [Option<Fate>], again: &mut Vec<(usize, Candidate)>) {
    let fate = open(closed, Fate::Kept(judges::words(failure)));
    if let (Failure::Silent(_), Fate::Kept(_), Ok(now)) = (failure, &fate, look(&closed.object))
        && checks::difference(&closed.candidate.expected, &now).is_none()
        && now.perm.mode.permissions() == closed.mode.permissions()
        && !is_locked(&now)
    {
        again.push((closed.place, Candidate { expected: now, ..closed.candidate.clone() }));
    }
    fates[closed.place] = Some(fate);
}

fn read_while_open(set: &mut Closed<'_>, judges: &mut Judges) -> Result<(), Stop> {
    let failed =
        |set: &Closed<'_>, errno| gone_or(&set.object, errno, || Fate::Kept(access::refusal(&set.object, errno)));
    still_closed(set)?;
    if set.object.perm.uid != set.object.perm.cuid {
        let reason = "its owner and its creator differ, so that it cannot be looked into while it is closed to both";
        return Err(Fate::Kept(format!("{reason} (CAP_IPC_OWNER can)")).into());
    }
    access::set_mode(&set.object, access::LOOK).map_err(|errno| failed(set, errno))?;
    // The kernel counts the waiters; who they are does not matter here.
    let waited_for = checks::waited_for(&set.object);
    let usage = Usage { hidden_waiters: Some(0), ..set.candidate.usage.clone() };
    let judged = judges.judge_one(set.candidate, Subject::new(set.candidate).used_by(usage));
    let last_users = judged.as_ref().ok().and_then(|finding| finding.last_users.clone());
    let found = Semaphores::of(&set.object, last_users);
    access::set_mode(&set.object, access::CLOSED).map_err(|errno| failed(set, errno))?;
    set.object = look(&set.object)?;
    let waited_for = waited_for.map_err(|errno| failed(set, errno))?;
    let found = found.map_err(|errno| failed(set, errno))?;
    let changed = || checks::changed(set.semaphores.as_ref(), found.as_ref()?);
    if let Some(what) = waited_for.or_else(changed) {
        return Err(Fate::Kept(what).into());
    }
    set.read_while_open = true;
    judged?.verdict.map_err(|reason| Stop::Fate(Fate::Kept(reason)))
}

/// Looks at each object and at everybody who could use it, and removes it or opens it again.
fn decide(closed: &[Closed<'_>], fates: &mut [Option<Fate>], judges: &mut Judges, again: &mut Vec<(usize, Candidate)>) {
    // Who is let in is told by the mode that they had.
    let as_open = |closed: &Closed<'_>| {
        let Object { perm, .. } = closed.object;
        Object { perm: Perm { mode: closed.candidate.object.perm.mode, ..perm }, ..closed.object }
    };
    let groups = by_criteria(closed.iter().collect(), |closed| closed.candidate.rule.criteria());
    for group in groups {
        let subject = |closed: &&Closed<'_>| Subject::new(closed.candidate).seen_as(as_open(closed));
        let subjects = group.iter().map(subject).collect();
        let wants = Wants::WHO;
        let found = judges.ask_quickly(group[0].candidate.rule.criteria(), subjects, Some(wants));
        let found = match found {
            Ok(found) => found,
            Err(failure) => {
                group.into_iter().for_each(|closed| give_up(closed, failure, fates, again));
                continue;
            }
        };
        for (closed, finding) in group.into_iter().zip(found) {
            let result = examine(closed, &finding).map_err(Stop::Fate);
            match result.and_then(|()| remove_one(closed, &finding.usage, judges)) {
                Ok(fate) => fates[closed.place] = Some(fate),
                Err(Stop::Fate(fate)) => fates[closed.place] = Some(open(closed, fate)),
                Err(Stop::Failure(failure)) => give_up(closed, failure, fates, again),
            }
        }
    }
}

/// Whether the object is still what it was judged to be, with nobody at it.
fn examine(closed: &Closed<'_>, finding: &Finding) -> Result<(), Fate> {
    let counted = closed.object.kind() == Kind::Sem;
    if let Some(who) = checks::somebody(&closed.candidate.usage, &finding.usage, counted) {
        return Err(Fate::Kept(who));
    }
    if !closed.read_while_open {
        finding.verdict.clone().map_err(Fate::Kept)?;
        let failed = |errno| gone_or(&closed.object, errno, || Fate::Kept(format!("cannot look into it: {errno}")));
        if counted && finding.usage.hidden_waiters.is_none() {
            let waited_for = checks::waited_for(&closed.object).map_err(failed)?;
            waited_for.map_or(Ok(()), |who| Err(Fate::Kept(who)))?;
        }
        let now = Semaphores::of(&closed.object, finding.last_users.clone()).map_err(failed)?;
        let changed = now.and_then(|now| checks::changed(closed.semaphores.as_ref(), &now));
        changed.map_or(Ok(()), |what| Err(Fate::Kept(what)))?;
    }
    still_closed(closed).map(drop)
}

/// Finds out who has removed segments attached that linger.
fn see_who_has_them(batch: &[Candidate], fates: &mut [Fate]) {
    for (candidate, fate) in batch.iter().zip(fates) {
        if let Fate::WillGo { usage, .. } = fate
            && let Ok(Some(left)) = inventory::look(candidate.object.id)
            && left.is_doomed()
        {
            *usage = Users::scan(&[left], Wants::HOLDERS).of(left.id).cloned().unwrap_or_default();
        }
    }
}
