//! `set --qbytes`: the capacity of queues, and what protects them from being made useless.

use ipcadm_testbed::{Kind, NOBODY, Outcome, fresh, ipcadm, is_root, make, may_set_limits};

/// A queue of the user that `unprivileged` children are.
fn queue() -> i32 {
    let id = make::msg(0, 0o600);
    if is_root() {
        make::chown(Kind::Msg, id, NOBODY, NOBODY, 0o600);
    }
    id
}

fn set(id: i32, args: &[&str]) -> Outcome {
    ipcadm(["set".to_owned(), format!("msg:{id}")]).args(args).unprivileged().run()
}

fn capacity(id: i32) -> u64 {
    make::msg_stat(id).qbytes
}

#[test]
fn the_capacity_is_changed_and_told() {
    let _ns = fresh();
    let id = queue();
    set(id, &["--qbytes=4K"]).ok().stderr_empty().stdout_is(format!("msg:{id}: capacity 16384 -> 4096\n"));
    assert_eq!(capacity(id), 4096);
    set(id, &["--qbytes=4096"]).ok().stdout_is(format!("msg:{id}: unchanged\n"));
    set(id, &["--qbytes=1", "--mode=g+r"]).ok().stdout_is(format!("msg:{id}: mode 0600 -> 0640, capacity 4096 -> 1\n"));
    set(id, &["--qbytes=16384"]).ok();
    assert_eq!((capacity(id), make::perm(Kind::Msg, id).mode), (16384, 0o640));
    // Other changes leave it alone.
    set(id, &["--qbytes=99"]).ok();
    set(id, &["--mode=600"]).ok();
    assert_eq!(capacity(id), 99);
}

#[test]
fn less_than_it_holds_must_be_forced() {
    let _ns = fresh();
    let id = queue();
    make::send(id, 1, &[b'x'; 100]);
    let refused = set(id, &["--qbytes=99"]).status(10).stdout_empty();
    refused.stderr_is(format!(
        "ipcadm: cannot set the capacity of msg:{id} to 99 bytes: it holds 100 bytes, so nobody could send until it \
         is nearly drained (--force does it all the same)\n"
    ));
    set(id, &["--qbytes=99", "--dry-run"]).status(10);
    assert_eq!(capacity(id), 16384);
    set(id, &["--qbytes=100"]).ok();
    set(id, &["--qbytes=99", "--force"]).ok();
    // Less than it holds, but more than before.
    set(id, &["--qbytes=99"]).ok();
    assert_eq!(capacity(id), 99);

    // Every message counts for one byte at least.
    let id = queue();
    for _ in 0..5 {
        make::send(id, 1, b"");
    }
    set(id, &["--qbytes=4"]).status(10).stderr_has("it holds 5 messages");
    set(id, &["--qbytes=5"]).ok();
    set(id, &["--qbytes=4", "-f"]).ok();
    assert_eq!((capacity(id), make::msg_stat(id).qnum), (4, 5));
}

#[test]
fn a_refused_queue_does_not_stop_the_others() {
    let _ns = fresh();
    let (full, empty) = (queue(), queue());
    make::send(full, 1, &[b'x'; 100]);
    let args = ["set".to_owned(), format!("msg:{full}"), format!("msg:{empty}"), "--qbytes=50".into()];
    let outcome = ipcadm(args.clone()).run().status(9);
    outcome.stdout_is(format!("msg:{empty}: capacity 16384 -> 50\n"));
    assert_eq!((capacity(full), capacity(empty)), (16384, 50));
    let outcome = ipcadm(args).arg("--format=jsonl").run().status(9);
    let outcomes: Vec<String> = outcome
        .stdout_str()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["outcome"].to_string())
        .collect();
    assert_eq!(outcomes, ["\"kept\"", "\"kept\""]);
}

#[test]
fn more_than_msgmnb_is_refused_with_the_way_round() {
    let ns = fresh();
    let id = queue();
    let outcome = set(id, &["--qbytes=32K", "--mode=0666"]).status(4).stdout_empty();
    outcome.stderr_is(format!(
        "ipcadm: cannot change msg:{id}: Operation not permitted (more than kernel.msgmnb (16384) needs \
         CAP_SYS_RESOURCE in the initial user namespace; raise kernel.msgmnb first)\n"
    ));
    assert_eq!((capacity(id), make::perm(Kind::Msg, id).mode), (16384, 0o600));
    if may_set_limits("msgmnb") {
        ns.sysctl("msgmnb", 32768);
        set(id, &["--qbytes=32K"]).ok();
        assert_eq!(capacity(id), 32768);
    }
}

#[test]
fn what_could_not_be_raised_again_must_be_forced() {
    let ns = fresh();
    if !may_set_limits("msgmnb") {
        return;
    }
    let id = queue();
    ns.sysctl("msgmnb", 8192);
    let outcome = set(id, &["--qbytes=4096"]).status(10).stdout_empty();
    outcome.stderr_is(format!(
        "ipcadm: cannot set the capacity of msg:{id} to 4096 bytes: it has 16384, more than kernel.msgmnb (8192), and \
         you may not raise it to that again (--force does it all the same)\n"
    ));
    assert_eq!(capacity(id), 16384);
    set(id, &["--qbytes=4096", "--force"]).ok();
    assert_eq!(capacity(id), 4096);
    set(id, &["--qbytes=8192"]).ok();
}

#[test]
fn a_capacity_above_msgmnb_is_in_the_way_of_any_change() {
    let ns = fresh();
    if !may_set_limits("msgmnb") {
        return;
    }
    let id = queue();
    ns.sysctl("msgmnb", 8192);
    // The kernel wants the capacity with every IPC_SET.
    let outcome = set(id, &["--mode=0640"]).status(4).stdout_empty();
    outcome.stderr_is(format!(
        "ipcadm: cannot change msg:{id}: Operation not permitted (to keep its capacity, 16384, which is more than \
         kernel.msgmnb (8192), needs CAP_SYS_RESOURCE in the initial user namespace; raise kernel.msgmnb first, or \
         lower it with --qbytes)\n"
    ));
    assert_eq!((capacity(id), make::perm(Kind::Msg, id).mode), (16384, 0o600));
}
