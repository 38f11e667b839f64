//! `show`: everything known about each kind of object, as a sheet and as JSON.

mod messages;

use std::os::unix::fs::MetadataExt as _;

use ipcadm_testbed::{Cmd, Kind, fresh, ipcadm, make, needs_root, source, tool};
use serde_json::{Value, json};

use crate::support::Json as _;

/// What `show --json` prints, with this status.
#[track_caller]
fn document(args: &[&str], status: i32) -> Value {
    let text = ipcadm(["show", "--json"]).args(args.iter().copied()).run().status(status).stdout_str();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}:\n{text}"))
}

/// The only object that `show --json` prints.
#[track_caller]
fn object(args: &[&str]) -> Value {
    let mut document = document(args, 0);
    assert_eq!(document["objects"].as_array().map(Vec::len), Some(1));
    document["objects"][0].take()
}

/// The value behind a label of a sheet.
#[track_caller]
fn line(sheet: &str, label: &str) -> String {
    let found = sheet.lines().find_map(|line| line.strip_prefix("  ")?.strip_prefix(label)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no line {label} in\n{sheet}")).trim().to_owned()
}

#[test]
fn a_segment() {
    let _ns = fresh();
    let id = make::shm(0x5101_a2b3, 3 << 20, 0o640);
    let mut memory = make::attach(id);
    memory.write(0, b"x");
    memory.write(1 << 20, b"x");
    let reference = format!("shm:{id}");
    let sheet = ipcadm(["show", &reference]).run().ok().stderr_empty().stdout_str();
    assert!(sheet.starts_with(&format!("{reference}  shared memory segment\n")), "{sheet}");
    assert!(sheet.lines().all(|line| !line.ends_with(' ')), "trailing blanks\n{sheet}");
    let pid = std::process::id();
    for (label, value) in [
        ("id", id.to_string()),
        ("key", "0x5101a2b3 (if ftok made it: project 0x51, device minor 0x01, inode bits 0xa2b3)".to_owned()),
        ("mode", "0640 (rw-r-----)".to_owned()),
        ("owner", "root (0)".to_owned()),
        ("group", "root (0)".to_owned()),
        ("creator", "root (0)".to_owned()),
        ("creator_group", "root (0)".to_owned()),
        ("size", "3.0M (3145728 bytes)".to_owned()),
        ("swap", "0 bytes in swap".to_owned()),
        ("locked", "no".to_owned()),
        ("doomed", "no".to_owned()),
        ("nattch", "1 attachment".to_owned()),
        ("dtime", "never".to_owned()),
    ] {
        assert_eq!(line(&sheet, label), value, "{label}");
    }
    assert!(line(&sheet, "cpid").starts_with(&format!("{pid} (")), "{sheet}");
    assert!(line(&sheet, "lpid").starts_with(&format!("{pid} (")), "{sheet}");
    assert!(line(&sheet, "rss").ends_with(" bytes) in RAM"), "{sheet}");
    assert!(line(&sheet, "atime").ends_with(" ago)"), "{sheet}");
    let shown = object(&[&reference]);
    let rss = shown["rss"].as_u64().expect("a number");
    assert!((8192..=3 << 20).contains(&rss), "{rss}");

    make::shm_lock(id);
    make::remove(Kind::Shm, id);
    let sheet = ipcadm(["show", &reference]).run().ok().stdout_str();
    assert_eq!(line(&sheet, "locked"), "yes: kept in RAM");
    assert_eq!(line(&sheet, "doomed"), "yes: removed, goes at the last detach");
    assert_eq!(line(&sheet, "key"), "0x00000000 (private)");
    let shown = object(&[&reference]);
    assert_eq!((&shown["locked"], &shown["doomed"], &shown["mode"]), (&json!(true), &json!(true), &json!("0640")));
}

#[test]
fn huge_pages_show_in_a_mapping_only() {
    let _ns = fresh();
    let reference = format!("shm:{}", make::shm(0, 5000, 0o600));
    let shown = object(&[&reference]);
    assert_eq!((&shown["hugepages"], &shown["hidden"]), (&Value::Null, &json!(["hugepages"])));
    let _holder = make::holder(0);
    let shown = object(&[&reference]);
    assert_eq!((&shown["hugepages"], &shown["hidden"]), (&json!(false), &json!([])));
    let sheet = ipcadm(["show", &reference]).run().ok().stdout_str();
    assert_eq!(line(&sheet, "hugepages"), "no");
}

#[test]
fn pages_show_where_the_first_thread_has_ended() {
    let _ns = fresh();
    if !std::path::Path::new("/usr/bin/python3").exists() {
        ipcadm_testbed::left_out("a process whose first thread ends, as there is no python3");
        return;
    }
    let id = make::shm(0, 5000, 0o600);
    let script = format!(
        "import ctypes, threading\nl = ctypes.CDLL(None)\nl.shmat.restype = ctypes.c_void_p\nl.shmat({id}, None, 0)\n\
         def wait():\n  print('.', flush=True)\n  input()\nt = threading.Thread(target=wait)\nt.start()\n\
         l.syscall({}, 0)\n",
        libc::SYS_exit
    );
    let mut holder = tool("python3", ["-c", &script]).stdin_open().spawn();
    holder.line();
    let stat = format!("/proc/{}/stat", holder.pid());
    while !std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z ")) {
        ipcadm_testbed::pause();
    }
    let shown = object(&[&format!("shm:{id}")]);
    assert_eq!((&shown["hugepages"], &shown["hidden"]), (&json!(false), &json!([])));
    holder.signal(9);
    holder.wait();
}

#[test]
fn what_nobody_used_yet() {
    let _ns = fresh();
    // A segment's creator is recorded.
    let segment = make::by_dead_process(|| make::shm(0, 1, 0o600));
    let refs = [segment, make::sem(0, 1, 0o600), make::msg(0, 0o600)];
    let refs: Vec<String> = refs.iter().zip(["shm", "sem", "msg"]).map(|(id, kind)| format!("{kind}:{id}")).collect();
    let sheets = ipcadm(["show"]).args(&refs).run().ok().stderr_empty().stdout_str();
    let sheets: Vec<&str> = sheets.split("\n\n").collect();
    assert_eq!(line(sheets[0], "size"), "1 byte");
    assert_eq!(line(sheets[0], "lpid"), "none yet");
    assert_eq!(line(sheets[0], "atime"), "never");
    assert_eq!(line(sheets[0], "nattch"), "0 attachments");
    assert_eq!(line(sheets[1], "nsems"), "1 semaphore");
    assert_eq!(line(sheets[1], "otime"), "never");
    assert_eq!(sheets[2], "  INDEX  VALUE  PID  NCNT  ZCNT\n      0      0    -     0     0");
    assert_eq!(line(sheets[3], "qnum"), "0 messages");
    assert_eq!(line(sheets[3], "lspid"), "none yet");
    let document = document(&[&refs[0], &refs[1], &refs[2]], 0);
    assert_eq!(
        document["objects"][1]["semaphores"],
        json!([{"index": 0, "value": 0, "pid": null, "ncnt": 0, "zcnt": 0}])
    );
    assert_eq!(document["objects"][2]["messages"], json!([]));
}

#[test]
fn a_set_with_waiters() {
    let _ns = fresh();
    let id = make::sem(0x51, 4, 0o600);
    make::setall(id, &[0, 7, 32767, 1]);
    make::semop(id, &[(3, 4, 0)]);
    let _takers = [make::blocked_semop(id, 0, -1), make::blocked_semop(id, 0, -2), make::blocked_semop(id, 1, -8)];
    let _zero = make::blocked_semop(id, 2, 0);
    let pid = std::process::id();
    let shown = object(&[&format!("sem:{id}")]);
    assert_eq!(
        shown["semaphores"],
        json!([
            {"index": 0, "value": 0, "pid": pid, "ncnt": 2, "zcnt": 0},
            {"index": 1, "value": 7, "pid": pid, "ncnt": 1, "zcnt": 0},
            {"index": 2, "value": 32767, "pid": pid, "ncnt": 0, "zcnt": 1},
            {"index": 3, "value": 5, "pid": pid, "ncnt": 0, "zcnt": 0},
        ])
    );
    let sheet = ipcadm(["sem", "show", "0x51"]).run().ok().stderr_empty().stdout_str();
    assert!(sheet.starts_with(&format!("sem:0x00000051 (id {id})  semaphore set\n")), "{sheet}");
    let rows: Vec<Vec<&str>> = sheet.lines().rev().take(5).map(|line| line.split_whitespace().collect()).collect();
    let pid = pid.to_string();
    assert_eq!(rows[4], ["INDEX", "VALUE", "PID", "NCNT", "ZCNT"]);
    assert_eq!(rows[3], ["0", "0", &pid, "2", "0"]);
    assert_eq!(rows[1], ["2", "32767", &pid, "0", "1"]);
    assert_eq!(make::getall(id, 4), [0, 7, 32767, 5], "looking changes nothing");
}

#[test]
fn a_large_set_is_whole() {
    let _ns = fresh();
    let id = make::sem(0, 2000, 0o600);
    let values: Vec<u16> = (0..2000).collect();
    make::setall(id, &values);
    let shown = object(&[&format!("sem:{id}")]);
    let list = shown["semaphores"].as_array().expect("a list");
    assert_eq!(list.len(), 2000);
    assert!(list.iter().enumerate().all(|(n, one)| one["index"] == n && one["value"] == n));
    // People get a page of it.
    let sheet = ipcadm(["show", &format!("sem:{id}")]).run().ok().stdout_str();
    let rows: Vec<&str> = sheet.lines().rev().take(2).collect();
    assert_eq!(rows[0], format!("  and 1936 more; 'ipcadm show --json sem:{id}' shows them"));
    assert!(rows[1].trim_start().starts_with("63 "), "{sheet}");
}

#[test]
fn what_may_not_be_read_is_hidden_and_the_rest_is_shown() {
    let _ns = fresh();
    let (shm, sem, msg) = (make::shm(0, 1, 0o000), make::sem(0, 3, 0o000), make::msg(0, 0o000));
    make::send(msg, 1, b"secret");
    let refs = [format!("shm:{shm}"), format!("sem:{sem}"), format!("msg:{msg}")];
    let shown = ipcadm(["show", "--json"]).args(&refs).unprivileged().run().ok().stderr_empty();
    let shown = shown.json();
    let objects = &shown["objects"];
    assert_eq!((&objects[0]["size"], &objects[0]["mode"]), (&json!(1), &json!("0000")));
    assert_eq!((&objects[1]["nsems"], &objects[1]["semaphores"]), (&json!(3), &Value::Null));
    assert_eq!(objects[1]["hidden"], json!(["semaphores", "waiters", "undo", "hidden_waiters"]));
    assert_eq!((&objects[2]["qnum"], &objects[2]["qbytes"]), (&json!(1), &json!(16384)));
    assert_eq!(objects[2]["messages"], Value::Null);
    assert_eq!(objects[2]["hidden"], json!(["messages", "waiters", "hidden_waiters"]));
    assert_eq!(shown["errors"], json!([]));
    let sheets = ipcadm(["show"]).args(&refs).unprivileged().run().ok().stderr_empty().stdout_str();
    assert!(sheets.contains("\n  the values cannot be seen: Permission denied (needs read permission)\n"), "{sheets}");
    assert!(
        sheets.contains("\n  the messages cannot be seen: Permission denied (needs read permission)\n"),
        "{sheets}"
    );
    assert_eq!(make::msg_stat(msg).qnum, 1);
}

#[test]
fn several_ways_to_name_and_to_ask() {
    let _ns = fresh();
    let id = make::shm(0x51, 1, 0o600);
    let line = ipcadm(["show", "--format", "jsonl", "shm:0"]).run().ok().stdout_str();
    // Whether somebody may know it besides cannot always be told while other tests start and end processes.
    let lasting = |line: &str| {
        let mut object: Value = serde_json::from_str(line).expect("an object");
        ["may_know", "may_know_count", "hidden"].into_iter().for_each(|key| drop(object[key].take()));
        object
    };
    let tells_the_same = |command: Cmd| assert_eq!(lasting(&command.run().ok().stdout_str()), lasting(&line));
    for args in [
        &["inspect", "--format", "jsonl", "shm:0"][..],
        &["stat", "--format", "jsonl", "shm:0x51"],
        &["shm", "show", "--format", "jsonl", "0"],
        &["shm", "inspect", "--format", "jsonl", "0x51"],
        &["shm", "stat", "--format", "jsonl", "shm:0"],
    ] {
        tells_the_same(ipcadm(args.iter().copied()));
    }
    tells_the_same(ipcadm(["show", "--format", "jsonl", "-"]).stdin("shm:0\n"));
    tells_the_same(ipcadm(["show", "--format", "jsonl", "-"]).stdin(&*line));
    ipcadm(["show", "-"]).run().ok().stdout_empty().stderr_empty();
    ipcadm(["show", "shm:0x51"]).run().ok().stdout_has(&format!("shm:0x00000051 (id {id})  shared memory segment\n"));
    ipcadm(["show", "--format", "csv", "shm:0"])
        .run()
        .ok()
        .stdout_has("kind,id,key")
        .stdout_has("\r\nshm,0,0x00000051");
}

#[test]
fn what_cannot_be_shown() {
    let _ns = fresh();
    make::sem(0x51, 1, 0o600);
    ipcadm(["show"]).run().status(2).stdout_empty().stderr_has("<REF>...");
    ipcadm(["show", ""]).run().status(2).stdout_empty().stderr_is("ipcadm: an empty reference (an unset variable?)\n");
    ipcadm(["show", "shm"]).run().status(2).stdout_empty().stderr_has("'shm': no kind");
    ipcadm(["show", "shm:0"])
        .run()
        .status(3)
        .stdout_empty()
        .stderr_is("ipcadm: cannot find shm:0: no such shared memory segment\n");
    ipcadm(["show", "shm:0x51"])
        .run()
        .status(3)
        .stderr_is("ipcadm: cannot find shm:0x00000051: no shared memory segment has this key\n");
    ipcadm(["msg", "show", "sem:0"])
        .run()
        .status(2)
        .stdout_empty()
        .stderr_is("ipcadm: 'sem:0': a semaphore set is no message queue\n");
    let mixed = document(&["sem:0", "msg:4"], 9);
    assert_eq!(mixed["objects"][0]["ref"], "sem:0");
    assert_eq!(
        mixed["errors"],
        json!([{"ref": "msg:4", "status": 3, "message": "cannot find msg:4: no such message queue"}])
    );
    ipcadm(["show", "sem:0", "msg:x"]).run().status(2).stdout_empty();
    ipcadm(["show", "--owner", "root"]).run().status(2).stderr_has("ipcadm ls -q --owner … | ipcadm show -");
}

#[test]
fn owners_of_every_size() {
    if !needs_root("objects of other users") {
        return;
    }
    let _ns = fresh();
    let id = make::as_user(70_000, 70_001, || make::shm(0, 1, 0o000));
    make::chown(Kind::Shm, id, 4_294_967_294, 65_536, 0o007);
    let sheet = ipcadm(["show", &format!("shm:{id}")]).run().ok().stdout_str();
    assert_eq!(line(&sheet, "owner"), "4294967294 (no name)");
    assert_eq!(line(&sheet, "group"), "65536 (no name)");
    assert_eq!(line(&sheet, "creator"), "70000 (no name)");
    assert_eq!(line(&sheet, "creator_group"), "70001 (no name)");
    assert_eq!(line(&sheet, "mode"), "0007 (------rwx)");
}

#[test]
fn a_creator_that_is_gone() {
    let _ns = fresh();
    let id = make::by_dead_process(|| make::shm(0, 1, 0o600));
    let pid = make::shm_stat(id).cpid;
    let sheet = ipcadm(["show", &format!("shm:{id}")]).run().ok().stdout_str();
    assert_eq!(line(&sheet, "cpid"), format!("{pid} (gone)"));
}

/// The lines of a sheet without what differs from run to run: times, owners and the numbers of processes.
fn lasting(sheet: &str) -> Vec<String> {
    // Here, in a pid namespace, the other semaphore may have been changed from outside.
    let changes = ["owner", "group", "creator", "creator_group", "otime", "ctime", "state", "evidence"];
    let line = |line: &str| match line.split_whitespace().next() {
        Some(label) if changes.contains(&label) => format!("  {label}"),
        // A process number that is longer or shorter moves the columns.
        Some("semaphore" | "INDEX" | "0" | "1") => {
            let words = line.split_whitespace().map(|word| {
                let number = word.trim_start_matches("[/proc/").trim_end_matches(']');
                if number.len() > 1 && number.parse::<u32>().is_ok() {
                    word.replace(number, "PID")
                } else {
                    word.to_owned()
                }
            });
            words.collect::<Vec<_>>().join(" ")
        }
        _ => line.to_owned(),
    };
    // Nor does every user read them.
    let undo = |line: &&str| !line.trim_start().starts_with("undo records: ");
    sheet.lines().filter(undo).map(line).collect()
}

#[test]
fn the_page_shows_what_is_printed() {
    if !needs_root("what the page shows where undo records can be read") {
        return;
    }
    let _ns = fresh();
    let page = std::fs::read_to_string(source("man/ipcadm-show.1")).unwrap();
    let (_, example) = page.split_once("$ ipcadm show sem:0x5102\n").expect("an example");
    let (example, _) = example.split_once("$ ").expect("another command");
    ipcadm(["sem", "create", "--values", "1,0", "--key", "0x5102"]).run().ok();
    let shown = ipcadm(["show", "sem:0x5102"]).run().ok().stdout_str();
    // Within a pid namespace it may be that somebody outside has changed the second one.
    assert_eq!(lasting(&shown.replace(" ?  ", " -  ")), lasting(example), "{shown}");
}

#[test]
fn a_semaphore_that_another_pid_namespace_changed_is_not_said_to_be_untouched() {
    let _ns = fresh();
    let (taken, fresh_one) = (make::sem(0x51, 2, 0o600), make::sem(0x52, 2, 0o600));
    // From 0 to 0: only the time tells that somebody was there.
    make::semop(taken, &[(0, 1, 0), (0, -1, 0)]);
    let inside = |words: &[&str]| {
        let start = ["--pid", "--fork", "--mount-proc", "--kill-child"].map(Into::into).into_iter();
        let start = start.chain([ipcadm_testbed::ipcadm_path().into_os_string(), "show".into()]);
        tool("unshare", start.chain(words.iter().map(Into::into))).run().ok().stdout_str()
    };
    let pids = |text: &str| {
        let rows = text.lines().skip_while(|line| !line.contains("INDEX")).skip(1).take(2);
        rows.map(|row| row.split_whitespace().nth(2).expect("a column").to_owned()).collect::<Vec<_>>()
    };
    // It, or nobody, was the last at the second one.
    assert_eq!(pids(&inside(&["sem:0x51"])), ["?", "?"]);
    assert_eq!(pids(&inside(&["sem:0x52"])), ["-", "-"]);
    let found: Value = serde_json::from_slice(inside(&["--format", "jsonl", "sem:0x51"]).as_bytes()).expect("JSON");
    assert_eq!(found["semaphores"][0]["pid"], Value::Null);
    // This process is outside, and may have undo records.
    assert_eq!(found["hidden"], json!(["semaphores", "undo"]));
    let found: Value = serde_json::from_slice(inside(&["--format", "jsonl", "sem:0x52"]).as_bytes()).expect("JSON");
    assert_eq!(found["hidden"], json!(["undo"]));
    // Where all processes are to be seen, nobody was.
    make::semop(fresh_one, &[(0, 1, 0), (0, -1, 0)]);
    let own = std::process::id().to_string();
    let initial = std::fs::metadata("/proc/self/ns/pid").is_ok_and(|data| data.ino() == 0xEFFF_FFFC);
    assert_eq!(
        pids(&ipcadm(["show", "sem:0x52"]).run().ok().stdout_str()),
        [own.as_str(), if initial { "-" } else { "?" }]
    );
}
