//! One pass over all processes.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::rc::Rc;

use crate::error::bare;
use crate::kind::model::{Object, ObjectId};
use crate::object::inventory;
use crate::object::semaphores::{Budget, TOO_MUCH, Unanswered};
use crate::proc::probe;
use crate::proc::process::{has_ended, may_be_hidden, may_be_outside};
use crate::proc::reader::{Reader, Task, is_gone, processes};
use crate::proc::task::Stat;
use crate::sys::namespace;
use crate::usage::describe::Describer;
use crate::usage::holders::{Segment, Segments, is_segment};
use crate::usage::users::{Usage, Wants};
use crate::usage::waiters::{self, Counts, Sleepers, Slept};

/// A pass and what it has found so far.
#[derive(Debug)]
pub(super) struct Pass {
    segments: Segments,
    sleepers: Sleepers,
    /// Whether segments, and whether sets and queues, are looked for; of the others nothing is said.
    wants: Wants,
    others: Vec<ObjectId>,
    reader: Reader,
    describer: Describer,
    /// Processes of another IPC namespace some of whose threads may be in this one.
    elsewhere: Vec<u32>,
    unseen: Unseen,
}

/// What could not be looked into.
#[derive(Debug, Default)]
struct Unseen {
    /// Why not even processes could be listed.
    everything: Option<String>,
    /// Processes whose mappings may not be seen.
    mappings: BTreeSet<u32>,
    /// Processes whose threads may not be seen.
    threads: BTreeSet<u32>,
    /// How many of those do not answer.
    silent: usize,
    /// Whether `/proc` may leave out processes.
    processes: bool,
    /// Whether processes outside of this pid namespace, which `/proc` does not show, may be in this IPC namespace; looked
    /// up where it matters.
    outside: OnceCell<bool>,
    /// Why no thread shows what it sleeps in.
    calls: Option<&'static str>,
}

impl Pass {
    pub(super) fn new(objects: &[Object], wants: Wants, seen: &mut Seen) -> Self {
        let none: &[Object] = &[];
        Self {
            segments: Segments::new(if wants.holders { objects } else { none }),
            sleepers: Sleepers::new(if wants.waiters { objects } else { none }, &mut seen.budget, wants.operations),
            wants,
            others: objects.iter().map(|object| object.id).collect(),
            reader: Reader::default(),
            describer: Describer::default(),
            elsewhere: Vec::new(),
            unseen: Unseen::default(),
        }
    }

    /// Looks into all processes, whatever the kernel counts: it does not count all who use an object.
    pub(super) fn run(&mut self) {
        if self.segments.is_empty() && self.sleepers.is_empty() {
            return;
        }
        let Some(own) = namespace::ipc() else {
            self.unseen.everything = Some("/proc does not tell which IPC namespace this is".to_owned());
            return;
        };
        let processes = match processes() {
            Ok(processes) => processes,
            Err(error) => {
                self.unseen.everything = Some(format!("/proc cannot be read: {}", bare(&error)));
                return;
            }
        };
        self.unseen.processes = may_be_hidden();
        if !std::path::Path::new("/proc/thread-self/syscall").exists() {
            self.unseen.calls = Some("this kernel does not show what threads sleep in");
        }
        for pid in processes {
            self.look_into(pid, own);
        }
        for pid in std::mem::take(&mut self.elsewhere) {
            self.look_elsewhere(pid, own);
        }
        self.unseen.silent = self.unseen().filter(|pid| probe::is_silent(*pid)).count();
    }

    /// The processes that may not be looked into, of those that were to be.
    pub(super) fn unseen(&self) -> impl Iterator<Item = u32> {
        self.unseen.mappings.union(&self.unseen.threads).copied()
    }

    /// The processes of which it was not seen what their threads sleep in, or are paused in.
    pub(super) fn unseen_threads(&self) -> impl Iterator<Item = u32> {
        self.unseen.threads.iter().copied()
    }

    /// Why there may be more such processes; None where there are none, or nobody looked for threads.
    pub(super) fn unseen_others(&self) -> Option<String> {
        if self.sleepers.is_empty() { None } else { self.unseen.others() }
    }

    fn look_into(&mut self, pid: u32, own: u64) {
        // So it is with most, and their namespace is then no matter.
        if self.segments.is_empty() && self.unseen.calls.is_none() && self.is_in_no_call(pid) {
            return;
        }
        let process = Task::process(pid);
        let (process, namespace) = match self.reader.ipc_namespace(process) {
            Ok(namespace) => (process, namespace),
            Err(error) => match self.without_first_thread(pid, &error) {
                Some(found) => found,
                None => return,
            },
        };
        if namespace == own {
            if !self.segments.is_empty() {
                self.look_at_mappings(process);
            }
            if !self.sleepers.is_empty() {
                self.look_at_threads(pid, own, true);
            }
            return;
        }
        match self.reader.threads(pid) {
            Ok(threads) if threads <= 1 => {}
            Err(error) if is_gone(&error) => {}
            // It may have threads in this namespace.
            _ => {
                self.elsewhere.push(pid);
                if !self.sleepers.is_empty() {
                    self.look_at_threads(pid, own, false);
                }
            }
        }
    }

    /// Whether a process has one thread, which is in no call on an object that is looked for.
    fn is_in_no_call(&mut self, pid: u32) -> bool {
        let Self { sleepers, reader, .. } = self;
        reader.threads(pid).is_ok_and(|threads| threads == 1)
            && sleepers.call_of(Task::process(pid), reader).is_ok_and(|call| call.is_none())
    }

    /// Neither what a process has mapped nor what its threads sleep in was seen.
    fn take_for_unseen(&mut self, pid: u32) {
        self.unseen.mappings.insert(pid);
        self.unseen.threads.insert(pid);
    }

    /// A process whose first thread does not tell its namespace: it may not be looked into, or there is nothing to see,
    /// or only that thread has ended. Returns another thread and its namespace.
    fn without_first_thread(&mut self, pid: u32, error: &io::Error) -> Option<(Task, u64)> {
        let out_of_the_question = match self.reader.read(Task::process(pid), "stat") {
            Ok(stat) => Stat::parse(stat).is_some_and(|stat| stat.is_out_of_the_question()),
            // Not so under hidepid=1, where not even that is shown.
            Err(error) => is_gone(&error),
        };
        if out_of_the_question {
            return None;
        }
        if !is_gone(error) {
            self.take_for_unseen(pid);
            return None;
        }
        let mut errors = Vec::new();
        let threads = self.reader.thread_ids(pid).unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        });
        let found = threads.into_iter().find_map(|tid| {
            let task = Task::thread(pid, tid);
            let namespace = self.reader.ipc_namespace(task).map_err(|error| errors.push(error));
            Some((task, namespace.ok()?))
        });
        if found.is_none() && errors.iter().any(|error| !is_gone(error)) {
            self.take_for_unseen(pid);
        }
        found
    }

    fn look_at_mappings(&mut self, process: Task) {
        let Self { segments, reader, describer, unseen, .. } = self;
        let looked = segments.look(process, reader, |reader| describer.process(process.pid, reader));
        if looked.is_err_and(|error| !is_gone(&error)) {
            unseen.mappings.insert(process.pid);
        }
    }

    /// Looks at all threads, or at those in the namespace alone.
    fn look_at_threads(&mut self, pid: u32, namespace: u64, all: bool) {
        if self.unseen.calls.is_some() {
            return;
        }
        let alone = self.reader.threads(pid).is_ok_and(|threads| threads == 1);
        let threads = if alone { Ok(vec![pid]) } else { self.reader.thread_ids(pid) };
        if threads.as_ref().is_err_and(|error| !is_gone(error)) {
            self.unseen.threads.insert(pid);
        }
        for tid in threads.unwrap_or_default() {
            let task = Task::thread(pid, tid);
            let Self { sleepers, reader, describer, unseen, .. } = self;
            let describe = |reader: &mut Reader| describer.process(pid, reader).map(Rc::unwrap_or_clone);
            let is_here = if all { Ok(true) } else { reader.ipc_namespace(task).map(|found| found == namespace) };
            let looked =
                is_here.and_then(|here| if here { sleepers.look(task, reader, namespace, describe) } else { Ok(()) });
            if let Err(error) = looked
                && !is_gone(&error)
                // Who has ended since it was found is refused too.
                && !has_ended(reader, task)
            {
                unseen.threads.insert(pid);
                return;
            }
        }
    }

    /// Looks at the mappings of a process whose first thread is in another namespace, if one of its threads is in `own`.
    fn look_elsewhere(&mut self, pid: u32, own: u64) {
        if self.segments.is_empty() {
            return;
        }
        let mut unseen = false;
        let mut note = |error: &io::Error| unseen |= !is_gone(error);
        let threads = self.reader.thread_ids(pid).inspect_err(&mut note).unwrap_or_default();
        let lives_here = |tid: &u32| {
            let namespace = self.reader.ipc_namespace(Task::thread(pid, *tid)).inspect_err(&mut note);
            namespace.is_ok_and(|namespace| namespace == own)
        };
        match threads.into_iter().find(lives_here) {
            Some(tid) => self.look_at_mappings(Task::thread(pid, tid)),
            None if unseen => _ = self.unseen.mappings.insert(pid),
            None => {}
        }
    }

    /// What was found. Of objects with users that were not, nothing is said unless this is the `last` pass, or a pass
    /// before has `seen` the same: users may come and go while they are looked for.
    pub(super) fn finish(self, last: bool, seen: &mut Seen) -> (Vec<(ObjectId, Usage)>, Vec<Object>) {
        let Self { segments, sleepers, wants, others, unseen, .. } = self;
        let mut found: Vec<(ObjectId, Usage)> = Vec::new();
        let mut unsettled = Vec::new();
        for id in others {
            // Nobody has it attached, unless it is found below; and nobody sleeps on a segment.
            let hidden_waiters = (wants.waiters && is_segment(id)).then_some(0);
            found.push((id, Usage { hidden_waiters, ..Usage::default() }));
        }
        for segment in segments.finish() {
            let id = segment.object.id;
            let mut missing = segment.missing();
            let mut settled = true;
            if (missing > 0 || segment.has_too_many())
                && let Ok(now) = inventory::look(id)
            {
                let counted = now.and_then(|now| now.as_segment().map(|segment| segment.nattch)).unwrap_or(0);
                let sight = Sight::of_segment(&segment);
                settled = counted == segment.counted() && seen.sights.get(&id) == Some(&sight);
                if let Some(now) = now.filter(|_| !settled && !last) {
                    seen.sights.insert(id, sight);
                    unsettled.push(now);
                    continue;
                }
                missing = missing.saturating_sub(segment.counted().saturating_sub(counted));
            }
            let why = || if settled { unseen.attachments() } else { changing(&unseen.attachments()) };
            let foreign = (settled && segment.has_too_many()).then(|| FOREIGN.to_owned());
            let hidden_why = if missing > 0 { Some(why()) } else { foreign };
            let hidden_waiters = wants.waiters.then_some(0);
            let holders = segment.holders;
            let usage = Usage { holders, hidden_attachments: missing, hidden_waiters, hidden_why, ..Usage::default() };
            found.push((id, usage));
        }
        for mut slept in sleepers.finish() {
            let id = slept.object.id;
            let mut hidden = slept.missing();
            let mut settled = true;
            let mut now = None;
            if hidden.is_some() && !slept.is_quiet() {
                let counted = waiters::count(&slept.object, &mut seen.budget);
                slept.is_too_much |= counted == Err(Unanswered::Spent);
                now = counted.ok();
            }
            if slept.is_too_much {
                hidden = None;
            }
            let uncounted = slept.is_uncounted(now.as_ref());
            if hidden.is_some_and(|missing| missing > 0) || uncounted {
                let sight = Sight::of_set(&slept);
                settled = now == slept.counted && seen.sights.get(&id) == Some(&sight);
                if !settled && !last {
                    seen.sights.insert(id, sight);
                    unsettled.push(slept.object);
                    continue;
                }
                if settled && uncounted {
                    slept.take_for_frozen();
                }
                let total = |counts: &Option<Counts>| counts.as_ref().map_or(0, Counts::total);
                let gone = total(&slept.counted).saturating_sub(total(&now));
                hidden = hidden.map(|missing| missing.saturating_sub(gone));
            }
            slept.check(now.as_ref());
            let why = match hidden {
                Some(0) => None,
                _ if slept.is_too_much => Some(format!("threads asleep on {id} are not counted: {TOO_MUCH}")),
                _ => unseen.threads(),
            };
            if hidden.is_none() && why.is_none() {
                hidden = Some(0);
            }
            let why = || why.unwrap_or_else(|| OUTSIDE.to_owned());
            let hidden_why = (hidden != Some(0)).then(|| if settled { why() } else { changing(&why()) });
            let waiters = slept.waiters;
            found.push((id, Usage { waiters, hidden_waiters: hidden, hidden_why, ..Usage::default() }));
        }
        (found, unsettled)
    }
}

/// What passes have seen so far, and how much more the kernel may be asked.
#[derive(Debug, Default)]
pub(super) struct Seen {
    sights: HashMap<ObjectId, Sight>,
    budget: Budget,
}

/// What a pass has seen of an object, to be compared with what the next sees.
#[derive(Debug, PartialEq, Eq)]
struct Sight {
    counted: u64,
    /// Processes with their mappings, or threads.
    users: Vec<(u32, u64)>,
}

impl Sight {
    fn of_segment(segment: &Segment) -> Self {
        let users = segment.holders.iter().map(|holder| (holder.process.pid, u64::from(holder.mappings))).collect();
        Self { counted: segment.counted(), users }
    }

    fn of_set(slept: &Slept) -> Self {
        let users = slept.waiters.iter().map(|waiter| (waiter.process.pid, waiter.tid.into())).collect();
        Self { counted: slept.counted.as_ref().map_or(0, Counts::total), users }
    }
}

/// Why the kernel counts more than are found, where that changes.
fn changing(otherwise: &str) -> String {
    format!("users came or went meanwhile, or: {otherwise}")
}

/// Why more mappings are found than the kernel counts.
const FOREIGN: &str =
    "more mappings are found than the kernel counts: some may be of a segment in another IPC namespace";

/// Where users are that nothing else explains.
const OUTSIDE: &str = "used from another IPC namespace or from outside of this pid namespace";

impl Unseen {
    fn attachments(&self) -> String {
        self.why(self.mappings.len()).unwrap_or_else(|| OUTSIDE.to_owned())
    }

    fn threads(&self) -> Option<String> {
        self.threads_but(self.threads.len())
    }

    /// Why there may be processes that are not among those whose threads could not be seen.
    fn others(&self) -> Option<String> {
        self.threads_but(0)
    }

    fn threads_but(&self, denied: usize) -> Option<String> {
        match self.calls {
            Some(calls) if self.everything.is_none() => Some(calls.to_owned()),
            _ => {
                let outside = || "processes outside of this pid namespace cannot be seen".to_owned();
                self.why(denied).or_else(|| self.outside.get_or_init(may_be_outside).then(outside))
            }
        }
    }

    fn why(&self, denied: usize) -> Option<String> {
        if let Some(why) = &self.everything {
            return Some(why.clone());
        }
        let silent = if denied == 0 { 0 } else { self.silent.min(denied) };
        let denied = match denied.saturating_sub(silent) {
            0 => None,
            1 => Some("1 process may not be looked into".to_owned()),
            many => Some(format!("{many} processes may not be looked into")),
        };
        let silent = match silent {
            0 => None,
            1 => Some("1 process does not answer".to_owned()),
            many => Some(format!("{many} processes do not answer")),
        };
        let processes = match (silent, denied) {
            (Some(silent), Some(denied)) => Some(format!("{silent} and {denied}")),
            (silent, denied) => silent.or(denied),
        };
        match (processes, self.processes) {
            (Some(denied), true) => Some(format!("{denied}, and others may be hidden in /proc (hidepid)")),
            (None, true) => Some("processes of others may be hidden in /proc (hidepid)".to_owned()),
            (denied, false) => denied,
        }
    }
}
