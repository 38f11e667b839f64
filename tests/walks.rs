//! However many objects there are, all processes are looked at as often as for one.

use ipcadm::object::cleaning::{self, Terms};
use ipcadm::object::model::KindSet;
use ipcadm::object::select::Selection;
use ipcadm::object::state::{Criteria, State};
use ipcadm::object::survey::{Insight, Wants, survey};
use ipcadm::proc::reader::listings;
use ipcadm_testbed::{fresh, make};
use std::time::Duration;

/// More than some batches, and no more than fits.
const MANY: usize = 10_000;

fn selection() -> Selection {
    let criteria = Criteria { grace: Duration::ZERO, ..Criteria::default() };
    Selection { kinds: KindSet::ALL, criteria, ..Selection::default() }
}

/// How often all processes are listed by what `ls -o +state,+evidence,+holders` and the plan of `clean` ask for.
fn walks() -> (u64, u64) {
    let before = listings();
    let wants = Wants { memory: false, insight: Insight::ALL };
    survey(&selection(), wants).expect("a survey");
    let between = listings();
    let terms = Terms { states: vec![State::Orphan], creator_gone: false, unread: true, keeps: &|_| None };
    cleaning::choose(&selection(), &terms).expect("a choice");
    (between - before, listings() - between)
}

fn leave_behind(number: usize) {
    make::by_dead_process(|| {
        for _ in 0..number {
            make::setall(make::sem(0, 1, 0o600), &[1]);
        }
        0
    });
}

#[test]
fn many_objects_take_no_more_walks_than_one() {
    let _ns = fresh();
    leave_behind(1);
    let one = walks();
    // One for who uses it, and at least two for who may: the second sees that nobody has come.
    assert!(one.0 >= 3 && one.1 >= 3, "{one:?}");
    leave_behind(MANY);
    assert_eq!(walks(), one);
}
