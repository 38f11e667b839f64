//! The protocol, for some objects at a time: one grace period and one pass over `/proc` serve them all.

use std::fs;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::record::Record;
use super::{Candidate, Fate, Rule, facts, gate};
use crate::error::{Error, Status, bare};
use crate::object::inside::Semaphore;
use crate::object::inventory;
use crate::object::model::{Kind, Object};
use crate::object::removal;
use crate::object::rights::{may_change, refused};
use crate::object::state::{Criteria, Evidence, Judge, State};
use crate::object::users::{Usage, Users, Wants};
use crate::proc::sysctl;
use crate::render::escape::escape;
use crate::sys::held_signals::HeldSignals;
use crate::sys::shm::Attachment;
use crate::sys::{Errno, Mode, Perm, ShmId, Timestamp, barrier, memory};

/// So long another run is waited for that has closed the same objects, and so often looked for.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(5);

/// An object that is closed.
struct Closed<'a> {
    place: usize,
    candidate: &'a Candidate,
    /// The mode it had.
    mode: Mode,
    /// As it was seen when it was closed.
    object: Object,
    /// What was in the set before.
    semaphores: Option<Vec<Semaphore>>,
    /// The set can be read by its owner only while it is open to him, and was read then.
    read_while_open: bool,
}

/// Removes those of `batch` that are still what they were judged to be, and tells of each what became of it.
///
/// Signals that end or stop programs are held back meanwhile. Give no more than [`super::BATCH`] at a time: others
/// are shut out for as long as it takes.
pub fn remove(batch: &[Candidate], record: &mut Record, judges: &mut Judges) -> Vec<Fate> {
    let _held = HeldSignals::hold();
    let mut fates: Vec<Option<Fate>> = batch.iter().map(|candidate| unchanged(candidate).err()).collect();
    keep_closed_by_others(batch, record, &mut fates);
    let wanted: Vec<usize> = (0..batch.len()).filter(|&place| fates[place].is_none()).collect();
    let objects: Vec<Object> = wanted.iter().map(|&place| batch[place].expected).collect();
    judges.prepare(batch, &mut fates);
    if let Err(error) = record.write(&objects) {
        let reason = format!("{}: {}", record.path().display(), bare(&error));
        let fail = || Error::cannot(Status::Failed, "keep a record of what is closed", &reason, None);
        return fates.into_iter().map(|fate| fate.unwrap_or_else(|| Fate::Failed(fail()))).collect();
    }
    let mut closed = Vec::with_capacity(wanted.len());
    keep_slept_on(batch, &mut fates);
    for place in wanted {
        if fates[place].is_some() {
            continue;
        }
        match close(place, &batch[place]) {
            Ok(now_closed) => closed.push(now_closed),
            Err(fate) => fates[place] = Some(fate),
        }
    }
    if !closed.is_empty() {
        barrier::wait_for_callers();
        judges.look_anew();
        let closed = read_sets(closed, &mut fates, judges);
        decide(&closed, &mut fates, judges);
    }
    // If that fails, the next run finds nothing that is closed.
    let _ = record.done(&objects);
    let mut fates: Vec<Fate> = fates.into_iter().map(|fate| fate.unwrap_or(Fate::Gone)).collect();
    see_others_out(batch, record, &mut fates);
    fates
}

/// Whether somebody has closed it since it was judged, or before.
fn is_closed(object: &Object) -> bool {
    object.perm.mode.permissions() == gate::CLOSED.permissions()
}

/// Keeps objects that were judged while another run had them closed: the mode they had is not theirs.
fn keep_closed_by_others(batch: &[Candidate], record: &Record, fates: &mut [Option<Fate>]) {
    let places = || (0..batch.len()).filter(|&place| is_closed(&batch[place].expected));
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
            Ok(Some(now)) => is_closed(&now),
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

/// Whether the object is as it was judged, a look before it is touched.
fn unchanged(candidate: &Candidate) -> Result<(), Fate> {
    let expected = &candidate.expected;
    let now = look(expected)?;
    if let Some(what) = facts::difference(expected, &now) {
        return Err(kept_since(what));
    }
    if now.perm.mode != expected.perm.mode || now.ctime != expected.ctime {
        return Err(kept_since("it was changed"));
    }
    if now.as_segment().is_some_and(|segment| segment.nattch > 0) {
        return Err(Fate::Kept("it is attached".to_owned()));
    }
    gate::obstacle(&now).map_or(Ok(()), |obstacle| Err(Fate::Kept(obstacle)))
}

/// Keeps queues on which somebody has gone to sleep since they were judged. Closing would wake receivers with EACCES, and
/// they would not be found any more; so they are looked for as shortly before as can be.
fn keep_slept_on(batch: &[Candidate], fates: &mut [Option<Fate>]) {
    let is_queue = |place: &usize| fates[*place].is_none() && batch[*place].object.kind() == Kind::Msg;
    let queues: Vec<usize> = (0..batch.len()).filter(is_queue).collect();
    if queues.is_empty() {
        return;
    }
    let objects: Vec<Object> = queues.iter().map(|&place| batch[place].expected).collect();
    let users = Users::scan(&objects, Wants { holders: false, waiters: true });
    for place in queues {
        let candidate = &batch[place];
        let found = users.of(candidate.object.id).and_then(|usage| facts::somebody(&candidate.usage, usage, false));
        fates[place] = found.map(Fate::Kept);
    }
}

fn kept_since(what: &str) -> Fate {
    Fate::Kept(format!("{what} since it was judged"))
}

fn look(object: &Object) -> Result<Object, Fate> {
    match inventory::look(object.id) {
        Ok(Some(now)) => Ok(now),
        Ok(None) => Err(Fate::Gone),
        Err(errno) => Err(Fate::Failed(inventory::unreadable(object.id, errno))),
    }
}

/// What a failed call means: that the object is gone, or `otherwise`.
fn gone_or(object: &Object, errno: Errno, otherwise: impl FnOnce() -> Fate) -> Fate {
    if matches!(errno, Errno::EINVAL | Errno::EIDRM) && matches!(inventory::look(object.id), Ok(None)) {
        Fate::Gone
    } else {
        otherwise()
    }
}

fn close(place: usize, candidate: &Candidate) -> Result<Closed<'_>, Fate> {
    // Others of the batch came first, and the record was written: what was done to it meanwhile must not be undone.
    unchanged(candidate)?;
    let before = &candidate.expected;
    // Without read permission they are read later.
    let semaphores = facts::semaphores(before).ok().flatten();
    if let Some(check) = &candidate.check {
        check.pass().map_err(Fate::Kept)?;
    }
    let mode = Mode::new(before.perm.mode.permissions());
    if is_closed(before) {
        // It is closed already. Done again, it could undo that another run has just opened it.
        return Ok(Closed { place, candidate, mode, object: *before, semaphores, read_while_open: false });
    }
    gate::set_mode(before, gate::CLOSED).map_err(|errno| {
        gone_or(before, errno, || {
            let by_capacity = before.kind() == Kind::Msg && may_change(before);
            match errno {
                Errno::EPERM if !by_capacity => Fate::Failed(refused(before, &format!("remove {}", before.id), errno)),
                errno => Fate::Kept(gate::refusal(before, errno)),
            }
        })
    })?;
    let mut closed = Closed { place, candidate, mode, object: *before, semaphores, read_while_open: false };
    match look(before) {
        Ok(now) => closed.object = now,
        Err(fate) => return Err(open(&closed, fate)),
    }
    Ok(closed)
}

/// Looks into sets that their owner may not read while they are closed: each is opened to him alone for a moment. Who
/// comes in that moment can only be a process of his that waits for zero, and is found by the pass over `/proc`.
fn read_sets<'a>(closed: Vec<Closed<'a>>, fates: &mut [Option<Fate>], judges: &mut Judges) -> Vec<Closed<'a>> {
    let mut opened = false;
    let mut left = Vec::with_capacity(closed.len());
    for mut set in closed {
        let unreadable = matches!(facts::semaphores(&set.object), Err(Errno::EACCES));
        if unreadable {
            opened = true;
            if let Err(fate) = read_while_open(&mut set, judges) {
                fates[set.place] = Some(open(&set, fate));
                continue;
            }
        }
        left.push(set);
    }
    if opened {
        barrier::wait_for_callers();
        judges.look_anew();
    }
    left
}

fn read_while_open(set: &mut Closed<'_>, judges: &mut Judges) -> Result<(), Fate> {
    let failed =
        |set: &Closed<'_>, errno| gone_or(&set.object, errno, || Fate::Kept(gate::refusal(&set.object, errno)));
    still_closed(set)?;
    if set.object.perm.uid != set.object.perm.cuid {
        let reason = "its owner and its creator differ, so that it cannot be looked into while it is closed to both";
        return Err(Fate::Kept(format!("{reason} (CAP_IPC_OWNER can)")));
    }
    gate::set_mode(&set.object, gate::LOOK).map_err(|errno| failed(set, errno))?;
    let found = facts::semaphores(&set.object);
    // The kernel counts the waiters; who they are does not matter here.
    let usage = Usage { hidden_waiters: None, ..set.candidate.usage.clone() };
    let verdict = judges.judge(set.candidate, &usage);
    gate::set_mode(&set.object, gate::CLOSED).map_err(|errno| failed(set, errno))?;
    set.object = look(&set.object)?;
    let found = found.map_err(|errno| failed(set, errno))?.unwrap_or_default();
    if let Some(what) = facts::changed(set.semaphores.as_deref(), &found) {
        return Err(Fate::Kept(what));
    }
    set.read_while_open = true;
    verdict
}

/// Looks at each object and at everybody who could use it, and removes it or opens it again.
fn decide(closed: &[Closed<'_>], fates: &mut [Option<Fate>], judges: &mut Judges) {
    // Who is let in is told by the mode that they had.
    let as_open = |closed: &Closed<'_>| {
        let Object { perm, .. } = closed.object;
        Object { perm: Perm { mode: closed.candidate.object.perm.mode, ..perm }, ..closed.object }
    };
    let objects: Vec<Object> = closed.iter().map(as_open).collect();
    let users = Users::scan(&objects, Wants { holders: true, waiters: true });
    let nobody = Usage::default();
    for closed in closed {
        let usage = users.of(closed.object.id).unwrap_or(&nobody);
        let fate = match examine(closed, usage, judges) {
            Ok(()) => remove_one(closed, usage, judges),
            Err(fate) => open(closed, fate),
        };
        fates[closed.place] = Some(fate);
    }
}

/// Whether the object is still what it was judged to be, with nobody at it.
fn examine(closed: &Closed<'_>, usage: &Usage, judges: &mut Judges) -> Result<(), Fate> {
    let counted = closed.object.kind() == Kind::Sem;
    if let Some(who) = facts::somebody(&closed.candidate.usage, usage, counted) {
        return Err(Fate::Kept(who));
    }
    if !closed.read_while_open {
        judges.judge(closed.candidate, usage)?;
        match facts::semaphores(&closed.object) {
            Ok(Some(now)) => {
                if let Some(what) = facts::changed(closed.semaphores.as_deref(), &now) {
                    return Err(Fate::Kept(what));
                }
            }
            Ok(None) => {}
            Err(errno) => {
                return Err(gone_or(&closed.object, errno, || Fate::Kept(format!("cannot look into it: {errno}"))));
            }
        }
    }
    still_closed(closed).map(drop)
}

/// A judge for each set of criteria. What they find out about processes holds for one moment: they look anew when all
/// of a batch is closed. What they read of programs and libraries holds for a run.
#[derive(Debug, Default)]
pub struct Judges(Vec<(Criteria, Judge)>);

impl Judges {
    fn look_anew(&mut self) {
        self.0.iter_mut().for_each(|(_, judge)| judge.look_anew());
    }

    /// Judges before the first objects are closed, so that what takes time, the reading of programs and libraries, is done
    /// by the time that others are shut out.
    fn prepare(&mut self, batch: &[Candidate], fates: &mut [Option<Fate>]) {
        if self.0.is_empty() {
            for (candidate, fate) in batch.iter().zip(fates).filter(|(_, fate)| fate.is_none()) {
                *fate = self.judge(candidate, &candidate.usage).err();
            }
        }
    }

    /// Judges the object as it was before it was closed, which has changed its mode and time of change only.
    fn judge(&mut self, candidate: &Candidate, usage: &Usage) -> Result<(), Fate> {
        let criteria = candidate.rule.criteria();
        let place = self.0.iter().position(|(known, _)| known == criteria).unwrap_or_else(|| {
            self.0.push((criteria.clone(), Judge::new(criteria)));
            self.0.len() - 1
        });
        let judge = &mut self.0[place].1;
        let (judgement, wanted) = match &candidate.rule {
            Rule::Unused(_) => {
                let objection = judge.objection(&candidate.object, usage);
                return objection.map_or(Ok(()), |evidence| Err(Fate::Kept(may_be_in_use(&evidence))));
            }
            Rule::State(state, _) => (judge.judge(&candidate.object, usage), *state),
            Rule::CreatorGone(_) => (judge.judge(&candidate.object, usage), State::Idle),
        };
        let still = matches!(candidate.rule, Rule::State(..)) || judgement.creator_gone;
        if judgement.state == wanted && still {
            return Ok(());
        }
        let fact = judgement.evidence.first().map(|evidence| format!(": {}", escape(&evidence.fact)));
        let (now, before) = (judgement.state.word(), wanted.word());
        Err(Fate::Kept(format!("it is {now} and no longer {before}{}", fact.unwrap_or_default())))
    }
}

/// Why an object that is to go only if it is unused stays.
#[must_use]
pub fn may_be_in_use(evidence: &Evidence) -> String {
    format!("it may be in use: {}", escape(&evidence.fact))
}

/// The object as it is now, if nobody has touched it since it was closed.
fn still_closed(closed: &Closed<'_>) -> Result<Object, Fate> {
    let now = look(&closed.object)?;
    if let Some(what) = facts::difference(&closed.candidate.expected, &now) {
        return Err(kept_since(what));
    }
    if now.perm.mode.permissions() != gate::CLOSED.permissions() || now.ctime != closed.object.ctime {
        return Err(Fate::Kept("somebody changed it while it was closed".to_owned()));
    }
    Ok(now)
}

/// Removes an object about which all is decided.
fn remove_one(closed: &Closed<'_>, usage: &Usage, judges: &mut Judges) -> Fate {
    let object = &closed.object;
    let pin = match pin(closed, usage, judges) {
        Ok(pin) => pin,
        Err(fate) => return open(closed, fate),
    };
    let removed = removal::remove_id(object.id);
    drop(pin);
    match removed {
        Ok(()) if object.kind() == Kind::Shm => left(object),
        Ok(()) => Fate::Removed,
        Err(Errno::EINVAL | Errno::EIDRM) => Fate::Gone,
        Err(errno) => open(closed, Fate::Failed(refused(object, &format!("remove {}", object.id), errno))),
    }
}

/// Attaches a segment, so that its identifier cannot pass to another one. Without the right to, or where it cannot be
/// mapped, it goes without. So it does where the detach alone would destroy it, whatever is found.
///
/// Attached, it shows when it was made, where the caller may know that. If it was changed later, whoever was started in
/// between was taken for older than the segment: then it is judged once more.
fn pin(closed: &Closed<'_>, usage: &Usage, judges: &mut Judges) -> Result<Option<Attachment>, Fate> {
    let object = &closed.object;
    if object.kind() != Kind::Shm || sysctl::shm_rmid_forced() != Some(false) {
        return Ok(None);
    }
    let Ok(pin) = Attachment::new(ShmId::new(object.id.id), true) else { return Ok(None) };
    let now = look(object)?;
    let same = (now.id, now.perm, now.ctime) == (object.id, object.perm, object.ctime);
    if !same || now.as_segment().is_none_or(|segment| segment.nattch != 1) {
        return Err(Fate::Kept("somebody attached it while it was closed".to_owned()));
    }
    let judged = &closed.candidate.object;
    if let Some(born) = born(&pin, &now).filter(|born| *born < judged.ctime) {
        let as_made = Object { ctime: born, ..*judged };
        judges.judge(&Candidate { object: as_made, ..closed.candidate.clone() }, usage)?;
    }
    Ok(Some(pin))
}

/// When a segment was made; None where the caller may not know: that takes `CAP_CHECKPOINT_RESTORE`, and base pages.
fn born(pin: &Attachment, segment: &Object) -> Option<Timestamp> {
    let size = segment.as_segment()?.size.checked_next_multiple_of(memory::page_size() as u64)?;
    let start = pin.address() as u64;
    let file = fs::metadata(format!("/proc/self/map_files/{start:x}-{:x}", start.checked_add(size)?)).ok()?;
    let born = file.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(born.as_secs()).ok().map(Timestamp::new)
}

/// What is left of a removed segment: nothing, unless a privileged process came in between.
fn left(object: &Object) -> Fate {
    match inventory::look(object.id).ok().flatten().filter(Object::is_doomed) {
        None => Fate::Removed,
        Some(left) => {
            let users = Users::scan(&[left], Wants { holders: true, waiters: false });
            let usage = users.of(left.id).cloned().unwrap_or_default();
            Fate::WillGo { nattch: left.as_segment().map_or(0, |segment| segment.nattch), usage }
        }
    }
}

/// Gives the object its mode back, unless somebody else has given it one; what then is its fate.
fn open(closed: &Closed<'_>, fate: Fate) -> Fate {
    if matches!(fate, Fate::Gone) {
        return fate;
    }
    let id = closed.object.id;
    let result = match inventory::look(id) {
        Ok(None) => return fate,
        Ok(Some(now)) if now.perm.mode.permissions() == closed.mode.permissions() => return fate,
        Ok(Some(now)) if is_ours(closed, &now) => gate::set_mode(&now, closed.mode),
        Ok(Some(_)) => return fate,
        Err(errno) => Err(errno),
    };
    match result {
        Ok(()) => fate,
        Err(Errno::EINVAL | Errno::EIDRM) if matches!(inventory::look(id), Ok(None)) => fate,
        Err(errno) => {
            let remedy = format!("'ipcadm set --mode {:04o} {id}' does it", closed.mode.permissions());
            Fate::Failed(Error::cannot(Status::of(errno), &format!("give {id} its mode back"), errno, Some(&remedy)))
        }
    }
}

/// Whether its mode is still the one it was closed, or opened for a look, with.
fn is_ours(closed: &Closed<'_>, now: &Object) -> bool {
    let (one, two) = (&closed.candidate.expected.perm, &now.perm);
    let same = (one.key, one.cuid, one.cgid, one.uid, one.gid) == (two.key, two.cuid, two.cgid, two.uid, two.gid);
    let mode = two.mode.permissions();
    let same_object = (one.key, one.cuid, one.cgid) == (two.key, two.cuid, two.cgid);
    // Who gives it another owner meanwhile passes on the mode that he finds.
    (same_object || now.is_doomed()) && mode == gate::CLOSED.permissions() || mode == gate::LOOK.permissions() && same
}
