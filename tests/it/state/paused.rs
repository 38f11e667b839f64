//! Who is paused inside a call on an object uses it still: stopped by a signal or a debugger, or frozen. Of a set the
//! kernel does not count such threads.

use ipcadm::kind::field::Needs;
use ipcadm::kind::model::{Kind, KindSet, Object, ObjectId};
use ipcadm::object::inventory;
use ipcadm::usage::users::{Paused, UnseenThreads, Usage, Users, Waiting, Wants};
use ipcadm_testbed::make::{self, Blocked, Freezer, Version};
use ipcadm_testbed::{Folder, Kind as Made, NOBODY, alone, fresh, ipcadm, ipcadm_path, left_out, needs_root, tool};
use serde_json::{Value, json};

use crate::support::Json as _;

const ALL: Wants = Wants::ALL;

fn objects() -> Vec<Object> {
    inventory::collect(KindSet::ALL, Needs::NOTHING).expect("a list").objects
}

fn usage(kind: Kind, id: i32) -> Usage {
    Users::scan(&objects(), ALL).of(ObjectId::system_v(kind, id)).expect("it was among the objects").clone()
}

/// Who waits, by thread, and whether they are paused.
fn waiters(usage: &Usage) -> Vec<(u32, Option<Paused>)> {
    usage.waiters.iter().map(|waiter| (waiter.tid, waiter.paused)).collect()
}

/// A set and a queue with a sleeper each: both are found, known to be paused, and what they wait for is told.
#[track_caller]
fn expect(pause: impl Fn(&Blocked) -> Box<dyn std::any::Any>, paused: Paused) {
    let (set, queue) = (make::sem(0, 2, 0o600), make::msg(0, 0o600));
    let (taker, receiver) = (make::blocked_semop(set, 1, -3), make::blocked_recv(queue, 5));
    let guards = [pause(&taker), pause(&receiver)];
    for (kind, id, pid, waiting) in [
        (Kind::Sem, set, taker.pid(), Waiting::Take { index: 1, by: 3 }),
        (Kind::Msg, queue, receiver.pid(), Waiting::Receive { mtype: 5, except: false }),
    ] {
        let usage = usage(kind, id);
        assert_eq!(waiters(&usage), [(pid, Some(paused))]);
        assert_eq!((usage.waiters[0].waiting, usage.hidden_waiters), (waiting, Some(0)), "{:?}", usage.hidden_why);
    }
    // Others are told apart from them, and counted as the kernel does.
    let awake = make::blocked_semop(set, 1, -1);
    let usage = usage(Kind::Sem, set);
    assert_eq!(waiters(&usage), [(taker.pid(), Some(paused)), (awake.pid(), None)]);
    assert_eq!(usage.hidden_waiters, Some(0));
    assert!(usage.waiters.iter().all(|waiter| waiter.undo == Some(false)));
    drop(guards);
}

#[test]
fn stopped_by_a_signal() {
    alone!("stopped_by_a_signal", |_| {
        expect(
            |sleeper| {
                sleeper.stop();
                Box::new(())
            },
            Paused::Stopped,
        );
    });
}

#[test]
fn stopped_by_a_debugger() {
    alone!("stopped_by_a_debugger", |_| expect(|sleeper| Box::new(sleeper.trace()), Paused::Traced));
}

#[track_caller]
fn frozen(name: &str, version: Version) {
    alone!(name, |_| {
        if Freezer::new(version).is_none() {
            return left_out(match version {
                Version::One => "control groups of version 1",
                Version::Two => "control groups of version 2",
            });
        }
        expect(
            |sleeper| {
                let freezer = Freezer::new(version).expect("a second one");
                freezer.freeze(sleeper);
                Box::new(freezer)
            },
            Paused::Frozen,
        );
    });
}

#[test]
fn frozen_by_the_first_version() {
    frozen("frozen_by_the_first_version", Version::One);
}

#[test]
fn frozen_by_the_second_version() {
    frozen("frozen_by_the_second_version", Version::Two);
}

#[test]
fn a_frozen_thread_shows_by_the_counts_alone() {
    let _ns = fresh();
    let Some(freezer) = Freezer::new(Version::Two) else {
        return left_out("control groups of version 2");
    };
    let set = make::sem(0, 1, 0o600);
    let sleeper = make::blocked_semop(set, 0, -1);
    freezer.freeze(&sleeper);
    // Without its control group, it looks asleep; but the kernel counts nobody.
    let script = format!("mount -t tmpfs none /sys/fs/cgroup && exec \"$0\" who --format jsonl sem:{set}");
    let words = ["--mount".into(), "sh".into(), "-c".into(), script.into(), ipcadm_path().into_os_string()];
    let outcome = tool("unshare", words).run().ok();
    let found = outcome.json();
    let waiter = &found["waiters"][0];
    assert_eq!((&waiter["pid"], &waiter["paused"]), (&json!(sleeper.pid()), &json!("frozen")), "{outcome}");
    // One more who is counted: which of them is frozen does not show, and nobody is hidden.
    let other = make::blocked_semop(set, 0, -1);
    let script = format!("mount -t tmpfs none /sys/fs/cgroup && exec \"$0\" who --format jsonl sem:{set}");
    let words = ["--mount".into(), "sh".into(), "-c".into(), script.into(), ipcadm_path().into_os_string()];
    let outcome = tool("unshare", words).run().ok();
    let found = outcome.json();
    assert_eq!(
        (found["waiters"].as_array().map(Vec::len), &found["hidden_waiters"]),
        (Some(2), &json!(0)),
        "{outcome}"
    );
    drop((freezer, other));
}

/// A private set whose other users have ended.
fn abandoned() -> i32 {
    make::by_dead_process(|| {
        let set = make::sem(0, 1, 0o600);
        make::setall(set, &[0]);
        set
    })
}

#[test]
fn a_paused_waiter_keeps_its_set() {
    alone!("a_paused_waiter_keeps_its_set", |ns| {
        let set = abandoned();
        let sleeper = make::blocked_semop(set, 0, -1);
        sleeper.stop();
        let reference = format!("sem:{set}");
        let shown: Value = serde_json::from_slice(
            &ipcadm(["ls", "--format", "jsonl", "-o", "state,evidence", "--grace", "0", &reference]).run().ok().stdout,
        )
        .expect("one object");
        assert_eq!(shown["state"], "active", "{shown}");
        let fact = shown["evidence"][0]["fact"].as_str().expect("a fact");
        assert!(fact.starts_with(&format!("{} (", sleeper.pid())), "{fact}");
        assert!(fact.ends_with(") stands in semop on it and is paused (stopped)"), "{fact}");
        assert_eq!(shown["evidence"][0]["source"], format!("/proc/{0}/task/{0}/syscall", sleeper.pid()));
        ipcadm(["clean", "--grace", "0", "--yes"]).run().ok().stdout_empty();
        ipcadm(["clean", "--grace", "0", "--yes", "--state", "dormant", "--state", "unknown"]).run().ok();
        let outcome = ipcadm(["rm", "--if-unused", &reference]).run().status(10);
        outcome.stderr_has(&format!("waited for by pid {} (", sleeper.pid())).stderr_has("), paused (stopped)");
        assert_eq!(ns.ids(Made::Sem), [set]);
        // It goes on, tries again, and takes what it waited for.
        drop(sleeper);
        ipcadm(["rm", "--if-unused", &reference]).run().ok();
    });
}

#[test]
fn who_and_ps_and_show_say_that_a_waiter_is_paused() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    let sleeper = make::blocked_semop(set, 0, -1);
    let reference = format!("sem:{set}");
    let paused = || {
        let found: Value =
            serde_json::from_slice(&ipcadm(["who", "--format", "jsonl", &reference]).run().ok().stdout).expect("JSON");
        found["waiters"][0]["paused"].clone()
    };
    assert_eq!(paused(), Value::Null);
    sleeper.stop();
    assert_eq!(paused(), "stopped");
    let pid = sleeper.pid().to_string();
    for words in [&["who", &reference][..], &["show", &reference], &["ps", &pid]] {
        ipcadm(words).run().ok().stdout_has("  takes 1 from semaphore 0, paused (stopped)  ");
    }
    let csv = ipcadm(["who", "--format", "csv", &reference]).run().ok().stdout_str();
    let mut lines = csv.lines();
    let place = lines.next().and_then(|header| header.split(',').rev().position(|name| name == "paused"));
    assert_eq!(lines.next().and_then(|row| row.split(',').rev().nth(place?)), Some("stopped"), "{csv}");
}

#[test]
fn restore_replaces_no_set_that_a_paused_waiter_needs() {
    alone!("restore_replaces_no_set_that_a_paused_waiter_needs", |ns| {
        let folder = Folder::new("paused");
        let path = &folder.path("archive");
        let set = make::sem(0x51, 1, 0o600);
        ipcadm(["save", "-q", "-O", path, &format!("sem:{set}")]).run().ok();
        let sleeper = make::blocked_semop(set, 0, -1);
        sleeper.stop();
        let outcome = ipcadm(["restore", "--replace", path]).run();
        outcome.status(10).stderr_has(&format!("waited for by pid {} (", sleeper.pid()));
        assert_eq!(ns.ids(Made::Sem), [set]);
    });
}

#[test]
fn whose_threads_were_not_seen_is_told_with_whom_they_act_as() {
    alone!("whose_threads_were_not_seen_is_told_with_whom_they_act_as", |_| {
        let set = make::sem(0, 1, 0o600);
        // Everybody here may be looked into.
        let users = Users::scan(&objects(), ALL);
        assert_eq!(users.unseen_threads(), &UnseenThreads::default());
        if !needs_root("a process that may not be looked into") {
            return;
        }
        let sleeper = make::blocked_semop(set, 0, -1);
        let seen = make::as_user(NOBODY, NOBODY, || Users::scan(&objects(), ALL).unseen_threads().clone());
        let uids = |pid: u32| Some(seen.processes.get(&pid)?.as_ref()?.uids.clone());
        assert_eq!(uids(sleeper.pid()), Some(vec![0; 4]), "{seen:?}");
        drop(sleeper);
    });
}

#[test]
fn where_processes_cannot_be_listed_nobody_is_taken_for_absent() {
    alone!("where_processes_cannot_be_listed_nobody_is_taken_for_absent", |ns| {
        let queue = make::by_dead_process(|| {
            let id = make::msg(0, 0o600);
            make::send(id, 1, b"x");
            make::recv(id, 0);
            id
        });
        let sleeper = make::blocked_recv(queue, 0);
        let reference = format!("msg:{queue}");
        let blind = |words: &[&str]| ipcadm(words).without_call(libc::SYS_getdents64).run();
        let found = blind(&["ls", "--format", "jsonl", "-o", "state,evidence", "--grace", "0", &reference]).ok();
        let found = found.json();
        assert_eq!(found["state"], "unknown", "{found}");
        assert!(found["evidence"][0]["fact"].as_str().is_some_and(|fact| fact.contains("/proc cannot be read: ")));
        blind(&["who", &reference]).ok().stderr_lacks("nobody uses").stdout_has("sleeping threads may be hidden");
        blind(&["rm", "--if-unused", &reference]).status(10).stderr_has("/proc cannot be read: ");
        assert_eq!(ns.ids(Made::Msg), [queue]);
        assert!(sleeper.is_asleep());
    });
}
