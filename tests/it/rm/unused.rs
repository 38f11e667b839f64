//! `rm --if-unused`: exactly these objects, and only those that nobody uses.

use ipcadm_testbed::{Kind, Outcome, fresh, ipcadm, make, needs_root};
use serde_json::Value;

use crate::support::Json as _;

fn rm(args: &[&str]) -> Outcome {
    ipcadm(["rm", "--if-unused"]).args(args.iter().copied()).run()
}

#[test]
fn what_nobody_uses_goes() {
    let ns = fresh();
    let (shm, sem) = (make::by_dead_process(|| make::shm(0x51, 4096, 0o600)), make::sem(0, 1, 0o600));
    rm(&["-n", "shm:0x51"]).ok().stdout_is(format!("would remove shm:0x00000051 (id {shm})\n"));
    let outcome = rm(&["shm:0x51", &format!("sem:{sem}")]).ok().stderr_empty();
    outcome.stdout_is(format!("removed sem:{sem}\nremoved shm:0x00000051 (id {shm})\n"));
    assert!(ns.ids(Kind::Shm).is_empty() && ns.ids(Kind::Sem).is_empty());
    rm(&["shm:0x51"]).status(3);
    rm(&["shm:0x51", "--if-exists"]).ok();
}

#[test]
fn what_is_in_use_stays_and_its_users_are_named() {
    let ns = fresh();
    let shm = make::by_dead_process(|| make::shm(0, 4096, 0o600));
    let (sem, msg) = (make::sem(0, 1, 0o600), make::msg(0, 0o600));
    make::send(msg, 1, b"unread");
    let (holder, waiter) = (make::holder(shm), make::blocked_semop(sem, 0, -1));
    let references = [format!("shm:{shm}"), format!("sem:{sem}"), format!("msg:{msg}")];
    let words: Vec<&str> = references.iter().map(|word| &**word).collect();
    for option in [None, Some("--yes"), Some("--dry-run")] {
        let outcome = rm(&[words.as_slice(), option.as_slice()].concat()).status(10).stdout_empty();
        outcome
            .stderr_has(&format!("cannot remove shm:{shm}: attached by pid {} (", holder.pid()))
            .stderr_has(&format!("cannot remove sem:{sem}: waited for by pid {} (", waiter.pid()))
            .stderr_has(&format!("cannot remove msg:{msg}: 1 unread message"));
    }
    assert!(waiter.is_asleep());
    let free = make::sem(0, 1, 0o600);
    let outcome = rm(&[words[0], &format!("sem:{free}"), "--json"]).status(9);
    let document = outcome.json();
    let outcomes: Vec<&Value> =
        document["objects"].as_array().expect("objects").iter().map(|object| &object["outcome"]).collect();
    assert_eq!(outcomes, ["kept", "removed"]);
    drop((holder, waiter));
    rm(&words[..2]).ok();
    assert_eq!((ns.ids(Kind::Shm), ns.ids(Kind::Sem), ns.ids(Kind::Msg)), (vec![], vec![], vec![msg]));
}

#[test]
fn a_queue_with_hidden_users_stays() {
    if !needs_root("processes of another user") {
        return;
    }
    let ns = fresh();
    let nobody = ipcadm_testbed::NOBODY;
    let queue = make::as_user(nobody, nobody, || make::msg(0, 0o600));
    // Root's threads show nobody what they sleep in.
    let outcome = ipcadm(["rm", "--if-unused", &format!("msg:{queue}")]).unprivileged().run().status(10);
    outcome.stderr_has("whether a thread waits on it cannot be known: ");
    assert_eq!(ns.ids(Kind::Msg), [queue]);
}

#[test]
fn what_went_since_it_was_listed_is_gone() {
    let _ns = fresh();
    let id = make::shm(0, 4096, 0o600);
    let line = ipcadm(["ls", "--format", "jsonl"]).run().ok().stdout;
    make::remove(Kind::Shm, id);
    let outcome = ipcadm(["rm", "--if-unused", "-"]).stdin(line).run();
    outcome.status(0).stdout_is(format!("shm:{id} was already gone\n"));
}
