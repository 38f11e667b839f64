//! `sem get` and `sem setval`.

use ipcadm_testbed::{Kind, fresh, ipcadm, make, needs_root};

#[test]
fn values_are_printed_one_a_line() {
    let _ns = fresh();
    let id = make::sem(0x61, 3, 0o600).to_string();
    make::setall(id.parse().unwrap(), &[1, 0, 32767]);
    let get = |args: &[&str]| ipcadm(["sem", "get", &id]).args(args.iter().copied()).run();
    get(&[]).ok().stdout_is("1\n0\n32767\n").stderr_empty();
    get(&["2", "0:1", "2"]).ok().stdout_is("32767\n1\n0\n32767\n");
    ipcadm(["sem", "get", "0x61", "1"]).run().ok().stdout_is("0\n");
    ipcadm(["sem", "get", &format!("sem:{id}"), "0"]).run().ok().stdout_is("1\n");
    get(&["--format", "csv", "1:2"]).ok().stdout_is("index,value\r\n1,0\r\n2,32767\r\n");
    let line = get(&["--format", "jsonl", "2"]).ok().stdout_str();
    assert!(line.contains("\"semaphores\":[{\"index\":2,\"value\":32767}]"), "{line}");
    assert_eq!(line.lines().count(), 1);
    get(&["--json"])
        .ok()
        .stdout_has("\"objects\":[")
        .stdout_has("{\"index\":1,\"value\":0}")
        .stdout_has("\"errors\":[]");
}

#[test]
fn a_value_that_cannot_be_had_is_an_error() {
    let _ns = fresh();
    let id = make::sem(0, 2, 0o000).to_string();
    ipcadm(["sem", "get", &id, "2"]).run().status(2).stdout_empty().stderr_has("it has 2 semaphores, 0 to 1");
    ipcadm(["sem", "get", &id, "0:2"]).run().status(2).stdout_empty();
    ipcadm(["sem", "get", "4711"]).run().status(3).stdout_empty();
    ipcadm(["sem", "get", &id]).unprivileged().run().status(4).stdout_empty().stderr_has("needs read permission");
    for bad in ["", "-1", "+1", "x", "1:0", ":", "1:", "01", "0,1", "0-1"] {
        ipcadm(["sem", "get", &id, bad]).run().status(2).stdout_empty();
    }
    ipcadm(["sem", "get", "shm:0"]).run().status(2);
    ipcadm(["sem", "get", &id]).stdout_to("/dev/full").run().status(1).stderr_has("No space left");
    ipcadm(["sem", "get", &id]).stdout_closed_pipe().run().ok().stderr_empty();
}

/// What is said of undo records that cannot be seen.
const DROPPED: &str =
    "ipcadm: note: other processes' undo records for these semaphores are dropped; --keep-undo would keep them\n";

#[test]
fn all_or_some_values_are_set() {
    let _ns = fresh();
    let set = make::sem(0, 3, 0o600);
    let id = set.to_string();
    let setval = |args: &[&str]| ipcadm(["sem", "setval", &id]).args(args.iter().copied()).run();
    let outcome = setval(&["1", "0", "7"]).ok().stdout_is(format!(
        "sem:{id}: semaphore 0: 0 -> 1\nsem:{id}: semaphore 1: 0 -> 0\nsem:{id}: semaphore 2: 0 -> 7\n"
    ));
    // Nobody has any, where that can be seen.
    let unseen = ipcadm::proc::tasks::undo::read(&[]).is_err();
    outcome.stderr_is(if unseen { DROPPED } else { "" });
    let outcome = ipcadm(["sem", "setval", &id, "1", "0", "7"]).without_call(libc::SYS_bpf).run().ok();
    outcome.stderr_is(DROPPED);
    assert_eq!(make::getall(set, 3), [1, 0, 7]);
    assert_eq!(make::sem_stat(set).otime, 0, "SETALL is no operation");
    setval(&["2=0", "0:1=32767"]).ok().stdout_has("semaphore 0: 1 -> 32767");
    assert_eq!(make::getall(set, 3), [32767, 32767, 0]);
    setval(&["-q", "1=4"]).ok().stdout_empty().stderr_empty();
    setval(&["--format", "jsonl", "1=5"])
        .ok()
        .stdout_has("\"semaphores\":[{\"index\":1,\"value\":5,\"was\":4}],\"outcome\":\"changed\",\"changed\":true");
    for bad in [
        &["1", "2"][..],
        &["1", "2", "3", "4"],
        &["1", "1=2"],
        &["0=1", "0=2"],
        &["0:2=1", "1=2"],
        &["3=1"],
        &["32768", "0", "0"],
        &["-1", "0", "0"],
        &["0="],
        &["=1"],
        &[""],
        &[],
    ] {
        setval(bad).status(2).stdout_empty();
    }
    assert_eq!(make::getall(set, 3), [32767, 5, 0]);
    ipcadm(["sem", "setval", "4711", "1"]).run().status(3);
}

#[test]
fn setting_needs_the_right_to_write_alone() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o222);
    let id = set.to_string();
    let as_other = |args: &[&str]| ipcadm(["sem", "setval", &id]).args(args.iter().copied()).unprivileged().run();
    as_other(&["1=3"]).ok().stdout_is(format!("sem:{id}: semaphore 1: -> 3\n"));
    as_other(&["--format", "jsonl", "1=4"]).ok().stdout_has("\"was\":null");
    as_other(&["--keep-undo", "1=3"]).status(4).stderr_has("needs read and write permission");
    assert_eq!(make::getall(set, 2), [0, 4]);
    make::chown(Kind::Sem, set, make::perm(Kind::Sem, set).uid, make::perm(Kind::Sem, set).gid, 0o444);
    as_other(&["1=5"]).status(4).stderr_has("needs write permission");
    as_other(&["1", "2"]).status(4);
    assert_eq!(make::getall(set, 2), [0, 4]);
}

/// A process that took semaphore 0 with undo, until its standard input ends.
fn holder(id: &str) -> ipcadm_testbed::Running {
    let mut holder = ipcadm(["sem", "run", id, "-c", "echo in; cat"]).stdin_open().spawn();
    assert_eq!(holder.line(), "in");
    holder
}

#[test]
fn undo_records_are_dropped_or_kept() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o600);
    let id = set.to_string();
    for (args, after) in [
        (&["--quiet", "0=5"][..], 5),
        (&["--quiet", "5", "1"], 5),
        (&["--quiet", "--keep-undo", "0=5"], 6),
        (&["--quiet", "--keep-undo", "5", "1"], 6),
    ] {
        make::setall(set, &[1, 1]);
        let holder = holder(&id);
        assert_eq!(make::getall(set, 2), [0, 1]);
        ipcadm(["sem", "setval", &id]).args(args.iter().copied()).run().ok().stdout_empty().stderr_empty();
        assert_eq!(make::getall(set, 2), [5, 1]);
        holder.wait().ok();
        assert_eq!(make::getall(set, 2), [after, 1], "{args:?}");
    }
}

#[test]
fn keeping_undo_reaches_any_values_or_says_why_not() {
    let ns = fresh();
    let set = make::sem(0, 200, 0o600);
    let id = set.to_string();
    let keep = |args: &[&str]| ipcadm(["sem", "setval", "--keep-undo", &id]).args(args.iter().copied()).run();
    keep(&["0:149=3"]).ok().stderr_empty();
    keep(&["0=0", "1=32767", "2=3"]).ok().stdout_has("semaphore 2: 3 -> 3");
    assert_eq!(make::getall(set, 200)[..4], [0, 32767, 3, 3]);
    keep(&["0=0", "1=32767"]).ok().stdout_is(format!("sem:{id}: unchanged\n"));
    keep(&["--format", "jsonl", "0=0"]).ok().stdout_has("\"outcome\":\"kept\",\"changed\":false");
    let semopm = ns.read_sysctl("sem").split_whitespace().nth(2).unwrap().to_owned();
    keep(&["0:199=7"]).status(1).stderr_has(&format!("SEMOPM) allows {semopm}")).stderr_has("--keep-undo");
    assert_eq!(make::getall(set, 200)[..2], [0, 32767]);
}

#[test]
fn keeping_undo_loses_no_change_of_others() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    let id = set.to_string();
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| (0..20_000).for_each(|_| make::semop(set, &[(0, 1, 0), (0, -1, 0)])));
        for value in 1..40u16 {
            // The net change of the other is none, so whatever is reached stays.
            ipcadm(["sem", "setval", "-q", "--keep-undo", &id, &value.to_string()]).run().ok();
            assert_eq!(make::getall(set, 1), [value]);
        }
        busy.join().unwrap();
    });
}

#[test]
fn strangers_may_not_look() {
    if !needs_root("a set of another user") {
        return;
    }
    let _ns = fresh();
    let set = make::as_user(7, 7, || make::sem(0, 1, 0o600)).to_string();
    ipcadm(["sem", "get", &set]).uid(8).run().status(4).stdout_empty();
    ipcadm(["sem", "setval", &set, "1"]).uid(8).run().status(4).stdout_empty();
    ipcadm(["sem", "op", &set, "0+1"]).uid(8).run().status(4);
    ipcadm(["sem", "run", &set, "--", "true"]).uid(8).run().status(125);
    ipcadm(["sem", "setval", "-q", &set, "1"]).uid(7).run().ok();
    ipcadm(["sem", "get", &set]).uid(7).run().ok().stdout_is("1\n");
}
