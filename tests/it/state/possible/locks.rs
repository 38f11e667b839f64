//! Locks: what a living process took, others may have come and gone since.

use ipcadm_testbed::{Running, World, ipcadm, needs_root};

use crate::state::possible::Scene;
use crate::state::possible::programs::{perl, perl_is_there, words};

/// Somebody who takes one of a set and gives it back, and is gone.
fn come_and_go(world: &World, set: &str) {
    perl(world, &format!("op {set}, -1; op {set}, 1")).run().ok();
}

#[test]
fn a_lock_is_held_by_whoever_took_it_and_executed_something_else() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let script = "my $set = set; worker { op $set, 4 }; op $set, -1, UNDO;\n\
                  exec 'sh', '-c', \"echo $set \\$\\$; exec sleep 1000\"";
    let mut holder = perl(&world, script).spawn();
    let said = words(&mut holder);
    come_and_go(&world, &said[0]);
    Scene::of(&world).is_used(&format!("sem:{}", said[0]), &[&said[1]]);
    world.sh(&format!("kill -9 {}", said[1])).run().ok();
    holder.wait();
    // Its end undid it, which is the last use.
    Scene::of(&world).is_leaked(&format!("sem:{}", said[0]));
}

/// `sem run` that holds one of four: the set, the numbers of it and of its job.
fn sem_run(world: &World) -> (Running, String, [String; 2]) {
    let set = ipcadm(["sem", "create", "--values", "4"]).inside(world).run().ok().value();
    let job = ["sem", "run", &set, "--", "sh", "-c", "echo $PPID $$; exec sleep 1000"];
    let mut run = ipcadm(job).inside(world).spawn();
    let numbers = words(&mut run).try_into().expect("two numbers");
    let number = set.strip_prefix("sem:").expect("a reference").to_owned();
    come_and_go(world, &number);
    (run, set, numbers)
}

#[test]
fn a_lock_of_sem_run_is_held() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let (_run, set, [wrapper, job]) = sem_run(&world);
    Scene::of(&world).is_used(&set, &[&wrapper, &job]);
}

#[test]
fn a_lock_of_sem_run_is_held_by_the_job_whose_wrapper_was_killed() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let (run, set, [wrapper, job]) = sem_run(&world);
    world.sh(&format!("kill -9 {wrapper}")).run().ok();
    // The wrapper is the caller's child, so that this has waited for its end; the job lives on.
    drop(run);
    world.sh(&format!("kill -0 {job}")).run().ok();
    Scene::of(&world).is_used(&set, &[&job]);
}

/// Whoever may merely use a set does so, and ends.
#[test]
fn a_stranger_who_came_and_went_does_not_take_a_lock_from_its_holder() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users") {
        return;
    }
    let set = ipcadm(["sem", "create", "--values", "1", "--mode", "0666"]).inside(&world).run().ok().value();
    let number = set.strip_prefix("sem:").expect("a reference");
    let mut holder = perl(&world, &format!("op {number}, -1, UNDO; idle")).uid(1002).spawn();
    let said = words(&mut holder);
    perl(&world, &format!("op {number}, 1; op {number}, -1")).uid(1001).run().ok();
    Scene::of(&world).is_used(&set, &[&said[0]]);
}

#[test]
fn a_set_whose_last_user_lives_is_not_unused() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    // Keyed as well as private: it holds it, and would not get it back.
    for key in ["0", "0x5109"] {
        let script = format!("my $set = semget({key}, 1, 01600); op $set, 1; op $set, -1, UNDO; print qq($set ); idle");
        let mut holder = perl(&world, &script).spawn();
        let said = words(&mut holder);
        let set = format!("sem:{}", said[0]);
        Scene::of(&world).is_used(&set, &[&said[1]]);
        // Nor is it replaced by another from an archive.
        if key != "0" {
            ipcadm(["save", "-q", "-O", "/run/archive", &set]).inside(&world).run().ok();
            let refused = ipcadm(["restore", "--replace", "/run/archive"]).inside(&world).run().status(10);
            assert!(crate::state::possible::names(&refused.stderr_str(), &said[1]), "{refused}");
            ipcadm(["ls", "-q", &set]).inside(&world).run().ok();
        }
    }
}
