//! Queues and segments.

use ipcadm_testbed::World;

use crate::state::possible::ages::{shift_starts, with_a_clock};
use crate::state::possible::programs::{perl, perl_is_there, words};
use crate::state::possible::{Scene, Who};

#[test]
fn a_server_may_use_the_queue_from_which_its_child_received_last() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let script = "my $queue = msgget(0, 01600) // die; my $text;\n\
                  worker { msgsnd($queue, pack('l! a*', 1, 'x'), NOWAIT) or die };\n\
                  worker { defined msgrcv($queue, $text, 8, 0, NOWAIT) or die }; print qq($queue ); idle";
    let mut server = perl(&world, script).spawn();
    let said = words(&mut server);
    let object = format!("msg:{}", said[0]);
    let because = ["was running when it was last used", "is let in as its ", "can call msg"];
    Scene::of(&world).may_be_used(&object, &Who::root(&said[1], "perl"), &because);
    world.sh(&format!("kill -9 {}", said[1])).run().ok();
    server.wait();
    Scene::of(&world).is_leaked(&object);
}

/// A daemon that made a segment before it became one; its child was the last to write to it. Nobody has it attached.
const SEGMENT: &str = "my $segment = shmget(0, 4096, 01600) // die;\n\
                       daemon; worker { shmwrite($segment, 'x', 0, 1) or die }; print qq($segment ); idle 'daemon'";

#[test]
fn a_daemon_may_use_the_segment_that_its_first_process_made() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let mut daemon = perl(&world, SEGMENT).spawn();
    let said = words(&mut daemon);
    let object = format!("shm:{}", said[0]);
    let because = ["was running when it was last used", "is let in as its ", "can call shmat"];
    Scene::of(&world).may_be_used(&object, &Who::root(&said[1], "daemon"), &because);
    // What was there before the segment cannot have inherited it; of all others nobody is left.
    // Nobody here is its parent, who would be told of its end.
    let has_ended = format!("! [ -e /proc/{0} ] || grep -q '^State:.[ZX]' /proc/{0}/status", said[1]);
    world.sh(&format!("kill -9 {}; until {has_ended}; do :; done", said[1])).run().ok();
    Scene::of(&world).is_leaked(&object);
}

#[test]
fn whoever_was_there_before_a_segment_cannot_have_inherited_it() {
    let Some(world) = with_a_clock() else { return };
    shift_starts(&world, -8);
    // Able, and let in; but older than the segment by more than the kernel's whole seconds can hide.
    let mut older = perl(&world, "idle").spawn();
    older.line();
    let client = "my $segment = shmget(0, 4096, 01600) // die; shmwrite($segment, 'x', 0, 1) or die; print $segment";
    let object = format!("shm:{}", perl(&world, client).run().ok().value());
    Scene::of(&world).is_leaked(&object);
    // No such thing holds for a set.
    let set = format!("sem:{}", perl(&world, "my $set = set; used $set; print $set").run().ok().value());
    let (state, evidence) = Scene::of(&world).judged(&set);
    assert_eq!(state, "unknown", "{evidence}");
}
