//! `rm` asks on the controlling terminal before it removes what is in use.

use std::process::Command;

use ipcadm_testbed::{Kind, fresh, ipcadm_path, make};
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};

use crate::support::named;

/// Longer than anything here takes.
const PATIENCE_MS: u64 = 60_000;

/// `rm` on a terminal of its own.
fn rm(args: &[&str]) -> PtySession {
    let mut command = Command::new(ipcadm_path());
    command.arg("rm").args(args).env("LC_ALL", "C");
    spawn_command(command, Some(PATIENCE_MS)).expect("a pseudoterminal")
}

/// A shell on a terminal of its own, for redirections; `$0` is the program.
fn shell(script: &str) -> PtySession {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(ipcadm_path()).env("LC_ALL", "C");
    spawn_command(command, Some(PATIENCE_MS)).expect("a pseudoterminal")
}

/// What it prints until its end, and its exit status.
#[track_caller]
fn end(mut session: PtySession) -> (String, i32) {
    let text = session.exp_eof().expect("the rest").replace("\r\n", "\n");
    match session.process().wait().expect("its end") {
        WaitStatus::Exited(_, status) => (text, status),
        other => panic!("{other:?}\n{text}"),
    }
}

/// Waits for the question and returns what stands before it.
#[track_caller]
fn question(session: &mut PtySession, question: &str) -> String {
    let before = session.exp_string(&format!("{question} [y/N] ")).expect("a question");
    before.replace("\r\n", "\n")
}

#[test]
fn an_attached_segment_needs_a_yes() {
    let ns = fresh();
    let id = make::shm(0x51, 4096, 0o600);
    let holder = make::holder(id);
    let reference = format!("shm:{id}");
    let by = named(holder.pid());
    for no in ["", "n", "no", "Nein", "yess", " "] {
        let mut session = rm(&[&reference]);
        assert_eq!(question(&mut session, "Remove it?"), format!("{reference}: attached by {by}\n"));
        session.send_line(no).expect("an answer");
        assert_eq!(end(session), ("ipcadm: nothing was removed\n".into(), 10), "{no:?}");
        assert_eq!(make::key_of(Kind::Shm, id), 0x51);
    }
    let mut session = rm(&["shm:0x51"]);
    assert_eq!(question(&mut session, "Remove it?"), format!("shm:0x00000051 (id {id}): attached by {by}\n"));
    session.send_line("y").expect("an answer");
    let (text, status) = end(session);
    assert_eq!(status, 0);
    assert_eq!(text, format!("marked shm:0x00000051 (id {id}), which goes when {by} detaches\n"));
    assert_eq!(make::perm(Kind::Shm, id).mode, 0o1600);
    // To remove it again needs no further question.
    assert_eq!(end(rm(&[&reference])).1, 0);
    drop(holder);
    assert!(ns.ids(Kind::Shm).is_empty());
}

#[test]
fn no_answer_is_no() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    make::send(id, 1, b"unread");
    let mut session = rm(&[&format!("msg:{id}")]);
    question(&mut session, "Remove it?");
    session.send_control('d').expect("the end of input");
    assert_eq!(end(session).1, 10);

    let mut session = rm(&[&format!("msg:{id}")]);
    question(&mut session, "Remove it?");
    session.send_control('c').expect("an interrupt");
    session.exp_eof().expect("the rest");
    let status = session.process().wait().expect("its end");
    assert!(matches!(status, WaitStatus::Signaled(_, rexpect::process::Signal::SIGINT, _)), "{status:?}");
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn unread_messages_and_waiters_need_a_yes() {
    let ns = fresh();
    let (msg, sem) = (make::msg(0, 0o600), make::sem(0, 2, 0o600));
    make::send(msg, 1, b"one");
    make::send(msg, 1, b"");
    let waiter = make::blocked_semop(sem, 1, -1);
    let free = make::sem(0, 1, 0o600);
    let references = [format!("sem:{free}"), format!("sem:{sem}"), format!("msg:{msg}")];
    let words: Vec<&str> = references.iter().map(|reference| &**reference).collect();
    let mut session = rm(&words);
    let before = question(&mut session, "Remove all 3 objects, these 2 too?");
    assert_eq!(before, format!("msg:{msg}: 2 unread messages\nsem:{sem}: waited for by {}\n", named(waiter.pid())));
    session.send_line("no").expect("an answer");
    assert_eq!(end(session), ("ipcadm: nothing was removed\n".into(), 10));
    assert_eq!((ns.ids(Kind::Sem).len(), ns.ids(Kind::Msg).len()), (2, 1));

    let mut session = rm(&words[..2]);
    question(&mut session, "Remove all 2 objects, this one too?");
    session.send_line("YES").expect("an answer");
    assert_eq!(end(session).1, 0);
    waiter.until_done();
    assert_eq!((ns.ids(Kind::Sem).len(), ns.ids(Kind::Msg).len()), (0, 1));
}

#[test]
fn many_in_use_are_counted() {
    let ns = fresh();
    let ids: Vec<i32> = (0..12).map(|_| make::msg(0, 0o600)).collect();
    ids.iter().for_each(|&id| make::send(id, 1, b"unread"));
    let references: Vec<String> = ids.iter().map(|id| format!("msg:{id}")).collect();
    let mut session = rm(&references.iter().map(|reference| &**reference).collect::<Vec<_>>());
    let before = question(&mut session, "Remove all 12 objects, these 12 too?");
    assert_eq!(before.lines().count(), 11);
    assert!(before.ends_with("\nand 2 more\n"), "{before}");
    session.send_line("n").expect("an answer");
    assert_eq!(end(session).1, 10);
    assert_eq!(ns.ids(Kind::Msg).len(), 12);
}

#[test]
fn what_is_not_in_use_is_removed_without_a_question() {
    let ns = fresh();
    let shm = make::by_dead_process(|| make::shm(0, 1, 0o600));
    let (sem, msg) = (make::sem(0, 1, 0o600), make::msg(0, 0o600));
    let (text, status) = end(rm(&[&format!("shm:{shm}"), &format!("sem:{sem}"), &format!("msg:{msg}")]));
    assert_eq!(status, 0, "{text}");
    assert_eq!(text, format!("removed msg:{msg}\nremoved sem:{sem}\nremoved shm:{shm}\n"));
    assert!(Kind::ALL.iter().all(|&kind| ns.ids(kind).is_empty()));
}

#[test]
fn some_options_mean_no_question() {
    let ns = fresh();
    for options in [&["-y"][..], &["--yes", "-q"], &["--json"], &["--format=jsonl"], &["--format=csv"]] {
        let id = make::msg(0, 0o600);
        make::send(id, 1, b"unread");
        let reference = format!("msg:{id}");
        assert_eq!(end(rm(&[&[&*reference], options].concat())).1, 0, "{options:?}");
        assert!(ns.ids(Kind::Msg).is_empty(), "{options:?}");
    }
    let id = make::msg(0, 0o600);
    make::send(id, 1, b"unread");
    let (text, status) = end(rm(&["-n", &format!("msg:{id}")]));
    assert_eq!((text, status), (format!("would remove msg:{id}\n"), 0));
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn redirected_streams_do_not_answer_for_the_terminal() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    make::send(id, 1, b"unread");
    let mut session = shell(&format!("echo msg:{id} | \"$0\" rm - >/dev/null 2>&1"));
    question(&mut session, "Remove it?");
    session.send_line("n").expect("an answer");
    assert_eq!(end(session).1, 10);
    let mut session = shell(&format!("yes | \"$0\" rm msg:{id} | cat"));
    question(&mut session, "Remove it?");
    session.send_line("n").expect("an answer");
    end(session);
    assert_eq!(ns.ids(Kind::Msg), [id]);
    let mut session = shell(&format!("echo msg:{id} | \"$0\" rm -"));
    question(&mut session, "Remove it?");
    session.send_line("y").expect("an answer");
    assert_eq!(end(session), (format!("removed msg:{id}\n"), 0));
    assert!(ns.ids(Kind::Msg).is_empty());
}
