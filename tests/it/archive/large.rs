//! Segments that are large enough for a second thread, which makes the checksums.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;

use ipcadm::archive::plan::{Plan, RestoreOptions};
use ipcadm::archive::read::{Archive, Body};
use ipcadm_testbed::{Cmd, Kind, fresh, ipcadm, ipcadm_path, is_root, make, tool};

use super::{clear, count, folder, only, save};

/// Bytes with holes between them, no two chunks of which are the same.
const SIZE: usize = 9 << 20;
const DATA: usize = 8 << 20;

fn bytes() -> Vec<u8> {
    (0..DATA / 8).flat_map(|number| (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect()
}

/// A segment that an ordinary user may save and restore.
fn segment() -> i32 {
    let id = make::shm(0x51, SIZE, 0o600);
    make::attach(id).write(0, &bytes());
    if is_root() {
        make::chown(Kind::Shm, id, 65534, 65534, 0o600);
    }
    id
}

#[track_caller]
fn assert_whole(id: i32) {
    assert!(make::attach(id).read(0, DATA) == bytes());
}

#[test]
fn where_no_thread_can_be_started_one_does_all() {
    let ns = fresh();
    let folder = folder("alone");
    // Nothing else can be started either.
    let other = tool("sh", ["-c", "true & wait $!"]).unprivileged().last_process().run();
    assert_ne!(other.status, Some(0));
    let ways: [fn(Cmd) -> Cmd; 2] = [Cmd::unprivileged, |command| command.unprivileged().last_process()];
    for (number, way) in ways.into_iter().enumerate() {
        let file = folder.path(&number.to_string());
        segment();
        way(ipcadm(["save", "-q", "-O", &file])).run().ok().stderr_empty();
        clear(&ns);
        way(ipcadm(["restore", "-q", &file])).run().ok();
        assert_whole(only(&ns, Kind::Shm));
        clear(&ns);
    }
    assert!(fs::read(folder.path("0")).expect("one").len() > DATA);
}

#[test]
fn an_archive_that_changes_after_the_check_makes_nothing() {
    let ns = fresh();
    let folder = folder("changed");
    let file = folder.path("f");
    segment();
    save(&file);
    clear(&ns);
    let archive = Archive::read(File::open(&file).expect("the archive")).expect("a whole archive");
    let items: Vec<_> = archive.items.iter().collect();
    let plan = Plan::new(&items, &RestoreOptions::default()).expect("a plan");
    let make = || {
        let mut result = None;
        archive.make(&plan.planned, &mut |_| {}, &mut |_, made| result = Some(made));
        result.expect("one was planned")
    };
    let Body::Segment { place, .. } = &items[0].body else { panic!("no segment") };
    let write = fs::OpenOptions::new().write(true).open(&file).expect("the archive");
    for offset in [0, 1 << 20, place.stored - 1] {
        let mut byte = [0];
        archive.part(place.offset + offset, 1).read_exact(&mut byte).expect("a byte");
        write.write_all_at(&[!byte[0]], place.offset + offset).expect("another byte");
        assert!(make().is_err_and(|error| error.to_string().contains("has changed the archive")));
        assert_eq!(count(&ns), 0);
        write.write_all_at(&byte, place.offset + offset).expect("the byte");
    }
    write.set_len(place.offset + (5 << 20)).expect("less");
    assert!(make().is_err());
    assert_eq!(count(&ns), 0);
}

#[test]
fn a_limit_on_files_is_none_on_segments() {
    let ns = fresh();
    let folder = folder("limit");
    let file = folder.path("f");
    segment();
    save(&file);
    clear(&ns);
    let script = format!("ulimit -f 4000; exec {} restore -q {file}", ipcadm_path().display());
    tool("sh", ["-c", &script]).run().ok();
    assert_whole(only(&ns, Kind::Shm));
}

#[test]
fn a_signal_waits_until_it_is_whole() {
    let ns = fresh();
    let folder = folder("signal");
    let file = folder.path("f");
    segment();
    save(&file);
    // It may come when all is done already.
    let mut in_time = 0;
    for _ in 0..200 {
        clear(&ns);
        let restore = ipcadm(["restore", "-q", &file]).spawn();
        while count(&ns) == 0 {
            std::hint::spin_loop();
        }
        restore.signal(libc::SIGTERM);
        let outcome = restore.wait();
        assert_whole(only(&ns, Kind::Shm));
        if outcome.status == Some(0) {
            continue;
        }
        outcome.signal(libc::SIGTERM);
        in_time += 1;
        if in_time == 5 {
            return;
        }
    }
    assert!(in_time > 0, "no signal came in time");
}
