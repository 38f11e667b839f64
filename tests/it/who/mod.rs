//! `who`: which processes use objects.

mod ps;
mod undo;
mod waiters;

use std::collections::BTreeSet;
use std::fs;

use ipcadm_testbed::{Folder, Kind, NOBODY, fresh, ipcadm, ipcadm_path, make, needs_root, tool};
use serde_json::{Value, json};

use crate::support::Json as _;

fn objects(args: &[&str]) -> Vec<Value> {
    ipcadm(["who", "--json"]).args(args.iter().copied()).run().ok().list("objects")
}

/// The words of the rows of a table.
fn rows(text: &str) -> Vec<Vec<String>> {
    text.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn holders_are_counted_as_the_kernel_counts() {
    let _ns = fresh();
    let id = make::shm(0x51, 8192, 0o600);
    let holder = make::holder_of_four(id);
    let reader = make::attach_readonly(id);
    assert_eq!(make::shm_stat(id).nattch, 5);
    let found = &objects(&["shm:0x51"])[0];
    assert_eq!((&found["hidden_attachments"], &found["hidden"]), (&json!(0), &json!([])));
    let holders: BTreeSet<(u64, u64, bool)> = found["holders"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (one["pid"].as_u64().unwrap(), one["mappings"].as_u64().unwrap(), one["writable"].as_bool().unwrap())
        })
        .collect();
    let own = u64::from(std::process::id());
    assert_eq!(holders, BTreeSet::from([(u64::from(holder.pid()), 4, true), (own, 1, false)]));
    let address = found["holders"].as_array().unwrap().iter().find(|one| one["pid"] == own).unwrap()["address"].clone();
    assert_eq!(address, json!(format!("0x{:x}", reader.address())));
    let table = ipcadm(["shm", "who", "0x51"]).run().ok().stderr_empty().stdout_str();
    assert!(table.contains("  attached rw 4x  ") && table.contains("  attached ro  "), "{table}");
    drop(reader);
}

#[test]
fn each_process_is_printed_once() {
    let _ns = fresh();
    // With keys: this process is in the namespaces of other tests too, which have private ones with the same ids.
    let (one, two) = (make::shm(0x61, 4096, 0o600), make::shm(0x62, 4096, 0o600));
    let (a, b) = (make::attach(one), make::attach(two));
    let other = make::holder(two);
    let mut pids = [std::process::id(), other.pid()];
    pids.sort_unstable();
    let listed = ipcadm(["ls", "-q"]).run().ok().stdout;
    let expected = format!("{}\n{}\n", pids[0], pids[1]);
    ipcadm(["who", "-q", "-"]).stdin(listed).run().ok().stderr_empty().stdout_is(expected);
    // The same object twice is one object.
    assert_eq!(objects(&[&format!("shm:{one}"), &format!("shm:{one}")]).len(), 1);
    drop((a, b));
}

#[test]
fn every_format_tells_the_same() {
    let _ns = fresh();
    let id = make::sem(0x51, 2, 0o600);
    make::semop(id, &[(1, 1, 0)]);
    let waiter = make::blocked_semop(id, 1, -3);
    let (pid, own) = (waiter.pid().to_string(), std::process::id());
    let table = ipcadm(["who", "sem:0x51"]).run().ok().stderr_empty().stdout_str();
    let header: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["REF", "PID", "COMMAND", "USER", "UNIT", "USE", "SINCE"]);
    assert_eq!(rows(&table)[0][..2], [format!("sem:{id}"), pid.clone()]);
    assert!(table.contains("  takes 3 from semaphore 1  "), "{table}");
    assert!(table.contains(&format!("\nhint: sem:{id} semaphore 1 was last changed by {own} (")), "{table}");
    let rows = ipcadm(["who", "--no-header", "sem:0x51"]).run().ok().stdout_str();
    let rows: Vec<&str> = rows.lines().collect();
    assert!(rows.len() == 2 && rows[1].contains(&format!("  {own}  ")), "{rows:?}");
    assert!(rows[1].ends_with("  last to change semaphore 1   -"), "{rows:?}");
    let found = &objects(&["sem:0x51"])[0]["waiters"][0];
    let told = ["pid", "tid", "role", "waits_for", "semaphore", "takes", "undo", "timeout", "last_pid", "last_alive"];
    let told: Vec<Value> = told.iter().map(|key| found[key].clone()).collect();
    let number = waiter.pid();
    assert_eq!(json!(told), json!([number, number, "waiter", "take", 1, 3, false, false, own, true]));
    let line = ipcadm(["who", "--format", "jsonl", "sem:0x51"]).run().ok().stdout;
    let line: Value = serde_json::from_slice(&line).expect("one object");
    assert_eq!(line["waiters"][0]["pid"], found["pid"]);
    let csv = ipcadm(["who", "--format", "csv", "sem:0x51"]).run().ok().stdout_str();
    let mut lines = csv.split("\r\n");
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let record: Vec<&str> = lines.next().unwrap().split(',').collect();
    let value = |name: &str| record[header.iter().position(|column| *column == name).unwrap()];
    assert_eq!(header.len(), record.len());
    assert_eq!((value("pid"), value("takes"), value("mappings")), (pid.as_str(), "3", ""));
    ipcadm(["who", "-q", "sem:0x51"]).run().ok().stdout_is(format!("{pid}\n"));
}

#[test]
fn an_unused_object_has_nobody() {
    let _ns = fresh();
    let id = make::by_dead_process(|| make::shm(0, 1, 0o600));
    let outcome = ipcadm(["who", &format!("shm:{id}")]).run().ok();
    let outcome =
        outcome.stderr_is(format!("ipcadm: note: nobody is seen to use shm:{id}, and no living process may know it\n"));
    assert_eq!(outcome.stdout_str().lines().count(), 1);
    ipcadm(["who", "-q", &format!("shm:{id}")]).run().ok().stderr_empty().stdout_empty();
    ipcadm(["who", "-"]).stdin("").run().ok();
}

#[test]
fn statuses_are_those_of_show() {
    let _ns = fresh();
    let id = make::shm(0, 1, 0o600);
    ipcadm(["who", "shm:99"]).run().status(3).stderr_has("shm:99");
    ipcadm(["who", &format!("shm:{id}"), "shm:99"]).run().status(9);
    ipcadm(["who", "shm:x", &format!("shm:{id}")]).run().status(2).stdout_empty();
    ipcadm(["who"]).run().status(2);
    ipcadm(["who", "-q", "--json", "shm:1"]).run().status(2);
    ipcadm(["fuser", "shm:1"]).run().status(2).stderr_has("ipcadm who REF");
    let document = ipcadm(["who", "--json", "msg:5"]).run().status(3).json();
    assert_eq!(document["errors"][0]["ref"], "msg:5");
}

#[test]
fn a_file_with_the_name_of_a_segment_is_none() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let held = make::holder(id);
    // Mapped by a program and removed: `/tmp/…/SYSV00000000 (deleted)`, and `… (deleted) (deleted)`.
    let dir = Folder::new("who");
    let mut spoofers = Vec::new();
    for name in ["SYSV00000000", "SYSV00000000 (deleted)", "x\nSYSV00000000", "SYSV"] {
        let path = dir.join(name);
        fs::copy("/bin/sleep", &path).unwrap();
        spoofers.push(tool(&path, ["60"]).spawn());
        while !fs::read_to_string(format!("/proc/{}/maps", spoofers.last().unwrap().pid()))
            .is_ok_and(|maps| maps.contains("SYSV"))
        {
            ipcadm_testbed::pause();
        }
        fs::remove_file(&path).unwrap();
    }
    ipcadm(["who", "-q", &format!("shm:{id}")]).run().ok().stderr_empty().stdout_is(format!("{}\n", held.pid()));
    for spoofer in spoofers {
        spoofer.signal(9);
        spoofer.wait();
    }
}

#[test]
fn names_of_processes_are_harmless() {
    let _ns = fresh();
    let id = make::sem(0, 1, 0o600);
    let path = Folder::new("who");
    let hostile = path.join("a) S\n\u{1b}[31m");
    std::os::unix::fs::symlink(ipcadm_testbed::ipcadm_path(), path.join("ipcadm")).unwrap();
    fs::copy(ipcadm_testbed::ipcadm_path(), &hostile).unwrap();
    let mut running = tool(&hostile, ["sem", "op", &format!("sem:{id}"), "--", "0-1"]).spawn();
    running.until_asleep();
    let table = ipcadm(["who", &format!("sem:{id}")]).run().ok().stdout_str();
    assert!(table.contains("  a) S\\n\\x1b[31m  ") || table.contains("  a) S\\x0a\\x1b[31m  "), "{table}");
    assert_eq!(objects(&[&format!("sem:{id}")])[0]["waiters"][0]["command"], "a) S\n\u{1b}[31m");
    running.signal(9);
    running.wait();
}

#[test]
fn an_ordinary_user_is_told_what_is_hidden() {
    if !needs_root("what another user may not see") {
        return;
    }
    let _ns = fresh();
    let shm = make::by_dead_process(|| make::shm(0, 1, 0o666));
    let (msg, sem) = (make::msg(0, 0o666), make::sem(0, 1, 0o666));
    let held = make::holder(shm);
    let waiter = make::blocked_semop(sem, 0, -1);
    let who = |reference: String| ipcadm(["who", &reference]).unprivileged().run().ok().stdout_str();
    let table = who(format!("shm:{shm}"));
    // How many may know it depends on who else lives.
    let is_about_use = |row: &&str| !row.contains(" may know it ") && !row.contains(" last to attach or detach ");
    let rows: Vec<&str> = table.lines().filter(is_about_use).collect();
    assert!(rows.len() + 2 == table.lines().count() && table.contains(" may know it  "), "{table}");
    assert!(rows[1].contains("  1 attachment is hidden  ") && rows[1].len() < 80, "{table}");
    assert!(
        rows[2].is_empty() && rows[3].starts_with("hidden: ") && rows[3].contains(" may not be looked into"),
        "{table}"
    );
    let outcome = ipcadm(["who", "--no-header", &format!("shm:{shm}")]).unprivileged().run().ok();
    assert_eq!(outcome.stdout_str().lines().count(), 3, "{outcome}");
    outcome.stderr_has(&format!("note: shm:{shm}: 1 attachment is hidden: "));
    let table = who(format!("sem:{sem}"));
    assert!(table.contains("  1 sleeping thread is hidden  "), "{table}");
    let table = who(format!("msg:{msg}"));
    assert!(table.contains("  sleeping threads may be hidden  "), "{table}");
    // The own ones are seen: this one has the segment attached too.
    let command = ["shm", "attach", &format!("shm:{shm}"), "--", "cat"];
    let mut own = ipcadm(command).unprivileged().stdin_open().spawn();
    while make::shm_stat(shm).nattch < 2 {
        ipcadm_testbed::pause();
    }
    let outcome = ipcadm(["who", "-q", &format!("shm:{shm}")]).unprivileged().run().ok();
    assert_eq!(outcome.stdout_str().lines().count(), 1, "{outcome}");
    assert!(!outcome.stdout_str().lines().any(|line| line == held.pid().to_string()), "{outcome}");
    outcome.stderr_has("1 attachment is hidden: ");
    own.close_stdin();
    own.wait();
    let document = ipcadm(["who", "--json", &format!("shm:{shm}")]).unprivileged().run().ok();
    let document = document.json();
    assert_eq!(document["objects"][0]["hidden_attachments"], 1);
    assert_eq!(document["objects"][0]["hidden"], json!(["holders"]));
    drop(waiter);
}

#[test]
fn without_proc_everything_is_hidden() {
    let _ns = fresh();
    let (shm, sem, msg) = (make::shm(0, 1, 0o600), make::sem(0, 1, 0o600), make::msg(0, 0o600));
    let held = make::holder(shm);
    let waiter = make::blocked_semop(sem, 0, -1);
    let refs = [format!("shm:{shm}"), format!("sem:{sem}"), format!("msg:{msg}")];
    let document = ipcadm(["who", "--json"]).args(&refs).without_proc().run().ok().json();
    let hidden = |at: usize| {
        let object = &document["objects"][at];
        assert!(object["hidden_why"].as_str().is_some_and(|why| why.contains("/proc")), "{object}");
        json!([object["hidden_attachments"], object["hidden_waiters"]])
    };
    assert_eq!([hidden(0), hidden(1), hidden(2)], [json!([1, 0]), json!([0, 1]), json!([0, null])]);
    drop((held, waiter));
}

#[test]
fn what_hidepid_hides_is_said_to_be_hidden() {
    if !needs_root("processes of another user") {
        return;
    }
    let _ns = fresh();
    let queue = make::as_user(NOBODY, NOBODY, || make::msg(0, 0o666));
    let waiter = make::blocked_recv(queue, 0);
    for option in ["noaccess", "invisible", "ptraceable"] {
        let script = format!(
            "mount -t proc -o hidepid={option} proc /proc && \
             setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups \"$0\" who --format jsonl msg:{queue}"
        );
        let words = ["--mount".into(), "sh".into(), "-c".into(), script.into(), ipcadm_path().into_os_string()];
        let outcome = tool("unshare", words).run().ok();
        let object = outcome.json();
        assert_eq!(object["hidden_waiters"], Value::Null, "{option}: {outcome}");
        assert!(object["hidden_why"].is_string(), "{option}: {outcome}");
    }
    drop(waiter);
}

#[test]
fn those_who_wait_for_each_other_are_told() {
    let _ns = fresh();
    let (one, two) = (make::sem(0, 1, 0o600), make::sem(0, 1, 0o600));
    // Each has changed one and waits for the other.
    let script = |first: i32, second: i32| {
        let operate = format!(
            "import ctypes, struct\nl = ctypes.CDLL(None)\ndef op(i, d): l.semop(i, struct.pack('HhH', 0, d, 0), 1)\n\
             op({first}, 1)\nop({first}, -1)\nprint('.', flush=True)\ninput()\nop({second}, -1)\n"
        );
        tool("python3", ["-c", &operate]).stdin_open().spawn()
    };
    if !std::path::Path::new("/usr/bin/python3").exists() {
        ipcadm_testbed::left_out("a deadlock, as there is no python3");
        return;
    }
    let (mut a, mut b) = (script(one, two), script(two, one));
    for running in [&mut a, &mut b] {
        running.line();
    }
    for running in [&mut a, &mut b] {
        running.send("\n");
        running.until_asleep();
    }
    let table = ipcadm(["who", &format!("sem:{one}")]).run().ok().stdout_str();
    let (pid_a, pid_b) = (a.pid(), b.pid());
    let hint = table.lines().last().unwrap();
    assert!(hint.starts_with(&format!("hint: sem:{one} semaphore 0 was last changed by {pid_a} (python3")), "{table}");
    assert!(hint.contains(&format!("which waits for sem:{two} semaphore 0, last changed by {pid_b} (")), "{table}");
    assert!(hint.ends_with(": they may wait for each other"), "{table}");
    make::remove(Kind::Sem, one);
    make::remove(Kind::Sem, two);
    a.wait();
    b.wait();
}

#[test]
fn many_unused_objects_are_counted() {
    let _ns = fresh();
    let unused: Vec<i32> = (0..12).map(|_| make::by_dead_process(|| make::shm(0, 1, 0o600))).collect();
    let held = make::holder(unused[0]);
    let refs = ipcadm(["ls", "-q"]).run().ok().stdout;
    let outcome = ipcadm(["who", "-"]).stdin(refs.clone()).run().ok();
    outcome.stderr_is("ipcadm: note: nobody is seen to use 11 of 12 objects; living processes may know 0 of them\n");
    let outcome = ipcadm(["who", "-q", "-"]).stdin(refs.clone()).run().ok();
    outcome.stderr_empty().stdout_is(format!("{}\n", held.pid()));
    // What cannot be known of many is said once.
    let queues: String = (0..12).map(|_| format!("msg:{}\n", make::msg(0, 0o600))).collect();
    let outcome = ipcadm(["who", "-q", "-"]).stdin(queues).without_proc().run().ok().stdout_empty();
    outcome.stderr_has("ipcadm: note: of 12 objects of 12: sleeping threads may be hidden: ");
}

#[test]
fn one_alone_waits_for_nobody_else() {
    let _ns = fresh();
    let id = make::sem(0, 1, 0o600);
    if !std::path::Path::new("/usr/bin/python3").exists() {
        ipcadm_testbed::left_out("a consumer, as there is no python3");
        return;
    }
    // A consumer takes the last item, and comes back for more.
    make::semop(id, &[(0, 1, 0)]);
    let script = format!(
        "import ctypes, struct\nl = ctypes.CDLL(None)\ndef op(f): l.semop({id}, struct.pack('HhH', 0, -1, f), 1)\n\
         op(0)\nprint('.', flush=True)\nop(0o10000)\n"
    );
    let mut consumer = tool("python3", ["-c", &script]).spawn();
    consumer.line();
    consumer.until_asleep();
    let table = ipcadm(["who", &format!("sem:{id}")]).run().ok().stdout_str();
    let pid = consumer.pid();
    let hint = "one of whose threads waits for it";
    let hint = format!("\nhint: sem:{id} semaphore 0 was last changed by {pid} (python3), {hint}\n");
    assert!(table.ends_with(&hint), "{table}");
    assert!(table.contains("  takes 1 from semaphore 0, undo  "), "{table}");
    make::remove(Kind::Sem, id);
    consumer.wait();
}

#[test]
fn who_was_last_at_a_queue_that_threads_wait_on_is_told() {
    let _ns = fresh();
    let (unused, queue, full) = (make::msg(0x51, 0o600), make::msg(0x52, 0o600), make::msg(0x53, 0o600));
    let dead = make::by_dead_process(|| {
        make::send(queue, 1, b"x");
        make::send(full, 1, b"0123456789");
        std::process::id().cast_signed()
    });
    make::recv(queue, 0);
    make::send(full, 2, b"x");
    make::recv(full, 2);
    make::qbytes(full, 10);
    let own = std::process::id();
    let receivers = [make::blocked_recv(unused, 0), make::blocked_recv(queue, 0), make::blocked_recv(queue, 7)];
    let sender = make::blocked_send(full, 1, b"more");
    let refs = ["msg:0x51", "msg:0x52", "msg:0x53"];
    let table = ipcadm(["who"]).args(refs).run().ok().stdout_str();
    let hints: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
    assert_eq!(hints.len(), 3, "{table}");
    assert_eq!(hints[0], format!("nobody has sent to msg:{unused} yet; 1 thread waits to receive"));
    assert_eq!(hints[1], format!("msg:{queue} was last sent to by {dead} (gone); 2 threads wait to receive"));
    let (begin, end) = (format!("msg:{full} was last received from by {own} ("), "); 1 thread waits to send");
    assert!(hints[2].starts_with(&begin) && hints[2].ends_with(end), "{table}");
    ipcadm(["show", "msg:0x52"]).run().ok().stdout_has(&format!("  hint: {}\n", hints[1]));
    let last: Vec<Value> = objects(&refs)
        .iter()
        .map(|object| json!([object["waiters"][0]["last_pid"], object["waiters"][0]["last_alive"]]))
        .collect();
    assert_eq!(last, [json!([null, null]), json!([dead, false]), json!([own, true])]);
    drop((receivers, sender));
    ipcadm(["who", "msg:0x52"]).run().ok().stdout_lacks("hint");
}
