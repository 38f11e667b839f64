//! However many semaphores there are, the kernel is asked about so many of them, and nothing is concluded about the rest.

use std::time::Duration;

use ipcadm::kind::field::Needs;
use ipcadm::kind::model::{Kind as ObjectKind, ObjectId};
use ipcadm::listing::query::{Listing, query};
use ipcadm::listing::select::Selection;
use ipcadm::object::semaphores::calls;
use ipcadm::proc::probe::look_from_here;
use ipcadm::usage::criteria::Criteria;
use ipcadm::usage::state::{State, Why};
use ipcadm_testbed::{apart, fresh, ipcadm, make};
use serde_json::Value;

/// More semaphores than are asked about.
const LARGE: usize = 40;
const NSEMS: u16 = 32_000;
const MOST_CALLS: u64 = 1_000_000;

fn states() -> Listing {
    let criteria = Criteria { grace: Duration::ZERO, ..Criteria::default() };
    let mut selection = Selection::default();
    selection.criteria = criteria;
    query(&selection, Needs::STATES).expect("a list")
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&ipcadm(args).run().ok().stdout_str()).expect("JSON")
}

#[test]
fn who_has_most_semaphores_keeps_nobody_else_from_being_judged() {
    apart!("who_has_most_semaphores_keeps_nobody_else_from_being_judged", || {
        let ns = fresh();
        ns.sysctl("sem", "32000 1024000000 500 32000");
        let sets = || {
            for _ in 0..LARGE {
                make::setall(make::sem(0, NSEMS.into(), 0o600), &[1; NSEMS as usize]);
            }
            let small = make::sem(0, 2, 0o600);
            make::setall(small, &[1, 1]);
            small
        };
        let small = make::by_dead_process(sets);
        let large = ns.ids(ipcadm_testbed::Kind::Sem)[LARGE - 1];
        let sleeper = make::blocked_semop(large, NSEMS - 1, -2);

        look_from_here();
        let before = calls();
        let found = states();
        let asked = calls() - before;
        // Who waits, and who used them.
        assert!((1000..=2 * MOST_CALLS).contains(&asked), "{asked}");
        let judgement = |id| found.analysis.judgement(ObjectId::system_v(ObjectKind::Sem, id)).expect("a judgement");
        assert_eq!(judgement(small).state, State::Orphan);
        assert_eq!(judgement(large).state, State::Active, "whoever is seen is seen");
        let of = |state| found.objects.iter().filter(|object| judgement(object.id.sysv()).state == state).count();
        let unknown = of(State::Unknown);
        assert!(unknown > 0);
        assert_eq!(of(State::Orphan) + unknown + 1, LARGE + 1);
        for object in &found.objects {
            let judgement = judgement(object.id.sysv());
            if judgement.state == State::Unknown {
                assert_eq!(judgement.unknown, Some(Why::Hidden));
                assert!(judgement.evidence[0].fact().contains("more than a million system calls"), "{judgement:?}");
            }
        }

        // Nor does anything else take it for unused.
        let shown = json(&["who", "--json", &format!("sem:{large}")]);
        let set = &shown["objects"][0];
        assert_eq!(set["waiters"][0]["pid"], sleeper.pid());
        assert_eq!(set["hidden_waiters"], Value::Null);
        let processes = json(&["ps", "--json"]);
        assert_eq!(processes["hidden_waiters"], Value::Null);
        assert!(processes["hidden_sets"].as_u64().expect("a number") > 0);
    });
}
