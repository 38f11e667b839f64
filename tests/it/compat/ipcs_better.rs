//! What our `ipcs` does otherwise than util-linux's, on purpose: each test shows both.

use ipcadm_testbed::differential::{both, is_from};
use ipcadm_testbed::{Cmd, Folder, Kind, drop_in, fresh, make, needs_root, tool};

use super::plain;

/// The releases whose mistakes are known.
const KNOWN: std::ops::RangeInclusive<(u32, u32)> = (2, 37)..=(2, 43);

const KINDS: [(Kind, &str); 3] = [(Kind::Shm, "-m"), (Kind::Sem, "-s"), (Kind::Msg, "-q")];

/// Whether the installed one makes the mistakes that are known of it.
fn is_known() -> bool {
    is_from("ipcs", KNOWN)
}

#[test]
fn an_object_that_is_not_there_is_a_failure() {
    let _ns = fresh();
    for (kind, option) in KINDS {
        for populated in [false, true] {
            if populated {
                let _ = match kind {
                    Kind::Shm => make::shm(0, 1, 0o600),
                    Kind::Sem => make::sem(0, 1, 0o600),
                    Kind::Msg => make::msg(0, 0o600),
                };
            }
            let pair = both("ipcs", &[option, "-i", "999"], plain);
            pair.ours.status(1).stdout_empty().stderr_is("ipcs: id 999 not found\n");
            if is_known() {
                pair.theirs.status(0).stdout_empty().stderr_is("ipcs: id 999 not found\n");
            }
        }
    }
}

#[test]
fn no_negative_identifier_is_another_object() {
    let _ns = fresh();
    make::shm(0, 1, 0o600);
    make::msg(0, 0o600);
    make::sem(0, 1, 0o600);
    for (kind, option) in KINDS {
        for id in ["-1", "-2147483648"] {
            let message = format!("ipcs: id {id} not found\n");
            drop_in("ipcs", [option, "-i", id]).run().status(1).stdout_empty().stderr_is(message);
        }
        if is_known() {
            let theirs = tool("ipcs", [option, "-i", "-1"]).run();
            match kind {
                // It may live through reading beyond its own memory.
                Kind::Sem => assert!(theirs.status.is_none_or(|status| status == 0), "{theirs}"),
                Kind::Shm => drop(theirs.ok().stdout_has("shmid=-1\nuid=")),
                Kind::Msg => drop(theirs.ok().stdout_has("msqid=-1\nuid=")),
            }
        }
    }
}

#[test]
fn a_secret_set_shows_what_is_public() {
    let _ns = fresh();
    let id = make::sem(0, 2, 0o600).to_string();
    make::chown(Kind::Sem, id.parse().unwrap(), 0, 0, 0);
    let pair = both("ipcs", &["-s", "-i", &id], Cmd::unprivileged);
    let wanted =
        format!("\nSemaphore Array semid={id}\nuid=0\t gid=0\t cuid=0\t cgid=0\nmode=0, access_perms=0\nnsems = 2\n");
    let message = "ipcs: semctl(GETVAL) failed: Permission denied\n";
    let ours = pair.ours.status(1).stderr_is(message).stdout_has(&wanted).stdout_str();
    assert!(ours.ends_with("\nsemnum     value      ncount     zcount     pid       \n\n"), "{ours}");
    if is_known() {
        pair.theirs.status(1).stderr_is(message).stdout_empty();
    }
}

#[test]
fn a_secret_queue_shows_its_true_capacity() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    make::qbytes(id, 1234);
    make::chown(Kind::Msg, id, 0, 0, 0);
    let pair = both("ipcs", &["-q", "-i", &id.to_string()], Cmd::unprivileged);
    pair.ours.ok().stderr_empty().stdout_has("\ncbytes=0\tqbytes=1234\tqnum=0\t");
    if is_known() {
        pair.theirs.ok().stdout_has("\ncbytes=0\tqbytes=0\tqnum=0\t");
    }
}

#[test]
fn nothing_is_left_out_without_the_tables_in_proc() {
    let _ns = fresh();
    let id = make::msg(0x1234, 0o600);
    make::chown(Kind::Msg, id, 0, 0, 0);
    let pair = both("ipcs", &["-q"], |cmd| cmd.unprivileged().without_sysvipc());
    pair.ours.ok().stderr_empty().stdout_has("\n0x00001234 ");
    if is_known() {
        pair.theirs.ok().stderr_empty().stdout_lacks("0x00001234");
    }
}

#[test]
fn creators_without_the_tables_in_proc() {
    if !needs_root("another creator") {
        return;
    }
    let _ns = fresh();
    make::as_user(1, 4343, || make::shm(0, 1, 0o600));
    let pair = both("ipcs", &["-m", "-c"], Cmd::without_sysvipc);
    pair.ours.ok().stdout_has("0          600        daemon     4343       daemon     4343      \n");
    if is_known() {
        // The group of the creator is wrong: the number of the user, taken for a group.
        pair.theirs.ok().stdout_lacks("600        daemon     4343 ");
    }
}

#[test]
fn output_that_was_closed_is_a_failure() {
    let _ns = fresh();
    for args in [&["-m"][..], &["-h"], &["-V"]] {
        let pair = both("ipcs", args, Cmd::stdout_closed);
        pair.ours.status(1).stderr_is("ipcs: write error: Bad file descriptor\n");
        if is_known() {
            pair.theirs.status(0).stderr_empty();
        }
    }
    // With nothing to print there is nothing to fail.
    drop_in("ipcs", ["-m", "-i", "5"]).stdout_closed().run().status(1).stderr_is("ipcs: id 5 not found\n");
}

#[test]
fn messages_do_not_play_with_the_terminal() {
    let _ns = fresh();
    let pair = both("ipcs", &["-i", "\x1b[2Jx\n"], plain);
    pair.ours.status(1).stderr_is("ipcs: failed to parse id argument: '\\x1b[2Jx\\n'\n");
    if is_known() {
        pair.theirs.status(1).stderr_is("ipcs: failed to parse id argument: '\x1b[2Jx\n'\n");
    }
}

#[test]
fn names_are_cut_between_characters_and_do_no_harm() {
    let _ns = fresh();
    make::msg(0x51, 0o600);
    let folder = Folder::new("ipcs");
    for (name, theirs, ours) in [
        ("abcdefghi\u{e4}", &b" abcdefghi\xc3 600 "[..], " abcdefghi  600 "),
        ("ro\x1bot", b" ro\x1bot      600 ", " ro\\x1bot   600 "),
    ] {
        let file = folder.write("accounts", format!("{name}:x:0:0::/:/bin/sh\n"));
        let pair = both("ipcs", &["-q"], |cmd| cmd.accounts(&file));
        pair.ours.ok().stderr_empty().stdout_has(ours);
        if is_known() {
            let shown = pair.theirs.ok().stdout;
            assert!(shown.windows(theirs.len()).any(|part| part == theirs), "{}", String::from_utf8_lossy(&shown));
        }
    }
}

#[test]
fn the_version_names_both_programs() {
    let version = env!("CARGO_PKG_VERSION");
    for args in [&["-V"][..], &["--version"], &["--ver"], &["-bV"], &["-m", "-V", "-z"]] {
        let wanted = format!("ipcs from ipcadm {version}, compatible with util-linux 2.42\n");
        drop_in("ipcs", args.iter().copied()).run().ok().stderr_empty().stdout_is(wanted);
    }
}

#[test]
fn the_help_names_every_option() {
    let help = drop_in("ipcs", ["-h"]).run().ok().stderr_empty().stdout_str();
    drop_in("ipcs", ["--help", "-z"]).run().ok().stdout_is(&help);
    let options = |text: &str| {
        let mut words: Vec<String> = text
            .split(|c: char| c.is_whitespace() || ",|[]<>=".contains(c))
            .filter(|word| word.starts_with("-") && word.len() > 1)
            .map(str::to_owned)
            .collect();
        words.sort();
        words.dedup();
        words
    };
    for option in ["-i", "--id", "-h", "--help", "-V", "--version", "--shmems", "--human"] {
        assert!(options(&help).iter().any(|known| known == option), "{option}");
    }
    if is_known() {
        let theirs = options(&tool("ipcs", ["-h"]).run().ok().stdout_str());
        assert_eq!(options(&help), theirs);
    }
}

#[test]
fn what_vanishes_meanwhile_is_not_found_or_whole() {
    let _ns = fresh();
    let churner = make::churner(3);
    for _ in 0..40 {
        drop_in("ipcs", ["-a"]).run().ok().stderr_empty();
        let listed = drop_in("ipcs", ["-s"]).run().ok().stdout_str();
        for id in listed.lines().filter_map(|line| line.strip_prefix("0x00000000 ")?.split(' ').next()) {
            let one = drop_in("ipcs", ["-s", "-i", id]).run();
            match one.status {
                Some(0) => {
                    drop(one.stderr_empty().stdout_has("\nnsems = 1\n").stdout_has("\n0          0          0 "))
                }
                _ => drop(one.status(1).stdout_empty().stderr_is(format!("ipcs: id {id} not found\n"))),
            }
        }
    }
    assert!(churner.is_running());
}

#[test]
fn owners_are_looked_up_whoever_they_are() {
    if !needs_root("other owners") {
        return;
    }
    let _ns = fresh();
    // The last is more than a signed number holds.
    for (number, uid) in [0, 65534, 997, 4_294_967_294].into_iter().enumerate() {
        let id = make::msg(number as i32 + 1, 0o600);
        make::chown(Kind::Msg, id, uid, uid, 0o600);
    }
    let shown = drop_in("ipcs", ["-q"]).run().ok().stdout_str();
    assert!(shown.contains(" 4294967294 600 "), "{shown}");
}
