//! Called as `ipcrm`: what util-linux's does, and where it is better not to.

mod differences;

use std::ffi::OsString;

use ipcadm_testbed::differential::is_from;
use ipcadm_testbed::{Cmd, Kind, NOBODY, Outcome, drop_in, fresh, is_root, make, needs_root, tool};

use crate::compat::words;

/// The ids that are left: segments, sets, queues.
type Left = [Vec<i32>; 3];

/// Two of each kind, ids 0 and 1, of which the first has a key: 0x51, 0x61, 0x71.
fn two_of_each() {
    make::shm(0x51, 4096, 0o600);
    make::shm(0, 1, 0o644);
    make::sem(0x61, 1, 0o600);
    make::sem(0, 2, 0o644);
    make::msg(0x71, 0o600);
    make::msg(0, 0o644);
}

const ALL_LEFT: [&[i32]; 3] = [&[0, 1]; 3];

/// Runs it in a namespace of its own that `populate` has filled.
fn run_on(populate: impl Fn(), cmd: Cmd) -> (Outcome, Left) {
    let ns = fresh();
    populate();
    let outcome = cmd.run();
    (outcome, Kind::ALL.map(|kind| ns.ids(kind)))
}

fn ours(args: &[OsString]) -> Cmd {
    drop_in("ipcrm", args.to_vec())
}

/// Since 2.41 its `--all` removes whatever is in /dev/shm, which no namespace keeps from it.
fn theirs(args: &[OsString]) -> Cmd {
    tool("ipcrm", args.to_vec()).without_dev_shm()
}

/// Whether the installed one is of a release whose behaviour the tests know.
fn is_known() -> bool {
    is_from("ipcrm", (2, 38)..=(2, 43))
}

/// Both must print the same, end alike, and leave the same.
#[track_caller]
fn same(populate: impl Fn(), args: &[OsString], change: impl Fn(Cmd) -> Cmd) {
    let (original, left) = run_on(&populate, change(theirs(args)));
    let (outcome, ours_left) = run_on(&populate, change(ours(args)));
    let end = |outcome: &Outcome| (outcome.status, outcome.signal, outcome.stdout_str(), outcome.stderr_str());
    assert_eq!(end(&outcome), end(&original), "{args:?}");
    assert_eq!(ours_left, left, "{args:?}");
}

const LINES: &[&str] = &[
    "shm",
    "msg",
    "sem 999",
    "shm abc",
    "shm abc 12x",
    "shm 0",
    "msg 0 1",
    "sem 1 999",
    "sem 999 1",
    "shm 999 998",
    "shm 01",
    "shm -m",
    "shm --",
    "sem 0 0",
    "-m 0",
    "--shmem-id=0",
    "--shmem-id 0",
    "-m0 -q1 -s 0",
    "-m 999",
    "-q 999",
    "-s 999",
    "-m 01",
    "-m 0000",
    "-m 01747",
    "-v -m 0",
    "-m 0 -v -q 0",
    "-v -M 0x51 -S 0x61 -Q 0x71",
    "-M 81",
    "-M 0121",
    "-M 0X51",
    "-Q 0x00000000071",
    "--semaphore-key=0x61",
    "-M 0",
    "-S 0x0",
    "-Q 000",
    "-M 0x99",
    "-v -M 0x99",
    "-v -m 999",
    "-m abc",
    "-m 0x3e7",
    "-m 99999999999",
    "-m 2147483648",
    "-m 2147483647",
    "-m --",
    "-M abc",
    "-M 0x",
    "-M 08",
    "-M 99999999999999999999999",
    "-M 4294967295",
    "-z",
    "--bogus",
    "--queue 1",
    "--sem 1",
    "--shmem-i 1",
    "--verb -m 1",
    "--verbose=1",
    "-m",
    "--shmem-id",
    "extra",
    "foo 1",
    "sh 1",
    "SHM 1",
    "-- shm 1",
    "-v shm 1",
    "-v",
    "--",
    "-m 1 --",
    "-m -1",
    "sem -1",
    "-m +1",
    "shm +1",
    "-m 0 -m 0",
    "-M 0x51 -M 0x51",
    "-v -m 0 -M 0x51",
    "-v -M 0x51 -m 0",
    "-m 0 -q 999 -s 1",
    "-a",
    "-va",
    "-av",
    "--all",
    "--all=shm",
    "-v --all=sem",
    "-ashm",
    "-amsg",
    "-ashm -amsg",
    "-a -asem",
    "--all=bogus",
    "-abogus",
    "-aSHM",
    "--all=",
    "-m 999 -a",
    "-a -m 1 -v",
    "-avm 1",
];

#[test]
fn as_util_linux() {
    if !is_known() {
        return;
    }
    for line in LINES {
        same(two_of_each, &words(line), |cmd| cmd);
    }
    same(two_of_each, &["-m".into(), "".into()], |cmd| cmd);
    same(two_of_each, &["-m".into(), " 1".into(), "-M".into(), "\t0x51".into()], |cmd| cmd);
    same(|| (), &words("-va"), |cmd| cmd);
}

#[test]
fn keys_may_have_signs() {
    let populate = || {
        make::msg(0xdead_beef_u32.cast_signed(), 0o600);
        make::msg(i32::MIN, 0o600);
        make::msg(-1, 0o600);
        make::msg(0x51, 0o600);
    };
    for (word, removed) in [
        ("-559038737", Some(0)),
        (" -559038737", Some(0)),
        ("-0x21524111", Some(0)),
        ("-04124440421", Some(0)),
        ("-2147483648", Some(1)),
        ("-1", Some(2)),
        ("+0x51", Some(3)),
        ("-0", None),
        ("-5", None),
    ] {
        let args: Vec<OsString> = vec!["-Q".into(), word.into()];
        if is_known() {
            same(populate, &args, |cmd| cmd);
        }
        let (_, left) = run_on(populate, ours(&args));
        assert_eq!(left[2], (0..4).filter(|&id| Some(id) != removed).collect::<Vec<i32>>(), "{word}");
    }
}

#[test]
fn every_key_as_proc_shows_it_removes_its_queue() {
    let ns = fresh();
    make::msg(0xdead_beef_u32.cast_signed(), 0o600);
    make::msg(0x51, 0o600);
    for row in ns.rows(Kind::Msg) {
        ours(&["-Q".into(), row["key"].clone().into()]).run().ok().stderr_empty();
    }
    assert!(ns.ids(Kind::Msg).is_empty());
}

#[test]
fn as_util_linux_without_rights() {
    if !is_known() {
        return;
    }
    // What is one's own needs none; alone in a user namespace everything is.
    for line in ["-m 0 -q 0", "-a", "-M 0x51 -v -m 999", "sem 0 1"] {
        let own = || if is_root() { make::as_user(NOBODY, NOBODY, two_of_each) } else { two_of_each() };
        same(own, &words(line), Cmd::unprivileged);
    }
    if !needs_root("objects of other users") {
        return;
    }
    // Those that others may read.
    let of_others = || {
        make::shm(0x51, 4096, 0o644);
        make::sem(0x61, 1, 0o644);
        make::msg(0x71, 0o644);
        make::as_user(NOBODY, NOBODY, two_of_each_private);
    };
    for line in [
        "-m 0",
        "-q 0 -s 0",
        "-M 0x51",
        "-v -M 0x51 -Q 0x71 -S 0x61",
        "-M 81 -m 1",
        "sem 0 1",
        "-a",
        "-av",
        "--all=msg",
        "-a -m 0",
    ] {
        same(of_others, &words(line), Cmd::unprivileged);
    }
}

fn two_of_each_private() {
    for _ in 0..2 {
        make::shm(0, 1, 0o600);
        make::sem(0, 1, 0o600);
        make::msg(0, 0o600);
    }
}

#[test]
fn a_creator_may_remove_what_he_gave_away() {
    if !needs_root("objects of other users") {
        return;
    }
    let given = || {
        let id = make::as_user(NOBODY, NOBODY, || make::msg(0x71, 0o600));
        make::chown(Kind::Msg, id, 7007, 7007, 0o600);
    };
    for line in ["-a", "-Q 0x71", "msg 0"] {
        // --all of util-linux passes over it, as he may not read it.
        if line != "-a" && is_known() {
            same(given, &words(line), Cmd::unprivileged);
        }
        let (outcome, left) = run_on(given, ours(&words(line)).unprivileged());
        outcome.ok().stderr_empty();
        assert!(left[2].is_empty(), "{line}");
    }
}

#[test]
fn everything_goes_whatever_happens_to_stdout() {
    if is_known() {
        for line in ["-va", "-v -m 0 -Q 0x71", "msg 0", "-v -m 999", "-a", "-m 0"] {
            let args = words(line);
            same(two_of_each, &args, |cmd| cmd.stdout_to("/dev/full"));
            same(two_of_each, &args, Cmd::stdout_closed);
            same(two_of_each, &args, Cmd::stdout_closed_pipe);
        }
        for word in ["-h", "-V"] {
            same(|| (), &words(word), |cmd| cmd.stdout_to("/dev/full"));
        }
    }
    // More than any buffer holds, so that writing fails in the middle of the work.
    let many = || {
        for _ in 0..3000 {
            make::sem(0, 1, 0o600);
        }
    };
    let (outcome, left) = run_on(many, ours(&words("-va")).stdout_to("/dev/full"));
    outcome.status(1).stderr_is("ipcrm: write error: No space left on device\n");
    assert_eq!(left, Left::default());
    for change in [Cmd::stdout_closed, Cmd::stdout_closed_pipe] {
        let (_, left) = run_on(many, change(ours(&words("-va"))));
        assert_eq!(left, Left::default());
    }
    let (_, left) = run_on(two_of_each, ours(&words("-q 99 -m 0 -m 1")).stderr_to("/dev/full"));
    assert!(left[0].is_empty());
}

#[test]
fn many_at_once() {
    if !is_known() {
        return;
    }
    let many = || {
        for _ in 0..300 {
            make::sem(0, 1, 0o600);
            make::shm(0, 1, 0);
            make::msg(0, 0o400);
        }
    };
    same(many, &words("-va"), |cmd| cmd);
    let ids = |kind: &str| [kind.into()].into_iter().chain((0..300).map(|id| id.to_string().into()));
    same(many, &ids("sem").collect::<Vec<OsString>>(), |cmd| cmd);
}

#[test]
fn doomed_segments_are_as_util_linux_has_them() {
    if !is_known() {
        return;
    }
    for line in ["-m 0", "-m 0 -m 0", "-M 0x51 -M 0x51", "-M 0x51 -m 0", "-a", "shm 0 1"] {
        let mut ends = Vec::new();
        for program in [theirs, ours] {
            let ns = fresh();
            two_of_each();
            let _attached = make::attach(0);
            for _ in 0..2 {
                let outcome = program(&words(line)).run();
                let rows = ns.rows(Kind::Shm).into_iter().map(|row| (row["shmid"].clone(), row["perms"].clone()));
                let rows: Vec<_> = rows.collect();
                ends.push((outcome.status, outcome.stdout_str(), outcome.stderr_str(), rows));
            }
        }
        assert_eq!(ends[..2], ends[2..], "{line}");
    }
}
