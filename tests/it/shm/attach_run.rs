//! `shm attach REF -- CMD`: the segment is attached while CMD runs, and CMD's status is what counts.

use ipcadm_testbed::{Cmd, Outcome, fresh, ipcadm, ipcadm_path, make};

/// A quiet attach around a program.
fn around(id: i32, program: &[&str]) -> Cmd {
    ipcadm(["shm", "attach", &id.to_string(), "-q", "--"]).args(program)
}

fn sh(id: i32, script: &str) -> Outcome {
    around(id, &["sh", "-c", script]).run()
}

#[test]
fn it_is_attached_once_while_the_program_runs() {
    let ns = fresh();
    let id = make::shm(0x51, 4096, 0o600);
    let path = ipcadm_path();
    let path = path.to_str().expect("a plain path");
    let seen = around(id, &[path, "ls", "shm", "--format=csv", "-o", "nattch"]).run().ok().stdout_str();
    assert_eq!(seen, "nattch\r\n1\r\n");
    let seen = around(id, &["cat", "/proc/sysvipc/shm"]).run().ok().stdout_str();
    assert_ne!(seen, ns.sysvipc(ipcadm_testbed::Kind::Shm));
    assert_eq!(seen.lines().nth(1).and_then(|row| row.split_whitespace().nth(6)), Some("1"));
    assert_eq!(make::shm_stat(id).nattch, 0);
    // Without -q the program's output comes between the two states.
    let text = ipcadm(["shm", "attach", "0x51", "--", "echo", "in between"]).run().ok().stdout_str();
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}\n{text}"));
    assert!(at("attached shm") < at("in between") && at("in between") < at("detached shm"), "{text}");
}

#[test]
fn the_programs_status_passes_through() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    sh(id, "exit 0").ok();
    sh(id, "exit 7").status(7).stdout_empty().stderr_empty();
    sh(id, "exit 255").status(255);
    for signal in [9, 15, 11] {
        sh(id, &format!("kill -{signal} $$")).status(128 + signal).stdout_empty();
    }
    // Its arguments are its own.
    around(id, &["sh", "-c", "echo \"$1\"; exit 3", "-", "--help"]).run().status(3).stdout_is("--help\n");
}

#[test]
fn what_cannot_be_run_is_told_as_env_does() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    for (program, status, reason) in [
        ("/none/such", 127, "cannot run /none/such: No such file or directory"),
        ("none such", 127, "cannot run none such: No such file or directory"),
        ("/", 126, "cannot run /: Permission denied"),
        ("./Cargo.toml", 126, "cannot run ./Cargo.toml: Permission denied"),
        ("/none\u{1b}[2J", 127, "cannot run /none\\x1b[2J"),
    ] {
        // Not the caller's PATH: a folder in it that may not be searched gives another answer, as with env.
        around(id, &[program])
            .env("PATH", "/usr/bin:/bin")
            .run()
            .status(status)
            .stdout_empty()
            .stderr_has(reason)
            .stderr_lacks("\u{1b}");
    }
    assert_eq!(make::shm_stat(id).nattch, 0);
}

#[test]
fn failures_of_its_own_are_125() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let id = id.to_string();
    for (args, reason) in [
        (&["99", "--", "true"][..], "shm:99: no such shared memory segment"),
        (&["0x77", "--", "true"], "no shared memory segment has this key"),
        (&["1x", "--", "true"], "not an id"),
        (&["", "--", "true"], "an empty reference"),
        (&["--", "true"], "<REF>"),
        (&[&*id, "--", ""], "the name of the program is empty"),
        (&[&*id, "--bogus", "--", "true"], "--bogus"),
        (&[&*id, "--for", "1s", "--", "true"], "cannot be used with"),
        (&[&*id, "--format", "csv", "--", "true"], "attach prints table, json or jsonl"),
    ] {
        ipcadm(["shm", "attach"]).args(args).run().status(125).stdout_empty().stderr_has(reason);
    }
    // What cannot be printed keeps no program from running, and hides behind no success of its.
    for format in ["table", "json", "jsonl"] {
        let run = |script: &str| ipcadm(["shm", "attach", &id, "--format", format, "--", "sh", "-c", script]);
        let outcome = run("echo started >&2").stdout_to("/dev/full").run();
        outcome.status(125).stderr_has("started\n").stderr_has("No space left on device");
        run("exit 5").stdout_to("/dev/full").run().status(5).stderr_has("No space left on device");
        run("exit 0").stdout_closed_pipe().run().status(0).stderr_empty();
    }
    ipcadm(["shm", "attach", &id, "-q", "--", "sh", "-c", "exit 5"]).stdout_to("/dev/full").run().status(5);
}

#[test]
fn signals_are_passed_on() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    for (signal, name) in
        [(libc::SIGTERM, "TERM"), (libc::SIGHUP, "HUP"), (libc::SIGINT, "INT"), (libc::SIGUSR1, "USR1")]
    {
        // The program says when it is ready, gets the signal, and ends as it likes.
        let script = format!("trap 'echo got {name}; exit 42' {name}; echo ready; while :; do sleep 0.01; done");
        let mut running = around(id, &["sh", "-c", &script]).spawn();
        assert_eq!(running.line(), "ready");
        assert_eq!(make::shm_stat(id).nattch, 1);
        running.signal(signal);
        running.wait().status(42).stdout_is(format!("ready\ngot {name}\n")).stderr_empty();
        assert_eq!(make::shm_stat(id).nattch, 0);
    }
    let mut running = around(id, &["sh", "-c", "echo ready; exec sleep 3600"]).spawn();
    assert_eq!(running.line(), "ready");
    running.signal(libc::SIGTERM);
    running.wait().status(128 + libc::SIGTERM);
    assert_eq!(make::shm_stat(id).nattch, 0);
}

#[test]
fn the_program_gets_the_streams_and_no_signal_is_blocked() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    around(id, &["cat"]).stdin("through\0it").run().ok().stdout_is("through\0it");
    let status = around(id, &["cat", "/proc/self/status"]).run().ok();
    let before = ipcadm_testbed::tool("cat", ["/proc/self/status"]).run().ok().stdout_str();
    for set in ["SigBlk", "SigIgn"] {
        let line = before.lines().find(|line| line.starts_with(set)).expect("a line");
        status.clone().stdout_has(line);
    }
}
