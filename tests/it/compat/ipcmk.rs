//! Called as `ipcmk`: what util-linux's does, and where it is better not to.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ipcadm_testbed::differential::is_from;
use ipcadm_testbed::{Cmd, Folder, Kind, Namespace, Outcome, drop_in, fresh, make, may_set_limits, tool};

use crate::compat::words;

fn ours(args: &[OsString]) -> Cmd {
    drop_in("ipcmk", args.to_vec())
}

fn theirs(args: &[OsString]) -> Cmd {
    tool("ipcmk", args.to_vec())
}

/// What is there, without what differs from run to run.
fn objects(ns: &Namespace) -> Vec<String> {
    let columns = ["shmid", "semid", "msqid", "perms", "size", "nsems", "qnum", "uid", "otime"];
    let show = |kind: Kind| {
        let rows = ns.rows(kind).into_iter();
        rows.map(move |row| {
            let cells = columns.iter().filter_map(|name| row.get(*name).map(|value| format!(" {name}={value}")));
            format!("{}{}", kind.word(), cells.collect::<String>())
        })
    };
    Kind::ALL.into_iter().flat_map(show).collect()
}

/// Whether the installed one is of a release whose behaviour the tests know.
fn is_known() -> bool {
    is_from("ipcmk", (2, 38)..=(2, 43))
}

/// Both must print the same, end alike, and make the same, each in a namespace of its own.
#[track_caller]
fn same(args: &[OsString], prepare: impl Fn(&Namespace), change: impl Fn(Cmd) -> Cmd) {
    let end = |cmd: Cmd| {
        let ns = fresh();
        prepare(&ns);
        let outcome = change(cmd).run();
        (outcome.status, outcome.stdout_str(), outcome.stderr_str(), objects(&ns))
    };
    assert_eq!(end(ours(args)), end(theirs(args)), "{args:?}");
}

/// Ours fails and leaves nothing, on standard output neither.
#[track_caller]
fn nothing(args: &[OsString], prepare: impl Fn(&Namespace), change: impl Fn(Cmd) -> Cmd) -> Outcome {
    let ns = fresh();
    prepare(&ns);
    let outcome = change(ours(args)).run().status(1).stdout_empty();
    assert_eq!(objects(&ns), [""; 0], "{args:?}");
    outcome
}

/// What theirs leaves of the same command line.
fn left_by_theirs(args: &[OsString], prepare: impl Fn(&Namespace), change: impl Fn(Cmd) -> Cmd) -> usize {
    let ns = fresh();
    prepare(&ns);
    change(theirs(args)).run();
    objects(&ns).len()
}

const LINES: &[&str] = &[
    "-Q",
    "--queue",
    "-QQ",
    "-M 1 -S 1 -Q",
    "-Q -S 2 -M 3",
    "-S3 -M4K",
    "--shmem=10 --semaphore 2",
    "-M 10 -M 20 -p 600 -p 640",
    "-Q -p 0",
    "-Q -p 777",
    "-Q --mode=0600",
    "-Q --mo 7777",
    "-Q -p +600",
    "-S 1 -p 200",
    "-S 1 -p 0",
    "-Q extra",
    "extra",
    "-p 600",
    "-M",
    "-S",
    "-Q -p",
    "-z",
    "--bogus",
    "--s",
    "--sh",
    "--queue=1",
    "--mode",
    "-M abc",
    "-M abc -S abc",
    "-Q -M abc",
    "-M abc -V",
    "-S 0",
    "-S -1",
    "-S 010",
    "-S +1",
    "-S 0x1",
    "-S 1x",
    "-S 1.5",
    "-S 32000",
    "-S 32001",
    "-S 2147483648",
    "-S -2147483648",
    "-S -2147483649",
    "-S 4294967297",
    "-S 99999999999999999999999",
];

const SIZES: &[&str] = &[
    "",
    " ",
    "0",
    "00",
    "1",
    "010",
    "0x10",
    "0X10",
    "4K",
    "4k",
    "4KB",
    "4kB",
    "4kb",
    "4KiB",
    "4kib",
    "4Ki",
    "4B",
    "4KBx",
    "1.5M",
    "1.5K",
    "1.5KB",
    "1.5",
    "1.50K",
    "1.05K",
    "1.005K",
    ".5K",
    "5.K",
    "5.",
    "1.0K",
    "1.1K",
    "1.10K",
    "1.100K",
    "1.010K",
    "2.10M",
    "1.3K",
    "1.7K",
    "1.75K",
    "1.99K",
    "1.33333K",
    "0.1K",
    "0.1M",
    "0.01M",
    "0.10M",
    "0.25G",
    "3.14M",
    "1,5K",
    "1 K",
    " 1",
    "\t1",
    "1 ",
    "1\n",
    "+1",
    "-1",
    " -1",
    "+ 1",
    "abc",
    "K",
    "0K",
    "0.0K",
    "0Z",
    "17P",
    "15E",
    "16E",
    "1Y",
    "1Z",
    "1.5z",
    "18446744073692774399",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "1.x5K",
    "1.5.5K",
    "1.-5K",
    "1.+5K",
    "1. 5K",
    "0x1.8K",
    "0x1K",
    "0xK",
    "0x",
    "08",
    "09K",
    "010K",
    "010.5K",
    "00x10",
    "1.99999999999999999999K",
    "1.0000000000000000001K",
    "1.00000000000000000000005K",
    "1.18446744073709551615K",
    "1.18446744073709551616K",
    "1.000000001G",
    "1.123456789M",
    "1e3",
    "0.5KiB",
    "0.3KB",
    "1.05KB",
    "1.25KB",
    "1M1",
    "1GiBx",
    "2.718281828M",
    "0.999M",
    "0.000001G",
];

#[test]
fn as_util_linux() {
    if !is_known() {
        return;
    }
    for line in LINES {
        same(&words(line), |_| (), |cmd| cmd);
    }
    same(&[], |_| (), |cmd| cmd);
    for size in SIZES {
        // A line end in a message is escaped.
        if *size == "1\n" {
            nothing(&["-M".into(), size.into()], |_| (), |cmd| cmd).stderr_has("'1\\n': Invalid argument");
            continue;
        }
        same(&["-M".into(), size.into()], |_| (), |cmd| cmd);
    }
}

#[test]
fn as_util_linux_without_rights() {
    if !is_known() {
        return;
    }
    for line in ["-Q -M 1 -S 1", "-S 1 -p 0", "-M 4K -p 200"] {
        same(&words(line), |_| (), Cmd::unprivileged);
    }
}

#[test]
fn as_util_linux_at_a_limit() {
    if !is_known() || !may_set_limits("limits on objects") {
        return;
    }
    let none = |ns: &Namespace| {
        ns.sysctl("msgmni", 0);
        ns.sysctl("shmmni", 0);
        ns.sysctl("sem", "250 32000 32 0");
    };
    for line in ["-Q", "-M 1", "-S 1"] {
        same(&words(line), none, |cmd| cmd);
    }
    let small = |ns: &Namespace| {
        ns.sysctl("shmmax", 8192);
        ns.sysctl("sem", "3 32000 32 10");
    };
    for line in ["-M 8K", "-M 8193", "-S 3", "-S 4"] {
        same(&words(line), small, |cmd| cmd);
    }
}

#[test]
fn every_object_has_a_key_of_its_own() {
    let ns = fresh();
    for _ in 0..100 {
        ours(&words("-Q -S 1 -M 1")).run().ok().stderr_empty();
    }
    for kind in Kind::ALL {
        let keys: BTreeSet<i32> = ns.ids(kind).into_iter().map(|id| make::key_of(kind, id)).collect();
        assert_eq!(keys.len(), 100, "a key came twice");
        assert!(!keys.contains(&0));
    }
}

#[test]
fn a_new_set_is_all_zero_and_was_never_used() {
    let ns = fresh();
    ours(&words("-S 3")).run().ok();
    let id = ns.ids(Kind::Sem)[0];
    assert_eq!(make::getall(id, 3), [0; 3]);
    assert_eq!(ns.rows(Kind::Sem)[0]["otime"], "0");
}

#[test]
fn help_and_version_make_nothing() {
    let ns = fresh();
    for word in ["-h", "--help", "-V", "--version"] {
        ours(&words(&format!("-Q {word}"))).run().ok().stderr_empty().stdout_has("ipcmk");
        ours(&words(word)).stdout_to("/dev/full").run().status(1).stderr_has("write error: No space left on device");
    }
    assert_eq!(objects(&ns), [""; 0]);
}

// From here on: where the two differ, and on purpose.

#[test]
fn what_fails_later_leaves_nothing() {
    for (line, made, message) in [
        ("-M 10 -S 99999", 1, "create semaphore failed: Invalid argument"),
        ("-S 0 -Q -M 1", 2, "create semaphore failed: Invalid argument"),
        ("-Q -S -1", 1, "create semaphore failed: Invalid argument"),
    ] {
        let args = words(line);
        if is_known() {
            assert_eq!(left_by_theirs(&args, |_| (), |cmd| cmd), made, "util-linux, {line}");
        }
        nothing(&args, |_| (), |cmd| cmd).stderr_is(format!("ipcmk: {message}\n"));
    }
    if may_set_limits("msgmni") {
        let (args, none) = (words("-M 1 -Q"), |ns: &Namespace| ns.sysctl("msgmni", 0));
        if is_known() {
            assert_eq!(left_by_theirs(&args, none, |cmd| cmd), 1);
        }
        nothing(&args, none, |cmd| cmd).stderr_is("ipcmk: create message queue failed: No space left on device\n");
    }
}

#[test]
fn what_cannot_be_told_is_not_left() {
    type Way = (fn(Cmd) -> Cmd, &'static str);
    let ways: [Way; 3] = [
        (|cmd| cmd.stdout_to("/dev/full"), "No space left on device"),
        (Cmd::stdout_closed, "Bad file descriptor"),
        (Cmd::stdout_closed_pipe, "Broken pipe"),
    ];
    for (way, reason) in ways {
        let args = words("-M 1 -S 1 -Q");
        if is_known() {
            assert_eq!(left_by_theirs(&args, |_| (), way), 3, "util-linux, {reason}");
        }
        nothing(&args, |_| (), way).stderr_is(format!("ipcmk: write error: {reason}\n"));
    }
}

/// A pipe with a name and no room.
fn full_pipe(path: &Path) -> File {
    const O_NONBLOCK: i32 = 0o4000;
    tool("mkfifo", [path]).run().ok();
    let mut pipe = File::options().read(true).write(true).custom_flags(O_NONBLOCK).open(path).expect("a pipe");
    while pipe.write(&[b'.'; 4096]).is_ok() {}
    pipe
}

#[test]
fn who_interrupts_leaves_nothing_whose_id_nobody_got() {
    const SIGTERM: i32 = 15;
    for (name, command) in [("theirs", theirs(&words("-Q"))), ("ours", ours(&words("-Q")))] {
        if name == "theirs" && !is_known() {
            continue;
        }
        let folder = Folder::new("ipcmk");
        let path = folder.join("pipe");
        let _pipe = full_pipe(&path);
        let ns = fresh();
        let mut running = command.stdout_to(&path).spawn();
        while ns.ids(Kind::Msg).is_empty() {
            assert!(running.is_running(), "it ended without a queue");
            std::thread::yield_now();
        }
        running.signal(SIGTERM);
        running.wait().signal(SIGTERM);
        // Nobody was told what util-linux's has made.
        assert_eq!(ns.ids(Kind::Msg).len(), usize::from(name == "theirs"));
    }
}

#[test]
fn a_segment_that_could_not_last_is_not_made() {
    if !may_set_limits("shm_rmid_forced") {
        return;
    }
    let forced = |ns: &Namespace| ns.sysctl("shm_rmid_forced", 1);
    if is_known() {
        let ns = fresh();
        forced(&ns);
        // It tells the id of what is gone already.
        theirs(&words("-M 1")).run().ok().stdout_is("Shared memory id: 0\n");
        assert_eq!(objects(&ns), [""; 0]);
        same(&words("-Q -S 1"), forced, |cmd| cmd);
    }
    nothing(&words("-M 1 -Q"), forced, |cmd| cmd).stderr_has("create share memory failed: kernel.shm_rmid_forced is 1");
}

#[test]
fn a_mode_is_an_octal_number_up_to_7777() {
    let malformed = |mode: &str| format!("ipcmk: failed to parse mode: '{mode}'\n");
    let too_large = |mode: &str| format!("ipcmk: failed to parse mode: '{mode}': Numerical result out of range\n");
    // Older util-linux took all of these but the last, and cut them.
    for mode in ["10000", "37777777777", "40000000600", "77777777777777777777777"] {
        let args = words(&format!("-Q -p {mode}"));
        if mode.len() < 20 && is_from("ipcmk", (2, 38)..(2, 41)) {
            assert_eq!(left_by_theirs(&args, |_| (), |cmd| cmd), 1, "util-linux, {mode}");
        }
        nothing(&args, |_| (), |cmd| cmd).stderr_is(too_large(mode));
    }
    for mode in ["-1", "8", "abc", "u+r", "0x1", "600x"] {
        nothing(&words(&format!("-Q -p {mode}")), |_| (), |cmd| cmd).stderr_is(malformed(mode));
    }
    for mode in ["", " ", "600 "] {
        nothing(&["-Q".into(), "-p".into(), mode.into()], |_| (), |cmd| cmd).stderr_is(malformed(mode));
    }
}

#[test]
fn posix_objects_are_refused_before_anything_is_done() {
    for (line, option) in [
        ("-Q -m 100", "--posix-shmem"),
        ("-Q --posix-shmem=100 -n x", "--posix-shmem"),
        ("-S 1 -s", "--posix-semaphore"),
        ("-S 1 -m", "--posix-shmem"),
        ("-S 1 --name", "--name"),
        ("-S 1 --posix", "--posix"),
        ("-M 1 -q -n x", "--posix-mqueue"),
        ("-Q --name x", "--name"),
        ("-nx -Q", "--name"),
    ] {
        let outcome = nothing(&words(line), |_| (), |cmd| cmd);
        outcome.stderr_is(format!("ipcmk: {option} is not supported: this ipcmk makes System V objects only\n"));
    }
}
