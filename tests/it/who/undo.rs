//! Undo records: which processes have used a set with SEM_UNDO, and what is given back when they end.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use ipcadm::kind::field::Needs;
use ipcadm::kind::model::{Kind, KindSet, ObjectId};
use ipcadm::object::inventory;
use ipcadm::proc::capabilities::{Reading, may_read_tasks};
use ipcadm::proc::tasks::undo::{UndoList, read};
use ipcadm::usage::criteria::Criteria;
use ipcadm::usage::judge::Judge;
use ipcadm::usage::state::State;
use ipcadm::usage::text;
use ipcadm::usage::undo::{Adjustment, Hiding, Undo};
use ipcadm::usage::users::{Usage, Users, Wants};
use ipcadm_testbed::{Cmd, alone, fresh, ipcadm, left_out, make, needs_root};
use serde_json::{Value, json};

use make::Sharers;

use crate::support::Json as _;

const UNREADABLE: &str = "undo records: not readable (needs CAP_BPF and CAP_PERFMON)";

fn readable() -> bool {
    let readable = may_read_tasks() == Reading::Allowed && read(&[]).is_ok();
    if !readable {
        left_out("what takes CAP_BPF and CAP_PERFMON");
    }
    readable
}

fn lists(sets: &[(i32, u64)]) -> Vec<UndoList> {
    let found = read(sets).expect("undo records");
    assert_eq!(found.incomplete, None);
    found.lists
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

#[test]
fn nobody_can_hide_the_records_of_others() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let set = make::sem(0, 1, 0o600);
    let (steady, _) = make::undo_holder(&[(set, 0, 1)], Sharers::Nobody);
    // More than are read at one go.
    let restless = [make::undo_turnover(500), make::undo_turnover(500)];
    for _ in 0..100 {
        let found = read(&[(set, 1)]).expect("undo records");
        assert_eq!(of(&found.lists, steady.pid()).records[&set], [(0, -1)]);
        if let Some(why) = found.incomplete {
            assert!(restless.iter().any(|one| why.contains(&format!("of process {} ", one.pid()))), "{why}");
        }
    }
    assert!(restless.iter().all(make::Churner::is_running));
}

/// What is known of a set, as commands ask for it.
fn undo(set: i32) -> Undo {
    let sets = inventory::collect(KindSet::SEM, Needs::NOTHING).expect("a list").objects;
    let users = Users::scan(&sets, Wants { operations: true, ..Wants::WAITERS });
    let usage = users.of(ObjectId::system_v(Kind::Sem, set)).expect("it was among the sets");
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
    let pids = |record: &ipcadm::usage::undo::UndoRecord| (record.process.pid, record.shared_with.clone());
    assert_eq!((pids(one), pids(other)), ((parent.pid(), vec![child]), (child, vec![parent.pid()])));
    for record in [one, other] {
        assert_eq!(record.adjustments, [Adjustment { semaphore: 1, by: -3 }]);
        assert!(!record.process.command.is_empty() && record.process.uid.is_some());
    }
    drop(parent);
}

/// The one object that a command prints.
fn object(command: Cmd) -> Value {
    command.run().ok().json()
}

fn judged(set: i32) -> Cmd {
    ipcadm(["ls", "--format", "jsonl", "--grace", "0", "-o", "state,evidence,command", &format!("sem:{set}")])
}

/// All evidence in one text, a fact and its source a line.
fn evidence(object: &Value) -> String {
    let facts = object["evidence"].as_array().expect("a list").iter();
    let text = |one: &Value, key| one[key].as_str().expect("text").to_owned();
    facts.map(|one| format!("{} [{}]\n", text(one, "fact"), text(one, "source"))).collect()
}

/// A set that a living process has taken one of, and whose last user has ended.
fn held_though_its_last_user_is_gone() -> (i32, make::Holder) {
    let set = make::sem(0, 2, 0o600);
    make::setall(set, &[1, 0]);
    let (holder, _) = make::undo_holder(&[(set, 0, -1)], Sharers::Nobody);
    make::by_dead_process(|| {
        make::semop(set, &[(0, 1, 0), (0, -1, 0), (1, 1, 0)]);
        0
    });
    (set, holder)
}

#[test]
fn what_a_living_process_holds_is_in_use() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let (set, holder) = held_though_its_last_user_is_gone();
    let (reference, pid) = (format!("sem:{set}"), holder.pid());
    let found = object(judged(set));
    assert_eq!(found["state"], "active", "{found}");
    let expected = format!("held: {pid} (");
    assert!(evidence(&found).starts_with(&expected), "{found}");
    assert!(evidence(&found).contains(") gives back 1 to semaphore 0 at exit [BPF task iterator]\n"), "{found}");
    assert!(found["command"].is_string(), "{found}");
    ipcadm(["ls", "-q", "--orphan", "--grace", "0"]).run().ok().stdout_empty();
    ipcadm(["clean", "--grace", "0", "--yes"]).run().ok();
    assert!(make::exists(ipcadm_testbed::Kind::Sem, set));
    let refusal = "gives back 1 to semaphore 0 at exit (kept; ";
    ipcadm(["rm", "--if-unused", &reference]).run().status(10).stderr_has(&format!("pid {pid} (")).stderr_has(refusal);
    assert!(make::exists(ipcadm_testbed::Kind::Sem, set));
    ipcadm(["ls", "-q", "--pid", &pid.to_string()]).run().ok().stdout_is(format!("{reference}\n"));
    drop(holder);
    assert_eq!(object(judged(set))["state"], "orphan");
    ipcadm(["rm", "--if-unused", &reference]).run().ok();
}

#[test]
fn who_ps_and_show_tell_what_is_given_back() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let set = make::sem(0x51, 3, 0o600);
    make::setall(set, &[2, 0, 0]);
    let (holder, child) = make::undo_holder(&[(set, 0, -2), (set, 2, 1)], Sharers::Child);
    let (past, _) = make::undo_holder(&[(set, 1, 1), (set, 1, -1)], Sharers::Nobody);
    let words = "gives back 2 to semaphore 0, takes back 1 from semaphore 2 at exit, together with ";
    for (command, prefix) in [("who", "sem:0  "), ("show", "  ")] {
        let table = ipcadm([command, "sem:0x51"]).run().ok().stdout_str();
        for (pid, other) in [(holder.pid(), child), (child, holder.pid())] {
            let row = format!("{pid}  ");
            let told = |line: &str| line.starts_with(prefix) && line.contains(&row) && line.contains(words);
            assert!(table.lines().any(|line| told(line) && line.contains(&format!(" {other}  "))), "{table}");
        }
        assert!(!table.contains("has used it with undo"), "{table}");
        let more = ipcadm([command, "-v", "sem:0x51"]).run().ok().stdout_str();
        assert!(more.contains("  has used it with undo  "), "{more}");
    }
    let found = object(ipcadm(["who", "--format", "jsonl", "sem:0x51"]));
    assert_eq!((&found["hidden"], &found["hidden_why"]), (&json!([]), &Value::Null));
    let told: Vec<Value> = found["undo"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| json!([one["pid"], one["role"], one["adjust"], one["shared_with"]]))
        .collect();
    let adjust = json!([{"semaphore": 0, "by": 2}, {"semaphore": 2, "by": -1}]);
    let mut expected = vec![
        json!([holder.pid(), "undo", adjust, [child]]),
        json!([child, "undo", adjust, [holder.pid()]]),
        json!([past.pid(), "undo", [], []]),
    ];
    expected.sort_by_key(|one| one[0].as_u64());
    assert_eq!(told, expected);
    let csv = ipcadm(["who", "--format", "csv", "--no-header", "sem:0x51"]).run().ok().stdout_str();
    assert!(csv.contains(&format!(",0=2 2=-1,{child}\r\n")), "{csv}");
    let mut pids = [holder.pid(), child].map(|pid| pid.to_string());
    pids.sort_by_key(|pid| pid.parse::<u32>().ok());
    ipcadm(["who", "-q", "sem:0x51"]).run().ok().stdout_is(format!("{}\n{}\n", pids[0], pids[1]));

    let process = object(ipcadm(["ps", "--format", "jsonl", &holder.pid().to_string()]));
    let used = process["uses"].as_array().expect("a list").iter().find(|used| used["role"] == "undo").expect("a use");
    assert_eq!((&used["ref"], &used["adjust"], &used["tid"]), (&json!(format!("sem:{set}")), &adjust, &Value::Null));
    let pid = past.pid().to_string();
    ipcadm(["ps", &pid]).run().ok().stdout_lacks("with undo");
    ipcadm(["ps", "-v", &pid]).run().ok().stdout_has("  has used it with undo  ");
}

#[test]
fn who_has_used_a_set_may_use_it_again() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let set = make::sem(0, 1, 0o600);
    let (past, _) = make::undo_holder(&[(set, 0, 1), (set, 0, -1)], Sharers::Nobody);
    make::by_dead_process(|| {
        make::semop(set, &[(0, 1, 0)]);
        0
    });
    let found = object(judged(set));
    assert_eq!(found["state"], "idle", "{found}");
    let pid = past.pid();
    assert!(evidence(&found).starts_with(&format!("used with undo by {pid} (")), "{found}");
    let note = format!(
        "ipcadm: note: nobody is seen to use sem:{set}, but processes live that have used it with undo (-v shows them)\n"
    );
    ipcadm(["who", &format!("sem:{set}")]).run().ok().stderr_is(note);
    ipcadm(["rm", "--if-unused", &format!("sem:{set}")]).run().status(10).stderr_has(&format!("undo by pid {pid} ("));
    drop(past);
    assert_eq!(object(judged(set))["state"], "orphan");
}

#[test]
fn what_somebody_may_keep_from_being_read_is_unknown() {
    let _ns = fresh();
    let set = make::by_dead_process(|| {
        let set = make::sem(0, 1, 0o600);
        make::semop(set, &[(0, 1, 0)]);
        set
    });
    let object = inventory::look(ObjectId::system_v(Kind::Sem, set)).expect("a look").expect("a set");
    for (hidden, state, may_be_used) in [
        (None, State::Orphan, false),
        (Some(Hiding::All("because".to_owned())), State::Orphan, false),
        (Some(Hiding::Outside), State::Orphan, false),
        (Some(Hiding::Some("there are too many".to_owned())), State::Unknown, true),
    ] {
        let undo = Some(Rc::new(Undo { hidden: hidden.clone(), ..Undo::default() }));
        let usage = Usage { hidden_waiters: Some(0), undo, ..Usage::default() };
        let judgement = Judge::new(&Criteria { grace: Duration::ZERO, ..Criteria::default() }).judge(&object, &usage);
        assert_eq!(judgement.state, state, "{judgement:?}");
        let told = judgement.evidence.iter().filter(|one| one.fact().starts_with("undo records: ")).count();
        assert_eq!(told, usize::from(hidden.is_some()), "{judgement:?}");
        assert_eq!(text::maybe_in_use(&object, &usage).is_some(), may_be_used, "{hidden:?}");
    }
}

#[test]
fn who_loses_an_undo_record_is_named() {
    let _ns = fresh();
    if !readable() {
        return;
    }
    let set = make::sem(0, 3, 0o600);
    let (first, _) = make::undo_holder(&[(set, 0, 1), (set, 1, 1)], Sharers::Nobody);
    let (second, _) = make::undo_holder(&[(set, 1, 1)], Sharers::Nobody);
    let setval = |arguments: &[&str]| {
        let command = ipcadm(["sem", "setval", &set.to_string()]).args(arguments.iter().copied());
        command.run().ok().stderr_str()
    };
    let mut both = [first.pid(), second.pid()];
    both.sort_unstable();
    assert_eq!(setval(&["2=7"]), "");
    assert_eq!(setval(&["--keep-undo", "1=9"]), "");
    let keep = "; --keep-undo would keep them\n";
    let of = |text: String| format!("ipcadm: note: wipes the undo records of {text}{keep}");
    assert_eq!(setval(&["0=7"]), of(format!("1 process ({})", first.pid())));
    assert_eq!(setval(&["1", "1", "1"]), of(format!("2 processes ({}, {})", both[0], both[1])));
    assert_eq!(setval(&["1", "1", "1"]), "");
}

#[test]
fn what_cannot_be_read_is_said() {
    if !needs_root("sets of another user") {
        return;
    }
    let _ns = fresh();
    let (set, holder) = held_though_its_last_user_is_gone();
    make::chown(ipcadm_testbed::Kind::Sem, set, 65_534, 65_534, 0o666);
    let reference = format!("sem:{set}");
    // Judged as ever, and said.
    let found = object(judged(set).unprivileged());
    assert!(evidence(&found).ends_with(&format!("{UNREADABLE} [BPF task iterator]\n")), "{found}");
    for command in ["who", "show"] {
        let found = object(ipcadm([command, "--format", "jsonl", &reference]).unprivileged());
        assert_eq!((&found["undo"], &found["hidden"]), (&Value::Null, &json!(["undo"])), "{found}");
        assert_eq!(found["hidden_why"], UNREADABLE);
        ipcadm([command, &reference]).unprivileged().run().ok().stdout_has(UNREADABLE);
    }
    let outcome = ipcadm(["who", &reference]).unprivileged().run().ok();
    outcome.stderr_has(&format!("ipcadm: note: nobody is seen to use {reference}"));
    let whole = object(ipcadm(["ps", "--json"]).unprivileged());
    assert_eq!((&whole["hidden"], &whole["hidden_why"]), (&json!(["processes"]), &json!(UNREADABLE)));
    // A kernel that knows of no such program.
    let found = object(ipcadm(["who", "--format", "jsonl", &reference]).without_call(libc::SYS_bpf));
    assert_eq!((&found["undo"], &found["hidden"]), (&Value::Null, &json!(["undo"])), "{found}");
    assert!(found["hidden_why"].as_str().is_some_and(|why| why.contains("bpf(2)")), "{found}");
    // A filter that would end it.
    let found = object(ipcadm(["who", "--format", "jsonl", &reference]).killed_at(libc::SYS_bpf));
    assert!(found["hidden_why"].as_str().is_some_and(|why| why.contains("filter of system calls")), "{found}");
    let outcome = ipcadm(["ls", "--pid", &holder.pid().to_string()]).unprivileged().run().ok();
    outcome.stderr_has(&format!("ipcadm: note: {UNREADABLE}\n"));
    drop(holder);
    // Of a user all of whose processes may be looked into.
    make::as_user(65_534, 65_534, || {
        make::by_dead_process(|| {
            let id = make::sem(0, 1, 0o600);
            make::setall(id, &[1]);
            id
        })
    });
    let plan = ipcadm(["clean", "--grace", "0", "--dry-run"]).unprivileged().run().ok().stdout_str();
    assert_eq!(plan.matches(UNREADABLE).count(), 1, "{plan}");
}

#[test]
fn processes_have_the_numbers_of_the_readers_pid_namespace() {
    alone!("processes_have_the_numbers_of_the_readers_pid_namespace", |_| {
        if !readable() {
            return;
        }
        let set = make::sem(0, 1, 0o600);
        let (parent, child) = make::undo_holder(&[(set, 0, 1)], Sharers::Child);
        let found = undo(set);
        let pids: Vec<u32> = found.records.iter().map(|record| record.process.pid).collect();
        assert_eq!(pids, [parent.pid(), child]);
        assert_eq!(found.hidden, None);
    });
}
