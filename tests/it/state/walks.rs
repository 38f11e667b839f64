//! However many objects there are, all processes are looked at as often as for one of each kind.

use std::process::{Child, Command};
use std::time::Duration;

use ipcadm::kind::field::Needs;
use ipcadm::listing::query::query;
use ipcadm::listing::select::Selection;
use ipcadm::proc::probe::look_from_here;
use ipcadm::proc::reader::looks;
use ipcadm::removal::choose::{self, CleanPolicy};
use ipcadm::usage::criteria::Criteria;
use ipcadm::usage::state::State;
use ipcadm_testbed::{apart, fresh, make, may_set_limits};

/// Of each kind, 30,000 in all.
const MANY: usize = 10_000;
const PROCESSES: u64 = 20;

fn selection() -> Selection {
    let criteria = Criteria { grace: Duration::ZERO, ..Criteria::default() };
    let mut selection = Selection::default();
    selection.criteria = criteria;
    selection
}

/// What is looked at meanwhile: how often all processes are listed, and how often the mappings of one are.
fn counted(run: impl FnOnce()) -> (u64, u64) {
    let (listings, maps) = looks();
    run();
    (looks().0 - listings, looks().1 - maps)
}

/// The same of what `ls -o +state`, `ls -o +state,+evidence,+holders` and the plan of `clean` ask for.
fn walks() -> [(u64, u64); 3] {
    let states = Needs::STATES;
    let listed = |needs| {
        let found = query(&selection(), needs).expect("a list");
        assert!(found.objects.iter().all(|object| found.analysis.judgement(object.id).is_some()));
    };
    let policy = CleanPolicy { states: vec![State::Orphan], creator_gone: false, unread: true, keeps: &|_| None };
    let choose = || drop(choose::choose(&selection(), &policy).expect("a choice"));
    [counted(|| listed(states)), counted(|| listed(Needs::USE)), counted(choose)]
}

fn leave_behind(number: usize) {
    make::by_dead_process(|| {
        for _ in 0..number {
            make::setall(make::sem(0, 1, 0o600), &[1]);
            drop(make::attach(make::shm(0, 4096, 0o600)));
            let queue = make::msg(0, 0o600);
            make::send(queue, 1, b"x");
            make::recv(queue, 1);
        }
        0
    });
}

/// Processes that sleep in no call on an object.
fn sleepers() -> Vec<Child> {
    let sleep = || Command::new("sleep").arg("1000").spawn().expect("sleep");
    let children: Vec<Child> = (0..PROCESSES).map(|_| sleep()).collect();
    for child in &children {
        let file = format!("/proc/{}/stat", child.id());
        while !std::fs::read_to_string(&file).expect("a child").contains("(sleep) S") {
            ipcadm_testbed::pause();
        }
    }
    children
}

#[test]
fn many_objects_take_no_more_walks_than_one() {
    apart!("many_objects_take_no_more_walks_than_one", || {
        if !may_set_limits("more than 4096 segments") {
            return;
        }
        look_from_here();
        let ns = fresh();
        ns.sysctl("shmmni", 32_768);
        ns.sysctl("sem", "250 1024000000 500 32768");
        let mut sleepers = sleepers();
        let _holder = make::holder(make::shm(0, 4096, 0o600));
        leave_behind(1);
        let one = walks();
        for (listings, maps) in one {
            // One for all who use objects, and two for all who may: the second sees that nobody has come.
            assert!(listings == 3 && maps >= PROCESSES, "{one:?}");
        }
        leave_behind(MANY);
        assert_eq!(walks(), one);
        sleepers.iter_mut().for_each(|child| child.kill().and_then(|()| child.wait()).map(drop).expect("a child"));
    });
}
