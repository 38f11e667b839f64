//! The processes that the kernel has recorded with objects and that still live.

use std::collections::BTreeMap;

use crate::kind::model::{Detail, Object};
use crate::object::semaphores::{Budget, Unread, last_users, smallest_first};
use crate::proc::probe;
use crate::proc::reader::Reader;
use crate::proc::recorded::{Living, Processes, Recorded};
use crate::sys::{Pid, Timestamp};
use crate::usage::describe::Describer;
use crate::usage::role::{Record, Use};

/// The living processes that are recorded with `objects`; beside them the sets of which it is not known who changed them:
/// the kernel shows that to readers only.
#[must_use]
pub fn living(objects: &[Object]) -> (Vec<Use>, Unread) {
    if objects.is_empty() { (Vec::new(), Unread::default()) } else { probe::run(|| look(objects)) }
}

fn look(objects: &[Object]) -> (Vec<Use>, Unread) {
    let mut search = Search::default();
    for object in smallest_first(objects) {
        match &object.detail {
            Detail::Shm(segment) => {
                search.take(object, segment.cpid, object.ctime, Record::Creator);
                search.take(object, segment.lpid, segment.atime.max(segment.dtime), Record::LastAttach);
            }
            Detail::Msg(queue) => {
                search.take(object, queue.lspid, queue.stime, Record::LastSend);
                search.take(object, queue.lrpid, queue.rtime, Record::LastReceive);
            }
            Detail::Sem(_) => search.take_set(object),
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
    budget: Budget,
    unread: Unread,
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

    fn take_set(&mut self, set: &Object) {
        let users = match last_users(set, &mut self.budget) {
            Ok(users) => users,
            Err(why) => return self.unread.note(why),
        };
        let mut by_pid: BTreeMap<Pid, (u32, u32)> = BTreeMap::new();
        for (index, pid) in (0..).zip(users).filter(|(_, pid)| !pid.is_none()) {
            by_pid.entry(pid).or_insert((index, 0)).1 += 1;
        }
        for (pid, (first, count)) in by_pid {
            self.take(set, pid, set.activity(), Record::LastChange { first, count });
        }
    }
}
