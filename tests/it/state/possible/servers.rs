//! Servers whose children have used a private set, the last of which is gone: in all that programs are made of.

use ipcadm_testbed::{World, installed, left_out, needs_root, tool};

use crate::state::possible::programs::{SERVER, compiled, perl, perl_is_there, words};
use crate::state::possible::{Scene, Who};

/// Why it is in use.
pub(crate) const WAS_THERE: [&str; 3] = ["was running when it was last used", "is let in as its ", "can call semop"];

/// How it is known of a program that is linked so.
const DYNAMIC: &str = "its server can call semop";
const STATIC: &str = "its code calls semop";

/// A server in C, compiled so, which calls itself `server`.
fn in_c(compiler: &str, options: &[&str], able: &str) {
    let Some(world) = World::new() else { return };
    let Some(program) = compiled(compiler, SERVER, options) else { return };
    let mut server = program.inside(&world).spawn();
    let said = words(&mut server);
    Scene::of(&world).may_be_used(
        &format!("sem:{}", said[0]),
        &Who::root(&said[1], "server"),
        &[WAS_THERE[0], WAS_THERE[1], able],
    );
    // When it has gone too, nobody is left.
    world.sh(&format!("kill -9 {}", said[1])).run().ok();
    server.wait();
    Scene::of(&world).is_leaked(&format!("sem:{}", said[0]));
}

#[test]
fn an_idle_server_in_c_may_use_what_its_child_used_last() {
    in_c("cc", &[], DYNAMIC);
}

#[test]
fn a_server_that_is_linked_statically_may_use_it() {
    in_c("cc", &["-static"], STATIC);
    in_c("cc", &["-static-pie"], STATIC);
}

#[test]
fn a_server_whose_program_was_replaced_may_use_it() {
    let Some(world) = World::new() else { return };
    if !needs_root("looking into deleted files") {
        return;
    }
    let Some(program) = compiled("cc", SERVER, &[]) else { return };
    let mut server = program.inside(&world).spawn();
    let said = words(&mut server);
    drop(program);
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &Who::root(&said[1], "server"), &WAS_THERE);
}

#[test]
fn a_server_of_another_c_library_may_use_it() {
    if !installed("musl-gcc") {
        return;
    }
    in_c("musl-gcc", &[], DYNAMIC);
    in_c("musl-gcc", &["-static"], STATIC);
}

#[test]
fn a_server_whose_first_thread_has_ended_may_use_it() {
    in_c("cc", &["-DTHREAD", "-pthread"], DYNAMIC);
}

/// A server whose only thread hands over to the next one all the time, after the first has ended.
const HAND_OVER: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_attr_t detached;

static void *hand_over(void *nothing) {
    pthread_t next;
    while (pthread_create(&next, &detached, hand_over, nothing) != 0) continue;
    return nothing;
}

int main(void) {
    int set = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    if (fork() == 0) { struct sembuf up = { 0, 1, 0 }; _exit(semop(set, &up, 1)); }
    wait(NULL);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    printf("%d %d\n", set, (int)getpid());
    fflush(stdout);
    hand_over(NULL);
    pthread_exit(NULL);
}
"#;

#[test]
fn a_server_whose_threads_come_and_go_may_use_it() {
    let Some(world) = World::new() else { return };
    let Some(program) = compiled("cc", HAND_OVER, &["-pthread"]) else { return };
    let mut server = program.inside(&world).spawn();
    let said = words(&mut server);
    let set = format!("sem:{}", said[0]);
    // Each time another of its threads is there.
    for _ in 0..50 {
        let (state, evidence) = Scene::of(&world).judged(&set);
        assert_eq!(state, "unknown", "{evidence}");
    }
    Scene::of(&world).is_kept(&set, &[&said[1]]);
}

#[test]
fn an_idle_server_in_perl_may_use_what_its_child_used_last() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let mut server = perl(&world, "my $set = set; worker { used $set }; print qq($set ); idle").spawn();
    let said = words(&mut server);
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &Who::root(&said[1], "perl"), &WAS_THERE);
}

/// A server in Python that has come to a set so; the set, its number and its name.
fn in_python(world: &World, module: &str, make: &str) -> Option<[String; 3]> {
    // What stands in PATH may be a script that looks for the right one.
    let python = "/usr/bin/python3";
    let has = |module: &str| tool(python, ["-c", &format!("import {module}")]).run().status == Some(0);
    if !std::path::Path::new(python).exists() || !has(module) {
        left_out(&format!("what needs Python's {module}"));
        return None;
    }
    let script = format!(
        "import {module}, os, signal\n{make}\npid = os.fork()\nif pid == 0:\n  use(); os._exit(0)\n\
         assert os.waitpid(pid, 0)[1] == 0\nprint(number, os.getpid(), open('/proc/self/comm').read(), flush=True)\n\
         signal.pause()"
    );
    let mut server = tool(python, ["-c", &script]).inside(world).spawn();
    let said = words(&mut server);
    // It runs on until the world ends.
    std::mem::forget(server);
    Some([said[0].clone(), said[1].clone(), said[2].clone()])
}

#[test]
fn a_server_in_python_may_use_it_through_ctypes() {
    let Some(world) = World::new() else { return };
    let make = "c = ctypes.CDLL(None)\nnumber = c.semget(0, 1, 0o1600)\ndef use():\n  \
                for change in 1, -1: assert c.semop(number, (ctypes.c_short * 3)(0, change, 0), 1) == 0";
    if let Some([set, pid, name]) = in_python(&world, "ctypes", make) {
        let because = ["was running when it was last used", "is let in as its ", "_ctypes"];
        Scene::of(&world).may_be_used(&format!("sem:{set}"), &Who::root(&pid, &name), &because);
    }
}

#[test]
fn a_server_in_python_may_use_it_through_a_module_in_c() {
    let Some(world) = World::new() else { return };
    // Its sets have keys, which it makes up.
    let make = "set = sysv_ipc.Semaphore(None, sysv_ipc.IPC_CREX)\nnumber = set.id\ndef use():\n  \
                set.release(); set.acquire()";
    if let Some([set, pid, name]) = in_python(&world, "sysv_ipc", make) {
        let because = ["was running when it was last used", "sysv_ipc", "can call semop"];
        Scene::of(&world).may_be_used(&format!("sem:{set}"), &Who::root(&pid, &name), &because);
    }
}
