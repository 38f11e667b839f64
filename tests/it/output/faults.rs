//! When standard output cannot be written, and colour.

use ipcadm_testbed::{Cmd, fresh, ipcadm, ipcadm_path, make, tool};

/// Commands that look, each with something to print.
const LOOKING: [&[&str]; 16] = [
    &[],
    &["ls"],
    &["ls", "--json"],
    &["ls", "--format", "jsonl"],
    &["ls", "--format", "csv"],
    &["ls", "-q"],
    &["show", "shm:0", "sem:0", "msg:0"],
    &["show", "--json", "sem:0"],
    &["limits"],
    &["limits", "--json"],
    &["key", "/", "A"],
    &["key", "0x51"],
    &["key", "--json", "0x51"],
    &["--help"],
    &["ls", "--help"],
    &["--version"],
];

fn populate() {
    make::shm(0, 1, 0o600);
    make::sem(0, 1, 0o600);
    make::msg(0, 0o600);
}

/// The command line in a shell that does something to its standard output.
fn in_shell(redirection: &str, args: &[&str]) -> Cmd {
    let script = format!(r#"exec "$@" {redirection}"#);
    tool("sh", ["-c", &script, "sh"]).arg(ipcadm_path()).args(args.iter().copied())
}

#[test]
fn a_full_disk_is_a_failure() {
    let _ns = fresh();
    populate();
    for args in LOOKING {
        let full = ipcadm(args.iter().copied()).stdout_to("/dev/full").run().status(1);
        full.stderr_is("ipcadm: cannot write to standard output: No space left on device\n");
    }
}

#[test]
fn a_reader_that_has_gone_is_none() {
    let _ns = fresh();
    populate();
    for args in LOOKING.iter().chain([&["completions", "bash"][..]].iter()) {
        ipcadm(args.iter().copied()).stdout_closed_pipe().run().status(0).stderr_empty();
    }
    // What failed for another reason has failed.
    ipcadm(["ls", "shm:7"])
        .stdout_closed_pipe()
        .run()
        .stderr_is("ipcadm: cannot find shm:7: no such shared memory segment\n");
}

#[test]
fn a_closed_standard_output_is_a_failure() {
    let _ns = fresh();
    populate();
    for args in LOOKING.iter().chain([&["completions", "bash"][..]].iter()) {
        let closed = in_shell(">&-", args).run().status(1).stdout_empty();
        closed.stderr_is("ipcadm: cannot write to standard output: Bad file descriptor\n");
    }
}

#[test]
fn more_than_a_pipe_holds_meets_faults_too() {
    let _ns = fresh();
    for _ in 0..1500 {
        make::msg(0, 0o600);
    }
    for args in
        [&["ls"][..], &["ls", "--json"], &["ls", "--format", "jsonl"], &["ls", "--format", "csv"], &["ls", "-q"]]
    {
        ipcadm(args.iter().copied()).stdout_closed_pipe().run().status(0).stderr_empty();
        ipcadm(args.iter().copied()).stdout_to("/dev/full").run().status(1).stderr_has("No space left on device");
        // The reader takes one line and goes.
        let script = r#"{ "$@"; echo "status $?" >&2; } | head -n 1"#;
        let head = tool("sh", ["-c", script, "sh"]).arg(ipcadm_path()).args(args.iter().copied()).run().ok();
        head.stderr_is("status 0\n");
    }
}

#[test]
fn a_closed_standard_error_changes_nothing() {
    let _ns = fresh();
    populate();
    in_shell("2>&-", &["ls", "-q"]).run().ok().stdout_is("shm:0\nsem:0\nmsg:0\n");
    in_shell("2>&-", &["ls", "-q", "shm:7", "sem:0"]).run().status(9).stdout_is("sem:0\n");
    in_shell("2>/dev/full", &["ls", "-q", "shm:7"]).run().status(3).stdout_empty();
    in_shell("2>/dev/full", &["ls", "--nonsense"]).run().status(2).stdout_empty();
    // Closed is not empty: an empty list, message or input is nothing to be taken from it.
    for args in [&["ls", "-q", "-"][..], &["rm", "-"], &["msg", "send", "0"], &["shm", "write", "0"]] {
        in_shell("<&-", args).run().status(1).stdout_empty().stderr_has("standard input: Bad file descriptor");
    }
    assert_eq!(make::msg_stat(0).qnum, 0);
    in_shell("</proc/self", &["ls", "-q", "-"])
        .run()
        .status(1)
        .stdout_empty()
        .stderr_is("ipcadm: cannot read standard input: Is a directory\n");
}

#[test]
fn colour_is_for_terminals() {
    let _ns = fresh();
    populate();
    for args in [&["ls"][..], &["limits"], &["show", "shm:0"]] {
        let run = |more: &[&str]| ipcadm(args.iter().copied()).args(more.iter().copied());
        run(&[]).run().ok().stdout_lacks("\x1b");
        run(&["--color", "auto"]).run().ok().stdout_lacks("\x1b");
        run(&["--color", "never"]).run().ok().stdout_lacks("\x1b");
        run(&["--color", "always"]).run().ok().stdout_has("\x1b[1m");
        // Who says so on the command line means it.
        run(&["--color", "always"]).env("NO_COLOR", "1").run().ok().stdout_has("\x1b[1m");
    }
    ipcadm(["ls", "--json", "--color", "always"]).run().ok().stdout_lacks("\x1b");
    ipcadm(["ls", "--format", "csv", "--color", "always"]).run().ok().stdout_lacks("\x1b");
    ipcadm(["ls", "-q", "--color", "always"]).run().ok().stdout_lacks("\x1b");
    ipcadm(["ls", "--color", "yes"]).run().status(2).stderr_has("[possible values: auto, always, never]");
}

#[test]
fn on_a_terminal() {
    let _ns = fresh();
    make::sem(0x51, 3, 0o600);
    // script(1) of util-linux runs its command on a terminal, here of 40 columns.
    let terminal = |environment: &str, args: &str| {
        let command = format!("stty cols 40; {environment} {} {args}", ipcadm_path().display());
        tool("script", ["-qec", &command, "/dev/null"]).run().ok().stdout_str().replace('\r', "")
    };
    assert!(terminal("", "ls").starts_with("\x1b[1mREF"));
    for plain in ["NO_COLOR=1", "TERM=dumb"] {
        assert!(terminal(plain, "ls").starts_with("REF"), "{plain}");
    }
    assert!(terminal("NO_COLOR=", "ls").starts_with("\x1b[1mREF"), "an empty NO_COLOR is none");
    assert!(terminal("", "ls --color never").starts_with("REF"));
    // Words are cut to fit, what names an object never is.
    let narrow = terminal("NO_COLOR=1", "ls -o ref,key,owner,contents,uid,gid");
    assert!(
        narrow.lines().all(|line| line.starts_with("REF") || line.starts_with("sem:0  0x00000051  root")),
        "{narrow}"
    );
    assert_eq!(terminal("NO_COLOR=1", "ls -q"), "sem:0\n");
}
