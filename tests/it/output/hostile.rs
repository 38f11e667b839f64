//! Texts that try to forge lines or to drive the terminal: none of them leaves the program as it came.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use ipcadm_testbed::{Folder, Outcome, fresh, ipcadm, ipcadm_path, make, tool};

use crate::support::Json as _;

/// A forged line, a terminal command, a C1 control, a right-to-left mark, a byte that is no UTF-8, a backslash.
const EVIL: &[u8] = b"x\nipcadm: removed shm:0\x1b[31m\xc2\x9b\xe2\x80\xae\xff\\";

/// Standard error has one line that begins with the program's name, and nothing raw.
#[track_caller]
fn assert_harmless(outcome: &Outcome) {
    let text = String::from_utf8(outcome.stderr.clone()).unwrap_or_else(|_| panic!("stderr is no UTF-8\n{outcome}"));
    let forged = text.lines().filter(|line| line.starts_with("ipcadm: ")).count();
    assert_eq!(forged, 1, "a line was forged\n{outcome}");
    let raw = |c: char| c.is_control() && c != '\n' || ('\u{200b}'..='\u{202e}').contains(&c);
    assert!(!text.contains(raw), "something raw\n{outcome}");
    assert!(outcome.stdout.is_empty(), "stdout is not empty\n{outcome}");
}

fn evil(prefix: &str, suffix: &str) -> OsString {
    OsString::from_vec([prefix.as_bytes(), EVIL, suffix.as_bytes()].concat())
}

#[test]
fn references_are_repeated_escaped() {
    let _ns = fresh();
    for command in ["ls", "show"] {
        let words = [("", 2), ("shm:", 2), ("shm:5", 2), ("sem:0x5", 2), ("msg:./", 2), ("shm:0", 2)];
        for (prefix, status) in words {
            let outcome = ipcadm([command]).arg(evil(prefix, "")).run().status(status);
            assert_harmless(&outcome);
            outcome.stderr_has(r"x\nipcadm: removed shm:0\x1b[31m\u{9b}\u{202e}\xff\\");
        }
        // A path that names no file; standard output then has a header.
        let missing = ipcadm([command, "--json"]).arg(evil("shm:/nowhere/", ":A")).run().status(3);
        let failure = missing.json();
        assert_eq!(failure["errors"][0]["status"], 3);
        assert_harmless(&Outcome { stdout: Vec::new(), ..missing });
    }
    let keyed = ipcadm(["key"]).arg(evil("/nowhere/", "")).arg("A").run().status(3);
    assert_harmless(&keyed);
    assert_harmless(&ipcadm(["key"]).arg(evil("", "")).run().status(2));
    assert_harmless(&ipcadm(["key", "/"]).arg(evil("", "")).run().status(2));
}

#[test]
fn standard_input_is_repeated_escaped() {
    let _ns = fresh();
    for line in
        [&b"shm:\x1b[31m\xe2\x80\xae\n"[..], b"\x1b]0;title\x07\n", b"{\"kind\":\"\x1b\"}\n", b"a \x1b[1m row\n"]
    {
        let outcome = ipcadm(["show", "-"]).stdin(line).run().status(2).stderr_has("standard input, line 1: ");
        assert_harmless(&outcome);
    }
    let long = [vec![b'a'; 70_000], b"\n".to_vec()].concat();
    ipcadm(["ls", "-"])
        .stdin(long)
        .run()
        .status(2)
        .stderr_is("ipcadm: standard input, line 1: too long to be a reference\n");
    let nul = ipcadm(["ls", "-"]).stdin(&b"shm:0\0\n"[..]).run().status(2).stderr_has(r"'shm:0\x00'");
    assert_harmless(&nul);
}

#[test]
fn options_are_repeated_escaped() {
    let _ns = fresh();
    let text = "x\nipcadm: removed shm:0\u{1b}[31m\u{202e}";
    let escaped = r"x\nipcadm: removed shm:0\x1b[31m\u{202e}";
    for option in [
        "--owner",
        "--not-owner",
        "--group",
        "--creator",
        "--key",
        "--not-key",
        "--mode",
        "--larger",
        "--smaller",
        "--older-than",
        "--newer-than",
        "--output",
        "--sort",
        "--limit",
        "--format",
        "--time",
        "--color",
    ] {
        let outcome = ipcadm(["ls".to_owned(), format!("{option}={text}")]).run().status(2);
        assert_harmless(&outcome);
        outcome.stderr_has(escaped);
    }
    let unknown = ipcadm(["ls".to_owned(), format!("--{text}")]).run().status(2).stderr_has(escaped);
    assert_harmless(&unknown);
    // Behind a name that is nearly right there is a tip that repeats it once more.
    assert_harmless(&ipcadm(["ls".to_owned(), format!("--ownr={text}")]).run().status(2));
    assert_harmless(&ipcadm([text]).run().status(2).stderr_has(escaped));
    assert_harmless(&ipcadm(["shm", text]).run().status(2).stderr_has(escaped));
    assert_harmless(&ipcadm(["limits", text]).run().status(2).stderr_has(escaped));
    assert_harmless(&ipcadm(["ls", "--owner"]).arg(evil("", "")).run().status(2));
    assert_harmless(&ipcadm([evil("--", "")]).run().status(2));
    // A backslash alone is nothing to escape.
    ipcadm([r"a\b"]).run().status(2).stderr_has(r"'a\b'");
}

/// Runs ipcadm with other account files, mounted over the machine's where only the child sees them.
fn with_accounts(passwd: &[u8], args: &[&str]) -> Outcome {
    let folder = Folder::new("accounts");
    let file = folder.write("passwd", passwd);
    let script = r#"mount --bind "$1" /etc/passwd && shift && exec "$@""#;
    let words = ["--mount", "sh", "-c", script, "sh"];
    tool("unshare", words).arg(&file).arg(ipcadm_path()).args(args.iter().copied()).run()
}

#[test]
fn user_names_are_escaped_for_people_and_exact_for_machines() {
    let _ns = fresh();
    make::shm(0x51, 4096, 0o600);
    let passwd = "e\u{1b}[2J\u{202e},\"v:x:0:0::/:/bin/sh\n".as_bytes();
    with_accounts(passwd, &["ls", "-o", "ref,owner"]).ok().stdout_is(concat!(
        "REF    OWNER\n",
        r#"shm:0  e\x1b[2J\u{202e},"v"#,
        "\n"
    ));
    with_accounts(passwd, &["show", "shm:0"]).ok().stdout_has(r#"owner          e\x1b[2J\u{202e},"v (0)"#);
    with_accounts(passwd, &["limits"]).ok().stdout_lacks("\u{1b}").stdout_has(r#"e\x1b[2J\u{202e},"v"#);
    let json = with_accounts(passwd, &["ls", "--json"]).ok().stdout_has(r#""e\u001b[2J\u202e,\"v""#);
    let json = json.json();
    assert_eq!(json["objects"][0]["owner"], "e\u{1b}[2J\u{202e},\"v");
    with_accounts(passwd, &["ls", "--format", "csv", "-o", "owner,id"])
        .ok()
        .stdout_is("owner,id\r\n\"e\u{1b}[2J\u{202e},\"\"v\",0\r\n");
}

#[test]
fn json_has_nothing_a_terminal_would_obey() {
    let _ns = fresh();
    make::sem(0, 1, 0o600);
    let name = "a\\b\u{7f}c\u{9b}d\u{2066}e\u{feff}f\u{e0041}g\u{e9}\u{1f600}";
    let json = with_accounts(format!("{name}:x:0:0::/:/bin/sh\n").as_bytes(), &["ls", "--format", "jsonl"]).ok();
    let json = json.stdout_has(concat!(r#""a\\b\u007fc\u009bd\u2066e\ufefff\udb40\udc41g"#, "\u{e9}\u{1f600}\""));
    let object = json.json();
    assert_eq!(object["owner"], name);
}

#[test]
fn long_names_are_never_cut() {
    let _ns = fresh();
    make::msg(0x51, 0o600);
    let name = "a-name-much-longer-than-the-columns-of-other-tools-for-System-V-IPC";
    let passwd = format!("{name}:x:0:0::/:/bin/sh\n");
    let id = "msg:0";
    let table = with_accounts(passwd.as_bytes(), &["ls", "-o", "owner,ref,creator"]).ok();
    table.stdout_is(format!("{:width$}  REF    CREATOR\n{name}  {id}  {name}\n", "OWNER", width = name.len()));
    with_accounts(passwd.as_bytes(), &["ls", "--owner", name, "-q"]).ok().stdout_is("msg:0\n");
    with_accounts(passwd.as_bytes(), &["ls", "--owner", "a-name", "-q"])
        .status(2)
        .stderr_is("ipcadm: --owner: no such user: a-name\n");
}
