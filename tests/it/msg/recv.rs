//! `msg recv` against the real kernel: which messages, in what form, and that none is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use ipcadm_testbed::{Cmd, Folder, Kind, fresh, ipcadm, make, needs_root};

fn recv(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["msg", "recv", &id.to_string()]).args(args.iter().copied())
}

/// Sends messages of types from 1 on.
fn fill(id: i32, texts: &[&str]) {
    (1..).zip(texts).for_each(|(mtype, text)| make::send(id, mtype, text.as_bytes()));
}

/// The texts in a queue, which is empty afterwards.
fn drained(id: i32) -> Vec<String> {
    (0..make::msg_stat(id).qnum).map(|_| String::from_utf8_lossy(&make::recv(id, 0).1).into_owned()).collect()
}

#[test]
fn one_message_comes_as_its_bytes() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&all[..], b"", b"\n\n"] {
        make::send(id, 1, bytes);
        recv(id, &[]).run().ok().stdout_is(bytes).stderr_empty();
    }
    let largest = vec![7; 8192];
    make::send(id, 1, &largest);
    recv(id, &[]).run().ok().stdout_is(&largest);
}

#[test]
fn messages_are_chosen_by_type() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let fresh_queue = || {
        drained(id);
        [(3, "c"), (1, "a"), (2, "b"), (1, "d")]
            .iter()
            .for_each(|&(mtype, text)| make::send(id, mtype, text.as_bytes()));
    };
    for (args, expected) in [
        (&[][..], "c\na\nb\nd\n"),
        (&["--type", "1"], "a\nd\n"),
        (&["--up-to", "2"], "a\nd\nb\n"),
        (&["--except", "1"], "c\nb\n"),
        (&["--type", "9"], ""),
    ] {
        fresh_queue();
        recv(id, args).args(["--all", "--lines"]).run().ok().stdout_is(expected);
        assert_eq!(make::msg_stat(id).qnum, 4 - expected.lines().count() as u64);
    }
}

#[test]
fn formats() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &["a", "", "b\tc"]);
    recv(id, &["--all", "-0"]).run().ok().stdout_is("a\0\0b\tc\0");
    fill(id, &["a\nb"]);
    make::send(id, 5, b"\xff");
    recv(id, &["--count", "2", "--jsonl"])
        .run()
        .ok()
        .stdout_is("{\"type\":1,\"text\":\"a\\nb\"}\n{\"type\":5,\"base64\":\"/w==\"}\n");
}

#[test]
fn a_message_that_is_no_line_goes_back() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &["one", "two\nlines", "three"]);
    recv(id, &["--all", "--lines"])
        .run()
        .status(1)
        .stdout_is("one\n")
        .stderr_has("it holds a newline; use -0 or --jsonl (1 message went back to the end of the queue)");
    assert_eq!(drained(id), ["three", "two\nlines"]);
    make::send(id, 1, b"\0");
    recv(id, &["--all", "-0"]).run().status(1).stdout_empty().stderr_has("NUL byte; use --jsonl");
    recv(id, &["--all", "--jsonl"]).run().ok().stdout_is("{\"type\":1,\"text\":\"\\u0000\"}\n");
}

#[test]
fn what_is_not_there_is_waited_for_as_long_as_told() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    recv(id, &["--all", "--lines"]).run().ok().stdout_empty();
    recv(id, &["--no-wait"]).run().status(6).stderr_has("no message is there");
    recv(id, &["--no-wait", "--type", "3"]).run().status(6).stderr_has("no such message is there");
    recv(id, &["--timeout", "0"]).run().status(7);
    fill(id, &["a", "b"]);
    recv(id, &["--count", "3", "--lines", "--timeout", "20ms"])
        .run()
        .status(7)
        .stdout_is("a\nb\n")
        .stderr_has("timed out (2 messages received before)");
    for patience in [&["--timeout", "1h"][..], &[]] {
        let mut receiver = recv(id, patience).spawn();
        receiver.until_asleep();
        make::send(id, 1, b"late");
        receiver.wait().ok().stdout_is("late");
    }
}

#[test]
fn follow_hands_on_each_message_at_once() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let mut receiver = recv(id, &["--follow", "--lines"]).spawn();
    for text in ["one", "two"] {
        receiver.until_asleep();
        make::send(id, 1, text.as_bytes());
        assert_eq!(receiver.line(), text);
    }
    receiver.until_asleep();
    receiver.signal(2);
    receiver.wait().signal(2);
    recv(id, &["--follow", "--lines", "--timeout", "10ms"]).run().status(7);
}

#[test]
fn a_queue_removed_meanwhile_is_told_from_an_absent_one() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    for args in [&[][..], &["--timeout", "1h"]] {
        let id = make::msg(0, 0o600);
        let mut receiver = recv(id, args).spawn();
        receiver.until_asleep();
        make::remove(Kind::Msg, id);
        receiver.wait().status(8).stderr_has("removed meanwhile");
    }
    make::remove(Kind::Msg, id);
    recv(id, &[]).run().status(3);
}

#[test]
fn a_signal_takes_nothing() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    // No core is to be left in the working directory.
    let program = ipcadm_testbed::ipcadm_path();
    let recv = |args: &[&str]| {
        let script = format!("ulimit -c 0; exec \"$0\" msg recv {id} \"$@\"");
        ipcadm_testbed::tool("bash", ["-c", &script]).arg(&program).args(args.iter().copied())
    };
    for signal in [1, 2, 3, 10, 12, 14, 15] {
        for args in [&[][..], &["--timeout", "1h"], &["--", "cat"]] {
            let mut receiver = recv(args).spawn();
            receiver.until_asleep();
            receiver.signal(signal);
            receiver.wait().signal(signal).stdout_empty();
            make::send(id, 1, b"kept");
            assert_eq!(drained(id), ["kept"]);
        }
    }
}

#[test]
fn a_message_and_a_signal_at_once_lose_nothing() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    for _ in 0..100 {
        let mut receiver = recv(id, &["--lines"]).spawn();
        receiver.until_asleep();
        make::send(id, 1, b"x");
        receiver.signal(15);
        let outcome = receiver.wait();
        // Written out, or still there, and never both.
        let there = drained(id).len();
        assert_eq!(outcome.stdout.len() / 2 + there, 1, "{outcome}");
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let program = ipcadm_testbed::ipcadm_path();
    let script = format!("trap '' HUP; exec {} msg recv {id}", program.display());
    let mut receiver = ipcadm_testbed::tool("sh", ["-c", &script]).spawn();
    receiver.until_asleep();
    receiver.signal(1);
    make::send(id, 1, b"all the same");
    receiver.wait().ok().stdout_is("all the same");
}

#[test]
fn what_cannot_be_written_goes_back() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &["one", "two", "three"]);
    recv(id, &["--all", "--lines"])
        .stdout_to("/dev/full")
        .run()
        .status(1)
        .stderr_has("No space left on device (3 messages went back to the end of the queue)");
    // Whose reader is gone already loses not even its place.
    recv(id, &["--all", "--lines"]).stdout_closed_pipe().run().status(1).stderr_has("Broken pipe");
    recv(id, &[]).stdout_closed_pipe().run().status(1);
    assert_eq!(drained(id), ["one", "two", "three"]);
    let mut receiver = recv(id, &["--lines"]).stdout_to("/dev/full").spawn();
    receiver.until_asleep();
    make::send(id, 7, b"late");
    receiver.wait().status(1);
    assert_eq!(make::recv(id, 0), (7, b"late".to_vec()));
}

#[test]
fn a_reader_who_leaves_gets_a_part_and_the_rest_goes_back() {
    let ns = fresh();
    ns.sysctl("msgmnb", 1 << 22);
    let id = make::msg(0, 0o600);
    let text = "x".repeat(100);
    let sent: Vec<String> = (0..10_000).map(|number| format!("{number} {text}")).collect();
    sent.iter().for_each(|text| make::send(id, 1, text.as_bytes()));
    // More than a pipe holds: the receiver sleeps in its write when the reader goes.
    let program = ipcadm_testbed::ipcadm_path();
    let script = format!("{{ {} msg recv {id} --all --lines; echo status $? >&2; }} | head -n 3", program.display());
    let outcome = ipcadm_testbed::tool("sh", ["-c", &script]).run().ok().stderr_has("status 1").stderr_has("went back");
    assert!(outcome.stdout_str().starts_with(&sent[0]), "{outcome}");
    let mut left = drained(id);
    // What the pipe held is the reader's; everything else is there, once each.
    left.sort_unstable();
    left.dedup();
    let taken: usize = sent.len() - left.len();
    assert!((3..2000).contains(&taken), "{taken} were taken");
    assert!(sent.iter().skip(taken).all(|text| left.binary_search(text).is_ok()));
}

#[test]
fn what_cannot_go_back_is_saved() {
    let _ns = fresh();
    let folder = Folder::new("saved");
    let id = make::msg(0, 0o600);
    // The program itself fills the queue, and fails.
    make::qbytes(id, 5);
    make::send(id, 9, b"five\xff");
    let program = ipcadm_testbed::ipcadm_path();
    let script = format!("{} msg send {id} other; exit 3", program.display());
    let outcome = recv(id, &["--", "sh", "-c", &script])
        .dir(&folder)
        .run()
        .status(3)
        .stderr_has("1 message could not go back (no room)");
    let files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}\n{outcome}") };
    assert!(outcome.stderr_str().contains(&file.display().to_string()), "{outcome}");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(drained(id), ["other"]);
    ipcadm(["msg", "send", &id.to_string(), "--jsonl", "--file", &file.display().to_string()]).run().ok();
    assert_eq!(make::recv(id, 0), (9, b"five\xff".to_vec()));
}

#[test]
fn a_program_gets_each_message() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &["one\n", "two\n"]);
    recv(id, &["--all", "--", "sh", "-c", "echo type $IPCADM_TYPE; cat"])
        .run()
        .ok()
        .stdout_is("type 1\none\ntype 2\ntwo\n");
    recv(id, &["--all", "--", "false"]).run().ok();
    // Larger than a pipe's buffer would be, and not read at all.
    make::send(id, 1, &[0; 8192]);
    recv(id, &["--", "true"]).run().ok();
    assert_eq!(drained(id).len(), 0);
}

#[test]
fn a_program_that_fails_gives_its_message_back_and_ends_the_run() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    for (script, status) in [("exit 3", 3), ("kill -9 $$", 137)] {
        fill(id, &["one", "two"]);
        recv(id, &["--all", "--", "sh", "-c", script])
            .run()
            .status(status)
            .stderr_has(&format!("sh: ended with status {status}; 1 message went back"));
        assert_eq!(drained(id), ["two", "one"]);
    }
    fill(id, &["one"]);
    recv(id, &["--", "no/such/program"]).run().status(127).stderr_has("went back");
    recv(id, &["--", "/dev/null"]).run().status(126).stderr_has("went back");
    assert_eq!(drained(id), ["one"]);
}

#[test]
fn with_a_program_failures_of_our_own_are_told_apart() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    recv(id, &["--no-wait", "--", "cat"]).run().status(125);
    recv(id, &["--no-wait", "-E", "7", "--", "cat"]).run().status(7);
    recv(id, &["--timeout", "10ms", "-E", "0", "--", "cat"]).run().status(0);
    recv(id, &["--all", "-E", "7", "--", "cat"]).run().ok();
    for bad in ["+3", "256", "", "x"] {
        recv(id, &["--no-wait", "-E", bad, "--", "cat"]).run().status(125).stderr_has("conflict-exit-code");
    }
    recv(id, &["--lines", "--", "cat"]).run().status(125);
    make::remove(Kind::Msg, id);
    recv(id, &["-E", "7", "--", "cat"]).run().status(125);
}

#[test]
fn a_signal_reaches_the_program_and_its_message_goes_back() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &["one", "two"]);
    let script = "trap 'echo asked; exit 1' TERM; echo started; while :; do sleep 0.01; done";
    let mut receiver = recv(id, &["--follow", "--", "sh", "-c", script]).spawn();
    assert_eq!(receiver.line(), "started");
    receiver.signal(15);
    receiver.wait().signal(15).stdout_is("started\nasked\n").stderr_has("went back");
    assert_eq!(drained(id), ["two", "one"]);
    // One that ends well has done its work; the next message is not begun.
    fill(id, &["one", "two"]);
    let script = "trap 'exit 0' TERM; echo started; while :; do sleep 0.01; done";
    let mut receiver = recv(id, &["--follow", "--", "sh", "-c", script]).spawn();
    assert_eq!(receiver.line(), "started");
    receiver.signal(15);
    receiver.wait().signal(15).stdout_is("started\n");
    assert_eq!(drained(id), ["two"]);
}

#[test]
fn large_messages_are_left_cut_or_taken() {
    let ns = fresh();
    ns.sysctl("msgmax", 1 << 20);
    ns.sysctl("msgmnb", 1 << 21);
    let id = make::msg(0, 0o600);
    let large: Vec<u8> = (0..1_000_000).map(|number| (number % 251) as u8).collect();
    make::send(id, 1, &large);
    recv(id, &["--max-size", "999999"]).run().status(1).stdout_empty().stderr_has("stays in the queue");
    recv(id, &["--max-size", "3", "--truncate"]).stdout_to("/dev/full").run().status(1);
    // It went back whole.
    assert_eq!(make::msg_stat(id).cbytes, 1_000_000);
    // Taken though it is larger than msgmax allows by now.
    ns.sysctl("msgmax", 8192);
    recv(id, &["--max-size", "1000000"]).run().ok().stdout_is(&large);
    make::send(id, 1, b"abcdef");
    recv(id, &["--max-size", "3", "--truncate"]).run().ok().stdout_is("abc").stderr_has("1 message cut");
    make::send(id, 1, b"abcdef");
    recv(id, &["--max-size", "6"]).run().ok().stdout_is("abcdef").stderr_empty();
    // One that arrives while a small buffer waits.
    let mut receiver = recv(id, &[]).spawn();
    receiver.until_asleep();
    ns.sysctl("msgmax", 1 << 20);
    make::send(id, 1, &large);
    receiver.wait().ok().stdout_is(&large);
}

#[test]
fn bad_command_lines_take_nothing() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    fill(id, &["kept"]);
    for bad in [
        &["--all"][..],
        &["--count", "2"],
        &["--follow"],
        &["--count", "0", "--lines"],
        &["--count", "-1", "--lines"],
        &["--count", "", "--lines"],
        &["--count", "2", "--all", "--lines"],
        &["--follow", "--no-wait", "--lines"],
        &["--all", "--timeout", "1", "--lines"],
        &["--no-wait", "--timeout", "1"],
        &["--lines", "-0"],
        &["--type", "0"],
        &["--type", "1", "--except", "1"],
        &["--up-to", "-1"],
        &["--truncate"],
        &["--max-size", ""],
        &["-E", "3"],
        &["text"],
    ] {
        recv(id, bad).run().status(2).stdout_empty();
    }
    ipcadm(["msg", "recv", "sem:0"]).run().status(2);
    ipcadm(["msg", "recv", "99"]).run().status(3);
    assert_eq!(drained(id), ["kept"]);
}

#[test]
fn receiving_needs_read_permission_and_giving_back_write_permission() {
    let _ns = fresh();
    let id = make::msg(0, 0o222);
    // An empty queue is no excuse.
    recv(id, &["--all", "--lines"]).unprivileged().run().status(4).stderr_has("needs read permission");
    recv(id, &["--all", "--", "cat"]).unprivileged().run().status(125).stderr_has("needs read permission");
    make::send(id, 1, b"x");
    recv(id, &[]).unprivileged().run().status(4).stderr_has("needs read permission");
    if needs_root("a reader who may not write saves what he could not write out") {
        make::chown(Kind::Msg, id, 0, 0, 0o644);
        let folder = Folder::new("reader").mode(0o777);
        let outcome = recv(id, &[]).stdout_to("/dev/full").dir(&folder).unprivileged().run().status(1);
        let outcome = outcome.stderr_has("1 message could not go back (Permission denied) and is saved in");
        let text = outcome.stderr_str();
        let path = text.split("saved in ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "{\"type\":1,\"text\":\"x\"}\n");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_terminal_gets_escaped_contents() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    let program = ipcadm_testbed::ipcadm_path();
    let on_terminal = |command: &str| {
        let line = format!("{} msg {command} {id}", program.display());
        ipcadm_testbed::tool("script", ["-qec", &line, "/dev/null"]).run().ok()
    };
    for (command, ends) in [("peek", "\r\n"), ("recv", "\r\n"), ("recv --lines", "\r\n"), ("recv -0", "\r\n")] {
        drained(id);
        make::send(id, 1, b"\x1b[2Jx\n\x9b\xe2\x80\xae");
        on_terminal(command).stdout_is(format!("\\x1b[2Jx\\n\\x9b\\u{{202e}}{ends}"));
    }
    make::send(id, 1, "\u{1b}\u{9b}\u{202e}\n".as_bytes());
    on_terminal("recv --jsonl").stdout_has(r#"{"type":1,"text":"\u001b\u009b\u202e\n"}"#);
}

#[test]
fn a_signal_while_the_reader_is_slow_gives_the_rest_back() {
    [1, 10, 12, 14, 15].into_iter().for_each(slow_reader);
}

fn slow_reader(signal: i32) {
    let ns = fresh();
    ns.sysctl("msgmnb", 1 << 22);
    let id = make::msg(0, 0o600);
    let sent: Vec<String> = (1000..3000).map(|number| format!("{number} {}", "x".repeat(100))).collect();
    sent.iter().for_each(|text| make::send(id, 1, text.as_bytes()));
    // Nobody reads: with messages left, it can sleep in its write only.
    let mut receiver = recv(id, &["--all", "--lines"]).spawn();
    let pid = receiver.pid();
    let asleep = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
    };
    while make::msg_stat(id).qnum > 1500 || !asleep() {
        std::thread::yield_now();
    }
    receiver.signal(signal);
    // Not before it has ended is anything read.
    while receiver.is_running() {
        std::thread::yield_now();
    }
    let outcome = receiver.wait().signal(signal).stderr_has("went back to the end of the queue");
    let mut all: Vec<String> = outcome.stdout_str().lines().map(str::to_owned).collect();
    assert!(all.len() < sent.len(), "{outcome}");
    all.extend(drained(id));
    all.sort_unstable();
    assert!(all == sent, "lost or doubled: {} instead of {}", all.len(), sent.len());
}

/// A shell that limits the size of files, then runs `msg recv`. `$0` is the program.
fn limited(kilobytes: u32, rest: &str) -> Cmd {
    let script = format!("ulimit -f {kilobytes}; exec \"$0\" msg recv {rest}");
    ipcadm_testbed::tool("bash", ["-c", &script]).arg(ipcadm_testbed::ipcadm_path())
}

#[test]
fn a_limit_on_the_size_of_files_loses_nothing() {
    let _ns = fresh();
    let folder = Folder::new("limited");
    let id = make::msg(0, 0o600);
    let long = "x".repeat(3000);
    fill(id, &[&long, "two"]);
    limited(1, &format!("{id} --all --lines >out"))
        .dir(&folder)
        .run()
        .status(1)
        .stderr_has("File too large (2 messages went back");
    // Half a record would be joined to what is appended next.
    assert_eq!(fs::read(folder.join("out")).unwrap(), b"");
    // What a program reads is a file too, in memory.
    limited(1, &format!("{id} -- cat")).run().status(125).stdout_empty().stderr_has("1 message went back");
    assert_eq!(drained(id), ["two", &long]);
    // The program itself finds the signal as it was.
    fill(id, &["one"]);
    limited(1, &format!("{id} -- sh -c 'head -c 9000 /dev/zero >big'"))
        .dir(&folder)
        .run()
        .status(153)
        .stderr_has("went back");
}
