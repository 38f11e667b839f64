//! Where `ipcrm` differs from util-linux's, and on purpose: what theirs does, and what ours does instead.

use std::ffi::OsString;
use std::fs::{self, File};

use ipcadm_testbed::differential::is_from;
use ipcadm_testbed::{NOBODY, fresh, is_root, make, needs_root};

use super::{ALL_LEFT, Left, is_known, ours, run_on, theirs, two_of_each, words};

/// What util-linux removes and we do not: with theirs `theirs_left` is left, with ours everything. Ours fails with
/// `message` on standard error and nothing on standard output.
#[track_caller]
fn spared(args: &[&str], theirs_left: [&[i32]; 3], message: &str) {
    let args: Vec<OsString> = args.iter().map(Into::into).collect();
    if is_known() {
        let (_, left) = run_on(two_of_each, theirs(&args));
        assert_eq!(left, theirs_left, "util-linux, {args:?}");
    }
    let (outcome, left) = run_on(two_of_each, ours(&args));
    assert_eq!(left, ALL_LEFT, "{args:?}");
    outcome.status(1).stdout_empty().stderr_is(message);
}

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
fn a_sign_makes_no_other_number() {
    let malformed = |word: &str| format!("ipcrm: failed to parse argument: '{word}'\n");
    let range = |word: &str| format!("ipcrm: failed to parse argument: '{word}': Numerical result out of range\n");
    let first = [&[1][..], &[0, 1], &[0, 1]];
    // Of these strtoul(3) and a cut to 32 bits make the key 0x51.
    for word in ["-18446744073709551535", "-4294967215", "-0xffffffaf"] {
        spared(&["-M", word], first, &range(word));
    }
    spared(&["-M", "+-81"], ALL_LEFT, &malformed("+-81"));
    // A negative identifier is a wrong word as any other.
    spared(&["-m", "0", "-m", "-1"], first, "ipcrm: invalid id (-1)\n");
    spared(&["shm", "0", "-2"], first, "ipcrm: invalid id (-2)\nipcrm: nothing was removed\n");
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
        if is_known() {
            let (original, left) = run_on(two_of_each, theirs(&args));
            original.ok();
            assert_eq!(left[0], [1]);
        }
        let (outcome, left) = run_on(two_of_each, ours(&args));
        outcome.ok().stderr_empty().stdout_has("ipcrm");
        assert_eq!(left, ALL_LEFT);
    }
}

#[test]
fn an_equals_sign_behind_the_letter_a_is_none_too_many() {
    // Since util-linux 2.42; before, it was an unknown argument.
    if is_from("ipcrm", (2, 38)..(2, 41)) {
        let (original, left) = run_on(two_of_each, theirs(&words("-a=sem")));
        original.status(1).stderr_is("ipcrm: unknown argument: =sem\n");
        assert_eq!(left, ALL_LEFT);
    }
    let (outcome, left) = run_on(two_of_each, ours(&words("-a=sem")));
    outcome.ok().stdout_empty().stderr_empty();
    assert_eq!(left, [&[0, 1][..], &[], &[0, 1]]);
}

#[test]
fn no_word_at_all_is_bad_usage() {
    // As newer util-linux has it; to older ones it was fine.
    if is_from("ipcrm", (2, 38)..(2, 41)) {
        theirs(&[]).run().ok().stdout_empty().stderr_empty();
    }
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
    if is_known() {
        let (original, left) = run_on(own, theirs(&words("-a")).unprivileged());
        original.ok().stderr_empty();
        assert_eq!(left, [[0]; 3]);
    }
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
    let (outcome, left) = run_on(of_others, ours(&words("-va")).unprivileged());
    assert_eq!(left, [&[0, 1][..], &[], &[0]]);
    if is_known() {
        let (original, theirs_left) = run_on(of_others, theirs(&words("-va")).unprivileged());
        original.ok().stderr_empty().stdout_is(&outcome.stdout);
        assert_eq!(theirs_left, left);
    }
    outcome.ok().stdout_is("removing semaphore id `0'\n").stderr_is(
        "ipcrm: left alone, as others own them and you may not even read them: 2 shared memory segments, \
         1 message queue\n",
    );
}

#[test]
fn verbose_tells_when_an_attached_segment_goes() {
    let removing = "removing shared memory segment id `0'\n";
    let end = "shared memory segment id `0' goes when its last 2 attachments detach\n";
    let again = "shared memory segment id `0' was removed before and goes when its last 2 attachments detach\n";
    for line in ["-v -m 0", "-v -M 0x51", "-va", "-v --all=shm"] {
        let args = words(line);
        if is_known() {
            let _ns = fresh();
            make::shm(0x51, 4096, 0o600);
            let _attached = (make::attach(0), make::attach(0));
            theirs(&args).run().ok().stdout_is(removing);
        }
        let _ns = fresh();
        make::shm(0x51, 4096, 0o600);
        let _attached = (make::attach(0), make::attach(0));
        ours(&args).run().ok().stderr_empty().stdout_is(format!("{removing}{end}"));
        // Its key leads nowhere any more.
        if line != "-v -M 0x51" {
            ours(&args).run().ok().stderr_empty().stdout_is(format!("{removing}{again}"));
        }
    }
}

#[test]
fn posix_objects_are_refused_before_anything_is_done() {
    for (line, option) in [
        ("-m 0 --posix-shmem x", "--posix-shmem"),
        ("-m 0 --posix-mqueue=/x", "--posix-mqueue"),
        ("--posix-sem x -m 0", "--posix-semaphore"),
        ("-m 0 --posix-shmem", "--posix-shmem"),
        ("-m 0 --posix x", "--posix"),
        ("-m 0 --p=x", "--p"),
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
