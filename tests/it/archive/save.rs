//! `save`: what an archive holds is what the objects were, tools open it, and nothing is changed by saving.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ipcadm::archive::read::Archive;
use ipcadm::archive::save::{Saved, Saver};
use ipcadm::journal::folder::Places;
use ipcadm::journal::record::Record;
use ipcadm::kind::model::Object;
use ipcadm::object::reference::Reference;
use ipcadm::sys::memory::empty_file;
use ipcadm_testbed::{Cmd, Folder, Kind, alone, fresh, ipcadm, is_root, make, needs_root, tool};
use serde_json::Value;

use super::folder;

use crate::support::Json as _;

const NORESERVE: u32 = 0o10000;

/// Unpacks an archive with tar and has sha256sum look at it.
fn unpack(folder: &Folder, archive: &str) {
    tool("tar", ["-xf", archive]).dir(folder).run().ok().stderr_empty();
    tool("sha256sum", ["--strict", "-c", "SHA256SUMS"]).dir(folder).run().ok().stderr_empty();
}

fn manifest(folder: &Folder) -> Value {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).expect("a manifest")).expect("JSON")
}

fn save(args: &[&str]) -> Cmd {
    ipcadm(["save"]).args(args.iter().copied())
}

fn until_unattached(id: i32) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while make::shm_stat(id).nattch > 0 {
        assert!(Instant::now() < deadline, "still attached");
    }
}

#[test]
fn tar_and_sha256sum_open_it() {
    let _ns = fresh();
    let folder = folder("tools");
    let shm = make::shm(0x51, 3 << 20, 0o640);
    make::attach(shm).write((1 << 20) + 5, b"in the middle");
    let full = make::shm(0, 5000, 0o600);
    make::attach(full).write(0, &[7; 5000]);
    let sem = make::sem(0x52, 3, 0o600);
    make::setall(sem, &[5, 0, 32767]);
    let msg = make::msg(0x53, 0o600);
    make::send(msg, 9, b"one\n");
    make::send(msg, i64::MAX, b"\xff\0");
    make::send(msg, 1, b"");
    let archive = folder.path("all.tar");
    let lines = format!("saved shm:{shm}\nsaved shm:{full}\nsaved sem:{sem}\nsaved msg:{msg}\n");
    save(&["-O", &archive]).run().ok().stdout_is(&lines).stderr_empty();
    assert_eq!(fs::metadata(&archive).expect("the archive").mode() & 0o7777, 0o600);
    assert_eq!(folder.names(), ["all.tar"]);
    unpack(&folder, &archive);
    let bytes = fs::read(folder.path(&format!("shm-{shm}"))).expect("the segment");
    assert_eq!(bytes.len(), 3 << 20);
    assert_eq!(&bytes[(1 << 20) + 5..][..13], b"in the middle");
    assert_eq!(bytes.iter().filter(|&&byte| byte != 0).count(), 13);
    assert_eq!(fs::read(folder.path(&format!("shm-{full}"))).expect("the other"), [7; 5000]);
    let messages = fs::read_to_string(folder.path(&format!("msg-{msg}.jsonl"))).expect("messages");
    let expected = format!(
        "{{\"type\":9,\"text\":\"one\\n\"}}\n{{\"type\":{},\"base64\":\"/wA=\"}}\n{{\"type\":1,\"text\":\"\"}}\n",
        i64::MAX
    );
    assert_eq!(messages, expected);
    let manifest = manifest(&folder);
    assert_eq!(manifest["ipcadm"]["archive"], 1);
    let objects = manifest["objects"].as_array().expect("objects");
    assert_eq!(objects.len(), 4);
    assert_eq!(objects[0]["key"], "0x00000051");
    assert_eq!((&objects[0]["mode"], &objects[0]["shm"]["size"]), (&"0640".into(), &(3 << 20).into()));
    assert_eq!(objects[2]["sem"]["values"], serde_json::json!([5, 0, 32767]));
    assert_eq!((&objects[3]["msg"]["qnum"], &objects[3]["msg"]["cbytes"]), (&3.into(), &6.into()));
    assert!(objects.iter().all(|object| object["approximate"].is_null()));
}

#[test]
fn saving_changes_nothing_it_can_avoid() {
    let _ns = fresh();
    let folder = folder("untouched");
    let shm = make::shm(0x51, 8192, 0o600);
    make::attach(shm).write(0, b"x");
    let sem = make::sem(0x52, 2, 0o600);
    make::semop(sem, &[(0, 1, 0)]);
    let msg = make::msg(0x53, 0o600);
    make::send(msg, 1, b"text");
    let before = (make::shm_stat(shm), make::sem_stat(sem), make::msg_stat(msg));
    let holder = make::holder(shm);
    let held = make::shm_stat(shm);
    save(&["-q", "-O", &folder.path("a")]).run().ok().stdout_empty().stderr_has("others had it attached");
    let after = (make::shm_stat(shm), make::sem_stat(sem), make::msg_stat(msg));
    assert_eq!((before.1, before.2), (after.1, after.2));
    // It was attached, as every copy is made.
    assert_eq!((held.nattch, held.ctime, held.cpid), (after.0.nattch, after.0.ctime, after.0.cpid));
    assert_ne!(held.lpid, after.0.lpid);
    drop(holder);
    until_unattached(shm);
    save(&["-q", "-O", &folder.path("b")]).run().ok();
    assert_eq!(make::shm_stat(shm).nattch, 0);
    assert_eq!(make::msg_stat(msg).qnum, 1);
}

#[test]
fn a_gigabyte_of_holes_takes_little() {
    let ns = fresh();
    let folder = folder("sparse");
    let id = make::shm(0x51, 1 << 30, 0o600 | NORESERVE);
    make::attach(id).write(700 << 20, b"data");
    let archive = folder.path("a");
    save(&["-q", "-O", &archive]).run().ok().stderr_empty();
    assert!(fs::metadata(&archive).expect("the archive").len() < 20_000);
    let rss = ns.rows(Kind::Shm)[0]["rss"].clone();
    assert_eq!(rss, "4096", "no hole was given memory");
    tool("tar", ["-xf", &archive]).dir(&folder).run().ok().stderr_empty();
    let file = fs::metadata(folder.path(&format!("shm-{id}"))).expect("the segment");
    assert_eq!(file.len(), 1 << 30);
    assert!(file.blocks() * 512 < 1 << 20, "{} blocks", file.blocks());
    tool("sha256sum", ["-c", "SHA256SUMS"]).dir(&folder).run().ok();
}

#[test]
fn no_more_than_a_gigabyte_of_holes_is_under_checksums() {
    let _ns = fresh();
    let folder = folder("zeros");
    // The second is too much, and so is the third, which takes no memory and would take a quarter of a minute.
    let sizes = [600 << 20, 600 << 20, 16 << 30, 300 << 20];
    let ids = sizes.map(|size| make::shm(0, size, 0o600 | NORESERVE));
    make::attach(ids[1]).write(100 << 20, b"data");
    let archive = folder.path("a");
    save(&["-q", "-O", &archive]).run().ok().stderr_empty();
    let sums = String::from_utf8(tool("tar", ["-xOf", &archive, "SHA256SUMS"]).run().ok().stdout).expect("text");
    let names: Vec<&str> = sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name).collect();
    assert_eq!(names, [&format!("shm-{}", ids[0]), &format!("shm-{}", ids[3]), "manifest.json"]);
    ipcadm(["restore", "--list", &archive]).run().ok().stderr_empty();
}

#[test]
fn a_mapping_brought_from_another_namespace_is_not_what_is_saved() {
    let ns = fresh();
    let folder = folder("brought");
    let (stranger, id) = (make::holder_from_elsewhere(8192), make::shm(0, 8192, 0o600));
    make::attach(id).write(0, &[b'V'; 8192]);
    // Everything that /proc shows of the two mappings is equal, and the stranger's comes first.
    let owner = make::holder(id);
    let reference = format!("shm:{id}");
    save(&["-q", "-O", &folder.path("a"), &reference]).run().ok();
    let bytes = |archive: &str| tool("tar", ["-xOf", archive, &format!("shm-{id}")]).run().ok().stdout;
    assert_eq!(bytes(&folder.path("a")), [b'V'; 8192]);
    let read = ipcadm(["shm", "read", "--untouched", &id.to_string()]).run().status(10).stdout_empty();
    read.stderr_has("may be of another segment");
    drop(owner);
    until_unattached(id);
    ipcadm(["rm", "--yes", "--save", &folder.path("b"), &reference]).run().ok();
    assert_eq!(bytes(&folder.path("b")), [b'V'; 8192]);
    assert!(ns.ids(Kind::Shm).is_empty());
    drop(stranger);
}

#[test]
fn whoever_may_not_attach_it_may_not_save_it() {
    let _ns = fresh();
    let folder = folder("denied");
    let id = make::shm(0x51, 4096, 0o200);
    if !needs_root("segments of another user") {
        return;
    }
    make::chown(Kind::Shm, id, 65534, 65534, 0o200);
    let _holder = make::holder(id);
    let outcome = save(&["-O", &folder.path("a")]).unprivileged().run().status(4).stdout_empty();
    outcome.stderr_has("needs read permission or CAP_IPC_OWNER").stderr_has("no archive was made");
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn the_unprivileged_save_data_and_leave_holes() {
    let ns = fresh();
    let folder = folder("mincore");
    let ids: Vec<i32> = (0..20).map(|_| make::shm(0, 1 << 20, 0o666)).collect();
    for (number, id) in ids.iter().enumerate() {
        // Some all data, some all holes.
        (0..(number % 3) * 128).for_each(|page| make::attach(*id).write(page * 4096, format!("{id}").as_bytes()));
    }
    let rss = |ns: &ipcadm_testbed::Namespace| -> Vec<String> {
        ns.rows(Kind::Shm).iter().map(|row| row["rss"].clone()).collect()
    };
    let before = rss(&ns);
    save(&["-q", "-O", &folder.path("a.tar")]).unprivileged().run().ok().stderr_empty();
    assert_eq!(rss(&ns), before);
    unpack(&folder, "a.tar");
    for (number, id) in ids.iter().enumerate() {
        let bytes = fs::read(folder.path(&format!("shm-{id}"))).expect("the segment");
        assert_eq!(bytes.len(), 1 << 20);
        for (page, bytes) in bytes.chunks(4096).enumerate() {
            let expected = if page < (number % 3) * 128 { format!("{id}") } else { String::new() };
            assert!(bytes.starts_with(expected.as_bytes()) && bytes[expected.len()..].iter().all(|byte| *byte == 0));
        }
    }
}

#[test]
fn a_segment_without_any_data() {
    let _ns = fresh();
    let folder = folder("empty");
    let id = make::shm(0x51, 100_000, 0o600);
    save(&["-q", "-O", &folder.path("a.tar")]).run().ok();
    unpack(&folder, "a.tar");
    let bytes = fs::read(folder.path(&format!("shm-{id}"))).expect("the segment");
    assert_eq!(bytes, vec![0; 100_000]);
}

#[test]
fn what_is_chosen_is_saved() {
    let _ns = fresh();
    let folder = folder("chosen");
    let (a, b) = (make::shm(0x51, 1, 0o600), make::shm(0x52, 100_000, 0o600));
    let sem = make::sem(0x51, 1, 0o600);
    let file = folder.path("f");
    let lines = |args: &[&str], expected: &str| {
        save(&[args, &["-O", &file, "--overwrite"]].concat()).run().ok().stdout_is(expected);
    };
    let (ref_a, ref_b, ref_sem) = (format!("shm:{a}"), format!("shm:{b}"), format!("sem:{sem}"));
    lines(&["shm:0x52", &ref_sem, &ref_b], &format!("saved shm:0x00000052 (id {b})\nsaved {ref_sem}\n"));
    lines(&["shm"], &format!("saved {ref_a}\nsaved {ref_b}\n"));
    lines(&["--key", "0x51"], &format!("saved {ref_a}\nsaved {ref_sem}\n"));
    lines(&["--larger", "2"], &format!("saved {ref_b}\n"));
    ipcadm(["sem", "save", "-O", &file, "--overwrite"]).run().ok().stdout_is(format!("saved {ref_sem}\n"));
    let listed = ipcadm(["ls", "--format", "jsonl", "shm"]).run().ok().stdout;
    save(&["-", "-O", &file, "--overwrite"]).stdin(listed.clone()).run().ok();
    make::chown(Kind::Shm, a, 0, 0, 0o640);
    make::remove(Kind::Shm, b);
    save(&["-", "-O", &folder.path("g")]).stdin(listed).run().stderr_has("gone since it was listed").stdout_empty();
    for wrong in [
        &["shm:0x", "-O", &file][..],
        &["shm", &ref_a, "-O", &file],
        &["--keyed", &ref_a, "-O", &file],
        &[&ref_a],
        &["-O", "", &ref_a],
        &["-O", "-", "--json"],
        &["-O", "-", "--overwrite"],
    ] {
        save(wrong).run().status(2).stdout_empty();
    }
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn nothing_to_save_makes_no_file() {
    let _ns = fresh();
    let folder = folder("nothing");
    let file = folder.path("f");
    save(&["-O", &file]).run().ok().stdout_empty().stderr_has("nothing to save");
    save(&["-O", &file, "-"]).run().ok().stderr_has("nothing to save");
    save(&["-O", &file, "--if-exists", "shm:5"]).run().ok().stderr_has("nothing to save");
    save(&["-O", &file, "shm:5"]).run().status(3).stderr_has("nothing was saved");
    // One that is absent spoils the rest.
    let id = make::msg(0x51, 0o600);
    save(&["-O", &file, "shm:5", &format!("msg:{id}")]).run().status(3).stdout_empty();
    assert_eq!(folder.names(), [""; 0]);
    save(&["-O", &file, "--if-exists", "shm:5", &format!("msg:{id}")]).run().ok();
}

#[test]
fn files_are_kept() {
    let _ns = fresh();
    let folder = folder("kept");
    make::msg(0x51, 0o600);
    let file = folder.path("f");
    fs::write(&file, "mine").expect("a file");
    save(&["-O", &file]).run().status(5).stderr_has("--overwrite");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "mine");
    save(&["-O", &file, "--overwrite"]).run().ok();
    assert!(fs::metadata(&file).expect("the file").len() > 4);
    save(&["-O", &folder.path("no/f")]).run().status(1);
    save(&["-O", &folder.to_string_lossy(), "--overwrite"]).run().status(10);
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn onto_standard_output() {
    let _ns = fresh();
    let folder = folder("stdout");
    let id = make::msg(0x51, 0o600);
    make::send(id, 1, b"text");
    let bytes = save(&["-O", "-"]).run().ok().stderr_empty().stdout;
    fs::write(folder.path("a.tar"), bytes).expect("a file");
    unpack(&folder, "a.tar");
    save(&["-O", "-"]).stdout_to("/dev/full").run().status(1).stderr_has("No space left on device");
    save(&["-O", "-"]).stdout_closed_pipe().run().status(1);
    save(&["-O", "-"]).stdout_closed().run().status(1);
}

#[test]
fn a_full_disk_leaves_no_file() {
    let _ns = fresh();
    if !needs_root("a full disk") {
        return;
    }
    let folder = folder("full");
    let id = make::shm(0x51, 4 << 20, 0o600);
    make::attach(id).write(0, &vec![1; 4 << 20]);
    let script = format!(
        "mount -t tmpfs -o size=1m none {0} && {1} save -O {0}/f; status=$?; ls -A {0}; exit $status",
        folder.display(),
        ipcadm_testbed::ipcadm_path().display()
    );
    tool("unshare", ["-m", "sh", "-c", &script]).run().status(1).stderr_has("No space left").stdout_empty();
    let script = format!(
        "ulimit -f 100; {1} save -O {0}/f; status=$?; ls -A {0}; exit $status",
        folder.display(),
        ipcadm_testbed::ipcadm_path().display()
    );
    tool("sh", ["-c", &script]).run().status(1).stderr_has("File too large").stdout_empty();
}

#[test]
fn the_unprivileged_save_their_own() {
    let _ns = fresh();
    let folder = folder("own");
    let theirs = make::msg(0x51, 0o600);
    let file = folder.path("f");
    if is_root() {
        save(&["-O", &file]).unprivileged().run().status(4).stderr_has("no archive was made");
        save(&["-O", &file, &format!("msg:{theirs}")]).unprivileged().run().status(4);
        assert_eq!(folder.names(), [""; 0]);
        make::chown(Kind::Msg, theirs, 65534, 65534, 0o600);
    }
    let owner = if is_root() { "65534" } else { "0" };
    save(&["-O", &file, "--owner", owner]).unprivileged().run().ok().stdout_is(format!("saved msg:{theirs}\n"));
}

#[test]
fn a_segment_in_use_is_approximate() {
    let _ns = fresh();
    let folder = folder("approximate");
    // A key of its own: other tests of this process have 0x51 attached in theirs.
    let id = make::shm(0x5a5a, 4096, 0o600);
    let held = make::holder(id);
    let document = save(&["-O", &folder.path("a.tar"), "--json"]).run().ok().stderr_has("approximate").json();
    assert_eq!(document["objects"][0]["outcome"], "saved");
    assert!(document["objects"][0]["approximate"].as_str().is_some_and(|reason| reason.contains("may have written")));
    drop(held);
    until_unattached(id);
    save(&["-O", &folder.path("b.tar")]).run().ok().stderr_empty();
    // The archive says so as well.
    let listed = ipcadm(["restore", "--list", "--json", &folder.path("a.tar")]).run().ok().stdout;
    let document: Value = serde_json::from_slice(&listed).expect("JSON");
    assert!(document["objects"][0]["approximate"].is_string());
}

#[test]
fn many_messages() {
    let _ns = fresh();
    let folder = folder("many");
    let id = make::msg(0x51, 0o600);
    for number in 0..10_000u32 {
        make::send(id, i64::from(number) + 1, b"");
    }
    save(&["-q", "-O", &folder.path("a.tar")]).run().ok().stderr_empty();
    unpack(&folder, "a.tar");
    let messages = fs::read_to_string(folder.path(&format!("msg-{id}.jsonl"))).expect("messages");
    let expected: String = (1..=10_000).map(|number| format!("{{\"type\":{number},\"text\":\"\"}}\n")).collect();
    assert!(messages == expected);
}

#[test]
fn what_a_run_has_closed_keeps_its_mode() {
    let _ns = fresh();
    let folder = folder("closed");
    let (msg, sem) = (make::msg(0x53, 0o640), make::sem(0x52, 2, 0o660));
    make::semop(sem, &[(0, 1, 0)]);
    let objects: Vec<Object> = [format!("msg:{msg}"), format!("sem:{sem}")]
        .iter()
        .map(|text| Reference::parse(text.as_ref(), None).expect("a reference").resolve().expect("an object").object)
        .collect();
    let mut record = Record::begin(&Places::usual()).expect("a record");
    record.write(&objects).expect("written");
    make::chown(Kind::Msg, msg, objects[0].perm.uid.raw(), objects[0].perm.gid.raw(), 0);
    make::chown(Kind::Sem, sem, objects[1].perm.uid.raw(), objects[1].perm.gid.raw(), 0o400);
    let archive = folder.path("a.tar");
    save(&["-q", "-O", &archive]).run().ok().stderr_empty();
    let modes = |text: &[u8]| -> Vec<String> {
        let document: Value = serde_json::from_slice(text).expect("JSON");
        let objects = document["objects"].as_array().expect("objects");
        objects.iter().map(|object| object["mode"].as_str().expect("a mode").to_owned()).collect()
    };
    unpack(&folder, "a.tar");
    assert_eq!(modes(&fs::read(folder.path("manifest.json")).expect("the manifest")), ["0660", "0640"]);
    assert_eq!(modes(&ipcadm(["ls", "--json"]).run().ok().stdout), ["0660", "0640"]);
    assert_eq!(modes(&ipcadm(["ls", "--json", "--mode", "0640"]).run().ok().stdout), ["0640"]);
    assert_eq!(modes(&ipcadm(["ls", "--json", &format!("msg:{msg}")]).run().ok().stdout), ["0640"]);
    assert_eq!(modes(&ipcadm(["show", "--json", &format!("sem:{sem}")]).run().ok().stdout), ["0660"]);
    let plan = folder.path("plan");
    let states = ["orphan", "dormant", "idle", "unknown"].iter().flat_map(|state| ["--state", state]);
    ipcadm(["clean", "-q", "--plan-out", &plan]).args(states).run().ok();
    assert_eq!(modes(&fs::read(plan).expect("the plan")), ["0640", "0660"]);
    // Somebody else may have closed what no record names.
    drop(record);
    if is_root() {
        make::chown(Kind::Msg, msg, 65534, 65534, 0);
        save(&["-q", "-O", &folder.path("b.tar"), "msg"]).run().ok().stderr_has("may have taken its mode away");
    }
    make::chown(Kind::Msg, msg, objects[0].perm.uid.raw(), objects[0].perm.gid.raw(), 0o644);
    save(&["-q", "-O", &folder.path("c.tar"), "msg"]).run().ok().stderr_empty();
}

/// A copy made by the library, which can be asked about later.
fn copied(reference: &str) -> Saved {
    let reference = Reference::parse(reference.as_ref(), None).expect("a reference");
    let found = reference.resolve().expect("an object");
    let mut saver = Saver::onto(empty_file().expect("a file"));
    saver.add(&found, &mut |_| {}).expect("a copy")
}

#[test]
fn what_changes_after_the_copy_is_noticed() {
    // A child that another test starts would have attached what this process has.
    alone!("what_changes_after_the_copy_is_noticed", |_| {
        let sem = make::sem(0x52, 2, 0o600);
        let saved = copied("sem:0x52");
        assert_eq!(saved.unchanged(), Ok(()));
        make::setall(sem, &[0, 1]);
        assert!(saved.unchanged().is_err());
        // Values that are the same again, another time.
        let msg = make::msg(0x53, 0o600);
        make::send(msg, 1, b"one");
        let saved = copied("msg:0x53");
        assert_eq!(saved.unchanged(), Ok(()));
        // By the same process, as large, and most often in the same second: no figure of the queue need change.
        make::recv(msg, 0);
        make::send(msg, 1, b"two");
        make::recv(msg, 0);
        make::send(msg, 1, b"six");
        let saved_later = copied("msg:0x53");
        assert!(saved.unchanged().is_err());
        assert_eq!(saved_later.unchanged(), Ok(()));
        let shm = make::shm(0x51, 5000, 0o600);
        let saved = copied("shm:0x51");
        assert_eq!(saved.approximate, None);
        assert_eq!(saved.unchanged(), Ok(()));
        let held = make::holder(shm);
        assert!(saved.unchanged().is_err());
        drop(held);
        until_unattached(shm);
        assert!(saved.unchanged().is_err(), "somebody had it meanwhile");
        let saved = copied("shm:0x51");
        make::chown(Kind::Shm, shm, 0, 0, 0o640);
        assert!(saved.unchanged().is_err());
        let saved = copied("shm:0x51");
        make::remove(Kind::Shm, shm);
        assert_eq!(saved.unchanged(), Ok(()), "gone is gone");
    });
}

#[test]
fn who_comes_between_the_copy_and_its_end_is_noticed() {
    // A child that another test starts would have attached what this process has.
    alone!("who_comes_between_the_copy_and_its_end_is_noticed", |_| {
        let shm = make::shm(0x51, 5000, 0o600);
        let reference = Reference::parse("shm:0x51".as_ref(), None).expect("a reference");
        let copied_with = |visit: &dyn Fn()| {
            let found = reference.resolve().expect("an object");
            let mut saver = Saver::onto(empty_file().expect("a file"));
            saver.hold();
            let mut saved = saver.add(&found, &mut |_| {}).expect("a copy");
            visit();
            saver.take_held().let_go(std::iter::once(&mut saved));
            (saved, found.object)
        };
        let visit = || {
            make::by_dead_process(|| {
                make::attach(shm).write(0, b"new");
                shm
            });
        };
        let (saved, before) = copied_with(&|| ());
        assert_eq!((saved.approximate.as_deref(), saved.unchanged()), (None, Ok(())));
        assert_eq!(make::shm_stat(shm).nattch, 0);
        assert!(saved.was(&before));
        visit();
        assert!(saved.unchanged().is_err(), "after the end of the copy");
        let (saved, before) = copied_with(&visit);
        assert!(saved.unchanged().is_err() && saved.was(&before));
        let holder = std::cell::Cell::new(None);
        let (saved, _) = copied_with(&|| holder.set(Some(make::holder(shm))));
        assert!(saved.unchanged().is_err(), "who stays is no less");
        drop(holder);
        until_unattached(shm);
        // Between a judgement and the copy.
        let judged = reference.resolve().expect("an object").object;
        visit();
        // Who looks into a process that ends keeps its memory for so long.
        until_unattached(shm);
        let (saved, _) = copied_with(&|| ());
        assert!(saved.unchanged().is_ok() && !saved.was(&judged));
    });
}

#[test]
fn a_queue_in_use_gives_a_whole_archive() {
    let _ns = fresh();
    let folder = folder("busy");
    let id = make::msg(0x51, 0o600);
    (1..=200).for_each(|number| make::send(id, number, b"text"));
    let stop = Arc::new(AtomicBool::new(false));
    let busy = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            while !stop.load(Ordering::Relaxed) {
                let (mtype, text) = make::recv(id, 0);
                make::send(id, mtype, &text);
            }
        }
    });
    let file = folder.path("a");
    save(&["-q", "-O", &file]).run().ok();
    stop.store(true, Ordering::Relaxed);
    busy.join().expect("the thread");
    // Whether it noticed or had a quiet moment: what it holds is what it says.
    let archive = Archive::read(fs::File::open(&file).expect("the archive")).expect("a whole archive");
    assert_eq!(archive.items.len(), 1);
}

#[test]
fn a_removed_segment_can_be_saved() {
    let ns = fresh();
    let folder = folder("doomed");
    let id = make::shm(0x51, 5000, 0o600);
    make::attach(id).write(0, b"last words");
    let held = make::holder(id);
    make::remove(Kind::Shm, id);
    let file = folder.path("a");
    save(&["-q", "-O", &file, &format!("shm:{id}")]).run().ok();
    drop(held);
    while make::exists(Kind::Shm, id) {}
    ipcadm(["restore", &file]).run().ok().stdout_has("(no key)").stderr_has("that a segment had been removed");
    let new = ns.ids(Kind::Shm)[0];
    assert_eq!(make::attach(new).read(0, 10), b"last words");
    assert_eq!(make::perm(Kind::Shm, new).mode, 0o600);
}
