//! Who a process is.

use std::collections::HashMap;
use std::rc::Rc;

use crate::proc::cgroup::Membership;
use crate::proc::reader::{Reader, Task, is_gone};
use crate::proc::task::{self, Stat};
use crate::sys::Uid;
use crate::usage::users::Process;

/// Looks processes up, each once.
#[derive(Debug, Default)]
pub(crate) struct Describer {
    known: HashMap<u32, Option<Rc<Process>>>,
    boot: Option<Option<u64>>,
}

impl Describer {
    /// What is known of a process; None when it has ended.
    pub(crate) fn process(&mut self, pid: u32, reader: &mut Reader) -> Option<Rc<Process>> {
        if let Some(known) = self.known.get(&pid) {
            return known.clone();
        }
        let found = self.look_up(pid, reader).map(Rc::new);
        self.known.insert(pid, found.clone());
        found
    }

    fn look_up(&mut self, pid: u32, reader: &mut Reader) -> Option<Process> {
        let process = Task::process(pid);
        let stat = match reader.read(process, "stat") {
            Ok(text) => Stat::parse(text)?,
            Err(error) if is_gone(&error) => return None,
            // It lives, and no more can be told of it now.
            Err(_) => {
                let command = String::new();
                return Some(Process { pid, command, uid: None, unit: None, container: None, started: None });
            }
        };
        let uid = reader.read(process, "status").ok().and_then(task::effective_user).map(Uid::new);
        let membership = reader.read(process, "cgroup").map(Membership::parse).unwrap_or_default();
        let boot = *self.boot.get_or_insert_with(|| procfs::boot_time_secs().ok());
        let started = boot.map(|boot| boot.saturating_add(stat.started / procfs::ticks_per_second().max(1)));
        Some(Process {
            pid,
            command: stat.command,
            uid,
            unit: membership.unit,
            container: membership.container,
            started: started.and_then(|started| i64::try_from(started).ok()),
        })
    }
}
