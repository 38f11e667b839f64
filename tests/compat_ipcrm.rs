//! Called as `ipcrm`: what util-linux's does, and where it is better not to.

use std::ffi::OsString;
use std::fs::{self, File};

use ipcadm_testbed::{Cmd, Kind, NOBODY, Outcome, drop_in, fresh, is_root, make, needs_root, tool};

/// The ids that are left: segments, sets, queues.
type Left = [Vec<i32>; 3];

fn words(line: &str) -> Vec<OsString> {
    line.split(' ').map(Into::into).collect()
}

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

fn theirs(args: &[OsString]) -> Cmd {
    tool("ipcrm", args.to_vec())
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

/// What util-linux removes and we do not: with theirs `theirs_left` is left, with ours everything. Ours fails with
/// `message` on standard error and nothing on standard output.
#[track_caller]
fn spared(args: &[&str], theirs_left: [&[i32]; 3], message: &str) {
    let args: Vec<OsString> = args.iter().map(Into::into).collect();
    let (_, left) = run_on(two_of_each, theirs(&args));
    assert_eq!(left, theirs_left, "util-linux, {args:?}");
    let (outcome, left) = run_on(two_of_each, ours(&args));
    assert_eq!(left, ALL_LEFT, "{args:?}");
    outcome.status(1).stdout_empty().stderr_is(message);
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
    for line in LINES {
        same(two_of_each, &words(line), |cmd| cmd);
    }
    same(two_of_each, &["-m".into(), "".into()], |cmd| cmd);
    same(two_of_each, &["-m".into(), " 1".into(), "-M".into(), "\t0x51".into()], |cmd| cmd);
    same(|| (), &words("-va"), |cmd| cmd);
}

#[test]
fn as_util_linux_without_rights() {
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
        if line != "-a" {
            same(given, &words(line), Cmd::unprivileged);
        }
        let (outcome, left) = run_on(given, ours(&words(line)).unprivileged());
        outcome.ok().stderr_empty();
        assert!(left[2].is_empty(), "{line}");
    }
}

#[test]
fn everything_goes_whatever_happens_to_stdout() {
    for line in ["-va", "-v -m 0 -Q 0x71", "msg 0", "-v -m 999", "-a", "-m 0"] {
        let args = words(line);
        same(two_of_each, &args, |cmd| cmd.stdout_to("/dev/full"));
        same(two_of_each, &args, Cmd::stdout_closed);
        same(two_of_each, &args, Cmd::stdout_closed_pipe);
    }
    for word in ["-h", "-V"] {
        same(|| (), &words(word), |cmd| cmd.stdout_to("/dev/full"));
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

// From here on: where the two differ, and on purpose.

#[test]
fn a_kind_behind_a_blank_wipes_nothing() {
    let message = "ipcrm: unknown argument: shm\n\
        ipcrm: nothing was removed; to remove every shared memory segment write --all=shm or -ashm, without a blank\n\
        Try 'ipcrm --help' for more information.\n";
    spared(&["-a", "shm"], [&[]; 3], message);
    let message = message.replace("shared memory segment", "semaphore set").replace("shm", "sem");
    spared(&["-m", "0", "--all", "sem"], [&[]; 3], &message);
}

#[test]
fn an_empty_word_names_no_object() {
    for (kind, theirs_left) in
        [("shm", [&[1][..], &[0, 1], &[0, 1]]), ("sem", [&[0, 1], &[1], &[0, 1]]), ("msg", [&[0, 1], &[0, 1], &[1]])]
    {
        let message = "ipcrm: invalid id: it is empty (an unset variable?)\n";
        spared(&[kind, ""], theirs_left, message);
    }
}

#[test]
fn no_number_wraps_around() {
    let wrapped = "4294967297";
    let one = [&[0][..], &[0, 1], &[0, 1]];
    spared(&["shm", wrapped], one, &format!("ipcrm: invalid id: {wrapped}\n"));
    let range = |word: &str| format!("ipcrm: failed to parse argument: '{word}': Numerical result out of range\n");
    spared(&["-M", "0x100000051"], [&[1], &[0, 1], &[0, 1]], &range("0x100000051"));
    spared(&["-S", "0x100000061"], [&[0, 1], &[1], &[0, 1]], &range("0x100000061"));
    spared(&["-Q", "4294967409"], [&[0, 1], &[0, 1], &[1]], &range("4294967409"));
}

#[test]
fn a_sign_is_no_part_of_a_number() {
    let malformed = |word: &str| format!("ipcrm: failed to parse argument: '{word}'\n");
    let one = [&[0][..], &[0, 1], &[0, 1]];
    spared(&["-m", "+1"], one, &malformed("+1"));
    spared(&["shm", "+1"], one, "ipcrm: invalid id: +1\n");
    // 2^64 - 0x51, of which strtoul(3) makes the key 0x51.
    spared(&["-M", "-18446744073709551535"], [&[1], &[0, 1], &[0, 1]], &malformed("-18446744073709551535"));
    spared(&["-M", "+81"], [&[1], &[0, 1], &[0, 1]], &malformed("+81"));
    spared(&["-m", "-1"], ALL_LEFT, &malformed("-1"));
}

#[test]
fn a_wrong_word_anywhere_removes_nothing() {
    let first = [&[1][..], &[0, 1], &[0, 1]];
    let parse = |word: &str| format!("ipcrm: failed to parse argument: '{word}'\n");
    let help = "Try 'ipcrm --help' for more information.\n";
    spared(&["-m", "0", "-q", "abc"], first, &parse("abc"));
    spared(&["-m", "0", "-q", "0x1"], first, &parse("0x1"));
    spared(&["-m", "0", "-M", "0"], first, "ipcrm: illegal key (0)\n");
    spared(&["-m", "0", "--all=bogus"], first, "ipcrm: unknown argument: bogus\n");
    spared(&["-m", "0", "-z"], first, &format!("ipcrm: invalid option -- 'z'\n{help}"));
    spared(&["-m", "0", "-q"], first, &format!("ipcrm: option requires an argument -- 'q'\n{help}"));
    let unknown = format!("ipcrm: unknown argument: extra\nipcrm: nothing was removed\n{help}");
    spared(&["-m", "0", "extra"], first, &unknown);
    spared(&["extra", "-m", "0"], first, &unknown);
    spared(&["-a", "extra"], [&[]; 3], &unknown);
    let old = "ipcrm: invalid id: abc\nipcrm: invalid id: 1x\nipcrm: nothing was removed\n";
    spared(&["shm", "abc", "0", "1x"], first, old);
    // Control characters in a word do not reach the terminal.
    spared(&["-m", "0", "-q", "\u{1b}[2J"], first, &parse("\\x1b[2J"));
}

#[test]
fn who_asks_for_help_wants_nothing_removed() {
    for word in ["-h", "--help", "-V", "--version"] {
        let args = words(&format!("-m 0 {word}"));
        let (original, left) = run_on(two_of_each, theirs(&args));
        original.ok();
        assert_eq!(left[0], [1]);
        let (outcome, left) = run_on(two_of_each, ours(&args));
        outcome.ok().stderr_empty().stdout_has("ipcrm");
        assert_eq!(left, ALL_LEFT);
    }
}

#[test]
fn an_equals_sign_behind_the_letter_a_is_none_too_many() {
    // Since util-linux 2.42; before, it was an unknown argument.
    let (outcome, left) = run_on(two_of_each, ours(&words("-a=sem")));
    outcome.ok().stdout_empty().stderr_empty();
    assert_eq!(left, [&[0, 1][..], &[], &[0, 1]]);
}

#[test]
fn no_word_at_all_is_bad_usage() {
    // As newer util-linux has it; to older ones it was fine.
    let (outcome, left) = run_on(two_of_each, ours(&[]));
    outcome.status(1).stderr_is("ipcrm: bad usage\nTry 'ipcrm --help' for more information.\n");
    assert_eq!(left, ALL_LEFT);
}

#[test]
fn all_takes_what_its_owner_may_not_read() {
    let unreadable = || {
        make::shm(0, 1, 0o000);
        make::sem(0, 1, 0o200);
        make::msg(0, 0o200);
    };
    let own = || if is_root() { make::as_user(NOBODY, NOBODY, unreadable) } else { unreadable() };
    let (original, left) = run_on(own, theirs(&words("-a")).unprivileged());
    original.ok().stderr_empty();
    assert_eq!(left, [[0]; 3]);
    let (outcome, left) = run_on(own, ours(&words("-a")).unprivileged());
    outcome.ok().stdout_empty().stderr_empty();
    assert_eq!(left, Left::default());
}

#[test]
fn all_tells_what_it_leaves_alone() {
    if !needs_root("objects of other users") {
        return;
    }
    let of_others = || {
        make::shm(0, 1, 0o600);
        make::shm(0, 1, 0o600);
        make::msg(0, 0o600);
        make::as_user(NOBODY, NOBODY, || make::sem(0, 1, 0o600));
    };
    let (original, left) = run_on(of_others, theirs(&words("-va")).unprivileged());
    let original = original.ok().stderr_empty();
    let (outcome, ours_left) = run_on(of_others, ours(&words("-va")).unprivileged());
    assert_eq!(ours_left, left);
    outcome.ok().stdout_is(&original.stdout).stderr_is(
        "ipcrm: left alone, as others own them and you may not even read them: 2 shared memory segments, \
         1 message queue\n",
    );
}

#[test]
fn verbose_tells_when_an_attached_segment_goes() {
    let end = "shared memory segment id `0' goes when its last 2 attachments detach\n";
    let again = "shared memory segment id `0' was removed before and goes when its last 2 attachments detach\n";
    for line in ["-v -m 0", "-v -M 0x51", "-va", "-v --all=shm"] {
        let args = words(line);
        let ns = fresh();
        make::shm(0x51, 4096, 0o600);
        let attached = (make::attach(0), make::attach(0));
        let outcome = theirs(&args).run().ok().stdout_is("removing shared memory segment id `0'\n");
        drop(attached);
        assert!(ns.ids(Kind::Shm).is_empty());
        make::shm(0x51, 4096, 0o600);
        let id = ns.ids(Kind::Shm)[0];
        let attached = (make::attach(id), make::attach(id));
        let here = |text: &str| text.replace("`0'", &format!("`{id}'"));
        let args = words(&line.replace("-m 0", &format!("-m {id}")));
        let first = here(&outcome.stdout_str());
        ours(&args).run().ok().stderr_empty().stdout_is(format!("{first}{}", here(end)));
        if line != "-v -M 0x51" {
            ours(&args).run().ok().stderr_empty().stdout_is(format!("{first}{}", here(again)));
        }
        drop(attached);
    }
}

#[test]
fn posix_objects_are_refused_before_anything_is_done() {
    for (line, option) in [
        ("-m 0 --posix-shmem x", "--posix-shmem"),
        ("-m 0 --posix-mqueue=/x", "--posix-mqueue"),
        ("--posix-sem x -m 0", "--posix-semaphore"),
        ("-m 0 --all=pshm", "--all=pshm"),
        ("-m 0 -apmsg", "--all=pmsg"),
        ("-m 0 -a=psem", "--all=psem"),
    ] {
        let (outcome, left) = run_on(two_of_each, ours(&words(line)));
        outcome.status(1).stdout_empty().stderr_has(&format!("ipcrm: {option} is not supported"));
        assert_eq!(left, ALL_LEFT, "{line}");
    }
}

#[test]
fn all_leaves_files_in_memory_alone() {
    let path = format!("/dev/shm/ipcadm-test-{}", std::process::id());
    File::create_new(&path).expect("a file in /dev/shm");
    let (outcome, left) = run_on(two_of_each, ours(&words("-a")));
    outcome.ok().stderr_empty();
    assert_eq!(left, Left::default());
    fs::remove_file(path).expect("it is still there");
}
