//! The threads asleep on sets and queues, or paused there.
//!
//! The kernel counts who sleeps on a set. A thread that is stopped, traced or frozen in there it does not count, and has
//! it try again later; so counts prove that somebody is hidden, and never that nobody waits.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::rc::Rc;

use crate::kind::model::{IdMap, Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::object::semaphores::{Asleep, Budget, TOO_MUCH, Unanswered, asleep, smallest_first};
use crate::proc::blocked::{self, Call, Line, MAX_OPS, Machine, Mtype, OPERATION_SIZE, Operation};
use crate::proc::freezer::Freezer;
use crate::proc::reader::{Reader, Task};
use crate::proc::task::Stat;
use crate::sys::{Errno, SemId, sem};
use crate::usage::asleep::Clocks;
use crate::usage::process::ProcessCache;
use crate::usage::scan::finder::{Ending, Finder, Observation, Scope};
use crate::usage::scan::unseen::{OUTSIDE, changing};
use crate::usage::users::{Paused, Usage, Waiter, Waiting};

/// Attempts to look at a thread that does not stay in one call.
const LOOKS: u32 = 3;
/// Sets of more semaphores have their values read once, others for each sleeper that needs them.
const FEW: u64 = 256;

/// Finds the threads that wait on sets and queues.
#[derive(Debug)]
pub(super) struct WaiterScan {
    by_id: IdMap<usize>,
    all: Vec<WaitedObject>,
    clocks: Clocks,
    freezer: Freezer,
    /// Whether what threads wait for is read from the memory of their processes.
    operations: bool,
}

#[derive(Debug)]
struct WaitedObject {
    object: Object,
    waiters: Vec<Waiter>,
    /// How many the kernel counts; None of a queue, and of a set of which that is not known.
    counted: Option<Counts>,
    /// Whether that is not known because counting them would take too long.
    is_too_much: bool,
    values: Option<Option<Vec<u16>>>,
}

impl WaitedObject {
    /// WaiterScan that the kernel counted before and that were not found, semaphore by semaphore. One of whom it is not
    /// known what it sleeps for may be any of them.
    fn missing(&self) -> Option<u64> {
        let counted = self.counted.as_ref()?;
        let found = self.found();
        let missing = |(&place, count): (&Place, &u64)| count.saturating_sub(found.at(Some(place)));
        let missing = counted.0.iter().map(missing).fold(0, u64::saturating_add);
        let anywhere = self.awake().filter(|waiter| place(waiter.waiting).is_none()).count() as u64;
        Some(missing.saturating_sub(anywhere))
    }

    /// Those found that the kernel counts, unless they are paused and it does not show.
    fn awake(&self) -> impl Iterator<Item = &Waiter> {
        self.waiters.iter().filter(|waiter| waiter.paused.is_none())
    }

    /// How many of them sleep for what.
    fn found(&self) -> Counts {
        let mut found = Counts::default();
        self.awake().for_each(|waiter| found.add(place(waiter.waiting), 1));
        found
    }

    /// Whether threads were found that look asleep while the kernel has counted nobody, before and `now`.
    fn is_uncounted(&self, now: Option<&Counts>) -> bool {
        let nobody = |counts: Option<&Counts>| counts.is_some_and(|counts| counts.total() == 0);
        nobody(self.counted.as_ref()) && nobody(now) && self.awake().next().is_some()
    }

    /// Takes those who look asleep for frozen.
    fn take_for_frozen(&mut self) {
        for waiter in &mut self.waiters {
            waiter.paused = waiter.paused.or(Some(Paused::Frozen));
        }
    }

    /// Tells what was found, unless threads come and go.
    fn finish(mut self, ending: &mut Ending<'_>) {
        self.waiters.sort_by_key(|waiter| (waiter.process.pid, waiter.tid));
        let id = self.object.id;
        let mut hidden = self.missing();
        let mut is_settled = true;
        let mut now = None;
        if hidden.is_some() && !self.is_quiet() {
            let counted = count(&self.object, &mut ending.observations.budget);
            self.is_too_much |= counted == Err(Unanswered::Spent);
            now = counted.ok();
        }
        if self.is_too_much {
            hidden = None;
        }
        let is_uncounted = self.is_uncounted(now.as_ref());
        if hidden.is_some_and(|missing| missing > 0) || is_uncounted {
            let total = |counts: &Option<Counts>| counts.as_ref().map_or(0, Counts::total);
            let users = self.waiters.iter().map(|waiter| (waiter.process.pid, waiter.tid.into())).collect();
            let observation = Observation { counted: total(&self.counted), users };
            is_settled = now == self.counted && ending.observations.by_object.get(&id) == Some(&observation);
            if !is_settled && !ending.is_last {
                ending.observations.by_object.insert(id, observation);
                ending.again.push(self.object);
                return;
            }
            if is_settled && is_uncounted {
                self.take_for_frozen();
            }
            let gone = total(&self.counted).saturating_sub(total(&now));
            hidden = hidden.map(|missing| missing.saturating_sub(gone));
        }
        self.check(now.as_ref());
        let why = match hidden {
            Some(0) => None,
            _ if self.is_too_much => Some(format!("threads asleep on {id} are not counted: {TOO_MUCH}")),
            _ => ending.unseen.why_uncounted(ending.denied, ending.unavailable),
        };
        if hidden.is_none() && why.is_none() {
            hidden = Some(0);
        }
        let hidden_why = (hidden != Some(0)).then(|| {
            let why = why.unwrap_or_else(|| OUTSIDE.to_owned());
            if is_settled { why } else { changing(&why) }
        });
        let usage = Usage { waiters: self.waiters, hidden_waiters: hidden, hidden_why, ..Usage::default() };
        ending.found.tell(id, usage);
    }

    fn is_quiet(&self) -> bool {
        self.waiters.is_empty() && self.missing() == Some(0)
    }

    /// Takes back what was read of operations where it is not so: the kernel counted fewer sleepers there, before and
    /// `now`. A program may use the memory for something else while it sleeps. Of those who are paused it is believed.
    fn check(&mut self, now: Option<&Counts>) {
        let Some(before) = &self.counted else { return };
        let found = self.found();
        let counted = |place| before.at(place).max(now.map_or(0, |now| now.at(place)));
        for waiter in self.waiters.iter_mut().filter(|waiter| waiter.paused.is_none()) {
            let place = place(waiter.waiting);
            if place.is_some() && found.at(place) > counted(place) {
                waiter.waiting = Waiting::Operate;
                waiter.undo = None;
            }
        }
    }

    /// The values of the set, if they may be read.
    fn values(&mut self) -> Option<&[u16]> {
        let set = self.object.as_set()?;
        let read = || sem::get_all(SemId::new(self.object.id.sysv()), usize::try_from(set.nsems).ok()?).ok();
        if self.values.is_none() || set.nsems <= FEW {
            self.values = Some(read());
        }
        self.values.as_ref()?.as_deref()
    }
}

/// A semaphore, and whether it is to become zero.
type Place = (u32, bool);

/// How many threads sleep on each semaphore of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts(BTreeMap<Place, u64>);

impl Counts {
    fn total(&self) -> u64 {
        self.0.values().fold(0, |total, &count| total.saturating_add(count))
    }

    fn at(&self, place: Option<Place>) -> u64 {
        place.and_then(|place| self.0.get(&place)).copied().unwrap_or(0)
    }

    fn add(&mut self, place: Option<Place>, count: u64) {
        if let Some(place) = place.filter(|_| count > 0) {
            *self.0.entry(place).or_default() += count;
        }
    }
}

/// The semaphore that a thread sleeps for, if it is known.
fn place(waiting: Waiting) -> Option<Place> {
    match waiting {
        Waiting::Take { index, .. } => Some((index.into(), false)),
        Waiting::Zero { index } => Some((index.into(), true)),
        _ => None,
    }
}

/// How many threads sleep on a set. A set that is gone has none.
///
/// # Errors
/// Why that is not known. Of a queue the kernel has no count.
fn count(object: &Object, budget: &mut Budget) -> Result<Counts, Unanswered> {
    let all = match asleep(object, budget) {
        Ok(all) => all,
        Err(Unanswered::Refused(Errno::EINVAL | Errno::EIDRM)) => Vec::new(),
        Err(why) => return Err(why),
    };
    let mut counts = Counts::default();
    for Asleep { index, to_take, until_zero } in all {
        counts.add(Some((index, false)), to_take.into());
        counts.add(Some((index, true)), until_zero.into());
    }
    Ok(counts)
}

impl WaiterScan {
    /// The sets and queues among `objects`; the sleepers of the sets are counted within `budget`.
    pub(super) fn new(objects: &[Object], budget: &mut Budget, operations: bool) -> Self {
        let mut by_id = IdMap::default();
        let mut all = Vec::new();
        for object in smallest_first(objects.iter().filter(|object| !object.is_segment())) {
            by_id.entry(object.id).or_insert_with(|| {
                let counted = object.as_set().map(|_| count(object, budget));
                let is_too_much = counted.as_ref().is_some_and(|counted| *counted == Err(Unanswered::Spent));
                let counted = counted.and_then(Result::ok);
                all.push(WaitedObject { object: *object, waiters: Vec::new(), counted, is_too_much, values: None });
                all.len() - 1
            });
        }
        Self { by_id, all, clocks: Clocks::default(), freezer: Freezer::default(), operations }
    }

    /// The call on one of the objects that a thread is in, whatever its namespace, and the place of that object.
    ///
    /// # Errors
    /// When it may not be looked into, or has ended.
    fn call_of(&self, task: Task, reader: &mut Reader) -> io::Result<Option<(Line, Call, usize)>> {
        let Some(line) = Line::parse(reader.read(task, "syscall")?) else { return Ok(None) };
        let is_64_bit = || reader.is_64_bit(task.pid);
        let Some(call) = Call::of_line(&line, Machine::NATIVE, is_64_bit) else { return Ok(None) };
        let kind = if matches!(call, Call::Operate { .. }) { SystemV::Set } else { SystemV::Queue };
        Ok(self.by_id.get(&ObjectId::system_v(kind.kind(), call.id())).map(|&index| (line, call, index)))
    }
}

impl Finder for WaiterScan {
    fn scope(&self) -> Scope {
        Scope::Threads
    }

    /// It goes on when all are found whom the kernel counts: those that are paused it does not count.
    fn is_idle(&self) -> bool {
        self.all.is_empty()
    }

    fn unavailable(&self) -> Option<&'static str> {
        let is_shown = Path::new("/proc/thread-self/syscall").exists();
        (!is_shown).then_some("this kernel does not show what threads sleep in")
    }

    /// Whether it has one thread, which is in no call on an object: it is so with most.
    fn passes_over(&mut self, pid: u32, reader: &mut Reader) -> bool {
        reader.threads(pid).is_ok_and(|threads| threads == 1)
            && self.call_of(Task::process(pid), reader).is_ok_and(|call| call.is_none())
    }

    fn look(
        &mut self,
        task: Task,
        namespace: u64,
        reader: &mut Reader,
        processes: &mut ProcessCache,
    ) -> io::Result<()> {
        for _ in 0..LOOKS {
            let Some((line, call, index)) = self.call_of(task, reader)? else { return Ok(()) };
            if reader.ipc_namespace(task)? != namespace {
                return Ok(());
            }
            let seen = self.all[index].decode(&call, task, reader, self.operations);
            // What was read from its memory counts only if it has waited in this call all the while.
            if Line::parse(reader.read(task, "syscall")?) != Some(line) {
                continue;
            }
            let state = Stat::parse(reader.read(task, "stat")?).map(|stat| stat.state);
            if let (Some((waiting, undo, timeout)), Some(process)) = (seen, processes.get(task.pid, reader)) {
                let process = Rc::unwrap_or_clone(process);
                let tid = task.tid.unwrap_or(task.pid);
                let asleep_for = self.clocks.asleep_for(task, reader);
                let paused = match state {
                    Some(b'T') => Some(Paused::Stopped),
                    Some(b't') => Some(Paused::Traced),
                    Some(state) if self.freezer.holds(task, state, reader) => Some(Paused::Frozen),
                    _ => None,
                };
                self.all[index].waiters.push(Waiter { process, tid, waiting, undo, timeout, asleep_for, paused });
            }
            return Ok(());
        }
        Ok(())
    }

    fn finish(self: Box<Self>, ending: &mut Ending<'_>) {
        for object in self.all {
            object.finish(ending);
        }
    }
}

impl WaitedObject {
    /// What a call waits for, whether it is undone, and whether it gives up.
    fn decode(
        &mut self,
        call: &Call,
        task: Task,
        reader: &mut Reader,
        memory: bool,
    ) -> Option<(Waiting, Option<bool>, Option<bool>)> {
        match *call {
            Call::Operate { address, count, timeout, .. } => {
                let operations = if memory { read_operations(address, count, task, reader) } else { None };
                let undo = operations.as_ref().map(|all| all.iter().any(|operation| operation.undo));
                let waiting = operations.map_or(Waiting::Operate, |operations| self.blocking(&operations));
                Some((waiting, undo, Some(timeout)))
            }
            Call::Send { bytes, .. } => Some((Waiting::Send { bytes }, Some(false), Some(false))),
            Call::Receive { mtype, except, .. } => {
                let mtype = match mtype {
                    Mtype::Known(mtype) => mtype,
                    Mtype::At(address) => {
                        let mut bytes = [0; 4];
                        // Where it cannot be read, the thread waits all the same: for any type, as far as is known.
                        let read = memory && reader.memory(task, address, &mut bytes).is_ok();
                        if read { i64::from(i32::from_ne_bytes(bytes)) } else { 0 }
                    }
                };
                // The kernel heeds it for one type alone.
                let except = except && mtype > 0;
                Some((Waiting::Receive { mtype, except }, Some(false), Some(false)))
            }
        }
    }

    fn blocking(&mut self, operations: &[Operation]) -> Waiting {
        let found = blocked::blocking(operations, None).or_else(|| {
            let values = self.values()?;
            // None blocks: it is just about to go on.
            let first = || operations.iter().find(|operation| operation.delta <= 0).copied();
            blocked::blocking(operations, Some(values)).or_else(first)
        });
        match found {
            Some(Operation { index, delta: 0, .. }) => Waiting::Zero { index },
            Some(Operation { index, delta, .. }) => Waiting::Take { index, by: delta.unsigned_abs() },
            None => Waiting::Operate,
        }
    }
}

fn read_operations(address: u64, count: u64, task: Task, reader: &mut Reader) -> Option<Vec<Operation>> {
    let count = usize::try_from(count).ok().filter(|&count| count > 0 && count as u64 <= MAX_OPS)?;
    let mut memory = vec![0; count * OPERATION_SIZE];
    reader.memory(task, address, &mut memory).ok()?;
    Some(blocked::operations(&memory).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Counts, WaitedObject};
    use crate::kind::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};
    use crate::usage::process::Process;
    use crate::usage::users::{Paused, Waiter, Waiting};

    fn set() -> Object {
        let (uid, gid) = (Uid::new(0), Gid::new(0));
        let perm = Perm { key: Key::from_bits(0), uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
        Object::set(SemId::new(0), &SemStat { perm, otime: Timestamp::NEVER, ctime: Timestamp::NEVER, nsems: 4 })
    }

    fn wait(waiting: Waiting, paused: Option<Paused>) -> Waiter {
        let process = Process::default();
        Waiter { process, tid: 1, waiting, undo: Some(true), timeout: None, asleep_for: None, paused }
    }

    fn waited(waiters: &[Waiter], counts: &[((u32, bool), u64)]) -> WaitedObject {
        let counted = Some(Counts(BTreeMap::from_iter(counts.iter().copied())));
        WaitedObject { object: set(), waiters: waiters.to_vec(), counted, is_too_much: false, values: None }
    }

    const TAKE: Waiting = Waiting::Take { index: 3, by: 1 };
    const ZERO: Waiting = Waiting::Zero { index: 3 };

    #[test]
    fn no_operation_is_believed_against_the_counts() {
        let counts = |number| Counts(BTreeMap::from([((3, false), number)]));
        let check = |now: Option<Counts>| {
            let waiters = [wait(TAKE, None), wait(TAKE, None), wait(ZERO, None), wait(ZERO, Some(Paused::Traced))];
            let mut waited = waited(&waiters, &[((3, false), 1)]);
            waited.check(now.as_ref());
            waited.waiters.iter().map(|waiter| (waiter.waiting, waiter.undo)).collect::<Vec<_>>()
        };
        let (unknown, paused) = ((Waiting::Operate, None), (ZERO, Some(true)));
        assert_eq!(check(None), [unknown, unknown, unknown, paused]);
        assert_eq!(check(Some(counts(2))), [(TAKE, Some(true)), (TAKE, Some(true)), unknown, paused]);
    }

    #[test]
    fn who_is_hidden_is_counted_for_each_semaphore() {
        let stopped = Some(Paused::Stopped);
        let counts = [((3, false), 2), ((1, true), 1)];
        for (waiters, missing) in [
            (vec![], 3),
            (vec![wait(TAKE, None)], 2),
            // Neither who is paused, nor who waits for another semaphore, stands for one that is counted.
            (vec![wait(TAKE, stopped), wait(ZERO, None)], 3),
            (vec![wait(TAKE, None), wait(TAKE, None), wait(TAKE, None)], 1),
            (vec![wait(Waiting::Operate, None), wait(Waiting::Operate, stopped)], 2),
            (vec![wait(Waiting::Operate, None); 5], 0),
        ] {
            assert_eq!(waited(&waiters, &counts).missing(), Some(missing), "{waiters:?}");
        }
    }

    #[test]
    fn who_sleeps_uncounted_is_frozen() {
        let none = Counts::default();
        let mut frozen = waited(&[wait(TAKE, Some(Paused::Stopped)), wait(TAKE, None)], &[]);
        assert!(frozen.is_uncounted(Some(&none)));
        assert!(!frozen.is_uncounted(None) && !frozen.is_uncounted(waited(&[], &[((1, true), 1)]).counted.as_ref()));
        frozen.take_for_frozen();
        let paused: Vec<_> = frozen.waiters.iter().map(|waiter| waiter.paused).collect();
        assert_eq!(paused, [Some(Paused::Stopped), Some(Paused::Frozen)]);
        assert!(!frozen.is_uncounted(Some(&none)));
        assert!(!waited(&[wait(TAKE, None)], &[((3, false), 1)]).is_uncounted(Some(&none)));
    }
}
