//! The processes that have several threads, or had: a number that the kernel recorded may have been that of a thread
//! which has ended, and its process lives on.
//!
//! The processes are listed for this alone. An account of a process that was read earlier, as for the census, would not do:
//! the use that its living threads have made since would hide that of those which have ended.

use std::collections::HashMap;
use std::io;

use super::identity::{self, Identity};
use super::ipc_namespace::{InNamespace, in_ipc_namespace};
use super::permission::{Door, door, let_in};
use super::probe;
use super::reader::{self, Reader};
use super::task::Stat;
use crate::sys::clock::cpu_time_of;
use crate::sys::{Perm, namespace};

/// The processes with several threads in this IPC namespace.
#[derive(Debug, Default)]
pub(super) struct Threaded {
    processes: Vec<Identity>,
    /// By whom they let in: those that started before all others in front of them. What was started before some moment, the
    /// first such of all, is one of these.
    by_door: HashMap<Door, Vec<usize>>,
    /// Whether all processes can be seen.
    pub(super) complete: bool,
}

impl Threaded {
    pub(super) fn list() -> Self {
        let (own, namespace) = (probe::program(), namespace::ipc());
        // The first process is always there; where it is not to be seen, others are not either.
        let mut complete = identity::read(1).is_ok();
        let mut reader = Reader::default();
        let mut processes = Vec::new();
        let listed = reader::processes();
        complete &= listed.is_ok();
        for pid in listed.unwrap_or_default().into_iter().filter(|pid| *pid != own) {
            match look_at(pid, namespace, &mut reader) {
                Ok(task) => processes.extend(task),
                Err(error) => complete &= reader::is_gone(&error),
            }
        }
        Self { processes, complete, ..Self::default() }
    }

    /// The first process that a queue with these rights lets in and that `fits`, as one does that has started before
    /// another that does.
    pub(super) fn find(&mut self, perm: &Perm, fits: impl Fn(&Identity) -> bool) -> Option<&Identity> {
        let Self { processes, by_door, .. } = self;
        let earliest = by_door.entry(door(perm)).or_insert_with(|| {
            let is_let_in = |place: &usize| let_in(Some(&processes[*place].credentials), perm).is_some();
            let mut before = u64::MAX;
            let is_earlier = |place: &usize| {
                let started = processes[*place].started;
                let is_earlier = started < before;
                before = started.min(before);
                is_earlier
            };
            (0..processes.len()).filter(is_let_in).filter(is_earlier).collect()
        });
        earliest.iter().map(|&place| &processes[place]).find(|task| fits(task))
    }
}

/// A process, if it has several threads or had, and may be in this IPC namespace.
fn look_at(pid: u32, namespace: Option<u64>, reader: &mut Reader) -> io::Result<Option<Identity>> {
    let stat = stat(reader, reader::Task::process(pid))?;
    if stat.cannot_hold_ipc()
        || in_ipc_namespace(reader::Task::process(pid), stat.threads > 1, namespace, reader) != InNamespace::Possible
        || stat.threads <= 1 && !has_more_than_its_threads(pid, &stat, reader)
    {
        return Ok(None);
    }
    let number = i32::try_from(pid).map_err(|_| io::ErrorKind::InvalidData)?;
    identity::read(number).map(|task| Some(task).filter(|task| !task.ended))
}

/// Whether a process of one thread has had others.
pub fn had_threads(pid: u32, reader: &mut Reader) -> bool {
    stat(reader, reader::Task::process(pid)).is_ok_and(|stat| has_more_than_its_threads(pid, &stat, reader))
}

/// Whether the account of a process, of which `stat` is known, is more than those of its threads, read later: what threads
/// have used that have ended stays in it. True also where one of them cannot be read.
fn has_more_than_its_threads(pid: u32, stat: &Stat, reader: &mut Reader) -> bool {
    let time = cpu_time_of(pid);
    let mut all_time = Some(0_u64);
    let mut all_faults = Some(0_u64);
    let threads = if stat.threads == 1 { vec![pid] } else { reader.thread_ids(pid).unwrap_or_default() };
    for tid in threads {
        let thread = reader::Task::thread(pid, tid);
        // Kernels that do not keep it say 0.
        let schedstat = reader.read(thread, "schedstat");
        if schedstat.as_ref().is_err_and(|error| !reader::is_gone(error)) {
            return true;
        }
        let ran = schedstat.ok().and_then(first_number).filter(|&time| time > 0);
        all_time = all_time.zip(ran).map(|(all, time)| all.saturating_add(time));
        let stat = self::stat(reader, thread);
        if stat.as_ref().is_err_and(|error| !reader::is_gone(error)) {
            return true;
        }
        let faults = stat.ok().and_then(|stat| stat.minor_faults);
        all_faults = all_faults.zip(faults).map(|(all, faults)| all.saturating_add(faults));
    }
    let is_more = |whole: Option<u64>, all: Option<u64>| whole.zip(all).is_some_and(|(whole, all)| whole > all);
    is_more(time, all_time) || is_more(stat.minor_faults, all_faults)
}

fn stat(reader: &mut Reader, task: reader::Task) -> io::Result<Stat> {
    Stat::parse(reader.read(task, "stat")?).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn first_number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::had_threads;
    use crate::proc::reader::Reader;

    #[test]
    fn threads_that_have_ended_leave_a_trace() {
        // Other tests of this program may start threads meanwhile: this process has had some in any case.
        std::thread::spawn(|| std::hint::black_box(vec![1_u8; 1 << 20]).len()).join().unwrap();
        assert!(had_threads(std::process::id(), &mut Reader::default()));
    }
}
