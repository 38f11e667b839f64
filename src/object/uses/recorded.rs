//! The processes that the kernel has recorded with objects and that still live.

use std::collections::BTreeMap;

use super::{Record, Use};
use crate::object::model::{Detail, Object};
use crate::object::users::describe::Describer;
use crate::proc::probe;
use crate::proc::reader::Reader;
use crate::proc::recorded::{Living, Processes, Recorded};
use crate::sys::{Errno, Pid, SemId, Timestamp, sem};

/// The living processes that are recorded with `objects`. The kernel shows who changed a semaphore to readers of its
/// set only; such sets are counted in what is returned beside.
#[must_use]
pub fn living(objects: &[Object]) -> (Vec<Use>, u64) {
    if objects.is_empty() { (Vec::new(), 0) } else { probe::run(|| look(objects)) }
}

fn look(objects: &[Object]) -> (Vec<Use>, u64) {
    let mut search = Search::default();
    for object in objects {
        match &object.detail {
            Detail::Shm(segment) => {
                search.take(object, segment.cpid, object.ctime, Record::Creator);
                search.take(object, segment.lpid, segment.atime.max(segment.dtime), Record::LastAttach);
            }
            Detail::Msg(queue) => {
                search.take(object, queue.lspid, queue.stime, Record::LastSend);
                search.take(object, queue.lrpid, queue.rtime, Record::LastReceive);
            }
            Detail::Sem(set) => search.take_set(object, set.nsems),
        }
    }
    (search.found, search.unread)
}

#[derive(Debug, Default)]
struct Search {
    processes: Processes,
    reader: Reader,
    describer: Describer,
    found: Vec<Use>,
    unread: u64,
}

impl Search {
    fn take(&mut self, object: &Object, pid: Pid, time: Timestamp, record: Record) {
        if pid.is_none() {
            return;
        }
        let comparable = self.processes.clock_set([time]).is_none();
        // A receiver that slept is recorded by its thread.
        let Recorded::Alive(Living { process, .. }) = self.processes.recorded(pid, time, comparable) else { return };
        let Ok(number) = u32::try_from(process) else { return };
        if let Some(process) = self.describer.process(number, &mut self.reader) {
            self.found.push(Use::recorded(object.id, process, record));
        }
    }

    fn take_set(&mut self, set: &Object, nsems: u64) {
        let id = SemId::new(set.id.id);
        let mut by_pid: BTreeMap<i32, (u32, u32)> = BTreeMap::new();
        for index in 0..u32::try_from(nsems).unwrap_or(u32::MAX) {
            match sem::last_pid(id, index) {
                Ok(pid) if pid.is_none() => {}
                Ok(pid) => by_pid.entry(pid.raw()).or_insert((index, 0)).1 += 1,
                Err(Errno::EACCES) => {
                    self.unread += 1;
                    return;
                }
                Err(_) => return,
            }
        }
        for (pid, (first, count)) in by_pid {
            self.take(set, Pid::new(pid), set.activity(), Record::LastChange { first, count });
        }
    }
}
