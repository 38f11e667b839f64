//! Who was there when an object was last used: daemons, successors, services that were started anew.

use ipcadm_testbed::{Running, World, needs_root};

use crate::state::possible::programs::{perl, perl_is_there, words};
use crate::state::possible::{Scene, Who};

/// A process that has set a semaphore, and becomes a daemon.
const DAEMON: &str = "my $set = set; semctl($set, 0, SETVAL, 1) or die; daemon; print qq($set ); idle";

#[test]
fn a_daemon_may_use_what_its_first_process_set() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let mut daemon = perl(&world, DAEMON).spawn();
    let said = words(&mut daemon);
    let because = [" was running when it was made or last changed", "can call semop"];
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &Who::root(&said[1], "perl"), &because);
}

#[test]
fn a_daemon_may_use_what_its_first_process_set_seconds_before() {
    let Some(world) = with_a_clock() else { return };
    shift_starts(&world, 8);
    let mut daemon = perl(&world, DAEMON).spawn();
    let said = words(&mut daemon);
    let because = [" was started ", " after it was made or last changed", "can call semop"];
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &Who::root(&said[1], "perl"), &because);
}

#[test]
fn the_successor_of_a_server_may_use_what_that_used() {
    let Some(world) = with_a_clock() else { return };
    shift_starts(&world, 8);
    let script = "my $set = set; worker { used $set }; POSIX::_exit(0) if fork; print qq($set ); idle";
    let mut server = perl(&world, script).spawn();
    let said = words(&mut server);
    let because = [" was started ", " after it was last used", "can call semop"];
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &Who::root(&said[1], "perl"), &because);
}

/// A leader, of a session or a group, that used a set last and is gone. Its child lives.
fn after_a_leader(become_leader: &str, of: &str) {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let script = format!(
        "if (my $leader = fork) {{ waitpid $leader, 0; die if $?; print qq(ended\n); POSIX::_exit(0) }}\n\
         {become_leader}; my ($set, $leader) = (set, $$);\n\
         if (!fork) {{ print qq($set $leader $$\n); POSIX::pause() while 1 }} used $set; POSIX::_exit(0)"
    );
    let mut family = perl(&world, &script).spawn();
    let lines = [family.line(), family.line()];
    let said: Vec<&str> = lines.iter().find(|line| *line != "ended").expect("a child").split(' ').collect();
    let because = format!("{of} of its last user {}", said[1]);
    let who = Who::root(said[2], "perl");
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &who, &[&because, "can call semop"]);
}

#[test]
fn the_children_of_a_session_leader_may_use_what_it_used() {
    after_a_leader("POSIX::setsid()", "session");
}

#[test]
fn the_children_of_a_group_leader_may_use_what_it_used() {
    after_a_leader("POSIX::setpgid(0, 0)", "process group");
}

#[test]
fn whoever_was_told_of_it_soon_may_use_it() {
    let Some(world) = with_a_clock() else { return };
    let set = perl(&world, "my $set = set; used $set; print $set").run().ok().value();
    shift_starts(&world, 8);
    let mut told = perl(&world, "idle").spawn();
    let pid = told.line();
    let because = [" was started ", " after it was last used", "can call semop"];
    Scene::of(&world).may_be_used(&format!("sem:{set}"), &Who::root(&pid, "perl"), &because);
}

/// From now on every process seems to have started so many seconds later (or earlier) than it did, as if there had been a
/// wait between what objects tell and their start: by the boot time that `/proc/stat` shows, and a `/dev/null` that goes
/// with it, so that the clock seems never to have been set.
pub(crate) fn shift_starts(world: &World, seconds: i64) {
    let script = format!(
        "mkdir -p /run/clock; mount -t ramfs ramfs /run/clock; mknod -m 666 /run/clock/null c 1 3
         boot=$(sed -n 's/^btime //p' /proc/stat); set -- $(cat /proc/1/stat); shift 21
         touch -d @$((boot + $1 / $(getconf CLK_TCK) + {seconds})) /run/clock/null
         sed \"s/^btime .*/btime $((boot + {seconds}))/\" /proc/stat >/run/clock/stat
         mount --bind /run/clock/null /dev/null; mount --bind /run/clock/stat /proc/stat"
    );
    world.sh(&script).run().ok();
}

/// A server that was killed with its set used, and another that was started so many seconds later.
fn restarted(world: &World, seconds: i64) -> (String, Running, String) {
    let set = perl(world, "my $set = set; worker { used $set }; print $set").run().ok().value();
    shift_starts(world, seconds);
    let mut server = perl(world, "my $set = set; worker { used $set }; idle 'server'").spawn();
    let pid = server.line();
    (format!("sem:{set}"), server, pid)
}

/// Makes a process one of a service that was started so many seconds from now, as the system manager would show it.
fn make_service(world: &World, pid: &str, unit: &str, started: i64) {
    let script = format!(
        "mkdir -p /run/systemd/units; ln -s 0123456789abcdef /run/systemd/units/invocation:{unit}
         touch -h -d @$(($(date +%s) + {started})) /run/systemd/units/invocation:{unit}
         echo 0::/system.slice/{unit} >/run/cgroup; mount --bind /run/cgroup /proc/{pid}/cgroup"
    );
    world.sh(&script).run().ok();
}

/// The world of a restart, where it can be had.
pub(crate) fn with_a_clock() -> Option<World> {
    let world = World::new()?;
    (perl_is_there() && needs_root("device files")).then_some(world)
}

#[test]
fn a_server_that_was_started_soon_after_may_use_what_another_left() {
    let Some(world) = with_a_clock() else { return };
    let (set, _server, pid) = restarted(&world, 8);
    let because = ["was started ", " after it was last used", "can call semop"];
    Scene::of(&world).may_be_used(&set, &Who::root(&pid, "server"), &because);
}

#[test]
fn a_server_that_was_started_long_after_cannot_use_what_another_left() {
    let Some(world) = with_a_clock() else { return };
    let (set, _server, _) = restarted(&world, 70);
    Scene::of(&world).is_leaked(&set);
}

#[test]
fn a_service_that_was_started_anew_cannot_use_what_it_left_before() {
    let Some(world) = with_a_clock() else { return };
    let (set, _server, pid) = restarted(&world, 8);
    make_service(&world, &pid, "app.service", 8);
    Scene::of(&world).is_leaked(&set);
}

#[test]
fn a_service_that_was_running_may_use_it_however_young_its_processes_are() {
    let Some(world) = with_a_clock() else { return };
    let (set, _server, pid) = restarted(&world, 200);
    make_service(&world, &pid, "app.service", -100);
    let because = ["belongs to app.service, which was running when it was last used", "can call semop"];
    Scene::of(&world).may_be_used(&set, &Who::root(&pid, "server"), &because);
}
