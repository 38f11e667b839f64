//! Removing what somebody may start using: closed, looked at again, removed or opened again.

mod records;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use ipcadm::journal::folder::Places;
use ipcadm::journal::record::Record;
use ipcadm::kind::field::Needs;
use ipcadm::kind::model::{Kind as ObjectKind, ObjectId};
use ipcadm::listing::query::Analysis;
use ipcadm::object::inventory;
use ipcadm::object::semaphores::calls;
use ipcadm::removal::{Candidate, Condition, Lockout, Outcome};
use ipcadm::usage::criteria::Criteria;
use ipcadm::usage::state::State;
use ipcadm_testbed::{Folder, Kind, alone, fresh, ipcadm, is_root, make, may_set_limits, needs_root};

/// A folder of this test's own, for records.
struct Records(Folder);

impl Records {
    fn new() -> Self {
        Self(Folder::new("closing").mode(0o700))
    }

    fn record(&self) -> Record {
        Record::begin(&self.records()).expect("a record")
    }

    fn records(&self) -> Places {
        Places::new(vec![self.known()], Vec::new())
    }

    fn known(&self) -> PathBuf {
        self.0.join("records")
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.known()).expect("the folder").map(|entry| entry.expect("an entry").path()).collect()
    }
}

fn id(kind: Kind, id: i32) -> ObjectId {
    let kind = match kind {
        Kind::Shm => ObjectKind::Shm,
        Kind::Sem => ObjectKind::Sem,
        Kind::Msg => ObjectKind::Msg,
    };
    ObjectId::system_v(kind, id)
}

/// An object of a dead process.
fn leaked(kind: Kind) -> i32 {
    make::by_dead_process(|| match kind {
        Kind::Shm => make::shm(0, 4096, 0o640),
        Kind::Sem => {
            let set = make::sem(0, 2, 0o640);
            make::setall(set, &[1, 0]);
            set
        }
        Kind::Msg => {
            let queue = make::msg(0, 0o640);
            make::send(queue, 1, b"x");
            make::recv(queue, 0);
            queue
        }
    })
}

/// The usual criteria with a grace age of so many seconds.
fn graced(seconds: u64) -> Criteria {
    Criteria { grace: Duration::from_secs(seconds), ..Criteria::default() }
}

/// As it is judged now, without any grace.
fn judged(kind: Kind, number: i32) -> Candidate {
    let object = inventory::look(id(kind, number)).expect("a look").expect("an object");
    let analysis = Analysis::of(&[object], Needs::USE, &graced(0));
    let state = analysis.judgement(object.id).expect("a judgement").state;
    assert_eq!(state, State::Orphan, "{:?}", analysis.judgement(object.id));
    let usage = analysis.usage(object.id).cloned().unwrap_or_default();
    Candidate::new(object, usage, Condition::State(state, graced(0)))
}

/// Removes them all, and tells what became of each.
fn remove(candidates: &[Candidate], record: &mut Record) -> Vec<Outcome> {
    let mut lockout = Lockout::new(candidates, record);
    std::iter::from_fn(|| lockout.next_batch()).flat_map(|(_, outcomes)| outcomes).collect()
}

#[track_caller]
fn removed_one(candidate: &Candidate) -> Outcome {
    let folder = Records::new();
    let mut record = folder.record();
    let outcome = remove(std::slice::from_ref(candidate), &mut record).remove(0);
    let files = folder.files();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::read(&files[0]).expect("the record"), b"", "nothing is closed any more");
    drop(record);
    assert!(folder.files().is_empty());
    outcome
}

/// It stays, for that reason, with its mode.
#[track_caller]
fn stays(candidate: &Candidate, kind: Kind, number: i32, reason: &str) {
    let outcome = removed_one(candidate);
    assert!(matches!(&outcome, Outcome::Kept(why) if why.contains(reason)), "{outcome:?} instead of {reason:?}");
    assert_eq!(make::perm(kind, number).mode & 0o777, 0o640);
}

#[test]
fn what_nobody_uses_goes() {
    alone!("what_nobody_uses_goes", |ns| {
        for kind in Kind::ALL {
            let candidate = judged(kind, leaked(kind));
            let outcome = removed_one(&candidate);
            assert!(matches!(outcome, Outcome::Removed), "{outcome:?}");
            assert!(ns.ids(kind).is_empty());
            // A second time there is nothing left.
            let outcome = removed_one(&candidate);
            assert!(matches!(outcome, Outcome::Gone), "{outcome:?}");
        }
    });
}

#[test]
fn a_batch_goes_together() {
    alone!("a_batch_goes_together", |ns| {
        let folder = Records::new();
        let mut batch: Vec<Candidate> =
            Kind::ALL.iter().flat_map(|&kind| (0..5).map(move |_| judged(kind, leaked(kind)))).collect();
        let kept = leaked(Kind::Shm);
        batch.insert(7, judged(Kind::Shm, kept));
        let holder = make::holder(kept);
        let outcomes = remove(&batch, &mut folder.record());
        for (place, outcome) in outcomes.iter().enumerate() {
            assert_eq!(matches!(outcome, Outcome::Removed), place != 7, "{place}: {outcome:?}");
        }
        assert_eq!(ns.ids(Kind::Shm), [kept]);
        drop(holder);
    });
}

/// Each is a system call, while others are shut out.
#[test]
fn a_semaphore_is_asked_about_as_seldom_as_can_be() {
    const SEMAPHORES: u16 = 1000;
    alone!("a_semaphore_is_asked_about_as_seldom_as_can_be", |ns| {
        ipcadm::proc::probe::look_from_here();
        ns.sysctl("sem", "32000 1024000000 500 32000");
        let set = make::by_dead_process(|| {
            let set = make::sem(0, SEMAPHORES.into(), 0o640);
            make::setall(set, &[1; SEMAPHORES as usize]);
            set
        });
        let candidate = judged(Kind::Sem, set);
        let before = calls();
        let outcome = removed_one(&candidate);
        assert!(matches!(outcome, Outcome::Removed), "{outcome:?}");
        // Open: who used it, for a judgement and to compare. Closed: who waits, two ways, and who used it.
        assert_eq!(calls() - before, 5 * u64::from(SEMAPHORES));
    });
}

#[test]
fn who_came_since_keeps_it() {
    alone!("who_came_since_keeps_it", |_| {
        let segment = leaked(Kind::Shm);
        let candidate = judged(Kind::Shm, segment);
        let holder = make::holder(segment);
        stays(&candidate, Kind::Shm, segment, "attached");
        drop(holder);
        // Attached and let go, by a process that is gone.
        stays(&candidate, Kind::Shm, segment, "attached or detached since");

        let set = leaked(Kind::Sem);
        let candidate = judged(Kind::Sem, set);
        let waiter = make::blocked_semop(set, 1, -1);
        stays(&candidate, Kind::Sem, set, "waits");
        assert!(waiter.is_asleep());
        drop(waiter);
        // The first attempt has changed its time of change.
        let object = inventory::look(candidate.object.id).expect("a look").expect("a set");
        let candidate = Candidate { object, expected: object, ..candidate };
        let waiter = make::blocked_semop(set, 0, 0);
        stays(&candidate, Kind::Sem, set, "waits");
        assert!(waiter.is_asleep());
        drop(waiter);

        let queue = leaked(Kind::Msg);
        let candidate = judged(Kind::Msg, queue);
        let waiter = make::blocked_recv(queue, 0);
        stays(&candidate, Kind::Msg, queue, "waits on it");
        assert!(waiter.is_asleep());
    });
}

#[test]
fn a_receiver_who_came_since_is_not_woken() {
    alone!("a_receiver_who_came_since_is_not_woken", |_| {
        let make = || leaked(Kind::Msg);
        let nobody = ipcadm_testbed::NOBODY;
        let queue = if is_root() { make::as_user(nobody, nobody, make) } else { make() };
        let candidate = judged(Kind::Msg, queue);
        // Closing would wake it, if it has no rights, and then it would not be found.
        let mut receiver = ipcadm(["msg", "recv", &format!("msg:{queue}")]).unprivileged().spawn();
        receiver.until_asleep();
        // It is found asleep, or for what its arguments say, whichever is looked at first.
        let outcome = removed_one(&candidate);
        let reasons = ["waits on it", "was told of it: ipcadm msg recv"];
        assert!(
            matches!(&outcome, Outcome::Kept(why) if reasons.iter().any(|reason| why.contains(reason))),
            "{outcome:?}"
        );
        assert_eq!(make::perm(Kind::Msg, queue).mode & 0o777, 0o640);
        make::send(queue, 1, b"still there");
        receiver.wait().ok().stdout_is("still there");
    });
}

#[test]
fn what_was_used_or_changed_since_stays() {
    alone!("what_was_used_or_changed_since_stays", |_| {
        let set = leaked(Kind::Sem);
        let candidate = judged(Kind::Sem, set);
        make::semop(set, &[(0, -1, 0)]);
        stays(&candidate, Kind::Sem, set, "it was used since");

        let queue = leaked(Kind::Msg);
        let candidate = judged(Kind::Msg, queue);
        make::send(queue, 1, b"new");
        stays(&candidate, Kind::Msg, queue, "messages came or went since");

        for kind in Kind::ALL {
            let number = leaked(kind);
            let candidate = judged(kind, number);
            let perm = make::perm(kind, number);
            make::chown(kind, number, perm.uid, perm.gid, 0o600);
            let outcome = removed_one(&candidate);
            assert!(matches!(&outcome, Outcome::Kept(why) if why.contains("changed since")), "{outcome:?}");
            assert_eq!(make::perm(kind, number).mode & 0o777, 0o600, "untouched");
            // Another object has taken its place.
            let other = Candidate::new(judged(kind, leaked(kind)).object, candidate.usage.clone(), candidate.condition);
            let mut object = other.object;
            object.perm.key = ipcadm::sys::Key::from_bits(5);
            let outcome = removed_one(&Candidate::new(object, other.usage, other.condition));
            assert!(matches!(&outcome, Outcome::Kept(why) if why.contains("another key")), "{outcome:?}");
        }
    });
}

#[test]
fn it_is_judged_again() {
    let _ns = fresh();
    // Made by this very process, whatever its state was taken for.
    let segment = make::shm(0, 4096, 0o640);
    let set = make::sem(0, 2, 0o640);
    make::setall(set, &[1, 0]);
    for (kind, number) in [(Kind::Shm, segment), (Kind::Sem, set)] {
        let object = inventory::look(id(kind, number)).expect("a look").expect("an object");
        for grace in [0, 600] {
            let condition = Condition::State(State::Orphan, graced(grace));
            let candidate = Candidate::new(object, Default::default(), condition);
            // The first attempt has changed its time of change.
            let object = inventory::look(object.id).expect("a look").expect("an object");
            let candidate = Candidate { object, expected: object, ..candidate };
            stays(&candidate, kind, number, "it is idle and no longer orphan");
        }
    }
    let number = leaked(Kind::Shm);
    let mut candidate = judged(Kind::Shm, number);
    candidate.condition = Condition::State(State::Orphan, graced(600));
    stays(&candidate, Kind::Shm, number, "grace is 10 minutes");
}

#[test]
fn a_run_that_is_killed_is_put_right_by_the_next() {
    let ns = fresh();
    let (segment, set) = (leaked(Kind::Shm), leaked(Kind::Sem));
    let clean = || ipcadm(["clean", "--grace", "0", "--yes", "shm", "sem"]);
    clean().killed_at(libc::SYS_membarrier).run().signal(libc::SIGSYS).stdout_empty();
    assert_eq!([make::perm(Kind::Shm, segment).mode, make::perm(Kind::Sem, set).mode], [0, 0], "both are closed");
    // Who only looks changes nothing.
    ipcadm(["clean", "--grace", "0", "--dry-run"]).run().ok();
    assert_eq!(make::perm(Kind::Shm, segment).mode, 0);
    // A run of another test may be looking at the record, and the run that it is of then seems to live.
    let outcome = loop {
        let outcome = ipcadm(["clean", "--grace", "1h", "--yes", "-q"]).run().ok().stdout_empty();
        if !outcome.stderr.is_empty() {
            break outcome;
        }
    };
    for object in [format!("shm:{segment}"), format!("sem:{set}")] {
        let note = format!("ipcadm: note: {object} has its mode 0640 again, which an interrupted run had taken\n");
        assert!(outcome.stderr_str().contains(&note), "{outcome}");
    }
    assert_eq!(make::perm(Kind::Shm, segment).mode, 0o640);
    assert_eq!(make::perm(Kind::Sem, set).mode, 0o640);
    // That is done once.
    ipcadm(["clean", "--grace", "1h", "--yes", "-q"]).run().ok().stderr_empty();
    clean().run().ok().stdout_is(format!("removed sem:{set}\nremoved shm:{segment}\n"));
    assert!(ns.ids(Kind::Shm).is_empty());
}

#[test]
fn a_kernel_without_membarrier_will_do() {
    let _ns = fresh();
    let set = leaked(Kind::Sem);
    let clean = ipcadm(["clean", "--grace", "0", "--yes"]).without_call(libc::SYS_membarrier);
    clean.run().ok().stdout_is(format!("removed sem:{set}\n"));
}

#[test]
fn the_unprivileged_look_into_sets_too() {
    let ns = fresh();
    let set = if is_root() {
        make::as_user(ipcadm_testbed::NOBODY, ipcadm_testbed::NOBODY, || leaked(Kind::Sem))
    } else {
        leaked(Kind::Sem)
    };
    let clean = || ipcadm(["clean", "sem", "--grace", "0", "--yes"]).unprivileged();
    // Another process waits: it is not taken, and keeps its mode.
    let waiter = make::blocked_semop(set, 1, -1);
    clean().run().ok().stdout_empty();
    drop(waiter);
    if !is_root() {
        // All others here are of the same user, and have rights that this one lacks: they may not be looked into.
        clean().run().ok().stdout_empty();
        assert_eq!(ns.ids(Kind::Sem), [set]);
        return;
    }
    clean().run().ok().stdout_is(format!("removed sem:{set}\n"));
    assert!(ns.ids(Kind::Sem).is_empty());
}

#[test]
fn a_signal_leaves_nothing_closed() {
    let ns = fresh();
    for round in 0..3 {
        make::by_dead_process(|| {
            (0..2000).for_each(|_| _ = make::shm(0, 4096, 0o640));
            0
        });
        let before = ns.ids(Kind::Shm).len();
        let run = ipcadm(["clean", "--grace", "0", "--yes", "-q"]).spawn();
        while ns.ids(Kind::Shm).len() == before {
            std::thread::yield_now();
        }
        run.signal([libc::SIGTERM, libc::SIGINT, libc::SIGHUP][round]);
        let outcome = run.wait();
        assert!(
            outcome.signal == Some([libc::SIGTERM, libc::SIGINT, libc::SIGHUP][round]) || outcome.status == Some(0)
        );
        for row in ns.rows(Kind::Shm) {
            assert_eq!(row["perms"], "640", "{outcome}");
        }
        ipcadm(["clean", "--grace", "0", "--yes", "-q"]).run().ok().stderr_empty();
        assert!(ns.ids(Kind::Shm).is_empty());
    }
}

#[test]
fn a_forced_removal_needs_no_pin() {
    if !may_set_limits("kernel.shm_rmid_forced") {
        return;
    }
    let ns = fresh();
    let number = leaked(Kind::Shm);
    let candidate = judged(Kind::Shm, number);
    // From now on the kernel itself destroys what has no attachment and no creator; this one has a creator.
    let mine = make::shm(0, 4096, 0o640);
    ns.sysctl("shm_rmid_forced", 1);
    assert_eq!(ns.ids(Kind::Shm), [mine]);
    let outcome = removed_one(&candidate);
    assert!(matches!(outcome, Outcome::Gone), "{outcome:?}");
    let object = inventory::look(id(Kind::Shm, mine)).expect("a look").expect("an object");
    let idle = Condition::State(State::Idle, graced(0));
    let outcome = removed_one(&Candidate::new(object, Default::default(), idle));
    assert!(matches!(outcome, Outcome::Removed), "{outcome:?}");
}

#[test]
fn a_queue_too_large_to_be_closed_stays() {
    if !may_set_limits("kernel.msgmnb") || !needs_root("a queue of another user") {
        return;
    }
    let ns = fresh();
    let queue = make::as_user(ipcadm_testbed::NOBODY, ipcadm_testbed::NOBODY, || leaked(Kind::Msg));
    ns.sysctl("msgmnb", 1024);
    // What root's threads sleep in is hidden from others.
    let args = ["clean", "--grace", "0", "--yes", "--state", "unknown"];
    let outcome = ipcadm(args).unprivileged().run().status(10);
    outcome.stderr_has("it cannot be closed to newcomers: its capacity 16384 is above kernel.msgmnb (1024)");
    assert_eq!(make::perm(Kind::Msg, queue).mode, 0o640);
}

#[test]
fn objects_of_others_are_not_closed() {
    if !needs_root("an object of another user") {
        return;
    }
    let _ns = fresh();
    // Nobody lives who is let in, so that nothing else speaks against its removal.
    let segment = make::as_user(12_345, 12_345, || leaked(Kind::Shm));
    let folder = Records::new();
    let candidate = judged(Kind::Shm, segment);
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).expect("a mode");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o1777)).expect("a mode");
    let outcomes = make::as_user(ipcadm_testbed::NOBODY, ipcadm_testbed::NOBODY, || {
        remove(std::slice::from_ref(&candidate), &mut folder.record())
    });
    assert!(matches!(&outcomes[0], Outcome::Failed(error) if error.status().code() == 4), "{outcomes:?}");
    assert_eq!(make::perm(Kind::Shm, segment).mode, 0o640);
}
