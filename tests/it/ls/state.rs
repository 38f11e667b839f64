//! `ls`: choosing by process and state, and the columns that tell who uses an object.

use std::fs;

use ipcadm_testbed::{Kind, fresh, ipcadm, make};
use serde_json::Value;

/// Said where it cannot be proved that nobody is in the IPC namespace from outside: attached segments refer to it too.
const OUTSIDE: &str = "ipcadm: note: undo records: those of processes outside of this pid namespace cannot be seen";

/// Said where the caller lacks the rights to read them, as an ordinary user does.
const UNREADABLE: &str =
    "ipcadm: note: undo records: not readable (needs CAP_BPF and CAP_PERFMON in the initial user namespace)";

/// What `ls` prints with these arguments, without a header.
#[track_caller]
fn ls(args: &str) -> String {
    let outcome = ipcadm(["ls", "--no-header"]).args(args.split(' ')).run().ok();
    outcome.but_for(OUTSIDE).but_for(UNREADABLE).stderr_empty().stdout_str().to_owned()
}

#[track_caller]
fn chosen(args: &str) -> Vec<String> {
    ls(&format!("-o ref {args}")).lines().map(str::to_owned).collect()
}

/// shm:0 is an orphan, shm:1 dormant, shm:2 idle, shm:3 active, sem:0 unknown, sem:1 an orphan; shm:3 is held by the
/// returned process.
fn make_various() -> make::Holder {
    make::by_dead_process(|| make::shm(0, 4096, 0o600));
    make::by_dead_process(|| make::shm(0x51, 4096, 0o600));
    make::shm(0, 4096, 0o600);
    make::by_dead_process(|| make::shm(0, 4096, 0o600));
    make::by_dead_process(|| make::sem(0, 1, 0o600));
    make::by_dead_process(|| {
        let id = make::sem(0, 1, 0o600);
        make::semop(id, &[(0, 1, 0)]);
        id
    });
    make::holder(3)
}

#[test]
fn states_choose() {
    let _ns = fresh();
    let _holder = make_various();
    let choices: [(&str, &[&str]); 12] = [
        ("--orphan --grace 0", &["shm:0", "sem:1"]),
        ("--state orphan --grace 0", &["shm:0", "sem:1"]),
        ("--orphan", &[]),
        ("--state idle", &["shm:0", "shm:1", "shm:2", "sem:1"]),
        ("--state idle --grace 0", &["shm:2"]),
        ("--state dormant --grace 0", &["shm:1"]),
        ("--state active", &["shm:3"]),
        ("--state unknown", &["sem:0"]),
        ("--state doomed", &[]),
        ("--state dormant --orphan --grace 0s", &["shm:0", "shm:1", "sem:1"]),
        ("--orphan --grace 0 shm", &["shm:0"]),
        ("--state dormant --private --grace 0", &[]),
    ];
    for (args, expected) in choices {
        assert_eq!(chosen(args), expected, "{args}");
    }
    make::remove(Kind::Shm, 3);
    assert_eq!(chosen("--state doomed"), ["shm:3"]);
    assert_eq!(chosen("--state doomed sem"), [""; 0]);
}

#[test]
fn processes_choose() {
    let _ns = fresh();
    let holder = make_various();
    make::msg(0, 0o600);
    make::send(0, 1, b"x");
    let waiter = make::blocked_semop(0, 0, -1);
    let by = |pid: u32| chosen(&format!("--pid {pid}"));
    // Created, and sent to.
    assert_eq!(by(std::process::id()), ["shm:2", "msg:0"]);
    assert_eq!(by(holder.pid()), ["shm:3"]);
    assert_eq!(by(waiter.pid()), ["sem:0"]);
    let both = format!("--pid {} --pid {}", holder.pid(), waiter.pid());
    assert_eq!(chosen(&both), ["shm:3", "sem:0"]);
    assert_eq!(chosen(&format!("{both} --state active sem")), ["sem:0"]);
    // What a process left behind is still found by its number.
    let dead = ls("-o cpid shm:0");
    let outcome = ipcadm(["ls", "-q", "--pid", dead.trim()]).run().ok().stdout_has("shm:0\n");
    outcome
        .but_for(OUTSIDE)
        .but_for(UNREADABLE)
        .stderr_is(format!("ipcadm: note: there is no process {}\n", dead.trim()));
}

#[test]
fn what_processes_may_use_besides_is_said() {
    let _ns = fresh();
    make::shm(0, 1, 0o666);
    make::sem(0, 1, 0o000);
    let holder = make::holder(0);
    let by = |pid: &str, json: bool| {
        let format = if json { "json" } else { "table" };
        ipcadm(["ls", "-o", "ref", "--format", format, "--pid", pid])
    };
    let pid = holder.pid().to_string();
    by(&pid, false).run().ok().but_for(OUTSIDE).but_for(UNREADABLE).stderr_empty().stdout_has("shm:0");
    let expected = format!("ipcadm: note: process {pid} may not be looked into: it may use more than is recorded\n");
    let outcome = by(&pid, false).unprivileged().run().ok().stderr_has(&expected);
    outcome.stderr_has("note: who last changed the semaphores of 1 set is hidden: needs read permission\n");
    by(&pid, true).unprivileged().run().ok().stderr_has(&expected);
    let nobody = by("2147483647", false).run().ok().but_for(OUTSIDE).but_for(UNREADABLE);
    nobody.stderr_is("ipcadm: note: there is no process 2147483647\n").stdout_is("REF\n");
    // A thread stands for its process.
    let tid = fs::read_link("/proc/thread-self").unwrap();
    let tid = tid.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(chosen(&format!("--pid {tid}")), chosen(&format!("--pid {}", std::process::id())));
    assert_eq!(chosen(&format!("--pid {tid}")), ["shm:0"]);
}

#[test]
fn lists_that_lack_something_are_named() {
    let _ns = fresh();
    let id = make::sem(0, 1, 0o666);
    let _waiter = make::blocked_semop(id, 0, -1);
    let hidden = |args: &[&str]| {
        let outcome = ipcadm(args.iter().copied()).unprivileged().run().ok();
        serde_json::from_slice::<Value>(&outcome.stdout).expect("JSON")["hidden"].clone()
    };
    assert_eq!(hidden(&["who", "--format", "jsonl", "sem:0"]), Value::from(vec!["waiters", "undo"]));
    assert_eq!(hidden(&["ls", "--format", "jsonl", "-o", "waiters"]), Value::from(vec!["waiters"]));
    // The kernel counts them, so that their number is known.
    ipcadm(["ls", "--no-header", "-o", "waiters"]).unprivileged().run().ok().stdout_is("      1\n".trim_start());
}

#[test]
fn columns_tell_who_uses_what() {
    let _ns = fresh();
    let _holder = make_various();
    let _other = make::holder(3);
    let _waiters = [make::blocked_semop(0, 0, -1), make::blocked_semop(0, 0, -1)];
    let text = ls("-o ref,holders,waiters,state --grace 0");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            ["shm:0", "0", "-", "orphan"],
            ["shm:1", "0", "-", "dormant"],
            ["shm:2", "0", "-", "idle"],
            ["shm:3", "2", "-", "active"],
            ["sem:0", "-", "2", "active"],
            ["sem:1", "-", "0", "orphan"],
        ]
    );
    let command = fs::read_to_string(format!("/proc/{}/comm", std::process::id())).expect("a name");
    assert_eq!(ls("-o command shm:2").trim(), command.trim());
    assert_eq!(ls("-o command shm:0"), "-\n");
    let evidence = ls("-o evidence --grace 0 shm:1");
    assert!(evidence.contains("; key 0x00000051 lets a new process find it; created"), "{evidence}");
    // Named objects are looked at as those that are chosen.
    assert_eq!(ls("-o state --grace 0 shm:1 sem:1"), "dormant\norphan\n");
}

#[test]
fn lists_are_sorted_by_state() {
    let _ns = fresh();
    let _holder = make_various();
    assert_eq!(
        chosen("--sort state,id --grace 0"),
        ["shm:3", "shm:1", "shm:2", "shm:0", "sem:1", "sem:0"],
        "active, dormant, idle, orphan, unknown"
    );
    assert_eq!(chosen("--sort state,id -r --limit 1 --grace 0"), ["sem:0"]);
}

#[test]
fn programs_get_lists() {
    let _ns = fresh();
    let holder = make_various();
    let args = ["ls", "--format", "jsonl", "-o", "ref,holders,waiters,state,evidence", "--grace", "0"];
    let outcome = ipcadm(args).run().ok();
    let text = outcome.stdout_str();
    let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(objects[0]["state"], "orphan");
    assert_eq!((objects[3].get("waiters"), &objects[4]["waiters"]), (None, &Value::Array(Vec::new())));
    let holder_found = &objects[3]["holders"][0];
    assert_eq!((&holder_found["pid"], &holder_found["mappings"]), (&Value::from(holder.pid()), &Value::from(1)));
    assert_eq!(objects[0]["evidence"][2]["source"], "key");
    assert_eq!(objects[0]["hidden"], Value::Array(Vec::new()));
    let outcome = ipcadm(["ls", "--format", "csv", "-o", "ref,evidence", "--grace", "0", "shm:1"]).run().ok();
    assert!(outcome.stdout_str().contains("shm:1,creator "), "{outcome}");
    let outcome = ipcadm(["ls", "--format", "csv", "--no-header", "-o", "ref,holders", "shm:3"]).run().ok();
    outcome.stdout_is("shm:3,1\r\n");
    // Without being asked nobody looks.
    let outcome = ipcadm(["ls", "--format", "jsonl", "shm:1"]).run().ok();
    assert!(!outcome.stdout_str().contains("\"state\""));
}

#[test]
fn the_lists_are_those_of_who() {
    let _ns = fresh();
    let _holder = make_various();
    make::by_dead_process(|| {
        make::semop(0, &[(0, 1, 0), (0, -1, 0)]);
        0
    });
    let _waiter = make::blocked_semop(0, 0, -1);
    let lines = |args: &[&str]| -> Vec<Value> {
        let text = ipcadm(args.iter().copied()).run().ok().stdout_str();
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    };
    let listed = lines(&["ls", "--format", "jsonl", "-o", "+holders,+waiters", "shm:3", "sem:0"]);
    let found = lines(&["who", "--format", "jsonl", "shm:3", "sem:0"]);
    assert_eq!(listed[0]["holders"], found[0]["holders"]);
    assert_eq!(listed[1]["waiters"][0]["last_pid"], found[1]["waiters"][0]["last_pid"]);
    assert!(
        found[1]["waiters"][0]["last_pid"].is_number()
            && listed[1]["waiters"].as_array().is_some_and(|all| all.len() == 1)
    );
    // A list that its kind does not have hides nothing, and says so as ever.
    let without = lines(&["ls", "--format", "jsonl", "-o", "holders", "sem:0"]);
    assert_eq!(without, [serde_json::json!({ "hidden": [] })]);
}

#[test]
fn what_may_not_be_seen_is_hidden() {
    let _ns = fresh();
    make::by_dead_process(|| make::msg(0, 0o600));
    let outcome = ipcadm(["ls", "--format", "jsonl", "-o", "waiters"]).without_proc().run().ok();
    assert_eq!(outcome.stdout_str(), "{\"waiters\":[],\"hidden\":[\"waiters\"]}\n");
    let outcome = ipcadm(["ls", "--no-header", "-o", "waiters,state"]).without_proc().run().ok();
    assert_eq!(outcome.stdout_str(), "      ?  unknown\n".trim_start().to_owned());
}

#[test]
fn malformed_values_are_usage_errors() {
    let _ns = fresh();
    for args in [
        "--state nope",
        "--state Orphan",
        "--state=",
        "--state orphan,idle",
        "--pid 0",
        "--pid=-1",
        "--pid x",
        "--pid=",
        "--pid 2147483648",
        "--grace x",
        "--grace=-1",
        "--grace=",
        "--orphan=1",
        "--grace 1 --grace 2",
    ] {
        let outcome = ipcadm(["ls"]).args(args.split(' ')).run().status(2);
        assert!(outcome.stdout.is_empty(), "{outcome}");
    }
    let outcome = ipcadm(["ls", "--state", "nope"]).run().status(2);
    assert!(outcome.stderr_str().contains("doomed, active, unknown, idle, dormant, orphan"), "{outcome}");
    ipcadm(["ls", "--state", "idle", "shm:0"]).run().status(2);
    ipcadm(["ls", "--pid", "1", "shm:0"]).run().status(2);
}
