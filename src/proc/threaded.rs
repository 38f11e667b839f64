//! The processes that have several threads, or had: a number that the kernel recorded may have been that of a thread
//! which has ended, and its process lives on.

use std::io;

use super::identity::{self, Users};
use super::reader::{self, Reader};
use super::task::Stat;
use crate::sys::clock::cpu_time_of;
use crate::sys::{Gid, Perm, namespace};

/// The mode bits that let receive: those of reading.
const READ: u32 = 0o444;

/// The processes with several threads in this IPC namespace.
#[derive(Debug, Default)]
pub(super) struct Threaded {
    processes: Vec<identity::Task>,
    /// Whether all processes can be seen.
    pub(super) complete: bool,
}

impl Threaded {
    /// Looks at every process once.
    pub(super) fn list() -> Self {
        let (own, namespace) = (std::process::id(), namespace::ipc());
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
        Self { processes, complete }
    }

    /// One that may receive from a queue with these rights and `fits`.
    pub(super) fn find(&self, perm: &Perm, fits: impl Fn(&identity::Task) -> bool) -> Option<&identity::Task> {
        self.processes.iter().find(|task| may_receive(&task.users, perm) && fits(task))
    }
}

/// Whether a queue's mode lets a process receive. A process that changed its users may have been let in as any of
/// them. Who is let in by CAP_IPC_OWNER alone is not counted: that is every process of root, and all queues.
fn may_receive(users: &Users, perm: &Perm) -> bool {
    let mode = perm.mode.bits() & READ;
    users.uids.iter().any(|uid| {
        let group = |gid: Gid| users.gids.contains(&gid.raw());
        let granted = if *uid == perm.uid.raw() || *uid == perm.cuid.raw() {
            mode & 0o700
        } else if group(perm.gid) || group(perm.cgid) {
            mode & 0o070
        } else {
            mode & 0o007
        };
        granted != 0
    })
}

/// A process, if it has several threads or had, and may be in this IPC namespace.
fn look_at(pid: u32, namespace: Option<u64>, reader: &mut Reader) -> io::Result<Option<identity::Task>> {
    let stat = stat(reader, reader::Task::process(pid))?;
    if stat.is_out_of_the_question()
        || !may_be_here(pid, namespace, reader)
        || stat.threads <= 1 && !has_more_than_its_threads(pid, &stat, reader)
    {
        return Ok(None);
    }
    let number = i32::try_from(pid).map_err(|_| io::ErrorKind::InvalidData)?;
    identity::read_by(reader, number).map(|task| Some(task).filter(|task| !task.ended))
}

/// Whether a process of one thread has had others.
pub fn had_threads(pid: u32, reader: &mut Reader) -> bool {
    stat(reader, reader::Task::process(pid)).is_ok_and(|stat| has_more_than_its_threads(pid, &stat, reader))
}

/// Whether the account of a process, of which `stat` is known, is more than those of its threads, read later: what threads
/// have used that have ended stays in it.
fn has_more_than_its_threads(pid: u32, stat: &Stat, reader: &mut Reader) -> bool {
    let time = cpu_time_of(pid);
    let mut all_time = Some(0_u64);
    let mut all_faults = Some(0_u64);
    let threads = if stat.threads == 1 { vec![pid] } else { reader.thread_ids(pid).unwrap_or_default() };
    for tid in threads {
        let thread = reader::Task::thread(pid, tid);
        // Kernels that do not keep it say 0.
        let ran = reader.read(thread, "schedstat").ok().and_then(first_number).filter(|&time| time > 0);
        all_time = all_time.zip(ran).map(|(all, time)| all.saturating_add(time));
        let faults = self::stat(reader, thread).ok().and_then(|stat| stat.minor_faults);
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

/// Whether a thread of the process is in this IPC namespace, or may be for all that can be seen.
fn may_be_here(pid: u32, own: Option<u64>, reader: &mut Reader) -> bool {
    let first = reader.ipc_namespace(reader::Task::process(pid)).ok();
    if first.is_none() || first == own {
        return true;
    }
    let is_here = |namespace: io::Result<u64>| match namespace {
        Ok(namespace) => Some(namespace) == own,
        Err(error) => !reader::is_gone(&error),
    };
    match reader.thread_ids(pid) {
        Ok(threads) => threads.into_iter().any(|tid| is_here(reader.ipc_namespace(reader::Task::thread(pid, tid)))),
        Err(error) => !reader::is_gone(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::{had_threads, may_receive};
    use crate::proc::identity::Users;
    use crate::proc::reader::Reader;
    use crate::sys::{Gid, Key, Mode, Perm, Uid};

    #[test]
    fn the_mode_tells_who_may_receive() {
        let perm = |mode| Perm {
            key: Key::from_bits(0),
            uid: Uid::new(10),
            gid: Gid::new(20),
            cuid: Uid::new(11),
            cgid: Gid::new(21),
            mode: Mode::new(mode),
        };
        let may =
            |uid: u32, gids: &[u32], mode| may_receive(&Users { uids: vec![uid; 4], gids: gids.to_vec() }, &perm(mode));
        assert!(may(10, &[1], 0o600) && may(11, &[1], 0o400) && !may(12, &[1], 0o600));
        assert!(may(12, &[1, 20], 0o640) && may(12, &[21, 1], 0o040) && !may(12, &[1], 0o640));
        assert!(may(12, &[1], 0o604) && !may(12, &[20], 0o604) && !may(10, &[1], 0o066));
        // Root is let in by its capability.
        assert!(!may(0, &[0], 0o600));
        // One that changed its users was let in as one of them.
        assert!(may_receive(&Users { uids: vec![12, 12, 10, 12], gids: vec![1] }, &perm(0o600)));
    }

    #[test]
    fn threads_that_have_ended_leave_a_trace() {
        // What others of this program do meanwhile is no matter: this process has threads at any time.
        std::thread::spawn(|| std::hint::black_box(vec![1_u8; 1 << 20]).len()).join().unwrap();
        assert!(had_threads(std::process::id(), &mut Reader::default()));
    }
}
