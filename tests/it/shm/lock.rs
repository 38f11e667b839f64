//! `shm lock` and `shm unlock`.

use ipcadm_testbed::{Kind, fresh, ipcadm, make, needs_root};

#[test]
fn segments_are_locked_and_unlocked() {
    let _ns = fresh();
    let one = make::shm(0x51, 4096, 0o600);
    let two = make::shm(0, 4096, 0o600);
    let is_locked = |id| make::shm_stat(id).perm.mode & 0o2000 != 0;
    // SHM_LOCK of an ordinary user counts against RLIMIT_MEMLOCK, which two pages are below everywhere.
    let (first, second) = (one.to_string(), two.to_string());
    ipcadm(["shm", "lock", "-n", "0x51"]).run().ok().stdout_is(format!("would lock shm:0x00000051 (id {one})\n"));
    assert!(!is_locked(one));
    ipcadm(["shm", "lock", &first, &second, &first])
        .run()
        .ok()
        .stdout_is(format!("locked shm:{one}\nlocked shm:{two}\n"));
    assert!(is_locked(one) && is_locked(two));
    ipcadm(["shm", "lock", &first]).run().ok().stdout_is(format!("shm:{one}: already locked\n"));
    ipcadm(["shm", "unlock", "-"])
        .stdin(format!("{one}\nshm:0x51\n"))
        .run()
        .ok()
        .stdout_is(format!("unlocked shm:{one}\n"));
    assert!(!is_locked(one) && is_locked(two));
    ipcadm(["shm", "unlock", "-q", &second]).run().ok().stdout_empty();
    ipcadm(["shm", "unlock", "--json", &second]).run().ok().stdout_has("\"outcome\":\"kept\",\"changed\":false");
    ipcadm(["shm", "lock", "--format", "jsonl", &second])
        .run()
        .ok()
        .stdout_has("\"outcome\":\"changed\",\"changed\":true");
}

#[test]
fn what_cannot_be_is_told() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o666).to_string();
    for command in ["lock", "unlock"] {
        ipcadm(["shm", command]).run().status(2);
        ipcadm(["shm", command, &id, "sem:1"]).run().status(2).stdout_empty();
        ipcadm(["shm", command, "x"]).run().status(2);
        ipcadm(["shm", command, "4711"]).run().status(3);
        ipcadm(["shm", command, "4711", &id]).run().status(9);
    }
    assert_eq!(make::shm_stat(id.parse().expect("a number")).perm.mode, 0o666);
    // Nobody may lock without a limit above 0, its owner neither.
    let none = ipcadm(["shm", "lock", &id]).unprivileged().may_lock(0).run();
    none.status(4).stdout_empty().stderr_has("RLIMIT_MEMLOCK");
    if needs_root("other users") {
        ipcadm(["shm", "lock", &id]).unprivileged().run().status(4).stderr_has("owned by root");
    }
    // More than the limit, of one's own.
    let big = if needs_root("an owner without rights") {
        make::as_user(65534, 65534, || make::shm(0, 1 << 20, 0o600))
    } else {
        make::shm(0, 1 << 20, 0o600)
    };
    ipcadm(["shm", "lock", &big.to_string()])
        .unprivileged()
        .may_lock(4096)
        .run()
        .status(1)
        .stderr_has("Cannot allocate memory")
        .stderr_has("ulimit -l");
    assert!(make::exists(Kind::Shm, big));
}
