//! `ls`: columns, order, and how values are shown.

use ipcadm::listing::fields::FIELDS;
use ipcadm_testbed::{Kind, fresh, ipcadm, make, tool};

#[track_caller]
fn header(args: &[&str]) -> String {
    let text = ipcadm(["ls"]).args(args.iter().copied()).run().ok().stderr_empty().stdout_str();
    text.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_column_can_be_asked_for() {
    let _ns = fresh();
    make::shm(0, 1, 0o600);
    make::sem(0, 1, 0o600);
    make::msg(0, 0o600);
    let all: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    for &name in &all {
        for kind in [&[][..], &["shm"], &["sem"], &["msg"]] {
            assert_eq!(header(&[&["-o", name], kind].concat()), name.to_uppercase());
            let sorted = ipcadm(["ls", "-q", "--sort", name]).args(kind.iter().copied()).run().ok().stdout_str();
            assert_eq!(sorted.lines().count(), if kind.is_empty() { 3 } else { 1 });
        }
    }
    let whole = all.join(",");
    assert_eq!(header(&["-o", &whole]), whole.to_uppercase().replace(',', " "));
    ipcadm(["ls", "--help"]).run().ok().stdout_has("  kind           shm, sem or msg\n");
}

#[test]
fn columns_are_added_and_left_out() {
    let _ns = fresh();
    assert_eq!(header(&["-o", "key,ref"]), "KEY REF");
    assert_eq!(header(&["-o", "key", "shm"]), "KEY");
    assert_eq!(header(&["-o", "+uid"]), "REF KEY MODE OWNER ACTIVITY CONTENTS UID");
    assert_eq!(header(&["-o", "-contents,-key"]), "REF MODE OWNER ACTIVITY");
    assert_eq!(header(&["-o", "-contents,+ctime,+gid", "--sort", "id"]), "REF KEY MODE OWNER ACTIVITY CTIME GID");
    assert_eq!(header(&["-o", "+key"]), "REF KEY MODE OWNER ACTIVITY CONTENTS");
    assert_eq!(header(&["-o", "id,id,id"]), "ID");
    assert_eq!(header(&["-o", "id,+key"]), "ID KEY");
    assert_eq!(header(&["--output=-ref", "sem"]), "KEY MODE OWNER NSEMS OTIME CTIME");
    assert_eq!(header(&["-o-ref", "sem"]), "KEY MODE OWNER NSEMS OTIME CTIME");
}

#[test]
fn columns_that_are_none() {
    let _ns = fresh();
    let bad = |value: &str, message: &str| {
        let option = format!("--output={value}");
        ipcadm(["ls", &option]).run().status(2).stdout_empty().stderr_has(&format!("ipcadm: --output: {message}"));
        let option = format!("--sort={value}");
        if !value.starts_with(['+', '-']) && !value.is_empty() {
            ipcadm(["ls", &option]).run().status(2).stdout_empty().stderr_has(&format!("ipcadm: --sort: {message}"));
        }
    };
    bad("", "empty column name");
    bad("id,", "empty column name");
    bad(",id", "empty column name");
    bad("id,,key", "empty column name");
    bad("+", "empty column name");
    bad("-", "empty column name");
    bad("nonsense", "unknown column 'nonsense'\n  columns: kind, id, key, ref,");
    bad("id,nonsense", "unknown column 'nonsense'");
    bad("+nonsense", "unknown column 'nonsense'");
    bad("ID", "unknown column 'ID' (did you mean 'id'?)");
    bad("perms", "unknown column 'perms' (did you mean 'mode'?)");
    bad("bytes", "unknown column 'bytes' (did you mean 'size'?)");
    bad("json", "unknown column 'json' (for that format: --format json)");
    bad("id ", "unknown column 'id '");
    bad("-uid", "column 'uid' is not shown, so it cannot be left out");
    bad("-nonsense", "unknown column 'nonsense'");
    bad("-ref,-key,-mode,-owner,-activity,-contents", "no column is left");
    ipcadm(["ls", "--sort", ""]).run().status(2).stderr_has("for '--sort <COLUMNS>': is empty (an unset variable?)");
    ipcadm(["ls", "-q", "-o", "id"]).run().status(2).stderr_has("cannot be used with");
    ipcadm(["ls", "-o"]).run().status(2).stderr_has("a value is required for '--output <COLUMNS>'");
}

#[test]
fn order() {
    let _ns = fresh();
    let sizes = [300, 100, 200, 100];
    let refs: Vec<String> = sizes.iter().map(|&size| format!("shm:{}", make::shm(0, size, 0o600))).collect();
    let refs = |order: [usize; 4]| order.iter().map(|&n| refs[n].clone() + "\n").collect::<String>();
    let sorted = |args: &[&str]| ipcadm(["ls", "-q"]).args(args.iter().copied()).run().ok().stdout_str();
    assert_eq!(sorted(&[]), refs([0, 1, 2, 3]));
    assert_eq!(sorted(&["--reverse"]), refs([3, 2, 1, 0]));
    assert_eq!(sorted(&["--sort", "size"]), refs([1, 3, 2, 0]), "equal ones keep their order");
    assert_eq!(sorted(&["--sort", "size", "-r"]), refs([0, 2, 3, 1]), "the whole of it is turned round");
    assert_eq!(sorted(&["--sort", "size,id"]), refs([1, 3, 2, 0]));
    let set = make::sem(0, 5, 0o600);
    assert_eq!(sorted(&["--sort", "nsems"]), format!("sem:{set}\n{}", refs([0, 1, 2, 3])), "null comes last");
    assert_eq!(sorted(&["--sort", "size"]), format!("{}sem:{set}\n", refs([1, 3, 2, 0])));
    assert_eq!(sorted(&["--sort", "size", "-r"]), format!("{}sem:{set}\n", refs([0, 2, 3, 1])), "null stays last");
    let cut = sorted(&["--sort", "size", "--limit", "2"]);
    assert_eq!(cut.lines().collect::<Vec<_>>(), refs([1, 3, 2, 0]).lines().take(2).collect::<Vec<_>>());
}

#[test]
fn keys_and_modes_are_sorted_as_numbers() {
    let _ns = fresh();
    let high = make::msg(0x8000_0001_u32.cast_signed(), 0o007);
    let low = make::msg(0x7fff_ffff, 0o700);
    ipcadm(["ls", "-o", "key", "--no-header", "--sort", "key"]).run().ok().stdout_is("0x7fffffff\n0x80000001\n");
    ipcadm(["ls", "-q", "--sort", "mode"]).run().ok().stdout_is(format!("msg:{high}\nmsg:{low}\n"));
    ipcadm(["ls", "-q", "--sort", "ref"]).run().ok().stdout_is(format!("msg:{high}\nmsg:{low}\n"));
}

#[test]
fn at_most_so_many() {
    let _ns = fresh();
    let ids: Vec<i32> = (0..5).map(|_| make::msg(0, 0o600)).collect();
    let lines = |n: &str| ipcadm(["ls", "-q", "--limit", n]).run().ok().stdout_str().lines().count();
    assert_eq!([lines("0"), lines("1"), lines("5"), lines("6"), lines("18446744073709551615")], [0, 1, 5, 5, 5]);
    ipcadm(["ls", "-q", "--limit=2", "--reverse"]).run().ok().stdout_is(format!("msg:{}\nmsg:{}\n", ids[4], ids[3]));
    ipcadm(["ls", "--limit", "0", "--json"]).run().ok().stdout_has(r#""objects":[]"#);
    for (value, reason) in [
        ("", "is empty (an unset variable?)"),
        ("x", "is no number"),
        ("-1", "is no number"),
        ("+1", "is no number"),
        ("1x", "is no number"),
        (" 1", "is no number"),
        ("18446744073709551616", "is too large"),
    ] {
        let message = format!("ipcadm: invalid value '{value}' for '--limit <N>': {reason}\n");
        ipcadm(["ls", "--limit", value]).run().status(2).stdout_empty().stderr_has(&message);
    }
}

#[test]
fn sizes_for_people_and_exact() {
    let _ns = fresh();
    for size in [1, 1023, 1024, 4096, 10_239, 1_048_575, 1_048_576, 5 << 30] {
        make::shm(0, size, 0o1_0000 /* SHM_NORESERVE */ | 0o600);
    }
    let sizes =
        |args: &[&str]| ipcadm(["ls", "shm", "-o", "size", "--no-header"]).args(args.iter().copied()).run().ok();
    sizes(&[]).stdout_is("   1\n1023\n1.0K\n4.0K\n 10K\n1.0M\n1.0M\n5.0G\n");
    let exact = "         1\n      1023\n      1024\n      4096\n     10239\n   1048575\n   1048576\n5368709120\n";
    sizes(&["--bytes"]).stdout_is(exact);
    sizes(&["-b"]).stdout_is(exact);
    sizes(&["--format", "csv"]).stdout_is(exact.replace(' ', "").replace('\n', "\r\n"));
}

#[test]
fn times() {
    let _ns = fresh();
    let id = make::sem(0, 1, 0o600);
    let seconds = make::sem_stat(id).ctime;
    let ctime = |zone: &str, args: &[&str]| {
        ipcadm(["ls", "-o", "ctime", "--no-header"]).args(args.iter().copied()).env("TZ", zone).run().ok().value()
    };
    let date = |zone: &str, format: &str| {
        let epoch = format!("@{seconds}");
        tool("date", ["--date", &epoch, format]).env("TZ", zone).run().ok().value()
    };
    for zone in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"] {
        assert_eq!(ctime(zone, &["--time", "iso"]), date(zone, "+%Y-%m-%dT%H:%M:%S%:z"), "{zone}");
        assert_eq!(ctime(zone, &["--time", "full"]), date(zone, "+%a %Y-%m-%d %H:%M:%S %Z"), "{zone}");
        // Machines get UTC, wherever they are.
        let utc = date("UTC", "+%Y-%m-%dT%H:%M:%SZ");
        assert_eq!(ctime(zone, &["--format", "csv"]), format!("{utc}\r"));
        assert_eq!(ctime(zone, &["--format", "jsonl", "--time", "iso"]), format!(r#"{{"ctime":"{utc}","hidden":[]}}"#));
    }
    let age = ctime("UTC", &[]);
    assert!(age.ends_with(['s', 'm']) && age.starts_with(|c: char| c.is_ascii_digit()), "{age}");
    ipcadm(["ls", "-o", "otime", "--time", "iso"]).run().ok().stdout_is("OTIME\n    -\n");
    make::semop(id, &[(0, 1, 0)]);
    let otime = make::sem_stat(id).otime;
    ipcadm(["ls", "-o", "otime", "--json"]).run().ok().stdout_lacks("null");
    assert!(otime >= seconds);
    ipcadm(["ls", "--time", "relative"]).run().status(2).stderr_has("[possible values: age, iso, full]");
    ipcadm(["ls", "--time", ""]).run().status(2).stdout_empty();
}

#[test]
fn a_table_is_aligned() {
    let _ns = fresh();
    for size in [5, 123_456, 7] {
        make::shm(size, usize::try_from(size).expect("small"), 0o600);
    }
    make::remove(Kind::Shm, 1);
    ipcadm(["ls", "-o", "id,key,size,flags,mode", "--bytes"]).run().ok().stdout_is(
        "ID  KEY         SIZE  FLAGS  MODE\n \
          0  0x00000005     5  -      0600\n \
          2  0x00000007     7  -      0600\n",
    );
    // A last column of words that is empty leaves no blanks behind, a right one is filled up.
    ipcadm(["ls", "-o", "flags,size,key", "--bytes", "--no-header"])
        .run()
        .ok()
        .stdout_is("-  5  0x00000005\n-  7  0x00000007\n");
}
