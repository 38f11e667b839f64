//! `sem op` and `sem wait-zero`.

use std::thread;

use ipcadm_testbed::{Cmd, Kind, fresh, ipcadm, make, may_set_limits, tool};

const INT: i32 = 2;
const TERM: i32 = 15;

fn op(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["sem", "op", &id.to_string()]).args(args.iter().copied())
}

fn wait_zero(id: i32, args: &[&str]) -> Cmd {
    ipcadm(["sem", "wait-zero", &id.to_string()]).args(args.iter().copied())
}

#[test]
fn operations_are_done_all_or_none() {
    let _ns = fresh();
    let set = make::sem(0x62, 4, 0o600);
    make::setall(set, &[1, 0, 4, 4]);
    op(set, &["0-1", "1+2", "2:3-4", "2=0"]).run().ok().stdout_empty().stderr_empty();
    assert_eq!(make::getall(set, 4), [0, 2, 0, 0]);
    op(set, &["--no-wait", "1-1", "0-1"]).run().status(6).stdout_empty().stderr_has("would block (semaphore 0 is 0)");
    assert_eq!(make::getall(set, 4), [0, 2, 0, 0]);
    // In the order given: what was taken may be given back before it is asked for.
    op(set, &["--no-wait", "0+1", "0-1", "0=0"]).run().ok();
    ipcadm(["sem", "op", "0x62", "3+32767"]).run().ok();
    assert_eq!(make::getall(set, 4), [0, 2, 0, 32767]);
    op(set, &["1+1", "3+1"]).run().status(1).stderr_has("semaphore 3 is 32767");
    assert_eq!(make::getall(set, 4), [0, 2, 0, 32767]);
}

#[test]
fn it_waits_and_is_woken() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o600);
    let mut waiting = op(set, &["0-2", "1+1"]).spawn();
    waiting.until_asleep();
    make::semop(set, &[(0, 1, 0)]);
    waiting.until_asleep();
    make::semop(set, &[(0, 1, 0)]);
    waiting.wait().ok();
    assert_eq!(make::getall(set, 2), [0, 1]);
}

#[test]
fn blocking_and_timing_out_are_told_apart() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o600);
    op(set, &["--no-wait", "0-1"]).run().status(6);
    op(set, &["0-1n"]).run().status(6).stderr_has("cannot do 0-1n on sem:");
    op(set, &["--timeout", "1h", "0-1n"]).run().status(6);
    op(set, &["--timeout", "10ms", "0-1"]).run().status(7).stderr_has("timed out (semaphore 0 is 0)");
    op(set, &["-w", "0", "0-1"]).run().status(7);
    op(set, &["--quiet", "--timeout", "1ms", "0-1"]).run().status(7).stderr_empty();
    op(set, &["-q", "--no-wait", "0-1"]).run().status(6).stderr_empty();
    op(set, &["--timeout", "584942417355y", "0-1"]).run().status(2);
    let mut longest = op(set, &["--timeout", "18446744073709551615", "0-1"]).spawn();
    longest.until_asleep();
    make::semop(set, &[(0, 1, 0)]);
    longest.wait().ok();
    assert_eq!(make::getall(set, 2), [0, 0]);
}

#[test]
fn a_set_may_be_absent_forbidden_or_removed_meanwhile() {
    let _ns = fresh();
    op(4711, &["0+1"]).run().status(3);
    let set = make::sem(0, 1, 0o444);
    op(set, &["0+1"]).unprivileged().run().status(4).stderr_has("needs write permission");
    wait_zero(set, &["0"]).unprivileged().run().ok();
    let mut waiting = op(set, &["0-1"]).spawn();
    waiting.until_asleep();
    make::remove(Kind::Sem, set);
    waiting.wait().status(8).stderr_has("removed while waiting");
    let closed = make::sem(0, 1, 0o222);
    wait_zero(closed, &["0"]).unprivileged().run().status(4).stderr_has("needs read permission");
}

#[test]
fn malformed_operations_do_nothing() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o600);
    for bad in ["", "0", "0*1", "0-0", "0+0", "0=1", "-1", "0-32768", "0-1x", "0-1,1+1", "1:0+1", "0:+1", "00+1", "+1"]
    {
        op(set, &["1+1", bad]).run().status(2).stdout_empty();
    }
    op(set, &["1+1", "0-1u"]).run().status(2).stderr_has("ipcadm sem run");
    op(set, &["1+1", "2+1"]).run().status(2).stderr_has("it has 2 semaphores, 0 to 1");
    op(set, &["1+1", "0:65535+1"]).run().status(2);
    op(set, &["1+1", "65536+1"]).run().status(2);
    op(set, &[]).run().status(2);
    op(set, &["--no-wait", "--timeout", "1", "1+1"]).run().status(2);
    op(set, &["--timeout", "", "1+1"]).run().status(2);
    op(set, &["--timeout", "-1", "1+1"]).run().status(2);
    wait_zero(set, &[]).run().status(2);
    wait_zero(set, &["0-1"]).run().status(2);
    wait_zero(set, &["2"]).run().status(2);
    assert_eq!(make::getall(set, 2), [0, 0]);
    assert_eq!(make::sem_stat(set).otime, 0);
}

#[test]
fn too_many_operations_are_refused_with_the_limit() {
    let ns = fresh();
    let semopm: usize = ns.read_sysctl("sem").split_whitespace().nth(2).unwrap().parse().unwrap();
    let set = make::sem(0, semopm + 1, 0o600);
    op(set, &[&format!("0:{}+1", semopm - 1)]).run().ok();
    op(set, &[&format!("0:{semopm}+1")]).run().status(1).stderr_has(&format!("SEMOPM) allows {semopm}"));
    assert_eq!(make::getall(set, semopm + 1)[semopm - 1..], [1, 0]);
}

#[test]
fn zero_is_waited_for() {
    let _ns = fresh();
    let set = make::sem(0, 3, 0o600);
    make::setall(set, &[1, 1, 0]);
    wait_zero(set, &["2"]).run().ok().stdout_empty().stderr_empty();
    wait_zero(set, &["--no-wait", "0:2"]).run().status(6).stderr_has("semaphore 0 is 1, not 0");
    let mut waiting = wait_zero(set, &["0", "1"]).spawn();
    waiting.until_asleep();
    make::semop(set, &[(0, -1, 0)]);
    waiting.until_asleep();
    make::semop(set, &[(1, -1, 0)]);
    waiting.wait().ok();
}

#[test]
fn a_signal_ends_the_wait_and_leaves_nothing_taken() {
    let _ns = fresh();
    let set = make::sem(0, 2, 0o600);
    for signal in [INT, TERM, 1, 3, 14] {
        for timeout in [&[][..], &["--timeout", "1h"]] {
            let mut waiting = op(set, &["1+1", "0-1"]).args(timeout.iter().copied()).spawn();
            waiting.until_asleep();
            waiting.signal(signal);
            waiting.wait().signal(signal).stdout_empty();
        }
    }
    assert_eq!(make::getall(set, 2), [0, 0]);
    make::semop(set, &[(0, 1, 0)]);
    assert_eq!(make::getall(set, 2), [1, 0]);
}

#[test]
fn what_was_ignored_stays_ignored() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    let line = "trap '' HUP; exec \"$0\" sem op \"$1\" 0-1";
    let program = ipcadm_testbed::ipcadm_path();
    let mut waiting = tool("sh", ["-c", line]).arg(program).arg(set.to_string()).spawn();
    waiting.until_asleep();
    waiting.signal(1);
    make::semop(set, &[(0, 1, 0)]);
    waiting.wait().ok();
}

#[test]
fn stopping_and_continuing_changes_nothing() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    let mut waiting = op(set, &["--timeout", "1h", "0-1"]).spawn();
    waiting.until_asleep();
    for _ in 0..3 {
        waiting.signal(19);
        waiting.signal(18);
        waiting.until_asleep();
    }
    make::semop(set, &[(0, 1, 0)]);
    waiting.wait().ok();
    assert_eq!(make::getall(set, 1), [0]);
}

/// Whoever is woken and killed at once has either taken or not, and the way it ends tells which.
#[test]
fn the_status_tells_whether_it_was_taken_when_a_signal_comes_at_that_moment() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    for round in 0..150 {
        let mut waiting = op(set, &["0-1"]).spawn();
        // Sometimes before it is asleep, too.
        if round % 3 > 0 {
            waiting.until_asleep();
        }
        thread::scope(|scope| {
            scope.spawn(|| make::semop(set, &[(0, 1, 0)]));
            waiting.signal(TERM);
        });
        let outcome = waiting.wait();
        let left = make::getall(set, 1)[0];
        match outcome.signal {
            Some(signal) => assert_eq!((signal, left), (TERM, 1), "{outcome}"),
            None => assert_eq!((outcome.status, left), (Some(0), 0), "{outcome}"),
        }
        make::setall(set, &[0]);
    }
}

#[test]
fn a_number_that_semop_cannot_name_is_no_other_semaphore() {
    if !may_set_limits("semmsl") {
        return;
    }
    let ns = fresh();
    ns.sysctl("sem", "70000 1024000000 500 32000");
    let id = make::sem(0, 70_000, 0o600);
    // Cut to sixteen bits it would be semaphore 0, which is zero.
    for index in ["65536", "65530:65536"] {
        let outcome = wait_zero(id, &[index, "--no-wait"]).run().status(2).stdout_empty();
        outcome.stderr_has("semop(2) knows semaphores up to 65535 only");
    }
    wait_zero(id, &["65535", "--no-wait"]).run().ok();
    op(id, &["65536-1", "--no-wait"]).run().status(2);
}

#[test]
fn the_letter_of_dry_runs_does_nothing() {
    let _ns = fresh();
    let set = make::sem(0, 1, 0o600);
    make::setall(set, &[1]);
    let id = set.to_string();
    for args in [&["op", &id, "0-1", "-n"][..], &["wait-zero", &id, "0", "-n"], &["run", &id, "-n", "--", "true"]] {
        let status = if args[0] == "run" { 125 } else { 2 };
        let outcome = ipcadm(["sem"].iter().chain(args).copied()).run();
        outcome.status(status).stdout_empty().stderr_has("--no-wait");
    }
    assert_eq!(make::getall(set, 1), [1]);
}
