//! Which processes are in this IPC namespace, and whether `/proc` shows all of them.

use super::capabilities::sees_all_processes;
use super::reader::{Reader, Task, is_gone};
use super::status::numbers_are_ours;
use super::tasks::sharing;
use crate::sys::namespace;

/// Whether `/proc` may leave out processes of others: it is mounted with `hidepid` of 2 or more, and this process has no
/// right to see them all the same.
pub fn may_be_hidden() -> bool {
    let hides = std::fs::read("/proc/self/mounts").is_ok_and(|mounts| hides_processes(&mounts));
    hides && !sees_all_processes()
}

/// Whether a process is in an IPC namespace, in which each of its threads is by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InNamespace {
    /// One of its threads is, or may be for all that can be seen.
    Possible,
    /// None is.
    No,
    /// It has ended, or the thread that was asked first has, and none of the others is.
    Ended,
}

/// Whether a process is in `namespace`. `first` is it, or a thread that is asked first; the others are asked where there
/// are `several`.
pub fn in_ipc_namespace(first: Task, several: bool, namespace: Option<u64>, reader: &mut Reader) -> InNamespace {
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
        return InNamespace::Possible;
    }
    let others = if several { reader.thread_ids(first.pid) } else { Ok(Vec::new()) };
    match others {
        Ok(threads) if threads.iter().any(|&tid| may_be_in(Task::thread(first.pid, tid), reader)) => {
            InNamespace::Possible
        }
        Ok(_) if !has_ended => InNamespace::No,
        Err(error) if !is_gone(&error) => InNamespace::Possible,
        Ok(_) | Err(_) => InNamespace::Ended,
    }
}

/// Whether processes outside of this pid namespace, which no `/proc` of it shows, may be in this IPC namespace.
///
/// They cannot where the IPC namespace was made inside: those outside then come to it by setns(2) alone. That is held
/// to be so where it was made after the pid namespace and the first process, which whoever made the pid namespace has
/// forked, is not in it: that maker's own IPC namespace is inherited by the first process.
///
/// Where that does not show, the kernel's count of who is in the namespace may: see [`sharing`].
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
