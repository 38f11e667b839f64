//! `restore --replace`: what goes for it is unused, and goes only for what can be made.

use std::fs;

use ipcadm_testbed::{Kind, NOBODY, fresh, ipcadm, is_root, make, needs_root};

use super::{count, folder, only, restore, save};

/// Writes to a segment, as a process that has ended since.
fn write(shm: i32, text: &[u8]) {
    make::by_dead_process(|| {
        make::attach(shm).write(0, text);
        0
    });
}

#[test]
fn replacing_takes_only_what_is_unused() {
    let ns = fresh();
    let folder = folder("replace");
    let file = folder.path("f");
    let shm = make::by_dead_process(|| make::shm(0x51, 100, 0o600));
    let (sem, msg) = (make::sem(0x52, 1, 0o600), make::msg(0x53, 0o600));
    write(shm, b"old");
    save(&file);
    write(shm, b"new");
    make::by_dead_process(|| {
        make::send(msg, 1, b"unread");
        0
    });
    restore(&[&file, "--replace"]).run().status(10).stderr_has("1 unread message").stderr_has("nothing was done");
    make::by_dead_process(|| make::recv(msg, 0).1.len().try_into().unwrap_or(0));
    let held = make::holder(shm);
    restore(&[&file, "--replace"]).run().status(10).stderr_has("attached by pid");
    drop(held);
    while make::shm_stat(shm).nattch > 0 {}
    let waiter = make::blocked_semop(sem, 0, -1);
    restore(&[&file, "--replace"]).run().status(10).stderr_has("waited for by pid");
    drop(waiter);
    for id in [(Kind::Shm, shm), (Kind::Sem, sem), (Kind::Msg, msg)] {
        assert!(make::exists(id.0, id.1));
    }
    // Whether somebody hidden may wait on a queue depends on where this runs.
    let queue = if may_be_waited_for(msg) {
        restore(&[&file, "--replace", "msg:0x53"]).run().status(10).stderr_has("may be in use");
        make::exists(Kind::Msg, msg).then(|| make::remove(Kind::Msg, msg))
    } else {
        None
    };
    restore(&[&file, "--replace", "--dry-run"]).run().ok().stdout_has(&format!("after removing shm:{shm}"));
    assert!(make::exists(Kind::Shm, shm) && make::exists(Kind::Msg, msg) == queue.is_none());
    restore(&[&file, "--replace"]).run().ok();
    assert!(!make::exists(Kind::Shm, shm) && !make::exists(Kind::Msg, msg) && count(&ns) == 3);
    assert_eq!(make::by_dead_process(|| i32::from(make::attach(only(&ns, Kind::Shm)).read(0, 3) == b"old")), 1);
    if is_root() {
        restore(&[&file, "--replace", "shm:0x51"]).unprivileged().run().status(4);
        assert_eq!(count(&ns), 3);
    }
}

/// Whether somebody who cannot be seen may wait on this queue, as far as this process can tell.
fn may_be_waited_for(queue: i32) -> bool {
    let outcome = ipcadm(["rm", "--dry-run", "--if-unused", &format!("msg:{queue}")]).run();
    outcome.status == Some(10)
}

/// Of the user that an unprivileged child is.
fn own(make: impl FnOnce() -> i32) -> i32 {
    if is_root() { make::as_user(NOBODY, NOBODY, || make::by_dead_process(make)) } else { make::by_dead_process(make) }
}

#[test]
fn nothing_goes_for_what_cannot_be_made() {
    let ns = fresh();
    let folder = folder("cannot");
    let file = folder.path("f");
    let (shm, sem) = (own(|| make::shm(0x51, 8192, 0o600)), own(|| make::sem(0x52, 1, 0o600)));
    make::shm_lock(shm);
    save(&file);
    let try_it = |args: &[&str]| restore(&[&[file.as_str(), "--replace"], args].concat()).unprivileged().may_lock(0);
    if !is_root() {
        // Others of the same user have rights that this one lacks: they may not be looked into, and may be users.
        try_it(&["shm:0x51"]).run().status(10).stderr_has("may be in use");
        return;
    }
    try_it(&["shm:0x51"]).run().status(4).stderr_has("lock the new segment").stderr_has("nothing was replaced");
    try_it(&["sem:0x52", "--same-id"]).run().status(4).stderr_has("ask for the id").stderr_has("nothing was replaced");
    assert_eq!((only(&ns, Kind::Shm), only(&ns, Kind::Sem)), (shm, sem));
    assert_eq!((make::perm(Kind::Shm, shm).mode & 0o777, make::perm(Kind::Sem, sem).mode), (0o600, 0o600));
    try_it(&["sem:0x52"]).run().ok().stdout_has(&format!("sem:{sem} -> sem:"));
    assert!(only(&ns, Kind::Sem) != sem);
}

#[test]
fn a_full_table_is_no_obstacle() {
    let ns = fresh();
    let folder = folder("full");
    let file = folder.path("f");
    let (first, second) = (make::sem(0x51, 4, 0o600), make::sem(0x52, 4, 0o600));
    save(&file);
    ns.sysctl("sem", "32000 8 500 2");
    restore(&[&file, "--replace"]).run().ok();
    assert!(!make::exists(Kind::Sem, first) && !make::exists(Kind::Sem, second) && count(&ns) == 2);
    // One that replaces nothing has no room.
    make::remove(Kind::Sem, ns.ids(Kind::Sem)[0]);
    make::sem(0x53, 4, 0o600);
    restore(&[&file, "--replace"]).run().status(1).stderr_has("SEMMNI").stderr_has("nothing was done");
    assert_eq!(count(&ns), 2);
}

#[test]
fn what_may_be_in_use_is_not_replaced() {
    if !needs_root("processes of another user") {
        return;
    }
    let ns = fresh();
    let folder = folder("maybe");
    let file = folder.path("f");
    let queue = own(|| make::msg(0x53, 0o600));
    save(&file);
    // Root's threads show nobody what they sleep in.
    restore(&[&file, "--replace"]).unprivileged().run().status(10).stderr_has("cannot be known");
    assert_eq!(only(&ns, Kind::Msg), queue);
}

#[test]
fn what_an_interrupted_run_left_closed_is_opened_first() {
    let ns = fresh();
    let folder = folder("closed");
    let file = folder.path("f");
    for again in [["rm", "--if-unused", "sem:0x52"], ["restore", "--replace", &file]] {
        let sem = make::sem(0x52, 1, 0o640);
        drop(fs::remove_file(&file));
        save(&file);
        let killed = ipcadm(["rm", "--if-unused", "sem:0x52"]).killed_at(libc::SYS_membarrier).run();
        killed.signal(libc::SIGSYS);
        assert_eq!(make::perm(Kind::Sem, sem).mode, 0);
        ipcadm(again).run().ok().stderr_has(&format!("sem:{sem} has its mode 0640 again"));
        assert!(!make::exists(Kind::Sem, sem));
        ns.ids(Kind::Sem).into_iter().for_each(|id| make::remove(Kind::Sem, id));
    }
}
