//! `rm -`: references and listed objects from standard input.

use ipcadm_testbed::{Kind, Outcome, fresh, ipcadm, make, may_set_limits};
use serde_json::{Value, json};

use crate::support::Json as _;

fn rm(input: impl Into<Vec<u8>>) -> Outcome {
    ipcadm(["rm", "-"]).stdin(input).run()
}

/// The lines of `ls --format jsonl`.
fn listed() -> String {
    ipcadm(["ls", "--format=jsonl"]).run().ok().stdout_str()
}

/// A listed line with another value.
fn edited(line: &str, key: &str, value: Value) -> String {
    let mut object: Value = serde_json::from_str(line).expect("JSON");
    assert!(object.get(key).is_some(), "{key} in {line}");
    object[key] = value;
    object.to_string()
}

#[test]
fn references_one_a_line() {
    let ns = fresh();
    let (shm, sem, msg) = (make::shm(0, 1, 0o600), make::sem(0x51, 1, 0o600), make::msg(0, 0o600));
    let outcome = rm(format!("\n  shm:{shm}\t\n\r\nsem:0x51\r\nmsg:{msg}")).ok().stderr_empty();
    outcome.stdout_is(format!("removed msg:{msg}\nremoved sem:0x00000051 (id {sem})\nremoved shm:{shm}\n"));
    assert!(Kind::ALL.iter().all(|&kind| ns.ids(kind).is_empty()));
}

#[test]
fn nothing_to_remove_is_fine() {
    let ns = fresh();
    let id = make::sem(0, 1, 0o600);
    for input in ["", "\n", "\n \t\n\r\n"] {
        rm(input).ok().stdout_empty().stderr_empty();
    }
    ipcadm(["rm", "-", "--json"]).run().ok().stdout_has("\"objects\":[]");
    // Words beside it count; the input is read once however often it is named.
    ipcadm(["rm", "-", &format!("sem:{id}"), "-"]).stdin(format!("sem:{id}\n")).run().ok();
    assert!(ns.ids(Kind::Sem).is_empty());
}

#[test]
fn listing_and_removing_go_together() {
    let ns = fresh();
    for _ in 0..3 {
        make::shm(0, 1, 0o600);
        make::sem(0, 1, 0o600);
        make::msg(0, 0o640);
    }
    let quiet = ipcadm(["ls", "-q", "--mode=0640"]).run().ok().stdout_str();
    rm(quiet).ok();
    assert!(ns.ids(Kind::Msg).is_empty());
    assert_eq!(rm(listed()).ok().stderr_empty().stdout_str().lines().count(), 6);
    assert!(Kind::ALL.iter().all(|&kind| ns.ids(kind).is_empty()));
}

#[test]
fn two_thousand_objects() {
    let ns = fresh();
    let before = make::sem(0, 1, 0o600);
    for _ in 0..1000 {
        make::sem(0, 1, 0o600);
        make::msg(0, 0o600);
    }
    make::remove(Kind::Sem, before);
    assert_eq!(rm(listed()).ok().stderr_empty().stdout_str().lines().count(), 2000);
    assert!(ns.ids(Kind::Sem).is_empty() && ns.ids(Kind::Msg).is_empty());
}

#[test]
fn bad_lines_are_named_and_nothing_goes() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    let good = format!("msg:{id}\n");
    let table = ipcadm(["ls"]).run().ok().stdout_str();
    let row = table.lines().nth(1).expect("a row").to_owned();
    let document = ipcadm(["ls", "--json"]).run().ok().stdout_str();
    let chosen = ipcadm(["ls", "--format=jsonl", "-o", "ref,id,owner"]).run().ok().stdout_str();
    let csv = ipcadm(["ls", "--format=csv"]).run().ok().stdout_str();
    let line = listed();
    let json = "not a line of 'ls --format jsonl'";
    for (bad, reason) in [
        (&*row, "looks like a row of a table; use 'ipcadm ls -q' or 'ipcadm ls --format jsonl'"),
        (&table, "looks like a row of a table"),
        (&csv, "line 2: 'kind,id"),
        (&document, json),
        (&chosen, "missing field `kind`"),
        ("{", json),
        ("{}", "missing field `kind`"),
        ("[]", "'[]': no kind"),
        ("{\"kind\":", json),
        ("\"msg:0\"", "no kind"),
        ("msg:1x", "'msg:1x': not an id"),
        ("msg", "'msg': no kind"),
        ("0", "write shm:0, sem:0 or msg:0"),
        ("msg:0 msg:1", "looks like a row"),
        ("msg:\u{1b}[2J", "\\x1b[2J"),
        (&edited(&line, "kind", json!("pipe")), "unknown kind"),
        (&edited(&line, "id", json!(-1)), "negative id"),
        (&edited(&line, "id", json!(4294967296_u64)), json),
        (&edited(&line, "id", json!("0")), json),
        (&edited(&line, "key", json!("51")), "bad key"),
        (&edited(&line, "key", json!(null)), json),
        (&edited(&line, "cuid", json!(null)), json),
        (&edited(&line, "ctime", json!("yesterday")), "bad ctime"),
        (&edited(&line, "ctime", json!(null)), json),
        (&format!("{} {}", line.trim(), line.trim()), json),
        (&"1".repeat(70_000), "too long to be a reference"),
        (&format!("{}msg:{id}", " ".repeat(70_000)), "too long to be a reference"),
    ] {
        let outcome = rm(format!("{good}{bad}\n{good}")).status(2).stdout_empty();
        outcome.stderr_has("ipcadm: standard input, line 2: ").stderr_has(reason).stderr_lacks("\u{1b}");
    }
    rm(&b"msg:\xff\xfe\n"[..]).status(2).stderr_has("line 1: ").stderr_has("\\xff\\xfe");
    rm(&b"{\"kind\":\"\xff\"}\n"[..]).status(2).stderr_has("line 1: not UTF-8");
    rm(&b"msg:0\0\n"[..]).status(2).stderr_has("line 1: ");
    let sem = ipcadm(["sem", "rm", "-"]);
    sem.stdin(line).run().status(2).stderr_has(&format!("line 1: msg:{id} is no semaphore set"));
    let word = ipcadm(["rm", "-", "msg:1x"]).stdin(good).run().status(2);
    word.stderr_has("'msg:1x': not an id");
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn what_changed_since_it_was_listed_is_kept() {
    let ns = fresh();
    let ids = [make::shm(0x51, 1, 0o600), make::sem(0x51, 2, 0o600), make::msg(0x51, 0o600)];
    let lines = listed();
    let lines: Vec<&str> = lines.lines().collect();
    let time = json!("2001-02-03T04:05:06Z");
    for (index, key, value, what) in [
        (0, "ctime", time.clone(), "change time"),
        (1, "ctime", time.clone(), "change time"),
        (2, "ctime", time, "change time"),
        (0, "key", json!("0x00000052"), "key"),
        (1, "key", json!("0x00000000"), "key"),
        (2, "cuid", json!(7), "creator"),
        (1, "cgid", json!(7), "creator"),
        (0, "cpid", json!(1), "creating process"),
        (1, "nsems", json!(3), "number of semaphores"),
    ] {
        let kind = Kind::ALL[index].word();
        let line = edited(lines[index], key, value);
        for option in ["--yes", "--dry-run", "--if-exists"] {
            let outcome = ipcadm(["rm", "-", option]).stdin(line.clone()).run().status(10).stdout_empty();
            outcome.stderr_is(format!(
                "ipcadm: cannot remove {kind}:{}: it has changed meanwhile: another {what} (kept; list it \
                 again)\n",
                ids[index]
            ));
        }
        let outcome = ipcadm(["rm", "-", "--format=jsonl"]).stdin(line).run().status(10);
        let object = outcome.json();
        assert_eq!((&object["outcome"], &object["changed"]), (&json!("kept"), &json!(false)));
    }
    assert_eq!([ns.ids(Kind::Shm), ns.ids(Kind::Sem), ns.ids(Kind::Msg)], ids.map(|id| vec![id]));
    // What is not in the fingerprint may be otherwise; a hidden pid proves nothing.
    rm(edited(lines[0], "cpid", Value::Null)).ok();
    rm(edited(lines[1], "mode", json!("0000"))).ok();
    rm(edited(lines[2], "qnum", json!(5))).ok();
}

#[test]
fn a_replaced_object_with_the_same_id_is_kept() {
    let ns = fresh();
    if !may_set_limits("next_id") {
        return;
    }
    let id = make::shm(0x51, 4096, 0o600);
    let line = listed();
    make::remove(Kind::Shm, id);
    // As alike as can be: made in the same second perhaps, but by another process.
    ns.sysctl("shm_next_id", id);
    let again = make::by_dead_process(|| make::shm(0x51, 4096, 0o600));
    assert_eq!(again, id);
    rm(line).status(10).stdout_empty().stderr_has("another ");
    assert_eq!(ns.ids(Kind::Shm), [id]);

    let id = make::sem(0x51, 2, 0o600);
    let line = ipcadm(["ls", "sem", "--format=jsonl"]).run().ok().stdout_str();
    make::remove(Kind::Sem, id);
    ns.sysctl("sem_next_id", id);
    assert_eq!(make::sem(0x51, 3, 0o600), id);
    rm(line).status(10).stdout_empty().stderr_has("another number of semaphores");

    let id = make::msg(0x51, 0o600);
    let line = ipcadm(["ls", "msg", "--format=jsonl"]).run().ok().stdout_str();
    make::remove(Kind::Msg, id);
    ns.sysctl("msg_next_id", id);
    assert_eq!(make::msg(0x52, 0o600), id);
    rm(line).status(10).stdout_empty().stderr_has("another key");
    assert_eq!((ns.ids(Kind::Sem).len(), ns.ids(Kind::Msg).len()), (1, 1));
}

#[test]
fn what_is_gone_since_it_was_listed_is_said() {
    let _ns = fresh();
    let (sem, msg) = (make::sem(0, 1, 0o600), make::msg(0, 0o600));
    let lines = listed();
    make::remove(Kind::Msg, msg);
    let outcome = rm(lines.clone()).ok().stderr_empty();
    outcome.stdout_is(format!("msg:{msg} was already gone\nremoved sem:{sem}\n"));
    rm(lines.clone()).ok();
    ipcadm(["rm", "-", "-q"]).stdin(lines).run().ok().stdout_empty().stderr_empty();
    // A reference that names nothing is another matter.
    rm(format!("msg:{msg}\n")).status(3);
}

#[test]
fn a_segment_removed_since_it_was_listed_is_not_called_changed() {
    let ns = fresh();
    let id = make::shm(0x51, 4096, 0o600);
    let private = make::shm(0, 4096, 0o600);
    let _holders = [make::attach(id), make::attach(private)];
    let lines = listed();
    make::remove(Kind::Shm, id);
    make::remove(Kind::Shm, private);
    for options in [&["rm", "-", "-n"][..], &["rm", "-"]] {
        let outcome = ipcadm(options.to_vec()).stdin(lines.clone()).run().ok().stderr_empty();
        let pid = std::process::id();
        let command = std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("a command");
        let how = format!("was removed before and goes when pid {pid} ({}) detaches", command.trim_end());
        outcome.stdout_is(format!("shm:{id} {how}\nshm:{private} {how}\n"));
    }
    assert_eq!(ns.ids(Kind::Shm).len(), 2);
}
