//! Whether anybody outside of the reader's pid namespace is in an IPC namespace, by the kernel's counts.
//!
//! Each world is a pid namespace with an IPC namespace in it. A shell there makes what is to be there and starts this
//! program again, which goes back to the shell's namespace and looks.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::{env, io, thread};

use ipcadm::proc::capabilities::{Reading, may_read_tasks};
use ipcadm::proc::tasks::sharing::is_seen_whole;
use ipcadm_testbed::{Running, fresh, ipcadm_path, left_out, test_name, tool};

/// Set to how often the program is to look.
const MARK: &str = "IPCADM_TEST_LOOKS";

/// What the program does in a world; nothing when it is run as a test.
#[test]
fn look() {
    let Some(looks) = env::var(MARK).ok().and_then(|looks| looks.parse().ok()) else { return };
    let shell = std::os::unix::process::parent_id();
    let there = File::open(format!("/proc/{shell}/ns/ipc")).expect("the shell's namespace");
    // SAFETY: takes numbers only, and moves this thread alone.
    let moved = unsafe { libc::setns(there.as_raw_fd(), libc::CLONE_NEWIPC) };
    assert_eq!(moved, 0, "setns: {}", io::Error::last_os_error());
    drop(there);
    // Threads count as processes do.
    (0..3).for_each(|_| drop(thread::spawn(thread::park)));
    let seen: BTreeSet<String> = (0..looks).map(|_: u32| format!("{:?}", is_seen_whole())).collect();
    let seen = seen.into_iter().collect::<Vec<_>>().join(" ");
    writeln!(io::stdout(), "seen: {seen}").expect("standard output");
}

/// A world whose shell has run `setup`, and waits.
fn world(setup: &str, looks: u32) -> Running {
    let look = test_name(module_path!(), "look");
    let script = format!("{setup}\necho ready; read line; \"$0\" --exact {look} --nocapture; exit");
    let words = ["--pid", "--mount-proc", "--fork", "--kill-child", "unshare", "--ipc", "sh", "-c", &script];
    let program = env::current_exe().expect("this program").into_os_string();
    let words = words.map(Into::into).into_iter().chain([program]);
    let folder = ipcadm_path().parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", env::var("PATH").unwrap_or_default());
    let mut world = tool("unshare", words)
        .env("IPCADM_TEST_IN_PLACE", "1")
        .env(MARK, looks.to_string())
        .env("PATH", path)
        .stdin_open()
        .spawn();
    while world.line() != "ready" {}
    world
}

/// What was seen there.
fn seen(mut world: Running) -> String {
    world.send("\n");
    let outcome = world.wait().ok();
    let text = outcome.stdout_str();
    let line = text.lines().find_map(|line| line.split_once("seen: ").map(|(_, seen)| seen.to_owned()));
    line.unwrap_or_else(|| panic!("nothing was seen\n{outcome}"))
}

/// The namespace of the shell in a world, as seen from outside.
fn namespace(world: &Running) -> String {
    let own = fs::metadata("/proc/thread-self/ns/ipc").expect("the own namespace").ino();
    let mut pids = vec![world.pid().to_string()];
    while let Some(pid) = pids.pop() {
        let path = format!("/proc/{pid}/ns/ipc");
        if fs::metadata(&path).is_ok_and(|found| found.ino() != own) {
            return path;
        }
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        pids.extend(children.split_whitespace().map(str::to_owned));
    }
    panic!("no process of the world is in another namespace");
}

fn possible() -> bool {
    let possible = may_read_tasks() == Reading::Allowed && is_seen_whole().is_ok();
    if !possible {
        left_out("what takes CAP_BPF and CAP_PERFMON");
    }
    possible
}

#[test]
fn whom_the_pid_namespace_has_are_all() {
    let _ns = fresh();
    if !possible() {
        return;
    }
    for setup in [
        ":",
        // Of their own mount namespaces; of a pid namespace within; those that have left the IPC namespace.
        "sleep 100 & unshare --mount sleep 100 & unshare --mount --pid --fork sleep 100 & unshare --ipc sleep 100 &",
        // What is mounted belongs to the namespace, and not the other way round.
        "mount -t mqueue mqueue /mnt",
        // What was there and is gone.
        "exec 7</proc/self/ns/ipc; exec 7<&-; ipcadm shm create 4K; ipcadm shm attach shm:0 -- true; ipcadm ls",
    ] {
        assert_eq!(seen(world(setup, 1)), "Ok(true)", "{setup}");
    }
}

#[test]
fn whatever_else_refers_to_the_namespace_leaves_it_open() {
    let _ns = fresh();
    if !possible() {
        return;
    }
    for setup in [
        "exec 7</proc/self/ns/ipc",
        "mount --bind /proc/self/ns/ipc /proc/version",
        "ipcadm shm create 4K; ipcadm shm attach shm:0 -- sleep 100 & until ipcadm who -q shm:0 | grep -q .; do :; done",
    ] {
        assert_eq!(seen(world(setup, 3)), "Ok(false)", "{setup}");
    }
    // Held by somebody outside, who could enter it.
    let there = world(":", 3);
    let held = File::open(namespace(&there)).expect("the namespace");
    assert_eq!(seen(there), "Ok(false)");
    drop(held);
}

#[test]
fn whoever_is_outside_is_never_overlooked() {
    let _ns = fresh();
    if !possible() {
        return;
    }
    let churn = "for n in 1 2 3; do (while :; do /bin/true; unshare --mount /bin/true; done) & done";
    for (setup, looks) in [(":", 3), (churn, 500)] {
        let there = world(setup, looks);
        let path = format!("--ipc={}", namespace(&there));
        let mut outside = tool("nsenter", [&path, "sh", "-c", "echo in; read line"]).stdin_open().spawn();
        assert_eq!(outside.line(), "in");
        assert_eq!(seen(there), "Ok(false)", "{setup}");
        outside.close_stdin();
        outside.wait();
    }
}
