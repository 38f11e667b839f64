//! `ps`: which objects processes use.

use std::collections::BTreeSet;

use ipcadm_testbed::{Kind, fresh, ipcadm, make, tool};
use serde_json::{Value, json};

use crate::support::Json as _;

fn processes(args: &[&str], status: i32) -> Vec<Value> {
    ipcadm(["ps", "--json"]).args(args.iter().copied()).run().status(status).list("processes")
}

/// What a process does, as `REF ROLE`.
fn roles(process: &Value) -> BTreeSet<String> {
    let uses = process["uses"].as_array().expect("a list");
    let text = |used: &Value, key: &str| used[key].as_str().expect("a string").to_owned();
    uses.iter().map(|used| format!("{} {}", text(used, "ref"), text(used, "role"))).collect()
}

fn set<const N: usize>(words: [String; N]) -> BTreeSet<String> {
    BTreeSet::from(words)
}

#[test]
fn all_that_processes_do_is_told() {
    let _ns = fresh();
    let (shm, sem, msg) = (make::shm(0, 1, 0o600), make::sem(0, 3, 0o600), make::msg(0, 0o600));
    make::send(msg, 1, b"x");
    make::recv(msg, 0);
    make::semop(sem, &[(1, 1, 0), (2, 1, 0)]);
    let holder = make::holder(shm);
    let waiter = make::blocked_semop(sem, 0, -1);
    let all = processes(&[], 0);
    let of = |pid: u32| roles(all.iter().find(|process| process["pid"] == pid).expect("it is listed"));
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(of(holder.pid()), set([format!("shm:{shm} holder"), format!("shm:{shm} last_attach")]));
    assert_eq!(of(waiter.pid()), set([format!("sem:{sem} waiter")]));
    let own = std::process::id();
    let expected = [
        format!("shm:{shm} creator"),
        format!("sem:{sem} last_change"),
        format!("msg:{msg} last_send"),
        format!("msg:{msg} last_receive"),
    ];
    assert_eq!(of(own), set(expected));
    let words: Vec<&Value> = all.iter().flat_map(|process| process["uses"].as_array().unwrap()).collect();
    assert!(words.iter().any(|used| used["use"] == "last to change 2 semaphores, the first 1"), "{words:?}");

    let pid = waiter.pid().to_string();
    let table = ipcadm(["ps", &pid]).run().ok().stdout_str();
    let header: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["PID", "COMMAND", "USER", "UNIT", "REF", "USE", "SINCE"]);
    assert_eq!(table.lines().count(), 2);
    let row: Vec<&str> = table.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[0], pid);
    assert!(table.contains("  takes 1 from semaphore 0  "), "{table}");
    let mut pids = [own, holder.pid(), waiter.pid()];
    pids.sort_unstable();
    ipcadm(["ps", "-q"]).run().ok().stdout_is(pids.map(|pid| format!("{pid}\n")).concat());
    let lines = ipcadm(["ps", "--format", "jsonl"]).run().ok().stdout_str();
    assert_eq!(lines.lines().count(), 3);
    let csv = ipcadm(["ps", "--format", "csv", "--no-header", &pid]).run().ok().stdout_str();
    assert!(csv.starts_with(&format!("sem:{sem},{pid},")) && csv.lines().count() == 1, "{csv}");
}

#[test]
fn processes_that_are_gone_are_no_users() {
    let _ns = fresh();
    let id = make::by_dead_process(|| make::shm(0, 1, 0o600));
    assert!(processes(&[], 0).is_empty(), "its creator has ended: shm:{id}");
    ipcadm(["ps"]).run().ok().stdout_has("PID  COMMAND  USER  UNIT  REF  USE  SINCE\n");
}

#[test]
fn numbers_are_checked() {
    let _ns = fresh();
    let own = std::process::id().to_string();
    for word in ["x", "-1", "+1", "0", "", "1x", "4294967297", "99999999999999999999"] {
        ipcadm(["ps", &own, word]).run().status(2).stdout_empty();
    }
    ipcadm(["ps", "2147483647"]).run().status(3).stderr_is("ipcadm: cannot find process 2147483647: no such process\n");
    ipcadm(["ps", &own, "2147483647"]).run().status(9);
    let outcome = ipcadm(["ps", &own]).run().ok();
    outcome.stderr_has(&format!("note: process {own} uses no object\n"));
    assert!(processes(&[&own], 0).is_empty());
    let outcome = ipcadm(["ps", "--json", "2147483647"]).run().status(3);
    let document = outcome.json();
    assert_eq!((&document["processes"], &document["errors"][0]["status"]), (&json!([]), &json!(3)));
}

#[test]
fn a_thread_stands_for_its_process() {
    let _ns = fresh();
    let id = make::shm(0x63, 1, 0o600);
    let attached = make::attach(id);
    let tid = std::fs::read_link("/proc/thread-self").unwrap();
    let tid = tid.file_name().unwrap().to_string_lossy().into_owned();
    let found = processes(&[&tid], 0);
    assert_eq!(found[0]["pid"], std::process::id());
    assert!(roles(&found[0]).contains(&format!("shm:{id} holder")));
    drop(attached);
}

#[test]
fn what_cannot_be_seen_is_said() {
    let _ns = fresh();
    let (shm, _) = (make::shm(0, 1, 0o666), make::sem(0, 1, 0o000));
    let holder = make::holder(shm);
    let outcome = ipcadm(["ps", "--json"]).unprivileged().run().ok();
    let document = outcome.json();
    let text = outcome.stderr_str();
    assert!(text.contains("note: 1 attachment is hidden, sleeping threads may be hidden: "), "{text}");
    assert!(text.contains("who last changed the semaphores of 1 set is hidden: needs read permission"), "{text}");
    assert_eq!((&document["hidden"][0], &document["hidden_sets"]), (&json!("processes"), &json!(1)));
    assert_eq!(document["hidden_attachments"], 1);
    assert!(document["hidden_why"].is_string());
    let all = document["processes"].as_array().unwrap();
    let found = all.iter().find(|process| process["pid"] == holder.pid()).expect("it is recorded");
    assert_eq!(found["hidden"], json!(["uses"]));
    assert_eq!(roles(found), set([format!("shm:{shm} last_attach")]));
    let pid = holder.pid().to_string();
    let outcome = ipcadm(["ps", &pid]).unprivileged().run().ok();
    outcome.stderr_has(&format!("process {pid} may not be looked into: it may use more than is recorded\n"));
}

#[test]
fn what_is_not_known_is_not_none() {
    let _ns = fresh();
    make::shm(0, 1, 0o666);
    make::msg(0, 0o666);
    let held = make::holder(0);
    // How many threads sleep on the queue is not known: not 0, nor nothing to tell of.
    let text = ipcadm(["ps"]).unprivileged().run().ok().stderr_str();
    assert!(text.contains("note: 1 attachment is hidden, sleeping threads may be hidden: "), "{text}");
    let document = |args: &[&str]| -> Value {
        let outcome = ipcadm(["ps", "--json"]).args(args.iter().copied()).unprivileged().run().ok();
        outcome.json()
    };
    let all = document(&[]);
    assert_eq!((&all["hidden_attachments"], &all["hidden_waiters"]), (&json!(1), &Value::Null));
    assert_eq!(all["hidden"], json!(["processes", "hidden_waiters"]));
    assert_eq!(document(&[&held.pid().to_string()])["hidden"], json!(["processes", "hidden_waiters"]));
    // Whoever has it attached is seen, and nothing else is left to be hidden.
    make::remove(Kind::Msg, 0);
    let outcome = ipcadm(["ps", "--json"]).run().ok();
    let whole = outcome.json();
    assert_eq!((&whole["hidden"], &whole["hidden_why"]), (&json!([]), &Value::Null));
}

#[test]
fn a_process_of_another_namespace_is_said_to_be_there() {
    let _ns = fresh();
    let mut other = tool("unshare", ["--ipc", "sh", "-c", "echo; read line"]).stdin_open().spawn();
    other.line();
    let pid = other.pid();
    let expected = format!("ipcadm: note: process {pid} is in another IPC namespace, and uses no object of this one\n");
    ipcadm(["ps", &pid.to_string()]).run().ok().stderr_is(expected);
    other.close_stdin();
    other.wait();
}
