//! `ls`: what is listed, and the ways to call it.

mod churn;
mod columns;
mod fallbacks;
mod formats;
mod refs;
mod select;
mod state;
mod truth;

use ipcadm_testbed::{Kind, fresh, ipcadm, make, needs_root};

const MIXED: &str = "REF  KEY  MODE  OWNER  ACTIVITY  CONTENTS\n";

/// A segment, a set and a queue with the key 0x51; their references, in the order of a listing.
fn one_of_each() -> [String; 3] {
    let (shm, sem, msg) = (make::shm(0x51, 5000, 0o600), make::sem(0x51, 3, 0o640), make::msg(0x51, 0o666));
    [format!("shm:{shm}"), format!("sem:{sem}"), format!("msg:{msg}")]
}

/// The words of each line.
fn words(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn an_empty_namespace_has_a_header_only() {
    let _ns = fresh();
    ipcadm(["ls"]).run().ok().stdout_is(MIXED).stderr_empty();
    ipcadm(["ls", "shm"]).run().ok().stdout_is("REF  KEY  MODE  OWNER  SIZE  NATTCH  CPID  LPID  ACTIVITY  FLAGS\n");
    ipcadm(["ls", "sem"]).run().ok().stdout_is("REF  KEY  MODE  OWNER  NSEMS  OTIME  CTIME\n");
    ipcadm(["ls", "msg"])
        .run()
        .ok()
        .stdout_is("REF  KEY  MODE  OWNER  QNUM  CBYTES  QBYTES  FULL  LSPID  LRPID  ACTIVITY\n");
    ipcadm(["ls", "--no-header"]).run().ok().stdout_empty().stderr_empty();
    ipcadm(["ls", "-q"]).run().ok().stdout_empty().stderr_empty();
    ipcadm(["ls", "--format", "jsonl"]).run().ok().stdout_empty().stderr_empty();
    ipcadm(["ls", "--json"]).run().ok().stdout_has(r#""objects":[]"#).stdout_has(r#""errors":[]"#);
}

#[test]
fn listing_is_the_default() {
    let _ns = fresh();
    let [shm, sem, msg] = one_of_each();
    let all = format!("{shm}\n{sem}\n{msg}\n");
    let refs = |args: &[&str]| {
        let text = ipcadm(args.iter().copied()).run().ok().stderr_empty().stdout_str();
        words(&text).iter().skip(1).map(|row| row[0].clone() + "\n").collect::<String>()
    };
    for args in [&[][..], &["ls"], &["--color", "never"], &["--color=never"], &["-v", "-q"], &["--sort", "id"]] {
        if args.contains(&"-v") {
            ipcadm(args.iter().copied()).run().ok().stdout_is(&all).stderr_has("ipcadm: ");
        } else {
            assert_eq!(refs(args), all, "{args:?}");
        }
    }
    ipcadm(["-q"]).run().ok().stdout_is(&all);
    for (kind, reference) in [("shm", &shm), ("sem", &sem), ("msg", &msg)] {
        let one = format!("{reference}\n");
        for args in [&[kind, "-q"][..], &[kind, "ls", "-q"], &["ls", kind, "-q"], &["--color", "never", kind, "-q"]] {
            ipcadm(args.iter().copied()).run().ok().stdout_is(&one).stderr_empty();
        }
        assert_eq!(refs(&[kind]), one);
        ipcadm([kind, "--json"]).run().ok().stdout_has(&format!(r#""ref":"{reference}""#));
    }
    ipcadm(["--json"]).run().ok().stdout_has(r#""kind":"shm""#).stdout_has(r#""kind":"sem""#);
    ipcadm(["--color"]).run().status(2).stderr_has("a value is required for '--color <WHEN>'");
}

#[test]
fn a_mixed_listing_and_one_of_each_kind() {
    let _ns = fresh();
    let [shm, sem, msg] = one_of_each();
    let text = ipcadm(["ls"]).run().ok().stderr_empty().stdout_str();
    let rows = words(&text);
    assert_eq!(rows[0], ["REF", "KEY", "MODE", "OWNER", "ACTIVITY", "CONTENTS"]);
    let start = |row: &[String]| row[..3].to_vec();
    assert_eq!(start(&rows[1]), [&shm, "0x00000051", "0600"]);
    assert_eq!(start(&rows[2]), [&sem, "0x00000051", "0640"]);
    assert_eq!(start(&rows[3]), [&msg, "0x00000051", "0666"]);
    assert_eq!(rows[1][5..], ["4.9K"]);
    assert_eq!(rows[2][5..], ["3", "semaphores"]);
    assert_eq!(rows[3][5..], ["0", "messages"]);
    assert!(text.lines().all(|line| !line.ends_with(' ')), "trailing blanks:\n{text}");

    let pid = std::process::id().to_string();
    let rows = words(&ipcadm(["ls", "shm"]).run().ok().stdout_str());
    assert_eq!(rows[1][..3], [&shm, "0x00000051", "0600"]);
    assert_eq!(rows[1][4..8], ["4.9K", "0", &pid, "-"]);
    assert_eq!(rows[1][9], "-");
    let rows = words(&ipcadm(["ls", "sem"]).run().ok().stdout_str());
    assert_eq!(rows[1][4..6], ["3", "-"]);
    let rows = words(&ipcadm(["ls", "msg"]).run().ok().stdout_str());
    assert_eq!(rows[1][4..10], ["0", "0", "16K", "0.0%", "-", "-"]);
}

#[test]
fn what_happens_to_objects_is_seen() {
    let _ns = fresh();
    let shm = make::shm(0, 1 << 20, 0o600);
    let mut memory = make::attach(shm);
    memory.write(0, b"x");
    memory.write(500_000, b"x");
    make::shm_lock(shm);
    make::remove(Kind::Shm, shm);
    let msg = make::msg(0, 0o600);
    make::qbytes(msg, 1000);
    make::send(msg, 1, &[0; 333]);
    let pid = std::process::id().to_string();
    let rows = words(&ipcadm(["ls", "shm", "--bytes", "-o", "+rss"]).run().ok().stdout_str());
    assert_eq!(rows[1][1], "0x00000000");
    assert_eq!(rows[1][4..6], ["1048576", "1"]);
    assert_eq!((&*rows[1][7], &*rows[1][9]), (&*pid, "locked,doomed"));
    let rss: u64 = rows[1][10].parse().expect("bytes");
    assert!((8192..=1 << 20).contains(&rss), "{rss}");
    let rows = words(&ipcadm(["ls", "msg"]).run().ok().stdout_str());
    assert_eq!(rows[1][4..10], ["1", "333", "1000", "33.3%", &pid, "-"]);
    let rows = words(&ipcadm(["ls"]).run().ok().stdout_str());
    assert_eq!(rows[1][5..], ["1.0M,", "1", "attachment,", "locked,", "doomed"]);
    assert_eq!(rows[2][5..], ["1", "message,", "333"]);
}

#[test]
fn a_queue_of_empty_messages_is_full_by_their_number() {
    let _ns = fresh();
    let id = make::msg(0, 0o600);
    make::qbytes(id, 4);
    for _ in 0..4 {
        make::send(id, 1, b"");
    }
    ipcadm(["ls", "msg", "-o", "qnum,cbytes,full"])
        .run()
        .ok()
        .stdout_is("QNUM  CBYTES    FULL\n   4       0  100.0%\n");
    make::qbytes(id, 1);
    ipcadm(["ls", "msg", "-o", "full"]).run().ok().stdout_is("  FULL\n400.0%\n");
    ipcadm(["ls", "msg", "-o", "full", "--json"]).run().ok().stdout_has(r#"{"full":400.0,"hidden":[]}"#);
}

#[test]
fn kind_words() {
    let _ns = fresh();
    let [shm, sem, msg] = one_of_each();
    ipcadm(["ls", "-q", "msg", "shm"]).run().ok().stdout_is(format!("{shm}\n{msg}\n"));
    ipcadm(["ls", "-q", "sem", "sem"]).run().ok().stdout_is(format!("{sem}\n"));
    ipcadm(["shm", "ls", "-q", "shm"]).run().ok().stdout_is(format!("{shm}\n"));
    ipcadm(["ls", "shm", "sem"]).run().ok().stdout_has("CONTENTS");
    ipcadm(["shm", "ls", "sem"])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is("ipcadm: 'ipcadm shm ls' lists shared memory segments only\n");
    ipcadm(["ls", "shm", &shm])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is("ipcadm: give kinds or objects to ls, not both\n");
    ipcadm(["ls", "queues"]).run().status(2).stdout_empty().stderr_has("'queues': no kind; write shm:ID, sem:ID");
    ipcadm(["ls", "SHM"]).run().status(2).stderr_has("'SHM': no kind");
}

#[test]
fn aliases() {
    let _ns = fresh();
    let [shm, ..] = one_of_each();
    let list = ipcadm(["ls", "--format", "jsonl"]).run().ok().stdout_str();
    ipcadm(["list", "--format", "jsonl"]).run().ok().stdout_is(&list);
    ipcadm(["shm", "list", "-q"]).run().ok().stdout_is(format!("{shm}\n"));
    let help = ipcadm(["--help"]).run().ok().stdout_has("  ls ");
    help.stdout_lacks("list ").stdout_lacks("inspect");
}

#[test]
fn everybody_sees_the_same() {
    let _ns = fresh();
    let ids = [make::shm(0x1, 4096, 0o000), make::shm(0x2, 1, 0o200)];
    make::sem(0x3, 4, 0o000);
    let queue = make::msg(0x4, 0o000);
    let _held = make::attach(ids[0]);
    make::qbytes(queue, 77);
    for format in ["jsonl", "csv"] {
        let whole = ipcadm(["ls", "--format", format]).run().ok().stderr_empty().stdout_str();
        ipcadm(["ls", "--format", format]).unprivileged().run().ok().stderr_empty().stdout_is(&whole);
        ipcadm(["ls", "--format", format, "shm:0", "sem:0", "msg:0", "shm:1"]).unprivileged().run().ok();
    }
    let limits = ipcadm(["limits", "--format", "csv"]).run().ok().stdout_str();
    ipcadm(["limits", "--format", "csv"]).unprivileged().run().ok().stdout_is(&limits);
    if needs_root("objects of others") {
        for id in ids {
            make::chown(Kind::Shm, id, 4_294_967_294, 4_000_000_000, 0o000);
        }
        ipcadm(["ls", "shm", "-o", "ref,owner,uid,group,gid,creator"]).unprivileged().run().ok().stdout_is(
            "REF    OWNER              UID  GROUP              GID  CREATOR\n\
             shm:0  4294967294  4294967294  4000000000  4000000000  root\n\
             shm:1  4294967294  4294967294  4000000000  4000000000  root\n",
        );
    }
}
