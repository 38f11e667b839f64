//! `save`, `restore` and `clean` killed at any moment. Under an archive's name there is a whole archive, or nothing, or
//! what was there before, and nothing else is left behind. What is made is complete, or can be told from what is. What
//! is gone was saved, and what was closed is opened by the next run.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use ipcadm::archive::read::Archive;
use ipcadm_testbed::{Folder, Kind, fresh, ipcadm, is_root, make};

use super::clear;

const KILL: i32 = 9;
const TERMINATE: i32 = 15;

/// How long a whole run takes, so that the moments can be spread over it.
fn whole_run(file: &str) -> Duration {
    let begun = Instant::now();
    ipcadm(["save", "-q", "-O", file]).run().ok();
    let took = begun.elapsed();
    fs::remove_file(file).expect("the archive");
    took
}

fn objects() -> usize {
    let id = make::shm(0x51, 6 << 20, 0o600);
    make::attach(id).write(0, &vec![7; 5 << 20]);
    let msg = make::msg(0x52, 0o600);
    (0..500).for_each(|_| make::send(msg, 1, b"text"));
    make::sem(0x53, 10, 0o600);
    3
}

/// Waits for a moment that has nothing to do with what the child does.
fn at(begun: Instant, moment: Duration) {
    while begun.elapsed() < moment {
        std::hint::spin_loop();
    }
}

#[test]
fn there_is_a_whole_archive_or_none() {
    let _ns = fresh();
    let folder = Folder::new("new");
    let number = objects();
    let file = folder.path("f");
    let took = whole_run(&file);
    let (mut none, mut whole) = (0, 0);
    for round in 0..60u32 {
        let begun = Instant::now();
        let child = ipcadm(["save", "-q", "-O", &file]).spawn();
        at(begun, took * round / 50);
        child.signal(if round % 4 == 3 { TERMINATE } else { KILL });
        child.wait();
        match folder.names().as_slice() {
            [] => none += 1,
            [name] if name == "f" => {
                let archive = Archive::read(File::open(&file).expect("the archive")).expect("a whole archive");
                assert_eq!(archive.items.len(), number);
                fs::remove_file(&file).expect("the archive");
                whole += 1;
            }
            names => panic!("left behind: {names:?}"),
        }
    }
    assert!(none > 0, "{none} times nothing, {whole} times a whole archive");
}

#[test]
fn what_was_there_stays_until_there_is_a_new_one() {
    let _ns = fresh();
    let folder = Folder::new("old");
    let number = objects();
    let path = folder.join("f");
    let file = path.to_string_lossy().into_owned();
    let took = whole_run(&file);
    fs::write(&path, "old").expect("a file");
    let mut old = 0;
    for round in 0..40u32 {
        let begun = Instant::now();
        let child = ipcadm(["save", "-q", "--overwrite", "-O", &file]).spawn();
        at(begun, took * round / 35);
        child.signal(KILL);
        child.wait();
        if fs::read(&path).expect("something") == b"old" {
            old += 1;
        } else {
            let archive = Archive::read(File::open(&path).expect("the archive")).expect("a whole archive");
            assert_eq!(archive.items.len(), number);
            fs::write(&path, "old").expect("a file");
        }
        // Killed between its two steps, replacing may leave its second name for the whole archive.
        for name in folder.names().into_iter().filter(|name| name != "f") {
            assert!(name.starts_with(".ipcadm-"), "{name}");
            fs::remove_file(folder.join(name)).expect("the second name");
        }
    }
    assert!(old > 0);
}

#[test]
fn what_restore_made_is_complete_or_shows_that_it_is_not() {
    let ns = fresh();
    let folder = Folder::new("restore");
    let number = objects();
    for kind in Kind::ALL {
        ns.ids(kind).into_iter().for_each(|id| make::chown(kind, id, 0, 0, 0o640));
    }
    let file = folder.path("f");
    ipcadm(["save", "-q", "-O", &file]).run().ok();
    let bytes = fs::read(&file).expect("the archive");
    // Asking for an id needs a right, and leaves something behind in the kernel that must not harm.
    let args: &[&str] = if is_root() { &["restore", "-q", "--same-id", &file] } else { &["restore", "-q", &file] };
    clear(&ns);
    let begun = Instant::now();
    ipcadm(args.iter().copied()).run().ok();
    let took = begun.elapsed();
    let (mut none, mut some) = (0, 0);
    for round in 0..50u32 {
        clear(&ns);
        let begun = Instant::now();
        let child = ipcadm(args.iter().copied()).spawn();
        at(begun, took * round / 40);
        child.signal(KILL);
        child.wait();
        let mut halves = 0;
        for kind in Kind::ALL {
            for id in ns.ids(kind) {
                some += 1;
                if make::perm(kind, id).mode != 0o640 {
                    assert_eq!(make::perm(kind, id).mode, 0o600);
                    halves += 1;
                } else if kind == Kind::Msg {
                    assert_eq!(make::msg_stat(id).qnum, 500);
                } else if kind == Kind::Shm {
                    assert!(make::attach(id).read(0, 5 << 20).iter().all(|byte| *byte == 7));
                }
            }
        }
        assert!(halves <= 1, "{halves} at once");
        none += u32::from(Kind::ALL.into_iter().all(|kind| ns.ids(kind).is_empty()));
        assert!(fs::read(&file).expect("the archive") == bytes);
    }
    assert!(none > 0 && some > 0, "{none} times nothing, {some} objects");
    clear(&ns);
    ipcadm(args.iter().copied()).run().ok();
    assert_eq!(Kind::ALL.into_iter().map(|kind| ns.ids(kind).len()).sum::<usize>(), number);
}

/// Objects of a dead process, more than are closed at a time.
fn leak() {
    make::by_dead_process(|| {
        for _ in 0..70 {
            make::setall(make::sem(0, 2, 0o640), &[1, 2]);
        }
        let queue = make::msg(0, 0o640);
        make::send(queue, 3, b"text");
        make::shm(0, 64 << 10, 0o640)
    });
}

#[test]
fn what_clean_removed_was_saved_and_nothing_stays_closed() {
    let ns = fresh();
    let folder = Folder::new("clean");
    let path = folder.join("f");
    let file = path.to_string_lossy().into_owned();
    let clean = || {
        let states = ["--state", "orphan", "--state", "unknown"];
        ipcadm(["clean", "-q", "--yes", "--grace", "0"]).args(states).args(["--save", &file])
    };
    leak();
    let begun = Instant::now();
    clean().run().ok();
    let took = begun.elapsed();
    fs::remove_file(&path).expect("the archive");
    let (mut all, mut some) = (0, 0);
    for round in 0..40u32 {
        clear(&ns);
        leak();
        let before: Vec<_> =
            Kind::ALL.into_iter().flat_map(|kind| ns.ids(kind).into_iter().map(move |id| (kind, id))).collect();
        let begun = Instant::now();
        let child = clean().spawn();
        at(begun, took * round / 33);
        child.signal(if round % 4 == 3 { TERMINATE } else { KILL });
        child.wait();
        let saved = match File::open(&path) {
            Ok(archive) => Archive::read(archive).expect("a whole archive").items,
            Err(_) => Vec::new(),
        };
        // Nothing is chosen, but what was interrupted is put right.
        ipcadm(["clean", "--yes", "--owner", "4000000"]).run().ok();
        let mut left = 0;
        for &(kind, id) in &before {
            if make::exists(kind, id) {
                left += 1;
                assert_eq!(make::perm(kind, id).mode, 0o640, "{kind:?} {id}, round {round}");
            } else {
                let name = format!("{}:{id}", kind.word());
                assert!(saved.iter().any(|item| item.object.id.to_string() == name), "{name} is lost, round {round}");
            }
        }
        all += u32::from(left == before.len());
        some += u32::from(left > 0 && left < before.len());
        drop(fs::remove_file(&path));
    }
    assert!(all > 0, "{all} times all were left, {some} times some");
}
