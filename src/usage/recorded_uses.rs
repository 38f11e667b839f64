//! The processes that the kernel has recorded with objects and that still live.

use crate::kind::model::Object;
use crate::kind::recorded::RecordedUser;
use crate::object::semaphores::{Budget, Unread, smallest_first};
use crate::proc::probe;
use crate::proc::reader::Reader;
use crate::proc::recorded::{Living, Processes, Recorded};
use crate::usage::process::ProcessCache;
use crate::usage::recorded::recorded_users;
use crate::usage::role::Use;

/// The living processes that are recorded with `objects`; beside them the sets of which it is not known who changed them:
/// the kernel shows that to readers only.
#[must_use]
pub fn living(objects: &[Object]) -> (Vec<Use>, Unread) {
    if objects.is_empty() { (Vec::new(), Unread::default()) } else { probe::run(|| look(objects)) }
}

fn look(objects: &[Object]) -> (Vec<Use>, Unread) {
    let mut search = Search::default();
    for object in smallest_first(objects) {
        let (users, unanswered) = recorded_users(object, &mut search.budget);
        users.iter().for_each(|user| search.take(object, user));
        if let Some(why) = unanswered {
            search.unread.note(why);
        }
    }
    (search.found, search.unread)
}

#[derive(Debug, Default)]
struct Search {
    processes: Processes,
    reader: Reader,
    described: ProcessCache,
    found: Vec<Use>,
    budget: Budget,
    unread: Unread,
}

impl Search {
    fn take(&mut self, object: &Object, user: &RecordedUser) {
        if user.pid.is_none() {
            return;
        }
        // A receiver that slept is recorded by its thread.
        let Recorded::Alive(Living { process, .. }) = self.processes.recorded(user.pid, user.time) else { return };
        let Ok(number) = u32::try_from(process) else { return };
        if let Some(process) = self.described.get(number, &mut self.reader) {
            self.found.push(Use::recorded(object.id, process, user.deed));
        }
    }
}
