//! Where `lsipc` differs from the installed one of util-linux on purpose: what that does, and what we do.

use std::ops::{Range, RangeBounds};

use ipcadm_testbed::differential::{both, is_from};
use ipcadm_testbed::{Folder, Kind, Outcome, Running, drop_in, fresh, make, may_set_limits, needs_root, tool};

/// The releases before the options for POSIX objects came.
const OLDER: Range<(u32, u32)> = (2, 38)..(2, 41);

/// What the installed one prints, where it is of a release whose mistakes are known.
fn theirs(args: &[&str]) -> Option<Outcome> {
    theirs_of((2, 38)..=(2, 43), args)
}

/// The same for what it does not do in all of them.
fn theirs_of(releases: impl RangeBounds<(u32, u32)>, args: &[&str]) -> Option<Outcome> {
    is_from("lsipc", releases).then(|| tool("lsipc", args.iter().copied()).run())
}

fn ours(args: &[&str]) -> Outcome {
    drop_in("lsipc", args.iter().copied()).run()
}

fn one_of_each() {
    make::shm(0x51, 4096, 0o600);
    make::sem(0x52, 3, 0o600);
    make::msg(0x53, 0o640);
}

#[test]
fn an_id_that_is_not_found_is_a_failure() {
    let _ns = fresh();
    one_of_each();
    for kind in ["-m", "-q", "-s"] {
        if let Some(theirs) = theirs(&[kind, "-i", "999"]) {
            theirs.ok().stdout_empty().stderr_is("lsipc: id 999 not found\n");
        }
        ours(&[kind, "-i", "999"]).status(1).stdout_empty().stderr_is("lsipc: id 999 not found\n");
        ours(&[kind, "-i", "999", "-l"]).status(1).stdout_empty();
    }
    ours(&["-mJ", "-i", "9"]).status(1).stdout_is("{\n   \"sharedmemory\": [\n\n   ]\n}\n");
}

#[test]
fn a_negative_id_shows_nothing_else_instead() {
    let _ns = fresh();
    one_of_each();
    for kind in ["-m", "-q", "-s"] {
        if let Some(theirs) = theirs(&[kind, "-i", "-1"]) {
            // The list.
            theirs.ok().stdout_has("PERMS OWNER").stderr_empty();
        }
        for id in ["-1", "-2", "-2147483648"] {
            let message = format!("lsipc: id {id} not found\n");
            ours(&[kind, "-i", id]).status(1).stdout_empty().stderr_is(message);
        }
    }
    if let Some(theirs) = theirs(&["-m", "-i", "-2", "-o", "id"]) {
        // Another object.
        theirs.ok().stdout_is(format!("{:<36}{:<36}\n", "ID:", 0));
    }
}

#[test]
fn what_is_public_of_an_unreadable_set_is_shown() {
    let _ns = fresh();
    let id = make::sem(0x52, 3, 0o600);
    // Nor may an owner without capabilities.
    make::chown(Kind::Sem, id, 0, 0, 0);
    let id = id.to_string();
    let pair = both("lsipc", &["-s", "-i", &id], |cmd| cmd.unprivileged());
    if is_from("lsipc", (2, 38)..=(2, 43)) {
        pair.theirs.status(1).stdout_empty().stderr_is("lsipc: semctl(GETVAL) failed: Permission denied\n");
    }
    pair.ours
        .status(1)
        .stdout_has("Semaphores:")
        .stdout_lacks("Elements")
        .stderr_is("lsipc: semctl(GETVAL) failed: Permission denied\n");
    // Other forms have no place for values.
    let list = drop_in("lsipc", ["-s", "-i", &id, "-e"]).unprivileged().run().ok();
    list.stderr_empty().stdout_has(&format!("ID=\"{id}\""));
}

/// A process of this name that has made a segment.
fn maker(name: &str) -> Running {
    let script = "shmget(0, 4096, 0600 | 512) // die; $| = 1; print \"made\\n\"; exec { '/bin/cat' } @ARGV";
    let mut process = tool("perl", ["-e", script]).arg(name).stdin_open().spawn();
    process.line();
    while !std::fs::read(format!("/proc/{}/cmdline", process.pid())).is_ok_and(|line| line.starts_with(name.as_bytes()))
    {
        assert!(process.is_running(), "a process called {name:?}");
        ipcadm_testbed::pause();
    }
    process
}

#[test]
fn a_command_is_that_of_the_creator_or_none() {
    if !needs_root("a process with the number of another before it") {
        return;
    }
    // In a pid namespace of its own a process comes to have the number of the creator, which has ended.
    let script = r#"
        mount -t proc proc /proc
        perl -e 'shmget(0, 4096, 0600 | 512) // die; print $$' >"$DIR/pid"
        pid=$(cat "$DIR/pid")
        # Times of creation and start are whole seconds: the stranger must start in another.
        at=$(date +%s); while [ $(date +%s) -lt $((at + 3)) ]; do sleep 0.1; done
        echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 100 & stranger=$!
        until [ "$(cat /proc/$stranger/comm)" = sleep ]; do :; done
        echo "$pid $stranger"
        if [ -n "$THEIRS" ]; then "$THEIRS" -m -r -o command --noheadings; else echo; fi
        "$OURS" -m -r -o command --noheadings
        kill $stranger
    "#;
    let folder = Folder::new("stranger");
    std::os::unix::fs::symlink(ipcadm_testbed::ipcadm_path(), folder.join("lsipc")).expect("a link");
    let theirs = if theirs(&["-V"]).is_some() { "lsipc" } else { "" };
    let outcome = tool("unshare", ["--ipc", "--pid", "--mount", "--fork", "sh", "-c", script])
        .env("DIR", &folder)
        .env("OURS", folder.join("lsipc"))
        .env("THEIRS", theirs)
        .run();
    let text = outcome.ok().stdout_str();
    let lines: Vec<&str> = text.lines().collect();
    let (creator, stranger) = lines[0].split_once(' ').expect("two numbers");
    assert_eq!(creator, stranger);
    if !theirs.is_empty() {
        assert_eq!(lines[1], "sleep\\x20100");
    }
    assert_eq!(lines[2], "");
}

#[test]
fn a_command_of_an_empty_word_has_its_line() {
    let _ns = fresh();
    let script = "shmget(0, 4096, 0600 | 512) // die; $| = 1; print \"made\\n\"; exec { '/bin/cat' } ''";
    let mut process = tool("perl", ["-e", script]).stdin_open().spawn();
    process.line();
    while std::fs::read(format!("/proc/{}/cmdline", process.pid())).is_ok_and(|line| line != b"\0") {
        assert!(process.is_running(), "a process of an empty name");
        ipcadm_testbed::pause();
    }
    let args = ["-m", "-i", "0", "-o", "command"];
    let sheet = ours(&args).ok().stdout_is(format!("{:<36}{:<36}\n", "Creator command:", ""));
    if let Some(theirs) = theirs(&args) {
        theirs.ok().stdout_is(sheet.stdout);
    }
    ours(&["-m", "-J", "-o", "command"]).ok().stdout_has("\"command\": null");
}

#[test]
fn a_command_is_shown_while_its_process_lives() {
    let _ns = fresh();
    let maker = maker("a name");
    ours(&["-m", "-o", "command"]).ok().stdout_is("COMMAND\na name\n");
    drop(maker);
    ours(&["-mJ", "-o", "command"]).ok().stdout_has("\"command\": null");
}

#[test]
fn pages_and_semaphores_in_use_are_counted_as_the_kernel_does() {
    let _ns = fresh();
    let page = 4096;
    make::shm(0, 1, 0o600);
    make::shm(0, page + 1, 0o600);
    make::sem(0, 1, 0o600);
    make::sem(0, 5, 0o600);
    let used = |kind, name: &str, outcome: Outcome| {
        let text = outcome.ok().stdout_str();
        let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("no {name} with {kind}:\n{text}"))
    };
    for (kind, name, wrong, right) in [("-m", "SHMALL", 1, 3), ("-s", "SEMMNS", 2, 6)] {
        let args = ["-g", kind, "-r", "-o", "resource,used"];
        if let Some(theirs) = theirs(&args) {
            assert_eq!(used(kind, name, theirs), format!("{name} {wrong}"));
        }
        assert_eq!(used(kind, name, ours(&args)), format!("{name} {right}"));
    }
}

#[test]
fn empty_lists_in_json_have_their_names() {
    let _ns = fresh();
    for (kind, name) in [("-m", "sharedmemory"), ("-q", "messages"), ("-s", "semaphores")] {
        if let Some(theirs) = theirs(&[kind, "-J"]) {
            let name = if kind == "-s" { name } else { "" };
            theirs.ok().stdout_is(format!("{{\n   \"{name}\": [\n\n   ]\n}}\n"));
        }
        ours(&[kind, "-J"]).ok().stdout_is(format!("{{\n   \"{name}\": [\n\n   ]\n}}\n"));
    }
}

#[test]
fn layouts_of_json() {
    let _ns = fresh();
    make::sem(0x52, 3, 0o600);
    make::sem(0, 1, 0o600);
    let json = |layout| drop_in("lsipc", ["-sJ", "-o", "key,nsems,otime"]).env("LIBSMARTCOLS_JSON", layout).run().ok();
    let rows = [r#"{"key":"0x00000052","nsems":"3","otime":null}"#, r#"{"key":"0x00000000","nsems":"1","otime":null}"#];
    let [first, second] = rows;
    json("compact").stdout_is(format!("{{\"semaphores\":[\n{first},\n{second}\n]}}\n"));
    json("lines").stdout_is(format!("{first}\n{second}\n"));
    json("other").stdout_is(json("").stdout);
    let empty = |layout| drop_in("lsipc", ["-qJ"]).env("LIBSMARTCOLS_JSON", layout).run().ok();
    empty("compact").stdout_is("{\"messages\":[\n]}\n");
    empty("lines").stdout_empty();
}

#[test]
fn queues_have_permissions_in_numbers_too() {
    let _ns = fresh();
    one_of_each();
    if let Some(theirs) = theirs_of(OLDER, &["-q", "-P", "-o", "perms,id"]) {
        theirs.ok().stdout_is("PERMS ID\n      0\n");
    }
    ours(&["-q", "-P", "-o", "perms,id"]).ok().stdout_is("PERMS ID\n 0640 0\n");
}

#[test]
fn the_creators_group_is_shown_and_not_the_user() {
    if !needs_root("a creator of another group") {
        return;
    }
    let _ns = fresh();
    make::as_user(1234, 4321, || make::shm(0, 1, 0o600));
    if let Some(theirs) = theirs_of((2, 38)..(2, 42), &["-m", "-o", "cuid,cgid", "-r"]) {
        theirs.ok().stdout_is("CUID CGID\n1234 1234\n");
    }
    let args = ["-m", "-o", "cuid,cgid", "-r"];
    ours(&args).ok().stdout_is("CUID CGID\n1234 4321\n");
    drop_in("lsipc", args).without_sysvipc().run().ok().stdout_is("CUID CGID\n1234 4321\n");
}

#[test]
fn without_the_tables_in_proc_all_is_listed_all_the_same() {
    if !needs_root("objects of another user") {
        return;
    }
    let _ns = fresh();
    one_of_each();
    for kind in ["-m", "-q", "-s"] {
        let pair = both("lsipc", &[kind, "-r"], |cmd| cmd.unprivileged().without_sysvipc());
        if is_from("lsipc", (2, 38)..=(2, 43)) {
            pair.theirs.ok().stdout_empty();
        }
        let with = drop_in("lsipc", [kind, "-r"]).run().ok();
        pair.ours.ok().stderr_empty().stdout_is(with.stdout);
    }
}

#[test]
fn a_bad_list_of_columns_is_said() {
    let _ns = fresh();
    one_of_each();
    let many = ["id"; 69].join(",");
    for list in ["", "+", ",,", "id,,key", ",id", &many] {
        if let Some(theirs) = theirs(&["-m", "-o", list]) {
            theirs.status(1).stdout_empty().stderr_empty();
        }
        let said = ours(&["-m", "-o", list]).status(1).stdout_empty();
        said.stderr_has(if list == many {
            "lsipc: 69 columns are too many"
        } else {
            "lsipc: missing column name in '"
        });
    }
    ours(&["-m", "-o", &["id"; 68].join(",")]).ok();
}

#[test]
fn a_kind_given_twice_shows_its_columns_once() {
    let _ns = fresh();
    one_of_each();
    if let Some(theirs) = theirs_of(OLDER, &["-ss", "-r"]) {
        theirs.ok().stdout_has("KEY ID PERMS OWNER NSEMS KEY ID PERMS OWNER NSEMS\n");
    }
    let once = ours(&["-s", "-r"]).ok();
    ours(&["-ss", "-r"]).ok().stdout_is(once.stdout);
}

#[test]
fn creators_are_shown_with_times_and_chosen_columns() {
    let _ns = fresh();
    one_of_each();
    for args in [&["-s", "-c", "-t", "-r"][..], &["-s", "-c", "-o", "+id", "-r"]] {
        if let Some(theirs) = theirs_of((2, 41)..=(2, 43), args) {
            theirs.status(1).stdout_empty();
        }
        let ours = ours(args).ok().stderr_empty().stdout_has("NSEMS CUID CGID UID GID ");
        if let Some(theirs) = theirs_of(OLDER, args) {
            theirs.ok().stdout_is(ours.stdout);
        }
    }
}

#[test]
fn limits_are_those_of_system_v() {
    let _ns = fresh();
    let names = "MSGMNI MSGMAX MSGMNB SHMMNI SHMALL SHMMAX SHMMIN SEMMNI SEMMNS SEMMSL SEMOPM SEMVMX";
    let args = ["-r", "-o", "resource", "--noheadings"];
    if let Some(theirs) = theirs_of((2, 41)..=(2, 43), &args) {
        theirs.ok().stdout_has("\nMQUMNI\n");
    }
    ours(&args).ok().stderr_empty().stdout_is(format!("{}\n", names.replace(' ', "\n")));
}

#[test]
fn objects_of_posix_are_refused() {
    let _ns = fresh();
    let lines: [(&[&str], &str); 13] = [
        (&["-M"], "-M"),
        (&["-Q", "-J"], "-Q"),
        (&["-S"], "-S"),
        (&["-m", "-N", "x"], "-N"),
        (&["--posix-shmems"], "--posix-shmems"),
        (&["--posix-mqueues"], "--posix-mqueues"),
        (&["--posix-sem"], "--posix-sem"),
        (&["--name=x"], "--name"),
        (&["--na=x"], "--na"),
        (&["--posix", "x"], "--posix"),
        (&["--name"], "--name"),
        (&["-N"], "-N"),
        (&["-S", "--name", "x"], "-S"),
    ];
    for (line, option) in lines {
        let message = format!("lsipc: {option}: POSIX objects are not supported, only those of System V\n");
        ours(line).status(1).stdout_empty().stderr_is(message);
    }
    ours(&["--posix-b"]).status(1).stderr_has("lsipc: unrecognized option '--posix-b'\n");
}

#[test]
fn options_that_exclude_each_other_are_named_as_in_the_newest_release() {
    let _ns = fresh();
    let cannot = |one: &str, other: &str| format!("lsipc: options --{one} and --{other} cannot be combined\n");
    let lines: [(&[&str], String); 8] = [
        (&["-m", "-q"], cannot("shmems", "queues")),
        (&["-J", "-r"], cannot("json", "raw")),
        (&["-e", "-J"], cannot("export", "json")),
        (&["-l", "-n"], cannot("list", "newline")),
        (&["-t", "-o", "ID", "-m"], cannot("time", "output")),
        (&["-g", "-i", "0"], cannot("global", "id")),
        (&["-i", "0", "-g"], cannot("id", "global")),
        (&["-t"], "lsipc: --global is mutually exclusive with --creator, --id, --name and --time\n".to_owned()),
    ];
    for (line, message) in lines {
        if let Some(theirs) = theirs_of((2, 42)..=(2, 43), line) {
            theirs.status(1).stdout_empty().stderr_is(&message);
        }
        if let Some(theirs) = theirs_of(OLDER, line) {
            theirs.status(1).stdout_empty().stderr_has("mutually exclusive");
        }
        ours(line).status(1).stdout_empty().stderr_is(message);
    }
}

#[test]
fn of_a_limit_of_nothing_there_is_no_share() {
    if !may_set_limits("a limit of 0") {
        return;
    }
    let ns = fresh();
    ns.sysctl("msgmni", 0);
    let args = ["-g", "-q", "-r", "-o", "resource,limit,use%"];
    if let Some(theirs) = theirs(&args) {
        theirs.ok().stdout_has("MSGMNI 0 -nan%\n");
    }
    ours(&args).ok().stdout_has("MSGMNI 0 -\n");
}

#[test]
fn no_terminal_obeys_a_command_line() {
    let _ns = fresh();
    let _maker = maker("a\x1b[2J\nb\u{202e}c");
    let args = ["-m", "-i", "0", "-o", "command"];
    for locale in ["C", "C.UTF-8"] {
        let set = |name: &str| if name == "theirs" { tool("lsipc", args) } else { drop_in("lsipc", args) };
        if theirs_of(OLDER, &["-V"]).is_some() {
            set("theirs").env("LC_ALL", locale).run().ok().stdout_has("a\x1b[2J\nb");
        }
        let shown = r"a\x1b[2J\x0ab\xe2\x80\xaec";
        let sheet = set("ours").env("LC_ALL", locale).run().ok();
        sheet.stdout_is(format!("{:<36}{shown:<36}\n", "Creator command:"));
        let table = drop_in("lsipc", ["-m", "-o", "command"]).env("LC_ALL", locale).run().ok();
        table.stdout_is(format!("COMMAND\n{shown}\n"));
    }
    ours(&["-mJ", "-o", "command"]).ok().stdout_has(r#""a\u001b[2J\nb\u202ec""#);
}

#[test]
fn json_is_utf_8() {
    use std::os::unix::ffi::OsStrExt as _;
    let _ns = fresh();
    let script = "shmget(0, 1, 0600 | 512) // die; $| = 1; print \"made\\n\"; <STDIN>";
    let mut process = tool("perl", ["-e", script]).arg(std::ffi::OsStr::from_bytes(b"\xff")).stdin_open().spawn();
    process.line();
    if let Some(theirs) = theirs_of(OLDER, &["-mJ"]) {
        assert!(std::str::from_utf8(&theirs.ok().stdout).is_err());
    }
    let text = String::from_utf8(ours(&["-mJ"]).ok().stdout).expect("UTF-8");
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let command = document["sharedmemory"][0]["command"].as_str().expect("a command");
    assert!(command.ends_with(" \u{fffd}"), "{command}");
}

#[test]
fn what_cannot_be_written_is_a_failure_with_a_reason() {
    let _ns = fresh();
    one_of_each();
    let message = "lsipc: write error: Bad file descriptor\n";
    drop_in("lsipc", ["-m"]).stdout_closed().run().status(1).stderr_is(message);
    if theirs_of(OLDER, &["-V"]).is_some() {
        tool("lsipc", ["-m"]).stdout_closed().run().ok().stderr_empty();
    }
    // More than the C library's buffer holds.
    for _ in 0..200 {
        make::sem(0, 1, 0o600);
    }
    let full = drop_in("lsipc", ["-s"]).stdout_to("/dev/full").run().status(1);
    full.stderr_is("lsipc: write error: No space left on device\n");
    if theirs_of(OLDER, &["-V"]).is_some() {
        tool("lsipc", ["-s"]).stdout_to("/dev/full").run().status(1).stderr_is("lsipc: write error\n");
    }
}

#[test]
fn help_names_every_option_and_column() {
    let help = ours(&["--help"]).ok().stderr_empty();
    let columns = "KEY ID OWNER PERMS CUID CUSER CGID CGROUP UID USER GID GROUP CTIME SIZE NATTCH STATUS ATTACH DETACH \
                   COMMAND CPID LPID USEDBYTES MSGS SEND RECV LSPID LRPID NSEMS OTIME RESOURCE DESCRIPTION LIMIT USED USE%";
    for column in columns.split_whitespace() {
        assert!(help.stdout_str().lines().any(|line| line.starts_with(&format!("  {column} "))), "{column}");
    }
    if let Some(theirs) = theirs(&["--help"]) {
        let text = theirs.ok().stdout_str();
        // Those for POSIX objects are refused.
        let is_ours =
            |word: &&str| word.starts_with("--") && word.len() > 2 && !word.starts_with("--posix") && *word != "--name";
        for word in text.split([' ', ',', '=', '[', ')', '\n']).filter(is_ours) {
            assert!(help.stdout_str().contains(word), "{word}");
        }
    }
    drop_in("lsipc", ["-V"]).run().ok().stdout_has("util-linux 2.");
}
