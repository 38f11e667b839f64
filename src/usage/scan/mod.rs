//! The one pass over `/proc` that finds the users of any number of objects.
//!
//! A pass lists the processes once. For each it decides, once for all questions, whether there is anything to see: there is
//! not of threads of the kernel, of a process that has ended, or of one that is in other IPC namespaces with all its threads.
//! Everything else it shows to the finders (`finder::Finder`) that have something to look for: [`holders`] reads `maps`
//! of each process, [`waiters`] reads `syscall` of each thread. A finder that reads `fd` or ELF files takes a seat beside
//! them, and costs no further pass. A finder sees nothing but its file: the pass keeps account of processes that may not
//! be looked into, do not answer, are hidden or have ended meanwhile, and tells each finder at the end how many it has
//! missed. The pass is repeated for the objects of which the kernel counts more users than were found, until two passes
//! observe the same.
//!
//! Two more walks come after it, in this order:
//! - The kernel's undo records are read by a walk over its tasks (`proc::tasks`).
//! - The living processes that may use an object ([`possible`](crate::usage::possible)) are listed anew, at least twice,
//!   until a listing finds nobody new. This cannot be the pass's listing: a process that the pass has seen may act as
//!   another user afterwards, or fork and end. So credentials, sessions and starts are read after all uses have been
//!   looked at. Few objects come to that question, and it is asked when the first one does.
//!
//! [`holders`]: crate::usage::holders
//! [`waiters`]: crate::usage::waiters

pub(super) mod finder;
pub(super) mod unseen;

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use crate::error::os_message;
use crate::kind::model::{Kind, KindSet, Object};
use crate::proc::ipc_namespace::may_be_hidden;
use crate::proc::permission::{Doors, let_in};
use crate::proc::probe;
use crate::proc::reader::{Reader, Task, is_gone, processes};
use crate::proc::status::Credentials;
use crate::sys::namespace;
use crate::usage::holders::Segments;
use crate::usage::process::ProcessCache;
use crate::usage::scan::finder::{Ending, Finder, Observations, Scope};
use crate::usage::scan::unseen::Unseen;
use crate::usage::undo::{self, Undos};
use crate::usage::users::{UnseenThreads, Usage, Users, Wants};
use crate::usage::waiters::WaiterScan;

/// Passes over objects whose users come and go while they are looked for.
const ATTEMPTS: u32 = 4;

impl Users {
    /// Looks through `/proc` for the users of all `objects`, as they were just seen, and then for undo records. Where the
    /// kernel counts more users than are found, it looks for those of these objects again, until it sees the same twice.
    pub fn scan(objects: &[Object], wants: Wants) -> Self {
        let is_attached = |object: &Object| object.as_segment().is_some_and(|segment| segment.nattch > 0);
        let may_have_users =
            |object: &Object| wants.holders && is_attached(object) || wants.waiters && !object.is_segment();
        if objects.iter().any(may_have_users) {
            probe::run(|| Self::look(objects, wants))
        } else {
            Self::look(objects, wants)
        }
    }

    fn look(objects: &[Object], wants: Wants) -> Self {
        let mut users = Self::default();
        // Nobody has it attached, unless a finder says so; and nobody sleeps on a segment.
        let untold = |kind: &Kind| !(wants.waiters && kind.class().found_by.sleepers);
        for kind in objects.iter().map(Object::kind).collect::<KindSet>().iter().filter(untold) {
            users.usual.insert(kind, Usage { hidden_waiters: wants.waiters.then_some(0), ..Usage::default() });
        }
        let mut again = objects.to_vec();
        let mut observations = Observations::default();
        for attempt in 1..=ATTEMPTS {
            let mut pass = Pass::new(&again, wants, &mut observations);
            pass.run();
            users.unseen.extend(pass.denied());
            users.unseen_threads.note(&pass);
            again = pass.finish(attempt == ATTEMPTS, &mut observations, &mut users);
            if again.is_empty() {
                break;
            }
        }
        if wants.waiters {
            users.note_who_may_be_paused(objects);
            users.note_whom_queues_keep_out(objects);
            users.note_undo(objects);
        }
        users
    }

    fn note_undo(&mut self, objects: &[Object]) {
        let Some(Undos { without, with }) = undo::read(objects) else { return };
        let without = Rc::new(without);
        let sets = self.by_object.iter_mut().filter(|(id, _)| id.kind == Kind::Sem).map(|(_, usage)| usage);
        for usage in sets.chain(self.usual.get_mut(&Kind::Sem)) {
            usage.undo = Some(Rc::clone(&without));
        }
        for (id, undo) in with {
            self.of_mut(id).undo = Some(Rc::new(undo));
        }
    }

    fn note_who_may_be_paused(&mut self, objects: &[Object]) {
        let unseen = std::mem::take(&mut self.unseen_threads.processes);
        if !unseen.is_empty() {
            let mut doors = Doors::new(|perm| {
                let gets_in = |credentials: &Option<Credentials>| let_in(credentials.as_ref(), perm).is_some();
                unseen.iter().find(|(_, credentials)| gets_in(credentials)).map(|(pid, _)| *pid)
            });
            for object in objects.iter().filter(|object| object.is_set()) {
                if let Some(pid) = doors.of(&object.perm) {
                    self.of_mut(object.id).may_be_paused = Some(pid);
                }
            }
        }
        self.unseen_threads.processes = unseen;
    }

    /// Nobody sleeps on a queue whom it does not let in: the kernel asks again whenever the mode or owner changes. So
    /// where threads were not seen, it matters only whose they are.
    fn note_whom_queues_keep_out(&mut self, objects: &[Object]) {
        let UnseenThreads { processes, others } = self.unseen_threads.clone();
        if processes.is_empty() || others.is_some() {
            return;
        }
        let mut doors = Doors::new(|perm| {
            let gets_in = |credentials: &Option<Credentials>| {
                credentials.as_ref().is_none_or(|credentials| credentials.enters_all)
                    || let_in(credentials.as_ref(), perm).is_some()
            };
            processes.values().any(gets_in)
        });
        for object in objects.iter().filter(|object| object.is_queue()) {
            if self.of(object.id).is_some_and(|usage| usage.hidden_waiters.is_none()) && !doors.of(&object.perm) {
                let usage = self.of_mut(object.id);
                (usage.hidden_waiters, usage.hidden_why) = (Some(0), None);
            }
        }
    }
}

impl UnseenThreads {
    fn note(&mut self, pass: &Pass) {
        let of_threads = || pass.seats.iter().filter(|seat| seat.finder.scope() == Scope::Threads);
        if self.others.is_none() {
            let mut looking = of_threads().filter(|seat| !seat.finder.is_idle());
            self.others = looking.find_map(|seat| pass.unseen.why_uncounted(0, seat.unavailable));
        }
        for &pid in of_threads().flat_map(|seat| &seat.denied) {
            match Reader::default().credentials(Task::process(pid)) {
                Ok(credentials) => _ = self.processes.insert(pid, Some(credentials)),
                // It has ended.
                Err(error) if is_gone(&error) => {}
                Err(_) => _ = self.processes.insert(pid, None),
            }
        }
    }
}

/// A finder, and what it could not look into.
#[derive(Debug)]
struct Seat {
    finder: Box<dyn Finder>,
    /// Processes that it could not look into.
    denied: BTreeSet<u32>,
    /// Why it can look into none.
    unavailable: Option<&'static str>,
}

impl Seat {
    fn new(finder: impl Finder + 'static) -> Self {
        Self { finder: Box::new(finder), denied: BTreeSet::new(), unavailable: None }
    }

    /// Whether it is to be shown something of a process.
    fn looks_at(&self, scope: Scope) -> bool {
        self.finder.scope() == scope && self.unavailable.is_none() && !self.finder.is_idle()
    }

    fn look(&mut self, task: Task, namespace: u64, reader: &mut Reader, processes: &mut ProcessCache) {
        if let Err(error) = self.finder.look(task, namespace, reader, processes)
            && !is_gone(&error)
            // The kernel refuses to show a thread on its way out, too.
            && !(self.finder.scope() == Scope::Threads && reader.has_ended(task))
        {
            self.denied.insert(task.pid);
        }
    }
}

/// A pass and what it has found so far.
#[derive(Debug)]
struct Pass {
    seats: [Seat; 2],
    reader: Reader,
    processes: ProcessCache,
    unseen: Unseen,
}

impl Pass {
    fn new(objects: &[Object], wants: Wants, observations: &mut Observations) -> Self {
        let those_if = |wanted| if wanted { objects } else { &[] };
        let segments = Segments::new(those_if(wants.holders));
        let waiters = WaiterScan::new(those_if(wants.waiters), &mut observations.budget, wants.operations);
        Self {
            seats: [Seat::new(segments), Seat::new(waiters)],
            reader: Reader::default(),
            processes: ProcessCache::default(),
            unseen: Unseen::default(),
        }
    }

    /// Looks into all processes, whatever the kernel counts: it does not count all who use an object.
    fn run(&mut self) {
        if self.seats.iter().all(|seat| seat.finder.is_idle()) {
            return;
        }
        let Some(own) = namespace::ipc() else {
            self.unseen.everything = Some("/proc does not tell which IPC namespace this is".to_owned());
            return;
        };
        let processes = match processes() {
            Ok(processes) => processes,
            Err(error) => {
                self.unseen.everything = Some(format!("/proc cannot be read: {}", os_message(&error)));
                return;
            }
        };
        self.unseen.processes = may_be_hidden();
        for seat in &mut self.seats {
            seat.unavailable = seat.finder.unavailable();
        }
        for pid in processes {
            self.look_into(pid, own);
        }
        self.unseen.silent = self.denied().filter(|pid| probe::is_silent(*pid)).count();
    }

    /// The processes that may not be looked into, of those that were to be.
    fn denied(&self) -> impl Iterator<Item = u32> + use<> {
        self.seats.iter().fold(BTreeSet::new(), |all, seat| &all | &seat.denied).into_iter()
    }

    fn look_into(&mut self, pid: u32, own: u64) {
        let Self { seats, reader, .. } = self;
        let mut looking = seats.iter_mut().filter(|seat| !seat.finder.is_idle());
        if looking.all(|seat| seat.unavailable.is_none() && seat.finder.passes_over(pid, reader)) {
            return;
        }
        let process = Task::process(pid);
        let (task, namespace) = match self.reader.ipc_namespace(process) {
            Ok(namespace) => (process, namespace),
            Err(error) => match self.without_first_thread(pid, &error) {
                Some(found) => found,
                None => return,
            },
        };
        if namespace == own {
            self.show(Scope::Process, task, own);
            self.look_at_threads(pid, own, true);
            return;
        }
        match self.reader.threads(pid) {
            Ok(threads) if threads <= 1 => {}
            Err(error) if is_gone(&error) => {}
            // It may have threads in this namespace.
            _ => {
                self.look_at_threads(pid, own, false);
                self.look_by_a_thread(pid, own);
            }
        }
    }

    /// Shows a process or thread to the finders that have not been denied it before.
    fn show(&mut self, scope: Scope, task: Task, own: u64) {
        for seat in self.seats.iter_mut().filter(|seat| seat.looks_at(scope) && !seat.denied.contains(&task.pid)) {
            seat.look(task, own, &mut self.reader, &mut self.processes);
        }
    }

    fn deny(&mut self, scope: Scope, pid: u32) {
        for seat in self.seats.iter_mut().filter(|seat| seat.looks_at(scope)) {
            seat.denied.insert(pid);
        }
    }

    /// A process whose first thread does not tell its namespace: it may not be looked into, or there is nothing to see,
    /// or only that thread has ended. Returns another thread and its namespace.
    fn without_first_thread(&mut self, pid: u32, error: &io::Error) -> Option<(Task, u64)> {
        let reader = &mut self.reader;
        let cannot_hold_ipc = match reader.stat(Task::process(pid)) {
            Ok(stat) => stat.cannot_hold_ipc(),
            // Not so under hidepid=1, where not even that is shown.
            Err(error) => is_gone(&error),
        };
        if cannot_hold_ipc {
            return None;
        }
        let mut is_denied = !is_gone(error);
        let mut found = None;
        if !is_denied {
            let mut note = |error: &io::Error| is_denied |= !is_gone(error);
            let threads = reader.thread_ids(pid).inspect_err(&mut note).unwrap_or_default();
            found = threads.into_iter().find_map(|tid| {
                let task = Task::thread(pid, tid);
                Some((task, reader.ipc_namespace(task).inspect_err(&mut note).ok()?))
            });
        }
        if found.is_none() && is_denied {
            for seat in &mut self.seats {
                seat.denied.insert(pid);
            }
        }
        found
    }

    /// Looks at all threads, or at those in the namespace alone.
    fn look_at_threads(&mut self, pid: u32, own: u64, all: bool) {
        if !self.seats.iter().any(|seat| seat.looks_at(Scope::Threads)) {
            return;
        }
        let is_one = self.reader.threads(pid).is_ok_and(|threads| threads == 1);
        let threads = if is_one { Ok(vec![pid]) } else { self.reader.thread_ids(pid) };
        if threads.as_ref().is_err_and(|error| !is_gone(error)) {
            self.deny(Scope::Threads, pid);
        }
        for tid in threads.unwrap_or_default() {
            let task = Task::thread(pid, tid);
            let reader = &mut self.reader;
            match if all { Ok(own) } else { reader.ipc_namespace(task) } {
                Ok(namespace) if namespace == own => self.show(Scope::Threads, task, own),
                Ok(_) => {}
                Err(error) if is_gone(&error) || reader.has_ended(task) => {}
                Err(_) => self.deny(Scope::Threads, pid),
            }
        }
    }

    /// Looks at a process whose first thread is in another namespace by one that is in `own`, if there is one.
    fn look_by_a_thread(&mut self, pid: u32, own: u64) {
        if !self.seats.iter().any(|seat| seat.looks_at(Scope::Process)) {
            return;
        }
        let reader = &mut self.reader;
        let mut is_denied = false;
        let mut note = |error: &io::Error| is_denied |= !is_gone(error);
        let threads = reader.thread_ids(pid).inspect_err(&mut note).unwrap_or_default();
        let is_here = |tid: &u32| {
            let namespace = reader.ipc_namespace(Task::thread(pid, *tid)).inspect_err(&mut note);
            namespace.is_ok_and(|namespace| namespace == own)
        };
        match threads.into_iter().find(is_here) {
            Some(tid) => self.show(Scope::Process, Task::thread(pid, tid), own),
            None if is_denied => self.deny(Scope::Process, pid),
            None => {}
        }
    }

    /// Tells what was found; the objects that are to be looked at again.
    fn finish(self, is_last: bool, observations: &mut Observations, found: &mut Users) -> Vec<Object> {
        let Self { seats, unseen, .. } = self;
        let mut again = Vec::new();
        for Seat { finder, denied, unavailable } in seats {
            let (unseen, denied) = (&unseen, denied.len());
            let (found, again) = (&mut *found, &mut again);
            finder.finish(&mut Ending { is_last, observations, unseen, denied, unavailable, found, again });
        }
        again
    }
}
