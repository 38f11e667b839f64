//! Records of what is closed: which are obeyed, and what comes of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ipcadm::journal::folder::Places;
use ipcadm::journal::record::Record;
use ipcadm::journal::recover::{Recovery, recover};
use ipcadm::object::inventory;
use ipcadm::removal::{Candidate, Outcome};
use ipcadm_testbed::{Kind, fresh, make, needs_root};

use super::{Records, id, judged, leaked, remove};

/// A record as an interrupted run would leave it.
fn left_behind(folder: &Records, number: i32) -> PathBuf {
    let object = inventory::look(id(Kind::Shm, number)).expect("a look").expect("an object");
    let mut record = folder.record();
    record.write(&[object]).expect("a record");
    let text = fs::read(record.path()).expect("a record");
    let path = folder.known().join("closed-1-00000000");
    drop(record);
    fs::write(&path, text).expect("a record");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    path
}

fn close(number: i32) {
    let perm = make::perm(Kind::Shm, number);
    make::chown(Kind::Shm, number, perm.uid, perm.gid, 0);
}

#[test]
fn only_a_sound_record_is_obeyed() {
    let _ns = fresh();
    let folder = Records::new();
    let number = make::shm(0, 4096, 0o640);
    let path = left_behind(&folder, number);
    let good = fs::read_to_string(&path).expect("a record");
    close(number);
    let refused_for =
        |why: &str| matches!(&recover(&folder.records())[..], [Recovery::PassedOver(_, said)] if said.contains(why));
    let refused = || refused_for("");
    let silent = || recover(&folder.records()).is_empty();
    for (from, to, why) in [
        ("{", "[", "not a record"),
        ("\"ipcadm_record\":3", "\"ipcadm_record\":9", "version 9 is unknown"),
        // Another version has other fields.
        ("\"ipcadm_record\":3", "\"ipcadm_record\":1,\"more\":1", "version 1 is unknown"),
        ("\"ipcadm_record\":3", "\"ipcadm_record\":3,\"more\":1", "damaged"),
        (",416]", ",4096]", "impossible"),
    ] {
        fs::write(&path, good.replacen(from, to, 1)).expect("a record");
        assert!(refused_for(why), "{from} {to}");
    }
    // A later program's, of another boot: no object is left that it could be about.
    let later = good.replacen("\"ipcadm_record\":3", "\"ipcadm_record\":9", 1);
    fs::write(&path, later.replacen("\"boot\":\"", "\"boot\":\"0", 1)).expect("a record");
    assert!(silent() && !path.exists());
    fs::write(&path, &good).expect("a record");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    // Others could have written it.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("a mode");
    assert!(refused());
    fs::remove_file(&path).expect("removed");
    let elsewhere = folder.0.join("elsewhere");
    fs::write(&elsewhere, &good).expect("a record");
    symlink(&elsewhere, &path).expect("a link");
    assert!(refused());
    fs::remove_file(&path).expect("removed");
    let fifo = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().expect("mkfifo");
    assert!(fifo.success() && refused());
    fs::remove_file(&path).expect("removed");
    assert_eq!(make::perm(Kind::Shm, number).mode, 0);

    // Of another object, namespace or boot: no word.
    let write = |text: String| {
        fs::write(&path, text).expect("a record");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    };
    write(good.replacen(",[0,", ",[7,", 1));
    assert!(silent() && !path.exists());
    write(good.replacen("\"namespace\":", "\"namespace\":1", 1));
    assert!(silent() && path.exists(), "another namespace's run will need it");
    write(good.replacen("\"boot\":\"", "\"boot\":\"0", 1));
    assert!(silent() && !path.exists());
    assert_eq!(make::perm(Kind::Shm, number).mode, 0);

    write(good);
    let opened = recover(&folder.records());
    assert!(matches!(opened[..], [Recovery::Unlocked(object, _)] if object.sysv() == number), "{opened:?}");
    assert_eq!(make::perm(Kind::Shm, number).mode, 0o640);
    assert!(!path.exists());
}

/// What another test has just forked has the record open, and its lock, until it closes it.
fn recover_at_last(folder: &Records) -> Vec<Recovery> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let recoveries = recover(&folder.records());
        if !recoveries.is_empty() || Instant::now() > deadline {
            return recoveries;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_set_that_was_open_for_a_look_is_put_right_too() {
    let _ns = fresh();
    let folder = Records::new();
    let number = make::sem(0, 1, 0o640);
    let object = inventory::look(id(Kind::Sem, number)).expect("a look").expect("an object");
    let mut record = folder.record();
    record.write(&[object]).expect("a record");
    make::chown(Kind::Sem, number, object.perm.uid.raw(), object.perm.gid.raw(), 0o400);
    record.done([&object]).expect("a record");
    drop(record);
    assert!(matches!(recover_at_last(&folder)[..], [Recovery::Unlocked(..)]));
    assert_eq!(make::perm(Kind::Sem, number).mode, 0o640);
    // A mode that we never give is somebody else's.
    let mut record = folder.record();
    record.write(&[object]).expect("a record");
    make::chown(Kind::Sem, number, object.perm.uid.raw(), object.perm.gid.raw(), 0o600);
    record.done([&object]).expect("a record");
    drop(record);
    assert!(folder.files().is_empty());
}

#[test]
fn the_record_of_a_living_run_is_its_own() {
    let _ns = fresh();
    let folder = Records::new();
    let number = make::shm(0, 4096, 0o640);
    let mut record = folder.record();
    let object = inventory::look(id(Kind::Shm, number)).expect("a look").expect("an object");
    record.write(&[object]).expect("a record");
    close(number);
    assert_eq!(recover(&folder.records()), []);
    assert_eq!(make::perm(Kind::Shm, number).mode, 0);
    // What cannot be opened again stays on record for the next run.
    record.done([&object]).expect("a record");
    drop(record);
    assert!(matches!(recover_at_last(&folder)[..], [Recovery::Unlocked(..)]));
    assert_eq!(make::perm(Kind::Shm, number).mode, 0o640);
    assert!(folder.files().is_empty());
}

#[test]
fn what_another_run_has_closed_is_left_to_it() {
    let _ns = fresh();
    let folder = Records::new();
    let number = leaked(Kind::Shm);
    let object = inventory::look(id(Kind::Shm, number)).expect("a look").expect("an object");
    let mut theirs = folder.record();
    theirs.write(&[object]).expect("a record");
    let open = judged(Kind::Shm, number);
    close(number);
    let closed = judged(Kind::Shm, number);
    let outcomes = |candidate: &Candidate| remove(std::slice::from_ref(candidate), &mut folder.record()).remove(0);
    let outcome = outcomes(&closed);
    assert!(matches!(&outcome, Outcome::Kept(why) if why.contains("another run")), "{outcome:?}");
    // It was judged before the other run came, which removes it while this one ends.
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            let deadline = Instant::now() + Duration::from_secs(20);
            while folder.files().len() < 2 && Instant::now() < deadline {
                std::thread::yield_now();
            }
            make::remove(Kind::Shm, number);
        });
        outcomes(&open)
    });
    assert!(matches!(outcome, Outcome::Gone), "{outcome:?}");
    drop(theirs);
    // Nobody's record names it: that is the mode it has.
    let number = leaked(Kind::Shm);
    close(number);
    assert!(matches!(outcomes(&judged(Kind::Shm, number)), Outcome::Removed));
}

#[test]
fn what_may_be_on_a_record_that_cannot_be_read_stays() {
    let _ns = fresh();
    let folder = Records::new();
    let number = leaked(Kind::Shm);
    let path = left_behind(&folder, number);
    let good = fs::read_to_string(&path).expect("a record");
    close(number);
    let outcome = || {
        let closed = judged(Kind::Shm, number);
        remove(std::slice::from_ref(&closed), &mut folder.record()).remove(0)
    };
    let unreadable: [&dyn Fn(); 3] = [
        &|| {
            fs::write(&path, good.replacen("\"ipcadm_record\":3", "\"ipcadm_record\":1,\"more\":1", 1))
                .expect("a record")
        },
        &|| fs::write(&path, "not a record\n").expect("a record"),
        &|| {
            fs::write(&path, &good).expect("a record");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).expect("a mode");
        },
    ];
    for make_unreadable in unreadable {
        make_unreadable();
        let outcome = outcome();
        assert!(matches!(&outcome, Outcome::Kept(why) if why.contains("cannot be read")), "{outcome:?}");
    }
    fs::remove_file(&path).expect("removed");
    assert!(matches!(outcome(), Outcome::Removed));
    // A set that may have been open for a look.
    let set = leaked(Kind::Sem);
    let perm = make::perm(Kind::Sem, set);
    make::chown(Kind::Sem, set, perm.uid, perm.gid, 0o400);
    let removed = || {
        let open = judged(Kind::Sem, set);
        remove(std::slice::from_ref(&open), &mut folder.record()).remove(0)
    };
    fs::write(&path, "not a record\n").expect("a record");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert!(matches!(removed(), Outcome::Kept(why) if why.contains("cannot be read")));
    fs::remove_file(&path).expect("removed");
    assert!(matches!(removed(), Outcome::Removed));
}

#[test]
fn a_record_from_a_clock_that_was_set_back_is_not_dropped() {
    let _ns = fresh();
    let folder = Records::new();
    let number = make::shm(0, 4096, 0o640);
    let path = left_behind(&folder, number);
    close(number);
    let good = fs::read_to_string(&path).expect("a record");
    fs::write(&path, good.replacen("\"time\":", "\"time\":9", 1)).expect("a record");
    let recoveries = recover(&folder.records());
    assert!(matches!(&recoveries[..], [Recovery::Failed(_, why)] if why.contains("set --mode 0640")), "{recoveries:?}");
    assert!(path.exists() && make::perm(Kind::Shm, number).mode == 0);
    let perm = make::perm(Kind::Shm, number);
    make::chown(Kind::Shm, number, perm.uid, perm.gid, 0o640);
    assert!(recover(&folder.records()).is_empty() && !path.exists());
}

#[test]
fn a_new_owner_gets_the_mode_back() {
    if !needs_root("another owner") {
        return;
    }
    let _ns = fresh();
    let folder = Records::new();
    let number = make::shm(0, 4096, 0o640);
    let path = left_behind(&folder, number);
    make::chown(Kind::Shm, number, 4321, 4321, 0);
    assert!(matches!(recover(&folder.records())[..], [Recovery::Unlocked(..)]));
    let perm = make::perm(Kind::Shm, number);
    assert_eq!((perm.uid, perm.mode), (4321, 0o640));
    assert!(!path.exists());
}

#[test]
fn a_line_that_was_cut_short_closed_nothing() {
    let _ns = fresh();
    let folder = Records::new();
    let number = make::shm(0, 4096, 0o640);
    let path = left_behind(&folder, number);
    let line = fs::read(&path).expect("a record");
    close(number);
    for length in [1, 20, line.len() - 1] {
        fs::write(&path, &line[..length]).expect("a record");
        assert_eq!(recover(&folder.records()), [Recovery::CutShort(path.clone())]);
        assert!(!path.exists() && make::perm(Kind::Shm, number).mode == 0);
        fs::write(&path, "").expect("a record");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    // The line of an earlier batch holds all the same.
    fs::write(&path, [&line[..], &line[..20]].concat()).expect("a record");
    let recoveries = recover(&folder.records());
    assert!(matches!(recoveries[..], [Recovery::Unlocked(..), Recovery::CutShort(_)]), "{recoveries:?}");
    assert!(!path.exists() && make::perm(Kind::Shm, number).mode == 0o640);
}

#[test]
fn what_stays_closed_survives_the_next_batch() {
    let _ns = fresh();
    let folder = Records::new();
    let numbers = [make::shm(0, 4096, 0o640), make::shm(0, 4096, 0o640)];
    let objects = numbers.map(|number| inventory::look(id(Kind::Shm, number)).expect("a look").expect("an object"));
    let mut record = folder.record();
    record.write(&objects[..1]).expect("a record");
    close(numbers[0]);
    record.done(&objects[..1]).expect("a record");
    record.write(&objects[1..]).expect("a record");
    // Killed while it writes the next line, the run has lost nothing of the first.
    let path = record.path().to_owned();
    let text = fs::read(&path).expect("a record");
    record.done(&objects[1..]).expect("a record");
    let first = fs::read(&path).expect("a record");
    assert!(text.starts_with(&first) && first.ends_with(b"\n") && text.len() > first.len());
    drop(record);
    assert!(matches!(recover_at_last(&folder)[..], [Recovery::Unlocked(object, _)] if object.sysv() == numbers[0]));
}

#[test]
fn runs_with_folders_of_their_own_see_each_other() {
    let _ns = fresh();
    let folder = Records::new();
    let places = Places::new(Vec::new(), vec![folder.0.to_path_buf()]);
    let number = leaked(Kind::Shm);
    let object = inventory::look(id(Kind::Shm, number)).expect("a look").expect("an object");
    let mut theirs = Record::begin(&places).expect("a record");
    theirs.write(&[object]).expect("a record");
    close(number);
    let closed = judged(Kind::Shm, number);
    let mut mine = Record::begin(&places).expect("a record");
    assert_ne!(mine.path().parent(), theirs.path().parent());
    let outcome = remove(std::slice::from_ref(&closed), &mut mine).remove(0);
    assert!(matches!(&outcome, Outcome::Kept(why) if why.contains("another run")), "{outcome:?}");
    drop(mine);
    assert_eq!(places.own().folders.len(), 1, "an empty folder goes with its run");
    drop(theirs);
    assert!(places.own().folders.is_empty());
    // A run that was killed before it wrote anything leaves an empty folder.
    let left = places.first(|folder| Ok(folder.to_owned())).expect("a folder");
    assert!(recover(&places).is_empty() && !left.exists());
}
