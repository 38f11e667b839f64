//! What is leaked is found, whatever else is running.

use ipcadm_testbed::{Running, World, is_root, needs_root, tool};

use crate::state::possible::ages::{shift_starts, with_a_clock};
use crate::state::possible::programs::{Compiled, compiled, perl, perl_is_there, words};
use crate::state::possible::{Scene, Who};

/// Real programs that run, idle, and have nothing to do with it: as many as are installed.
fn crowd(world: &World) -> Vec<Running> {
    let mut crowd = Vec::new();
    let stay = "setInterval(() => {}, 1e6); console.log(1)";
    for (program, words) in [
        ("/bin/sh", ["-c", "echo; read x"]),
        ("/usr/bin/python3", ["-c", "import ssl, sqlite3, time; print(flush=True); time.sleep(1000)"]),
        ("/usr/bin/node", ["-e", stay]),
        ("/usr/bin/awk", ["BEGIN { print; fflush(); getline }", ""]),
        ("/bin/bash", ["-c", "echo; read x"]),
    ] {
        if std::path::Path::new(program).exists() {
            crowd.push(tool(program, words.into_iter().filter(|word| !word.is_empty())).inside(world));
        }
    }
    // Able, but not let in.
    if is_root() && perl_is_there() {
        crowd.push(perl(world, "idle").uid(12_346));
    }
    let mut crowd: Vec<Running> = crowd.into_iter().map(|command| command.stdin_open().spawn()).collect();
    crowd.iter_mut().for_each(|program| drop(program.line()));
    crowd.extend(
        [("sleep", "1000"), ("cat", "-")]
            .map(|(program, word)| tool(program, [word]).inside(world).stdin_open().spawn()),
    );
    crowd
}

#[test]
fn sets_and_queues_beside_a_crowd_are_found() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let _crowd = crowd(&world);
    let set = perl(&world, "my $set = set; worker { used $set }; print $set").run().ok().value();
    Scene::of(&world).is_leaked(&format!("sem:{set}"));
    // Whoever received sent as well: another number might be that of a thread of somebody with threads.
    let script = "my ($queue, $text) = msgget(0, 01600) // die;\n\
                  worker { msgsnd($queue, pack('l! a*', 1, 'x'), NOWAIT) or die;\n\
                  defined msgrcv($queue, $text, 8, 0, NOWAIT) or die }; print $queue";
    let queue = perl(&world, script).run().ok().value();
    Scene::of(&world).is_leaked(&format!("msg:{queue}"));
}

#[test]
fn segments_beside_a_crowd_that_was_there_before_are_found() {
    let Some(world) = with_a_clock() else { return };
    shift_starts(&world, -8);
    let _crowd = crowd(&world);
    let client = "my $segment = shmget(0, 4096, 01600) // die; shmwrite($segment, 'x', 0, 1) or die;\n\
                  print $segment";
    let segment = perl(&world, client).run().ok().value();
    Scene::of(&world).is_leaked(&format!("shm:{segment}"));
}

#[test]
fn an_orphan_says_what_was_asked() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let _crowd = crowd(&world);
    let set = perl(&world, "my $set = set; used $set; print $set").run().ok().value();
    let (state, evidence) = Scene::of(&world).judged(&format!("sem:{set}"));
    assert_eq!(state, "orphan", "{evidence}");
    for part in ["living processes", "none of them can call semop", "/proc/PID/maps"] {
        assert!(evidence.contains(part), "{part:?} is not in\n{evidence}");
    }
}

/// A program that is able by a library alone, which it needs for something else.
const BYSTANDER: &str = "#include <stdio.h>\n#include <unistd.h>\n\
    int main(void) { printf(\"%d\\n\", (int)getpid()); fflush(stdout); for (;;) pause(); }";
const LIBRARY: &str = "#include <sys/sem.h>\nint unused(void) { return semop(-1, 0, 0); }";

/// That program, with the library named so.
fn with_library(world: &World, soname: &str) -> Option<(Running, String, [Compiled; 2])> {
    let name = format!("-Wl,-soname,{soname}");
    let library = compiled("cc", LIBRARY, &["-shared", "-fPIC", &name])?;
    let program = compiled("cc", BYSTANDER, &[])?;
    let mut running = program.inside(world).env("LD_PRELOAD", library.path()).spawn();
    let pid = words(&mut running).remove(0);
    Some((running, pid, [library, program]))
}

#[test]
fn a_library_that_makes_keyed_sets_alone_is_set_aside() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let Some(_program) = with_library(&world, "libdevmapper.so.1.02.1") else { return };
    let set = perl(&world, "my $set = set; used $set; print $set").run().ok().value();
    let (_, evidence) = Scene::of(&world).judged(&format!("sem:{set}"));
    assert!(evidence.contains("1 set aside: "), "{evidence}");
    Scene::of(&world).is_leaked(&format!("sem:{set}"));
    // A keyed one is its own.
    let set = perl(&world, "my $set = semget(0x51, 1, 01600); used $set; print $set").run().ok().value();
    assert_eq!(Scene::of(&world).judged(&format!("sem:{set}")).0, "unknown");
}

#[test]
fn any_other_library_is_not() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let Some((_running, pid, _files)) = with_library(&world, "libother.so.1") else { return };
    let set = perl(&world, "my $set = set; used $set; print $set").run().ok().value();
    let because = ["was running when it was last used", "can call semop"];
    Scene::of(&world).may_be_used(&format!("sem:{set}"), &Who::root(&pid, "server"), &because);
}

/// A copy of perl by another name, of this owner, that is idle.
fn perl_as(world: &World, name: &str, owner: &str) -> Running {
    let script = format!(
        "cp $(command -v perl) /run/{name}; chown {owner} /run/{name}; exec /run/{name} -e '$| = 1; print 1, $/; sleep 1000'"
    );
    let mut program = world.sh(&script).spawn();
    program.line();
    program
}

#[test]
fn programs_that_embed_perl_are_set_aside_if_they_are_roots() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("a program of another user") {
        return;
    }
    let leak = || format!("sem:{}", perl(&world, "my $set = set; used $set; print $set").run().ok().value());
    let snmpd = perl_as(&world, "snmpd", "0");
    let set = leak();
    let (_, evidence) = Scene::of(&world).judged(&set);
    assert!(evidence.contains("1 set aside: snmpd"), "{evidence}");
    Scene::of(&world).is_leaked(&set);
    // Anybody can call a program so.
    world.sh("chown 12345 /run/snmpd").run().ok();
    assert_eq!(Scene::of(&world).judged(&leak()).0, "unknown");
    drop(snmpd);
}

#[test]
fn whom_the_administrator_names_is_set_aside() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("mounting over /etc") {
        return;
    }
    // An /etc that is the one there is, with a folder of its own for this program.
    let script = "mkdir /run/etc; mount --bind /etc /run/etc; mount -t tmpfs -o mode=755 tmpfs /etc
                  for file in /run/etc/*; do ln -s $file /etc/; done; rm -f /etc/ipcadm
                  mkdir -p /etc/ipcadm/bystanders.d; echo 'program /run/agent sem' >/etc/ipcadm/bystanders.d/agent";
    world.sh(script).run().ok();
    let _agent = perl_as(&world, "agent", "0");
    let set = format!("sem:{}", perl(&world, "my $set = set; used $set; print $set").run().ok().value());
    Scene::of(&world).is_leaked(&set);
    let queue =
        perl(&world, "my $queue = msgget(0, 01600); msgsnd($queue, pack('l! a*', 1, 'x'), NOWAIT); print $queue");
    let (state, evidence) = Scene::of(&world).judged(&format!("msg:{}", queue.run().ok().value()));
    assert_eq!(state, "unknown", "{evidence}");
}
