//! The threads asleep on sets and queues.

use std::collections::HashMap;

use super::asleep::Clocks;
use super::{Process, Waiter, Waiting};
use crate::object::model::{Kind, Object, ObjectId};
use crate::proc::blocked::{self, Abi, Call, Line, MAX_OPS, Mtype, OPERATION_SIZE, Operation};
use crate::proc::reader::{Reader, Task};
use crate::sys::{self, Errno, SemId, sem};

/// Looks at a thread that does not stay in one call.
const LOOKS: u32 = 3;
/// Sets of more semaphores have their values read once, others for each sleeper that needs them.
const FEW: u64 = 256;
/// Semaphores whose sleepers are counted, some seconds' worth; of further sets the number stays unknown.
const MOST_SEMAPHORES: u64 = 10_000_000;

/// Sets and queues whose sleepers are looked for.
#[derive(Debug)]
pub(super) struct Sleepers {
    by_id: HashMap<ObjectId, usize>,
    all: Vec<Slept>,
    clocks: Clocks,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Slept {
    pub(super) object: Object,
    pub(super) waiters: Vec<Waiter>,
    /// How many the kernel counts; None of a queue, and of a set that may not be read.
    pub(super) counted: Option<u64>,
    values: Option<Option<Vec<u16>>>,
}

impl Slept {
    /// Sleepers that the kernel counted before and that were not found.
    pub(super) fn missing(&self) -> Option<u64> {
        self.counted.map(|counted| counted.saturating_sub(self.waiters.len() as u64))
    }

    /// The values of the set, if they may be read.
    fn values(&mut self) -> Option<&[u16]> {
        let set = self.object.as_set()?;
        let read = || sem::get_all(SemId::new(self.object.id.id), usize::try_from(set.nsems).ok()?).ok();
        if self.values.is_none() || set.nsems <= FEW {
            self.values = Some(read());
        }
        self.values.as_ref()?.as_deref()
    }
}

/// How many threads sleep on a set; None when it may not be read, and of a queue, for which the kernel has no count.
/// A set that is gone has none.
pub(super) fn count(object: &Object) -> Option<u64> {
    let set = object.as_set()?;
    let id = SemId::new(object.id.id);
    let of_one = |index: u32| -> sys::Result<u64> {
        let (more, zero) = (sem::waiting_for_increase(id, index)?, sem::waiting_for_zero(id, index)?);
        Ok(u64::from(more) + u64::from(zero))
    };
    let mut total: u64 = 0;
    for index in 0..u32::try_from(set.nsems).ok()? {
        match of_one(index) {
            Ok(count) => total = total.saturating_add(count),
            Err(Errno::EINVAL | Errno::EIDRM) => return Some(0),
            Err(_) => return None,
        }
    }
    Some(total)
}

impl Sleepers {
    /// The sets and queues among `objects`.
    pub(super) fn new(objects: &[Object]) -> Self {
        let mut by_id = HashMap::new();
        let mut all = Vec::new();
        let mut semaphores: u64 = 0;
        for object in objects.iter().filter(|object| object.kind() != Kind::Shm) {
            by_id.entry(object.id).or_insert_with(|| {
                semaphores = semaphores.saturating_add(object.as_set().map_or(0, |set| set.nsems));
                let counted = if semaphores <= MOST_SEMAPHORES { count(object) } else { None };
                all.push(Slept { object: *object, waiters: Vec::new(), counted, values: None });
                all.len() - 1
            });
        }
        Self { by_id, all, clocks: Clocks::default() }
    }

    /// Whether every sleeper was found; never so with a queue, whose sleepers nobody counts.
    pub(super) fn is_complete(&self) -> bool {
        self.all.iter().all(|slept| slept.missing() == Some(0))
    }

    /// Looks at one thread; `lives_here` says whether it is in the caller's IPC namespace, `describe` whose it is.
    ///
    /// # Errors
    /// When it may not be looked into, or has ended.
    pub(super) fn look(
        &mut self,
        task: Task,
        reader: &mut Reader,
        namespace: u64,
        describe: impl FnOnce(&mut Reader) -> Option<Process>,
    ) -> std::io::Result<()> {
        let Some(native) = Abi::NATIVE else { return Ok(()) };
        for _ in 0..LOOKS {
            let Some(line) = Line::parse(reader.read(task, "syscall")?) else { return Ok(()) };
            let Some(call) = Call::of_line(&line, native, || reader.is_64_bit(task.pid)) else { return Ok(()) };
            let kind = if matches!(call, Call::Operate { .. }) { Kind::Sem } else { Kind::Msg };
            let Some(&index) = self.by_id.get(&ObjectId { kind, id: call.id() }) else { return Ok(()) };
            if reader.ipc_namespace(task)? != namespace {
                return Ok(());
            }
            let seen = self.all[index].decode(&call, task, reader);
            // What was read from its memory counts only if it has slept in this call all the while.
            if Line::parse(reader.read(task, "syscall")?) != Some(line) {
                continue;
            }
            if let (Some((waiting, undo, timeout)), Some(process)) = (seen, describe(reader)) {
                let tid = task.tid.unwrap_or(task.pid);
                let asleep_for = self.clocks.asleep_for(task, reader);
                self.all[index].waiters.push(Waiter { process, tid, waiting, undo, timeout, asleep_for });
            }
            return Ok(());
        }
        Ok(())
    }

    /// What was found of each.
    pub(super) fn finish(self) -> impl Iterator<Item = Slept> {
        self.all.into_iter().map(|mut slept| {
            slept.waiters.sort_by_key(|waiter| (waiter.process.pid, waiter.tid));
            slept
        })
    }
}

impl Slept {
    /// What a call waits for, whether it is undone, and whether it gives up.
    fn decode(
        &mut self,
        call: &Call,
        task: Task,
        reader: &mut Reader,
    ) -> Option<(Waiting, Option<bool>, Option<bool>)> {
        match *call {
            Call::Operate { address, count, timeout, .. } => {
                let operations = read_operations(address, count, task, reader);
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
                        reader.memory(task, address, &mut bytes).ok()?;
                        i64::from(i32::from_ne_bytes(bytes))
                    }
                };
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
