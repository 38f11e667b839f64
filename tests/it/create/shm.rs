//! `shm create`: what it makes, what it refuses, and that it leaves nothing behind.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use ipcadm::sys::memory::page_size;
use ipcadm_testbed::{Kind, fresh, ipcadm, left_out, make, may_set_limits, needs_root};

use super::{id, nothing_made};

#[test]
fn the_default_is_private_and_ones_own() {
    let ns = fresh();
    let id = id(Kind::Shm, ipcadm(["shm", "create", "5000"]).run());
    let stat = make::shm_stat(id);
    assert_eq!((stat.size, stat.nattch, stat.perm.key, stat.perm.mode), (5000, 0, 0, 0o600));
    assert_eq!((stat.perm.uid, stat.perm.cuid), (0, 0));
    assert_eq!(ns.ids(Kind::Shm), [id]);
}

#[test]
fn a_key_is_given_computed_or_chosen() {
    let _ns = fresh();
    let key = |option: &str| {
        make::key_of(Kind::Shm, id(Kind::Shm, ipcadm(["shm", "create", "1", option]).run())).cast_unsigned()
    };
    assert_eq!(key("--key=0x51"), 0x51);
    assert_eq!(key("--key=0xDEADbeef"), 0xdead_beef);
    assert_eq!(key("--private"), 0);
    let random = [key("--random-key"), key("--random-key"), key("--random-key")];
    assert!(!random.contains(&0) && random[0] != random[1] && random[1] != random[2], "{random:x?}");

    let file = fs::metadata("Cargo.toml").expect("the package's own file");
    let ftok = |project: u64| project << 24 | (file.dev() & 0xff) << 16 | file.ino() & 0xffff;
    assert_eq!(u64::from(key("--ftok=Cargo.toml:A")), ftok(0x41));
    assert_eq!(u64::from(key("--ftok=./Cargo.toml:66")), ftok(66));
    assert_eq!(u64::from(key("--ftok=Cargo.toml:0xff")), ftok(0xff));
}

#[test]
fn a_bad_choice_of_key_makes_nothing() {
    let ns = fresh();
    let word = "a key is 0x and 1 to 8 hex digits";
    for (options, reason) in [
        (&["--key", "0x5", "--private"][..], "cannot be used with '--private'"),
        (&["--key", "0x5", "--random-key"], "cannot be used with '--random-key'"),
        (&["--key", "0x5", "--ftok", "/:A"], "cannot be used with '--ftok"),
        (&["--ftok", "/:A", "--private"], "cannot be used with '--private'"),
        (&["--random-key", "--private"], "cannot be used with '--private'"),
        (&["--key", "0x5", "--key", "0x6"], "cannot be used multiple times"),
        (&["--exist-ok"], "--exist-ok needs --key or --ftok"),
        (&["--exist-ok", "--random-key"], "'--exist-ok' cannot be used with '--random-key'"),
        (&["--exist-ok", "--private"], "'--exist-ok' cannot be used with '--private'"),
        (&["--key", ""], word),
        (&["--key", "0x"], word),
        (&["--key", "51"], word),
        (&["--key", "0x123456789"], word),
        (&["--key", "0x5 "], word),
        (&["--key=-1"], word),
        (&["--key", "0x0"], "use --private"),
        (&["--key", "0x00000000"], "use --private"),
        (&["--ftok", ""], "is no PATH:PROJECT"),
        (&["--ftok", "Cargo.toml"], "is no PATH:PROJECT"),
        (&["--ftok", ":A"], "has no path"),
        (&["--ftok", "Cargo.toml:"], "is no project"),
        (&["--ftok", "Cargo.toml:0"], "'0' is no project"),
        (&["--ftok", "Cargo.toml:256"], "'256' is no project"),
        (&["--ftok", "Cargo.toml:AB"], "'AB' is no project"),
    ] {
        ipcadm(["shm", "create", "1"]).args(options).run().status(2).stdout_empty().stderr_has(reason);
    }
    let missing = ipcadm(["shm", "create", "1", "--ftok", "/none/such:A"]).run();
    missing
        .status(3)
        .stdout_empty()
        .stderr_is("ipcadm: cannot make a key from /none/such: No such file or directory\n");
    nothing_made(&ns, Kind::Shm);
}

#[test]
fn modes_are_octal_or_symbolic() {
    let _ns = fresh();
    for (mode, bits) in [
        ("0640", 0o640),
        ("0", 0),
        ("777", 0o777),
        ("u=rw,g=r", 0o640),
        ("a+r", 0o644),
        ("-w", 0o400),
        ("u=rw,g=u", 0o660),
    ] {
        let id = id(Kind::Shm, ipcadm(["shm", "create", "1", "--mode", mode]).run());
        assert_eq!(make::perm(Kind::Shm, id).mode, bits, "{mode}");
    }
}

#[test]
fn bad_modes_owners_and_groups_make_nothing() {
    let ns = fresh();
    for (option, value, reason) in [
        ("--mode", "", "is empty"),
        ("--mode", "1777", "0 to 0777"),
        ("--mode", "888", "octal digit"),
        ("--mode", "u+s", "which IPC objects do not keep"),
        ("--mode", "rw", "where u, g, o, a, +, - or = is expected"),
        ("--owner", "", "is empty (an unset variable?)"),
        ("--owner", "no such user", "--owner: no such user: no such user"),
        ("--owner", "4294967295", "is no user number (0 to 4294967294)"),
        ("--owner", "-1", "no such user: -1"),
        ("--owner", "bob\u{1b}[31m", "bob\\x1b[31m"),
        ("--group", "", "is empty (an unset variable?)"),
        ("--group", "no such group", "--group: no such group: no such group"),
        ("--group", "99999999999", "is no group number (0 to 4294967294)"),
    ] {
        let outcome = ipcadm(["shm", "create", "1"]).arg(format!("{option}={value}")).run();
        outcome.status(2).stdout_empty().stderr_has(reason).stderr_lacks("\u{1b}");
    }
    nothing_made(&ns, Kind::Shm);
}

#[test]
fn owner_and_group_are_given_away() {
    let _ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let create = || ipcadm(["shm", "create", "1", "--mode=0640", "--owner=7", "--group=8"]);
    let perm = make::perm(Kind::Shm, id(Kind::Shm, create().run()));
    assert_eq!((perm.uid, perm.gid, perm.cuid, perm.cgid, perm.mode), (7, 8, 0, 0, 0o640));
    // The kernel lets any creator do that.
    let perm = make::perm(Kind::Shm, id(Kind::Shm, create().uid(9).run()));
    assert_eq!((perm.uid, perm.gid, perm.cuid, perm.cgid, perm.mode), (7, 8, 9, 9, 0o640));
}

#[test]
fn an_owner_who_does_not_exist_here_leaves_nothing() {
    let ns = fresh();
    if ipcadm_testbed::is_root() {
        // Every number exists in the first user namespace.
        return left_out("what an ordinary user sees: other users do not exist");
    }
    let outcome = ipcadm(["shm", "create", "1", "--owner=12345"]).run();
    outcome.status(1).stdout_empty().stderr_has("that user or group does not exist in this user namespace");
    nothing_made(&ns, Kind::Shm);
}

#[test]
fn sizes_have_units() {
    let _ns = fresh();
    for (text, bytes) in [("1", 1), ("4K", 4096), ("4KiB", 4096), ("4KB", 4000), ("1.5K", 1536), ("0x1000", 4096)] {
        assert_eq!(make::shm_stat(id(Kind::Shm, ipcadm(["shm", "create", text]).run())).size, bytes, "{text}");
    }
}

#[test]
fn bad_sizes_make_nothing() {
    let ns = fresh();
    for (text, reason) in [
        ("", "is empty"),
        ("0", "a segment has at least 1 byte"),
        ("0K", "a segment has at least 1 byte"),
        ("-1", "has a sign"),
        ("+1", "has a sign"),
        ("1x", "unknown unit 'x'"),
        ("1Q", "unknown unit 'Q'"),
        (" 1", "has a blank in it"),
        ("16E", "is larger than 2^64-1"),
        ("18446744073709551616", "is larger than 2^64-1"),
        ("99999999999999999999999999999999999999999", "is larger than 2^64-1"),
    ] {
        ipcadm(["shm", "create", "--", text]).run().status(2).stdout_empty().stderr_has(reason);
    }
    ipcadm(["shm", "create"]).run().status(2).stderr_has("<SIZE>");
    ipcadm(["shm", "create", "1", "2"]).run().status(2).stderr_has("unexpected argument '2'");
    nothing_made(&ns, Kind::Shm);
}

#[test]
fn the_largest_size_is_the_namespaces() {
    let ns = fresh();
    // Beyond what any kernel can keep in memory files, but not beyond the default of shmmax.
    for size in ["8E", "15E"] {
        let outcome = ipcadm(["shm", "create", size]).run().status(1).stdout_empty();
        outcome.stderr_has("Invalid argument (larger than any segment that this kernel can make)");
    }
    if !may_set_limits("shmmax") {
        return;
    }
    ns.sysctl("shmmax", 8192);
    ipcadm(["shm", "create", "8193"]).run().status(1).stdout_empty().stderr_is(
        "ipcadm: cannot create a shared memory segment: Invalid argument (larger than kernel.shmmax, 8192 bytes)\n",
    );
    nothing_made(&ns, Kind::Shm);
    id(Kind::Shm, ipcadm(["shm", "create", "8192"]).run());
}

#[test]
fn exhausted_limits_are_named() {
    let ns = fresh();
    if !may_set_limits("shmmni and shmall") {
        return;
    }
    let create = |pages: usize| ipcadm(["shm", "create"]).arg((pages * page_size()).to_string()).run();
    let failed = "ipcadm: cannot create a shared memory segment: No space left on device (not disk space: ";
    ns.sysctl("shmmni", 2);
    create(1).ok();
    create(2).ok();
    let outcome = create(1).status(1).stdout_empty();
    outcome.stderr_is(format!("{failed}kernel.shmmni allows 2 segments and 2 exist; see 'ipcadm limits')\n"));
    ns.sysctl("shmmni", 100);
    ns.sysctl("shmall", 5);
    let outcome = create(3).status(1).stdout_empty();
    outcome.stderr_is(format!(
        "{failed}kernel.shmall allows 5 pages, 3 are in use and this takes 3; see 'ipcadm limits')\n"
    ));
    assert_eq!(ns.ids(Kind::Shm).len(), 2);
    create(2).ok();
}

#[test]
fn a_taken_key_is_named() {
    let ns = fresh();
    let id = make::shm(0x51, 4096, 0o600);
    let outcome = ipcadm(["shm", "create", "4096", "--key", "0x51"]).run().status(5).stdout_empty();
    outcome.stderr_is(format!(
        "ipcadm: cannot create a shared memory segment: File exists (0x00000051 is shm:{id}, owned by root; \
         --exist-ok accepts it if it fits)\n"
    ));
    // Keys of different kinds have nothing to do with each other.
    ipcadm(["sem", "create", "1", "--key", "0x51"]).run().ok();
    assert_eq!(ns.ids(Kind::Shm), [id]);
}

#[test]
fn a_locked_segment_is_locked_or_not_made() {
    let ns = fresh();
    let create = |size: &str| ipcadm(["shm", "create", size, "--lock"]).unprivileged();
    let made = id(Kind::Shm, create("4096").may_lock(1 << 20).run());
    assert_eq!(make::perm(Kind::Shm, made).mode, 0o2600);
    make::remove(Kind::Shm, made);

    let denied = "ipcadm: cannot lock the new segment into RAM: Operation not permitted (needs CAP_IPC_LOCK, or a \
                  RLIMIT_MEMLOCK (ulimit -l) that is large enough)\n";
    create("4096").may_lock(0).run().status(4).stdout_empty().stderr_is(denied);
    let too_large = create("1G").may_lock(1 << 20).run().status(1).stdout_empty();
    too_large.stderr_has("Cannot allocate memory").stderr_has("RLIMIT_MEMLOCK (ulimit -l) that is large enough");
    nothing_made(&ns, Kind::Shm);
}

#[test]
fn huge_pages_that_are_not_there_are_named() {
    let ns = fresh();
    let create = |option: &str| ipcadm(["shm", "create", "1P", option]);
    let outcome = create("--hugepages").unprivileged().run().status(4).stdout_empty();
    outcome.stderr_has("huge pages need CAP_IPC_LOCK or the group in vm.hugetlb_shm_group");
    if needs_root("huge pages") {
        let outcome = create("--hugepages").run().status(1).stdout_empty();
        outcome.stderr_has("too few free huge pages; see vm.nr_hugepages");
    }
    create("--hugepages=8K").run().status(1).stdout_empty().stderr_has("this machine has no huge pages of 8192 bytes");
    for bad in ["3M", "0", "4K", "", "x"] {
        create(&format!("--hugepages={bad}")).run().status(2).stdout_empty();
    }
    nothing_made(&ns, Kind::Shm);
}

#[test]
fn memory_that_is_not_there_is_promised_on_request() {
    let _ns = fresh();
    let overcommit = fs::read_to_string("/proc/sys/vm/overcommit_memory").expect("a setting");
    if overcommit.trim() != "0" {
        // Elsewhere the kernel promises anything, or nothing beyond what there is.
        return left_out("what the kernel refuses by an estimate (vm.overcommit_memory)");
    }
    let outcome = ipcadm(["shm", "create", "1P"]).run().status(1).stdout_empty();
    outcome.stderr_has("more memory than the kernel will promise; see vm.overcommit_memory, or --noreserve");
    let id = id(Kind::Shm, ipcadm(["shm", "create", "1P", "--noreserve"]).run());
    assert_eq!(make::shm_stat(id).size, 1 << 50);
}

#[test]
fn a_segment_that_would_not_outlive_its_creator_is_refused() {
    let ns = fresh();
    if !may_set_limits("shm_rmid_forced") {
        return;
    }
    ns.sysctl("shm_rmid_forced", 1);
    let outcome = ipcadm(["shm", "create", "4096"]).run().status(10).stdout_empty();
    outcome.stderr_is(
        "ipcadm: cannot create a shared memory segment: kernel.shm_rmid_forced is 1, so it would be destroyed as soon \
         as ipcadm ends (set it to 0)\n",
    );
    nothing_made(&ns, Kind::Shm);
    // One that is there already is another matter.
    let id = make::shm(0x52, 4096, 0o600);
    let outcome = ipcadm(["shm", "create", "4096", "--key=0x52", "--exist-ok"]).run();
    outcome.ok().stdout_is(format!("shm:{id}\n"));
    assert_eq!(ns.ids(Kind::Shm), [id]);
}
