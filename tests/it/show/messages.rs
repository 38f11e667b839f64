//! `show`: the messages of a queue are looked at and stay.

use ipcadm_testbed::{fresh, ipcadm, make, may_set_limits};
use serde_json::{Value, json};

use super::line;
use crate::support::Json as _;

/// The only object that `show --json` prints.
#[track_caller]
fn object(args: &[&str]) -> Value {
    let mut document = ipcadm(["show", "--json"]).args(args.iter().copied()).run().ok().stderr_empty().json();
    assert_eq!(document["objects"].as_array().map(Vec::len), Some(1));
    document["objects"][0].take()
}

#[test]
fn messages_are_looked_at_and_stay() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let reference = format!("msg:{id}");
    let sent: [(i64, &[u8]); 4] = [(5, b"five"), (i64::MAX, b""), (1, &[0xff; 8192]), (5, b"again")];
    for (mtype, text) in sent {
        make::send(id, mtype, text);
    }
    let before = make::msg_stat(id);
    let shown = object(&[&reference]);
    assert_eq!(
        shown["messages"],
        json!([
            {"index": 0, "type": 5, "size": 4},
            {"index": 1, "type": i64::MAX, "size": 0},
            {"index": 2, "type": 1, "size": 8192},
            {"index": 3, "type": 5, "size": 5},
        ])
    );
    let sheet = ipcadm(["show", &reference]).run().ok().stderr_empty().stdout_str();
    assert_eq!(line(&sheet, "qnum"), "4 messages");
    assert!(
        sheet.ends_with(
            "  INDEX                 TYPE  SIZE\n      0                    5     4\n      1  9223372036854775807     0\n      2        \
             \x20           1  8192\n      3                    5     5\n"
        ),
        "{sheet}"
    );
    assert_eq!(make::msg_stat(id), before, "nothing was consumed");
    assert_eq!(make::recv(id, 0), (5, b"five".to_vec()));
}

#[test]
fn only_so_many_messages() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let reference = format!("msg:{id}");
    for n in 1..=25 {
        make::send(id, n, b"");
    }
    let count = |args: &[&str]| object(args)["messages"].as_array().map(Vec::len);
    assert_eq!(count(&[&reference]), Some(20));
    assert_eq!(count(&[&reference, "--messages", "3"]), Some(3));
    assert_eq!(count(&[&reference, "--messages=0"]), Some(0));
    assert_eq!(count(&[&reference, "--messages", "4294967295"]), Some(25));
    let sheet = ipcadm(["show", &reference]).run().ok().stdout_str();
    assert!(sheet.ends_with("\n     19    20     0\n  and 5 more; --messages 25 shows them\n"), "{sheet}");
    ipcadm(["show", &reference, "--messages", "25"]).run().ok().stdout_lacks("more");
    for (value, reason) in [
        ("", "is empty (an unset variable?)"),
        ("-1", "is no number"),
        ("x", "is no number"),
        ("4294967296", "is too large"),
    ] {
        let outcome = ipcadm(["show", &reference, "--messages", value]).run().status(2).stdout_empty();
        outcome.stderr_has(&format!("invalid value '{value}' for '--messages <N>': {reason}\n"));
    }
}

#[test]
fn a_message_beyond_the_present_limit_is_unknown() {
    if !may_set_limits("a message sent before msgmax was lowered") {
        return;
    }
    let ns = fresh();
    let id = make::msg(0, 0o600);
    make::send(id, 1, &[b'x'; 5000]);
    make::send(id, 2, b"small");
    ns.sysctl("msgmax", 1000);
    let before = make::msg_stat(id);
    let shown = object(&[&format!("msg:{id}")]);
    let expected = json!([{"index": 0, "type": null, "size": null}, {"index": 1, "type": 2, "size": 5}]);
    assert_eq!(shown["messages"], expected);
    let sheet = ipcadm(["show", &format!("msg:{id}")]).run().ok().stderr_empty().stdout_str();
    assert!(sheet.ends_with("  INDEX  TYPE  SIZE\n      0     ?     ?\n      1     2     5\n"), "{sheet}");
    assert_eq!(make::msg_stat(id), before);
}
