//! `restore`: what was saved comes back, or nothing does.

use std::fs;

use ipcadm_testbed::{Kind, fresh, ipcadm, make, may_set_limits, needs_root};
use serde_json::Value;

use super::{clear, count, folder, only, restore, save};

const NORESERVE: u32 = 0o10000;
const MANY: u64 = 1 << 20;

#[test]
fn everything_comes_back() {
    let ns = fresh();
    let folder = folder("all");
    let file = folder.path("f");
    let shm = make::shm(0x51, 3_000_001, 0o640);
    make::attach(shm).write(1 << 20, b"in the middle");
    make::shm_lock(shm);
    let sem = make::sem(0x52, 4, 0o604);
    make::semop(sem, &[(0, 1, 0), (2, 32767, 0), (3, 2, 0)]);
    let raw = make::sem(0x54, 2, 0o600);
    make::setall(raw, &[3, 0]);
    let msg = make::msg(0x53, 0o600);
    make::qbytes(msg, 5000);
    let texts: [(i64, &[u8]); 4] = [(9, b"one\n"), (i64::MAX, b"\xff\0"), (1, b""), (9, &[b'x'; 3000])];
    texts.iter().for_each(|(mtype, text)| make::send(msg, *mtype, text));
    save(&file);
    let before = (make::shm_stat(shm), make::sem_stat(sem), make::msg_stat(msg));
    clear(&ns);
    let outcome = restore(&[&file]).run().ok();
    let outcome = outcome.stderr_has("note: sem:0: semaphore 1 is 0").stderr_has("not restored, as nobody can");
    let (new, new_msg) = (only(&ns, Kind::Shm), only(&ns, Kind::Msg));
    let (new_sem, new_raw) = (ns.ids(Kind::Sem)[0], ns.ids(Kind::Sem)[1]);
    outcome.stdout_is(format!(
        "shm:{shm} -> shm:{new} (key 0x00000051)\nsem:{sem} -> sem:{new_sem} (key 0x00000052)\n\
         sem:{raw} -> sem:{new_raw} (key 0x00000054)\nmsg:{msg} -> msg:{new_msg} (key 0x00000053)\n"
    ));
    let after = (make::shm_stat(new), make::sem_stat(new_sem), make::msg_stat(new_msg));
    assert_eq!((before.0.perm, before.0.size, 0), (after.0.perm, after.0.size, after.0.nattch));
    assert_eq!((before.1.perm, before.1.nsems), (after.1.perm, after.1.nsems));
    assert!(after.1.otime > 0);
    // Where no operation was ever done, a program may still wait for the first.
    assert_eq!((make::sem_stat(new_raw).otime, make::getall(new_raw, 2)), (0, vec![3, 0]));
    let figures = |stat: make::MsgStat| (stat.perm, stat.qbytes, stat.qnum, stat.cbytes);
    assert_eq!(figures(before.2), figures(after.2));
    let bytes = make::attach(new).read(0, 3_000_001);
    assert_eq!(&bytes[1 << 20..][..13], b"in the middle");
    assert_eq!(bytes.iter().filter(|&&byte| byte != 0).count(), 13);
    assert_eq!(make::getall(new_sem, 4), [1, 0, 32767, 2]);
    for (mtype, text) in texts {
        assert_eq!(make::recv(new_msg, 0), (mtype, text.to_vec()));
    }
}

#[test]
fn a_gigabyte_of_holes_comes_back_as_holes() {
    let ns = fresh();
    let folder = folder("sparse");
    let file = folder.path("f");
    let id = make::shm(0x51, 1 << 30, 0o600 | NORESERVE);
    make::attach(id).write(700 << 20, b"data");
    make::attach(id).write((1 << 30) - 1, b"!");
    save(&file);
    clear(&ns);
    restore(&[&file]).run().ok();
    let row = ns.rows(Kind::Shm)[0].clone();
    assert_eq!((row["size"].as_str(), row["rss"].as_str()), ("1073741824", "8192"));
    let attached = make::attach(only(&ns, Kind::Shm));
    assert_eq!((attached.read(700 << 20, 4), attached.read((1 << 30) - 1, 1)), (b"data".to_vec(), b"!".to_vec()));
}

#[test]
fn ten_thousand_messages_come_back() {
    let ns = fresh();
    let folder = folder("many");
    let file = folder.path("f");
    let id = make::msg(0x51, 0o600);
    (1..=10_000).for_each(|number| make::send(id, number, b"x"));
    save(&file);
    clear(&ns);
    restore(&["-q", &file]).run().ok().stdout_empty();
    let id = only(&ns, Kind::Msg);
    for number in 1..=10_000 {
        assert_eq!(make::recv(id, 0), (number, b"x".to_vec()));
    }
}

#[test]
fn from_a_pipe() {
    let ns = fresh();
    let folder = folder("pipe");
    let file = folder.path("f");
    let id = make::shm(0x51, MANY as usize, 0o600);
    make::attach(id).write(5000, &[7; 300_000]);
    save(&file);
    clear(&ns);
    let bytes = fs::read(&file).expect("the archive");
    restore(&["-"]).stdin(bytes.clone()).run().ok();
    let attached = make::attach(only(&ns, Kind::Shm));
    assert!(attached.read(5000, 300_000) == [7; 300_000] && attached.read(305_000, 1) == [0]);
    drop(attached);
    clear(&ns);
    restore(&["-"]).stdin_from(&file).run().ok();
    clear(&ns);
    restore(&["-"]).stdin(&bytes[..bytes.len() - 1]).run().status(1).stderr_has("ends early");
    restore(&["-"]).stdin(bytes).env("TMPDIR", folder.path("none")).run().status(1).stderr_has("No such file");
    assert_eq!(count(&ns), 0);
}

#[test]
fn what_exists_is_not_touched() {
    let ns = fresh();
    let folder = folder("exists");
    let file = folder.path("f");
    let (shm, _) = (make::shm(0x51, 100, 0o600), make::sem(0x52, 1, 0o600));
    save(&file);
    let sem = only(&ns, Kind::Sem);
    make::remove(Kind::Sem, sem);
    let stat = make::shm_stat(shm);
    // One that cannot come stops the other that could.
    restore(&[&file]).run().status(5).stdout_empty().stderr_has("0x00000051 is shm").stderr_has("nothing was done");
    assert_eq!((count(&ns), make::shm_stat(shm)), (1, stat));
    restore(&[&file, "sem:0x52"]).run().ok();
    make::remove(Kind::Sem, only(&ns, Kind::Sem));
    restore(&[&file, "--new-key"]).run().ok();
    assert_eq!(count(&ns), 3);
    let keys: Vec<String> = ns.rows(Kind::Shm).into_iter().map(|row| row["key"].clone()).collect();
    assert!(keys[0] == "81" && keys[1] != "81" && keys[1] != "0", "{keys:?}");
}

#[test]
fn the_same_id() {
    let ns = fresh();
    if !needs_root("asking for an id") {
        return;
    }
    let folder = folder("id");
    let file = folder.path("f");
    for kind in ["shm", "sem", "msg"] {
        ns.sysctl(&format!("{kind}_next_id"), 1_234_567);
    }
    let ids = (make::shm(0, 100, 0o600), make::sem(0x52, 1, 0o600), make::msg(0, 0o600));
    assert_eq!(ids, (1_234_567, 1_234_567, 1_234_567));
    save(&file);
    clear(&ns);
    restore(&[&file, "--same-id"]).run().ok().stdout_has("msg:1234567 -> msg:1234567 (no key)");
    assert_eq!((only(&ns, Kind::Shm), only(&ns, Kind::Sem)), (1_234_567, 1_234_567));
    // Each that is there stands in the way, and so does another one in its place.
    restore(&[&file, "--same-id"]).run().status(5).stderr_has("shm:1234567 exists");
    clear(&ns);
    ns.sysctl("shm_next_id", 1_234_567 + 32768);
    let other = make::by_dead_process(|| make::shm(0, 1, 0o600));
    restore(&[&file, "--same-id"]).run().status(5).stderr_has(&format!("shm:{other} is in the place"));
    assert_eq!(count(&ns), 1);
    restore(&[&file, "--same-id", "--replace"]).run().ok();
    assert_eq!(only(&ns, Kind::Shm), 1_234_567);
    // What was asked for does not stay behind.
    for kind in Kind::ALL {
        assert_eq!(ns.read_sysctl(&format!("{}_next_id", kind.word())), "-1");
    }
    clear(&ns);
    restore(&[&file, "--same-id", "--numeric-owner"])
        .unprivileged()
        .run()
        .status(4)
        .stderr_has("CAP_CHECKPOINT_RESTORE");
    assert_eq!(count(&ns), 0);
}

#[test]
fn owners_and_creators_come_back() {
    let ns = fresh();
    if !needs_root("several users") {
        return;
    }
    let folder = folder("owners");
    let file = folder.path("f");
    let id = make::as_user(65534, 65534, || make::shm(0x51, 100, 0o600));
    make::chown(Kind::Shm, id, 4_000_000, 4_000_001, 0o640);
    let msg = make::as_user(4_000_000, 0, || make::msg(0, 0o600));
    make::send(msg, 1, b"text");
    let before = (make::perm(Kind::Shm, id), make::perm(Kind::Msg, msg));
    save(&file);
    clear(&ns);
    restore(&[&file]).run().ok();
    let after = (make::perm(Kind::Shm, only(&ns, Kind::Shm)), make::perm(Kind::Msg, only(&ns, Kind::Msg)));
    assert_eq!(before, after);
    clear(&ns);
    restore(&[&file, "--owner", "7", "--group", "8", "shm:0x51"]).run().ok();
    let perm = make::perm(Kind::Shm, only(&ns, Kind::Shm));
    assert_eq!((perm.uid, perm.gid, perm.cuid, perm.cgid), (7, 8, 7, 8));
    clear(&ns);
    // Without rights one's own name is all that can be given to a creator.
    restore(&[&file, "shm:0x51"]).uid(5_000_000).run().ok().stderr_has("the creator of shm");
    let perm = make::perm(Kind::Shm, only(&ns, Kind::Shm));
    assert_eq!((perm.uid, perm.cuid, perm.mode & 0o777), (4_000_000, 5_000_000, 0o640));
}

#[test]
fn a_removed_segment_that_lives_on_keeps_its_key() {
    let ns = fresh();
    let folder = folder("doomed");
    let file = folder.path("f");
    let id = make::shm(0x51, 100, 0o600);
    save(&file);
    let held = make::holder(id);
    make::remove(Kind::Shm, id);
    let who = format!("process {} still uses a removed segment", held.pid());
    restore(&[&file]).run().status(10).stderr_has(&who).stdout_empty();
    restore(&[&file, "--new-key"]).run().ok();
    drop(held);
    while make::exists(Kind::Shm, id) {}
    restore(&[&file]).run().ok();
    assert_eq!(ns.ids(Kind::Shm).len(), 2);
}

#[test]
fn other_values() {
    let ns = fresh();
    let folder = folder("values");
    let file = folder.path("f");
    let sem = make::sem(0x52, 2, 0o600);
    make::semop(sem, &[(0, 1, 0)]);
    make::sem(0x53, 1, 0o600);
    save(&file);
    clear(&ns);
    restore(&[&file, "--values", "1,1"]).run().status(2).stderr_has("for one set");
    restore(&[&file, "sem:0x52", "--values", "1"]).run().status(2).stderr_has("1 for the 2");
    restore(&[&file, "sem:0x52", "--values", "1,40000"]).run().status(2);
    restore(&[&file, "sem:0x52", "--values", "1,4"]).run().ok().stderr_lacks("as saved");
    assert_eq!(make::getall(only(&ns, Kind::Sem), 2), [1, 4]);
}

#[test]
fn limits_are_known_before() {
    let ns = fresh();
    if !may_set_limits("limits") {
        return;
    }
    let folder = folder("limits");
    let file = folder.path("f");
    let (shm, sem) = (make::shm(0x51, 10_000, 0o600), make::sem(0x52, 5, 0o600));
    let msg = make::msg(0x53, 0o600);
    make::send(msg, 1, &[b'x'; 500]);
    save(&file);
    clear(&ns);
    let _ = (shm, sem);
    for (name, value, back, limit) in [
        ("shmmax", "9999", "18446744073692774399", "kernel.shmmax"),
        ("shmmni", "0", "4096", "kernel.shmmni"),
        ("shmall", "2", "18446744073692774399", "kernel.shmall"),
        ("sem", "4 32000 500 128", "32000 1024000000 500 32000", "SEMMSL"),
        ("sem", "32000 4 500 128", "32000 1024000000 500 32000", "SEMMNS"),
        ("msgmax", "499", "8192", "kernel.msgmax"),
        ("msgmni", "0", "32000", "kernel.msgmni"),
    ] {
        ns.sysctl(name, value);
        restore(&[&file]).run().status(1).stderr_has(limit).stderr_has("nothing was done");
        assert_eq!(count(&ns), 0, "{name}");
        ns.sysctl(name, back);
    }
    ns.sysctl("msgmnb", 1000);
    restore(&[&file, "msg:0x53"]).run().status(4).stderr_has("kernel.msgmnb");
    ns.sysctl("msgmnb", 16384);
    ns.sysctl("shm_rmid_forced", 1);
    restore(&[&file]).run().status(10).stderr_has("shm_rmid_forced");
    ns.sysctl("shm_rmid_forced", 0);
    restore(&[&file]).run().ok();
}

#[test]
fn more_messages_than_its_capacity() {
    let ns = fresh();
    let folder = folder("over");
    let file = folder.path("f");
    let msg = make::msg(0x53, 0o600);
    (0..5).for_each(|_| make::send(msg, 1, &[b'x'; 500]));
    make::qbytes(msg, 100);
    save(&file);
    clear(&ns);
    restore(&[&file]).run().ok();
    let stat = make::msg_stat(only(&ns, Kind::Msg));
    assert_eq!((stat.qbytes, stat.qnum, stat.cbytes), (100, 5, 2500));
}

#[test]
fn lists_and_dry_runs_make_nothing() {
    let ns = fresh();
    let folder = folder("list");
    let file = folder.path("f");
    let id = make::shm(0x51, 10_000, 0o640);
    let sem = make::sem(0, 2, 0o600);
    save(&file);
    clear(&ns);
    let table = restore(&["--list", &file]).run().ok().stderr_empty().stdout_str();
    assert!(table.starts_with("REF ") && table.contains("0x00000051  0640"), "{table}");
    let out = restore(&["--list", "--json", &file, &format!("sem:{sem}")]).run().ok().stdout;
    let document: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(document["objects"].as_array().map(Vec::len), Some(1));
    assert_eq!((&document["objects"][0]["nsems"], &document["objects"][0]["approximate"]), (&2.into(), &Value::Null));
    restore(&["--list", &file, "shm:0x99"]).run().status(3).stderr_has("it is not in");
    restore(&["-n", &file])
        .run()
        .ok()
        .stdout_is(format!("would restore shm:{id} (key 0x00000051)\nwould restore sem:{sem} (no key)\n"));
    let out = restore(&["-n", "--json", &file]).run().ok().stdout;
    let document: Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(document["objects"][0]["changed"], false);
    assert_eq!(document["objects"][0]["from"]["ref"], format!("shm:{id}"));
    restore(&["--list", "--replace", &file]).run().status(2);
    restore(&[]).run().status(2);
    restore(&[&file, "shm:x"]).run().status(2);
    restore(&[&folder.path("none")]).run().status(1).stderr_has("No such file");
    restore(&[&folder.path("")]).run().status(1).stderr_has("Is a directory");
    assert_eq!(count(&ns), 0);
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let ns = fresh();
    let folder = folder("partial");
    let file = folder.path("f");
    // Nobody can tell beforehand that there is not so much memory.
    let id = make::shm(0x51, 1 << 45, 0o600 | NORESERVE);
    let sem = make::sem(0x52, 1, 0o600);
    save(&file);
    clear(&ns);
    let outcome = restore(&[&file]).run().status(9).stderr_has(&format!("cannot restore shm:{id}"));
    outcome.stdout_has(&format!("sem:{sem} -> "));
    assert_eq!((ns.ids(Kind::Shm).len(), ns.ids(Kind::Sem).len()), (0, 1));
}

#[test]
fn what_is_removed_was_saved_before() {
    let ns = fresh();
    let folder = folder("rm");
    let file = folder.path("f");
    let shm = make::shm(0x51, 10_000, 0o640);
    make::attach(shm).write(0, b"text");
    let (sem, msg) = (make::sem(0x52, 1, 0o600), make::msg(0x53, 0o600));
    make::send(msg, 1, b"text");
    let rm = |args: &[&str]| ipcadm(["rm", "-y"]).args(args.iter().copied()).run();
    rm(&["--save", &file, "shm:0x51", "sem:0x99"]).status(9);
    assert_eq!(ns.ids(Kind::Shm).len(), 0);
    rm(&["--save", &file, "sem:0x52"]).status(5).stderr_has("nothing was removed");
    assert!(make::exists(Kind::Sem, sem));
    rm(&["--dry-run", "--save", &folder.path("g"), "sem:0x52"]).ok();
    rm(&["--save", &folder.path("g"), "sem:0x52", "msg:0x53"]).ok();
    assert_eq!(count(&ns), 0);
    restore(&[&file]).run().ok();
    restore(&[&folder.path("g")]).run().ok();
    assert_eq!(make::attach(only(&ns, Kind::Shm)).read(0, 4), b"text");
    assert_eq!(make::recv(only(&ns, Kind::Msg), 0), (1, b"text".to_vec()));
    // Whoever holds it may write to it after the copy.
    let held = make::holder(only(&ns, Kind::Shm));
    rm(&["--save", &folder.path("h"), "shm:0x51"]).status(10).stderr_has("kept");
    drop(held);
    assert!(fs::metadata(folder.path("h")).is_ok());
    rm(&["--overwrite", "shm:0x51"]).status(2);
}
