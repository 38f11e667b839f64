//! Undo records: which processes have used a set with SEM_UNDO, and what is given back when they end.

use std::collections::BTreeSet;

use ipcadm::object::inventory::{self, Wants as Collect};
use ipcadm::object::model::{Kind, KindSet, ObjectId};
use ipcadm::object::users::undo::{Adjustment, Undo};
use ipcadm::object::users::{Users, Wants};
use ipcadm::proc::process::{Reading, may_read_tasks};
use ipcadm::proc::tasks::undo::{UndoList, read};
use ipcadm_testbed::{fresh, left_out, make};

use make::Sharers;

fn readable() -> bool {
    let readable = may_read_tasks() == Reading::Allowed && read(&[]).is_ok();
    if !readable {
        left_out("what takes CAP_BPF and CAP_PERFMON");
    }
    readable
}

fn lists(sets: &[(i32, u64)]) -> Vec<UndoList> {
    read(sets).expect("undo records")
}

fn of(lists: &[UndoList], process: u32) -> &UndoList {
    lists.iter().find(|list| list.process == process).expect("a list")
}

#[test]
fn what_living_processes_give_back_is_read() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let (small, large) = (make::sem(0, 3, 0o600), make::sem(0, 32_000, 0o600));
    make::setall(small, &[5, 0, 5]);
    assert_eq!(lists(&[(small, 3), (large, 32_000)]), []);
    let (takes, _) = make::undo_holder(&[(small, 0, -1), (small, 0, -1), (small, 2, 3)], Sharers::Nobody);
    let (far, _) = make::undo_holder(&[(large, 31_999, 7), (large, 64, 1), (small, 1, 0)], Sharers::Nobody);
    let found = lists(&[(small, 3), (large, 32_000)]);
    assert_eq!(found.len(), 2);
    let (first, second) = (of(&found, takes.pid()), of(&found, far.pid()));
    assert_eq!(first.records[&small], [(0, 2), (2, -3)]);
    assert_eq!(second.records[&large], [(64, -1), (31_999, -7)]);
    // It has waited for zero, and gives nothing back.
    assert_eq!(second.records[&small], []);
    assert!(found.iter().all(|list| list.shared_with.is_empty()));
    // Only those that are asked about.
    assert_eq!(lists(&[(large, 32_000)]).len(), 1);
    make::setall(small, &[1, 1, 1]);
    assert!(lists(&[(small, 3)]).iter().all(|list| list.records[&small].is_empty()));
    drop(takes);
    assert_eq!(lists(&[(small, 3)]).len(), 1);
}

#[test]
fn who_shares_a_list_is_named_with_it() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let set = make::sem(0, 1, 0o600);
    let (threads, _) = make::undo_holder(&[(set, 0, 1)], Sharers::Threads(20));
    let (parent, child) = make::undo_holder(&[(set, 0, 2)], Sharers::Child);
    let found = lists(&[(set, 1)]);
    assert_eq!(found.len(), 3);
    for (pid, shared_with, by) in
        [(threads.pid(), vec![], -1), (parent.pid(), vec![child], -2), (child, vec![parent.pid()], -2)]
    {
        assert_eq!((&of(&found, pid).shared_with, &of(&found, pid).records[&set]), (&shared_with, &vec![(0, by)]));
    }
}

#[test]
fn records_of_another_namespace_are_not_taken() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let set = make::sem(0, 1, 0o600);
    std::thread::scope(|scope| {
        let elsewhere = || {
            let _there = fresh();
            assert_eq!(make::sem(0, 1, 0o600), set);
            make::undo_holder(&[(set, 0, 1)], Sharers::Nobody).0
        };
        scope
            .spawn(move || {
                let _holder = elsewhere();
                assert_eq!(lists(&[(set, 1)]).len(), 1);
            })
            .join()
            .unwrap();
    });
    assert_eq!(lists(&[(set, 1)]), []);
}

#[test]
fn a_process_with_thousands_of_records_is_read_to_the_end() {
    let ns = fresh();
    if !readable() {
        return;
    }
    ns.sysctl("sem", "32000 1024000000 500 32000");
    let sets: Vec<i32> = (0..3000).map(|_| make::sem(0, 1, 0o600)).collect();
    let operations: Vec<_> = sets.iter().map(|set| (*set, 0, 1)).collect();
    let (parent, child) = make::undo_holder(&operations, Sharers::Child);
    let wanted: Vec<_> = sets.iter().map(|set| (*set, 1)).collect();
    let found = lists(&wanted);
    assert_eq!(found.len(), 2);
    for pid in [parent.pid(), child] {
        assert_eq!(of(&found, pid).records.len(), sets.len());
        assert!(of(&found, pid).records.values().all(|adjustments| *adjustments == [(0, -1)]));
    }
}

#[test]
fn steady_holders_are_all_seen_while_others_come_and_go() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let sets = [make::sem(0, 1, 0o600), make::sem(0, 100, 0o600)];
    let operations = [(sets[0], 0, 1), (sets[1], 99, 1)];
    let steady: Vec<_> = (0..50).map(|_| make::undo_holder(&operations, Sharers::Nobody).0).collect();
    let churners: Vec<_> = (0..4).map(|_| make::undo_churner(&sets)).collect();
    let steady: BTreeSet<u32> = steady.iter().map(make::Holder::pid).zip(&steady).map(|(pid, _)| pid).collect();
    for _ in 0..200 {
        let found = lists(&[(sets[0], 1), (sets[1], 100)]);
        let mut seen = BTreeSet::new();
        for list in &found {
            let has_all = list.records.get(&sets[0]).is_some_and(|all| *all == [(0, -1)])
                && list.records.get(&sets[1]).is_some_and(|all| *all == [(99, -1)]);
            if has_all && steady.contains(&list.process) {
                assert!(list.shared_with.is_empty(), "{list:?}");
                seen.insert(list.process);
            }
            for adjustment in list.records.values().flatten() {
                assert!([(0, -1), (99, -1)].contains(adjustment), "{list:?}");
            }
        }
        assert_eq!(seen, steady);
    }
    assert!(churners.iter().all(make::Churner::is_running));
}

/// What is known of a set, as commands ask for it.
fn undo(set: i32) -> Undo {
    let sets = inventory::collect(Collect { kinds: KindSet::SEM, memory: false }).expect("a list").objects;
    let users = Users::scan(&sets, Wants { holders: false, waiters: true });
    let usage = users.of(ObjectId { kind: Kind::Sem, id: set }).expect("it was among the sets");
    usage.undo.as_deref().expect("it was asked for").clone()
}

#[test]
fn who_has_a_record_is_described() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o600);
    let (parent, child) = make::undo_holder(&[(set, 1, 3), (set, 0, 0)], Sharers::Child);
    let found = undo(set);
    if !readable() {
        assert!(found.is_unreadable() && found.records.is_empty(), "{found:?}");
        return;
    }
    assert_eq!(found.hidden, None);
    let [one, other] = &found.records[..] else { panic!("{found:?}") };
    let pids = |record: &ipcadm::object::users::undo::UndoRecord| (record.process.pid, record.shared_with.clone());
    assert_eq!((pids(one), pids(other)), ((parent.pid(), vec![child]), (child, vec![parent.pid()])));
    for record in [one, other] {
        assert_eq!(record.adjustments, [Adjustment { semaphore: 1, by: -3 }]);
        assert!(!record.process.command.is_empty() && record.process.uid.is_some());
    }
    drop(parent);
}
