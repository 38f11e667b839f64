//! `msg create`: capacity, limits, and that nothing is left behind.

use ipcadm_testbed::{Kind, fresh, ipcadm, make, may_set_limits, needs_root};

use super::{id, nothing_made};

#[test]
fn the_default_is_private_and_as_large_as_usual() {
    let ns = fresh();
    let id = id(Kind::Msg, ipcadm(["msg", "create"]).run());
    let stat = make::msg_stat(id);
    assert_eq!((stat.perm.key, stat.perm.mode, stat.perm.uid, stat.qnum), (0, 0o600, 0, 0));
    assert_eq!(stat.qbytes.to_string(), ns.read_sysctl("msgmnb"));
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn the_capacity_is_given() {
    let _ns = fresh();
    for (text, bytes) in [("1", 1), ("4K", 4096), ("16384", 16384), ("10KB", 10000)] {
        for mode in ["0000", "0640"] {
            let outcome = ipcadm(["msg", "create", "--qbytes", text, "--mode", mode]).unprivileged().run();
            let stat = make::msg_stat(id(Kind::Msg, outcome));
            assert_eq!((stat.qbytes, format!("{:04o}", stat.perm.mode)), (bytes, mode.to_owned()));
        }
    }
}

#[test]
fn owner_group_and_capacity_go_together() {
    let _ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    for caller in [0, 9] {
        let args = ["msg", "create", "--key=0xDEADbeef", "--owner=7", "--group=8", "--mode=u=rw", "--qbytes=99"];
        let id = id(Kind::Msg, ipcadm(args).uid(caller).run());
        let stat = make::msg_stat(id);
        let perm = stat.perm;
        assert_eq!((perm.uid, perm.gid, perm.cuid, perm.cgid, perm.mode), (7, 8, caller, caller, 0o600));
        assert_eq!((stat.qbytes, perm.key.cast_unsigned()), (99, 0xdead_beef));
        make::remove(Kind::Msg, id);
        // The capacity stays as it is when only the owner is given.
        let id = id_of_default(caller);
        assert_eq!(make::msg_stat(id).qbytes, 16384);
    }
}

#[track_caller]
fn id_of_default(caller: u32) -> i32 {
    id(Kind::Msg, ipcadm(["msg", "create", "--owner=7"]).uid(caller).run())
}

#[test]
fn bad_capacities_make_nothing() {
    let ns = fresh();
    let range = "a queue holds 1 to 2147483647 bytes";
    for (value, reason) in [
        ("0", range),
        ("2147483648", range),
        ("2G", range),
        // The kernel would take these for 0, and for 4096.
        ("1099511627776", range),
        ("4294971392", range),
        ("18446744073709551616", "is larger than 2^64-1"),
        ("-1", "has a sign"),
        ("", "is empty"),
        ("1x", "unknown unit 'x'"),
    ] {
        let outcome = ipcadm(["msg", "create"]).arg(format!("--qbytes={value}")).run();
        outcome.status(2).stdout_empty().stderr_has(reason);
    }
    ipcadm(["msg", "create", "1"]).run().status(2).stderr_has("unexpected argument '1'");
    nothing_made(&ns, Kind::Msg);
}

#[test]
fn more_than_msgmnb_needs_a_right_and_leaves_nothing_without_it() {
    let ns = fresh();
    let create = || ipcadm(["msg", "create", "--qbytes=32K"]).unprivileged();
    create().run().status(4).stdout_empty().stderr_is(
        "ipcadm: cannot give the new message queue its owner, mode and capacity: Operation not permitted (more than \
         kernel.msgmnb (16384) needs CAP_SYS_RESOURCE in the initial user namespace; raise kernel.msgmnb first)\n",
    );
    let args = ["msg", "create", "--key=0x51", "--qbytes=2147483647", "--json"];
    ipcadm(args)
        .unprivileged()
        .run()
        .status(4)
        .stdout_has("\"objects\":[],\"errors\":[")
        .stdout_has("kernel.msgmnb (16384)");
    nothing_made(&ns, Kind::Msg);
    if may_set_limits("msgmnb") {
        ns.sysctl("msgmnb", 32768);
        assert_eq!(make::msg_stat(id(Kind::Msg, create().run())).qbytes, 32768);
    }
}

#[test]
fn the_exhausted_limit_is_named() {
    let ns = fresh();
    if !may_set_limits("msgmni") {
        return;
    }
    ns.sysctl("msgmni", 1);
    let id = id(Kind::Msg, ipcadm(["msg", "create"]).run());
    ipcadm(["msg", "create", "--random-key"]).run().status(1).stdout_empty().stderr_is(
        "ipcadm: cannot create a message queue: No space left on device (not disk space: kernel.msgmni allows 1 queues \
         and 1 exist; see 'ipcadm limits')\n",
    );
    assert_eq!(ns.ids(Kind::Msg), [id]);
}

#[test]
fn a_taken_key_is_named() {
    let ns = fresh();
    let id = make::msg(0x51, 0o600);
    let outcome = ipcadm(["msg", "create", "--qbytes=5", "--key=0x51"]).run().status(5).stdout_empty();
    outcome.stderr_has(&format!("File exists (0x00000051 is msg:{id}, owned by root; --exist-ok accepts it"));
    assert_eq!((ns.ids(Kind::Msg), make::msg_stat(id).qbytes), (vec![id], 16384));
}
