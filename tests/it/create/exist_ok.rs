//! `create --exist-ok`: what fits is accepted, what differs is named, nothing is ever changed.

use ipcadm_testbed::{Kind, Running, fresh, ipcadm, make, may_set_limits, needs_root};
use serde_json::Value;

use crate::support::Json as _;

const KEY: i32 = 0x51;

/// The arguments for a kind, with a key and `--exist-ok`.
fn create(kind: Kind, more: &str) -> Vec<String> {
    let own = match kind {
        Kind::Shm => "shm create 4096",
        Kind::Sem => "sem create 2",
        Kind::Msg => "msg create",
    };
    format!("{own} --key={KEY:#x} --exist-ok {more}").split_whitespace().map(ToString::to_string).collect()
}

#[test]
fn what_fits_is_accepted_as_it_is() {
    let ns = fresh();
    let shm = make::shm(KEY, 4096, 0o600);
    let sem = make::sem(KEY, 2, 0o600);
    make::semop(sem, &[(1, 7, 0)]);
    let msg = make::msg(KEY, 0o600);
    make::send(msg, 1, b"kept");
    for (kind, id) in [(Kind::Shm, shm), (Kind::Sem, sem), (Kind::Msg, msg)] {
        let before = ns.sysvipc(kind);
        let reference = format!("{}:{id}", kind.word());
        let outcome = ipcadm(create(kind, "")).run().ok().stdout_is(format!("{reference}\n"));
        outcome.stderr_is(format!("ipcadm: note: {reference} exists and fits; nothing was changed\n"));
        let outcome = ipcadm(create(kind, "--json")).run().ok().stderr_empty();
        let object = &serde_json::from_slice::<Value>(&outcome.stdout).expect("JSON")["objects"][0];
        assert_eq!((&object["outcome"], &object["changed"]), (&"exists".into(), &false.into()));
        assert_eq!((&object["ref"], &object["id"]), (&reference.as_str().into(), &id.into()));
        assert_eq!(ns.sysvipc(kind), before);
    }
    assert_eq!(make::getall(sem, 2), [0, 7], "values are never given twice");
    ipcadm(create(Kind::Sem, "--values=5,5")).run().ok();
    assert_eq!(make::getall(sem, 2), [0, 7]);
}

#[test]
fn what_is_not_there_is_made() {
    let ns = fresh();
    for kind in Kind::ALL {
        let outcome = ipcadm(create(kind, "--format=jsonl")).run().ok().stderr_empty();
        let object = outcome.json();
        assert_eq!((&object["outcome"], &object["changed"]), (&"created".into(), &true.into()));
        assert_eq!(ns.ids(kind).len(), 1);
    }
}

/// Starts `create` for objects that were made a moment ago; each waits for its creator to finish.
fn refused(cases: Vec<(Kind, i32, String, &str)>) {
    let running: Vec<(Running, i32, Kind, &str)> =
        cases.into_iter().map(|(kind, id, more, why)| (ipcadm(create(kind, &more)).spawn(), id, kind, why)).collect();
    for (running, id, kind, why) in running {
        let outcome = running.wait().status(5).stdout_empty();
        let noun = match kind {
            Kind::Shm => "shared memory segment",
            Kind::Sem => "semaphore set",
            Kind::Msg => "message queue",
        };
        let object = format!("{KEY:#010x} is {}:{id}, which differs", kind.word());
        outcome.stderr_is(format!("ipcadm: cannot create a {noun}: {object}: {why}\n"));
    }
}

#[test]
fn what_differs_is_named_and_left_alone() {
    let ns = fresh();
    let shm = make::shm(KEY, 5000, 0o640);
    let sem = make::sem(KEY, 3, 0o600);
    let msg = make::msg(KEY, 0o600);
    make::qbytes(msg, 100);
    let before = Kind::ALL.map(|kind| ns.sysvipc(kind));
    refused(vec![
        (Kind::Shm, shm, "--mode=640".into(), "size 5000 instead of 4096"),
        (Kind::Shm, shm, String::new(), "size 5000 instead of 4096; mode 0640 instead of 0600"),
        (Kind::Shm, shm, "--mode=640 --lock".into(), "size 5000 instead of 4096; not locked"),
        (Kind::Sem, sem, String::new(), "3 semaphores instead of 2"),
        (Kind::Sem, sem, "--mode=u=rw,g=r".into(), "3 semaphores instead of 2; mode 0600 instead of 0640"),
        (Kind::Msg, msg, "--qbytes=200".into(), "capacity 100 instead of 200"),
    ]);
    assert_eq!(Kind::ALL.map(|kind| ns.sysvipc(kind)), before);
    // A capacity that was not asked for is no difference.
    ipcadm(create(Kind::Msg, "")).run().ok();
    ipcadm(create(Kind::Msg, "--qbytes=100")).run().ok();
}

#[test]
fn another_owner_group_or_creator_is_a_difference() {
    let ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let shm = make::shm(KEY, 4096, 0o600);
    make::chown(Kind::Shm, shm, 7007, 7008, 0o600);
    // A stranger prepared it and gave it to root: he may still change and remove it.
    let msg = make::as_user(7007, 7007, || make::msg(KEY, 0o600));
    make::chown(Kind::Msg, msg, 0, 0, 0o600);
    let before = Kind::ALL.map(|kind| ns.sysvipc(kind));
    refused(vec![
        (Kind::Shm, shm, String::new(), "owner 7007 instead of root"),
        (Kind::Shm, shm, "--owner=7009".into(), "owner 7007 instead of 7009"),
        (Kind::Shm, shm, "--owner=7007 --group=7009".into(), "group 7008 instead of 7009"),
        (Kind::Msg, msg, String::new(), "created by 7007, who may still change and remove it"),
    ]);
    assert_eq!(Kind::ALL.map(|kind| ns.sysvipc(kind)), before);
    ipcadm(create(Kind::Shm, "--owner=7007")).run().ok();
    ipcadm(create(Kind::Shm, "--owner=7007 --group=7008")).run().ok();
    ipcadm(create(Kind::Msg, "")).uid(7007).run().status(5).stderr_has("owner root instead of 7007");
}

#[test]
fn a_segment_kept_in_ram_fits_a_locked_one() {
    let _ns = fresh();
    let id = make::shm(KEY, 4096, 0o600);
    make::shm_lock(id);
    ipcadm(create(Kind::Shm, "--lock")).run().ok().stdout_is(format!("shm:{id}\n"));
    ipcadm(create(Kind::Shm, "")).run().ok();
}

/// Waits until the process sleeps between two looks.
fn until_it_waits(running: &mut Running) {
    let path = format!("/proc/{}/syscall", running.pid());
    let sleeps = [libc::SYS_clock_nanosleep, libc::SYS_nanosleep].map(|call| format!("{call} "));
    while !sleeps.iter().any(|call| std::fs::read_to_string(&path).unwrap_or_default().starts_with(call)) {
        assert!(running.is_running(), "it ended instead of waiting");
        ipcadm_testbed::pause();
    }
}

#[test]
fn a_set_being_initialised_is_waited_for() {
    let _ns = fresh();
    let id = make::sem(KEY, 2, 0o600);
    let mut running = ipcadm(create(Kind::Sem, "--values=8,9")).spawn();
    until_it_waits(&mut running);
    make::semop(id, &[(0, 3, 0)]);
    running.wait().ok().stdout_is(format!("sem:{id}\n"));
    assert_eq!(make::getall(id, 2), [3, 0]);
}

#[test]
fn a_set_that_nobody_initialises_is_accepted_with_a_note() {
    let _ns = fresh();
    let id = make::sem(KEY, 2, 0o600);
    let outcome = ipcadm(create(Kind::Sem, "")).run().ok().stdout_is(format!("sem:{id}\n"));
    outcome.stderr_has(&format!(
        "note: no operation was ever done on sem:{id}: its creator may not have given it its values\n"
    ));
    assert_eq!((make::getall(id, 2), make::sem_stat(id).otime), (vec![0, 0], 0));
}

#[test]
fn a_set_that_gets_its_mode_last_is_waited_for() {
    let _ns = fresh();
    let id = make::sem(KEY, 2, 0o200);
    let mut running = ipcadm(create(Kind::Sem, "")).spawn();
    until_it_waits(&mut running);
    make::setall(id, &[4, 5]);
    make::semop(id, &[(0, -1, 0), (0, 1, 0)]);
    make::chown(Kind::Sem, id, 0, 0, 0o600);
    running.wait().ok().stdout_is(format!("sem:{id}\n"));
}

#[test]
fn a_key_that_is_freed_while_waiting_is_taken() {
    let ns = fresh();
    let id = make::sem(KEY, 2, 0o600);
    let mut running = ipcadm(create(Kind::Sem, "--values=8,9")).spawn();
    until_it_waits(&mut running);
    make::remove(Kind::Sem, id);
    running.wait().ok().stderr_empty();
    let ids = ns.ids(Kind::Sem);
    assert!(ids.len() == 1 && ids[0] != id);
    assert_eq!(make::getall(ids[0], 2), [8, 9]);
}

/// Twenty start at once; one of them makes it, and all of them use the same one.
#[track_caller]
fn twenty(kind: Kind, more: &str) -> i32 {
    let running: Vec<Running> =
        (0..20).map(|_| ipcadm(create(kind, &format!("--format=jsonl {more}"))).spawn()).collect();
    let objects: Vec<Value> = running
        .into_iter()
        .map(|running| serde_json::from_slice(&running.wait().ok().stderr_empty().stdout).expect("JSON"))
        .collect();
    let made = |object: &&Value| object["outcome"] == "created" && object["changed"] == true;
    assert_eq!(objects.iter().filter(made).count(), 1, "{objects:?}");
    assert_eq!(objects.iter().filter(|object| object["outcome"] == "exists").count(), 19);
    assert!(objects.iter().all(|object| object["id"] == objects[0]["id"]), "{objects:?}");
    objects[0]["id"].as_i64().and_then(|id| id.try_into().ok()).expect("an id")
}

#[test]
fn of_many_at_once_one_creates() {
    let ns = fresh();
    let id = twenty(Kind::Sem, "--values=3,4");
    assert_eq!(make::getall(id, 2), [3, 4]);
    let id = twenty(Kind::Shm, "--mode=0640 --group=0");
    assert_eq!((make::shm_stat(id).size, make::perm(Kind::Shm, id).mode), (4096, 0o640));
    let id = twenty(Kind::Msg, "--qbytes=77");
    assert_eq!(make::msg_stat(id).qbytes, 77);
    for kind in Kind::ALL {
        assert_eq!(ns.ids(kind).len(), 1);
    }
    if may_set_limits("semopm") {
        let ns = fresh();
        ns.sysctl("sem", "32000 1024000000 1 32000");
        let id = twenty(Kind::Sem, "--values=3,4 --mode=0644");
        assert_eq!(make::getall(id, 2), [3, 4]);
    }
}
