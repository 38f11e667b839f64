//! `sem create`: values given in one step, limits, and that nobody meets a half-made set.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ipcadm::sys::{Errno, Key, SemId, sem};
use ipcadm_testbed::{Kind, Namespace, fresh, ipcadm, make, may_set_limits, needs_root};

use super::{id, nothing_made};

/// semmsl, semmns, semopm, semmni.
fn limits(ns: &Namespace, limits: [u32; 4]) -> bool {
    let may = may_set_limits("limits of semaphores");
    if may {
        ns.sysctl("sem", limits.map(|limit| limit.to_string()).join(" "));
    }
    may
}

#[test]
fn the_default_is_private_zero_and_initialised() {
    let ns = fresh();
    let id = id(Kind::Sem, ipcadm(["sem", "create", "3"]).run());
    let stat = make::sem_stat(id);
    assert_eq!((stat.nsems, stat.perm.key, stat.perm.mode, stat.perm.uid), (3, 0, 0o600, 0));
    assert_eq!(make::getall(id, 3), [0, 0, 0]);
    assert_ne!(stat.otime, 0, "the sign of an initialised set");
    assert_eq!(ns.ids(Kind::Sem), [id]);
}

#[test]
fn values_are_given() {
    let _ns = fresh();
    for (args, values) in [
        (&["3", "--values", "1,0,5"][..], &[1, 0, 5][..]),
        (&["--values", "32767"], &[32767]),
        (&["--values", "0,0"], &[0, 0]),
        (&["--values=7,8", "--mode=0", "--random-key"], &[7, 8]),
        (&["--values=7,8", "--mode=0400"], &[7, 8]),
        (&["2", "--values=0,1", "--mode=0444"], &[0, 1]),
    ] {
        // Without privilege giving values needs write permission, which the final mode may deny.
        let id = id(Kind::Sem, ipcadm(["sem", "create"]).args(args).unprivileged().run());
        assert_eq!(make::getall(id, values.len()), values, "{args:?}");
        assert_ne!(make::sem_stat(id).otime, 0, "{args:?}");
    }
}

#[test]
fn a_mode_without_write_permission_is_final() {
    let _ns = fresh();
    for mode in ["0000", "0400", "0440", "0222"] {
        let id = id(Kind::Sem, ipcadm(["sem", "create", "--values=1,2", "--mode", mode]).unprivileged().run());
        assert_eq!(format!("{:04o}", make::perm(Kind::Sem, id).mode), mode);
    }
}

#[test]
fn more_values_than_one_operation_takes() {
    let ns = fresh();
    if !limits(&ns, [32000, 1_024_000_000, 3, 32000]) {
        return;
    }
    for (values, numbers) in [("1,2,3,4", [1, 2, 3, 4]), ("0,2,3,4", [0, 2, 3, 4]), ("9,9,9,9", [9; 4])] {
        for mode in ["0000", "0640", "0600"] {
            let outcome = ipcadm(["sem", "create", "--values", values, "--mode", mode]).unprivileged().run();
            let id = id(Kind::Sem, outcome);
            let stat = make::sem_stat(id);
            assert_eq!(make::getall(id, 4), numbers);
            assert_eq!(format!("{:04o}", stat.perm.mode), mode);
            assert_ne!(stat.otime, 0);
        }
    }
    limits(&ns, [32000, 1_024_000_000, 1, 32000]);
    for (values, numbers) in [("0,0,4,5", [0, 0, 4, 5]), ("0,0,0,0", [0; 4]), ("0,6,0,0", [0, 6, 0, 0])] {
        let id = id(Kind::Sem, ipcadm(["sem", "create", "--values", values]).unprivileged().run());
        assert_eq!((make::getall(id, 4), make::perm(Kind::Sem, id).mode), (numbers.to_vec(), 0o600));
        assert_ne!(make::sem_stat(id).otime, 0);
    }
    assert_ne!(make::sem_stat(id(Kind::Sem, ipcadm(["sem", "create", "4"]).run())).otime, 0);
}

#[test]
fn owner_and_group_are_given_away() {
    let _ns = fresh();
    if !needs_root("objects of other users") {
        return;
    }
    let create = ["sem", "create", "--values=1,2", "--mode=0460", "--owner=7", "--group=8"];
    for caller in [0, 9] {
        let id = id(Kind::Sem, ipcadm(create).uid(caller).run());
        let perm = make::perm(Kind::Sem, id);
        assert_eq!((perm.uid, perm.gid, perm.cuid, perm.cgid, perm.mode), (7, 8, caller, caller, 0o460));
        assert_eq!(make::getall(id, 2), [1, 2]);
    }
}

#[test]
fn bad_numbers_and_values_make_nothing() {
    let ns = fresh();
    for (args, reason) in [
        (&["0"][..], "a set has at least 1 semaphore"),
        (&[""], "is no number"),
        (&["--", "-1"], "is no number"),
        (&["+1"], "is no number"),
        (&["1x"], "is no number"),
        (&["0x10"], "is no number"),
        (&["2147483648"], "is more than 2147483647"),
        (&["99999999999999999999"], "is more than"),
        (&[], "<N>"),
        (&["1", "2"], "unexpected argument '2'"),
        (&["--values", ""], "a value is 0 to 32767"),
        (&["--values", "32768"], "invalid value '32768'"),
        (&["--values", "1,65536"], "invalid value '65536'"),
        (&["--values=-1"], "a value is 0 to 32767"),
        (&["--values", "1,,2"], "a value is 0 to 32767"),
        (&["--values", "1,2,"], "a value is 0 to 32767"),
        (&["--values", "1, 2"], "a value is 0 to 32767"),
        (&["--values", "1;2"], "a value is 0 to 32767"),
        (&["3", "--values", "1,2"], "--values: 2 values for 3 semaphores"),
        (&["1", "--values", "1,2"], "--values: 2 values for 1 semaphores"),
    ] {
        ipcadm(["sem", "create"]).args(args).run().status(2).stdout_empty().stderr_has(reason);
    }
    nothing_made(&ns, Kind::Sem);
}

#[test]
fn the_largest_set_is_the_namespaces() {
    let ns = fresh();
    let failed = "ipcadm: cannot create a semaphore set: Invalid argument (";
    let most = "that kernel.sem (SEMMSL) allows in one set)\n";
    let outcome = ipcadm(["sem", "create", "2147483647"]).run().status(1).stdout_empty();
    outcome.stderr_is(format!("{failed}2147483647 semaphores are more than the 32000 {most}"));
    if limits(&ns, [4, 1_024_000_000, 500, 32000]) {
        let outcome = ipcadm(["sem", "create", "--values", "0,0,0,0,0"]).run().status(1).stdout_empty();
        outcome.stderr_is(format!("{failed}5 semaphores are more than the 4 {most}"));
        nothing_made(&ns, Kind::Sem);
        id(Kind::Sem, ipcadm(["sem", "create", "4"]).run());
        // More than a program could count in its own memory, were that needed.
        limits(&ns, [65536, 1_024_000_000, 500, 32000]);
        let id = id(Kind::Sem, ipcadm(["sem", "create", "65536"]).run());
        assert_eq!(make::sem_stat(id).nsems, 65536);
        assert_ne!(make::sem_stat(id).otime, 0);
    }
}

#[test]
fn exhausted_limits_are_named() {
    let ns = fresh();
    if !limits(&ns, [32000, 1_024_000_000, 500, 2]) {
        return;
    }
    let create = |n: &str| ipcadm(["sem", "create", n]).run();
    let failed = "ipcadm: cannot create a semaphore set: No space left on device (not disk space: kernel.sem";
    create("3").ok();
    create("1").ok();
    let outcome = create("1").status(1).stdout_empty();
    outcome.stderr_is(format!("{failed} (SEMMNI) allows 2 sets and 2 exist; see 'ipcadm limits')\n"));
    limits(&ns, [32000, 10, 500, 32000]);
    let outcome = create("7").status(1).stdout_empty();
    outcome
        .stderr_is(format!("{failed} (SEMMNS) allows 10 semaphores, 4 exist and this takes 7; see 'ipcadm limits')\n"));
    assert_eq!(ns.ids(Kind::Sem).len(), 2);
    create("6").ok();
}

#[test]
fn a_taken_key_is_named() {
    let ns = fresh();
    let id = make::sem(0x51, 3, 0o000);
    let outcome = ipcadm(["sem", "create", "--values=1,2,3", "--key=0x51"]).unprivileged().run();
    outcome.status(5).stdout_empty().stderr_has(&format!("0x00000051 is sem:{id}, owned by root; --exist-ok"));
    assert_eq!(make::getall(id, 3), [0, 0, 0]);
    assert_eq!(make::sem_stat(id).otime, 0);
    assert_eq!(ns.ids(Kind::Sem), [id]);
}

const KEY: u32 = 0x5105;
const ROUNDS: usize = 30;

/// Creates sets with these values again and again while `look` looks for them by their key.
#[track_caller]
fn watched(values: &str, look: impl Fn() + Send + Sync) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                look();
            }
        });
        for _ in 0..ROUNDS {
            let key = format!("--key={KEY:#x}");
            let id = id(Kind::Sem, ipcadm(["sem", "create", "--mode=0644", "--values", values, &key]).run());
            make::remove(Kind::Sem, id);
        }
        done.store(true, Ordering::Relaxed);
        watcher.join().expect("the watcher saw nothing wrong");
    });
}

/// What one look at the set found: whether it counts as initialised, and its values.
fn glance(n: usize) -> Option<(bool, Vec<u16>)> {
    let id: SemId = sem::find(Key::from_bits(KEY)).ok()?;
    // First the sign, then the values: they must not come later than it.
    let stat = sem::stat(id);
    match (stat, sem::get_all(id, n)) {
        (Ok(stat), Ok(values)) => Some((!stat.otime.is_never(), values)),
        (Err(errno), _) | (_, Err(errno)) => {
            assert!([Errno::EACCES, Errno::EINVAL, Errno::EIDRM].contains(&errno), "{errno}");
            None
        }
    }
}

#[test]
fn values_come_all_at_once() {
    let _ns = fresh();
    watched("1,2,3", || {
        if let Some((initialised, values)) = glance(3) {
            assert!(values == [1, 2, 3] || (values == [0, 0, 0] && !initialised), "{initialised} {values:?}");
        }
    });
}

#[test]
fn many_values_come_all_at_once_too() {
    let ns = fresh();
    if !limits(&ns, [32000, 1_024_000_000, 2, 32000]) {
        return;
    }
    watched("1,2,3", || {
        if let Some((initialised, values)) = glance(3) {
            assert!(values == [1, 2, 3] || (values == [0, 0, 0] && !initialised), "{initialised} {values:?}");
        }
    });
    if !needs_root("looking at it as another user") {
        return;
    }
    watched("1,2,3", || {
        // Another user cannot even look before it is complete.
        make::as_user(9, 9, || {
            if let Some((initialised, values)) = glance(3) {
                assert!(initialised && values == [1, 2, 3], "{initialised} {values:?}");
            }
        });
    });
}
