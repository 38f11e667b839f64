//! `save` killed at any moment: under the archive's name there is a whole archive, or nothing, or what was there before;
//! and nothing else is left behind.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ipcadm::archive::read::Archive;
use ipcadm_testbed::{fresh, ipcadm, make};

const KILL: i32 = 9;
const TERMINATE: i32 = 15;

/// A folder for one test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ipcadm-kill-{name}-{}", std::process::id()));
        fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

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
    let file = folder.0.join("f").to_string_lossy().into_owned();
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
    let path = folder.0.join("f");
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
            fs::remove_file(folder.0.join(name)).expect("the second name");
        }
    }
    assert!(old > 0);
}
