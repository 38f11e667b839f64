//! States and their evidence, of objects whose users live, have ended, or cannot be seen.

mod many_semaphores;
mod paused;
mod possible;
mod silent;
mod walks;

use std::fs;

use ipcadm::proc::tasks::sharing;
use ipcadm_testbed::{Cmd, Kind, alone, fresh, ipcadm, ipcadm_path, make, needs_root, tool};
use serde_json::Value;

/// The state of an object, and the evidence as lines.
fn of(command: Cmd) -> (String, String) {
    parse(&command.run().ok().stdout)
}

fn parse(json: &[u8]) -> (String, String) {
    let object: Value = serde_json::from_slice(json).expect("one object");
    let evidence = object["evidence"].as_array().expect("a list");
    let lines: Vec<String> = evidence
        .iter()
        .map(|one| format!("{} [{}]", one["fact"].as_str().expect("a fact"), one["source"].as_str().expect("a source")))
        .collect();
    (object["state"].as_str().expect("a state").to_owned(), lines.join("\n"))
}

fn ls(grace: &str, reference: &str) -> Cmd {
    ipcadm(["ls", "--format", "jsonl", "-o", "state,evidence", "--grace", grace, reference])
}

#[track_caller]
fn expect(reference: &str, state: &str, fact: &str) {
    let (found, evidence) = of(ls("0", reference));
    assert_eq!(found, state, "{reference}: {evidence}");
    assert!(evidence.contains(fact), "{reference}: {fact:?} is not in\n{evidence}");
}

fn own() -> u32 {
    std::process::id()
}

#[test]
fn a_dead_creator_leaves_an_orphan_or_a_dormant_segment() {
    let _ns = fresh();
    let orphan = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let dormant = make::by_dead_process(|| make::shm(0x51, 4096, 0o600));
    expect(&format!("shm:{orphan}"), "orphan", "is gone: no such process [/proc/");
    expect(&format!("shm:{dormant}"), "dormant", "key 0x00000051 lets a new process find it [key]");
    let (state, evidence) = of(ls("10m", &format!("shm:{orphan}")));
    assert_eq!(state, "idle");
    assert!(evidence.starts_with("created or changed "), "{evidence}");
    assert!(evidence.contains("; grace is 10 minutes [ctime]\n"), "{evidence}");
}

#[test]
fn the_last_user_of_a_segment_counts_as_much_as_its_creator() {
    let _ns = fresh();
    let id = make::by_dead_process(|| make::shm(0x64, 4096, 0o600));
    drop(make::attach(id));
    expect(&format!("shm:{id}"), "idle", &format!("last user {} (", own()));
    let id = make::shm(0, 4096, 0o600);
    drop(make::holder(id));
    expect(&format!("shm:{id}"), "idle", &format!("creator {} (", own()));
    let id = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    drop(make::holder(id));
    expect(&format!("shm:{id}"), "orphan", "last user ");
}

#[test]
fn what_is_in_use_is_active_and_what_is_removed_meanwhile_doomed() {
    let _ns = fresh();
    let id = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let holder = make::holder(id);
    let by = format!("attached once, by {} (", holder.pid());
    expect(&format!("shm:{id}"), "active", &by);
    make::remove(Kind::Shm, id);
    expect(&format!("shm:{id}"), "doomed", "removed: goes at the last detach");

    let set = make::by_dead_process(|| make::sem(0, 3, 0o600));
    let waiter = make::blocked_semop(set, 1, -1);
    expect(&format!("sem:{set}"), "active", &format!("1 thread waits on it, of {} (", waiter.pid()));
    let queue = make::by_dead_process(|| make::msg(0, 0o600));
    let waiter = make::blocked_recv(queue, 0);
    expect(&format!("msg:{queue}"), "active", &format!("1 thread waits on it, of {} (", waiter.pid()));
}

#[test]
fn a_set_is_judged_by_the_last_user_of_each_semaphore() {
    let _ns = fresh();
    let unused = make::sem(0, 1, 0o600);
    expect(&format!("sem:{unused}"), "unknown", "no user is recorded");
    // SETALL records a process too.
    let dead = make::by_dead_process(|| {
        let id = make::sem(0, 3, 0o600);
        make::setall(id, &[1, 0, 1]);
        id
    });
    expect(&format!("sem:{dead}"), "orphan", "semaphore 0 and 2 more: last user ");
    let keyed = make::by_dead_process(|| {
        let id = make::sem(0x52, 1, 0o600);
        make::semop(id, &[(0, 1, 0)]);
        id
    });
    expect(&format!("sem:{keyed}"), "dormant", "last user");
    // One semaphore that a living process has used is enough.
    make::semop(dead, &[(2, -1, 0)]);
    expect(&format!("sem:{dead}"), "idle", &format!("semaphore 2: last user {} (", own()));
}

#[test]
fn a_large_set_is_judged_all_the_same() {
    let _ns = fresh();
    let id = make::by_dead_process(|| {
        let id = make::sem(0, 32_000, 0o600);
        make::setall(id, &[1; 32_000]);
        id
    });
    expect(&format!("sem:{id}"), "orphan", "semaphore 0 and 31999 more: last user");
}

#[test]
fn queues() {
    alone!("queues", |_| {
        let unused = make::msg(0x53, 0o600);
        expect(&format!("msg:{unused}"), "unknown", "no user is recorded");
        // One process at both ends.
        let dead = |key| {
            make::by_dead_process(|| {
                let id = make::msg(key, 0o600);
                make::send(id, 1, b"x");
                make::recv(id, 0);
                id
            })
        };
        expect(&format!("msg:{}", dead(0)), "orphan", "last receiver ");
        expect(&format!("msg:{}", dead(0x54)), "dormant", "last sender ");
        // Another receiver: it may have been a thread of this process, which has several.
        let id = dead(0);
        make::by_dead_process(|| {
            make::send(id, 1, b"x");
            0
        });
        expect(&format!("msg:{id}"), "unknown", &format!("may have been a thread of {} (", own()));
        make::send(id, 1, b"x");
        expect(&format!("msg:{id}"), "idle", &format!("last sender {} (", own()));
        let waiter = make::blocked_recv(unused, 0);
        expect(&format!("msg:{unused}"), "active", "waits");
        make::send(unused, 1, b"x");
        waiter.until_done();
        drop(waiter);
        expect(&format!("msg:{unused}"), "idle", "last sender");
    });
}

#[test]
fn a_thread_that_received_stands_for_its_process() {
    alone!("a_thread_that_received_stands_for_its_process", |_| {
        let id = make::msg(0, 0o600);
        let thread = make::receiving_thread(id);
        // Woken by a process that has ended, so that the thread alone is recorded.
        make::by_dead_process(|| {
            make::send(id, 1, b"x");
            0
        });
        thread.until_received();
        assert_eq!(make::msg_stat(id).lrpid.unsigned_abs(), thread.tid());
        assert_ne!(thread.tid(), own());
        let is_thread = format!("last receiver {} is a thread of {} (", thread.tid(), own());
        expect(&format!("msg:{id}"), "idle", &is_thread);
        drop(thread);
        expect(&format!("msg:{id}"), "unknown", &format!("may have been a thread of {} (", own()));
    });
}

#[test]
fn whoever_the_mode_lets_receive_may_have_had_the_thread() {
    if !needs_root("whose threads may have received") {
        return;
    }
    alone!("whoever_the_mode_lets_receive_may_have_had_the_thread", |_| {
        const USER: u32 = 12_345;
        // This process has several threads, and is let in by its capability alone.
        let theirs = make::as_user(USER, USER, || make::msg(0, 0o600));
        make::by_dead_process(|| {
            make::send(theirs, 1, b"x");
            0
        });
        make::by_dead_process(|| make::recv(theirs, 0).1.len().try_into().unwrap_or(0));
        expect(&format!("msg:{theirs}"), "orphan", "last receiver ");
        // What had a thread is found though it has one now.
        let receiver = make::receiver_that_had_a_thread(theirs, USER);
        expect(&format!("msg:{theirs}"), "unknown", &format!("may have been a thread of {} (", receiver.pid()));
        drop(receiver);
        expect(&format!("msg:{theirs}"), "orphan", "last receiver ");
        // Neither owner nor creator, but everybody may read it.
        make::chown(Kind::Msg, theirs, USER, USER, 0o604);
        expect(&format!("msg:{theirs}"), "unknown", &format!("may have been a thread of {} (", own()));
    });
}

#[test]
fn separate_dead_ends_of_a_queue_leave_an_orphan() {
    // Of single-threaded processes alone.
    let script = "ipcadm msg create && ipcadm msg send msg:0 x && ipcadm msg recv msg:0 && \
                  ipcadm ls --grace 0 --no-header -o ref,state && ipcadm ls -q --orphan --grace 0";
    alone!("separate_dead_ends_of_a_queue_leave_an_orphan", |_| {
        let outcome = tool("unshare", ["--ipc", "sh", "-c", script]).env("PATH", path()).run().ok();
        assert!(outcome.stdout_str().ends_with("msg:0  orphan\nmsg:0\n"), "{outcome}");
    });
}

#[test]
fn a_queue_that_may_be_waited_on_from_outside_is_unknown() {
    // The IPC namespace is older than the pid namespace, or made by one that stayed outside: what is outside waits unseen.
    // That of the first process may be as well, unless the kernel's counts of who is in it are all seen.
    let _ns = fresh();
    let script = "ipcadm msg create >/dev/null && ipcadm msg send msg:0 x && \
                  ipcadm ls --format jsonl -o state,evidence --grace 0 msg:0 && ipcadm rm -q msg:0 && exit";
    let inner = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    let of_the_first = [&inner[..], &["unshare", "--ipc"]].concat();
    for start in [&inner[..], &of_the_first, &["--pid", "unshare", "--ipc", "--fork", "--mount-proc"]] {
        let words = start.iter().copied().chain(["sh", "-c", script]);
        let (state, evidence) = of(tool("unshare", words).env("PATH", path()));
        if start == of_the_first && sharing::is_seen_whole().is_ok() {
            assert_eq!(state, "orphan", "{start:?}: {evidence}");
            continue;
        }
        assert_eq!(state, "unknown", "{start:?}: {evidence}");
        assert!(evidence.contains("processes outside of this pid namespace cannot be seen"), "{start:?}: {evidence}");
    }
}

/// With the program under test.
fn path() -> String {
    let own = ipcadm_path();
    let folder = own.parent().expect("the program is in a folder");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

#[test]
fn processes_of_another_pid_namespace_are_not_taken_for_gone() {
    let _ns = fresh();
    let (shm, sem, msg) = (make::shm(0, 4096, 0o600), make::sem(0, 2, 0o600), make::msg(0, 0o600));
    make::semop(sem, &[(0, 1, 0)]);
    make::send(msg, 1, b"x");
    for (reference, fact) in [
        (format!("shm:{shm}"), "creator is a process of another pid namespace"),
        (format!("sem:{sem}"), "changed by nobody, or by a process of another pid namespace"),
        (format!("msg:{msg}"), "cannot be known: processes outside of this pid namespace cannot be seen"),
    ] {
        let program = ipcadm_path();
        let words = ["--pid", "--fork", "--mount-proc", "--kill-child"]
            .map(Into::into)
            .into_iter()
            .chain([program.into_os_string()]);
        let words = words.chain(["ls", "--format", "jsonl", "-o", "state,evidence", "--grace", "0"].map(Into::into));
        let (state, evidence) = of(tool("unshare", words.chain([reference.clone().into()])));
        assert_eq!(state, "unknown", "{reference}: {evidence}");
        assert!(evidence.contains(fact), "{reference}: {evidence}");
    }
}

#[test]
fn a_foreign_proc_is_not_trusted() {
    // The processes of a pid namespace under a /proc of the one outside: its numbers are others'.
    let script = "ipcadm shm create 4K; sleep 100 & ipcadm shm create 4K; \
                  ipcadm ls --no-header --grace 0 -o state; kill $!";
    let _ns = fresh();
    let outcome =
        tool("unshare", ["--pid", "--fork", "--kill-child", "sh", "-c", script]).env("PATH", path()).run().ok();
    // Nobody has these numbers in the inner namespace, whoever has them outside; but who else lives there is not shown.
    assert!(outcome.stdout_str().ends_with("unknown\nunknown\n"), "{outcome}");
}

#[test]
fn a_zombie_whose_parent_lives_may_be_known_to_it() {
    let ns = fresh();
    let words = ["-c", "ipcadm shm create 4K >/dev/null & exec sleep 100"];
    let parent = tool("sh", words).env("PATH", path()).spawn();
    let pid = loop {
        let rows = ns.rows(Kind::Shm);
        if let Some(row) = rows.first() {
            break row["cpid"].clone();
        }
        ipcadm_testbed::pause();
    };
    // Its parent never asks for it.
    let is_zombie = |pid: &str| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        text.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z"))
    };
    while !is_zombie(&pid) {
        ipcadm_testbed::pause();
    }
    // Its maker may have been told of it before: by the process that forked it, say.
    let fact = format!(
        "creator {pid} (ipcadm) has ended, but its parent {} (sleep), which has not yet asked for its status, lives \
         [/proc/{pid}/stat, /proc/{}/stat]",
        parent.pid(),
        parent.pid()
    );
    expect("shm:0", "unknown", &fact);
}

#[test]
fn a_zombie_that_only_the_first_process_could_reap_is_gone() {
    // The first process adopts all orphans, and forked none of them; this one never asks for their statuses.
    let script = "(ipcadm shm create 4K >/dev/null & ) ; \
                  until ipcadm ls -q shm | grep -q . ; do sleep 0.1; done; \
                  pid=$(ipcadm ls --no-header -o cpid | tr -d ' '); \
                  until grep -q '^State:.Z' /proc/$pid/status; do sleep 0.1; done; \
                  ipcadm ls --format jsonl --grace 0 -o state,evidence; exit 0";
    let _ns = fresh();
    // A shell would reap them: it is the child of one that does not.
    let first = ["-c", "sh -c \"$0\" & exec cat", script];
    let words = ["--pid", "--fork", "--mount-proc", "--kill-child", "sh"].into_iter().chain(first);
    let mut running = tool("unshare", words).env("PATH", path()).stdin_open().spawn();
    let (state, evidence) = parse(running.line().as_bytes());
    assert_eq!(state, "orphan", "{evidence}");
    assert!(evidence.contains("has ended and waits to be reaped"), "{evidence}");
}

/// The creator's number is given out again, five seconds later and more: two are lost to the kernel's whole seconds, of
/// the boot and of the start, and less than three prove nothing, for such a step of the clock does not show.
const RECYCLED: &str = "
    ipcadm shm create 4K >$out
    pid=$(ipcadm ls --no-header -o cpid | tr -d ' ')
    until [ $(ipcadm ls --format csv --no-header --older-than 5s -o id | wc -l) = 1 ]; do sleep 0.1; done
    until [ \"$other\" = $pid ]; do
        echo $((pid - 1)) > /proc/sys/kernel/ns_last_pid || exit 1
        sleep 100 &
        other=$!
    done
    until [ \"$(cat /proc/$pid/comm)\" = sleep ]; do :; done
    ipcadm ls --format jsonl --grace 0 -o state,evidence
    kill $other";

/// What becomes of a recycled number under another `/dev`, which tells whether the clock was set: a file in it is
/// compared with the start of the first process.
fn recycled(dev: &str) -> (String, String) {
    let script = format!("mount -t tmpfs tmpfs /dev && mkdir /dev/out && out=/dev/out/text && {dev} && {RECYCLED}");
    let words = ["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", &script];
    of(tool("unshare", words).env("PATH", path()))
}

#[test]
fn a_recycled_number_is_another_process() {
    let _ns = fresh();
    let (state, evidence) = recycled(": > /dev/null");
    assert_eq!(state, "orphan", "{evidence}");
    assert!(evidence.contains("(sleep) of now started"), "{evidence}");
}

#[test]
fn where_the_clock_may_have_been_set_a_recycled_number_proves_nothing() {
    let _ns = fresh();
    // A file that is much older than the first process.
    let (state, evidence) = recycled("ln -s /bin/sh /dev/null");
    assert_eq!(state, "unknown", "{evidence}");
    assert!(evidence.contains("the clock may have been set forward"), "{evidence}");
}

#[test]
fn others_see_less_and_conclude_less() {
    if !needs_root("what another user may know of root's objects") {
        return;
    }
    let _ns = fresh();
    let set = make::by_dead_process(|| {
        let id = make::sem(0, 1, 0o600);
        make::setall(id, &[1]);
        id
    });
    let dead = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let alive = make::shm(0, 4096, 0o600);
    let used = make::msg(0, 0o600);
    make::send(used, 1, b"x");
    let queue = make::by_dead_process(|| {
        let id = make::msg(0, 0o600);
        make::send(id, 1, b"x");
        id
    });
    for (reference, state, fact) in [
        // Who is known to use it decides, whoever else may wait on it.
        (format!("msg:{used}"), "idle", "lives"),
        (format!("sem:{set}"), "unknown", "needs read permission [GETPID]"),
        // Root's processes do not show what they can do.
        (format!("shm:{dead}"), "unknown", "its mappings may not be read"),
        (format!("shm:{alive}"), "idle", "lives"),
        (format!("msg:{queue}"), "unknown", "whether a thread waits on it cannot be known"),
    ] {
        let (found, evidence) = of(ls("0", &reference).unprivileged());
        assert_eq!(found, state, "{reference}: {evidence}");
        assert!(evidence.contains(fact), "{reference}: {evidence}");
    }
}

#[test]
fn without_proc_an_existing_number_is_not_taken_for_gone() {
    let _ns = fresh();
    let alive = make::shm(0, 4096, 0o600);
    let dead = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let state = |id: i32| of(ls("0", &format!("shm:{id}")).without_proc());
    let (found, evidence) = state(alive);
    assert_eq!(found, "unknown", "{evidence}");
    assert!(evidence.contains("/proc does not show it"), "{evidence}");
    let (found, evidence) = state(dead);
    assert_eq!(found, "unknown", "{evidence}");
    assert!(evidence.contains("living processes may know it unseen"), "{evidence}");
}

#[test]
fn show_tells_the_state_with_its_sources() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let text = ipcadm(["show", &format!("shm:{id}")]).run().ok().stdout_str().to_owned();
    let line = text.lines().find(|line| line.trim_start().starts_with("state ")).expect("a state");
    assert!(line.ends_with(" idle"), "{text}");
    assert!(
        text.contains(&format!("creator {} (", own())) && text.contains(&format!(") lives [/proc/{}/stat]", own()))
    );
    let (state, evidence) = of(ipcadm(["show", "--format", "jsonl", &format!("shm:{id}")]));
    assert_eq!(state, "idle");
    assert!(evidence.starts_with("creator "), "{evidence}");
}
