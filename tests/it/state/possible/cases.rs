//! What once went wrong.

use ipcadm_testbed::{Cmd, World, ipcadm, ipcadm_path, is_root, needs_root, tool};

use crate::state::possible::ages::{shift_starts, with_a_clock};
use crate::state::possible::programs::{perl, perl_is_there, words};
use crate::state::possible::{Scene, Who};

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
    assert!(crate::state::possible::names(&evidence, pid) && evidence.contains("paused"), "{evidence}");
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

/// A key can be looked up by whoever is older than the segment too.
#[test]
fn a_server_that_is_older_than_a_segment_with_a_key_may_use_it() {
    let Some(world) = with_a_clock() else { return };
    if !perl_is_there() {
        return;
    }
    shift_starts(&world, -8);
    let mut server = perl(&world, "print qq($$\n); idle").spawn();
    let said = words(&mut server);
    let script =
        "my $segment = shmget(0x5115, 4096, 01600) // die; shmwrite($segment, 'x', 0, 1) or die; print $segment";
    let segment = perl(&world, script).run().ok().value();
    Scene::of(&world).may_be_used(&format!("shm:{segment}"), &Who::root(&said[0], "perl"), &["perl can call shmat"]);
}

/// A segment that was changed after it was made and attached after that seems to be younger than it is.
#[test]
fn a_segment_that_was_changed_since_it_was_made_stays_for_whoever_inherited_it() {
    let Some(world) = with_a_clock() else { return };
    if !perl_is_there() || !needs_root("the birth of a segment") {
        return;
    }
    let script =
        "my $segment = shmget(0, 4096, 01600) // die; if (!fork) { print qq($segment $$\n); idle } POSIX::_exit(0)";
    let mut server = perl(&world, script).spawn();
    let said = words(&mut server);
    let segment = format!("shm:{}", said[0]);
    // Start times are told apart by whole seconds, and some of these may be the clock's.
    world.sh("sleep 5").run().ok();
    ipcadm(["set", "-q", "--mode", "0640", &segment]).inside(&world).run().ok();
    perl(&world, &format!("shmwrite({}, 'x', 0, 1) or die", said[0])).run().ok();
    Scene::of(&world).is_kept(&segment, &[&said[1]]);
}

/// A worker of `msg recv` is in no call on its queue while it handles a message.
#[test]
fn a_worker_of_msg_recv_keeps_its_queue() {
    let Some(world) = World::new() else { return };
    let worker = ipcadm(RECEIVE).inside(&world);
    a_busy_worker_keeps_its_queue(&world, worker);
}

/// So it does where it is a copy that somebody has installed for himself: its code makes the call by number.
#[test]
fn a_worker_of_another_ipcadm_keeps_its_queue() {
    let Some(world) = World::new() else { return };
    let owner = if is_root() { "65534" } else { "0" };
    let program = ipcadm_path().display().to_string();
    let install = format!("cp '{program}' /run/ipcadm; chown {owner} /run/ipcadm; exec /run/ipcadm \"$@\"");
    let worker = tool("sh", ["-c", &install, "sh"].into_iter().chain(RECEIVE)).inside(&world);
    a_busy_worker_keeps_its_queue(&world, worker);
}

const RECEIVE: [&str; 8] = ["msg", "recv", "--follow", "msg:0", "--", "sh", "-c", "echo busy; exec sleep 1000"];

fn a_busy_worker_keeps_its_queue(world: &World, worker: Cmd) {
    ipcadm(["msg", "create"]).inside(world).run().ok();
    ipcadm(["msg", "send", "msg:0", "x"]).inside(world).run().ok();
    let mut worker = worker.stdin_open().spawn();
    assert_eq!(worker.line(), "busy");
    ipcadm(["msg", "send", "msg:0", "y"]).inside(world).run().ok();
    ipcadm(["msg", "recv", "msg:0"]).inside(world).run().ok();
    let scene = Scene::of(world);
    let (state, evidence) = scene.judged("msg:0");
    assert!(state == "unknown" && evidence.contains("was told of it: ipcadm msg recv"), "{state}: {evidence}");
    scene.ipcadm(&["rm", "--if-unused", "msg:0"]).run().status(10).stderr_has(" (ipcadm, ");
    scene.ipcadm(&["clean", "--yes", "--grace", "0"]).run().stdout_lacks("removed");
}
