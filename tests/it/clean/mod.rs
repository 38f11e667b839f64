//! `clean`: what it takes and what it leaves, what it says, how it ends.

mod closing;
mod folders;
mod keep;
mod plan;
mod save;

use ipcadm_testbed::{Kind, NOBODY, Outcome, alone, fresh, ipcadm, make, needs_root};
use serde_json::Value;

fn clean(args: &str) -> Outcome {
    ipcadm(["clean", "--grace", "0"]).args(args.split_whitespace()).run()
}

/// Segments, sets and queues of a dead process; queues hold so many messages.
fn leaked(kind: Kind, key: i32, messages: usize) -> i32 {
    make::by_dead_process(|| match kind {
        Kind::Shm => make::shm(key, 4096, 0o600),
        Kind::Sem => {
            let set = make::sem(key, 2, 0o600);
            make::setall(set, &[1, 0]);
            set
        }
        Kind::Msg => {
            let queue = make::msg(key, 0o600);
            (0..messages).for_each(|_| make::send(queue, 1, b"xy"));
            queue
        }
    })
}

fn json(outcome: &Outcome) -> Value {
    serde_json::from_slice(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{outcome}"))
}

#[test]
fn nothing_to_do_is_silent_success() {
    let _ns = fresh();
    for args in ["", "--yes", "--dry-run", "shm", "--owner root --yes"] {
        clean(args).ok().stdout_empty().stderr_empty();
    }
    clean("--verbose").ok().stdout_empty().stderr_has("nothing to remove");
}

#[test]
fn when_nothing_goes_it_says_why() {
    let _ns = fresh();
    let _idle = make::shm(0, 4096, 0o600);
    let (_unused, _keyed) = (make::sem(0, 1, 0o600), leaked(Kind::Shm, 0x51, 0));
    let waited = make::sem(0, 1, 0o600);
    let _waiter = make::blocked_semop(waited, 0, -1);
    let text = "nothing to remove; left out are\n\
                \x20 1 in use\n\
                \x20 1 unknown: a living process may use them, or that cannot be known (ipcadm ls --state unknown -o +evidence)\n\
                \x20 1 idle: a living process has used them, or somebody within the grace age (--grace)\n\
                \x20 1 dormant: their keys are a way to them (--state dormant takes them too)\n";
    // It is the plan, or it comes in place of what would be done.
    for args in ["", "--dry-run"] {
        clean(args).ok().stderr_empty().stdout_is(text);
    }
    let told: String = text.lines().map(|line| format!("ipcadm: note: {line}\n")).collect();
    for args in ["--yes", "--yes --format csv", "--dry-run --format jsonl"] {
        clean(args).ok().stderr_is(&told).stdout_lacks("left out");
    }
    for args in ["--quiet", "--dry-run --quiet", "--yes --quiet", "--yes --quiet --format jsonl"] {
        clean(args).ok().stdout_empty().stderr_empty();
    }
    let outcome = clean("--state dormant").status(10);
    assert!(outcome.stdout_str().ends_with("left out: 1 in use, 1 unknown, 1 idle\n"), "{outcome}");
    for args in ["--yes --json", "--json", "--dry-run --json"] {
        let document = json(&clean(args).ok().stderr_empty());
        assert_eq!(document["objects"].as_array().map(Vec::len), Some(0));
        let left = serde_json::json!({"doomed": 0, "active": 1, "unknown": 1, "idle": 1, "dormant": 1, "orphan": 0,
                                      "not_yours": 0, "unread": 0, "kept": 0, "unclosable": 0});
        assert_eq!(document["left_out"], left, "{args}");
    }
    // Also beside what does go.
    let _orphan = leaked(Kind::Shm, 0, 0);
    assert_eq!(json(&clean("--yes --json").ok())["left_out"]["dormant"], 1);
}

#[test]
fn it_shows_its_plan_and_needs_a_yes() {
    let ns = fresh();
    let (set, segment) = (leaked(Kind::Sem, 0, 0), leaked(Kind::Shm, 0, 0));
    let _mine = make::shm(0, 4096, 0o600);
    for (args, status) in [("--dry-run", 0), ("", 10)] {
        let outcome = clean(args).status(status);
        let text = outcome.stdout_str();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["REF", "KEY", "OWNER", "STATE", "CONTENTS", "ACTIVITY", "EVIDENCE"]
        );
        // Sets before segments, with the decisive fact.
        assert!(lines[1].starts_with(&format!("sem:{set} ")) && lines[1].contains("last user"), "{text}");
        assert!(lines[2].starts_with(&format!("shm:{segment} ")), "{text}");
        assert!(lines[2].contains("orphan") && lines[2].contains("is gone: no such process"), "{text}");
        let rest = "2 objects: 1 semaphore set, 1 shared memory segment; 2 semaphores, 4.0K in segments";
        assert_eq!(lines[3], rest);
        assert!(lines.contains(&"semmni 32000: 1 -> 0 in use"), "{text}");
        assert!(lines.contains(&"shmmni 4096: 2 -> 1 in use"), "{text}");
        // Where undo records cannot be read, that is said behind it.
        assert!(lines.contains(&"left out: 1 idle"), "{text}");
        let message = "ipcadm: nothing removed; add --yes to remove, or --dry-run only to look\n";
        outcome.stderr_is(if status == 0 { "" } else { message });
    }
    assert_eq!((ns.ids(Kind::Shm).len(), ns.ids(Kind::Sem).len()), (2, 1));
    let outcome = clean("--yes").ok().stderr_empty();
    outcome.stdout_is(format!("removed sem:{set}\nremoved shm:{segment}\n"));
    assert_eq!((ns.ids(Kind::Shm).len(), ns.ids(Kind::Sem).len()), (1, 0));
}

#[test]
fn only_orphans_go_unless_a_state_is_named() {
    let ns = fresh();
    let dormant = leaked(Kind::Shm, 0x51, 0);
    let idle = make::shm(0, 4096, 0o600);
    let unknown = make::sem(0, 1, 0o600);
    let held = make::shm(0, 4096, 0o600);
    let holder = make::holder(held);
    let waited = make::sem(0, 1, 0o600);
    let waiter = make::blocked_semop(waited, 0, -1);
    clean("--yes").ok().stdout_empty();
    for state in ["active", "doomed"] {
        clean(&format!("--yes --state {state}")).status(2).stderr_has("what is in use is never cleaned");
        clean(&format!("--yes --state idle --state {state}")).status(2);
    }
    clean("--yes --state dormant").ok().stdout_is(format!("removed shm:{dormant}\n"));
    clean("--yes --state unknown").ok().stdout_is(format!("removed sem:{unknown}\n"));
    clean("--yes --state idle --state orphan").ok().stdout_is(format!("removed shm:{idle}\n"));
    // In use, it stays whatever is asked for.
    let everything = clean("--yes --state idle --state unknown --state dormant --state orphan --discard-messages");
    everything.ok().stdout_empty();
    assert!(waiter.is_asleep());
    assert_eq!((ns.ids(Kind::Shm), ns.ids(Kind::Sem)), (vec![held], vec![waited]));
    drop(holder);
}

#[test]
fn the_grace_age_spares_what_is_young() {
    let ns = fresh();
    let segment = leaked(Kind::Shm, 0, 0);
    ipcadm(["clean", "--yes"]).run().ok().stdout_empty();
    ipcadm(["clean", "--yes", "--grace", "1h", "--orphan"]).run().ok().stdout_empty();
    assert_eq!(ns.ids(Kind::Shm), [segment]);
    clean("--yes").ok().stdout_is(format!("removed shm:{segment}\n"));
}

#[test]
fn unread_messages_stay_unless_they_may_be_lost() {
    alone!("unread_messages_stay_unless_they_may_be_lost", |ns| {
        let (empty, full) = (drained(0), leaked(Kind::Msg, 0, 3));
        let keyed = leaked(Kind::Msg, 0x51, 1);
        let outcome = clean("--dry-run").ok();
        outcome
            .stdout_has(&format!("msg:{empty} "))
            .stdout_lacks(&format!("msg:{full} "))
            .stdout_has("1 queue with unread messages (--save or --discard-messages takes them too)\n");
        clean("--yes").ok().stdout_is(format!("removed msg:{empty}\n"));
        assert_eq!(ns.ids(Kind::Msg), [full, keyed]);
        clean("--dry-run --discard-messages").ok().stdout_has("1 message queue; 3 unread messages\n");
        clean("--yes --discard-messages").ok().stdout_is(format!("removed msg:{full}\n"));
        assert_eq!(ns.ids(Kind::Msg), [keyed], "a key may be known");
    });
}

/// An empty queue, which a dead process has used.
fn drained(key: i32) -> i32 {
    make::by_dead_process(|| {
        let queue = make::msg(key, 0o600);
        make::send(queue, 1, b"x");
        make::recv(queue, 1);
        queue
    })
}

#[test]
fn selectors_and_kinds_choose() {
    let ns = fresh();
    let (small, large) = (leaked(Kind::Shm, 0, 0), make::by_dead_process(|| make::shm(0, 1 << 20, 0o600)));
    let set = leaked(Kind::Sem, 0, 0);
    clean("--yes --larger 64K").ok().stdout_is(format!("removed shm:{large}\n"));
    clean("--yes msg").ok().stdout_empty();
    ipcadm(["sem", "clean", "--grace=0", "--yes"]).run().ok().stdout_is(format!("removed sem:{set}\n"));
    ipcadm(["sem", "clean", "shm"]).run().status(2).stderr_has("takes semaphore sets only");
    clean("--yes --not-owner 0 --not-owner 65534").ok().stdout_empty();
    clean("shm sem --yes --quiet").ok().stdout_empty().stderr_empty();
    assert!(ns.ids(Kind::Shm).is_empty(), "{small}");
}

#[test]
fn what_is_malformed_removes_nothing() {
    let ns = fresh();
    let segment = leaked(Kind::Shm, 0, 0);
    for (args, reason) in [
        (format!("--yes shm:{segment}"), "ipcadm rm --if-unused removes by name"),
        ("--yes smh".into(), "'smh' is no kind"),
        ("--yes --state idel".into(), "is no state"),
        ("--yes --owner no-such-user-here".into(), "no such user"),
        ("--yes --dry-run".into(), "cannot be used with"),
        ("--yes --plan-out x".into(), "cannot be used with"),
        ("--overwrite".into(), "--plan-out"),
        ("--yes --force".into(), "-y removes without asking, but never what is in use"),
    ] {
        clean(&args).status(2).stdout_empty().stderr_has(reason);
    }
    assert_eq!(ns.ids(Kind::Shm), [segment]);
    ipcadm(["rm", "--owner", "root"]).run().status(2).stderr_has("ipcadm clean --owner");
}

#[test]
fn programs_are_told_state_evidence_and_outcome() {
    let ns = fresh();
    let segment = leaked(Kind::Shm, 0, 0);
    let outcome = clean("--json").status(10).stderr_has("nothing removed; add --yes");
    let document = json(&outcome);
    assert_eq!(document["ipcadm"]["dry_run"], true);
    assert_eq!(document["errors"][0]["status"], 10);
    assert_eq!(document["objects"][0]["changed"], false);
    for (args, dry_run) in [("--json --dry-run", true), ("--json --yes", false)] {
        let document = json(&clean(args).ok().stderr_empty());
        let object = &document["objects"][0];
        assert_eq!((object["id"].as_i64(), &object["state"]), (Some(i64::from(segment)), &Value::from("orphan")));
        assert_eq!((&object["outcome"], &object["changed"]), (&Value::from("removed"), &Value::from(!dry_run)));
        let fact = object["evidence"][0]["fact"].as_str().expect("a fact");
        assert!(fact.starts_with("creator ") && fact.ends_with("is gone: no such process"), "{fact}");
        assert_eq!(document["errors"].as_array().map(Vec::len), Some(0));
    }
    assert!(ns.ids(Kind::Shm).is_empty());
    leaked(Kind::Sem, 0, 0);
    let text = clean("--format csv --yes").ok().stdout_str();
    let header = text.lines().next().expect("a header");
    assert!(header.ends_with(",state,unknown_why,evidence,outcome,changed"), "{header}");
    assert!(text.lines().nth(1).expect("a row").ends_with(",removed,true"), "{text}");
    leaked(Kind::Sem, 0, 0);
    let line: Value = serde_json::from_slice(&clean("--format jsonl --yes").ok().stdout).expect("JSON");
    assert_eq!(line["outcome"], "removed");
}

#[test]
fn objects_of_others_are_counted() {
    if !needs_root("objects of two users") {
        return;
    }
    let ns = fresh();
    // Nobody lives who acts as this user.
    let others = make::as_user(12_345, 12_345, || leaked(Kind::Shm, 0, 0));
    let nobodys = make::as_user(NOBODY, NOBODY, || leaked(Kind::Shm, 0, 0));
    // Given away, its creator may still remove it.
    let given = make::as_user(NOBODY, NOBODY, || leaked(Kind::Shm, 0, 0));
    make::chown(Kind::Shm, given, 12_345, 12_345, 0o600);
    let run = |arg| ipcadm(["clean", "--grace", "0", "--state", "orphan", arg]).unprivileged().run();
    run("--dry-run").ok().stdout_lacks(&format!("shm:{others} ")).stdout_has("left out: 1 not yours\n");
    run("--yes").ok().stderr_empty().stdout_is(format!("removed shm:{nobodys}\nremoved shm:{given}\n"));
    assert_eq!(ns.ids(Kind::Shm), [others]);
    clean("--yes").ok().stdout_is(format!("removed shm:{others}\n"));
}

#[test]
fn many_go_in_order() {
    let ns = fresh();
    make::by_dead_process(|| {
        for _ in 0..200 {
            make::shm(0, 1, 0o600);
            make::setall(make::sem(0, 1, 0o600), &[1]);
        }
        0
    });
    let text = clean("--yes").ok().stderr_empty().stdout_str();
    let kinds: Vec<&str> = text.lines().map(|line| &line[..11]).collect();
    assert_eq!(kinds.len(), 400);
    assert!(kinds[..200].iter().all(|line| *line == "removed sem"));
    assert!(Kind::ALL.iter().all(|&kind| ns.ids(kind).is_empty()));
}

#[test]
fn a_full_disk_does_not_stop_the_work() {
    let ns = fresh();
    leaked(Kind::Shm, 0, 0);
    let full = ipcadm(["clean", "--grace=0", "--yes"]).stdout_to("/dev/full").run();
    full.status(1).stderr_has("cannot write to standard output");
    assert!(ns.ids(Kind::Shm).is_empty());
    leaked(Kind::Shm, 0, 0);
    ipcadm(["clean", "--grace=0", "--yes"]).stdout_closed_pipe().run().ok();
    assert!(ns.ids(Kind::Shm).is_empty());
}

mod on_a_terminal {
    use std::process::Command;

    use ipcadm_testbed::{Kind, fresh, ipcadm_path};
    use rexpect::process::WaitStatus;
    use rexpect::session::{PtySession, spawn_command};

    use super::leaked;

    fn start(args: &[&str]) -> PtySession {
        let mut command = Command::new(ipcadm_path());
        command.args(["clean", "--grace", "0"]).args(args).env("LC_ALL", "C");
        spawn_command(command, Some(60_000)).expect("a pseudoterminal")
    }

    fn end(mut session: PtySession) -> (String, i32) {
        let text = session.exp_eof().expect("the rest").replace("\r\n", "\n");
        match session.process().wait().expect("its end") {
            WaitStatus::Exited(_, status) => (text, status),
            other => panic!("{other:?}\n{text}"),
        }
    }

    #[test]
    fn it_asks() {
        let ns = fresh();
        let segment = leaked(Kind::Shm, 0, 0);
        let mut session = start(&[]);
        let plan = session.exp_string("Remove it? [y/N] ").expect("a question");
        assert!(plan.contains("EVIDENCE") && plan.contains("1 object: 1 shared memory segment"), "{plan}");
        session.send_line("n").expect("an answer");
        assert_eq!(end(session), ("ipcadm: nothing was removed\n".into(), 10));
        assert_eq!(ns.ids(Kind::Shm), [segment]);
        let set = leaked(Kind::Sem, 0, 0);
        let mut session = start(&[]);
        session.exp_string("Remove these 2 objects? [y/N] ").expect("a question");
        session.send_line("y").expect("an answer");
        assert_eq!(end(session), (format!("removed sem:{set}\nremoved shm:{segment}\n"), 0));
        assert!(ns.ids(Kind::Shm).is_empty());
    }

    #[test]
    fn it_does_not_ask_about_what_nobody_can_see() {
        let ns = fresh();
        let segment = leaked(Kind::Shm, 0, 0);
        let mut command = Command::new("sh");
        command.args(["-c", "\"$0\" clean --grace 0 | cat"]).arg(ipcadm_path()).env("LC_ALL", "C");
        let session = spawn_command(command, Some(60_000)).expect("a pseudoterminal");
        let (text, _) = end(session);
        assert!(text.contains("nothing removed; add --yes"), "{text}");
        assert_eq!(ns.ids(Kind::Shm), [segment]);
        let (_, status) = end(start(&["--json"]));
        assert_eq!((status, ns.ids(Kind::Shm)), (10, vec![segment]));
    }
}
