//! `rm`: exactly the objects named, in order, and what it says of each.

mod output;
mod prompt;
mod stdin;
mod unused;

use ipcadm_testbed::{Kind, Outcome, fresh, ipcadm, make, may_set_limits, needs_root};
use serde_json::{Value, json};

use crate::support::Json as _;

use crate::support::named;

fn rm(args: &[&str]) -> Outcome {
    ipcadm(["rm"]).args(args).run()
}

fn reference(kind: Kind, id: i32) -> String {
    format!("{}:{id}", kind.word())
}

#[test]
fn each_kind_by_id_key_and_file() {
    let ns = fresh();
    for kind in Kind::ALL {
        let word = kind.word();
        let create = |key: i32| match kind {
            Kind::Shm => make::shm(key, 1, 0o600),
            Kind::Sem => make::sem(key, 1, 0o600),
            Kind::Msg => make::msg(key, 0o600),
        };
        let id = create(0);
        rm(&[&reference(kind, id)]).ok().stderr_empty().stdout_is(format!("removed {word}:{id}\n"));
        let id = create(0x51);
        let outcome = rm(&[&format!("{word}:0x51")]).ok().stderr_empty();
        outcome.stdout_is(format!("removed {word}:0x00000051 (id {id})\n"));
        let id = create(-2);
        ipcadm([word, "rm", "0xfffffffe"]).run().ok().stdout_is(format!("removed {word}:0xfffffffe (id {id})\n"));
        let id = create(0);
        ipcadm([word, "delete", &id.to_string()]).run().ok().stdout_is(format!("removed {word}:{id}\n"));
        let made = ipcadm([word, "create", "--ftok=Cargo.toml:A"]).args((kind != Kind::Msg).then_some("1")).run().ok();
        let id = made.value();
        let id = id.rsplit(':').next().unwrap_or_default();
        let outcome = rm(&[&format!("{word}:./Cargo.toml:A")]).ok();
        outcome.stdout_is(format!("removed {word}:./Cargo.toml:A (id {id})\n"));
        assert!(ns.ids(kind).is_empty());
    }
}

#[test]
fn queues_go_first_then_sets_then_segments() {
    let _ns = fresh();
    let (shm, sem, msg) = (make::shm(0, 1, 0o600), make::sem(0, 1, 0o600), make::msg(0, 0o600));
    let outcome = rm(&[&format!("shm:{shm}"), &format!("sem:{sem}"), &format!("msg:{msg}")]).ok();
    outcome.stdout_is(format!("removed msg:{msg}\nremoved sem:{sem}\nremoved shm:{shm}\n"));
}

#[test]
fn named_twice_it_goes_once() {
    let ns = fresh();
    let id = make::sem(0x51, 1, 0o600);
    let outcome = rm(&[&format!("sem:{id}"), "sem:0x51", &format!("sem:{id}"), "sem:0x00000051"]).ok();
    outcome.stderr_empty().stdout_is(format!("removed sem:{id}\n"));
    assert!(ns.ids(Kind::Sem).is_empty());
}

#[test]
fn absent_objects_are_named() {
    let ns = fresh();
    rm(&["sem:9"]).status(3).stdout_empty().stderr_is("ipcadm: cannot find sem:9: no such semaphore set\n");
    rm(&["sem:9", "shm:0x51"]).status(3).stdout_empty().stderr_has("cannot find shm:0x00000051");
    let id = make::msg(0x9, 0o600);
    // A key given without its 0x is a common slip.
    rm(&["msg:9"]).status(3).stderr_has(&format!("did you mean msg:0x00000009, which is msg:{id}?"));
    rm(&["shm:9"]).status(3).stderr_lacks("did you mean");
    let outcome = rm(&["msg:0x9", "sem:9"]).status(9).stdout_is(format!("removed msg:0x00000009 (id {id})\n"));
    outcome.stderr_has("sem:9");
    rm(&["sem:9", "--if-exists"]).ok().stdout_empty().stderr_empty();
    let id = make::msg(0, 0o600);
    let outcome = rm(&["--if-exists", "sem:9", &format!("msg:{id}"), "msg:0x7"]).ok().stderr_empty();
    outcome.stdout_is(format!("removed msg:{id}\n"));
    // Without the file nobody knows whether its object is there.
    for args in [&["msg:/none/such:A"][..], &["msg:/none/such:A", "--if-exists"]] {
        rm(args).status(3).stdout_empty().stderr_has("cannot find msg:/none/such:A: No such file or directory");
    }
    rm(&["msg:./Cargo.toml:A", "--if-exists"]).ok().stderr_empty();
    assert!(ns.ids(Kind::Msg).is_empty());
}

#[test]
fn a_stale_id_never_removes_its_successor() {
    let ns = fresh();
    if !may_set_limits("next_id") {
        return;
    }
    let old = make::msg(0, 0o600);
    make::remove(Kind::Msg, old);
    // The same index, another sequence number.
    ns.sysctl("msg_next_id", old + 32768);
    let new = make::msg(0, 0o600);
    assert_eq!(new, old + 32768);
    rm(&[&format!("msg:{old}")]).status(3).stderr_has("no such message queue");
    rm(&[&format!("msg:{}", i64::from(new) + (1 << 32))]).status(2);
    assert_eq!(ns.ids(Kind::Msg), [new]);
}

#[test]
fn a_wrong_word_anywhere_removes_nothing() {
    let ns = fresh();
    let (sem, msg) = (make::sem(0x51, 1, 0o600), make::msg(0, 0o600));
    let (good, other) = (format!("sem:{sem}"), format!("msg:{msg}"));
    for (bad, reason) in [
        ("", "an empty reference (an unset variable?)"),
        ("sem:", "names no object (an unset variable?)"),
        ("sem", "no kind"),
        ("0", "write shm:0, sem:0 or msg:0"),
        ("0x51", "write shm:0x51, sem:0x51 or msg:0x51"),
        ("sem:0x", "a key is 0x and 1 to 8 hex digits"),
        ("sem:0x0", "key 0 is private and names no object"),
        ("sem:0x000000051", "a key is 0x and 1 to 8 hex digits"),
        ("sem:0X51", "not an id"),
        ("sem:51h", "not an id"),
        ("sem:0 ", "not an id"),
        ("sem: 0", "not an id"),
        ("sem:00", "not an id"),
        ("sem:+0", "not an id"),
        ("sem:-1", "not an id"),
        ("sem:2147483648", "not an id"),
        ("sem:99999999999999999999999999999999999999999999999999", "not an id"),
        ("sem:cfg:A", "must hold a '/'"),
        ("sem:./Cargo.toml", "a file needs a project"),
        ("sem:./Cargo.toml:0", "is no project"),
        ("SEM:0", "no kind"),
        ("pipe:0", "no kind"),
        ("sem:\u{1b}[2J", "\\x1b[2J"),
        ("sem:1\nmsg:2", "\\n"),
    ] {
        for words in [[&*good, bad], [bad, &*good]] {
            rm(&words).status(2).stdout_empty().stderr_has(reason).stderr_lacks("\u{1b}");
        }
        ipcadm(["rm", &other, bad, "--if-exists", "--yes", "--dry-run"]).run().status(2);
    }
    for (options, reason) in [
        (&["--force"][..], "--force"),
        (&["--owner", "root"], "tip: to remove what is leaked by --owner: ipcadm clean --owner …; to remove all"),
        (&["--json", "--format=csv"], "cannot be used with"),
        (&["--format=xml"], "xml"),
    ] {
        rm(&[&[&*other], options].concat()).status(2).stdout_empty().stderr_has(reason);
    }
    rm(&[]).status(2).stderr_has("<REF>");
    ipcadm(["sem", "rm", &other]).run().status(2).stderr_has("a message queue is no semaphore set");
    assert_eq!((ns.ids(Kind::Sem), ns.ids(Kind::Msg)), (vec![sem], vec![msg]));
}

#[test]
fn an_attached_segment_goes_at_its_last_detach() {
    let ns = fresh();
    let id = make::shm(0x51, 4096, 0o600);
    let reference = format!("shm:{id}");
    let (first, second) = (make::attach(id), make::attach(id));
    rm(&["-n", &reference])
        .ok()
        .stdout_is(format!("would mark {reference}, which goes when {} detaches\n", named(std::process::id())));
    assert_eq!(make::perm(Kind::Shm, id).mode, 0o600);
    rm(&["shm:0x51"]).ok().stderr_empty().stdout_is(format!(
        "marked shm:0x00000051 (id {id}), which goes when {} detaches\n",
        named(std::process::id())
    ));
    assert_eq!(make::perm(Kind::Shm, id).mode, 0o1600);
    drop(first);
    let again = format!("{reference} was removed before and goes when {} detaches\n", named(std::process::id()));
    rm(&["-n", &reference]).ok().stdout_is(&again);
    rm(&[&reference]).ok().stdout_is(&again);
    rm(&["shm:0x51"]).status(3);
    let outcome = rm(&[&reference, "--json"]).ok();
    let object = &serde_json::from_slice::<Value>(&outcome.stdout).expect("JSON")["objects"][0];
    assert_eq!((&object["outcome"], &object["changed"]), (&json!("will-go"), &json!(false)));
    drop(second);
    assert!(ns.ids(Kind::Shm).is_empty());
    rm(&[&reference]).status(3).stderr_has("no such shared memory segment");
}

#[test]
fn waiters_are_woken() {
    let ns = fresh();
    let (sem, msg) = (make::sem(0, 1, 0o600), make::msg(0, 0o600));
    let waiters = [make::blocked_semop(sem, 0, -1), make::blocked_recv(msg, 0), make::blocked_recv(msg, 7)];
    rm(&[&format!("sem:{sem}"), &format!("msg:{msg}")]).ok();
    waiters.iter().for_each(make::Blocked::until_done);
    assert!(ns.ids(Kind::Sem).is_empty() && ns.ids(Kind::Msg).is_empty());
}

#[test]
fn a_queue_goes_with_its_messages() {
    let ns = fresh();
    let id = make::msg(0, 0o600);
    make::send(id, 1, b"unread");
    // Without a terminal nobody can be asked, and rm obeys.
    rm(&[&format!("msg:{id}")]).ok().stdout_is(format!("removed msg:{id}\n"));
    assert!(ns.ids(Kind::Msg).is_empty());
}

#[test]
fn without_the_right_to_nothing_goes() {
    let ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let (shm, sem) = (make::shm(0, 1, 0o666), make::sem(0, 1, 0o666));
    make::chown(Kind::Sem, sem, 7007, 7007, 0o666);
    let own = make::as_user(7008, 7008, || make::msg(0x51, 0o000));
    make::chown(Kind::Msg, own, 7009, 7009, 0o000);
    let args = ["rm".to_owned(), format!("shm:{shm}"), format!("sem:{sem}")];
    let outcome = ipcadm(args.clone()).uid(7008).run().status(4).stdout_empty();
    outcome.stderr_is(format!(
        "ipcadm: cannot remove sem:{sem}: Operation not permitted (owned by 7007, created by root; needs one of them \
         or CAP_SYS_ADMIN)\nipcadm: cannot remove shm:{shm}: Operation not permitted (owned by root; needs the owner \
         or CAP_SYS_ADMIN)\n"
    ));
    ipcadm(args.clone()).arg("--if-exists").uid(7008).run().status(4);
    ipcadm(args.clone()).arg("sem:99").uid(7008).run().status(1);
    let outcome = ipcadm(args.clone()).args(["msg:0x51", "--json"]).uid(7008).run().status(9);
    let document = outcome.json();
    let outcomes = document["objects"].as_array().expect("a list").iter().map(|object| &object["outcome"]);
    assert_eq!(outcomes.collect::<Vec<_>>(), ["removed", "failed", "failed"]);
    let errors = document["errors"].as_array().expect("a list");
    assert!(errors.len() == 2 && errors.iter().all(|error| error["status"] == 4), "{errors:?}");
    assert_eq!((ns.ids(Kind::Shm), ns.ids(Kind::Sem), ns.ids(Kind::Msg)), (vec![shm], vec![sem], vec![]));
    // A creator keeps his right when he is no owner any more.
    ipcadm(["rm", &format!("sem:{sem}")]).uid(7007).run().ok();
}

#[test]
fn a_dry_run_removes_nothing() {
    let ns = fresh();
    let (sem, msg) = (make::sem(0, 1, 0o600), make::msg(0x51, 0o600));
    let before = Kind::ALL.map(|kind| ns.sysvipc(kind));
    let outcome = rm(&["msg:0x51", &format!("sem:{sem}"), "sem:99", "-n"]).status(9);
    outcome.stdout_is(format!("would remove msg:0x00000051 (id {msg})\nwould remove sem:{sem}\n"));
    let outcome = rm(&["msg:0x51", "--dry-run", "--json"]).ok();
    let document = outcome.json();
    assert_eq!(document["ipcadm"]["dry_run"], true);
    let object = &document["objects"][0];
    assert_eq!((&object["outcome"], &object["changed"]), (&json!("removed"), &json!(false)));
    assert_eq!(Kind::ALL.map(|kind| ns.sysvipc(kind)), before);
}
