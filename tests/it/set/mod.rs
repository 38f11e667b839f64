//! `set`: owner, group and mode, and how it reports them. Capacities are in qbytes.rs.

mod qbytes;

use ipcadm_testbed::{Kind, NOBODY, fresh, ipcadm, make, needs_root};
use serde_json::{Value, json};

use crate::support::Json as _;

fn mode(kind: Kind, id: i32) -> String {
    format!("{:04o}", make::perm(kind, id).mode)
}

#[test]
fn each_change_is_told() {
    let _ns = fresh();
    let shm = make::shm(0, 4096, 0o600);
    let sem = make::sem(0x51, 2, 0o640);
    let set = |args: &[&str]| ipcadm(["set"]).args(args).run().ok().stderr_empty();
    let shm_ref = format!("shm:{shm}");
    set(&[&shm_ref, "--mode=0644"]).stdout_is(format!("{shm_ref}: mode 0600 -> 0644\n"));
    set(&[&shm_ref, "--mode", "g+w,o-r"]).stdout_is(format!("{shm_ref}: mode 0644 -> 0660\n"));
    set(&[&shm_ref, "--mode", "-w"]).stdout_is(format!("{shm_ref}: mode 0660 -> 0440\n"));
    set(&[&shm_ref, "--mode=u=r"]).stdout_is(format!("{shm_ref}: unchanged\n"));
    set(&["sem:0x51", "--mode=0"]).stdout_is(format!("sem:0x00000051 (id {sem}): mode 0640 -> 0000\n"));
    assert_eq!((mode(Kind::Shm, shm), mode(Kind::Sem, sem)), ("0440".into(), "0000".into()));
    // Under its kind an object needs no prefix; quiet means no lines of success.
    ipcadm(["sem", "set", "0x51", "--mode=0600", "-q"]).run().ok().stdout_empty().stderr_empty();
    assert_eq!(mode(Kind::Sem, sem), "0600");
}

#[test]
fn owner_and_group_are_named() {
    let _ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let id = make::msg(0, 0o600);
    let reference = format!("msg:{id}");
    let set = |args: &[&str]| ipcadm(["set", &reference]).args(args).run().ok().stderr_empty();
    set(&["--owner=7007", "--group=7008", "--mode=640"])
        .stdout_is(format!("{reference}: mode 0600 -> 0640, owner root -> 7007, group root -> 7008\n"));
    let perm = make::perm(Kind::Msg, id);
    assert_eq!((perm.uid, perm.gid, perm.cuid, perm.mode), (7007, 7008, 0, 0o640));
    set(&["--owner=root"]).stdout_is(format!("{reference}: owner 7007 -> root\n"));
    set(&["--group=4294967294"]).stdout_is(format!("{reference}: group 7008 -> 4294967294\n"));
    assert_eq!((make::perm(Kind::Msg, id).uid, make::perm(Kind::Msg, id).gid), (0, u32::MAX - 1));
}

#[test]
fn json_has_the_old_values_too() {
    let _ns = fresh();
    let id = make::msg(0x51, 0o600);
    let document = |args: &[&str]| -> Value {
        let outcome = ipcadm(["set", "msg:0x51", "--json"]).args(args).run().ok().stderr_empty();
        outcome.json()
    };
    let object = &document(&["--mode=640", "--qbytes=100"])["objects"][0];
    assert_eq!(object["was"], json!({"mode": "0600", "qbytes": 16384}));
    assert_eq!((&object["mode"], &object["qbytes"]), (&json!("0640"), &json!(100)));
    assert_eq!((&object["outcome"], &object["changed"]), (&json!("changed"), &json!(true)));
    assert_eq!((&object["id"], &object["hidden"]), (&json!(id), &json!([])));

    let object = &document(&["--mode=640"])["objects"][0];
    assert_eq!((&object["was"], &object["outcome"], &object["changed"]), (&json!({}), &json!("kept"), &json!(false)));

    let dry = document(&["--mode=600", "--dry-run"]);
    let object = &dry["objects"][0];
    assert_eq!((&dry["ipcadm"]["dry_run"], &object["changed"]), (&json!(true), &json!(false)));
    assert_eq!((&object["mode"], &object["was"]), (&json!("0600"), &json!({"mode": "0640"})));
    assert_eq!(mode(Kind::Msg, id), "0640");
    if needs_root("objects of other users") {
        let object = &document(&["--owner=7007", "--group=7008"])["objects"][0];
        assert_eq!((&object["uid"], &object["was"]), (&json!(7007), &json!({"uid": 0, "gid": 0})));
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let ns = fresh();
    let id = make::sem(0, 1, 0o600);
    let before = ns.sysvipc(Kind::Sem);
    let reference = format!("sem:{id}");
    for option in ["-n", "--dry-run"] {
        let outcome = ipcadm(["set", &reference, "--mode=640", option]).run().ok().stderr_empty();
        outcome.stdout_is(format!("would change {reference}: mode 0600 -> 0640\n"));
    }
    ipcadm(["set", &reference, "--mode=600", "-n"]).run().ok().stdout_is(format!("{reference}: unchanged\n"));
    assert_eq!(ns.sysvipc(Kind::Sem), before);
}

#[test]
fn several_are_changed_though_some_are_not_there() {
    let _ns = fresh();
    let (shm, msg) = (make::shm(0, 1, 0o600), make::msg(0x51, 0o600));
    let args = [format!("shm:{shm}"), "sem:99".into(), "msg:0x51".into(), format!("msg:{msg}"), "--mode=0644".into()];
    let outcome = ipcadm(["set"]).args(args).run().status(9);
    outcome
        .stdout_is(format!("shm:{shm}: mode 0600 -> 0644\nmsg:0x00000051 (id {msg}): mode 0600 -> 0644\n"))
        .stderr_has("sem:99: no such semaphore set\n");
    assert_eq!((mode(Kind::Shm, shm), mode(Kind::Msg, msg)), ("0644".into(), "0644".into()));
    ipcadm(["set", "sem:99", "msg:0x99", "--mode=0"]).run().status(3).stdout_empty();
    let missing = ipcadm(["set", "msg:/none/such:A", "--mode=0"]).run().stdout_empty();
    assert_ne!(missing.status, Some(0));
    missing.stderr_has("/none/such").stderr_has("No such file or directory");
}

#[test]
fn references_come_from_standard_input() {
    let _ns = fresh();
    let (shm, sem) = (make::shm(0, 1, 0o600), make::sem(0, 1, 0o600));
    let input = format!("shm:{shm}\n\n  sem:{sem}  \n");
    let set = || ipcadm(["set", "-", "--mode=0604"]);
    set().stdin(input).run().ok();
    assert_eq!((mode(Kind::Shm, shm), mode(Kind::Sem, sem)), ("0604".into(), "0604".into()));
    set().stdin("").run().ok().stdout_empty();
    let bad = set().stdin(format!("shm:{shm}\nshm:x\n")).run().status(2);
    bad.stderr_has("standard input, line 2: 'shm:x'");
    // Listed with its fingerprint, an object must be the same still.
    let listed = ipcadm(["ls", "--format=jsonl", "sem"]).run().ok().stdout_str();
    ipcadm(["set", "-", "--mode=0600"]).stdin(listed.clone()).run().ok();
    assert_eq!(mode(Kind::Sem, sem), "0600");
    let older = serde_json::from_str(&listed).map(|mut object: Value| {
        object["ctime"] = json!("2001-02-03T04:05:06Z");
        object.to_string()
    });
    let older = older.expect("JSON");
    let outcome = ipcadm(["set", "-", "--mode=0644"]).stdin(older.clone()).run().status(10).stdout_empty();
    outcome.stderr_has("it has changed meanwhile").stderr_has("kept; list it again");
    assert_eq!(mode(Kind::Sem, sem), "0600");
    make::remove(Kind::Sem, sem);
    let outcome = ipcadm(["set", "-", "--mode=0644"]).stdin(older).run().status(3).stdout_empty();
    outcome.stderr_has(&format!("cannot find sem:{sem}: gone since it was listed"));
}

#[test]
fn a_wrong_word_anywhere_changes_nothing() {
    let ns = fresh();
    make::shm(0, 1, 0o600);
    make::msg(0, 0o600);
    let before = Kind::ALL.map(|kind| ns.sysvipc(kind));
    let first = [ns.ids(Kind::Shm)[0], ns.ids(Kind::Msg)[0]];
    let (shm, msg) = (format!("shm:{}", first[0]), format!("msg:{}", first[1]));
    for (words, reason) in [
        (&[&*shm, "shm:1x", "--mode=0"][..], "'shm:1x': not an id"),
        (&[&*shm, "shm:01", "--mode=0"], "'shm:01': not an id"),
        (&[&*shm, "", "--mode=0"], "an empty reference (an unset variable?)"),
        (&[&*shm, "shm:", "--mode=0"], "names no object (an unset variable?)"),
        (&[&*shm, "shm:-1", "--mode=0"], "not an id"),
        (&[&*shm, "shm:4294967297", "--mode=0"], "not an id"),
        (&[&*shm, "shm:0x0", "--mode=0"], "key 0 is private"),
        (&[&*shm, "0", "--mode=0"], "write shm:0, sem:0 or msg:0"),
        (&[&*shm, "--mode=1000"], "0 to 0777"),
        (&[&*shm, "--mode="], "is empty"),
        (&[&*shm, "--mode=0", "--owner="], "is empty (an unset variable?)"),
        (&[&*shm, "--mode=0", "--owner=no such user"], "no such user"),
        (&[&*shm, "--mode=0", "--group=no such group"], "no such group"),
        (&[&*shm], "--mode <MODE>"),
        (&["--mode=0"], "<REF>"),
        (&[&*msg, &*shm, "--mode=0", "--qbytes=5"], "is a shared memory segment; only queues have a capacity"),
        (&[&*msg, "sem:9", "--qbytes=5"], "sem:9 is a semaphore set; only queues have a capacity"),
        (&[&*msg, "--qbytes=0"], "a queue holds 1 to 2147483647 bytes"),
        (&[&*msg, "--qbytes=2147483648"], "a queue holds 1 to 2147483647 bytes"),
        (&[&*msg, "--qbytes=4294967396"], "a queue holds 1 to 2147483647 bytes"),
        (&[&*msg, "--qbytes="], "is empty"),
        (&[&*msg, "--mode=0", "--json", "--format=csv"], "cannot be used with"),
        (&[&*msg, "--mode=0", "--bogus"], "--bogus"),
    ] {
        ipcadm(["set"]).args(words).run().status(2).stdout_empty().stderr_has(reason);
    }
    ipcadm(["msg", "set", &shm, "--mode=0"]).run().status(2).stderr_has("a shared memory segment is no message queue");
    assert_eq!(Kind::ALL.map(|kind| ns.sysvipc(kind)), before);
}

#[test]
fn without_the_right_to_nothing_is_changed() {
    let ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let sem = make::sem(0, 1, 0o666);
    let msg = make::as_user(7007, 7007, || make::msg(0x51, 0o666));
    make::chown(Kind::Msg, msg, 7008, 7008, 0o666);
    let before = Kind::ALL.map(|kind| ns.sysvipc(kind));
    let set = |reference: &str| ipcadm(["set", reference, "--mode=0600"]).unprivileged().run();
    set(&format!("sem:{sem}")).status(4).stdout_empty().stderr_is(format!(
        "ipcadm: cannot change sem:{sem}: Operation not permitted (owned by root; needs the owner or CAP_SYS_ADMIN)\n"
    ));
    set("msg:0x51").status(4).stdout_empty().stderr_is(format!(
        "ipcadm: cannot change msg:0x00000051 (id {msg}): Operation not permitted (owned by 7008, created by 7007; \
         needs one of them or CAP_SYS_ADMIN)\n"
    ));
    assert_eq!(Kind::ALL.map(|kind| ns.sysvipc(kind)), before);
    // Both of them may.
    ipcadm(["set", "msg:0x51", "--mode=0604"]).uid(7007).run().ok();
    ipcadm(["set", "msg:0x51", "--mode=0640"]).uid(7008).run().ok();
    ipcadm(["set", "msg:0x51", "--owner", &NOBODY.to_string()]).uid(7008).run().ok();
    assert_eq!(make::perm(Kind::Msg, msg).uid, NOBODY);
}

#[test]
fn what_the_kernel_says_of_a_segment_survives() {
    let _ns = fresh();
    let locked = make::shm(0, 4096, 0o600);
    make::shm_lock(locked);
    let doomed = make::shm(0x51, 4096, 0o600);
    let _holder = make::attach(doomed);
    make::remove(Kind::Shm, doomed);
    let args = ["set".to_owned(), format!("shm:{locked}"), format!("shm:{doomed}"), "--mode=g+r".into()];
    let outcome = ipcadm(args).run().ok();
    outcome.stdout_is(format!("shm:{locked}: mode 0600 -> 0640\nshm:{doomed}: mode 0600 -> 0640\n"));
    assert_eq!((mode(Kind::Shm, locked), mode(Kind::Shm, doomed)), ("2640".into(), "1640".into()));
}

#[test]
fn everything_is_changed_whatever_happens_to_stdout() {
    let _ns = fresh();
    let ids: Vec<i32> = (0..3).map(|_| make::sem(0, 1, 0o600)).collect();
    let set = |mode: &str| ipcadm(["set"]).args(ids.iter().map(|id| format!("sem:{id}"))).args(["--mode", mode]);
    let check = |wanted: &str| assert!(ids.iter().all(|&id| mode(Kind::Sem, id) == wanted), "{wanted}");
    set("0601").stdout_to("/dev/full").run().status(1).stderr_has("No space left on device");
    check("0601");
    set("0602").arg("--json").stdout_to("/dev/full").run().status(1);
    check("0602");
    set("0603").stdout_closed_pipe().run().ok().stderr_empty();
    check("0603");
    set("0604").stdout_closed().run().status(1).stderr_has("cannot write to standard output: Bad file descriptor");
    check("0604");
    set("0605").arg("-q").stdout_closed().run().ok().stderr_empty();
    check("0605");
}
