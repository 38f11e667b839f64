//! Facts about processes, and about this one.

use procfs::process::Process;
use procfs::{Current, Meminfo};

use serde::{Deserialize, Serialize};

use super::identity::numbers_are_ours;
use super::reader::{Reader, Task, is_gone};
use super::recorded;
use super::task::Stat;
use super::tasks::sharing;
use crate::sys::process::exists;
use crate::sys::{Pid, namespace};

/// `CAP_SYS_RESOURCE` in the effective set.
const CAP_SYS_RESOURCE: u64 = 1 << 24;
/// `CAP_SYS_PTRACE` in the effective set.
const CAP_SYS_PTRACE: u64 = 1 << 19;
/// `CAP_SETGID` and `CAP_SETUID` in the effective set.
const CAP_SET_IDS: u64 = 1 << 6 | 1 << 7;
/// `CAP_SYS_ADMIN` in the effective set.
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// `CAP_PERFMON` and `CAP_BPF` in the effective set.
const CAP_READ_TASKS: u64 = 1 << 38 | 1 << 39;

/// What can be said of a process the kernel recorded for an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recorded {
    /// It lives; its command name, not yet escaped.
    Alive(String),
    /// No process has that number, or one that started later.
    Gone,
    /// `/proc` does not tell.
    Unknown,
}

impl From<recorded::Recorded> for Recorded {
    fn from(found: recorded::Recorded) -> Self {
        match found {
            recorded::Recorded::Alive(living) => Self::Alive(living.command),
            recorded::Recorded::Gone(_) => Self::Gone,
            recorded::Recorded::Unknown(_) => Self::Unknown,
        }
    }
}

/// What there is under a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The process with this number, to which the thread of that number belongs.
    Process(u32),
    /// None.
    Nothing,
    /// One that `/proc` does not show.
    Hidden,
}

/// The process that a number belongs to, be it its own or that of one of its threads.
#[must_use]
pub fn process_of(number: u32) -> Found {
    let mut reader = Reader::default();
    let status = reader.read(Task::process(number), "status").ok();
    if let Some(pid) = status.and_then(super::task::process_of) {
        return Found::Process(pid);
    }
    let pid = i32::try_from(number).map(Pid::new);
    if pid.is_ok_and(|pid| exists(pid) == Some(true)) { Found::Hidden } else { Found::Nothing }
}

/// Whether a task has ended, or is on its way out of everything it was in: the kernel refuses to show such a one too
/// (`EACCES`).
pub fn has_ended(reader: &mut Reader, task: Task) -> bool {
    match reader.read(task, "stat") {
        Ok(stat) => Stat::parse(stat).is_some_and(|stat| stat.is_ending()),
        Err(error) => is_gone(&error),
    }
}

/// Whether this process has `CAP_SYS_ADMIN`. False where `/proc` does not tell.
#[must_use]
pub fn is_system_administrator() -> bool {
    has_capability(CAP_SYS_ADMIN)
}

/// Whether this process may have the kernel's own memory read by a BPF program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It may, unless the kernel forbids it to everybody.
    Allowed,
    /// It lacks the capabilities.
    Denied,
    /// It is not in the initial user namespace, where alone they count.
    Outside,
}

/// Whether this process has `CAP_BPF` and `CAP_PERFMON`, or `CAP_SYS_ADMIN`, where they count.
#[must_use]
pub fn may_read_tasks() -> Reading {
    let capable = has_capability(CAP_READ_TASKS) || has_capability(CAP_SYS_ADMIN);
    match (capable, namespace::is_initial_user()) {
        (false, _) => Reading::Denied,
        (true, false) => Reading::Outside,
        (true, true) => Reading::Allowed,
    }
}

/// Whether a filter (seccomp) decides on the system calls of this process. True where `/proc` does not tell.
#[must_use]
pub fn is_filtered() -> bool {
    const FILTER: u32 = 2;
    let status = Process::myself().and_then(|process| process.status());
    status.map_or(true, |status| status.seccomp == Some(FILTER))
}

/// Whether `/proc` may leave out processes of others: it is mounted with `hidepid` of 2 or more, and this process has no
/// right to see them all the same.
#[must_use]
pub fn may_be_hidden() -> bool {
    let hides = std::fs::read("/proc/self/mounts").is_ok_and(|mounts| hides_processes(&mounts));
    hides && !(namespace::is_initial_user() && has_capability(CAP_SYS_PTRACE))
}

/// Whether a process is in an IPC namespace, in which each of its threads is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// One of its threads is, or may be for all that can be seen.
    Possible,
    /// None is.
    No,
    /// It has ended, or the thread that was asked first has, and none of the others is.
    Ended,
}

/// Whether a process is in `namespace`. `first` is it, or a thread that is asked first; the others are asked where there
/// are `several`.
pub fn ipc_membership(first: Task, several: bool, namespace: Option<u64>, reader: &mut Reader) -> Membership {
    let mut has_ended = false;
    let mut may_be_in = |task: Task, reader: &mut Reader| match reader.ipc_namespace(task) {
        Ok(found) => Some(found) == namespace,
        Err(error) => {
            // A first thread that has ended shows none either, for as long as others live.
            has_ended |= is_gone(&error) && (task == first || reader.read(task, "stat").is_err());
            !is_gone(&error)
        }
    };
    if may_be_in(first, reader) {
        return Membership::Possible;
    }
    let others = if several { reader.thread_ids(first.pid) } else { Ok(Vec::new()) };
    match others {
        Ok(threads) if threads.iter().any(|&tid| may_be_in(Task::thread(first.pid, tid), reader)) => {
            Membership::Possible
        }
        Ok(_) if !has_ended => Membership::No,
        Err(error) if !is_gone(&error) => Membership::Possible,
        Ok(_) | Err(_) => Membership::Ended,
    }
}

/// Whether processes outside of this pid namespace, which no `/proc` of it shows, may be in this IPC namespace.
///
/// They cannot where the IPC namespace was made inside: those outside then come to it by setns(2) alone. That is held
/// to be so where it was made after the pid namespace and the first process, which whoever made the pid namespace has
/// forked, is not in it: that maker's own IPC namespace is inherited by the first process.
///
/// Where that does not show, the kernel's count of who is in the namespace may: see [`sharing`].
#[must_use]
pub fn may_be_outside() -> bool {
    if namespace::is_initial_pid() {
        return false;
    }
    let first = Reader::default().ipc_namespace(Task::process(1)).ok();
    let was_made_inside = || {
        first.is_some()
            && namespace::ipc().is_some()
            && first != namespace::ipc()
            && namespace::is_ipc_younger_than_pid()
    };
    !(numbers_are_ours() && (was_made_inside() || sharing::is_seen_whole() == Ok(true)))
}

/// Whether the mount over all others on `/proc` leaves out processes.
fn hides_processes(mounts: &[u8]) -> bool {
    let mut lines =
        mounts.rsplit(|&byte| byte == b'\n').map(|line| line.split(|&byte| byte == b' ').collect::<Vec<_>>());
    let last = lines.find(|words| words.get(1) == Some(&b"/proc".as_slice()));
    let Some(options) = last.and_then(|words| words.get(3).copied()) else { return false };
    let hidden: [&[u8]; 4] = [b"hidepid=2", b"hidepid=4", b"hidepid=invisible", b"hidepid=ptraceable"];
    options.split(|&byte| byte == b',').any(|option| hidden.contains(&option))
}

/// Whether this process may act as any user and group: `CAP_SETUID` and `CAP_SETGID`. False where `/proc` does not tell.
#[must_use]
pub fn may_act_as_others() -> bool {
    has_capability(CAP_SET_IDS)
}

/// Whether it has all of `bits`.
fn has_capability(bits: u64) -> bool {
    Process::myself().and_then(|process| process.status()).is_ok_and(|status| status.capeff & bits == bits)
}

/// Whether this process may raise a queue above `msgmnb`: `CAP_SYS_RESOURCE`, which counts in the initial user
/// namespace alone. False where `/proc` does not tell.
#[must_use]
pub fn may_exceed_msgmnb() -> bool {
    namespace::is_initial_user() && has_capability(CAP_SYS_RESOURCE)
}

/// RAM and swap of this machine in bytes; None where `/proc` does not tell.
#[must_use]
pub fn machine_memory() -> Option<(u64, u64)> {
    Meminfo::current().ok().map(|info| (info.mem_total, info.swap_total))
}

#[cfg(test)]
mod tests {
    use super::hides_processes;

    #[test]
    fn the_topmost_mount_tells_whether_processes_are_hidden() {
        for (mounts, hidden) in [
            ("proc /proc proc rw,relatime 0 0\n", false),
            ("proc /proc proc rw,hidepid=invisible 0 0\n", true),
            ("proc /proc proc rw,hidepid=2,gid=4 0 0\n", true),
            ("proc /proc proc rw,hidepid=noaccess 0 0\n", false),
            ("proc /proc proc rw,hidepid=2 0 0\nproc /proc proc rw 0 0\n", false),
            ("proc /srv/proc proc rw,hidepid=2 0 0\n", false),
            ("", false),
            ("proc /proc", false),
        ] {
            assert_eq!(hides_processes(mounts.as_bytes()), hidden, "{mounts}");
        }
    }
}
