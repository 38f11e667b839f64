//! A process as it is shown to users.

use std::collections::HashMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::proc::cgroup::Membership;
use crate::proc::reader::{Reader, Task, is_gone};
use crate::proc::status::effective_user;
use crate::sys::Uid;

/// A process as it is shown to users. Names are as the kernel gives them and not yet escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    /// Its command name (`comm`).
    pub command: String,
    pub uid: Option<Uid>,
    /// The systemd unit it belongs to, by its cgroup.
    pub unit: Option<String>,
    /// The container it belongs to, by its cgroup.
    pub container: Option<String>,
    /// When it started, in seconds since 1970, by the present clock.
    pub started: Option<i64>,
}

/// Looks processes up, each once.
#[derive(Debug, Default)]
pub(crate) struct ProcessCache {
    known: HashMap<u32, Option<Rc<Process>>>,
    boot: Option<Option<u64>>,
}

impl ProcessCache {
    /// A process by its number; None when it has ended.
    pub(crate) fn get(&mut self, pid: u32, reader: &mut Reader) -> Option<Rc<Process>> {
        if let Some(known) = self.known.get(&pid) {
            return known.clone();
        }
        let found = self.look_up(pid, reader).map(Rc::new);
        self.known.insert(pid, found.clone());
        found
    }

    fn look_up(&mut self, pid: u32, reader: &mut Reader) -> Option<Process> {
        let process = Task::process(pid);
        let stat = match reader.stat(process) {
            Ok(stat) => stat,
            Err(error) if is_gone(&error) => return None,
            // It lives, and no more can be told of it now.
            Err(_) => return Some(Process { pid, ..Process::default() }),
        };
        let uid = reader.read(process, "status").ok().and_then(effective_user).map(Uid::new);
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
