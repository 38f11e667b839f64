//! `msg peek` and `msg purge` against the real kernel.

use std::ffi::OsStr;
use std::process::Command;

use ipcadm::object::reference::Reference;
use ipcadm::queue::Queue;
use ipcadm::queue::peek::QueuePeeker;
use ipcadm_testbed::{Cmd, Kind, fresh, ipcadm, ipcadm_path, make, may_set_limits};
use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;

fn peek(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["msg", "peek", &id.to_string()]).args(args.iter().copied())
}

fn purge(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["msg", "purge", &id.to_string()]).args(args.iter().copied())
}

fn fill(id: i32, messages: &[(i64, &str)]) {
    messages.iter().for_each(|&(mtype, text)| make::send(id, mtype, text.as_bytes()));
}

#[test]
fn looking_changes_nothing() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &[(3, "c"), (1, "a"), (2, "b"), (1, "d")]);
    let before = make::msg_stat(id);
    peek(id, &[]).run().ok().stdout_is("c").stderr_empty();
    peek(id, &["--index", "3"]).run().ok().stdout_is("d");
    peek(id, &["--all", "--lines"]).run().ok().stdout_is("c\na\nb\nd\n").stderr_empty();
    peek(id, &["--limit", "2", "-0"]).run().ok().stdout_is("c\0a\0").stderr_empty();
    peek(id, &["--all", "--limit", "2", "--lines"])
        .run()
        .ok()
        .stdout_is("c\na\n")
        .stderr_has("the first 2 of 4 messages");
    peek(id, &["--type", "1", "--all", "--jsonl"])
        .run()
        .ok()
        .stdout_is("{\"index\":1,\"type\":1,\"text\":\"a\"}\n{\"index\":3,\"type\":1,\"text\":\"d\"}\n");
    // In the order of recv.
    peek(id, &["--up-to", "2", "--all", "--lines"]).run().ok().stdout_is("a\nd\nb\n");
    peek(id, &["--up-to", "2"]).run().ok().stdout_is("a");
    peek(id, &["--except", "3"]).run().ok().stdout_is("a");
    assert_eq!(make::msg_stat(id), before);
}

#[test]
fn what_is_not_there() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    peek(id, &[]).run().status(6).stderr_has("no message is there (the queue holds 0 messages)");
    peek(id, &["--all", "--lines"]).run().ok().stdout_empty();
    fill(id, &[(1, "a")]);
    peek(id, &["--index", "1"]).run().status(6).stderr_has("message 1 of");
    peek(id, &["--type", "2"]).run().status(6);
    peek(id, &["--all"]).run().status(2).stderr_has("need a format");
    peek(id, &["--index", "0", "--type", "1"]).run().status(2);
    peek(id, &["--limit", "0", "--lines"]).run().status(2);
    ipcadm(["msg", "peek", "99"]).run().status(3);
}

#[test]
fn what_is_seen_can_be_sent() {
    let _ns = fresh();
    let (from, to) = (make::msg(0, 0o600), make::msg(0, 0o600));
    make::send(from, 5, b"\xff\0");
    make::send(from, 6, b"text\n");
    let seen = peek(from, &["--all", "--jsonl"]).run().ok().stdout;
    ipcadm(["msg", "send", &to.to_string(), "--jsonl"]).stdin(seen).run().ok();
    assert_eq!(make::recv(to, 0), (5, b"\xff\0".to_vec()));
    assert_eq!(make::recv(to, 0), (6, b"text\n".to_vec()));
}

#[test]
fn a_message_larger_than_msgmax_is_said_to_be_hidden() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    make::send(id, 1, &[b'x'; 5000]);
    fill(id, &[(2, "small")]);
    peek(id, &["--index", "0"]).run().ok().stdout_is([b'x'; 5000]);
    ns.sysctl("msgmax", 4000);
    peek(id, &["--index", "0"])
        .run()
        .status(1)
        .stderr_has("larger than kernel.msgmax now allows")
        .stderr_has("msg recv");
    // No later message takes the place of the first.
    peek(id, &[]).run().status(1).stdout_empty().stderr_has("message 0 of").stderr_has("kernel.msgmax");
    // It may be of that type, or not: nobody can tell.
    peek(id, &["--type", "9"]).run().status(1).stdout_empty().stderr_has("message 0 is larger than kernel.msgmax");
    peek(id, &["--all", "--lines"])
        .run()
        .ok()
        .stdout_is("small\n")
        .stderr_has("message 0 is larger than kernel.msgmax");
}

/// The queue's size at the start is no limit on what comes later.
#[test]
fn a_message_that_comes_meanwhile_is_seen_whatever_its_size() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let reference = Reference::parse(OsStr::new(&format!("msg:{id}")), None).unwrap();
    let queue = Queue::find(&reference).unwrap();
    let mut peeker = QueuePeeker::new(&queue).unwrap();
    for (index, size) in [(0, 8000), (1, 1024), (2, 7000)] {
        make::send(id, 1, &vec![b'x'; size]);
        let seen = peeker.at(index).unwrap().map(|seen| seen.text.len());
        assert_eq!(seen, Some(size));
    }
    assert!(peeker.unseen().is_empty());
}

#[test]
fn a_message_that_is_no_line_is_not_shown_as_several() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &[(1, "a\nb")]);
    peek(id, &["--all", "--lines"]).run().status(1).stdout_empty().stderr_has("holds a newline; use -0 or --jsonl");
}

#[test]
fn looking_needs_read_permission_and_a_reader_may_leave() {
    let _ns = fresh();
    let id = make::msg(0, 0o222);
    peek(id, &[]).unprivileged().run().status(4);
    peek(id, &["--all", "--lines"]).unprivileged().run().status(4);
    fill(id, &[(1, "a")]);
    peek(id, &[]).unprivileged().run().status(4).stderr_has("needs read permission");
    peek(id, &[]).stdout_closed_pipe().run().ok();
    peek(id, &[]).stdout_to("/dev/full").run().status(1);
}

#[test]
fn purging_discards_what_was_chosen_and_counts_it() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let messages = [(3, "c"), (1, "a"), (2, "b"), (1, "d")];
    for (args, left) in [(&["--type", "1"][..], 2), (&["--up-to", "2"], 1), (&["--except", "1"], 2), (&[], 0)] {
        fill(id, &messages);
        let discarded = 4 - left;
        purge(id, args).arg("--yes").run().ok().stdout_is(format!("discarded {discarded} messages from msg:{id}\n"));
        assert_eq!(make::msg_stat(id).qnum, left);
        purge(id, &["-y", "-q"]).run().ok().stdout_empty();
    }
    purge(id, &[]).run().ok().stdout_is(format!("discarded 0 messages from msg:{id}\n"));
}

#[test]
fn purging_is_confirmed() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &[(1, "a")]);
    // A session of its own has no terminal to ask on.
    let program = ipcadm_testbed::ipcadm_path();
    let alone = |args: &[&str]| {
        ipcadm_testbed::tool(
            "setsid",
            ["--wait".into(), program.clone().into_os_string(), "msg".into(), "purge".into()],
        )
        .arg(id.to_string())
        .args(args.iter().copied())
        .run()
    };
    alone(&[])
        .status(10)
        .stdout_empty()
        .stderr_has("nothing was discarded")
        .stderr_has("--yes discards all of its 1 message");
    // JSON never prompts.
    purge(id, &["--json"]).run().status(10).stdout_empty();
    assert_eq!(make::msg_stat(id).qnum, 1);
    purge(id, &["--json", "--yes"]).run().ok().stdout_has("\"discarded\":1,\"outcome\":\"changed\",\"changed\":true");
    purge(id, &["--json"]).run().ok().stdout_has("\"discarded\":0,\"outcome\":\"kept\",\"changed\":false");
}

#[test]
fn purging_fails_as_receiving_does() {
    let _ns = fresh();
    let id = make::msg(0, 0o222);
    purge(id, &["-y"]).unprivileged().run().status(4);
    fill(id, &[(1, "a")]);
    purge(id, &["-y"]).unprivileged().run().status(4).stderr_has("needs read permission");
    purge(id, &["-y", "--type", "0"]).run().status(2);
    make::remove(Kind::Msg, id);
    purge(id, &["-y"]).run().status(3);
    // What it failed on is told.
    let id = make::msg(0, 0o222);
    fill(id, &[(1, "a")]);
    let denied = purge(id, &["-y", "--json"]).unprivileged().run().status(4);
    denied.stdout_has(&format!("\"ref\":\"msg:{id}\"")).stdout_has("\"outcome\":\"failed\",\"changed\":false");
}

#[test]
fn another_queue_that_got_the_id_meanwhile_keeps_its_messages() {
    let ns = fresh();
    if !may_set_limits("next_id") {
        return;
    }
    let id = make::msg(0x51, 0o600);
    fill(id, &[(1, "a")]);
    let mut command = Command::new(ipcadm_path());
    command.args(["msg", "purge", &id.to_string()]).env("LC_ALL", "C");
    let mut session = spawn_command(command, Some(60_000)).expect("a pseudoterminal");
    session.exp_string("discard all of its 1 message? [y/N] ").expect("a question");
    make::remove(Kind::Msg, id);
    ns.sysctl("msg_next_id", id);
    assert_eq!(make::msg(0x52, 0o600), id);
    fill(id, &[(1, "another's")]);
    session.send_line("y").expect("an answer");
    let text = session.exp_eof().expect("the rest");
    assert!(text.contains("it has changed meanwhile: another key (nothing was discarded)"), "{text}");
    let end = session.process().wait().expect("its end");
    assert!(matches!(end, WaitStatus::Exited(_, 10)), "{end:?}");
    assert_eq!(make::msg_stat(id).qnum, 1);
}
