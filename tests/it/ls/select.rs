//! `ls`: each selector alone, every two together, and what is refused.

use std::collections::BTreeSet;

use ipcadm_testbed::{Kind, fresh, ipcadm, make, needs_root};

/// The references that `ls -q` prints with these arguments.
#[track_caller]
fn chosen(args: &[&str]) -> BTreeSet<String> {
    let text = ipcadm(["ls", "-q"]).args(args.iter().copied()).run().ok().stderr_empty().stdout_str();
    text.lines().map(str::to_owned).collect()
}

fn set(refs: &[&str]) -> BTreeSet<String> {
    refs.iter().map(|&text| text.to_owned()).collect()
}

/// Makes shm:0 to shm:3, sem:0 to sem:1 and msg:0 to msg:2, each a little different.
fn make_various() -> make::Attachment {
    make::shm(0, 100, 0o600);
    make::shm(0x0d4d_1111, 4096, 0o644);
    make::shm(0x0d4d_2222, 65_536, 0o666);
    make::shm(0x8d4d_0001_u32.cast_signed(), 1 << 20, 0o000);
    make::sem(0, 1, 0o660);
    make::sem(0x0d4d_1111, 2, 0o600);
    make::msg(0, 0o600);
    make::msg(0x0000_0d4d, 0o622);
    make::msg(0x0d4d_1111, 0o777);
    make::send(1, 1, &[0; 200]);
    make::send(2, 1, b"");
    make::attach(1)
}

/// Selectors and what each chooses from that.
fn selectors() -> Vec<(Vec<&'static str>, BTreeSet<String>)> {
    let all = ["shm:0", "shm:1", "shm:2", "shm:3", "sem:0", "sem:1", "msg:0", "msg:1", "msg:2"];
    vec![
        (vec!["--owner", "root"], set(&all)),
        (vec!["--owner", "0"], set(&all)),
        (vec!["--owner", "1"], set(&[])),
        (vec!["--not-owner", "root"], set(&[])),
        (vec!["--not-owner", "4294967294"], set(&all)),
        (vec!["--group", "0"], set(&all)),
        (vec!["--creator", "root"], set(&all)),
        (vec!["--creator", "70000"], set(&[])),
        (vec!["--key", "0x0d4d1111"], set(&["shm:1", "sem:1", "msg:2"])),
        (vec!["--key", "0xd4d1111"], set(&["shm:1", "sem:1", "msg:2"])),
        (vec!["--key", "0x0d4d*"], set(&["shm:1", "shm:2", "sem:1", "msg:2"])),
        (vec!["--key", "0x8*"], set(&["shm:3"])),
        (vec!["--key", "0x0*"], set(&["shm:1", "shm:2", "sem:1", "msg:1", "msg:2"])),
        (vec!["--key", "0x8d4d0001*"], set(&["shm:3"])),
        (vec!["--key", "0xd4d"], set(&["msg:1"])),
        (vec!["--not-key", "0x0d4d*"], set(&["shm:0", "shm:3", "sem:0", "msg:0", "msg:1"])),
        (vec!["--private"], set(&["shm:0", "sem:0", "msg:0"])),
        (vec!["--keyed"], set(&["shm:1", "shm:2", "shm:3", "sem:1", "msg:1", "msg:2"])),
        (vec!["--mode", "600"], set(&["shm:0", "sem:1", "msg:0"])),
        (vec!["--mode", "0600"], set(&["shm:0", "sem:1", "msg:0"])),
        (vec!["--mode", "0"], set(&["shm:3"])),
        (vec!["--mode", "/022"], set(&["shm:2", "sem:0", "msg:1", "msg:2"])),
        (vec!["--mode", "-022"], set(&["shm:2", "msg:1", "msg:2"])),
        (vec!["--mode", "-066"], set(&["shm:2", "msg:2"])),
        (vec!["--mode=-0700"], set(&["msg:2"])),
        (vec!["--larger", "99"], set(&["shm:0", "shm:1", "shm:2", "shm:3", "msg:1"])),
        (vec!["--larger", "4K"], set(&["shm:2", "shm:3"])),
        (vec!["--smaller", "4096"], set(&["shm:0", "msg:0", "msg:1", "msg:2"])),
        (vec!["--smaller", "0"], set(&[])),
        (
            vec!["--smaller", "18446744073709551615"],
            set(&["shm:0", "shm:1", "shm:2", "shm:3", "msg:0", "msg:1", "msg:2"]),
        ),
        (vec!["--older-than", "1h"], set(&[])),
        (vec!["--newer-than", "1h"], set(&all)),
        (vec!["--newer-than", "0"], set(&[])),
        (vec!["--attached"], set(&["shm:1"])),
        (vec!["--unattached"], set(&["shm:0", "shm:2", "shm:3"])),
        (vec!["--empty"], set(&["msg:0"])),
        (vec!["shm"], set(&["shm:0", "shm:1", "shm:2", "shm:3"])),
        (vec!["sem"], set(&["sem:0", "sem:1"])),
    ]
}

#[test]
fn each_alone() {
    let _ns = fresh();
    let _attached = make_various();
    for (args, expected) in selectors() {
        assert_eq!(chosen(&args), expected, "{args:?}");
        // After the kind words and before them.
        let both = [&["shm", "sem", "msg"], &*args].concat();
        if args.len() > 1 || args[0].starts_with('-') {
            assert_eq!(chosen(&both), expected, "{both:?}");
        }
    }
}

#[test]
fn every_two_together() {
    let _ns = fresh();
    let _attached = make_various();
    let all = selectors();
    for (one, first) in &all {
        for (two, second) in &all {
            let option = |args: &[&str]| args[0].split('=').next().unwrap_or_default().to_owned();
            let opposites = [["--private", "--keyed"], ["--attached", "--unattached"]];
            let (a, b) = (option(one), option(two));
            if a >= b || opposites.iter().any(|pair| pair.contains(&&*a) && pair.contains(&&*b)) {
                continue;
            }
            // Two kind words are ORed.
            if !a.starts_with('-') && !b.starts_with('-') {
                continue;
            }
            let args = [one.as_slice(), two.as_slice()].concat();
            assert_eq!(chosen(&args), first & second, "{args:?}");
        }
    }
}

#[test]
fn repeated_ones_are_ored() {
    let _ns = fresh();
    let _attached = make_various();
    assert_eq!(chosen(&["--key", "0x0d4d1111", "--key", "0x8*"]), set(&["shm:1", "sem:1", "msg:2", "shm:3"]));
    assert_eq!(chosen(&["--mode", "000", "--mode", "660"]), set(&["shm:3", "sem:0"]));
    assert_eq!(chosen(&["--mode", "/001", "--mode", "-066"]), set(&["shm:2", "msg:2"]));
    assert_eq!(chosen(&["--owner", "1", "--owner", "0", "shm", "--private"]), set(&["shm:0"]));
    assert_eq!(chosen(&["--creator", "1", "--creator", "2"]), set(&[]));
    assert_eq!(chosen(&["--group", "1", "--group", "root", "sem"]), set(&["sem:0", "sem:1"]));
    // What is left out by one is left out.
    assert_eq!(chosen(&["--not-key", "0x0d4d*", "--not-key", "0x8*", "--keyed"]), set(&["msg:1"]));
    assert_eq!(chosen(&["--not-owner", "1", "--not-owner", "0"]), set(&[]));
    for twice in [
        ["--larger", "1", "--larger", "2"],
        ["--smaller", "1", "--smaller", "2"],
        ["--older-than", "1", "--older-than", "2"],
        ["--newer-than", "1", "--newer-than", "2"],
    ] {
        let message = format!("'{}", twice[0]);
        ipcadm(["ls"]).args(twice).run().status(2).stdout_empty().stderr_has(&message).stderr_has("multiple times");
    }
    for [one, two] in [["--private", "--keyed"], ["--attached", "--unattached"]] {
        ipcadm(["ls", one, two]).run().status(2).stdout_empty().stderr_has("cannot be used with");
    }
}

#[test]
fn empty_values_are_refused() {
    let _ns = fresh();
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
    ] {
        let outcome = ipcadm(["ls", option, ""]).run().status(2).stdout_empty();
        outcome.stderr_has("ipcadm: invalid value '' for '").stderr_has(option);
        ipcadm(["ls", &format!("{option}=")]).run().status(2).stdout_empty().stderr_has(option);
        ipcadm(["ls", option]).run().status(2).stdout_empty().stderr_has("a value is required for '");
    }
}

#[test]
fn malformed_values_are_refused() {
    let _ns = fresh();
    let refused = |option: &str, value: &str, reason: &str| {
        ipcadm(["ls", &format!("{option}={value}")]).run().status(2).stdout_empty().stderr_has(reason);
    };
    refused("--owner", "nobody-has-this-name", "ipcadm: --owner: no such user: nobody-has-this-name\n");
    refused("--not-owner", "nobody-has-this-name", "ipcadm: --not-owner: no such user: nobody-has-this-name\n");
    refused("--creator", "nobody-has-this-name", "ipcadm: --creator: no such user: nobody-has-this-name\n");
    refused("--group", "nobody-has-this-name", "ipcadm: --group: no such group: nobody-has-this-name\n");
    for bad in ["4294967295", "4294967296", "99999999999999999999"] {
        refused("--owner", bad, &format!("ipcadm: --owner: {bad} is no user number (0 to 4294967294)\n"));
        refused("--group", bad, &format!("ipcadm: --group: {bad} is no group number (0 to 4294967294)\n"));
    }
    for bad in ["-1", "+1", "0x0", " 0", "0 ", "1.5"] {
        refused("--owner", bad, &format!("ipcadm: --owner: no such user: {bad}\n"));
    }
    for bad in ["5101", "0x", "0x*", "*", "0x123456789", "0x12345678*9", "0xg", "-0x1", "0x1**", "0x123456789*"] {
        refused("--key", bad, "is no key: give 0x and 1 to 8 hex digits, or the first digits and '*'");
        refused("--not-key", bad, "is no key");
    }
    refused("--key", "0x0", "is the private key, which names nothing; use --private");
    for (bad, reason) in [
        ("8", "where an octal digit"),
        ("/", "is empty"),
        ("-", "is empty"),
        ("1000", "is out of range: an IPC object keeps permission bits only"),
        ("00600", "has more than four octal digits"),
        ("u=rw", "where an octal digit"),
        ("/-022", "where an octal digit"),
    ] {
        refused("--mode", bad, reason);
    }
    for option in ["--larger", "--smaller"] {
        refused(option, "-1", "has a sign");
        refused(option, "5X", "has an unknown unit 'X' (use K, M, G");
        refused(option, "many", "is not a size");
        refused(option, "1 K", "has a blank in it");
        refused(option, "1.5", "has a fraction but no unit");
        refused(option, "18446744073709551616", "is larger than 2^64-1");
        refused(option, "16E", "is larger than 2^64-1");
        refused(option, "0xfffffffffffffffff", "is larger than 2^64-1");
    }
    for option in ["--older-than", "--newer-than"] {
        refused(option, "-1", "has a sign");
        refused(option, "5x", "has an unknown unit 'x' (use w, d, h, m, s or ms)");
        refused(option, "soon", "is not a duration");
        refused(option, "1h30", "ends in a number without a unit");
        refused(option, "30m1h", "units in descending order");
        refused(option, "18446744073709551616", "is longer than 2^64-1 seconds");
    }
    // Also as a word of its own, not only behind '='.
    ipcadm(["ls", "--larger", "-1"]).run().status(2).stdout_empty();
    ipcadm(["ls", "--nonsense"]).run().status(2).stdout_empty().stderr_has("unexpected argument '--nonsense'");
}

#[test]
fn selectors_for_other_kinds_exclude() {
    let _ns = fresh();
    let _attached = make_various();
    for args in [["sem", "--larger", "0"], ["msg", "--attached", "-b"], ["shm", "--empty", "-b"]] {
        assert_eq!(chosen(&args), set(&[]), "{args:?}");
    }
    // The columns are those of the kinds asked for, whatever was found.
    ipcadm(["ls", "sem", "--larger", "0"]).run().ok().stdout_is("REF  KEY  MODE  OWNER  NSEMS  OTIME  CTIME\n");
    assert_eq!(chosen(&["--larger", "0", "--attached"]), set(&["shm:1"]));
    assert_eq!(chosen(&["--empty", "--attached"]), set(&[]));
    let mine = ipcadm(["shm", "ls", "-q", "--key", "0x0d4d*"]).run().ok();
    mine.stdout_is("shm:1\nshm:2\n");
    ipcadm(["shm", "-q", "--key", "0x0d4d*"]).run().ok().stdout_is("shm:1\nshm:2\n");
    ipcadm(["--key", "0x0d4d*", "-q"]).run().ok().stdout_is("shm:1\nshm:2\nsem:1\nmsg:2\n");
}

#[test]
fn a_removed_segment_has_no_key_any_more() {
    let _ns = fresh();
    let id = make::shm(0x51, 1, 0o600);
    let _attached = make::attach(id);
    make::remove(Kind::Shm, id);
    assert_eq!(chosen(&["--key", "0x51"]), set(&[]));
    assert_eq!(chosen(&["--keyed"]), set(&[]));
    assert_eq!(chosen(&["--private", "--attached"]), set(&["shm:0"]));
    assert_eq!(chosen(&["--mode", "600"]), set(&["shm:0"]), "status bits are no permissions");
}

#[test]
fn owners_groups_and_creators() {
    if !needs_root("objects of other users") {
        return;
    }
    let _ns = fresh();
    let nobodys = make::as_user(65534, 65533, || make::shm(0, 1, 0o600));
    let given = make::as_user(65534, 65533, || make::msg(0, 0o600));
    make::chown(Kind::Msg, given, 4_294_967_294, 4_294_967_293, 0o600);
    let big = make::sem(0, 1, 0o600);
    make::chown(Kind::Sem, big, 70_000, 70_001, 0o600);
    let (nobodys, given, big) = (format!("shm:{nobodys}"), format!("msg:{given}"), format!("sem:{big}"));
    assert_eq!(chosen(&["--owner", "65534"]), set(&[&nobodys]));
    assert_eq!(chosen(&["--owner", "nobody"]), set(&[&nobodys]));
    assert_eq!(chosen(&["--not-owner", "nobody"]), set(&[&given, &big]));
    assert_eq!(chosen(&["--creator", "nobody"]), set(&[&nobodys, &given]));
    assert_eq!(chosen(&["--creator", "root"]), set(&[&big]));
    assert_eq!(chosen(&["--creator", "nobody", "--creator", "root"]), set(&[&nobodys, &given, &big]));
    assert_eq!(chosen(&["--owner", "4294967294"]), set(&[&given]));
    assert_eq!(chosen(&["--group", "4294967293"]), set(&[&given]));
    assert_eq!(chosen(&["--owner", "70000", "--owner", "65534"]), set(&[&nobodys, &big]));
    assert_eq!(chosen(&["--owner", "70000", "--group", "70001"]), set(&[&big]));
    assert_eq!(chosen(&["--owner", "70000", "--group", "65533"]), set(&[]));
    assert_eq!(chosen(&["--creator", "nobody", "--not-owner", "nobody"]), set(&[&given]));
    // A number is a number, even where a user is called so.
    assert_eq!(chosen(&["--owner", "4464"]), set(&[]), "70000 is not cut to 16 bits");
    ipcadm(["ls", "-o", "ref,owner,uid,gid,cuid,cgid"]).run().ok().stdout_is(
        "REF    OWNER              UID         GID   CUID   CGID\n\
         shm:0  nobody           65534       65533  65534  65533\n\
         sem:0  70000            70000       70001      0      0\n\
         msg:0  4294967294  4294967294  4294967293  65534  65533\n",
    );
}
