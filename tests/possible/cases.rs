//! What once went wrong.

use ipcadm_testbed::{World, ipcadm};

use crate::Scene;
use crate::programs::{perl, perl_is_there, words};

/// A waiter that is stopped while it waits goes on waiting when it is continued.
#[test]
fn a_waiter_that_is_paused_keeps_its_set() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let script = "my $set = set; semctl($set, 0, SETVAL, 0) or die;\n\
                  if (!fork) { print qq($set $$\n); until (semop($set, pack 's3', 0, -1, 0)) { $!{EINTR} or die }\n\
                  print qq(got it\n); POSIX::_exit(0) }\n\
                  select undef, undef, undef, 0.01 until semctl($set, 0, 14, 0) > 0; POSIX::_exit(0)";
    let mut waiter = perl(&world, script).spawn();
    let said = words(&mut waiter);
    let (set, pid) = (format!("sem:{}", said[0]), &said[1]);
    // The first process has ended when it is asleep.
    world.sh(&format!("until grep -q '^PPid:.1$' /proc/{pid}/status; do :; done")).run().ok();
    world.sh(&format!("kill -STOP {pid}; until grep -q '^State:.T' /proc/{pid}/status; do :; done")).run().ok();
    let scene = Scene::of(&world);
    let (state, evidence) = scene.judged(&set);
    assert_eq!(state, "active", "{evidence}");
    assert!(crate::names(&evidence, pid) && evidence.contains("paused"), "{evidence}");
    scene.is_kept(&set, &[pid]);
    world.sh(&format!("kill -CONT {pid}")).run().ok();
    perl(&world, &format!("op {}, 1", said[0])).run().ok();
    assert_eq!(waiter.line(), "got it");
}

/// Whoever asks what could go is told why it is nothing.
#[test]
fn clean_says_what_it_leaves_out() {
    let Some(world) = World::new() else { return };
    ipcadm(["sem", "create", "--key", "0x66020001", "--values", "1,1,1"]).inside(&world).run().ok();
    let outcome = ipcadm(["clean", "--dry-run"]).inside(&world).run().ok();
    assert!(format!("{}{}", outcome.stdout_str(), outcome.stderr_str()).contains("left out"), "{outcome}");
}
