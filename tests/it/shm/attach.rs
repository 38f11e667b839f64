//! `shm attach` without a program: what it shows, for how long, and what it refuses. With one: attach_run.rs.

use ipcadm_testbed::{Kind, Outcome, fresh, ipcadm, make, may_set_limits, needs_root};
use serde_json::{Value, json};

use crate::support::Json as _;

fn attach(args: &[&str]) -> Outcome {
    ipcadm(["shm", "attach"]).args(args).run()
}

#[test]
fn it_shows_the_segment_attached_and_detached() {
    let _ns = fresh();
    let id = make::shm(0x51, 65536, 0o640);
    let outcome = attach(&["0x51"]).ok().stderr_empty();
    let text = outcome.stdout_str();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines[0].starts_with(&format!("attached shm:0x00000051 (id {id}) at 0x")), "{text}");
    assert!(lines[0].ends_with(", read-write"), "{text}");
    assert_eq!(lines[3], format!("detached shm:0x00000051 (id {id})"));
    assert_eq!(lines[1], lines[4]);
    let column = lines[1].split_whitespace().position(|name| name == "NATTCH").expect("a column");
    let cell = |line: usize| lines[line].split_whitespace().nth(column);
    assert_eq!((cell(2), cell(5)), (Some("1"), Some("0")));
    let stat = make::shm_stat(id);
    assert_eq!((stat.nattch, stat.perm.mode), (0, 0o640));
    assert_ne!((stat.atime, stat.dtime), (0, 0));
    attach(&[&format!("shm:{id}"), "--quiet"]).ok().stdout_empty().stderr_empty();
}

#[test]
fn json_has_both_states() {
    let ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let reference = format!("shm:{id}");
    let holder = make::holder(id);
    let document = attach(&[&reference, "--json", "--read-only"]).ok().stderr_empty().json();
    assert_eq!((&document["ipcadm"]["namespace"], &document["errors"]), (&json!(ns.inode()), &json!([])));
    let states = document["objects"].as_array().expect("a list");
    let told: Vec<_> = states.iter().map(|state| [&state["ref"], &state["attached"], &state["nattch"]]).collect();
    assert_eq!(told, [[&json!(reference), &json!(true), &json!(2)], [&json!(reference), &json!(false), &json!(1)]]);
    assert!(states[0]["address"].as_str().is_some_and(|address| address.starts_with("0x")));
    assert_eq!((&states[1]["address"], &states[1]["hidden"]), (&Value::Null, &json!([])));
    let lines = attach(&[&reference, "--format=jsonl"]).ok().stdout_str();
    assert_eq!(lines.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), 2);
    drop(holder);
}

#[test]
fn bad_words_attach_nothing() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let reference = format!("shm:{id}");
    for (words, reason) in [
        (&[][..], "<REF>"),
        (&[""], "an empty reference (an unset variable?)"),
        (&["1x"], "not an id"),
        (&["shm:-1"], "not an id"),
        (&["0x0"], "key 0 is private"),
        (&["sem:0"], "a semaphore set is no shared memory segment"),
        (&[&*reference, "--for", ""], "is empty"),
        (&[&*reference, "--for", "x"], "is not a duration"),
        (&[&*reference, "--for=-1"], "--for"),
        (&[&*reference, "--for", "1w1"], "--for"),
        (&[&*reference, "--format", "csv"], "attach prints table, json or jsonl"),
        (&[&*reference, "--bogus"], "--bogus"),
        (&[&*reference, "true"], "unexpected argument 'true'"),
    ] {
        attach(words).status(2).stdout_empty().stderr_has(reason);
    }
    attach(&["99"]).status(3).stdout_empty().stderr_has("shm:99: no such shared memory segment");
    let stat = make::shm_stat(id);
    assert_eq!((stat.nattch, stat.atime, stat.lpid), (0, 0, 0));
}

#[test]
fn permission_is_named() {
    let _ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let (closed, readable) = (make::shm(0, 4096, 0o600), make::shm(0, 4096, 0o644));
    let attach =
        |id: i32, option: Option<&str>| ipcadm(["shm", "attach", &id.to_string()]).args(option).unprivileged().run();
    attach(readable, None).status(4).stdout_empty().stderr_is(format!(
        "ipcadm: cannot attach shm:{readable}: Permission denied (needs read and write permission or CAP_IPC_OWNER; \
         --read-only needs less)\n"
    ));
    attach(readable, Some("--read-only")).ok().stdout_has(", read-only\n");
    attach(closed, Some("--read-only")).status(4).stdout_empty().stderr_is(format!(
        "ipcadm: cannot attach shm:{closed}: Permission denied (needs read permission or CAP_IPC_OWNER)\n"
    ));
    assert_eq!(make::shm_stat(closed).atime, 0);
}

#[test]
fn a_signal_ends_it_and_detaches() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        let mut running = ipcadm(["shm", "attach", &id.to_string(), "--for", "1h"]).spawn();
        assert!(running.line().starts_with("attached shm:"));
        assert_eq!(make::shm_stat(id).nattch, 1);
        running.signal(signal);
        running.wait().signal(signal).stderr_empty();
        assert_eq!(make::shm_stat(id).nattch, 0);
    }
}

#[test]
fn the_time_given_passes() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    attach(&[&id.to_string(), "--for", "10ms"]).ok().stdout_has("detached shm:");
    attach(&[&id.to_string(), "--for", "0"]).ok();
    assert_eq!(make::shm_stat(id).nattch, 0);
}

#[test]
fn a_segment_that_detaching_would_destroy_is_left_alone() {
    let ns = fresh();
    if !may_set_limits("shm_rmid_forced") {
        return;
    }
    ns.sysctl("shm_rmid_forced", 1);
    let id = make::shm(0x51, 4096, 0o600);
    let reference = format!("shm:{id}");
    attach(&[&reference]).status(10).stdout_empty().stderr_is(format!(
        "ipcadm: cannot attach {reference}: kernel.shm_rmid_forced is 1 and nobody has it attached, so detaching would \
         destroy it (--force does it all the same)\n"
    ));
    let run = ipcadm(["shm", "attach", &reference, "--", "true"]).run();
    run.status(125).stdout_empty().stderr_has("kernel.shm_rmid_forced is 1");
    assert_eq!((make::shm_stat(id).atime, ns.ids(Kind::Shm)), (0, vec![id]));

    let holder = make::holder(id);
    attach(&[&reference, "-q"]).ok().stdout_empty();
    assert_eq!(make::shm_stat(id).nattch, 1);
    drop(holder);
    assert!(ns.ids(Kind::Shm).is_empty());

    let id = make::shm(0x51, 4096, 0o600);
    let outcome = attach(&["0x51", "--force"]).ok().stdout_lacks("detached");
    outcome.stderr_is(format!(
        "ipcadm: note: shm:0x00000051 (id {id}) is gone: that was the last attachment of a segment to be destroyed\n"
    ));
    assert!(ns.ids(Kind::Shm).is_empty());
    make::shm(0x51, 4096, 0o600);
    let outcome = attach(&["0x51", "--force", "--json"]).ok();
    let document = outcome.json();
    assert_eq!(document["objects"].as_array().map(Vec::len), Some(1), "{document}");
}

#[test]
fn a_doomed_segment_can_be_attached_by_its_id() {
    let ns = fresh();
    let id = make::shm(0x51, 4096, 0o600);
    let holder = make::holder(id);
    make::remove(Kind::Shm, id);
    attach(&["0x51"]).status(3);
    attach(&[&id.to_string()]).ok().stdout_has("detached");
    drop(holder);
    assert!(ns.ids(Kind::Shm).is_empty());
}

#[test]
fn where_it_cannot_be_told_whether_that_destroys_it_it_is_left_alone() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let attach = || ipcadm(["shm", "attach", &id.to_string()]).without_proc();
    attach().run().status(10).stdout_empty().stderr_has("it cannot be told whether detaching would destroy it");
    assert_eq!(make::shm_stat(id).atime, 0);
    attach().arg("--force").run().ok().stdout_has("detached");
}

#[test]
fn a_full_disk_is_an_error_and_a_closed_pipe_none() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let attach = || ipcadm(["shm", "attach", &id.to_string()]);
    attach().stdout_to("/dev/full").run().status(1).stderr_has("No space left on device");
    attach().stdout_closed().run().status(1).stderr_has("cannot write to standard output: Bad file descriptor");
    attach().stdout_closed_pipe().run().ok().stderr_empty();
    attach().arg("-q").stdout_to("/dev/full").run().ok();
    assert_eq!(make::shm_stat(id).nattch, 0);
}
