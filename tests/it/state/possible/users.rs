//! Who is let in by owner and mode, and who is not.

use ipcadm_testbed::{NOBODY, World, needs_root, tool};

use crate::state::possible::programs::{PRELUDE, compiled, perl, perl_is_there, words};
use crate::state::possible::servers::WAS_THERE;
use crate::state::possible::{Scene, Who};

const USER: u32 = 12_345;
const OTHER: u32 = 12_346;
const SERVER: &str = "my $set = set; worker { used $set }; print qq($set ); idle";

#[test]
fn a_server_of_another_user_may_use_its_set_whoever_asks() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users") {
        return;
    }
    let mut server = perl(&world, SERVER).uid(USER).spawn();
    let said = words(&mut server);
    let user = USER.to_string();
    let who = Who { pid: &said[1], command: "perl", user: &user };
    let set = format!("sem:{}", said[0]);
    Scene::of(&world).may_be_used(&set, &who, &WAS_THERE);
    Scene { world: &world, caller: Some(USER) }.may_be_used(&set, &who, &WAS_THERE);
}

#[test]
fn a_server_in_a_user_namespace_may_use_its_set() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let script = format!("{PRELUDE}{SERVER}");
    let words_of_it = ["--user", "--map-root-user", "perl", "-e", &script];
    let mut server = tool("unshare", words_of_it).inside(&world).spawn();
    let said = words(&mut server);
    Scene::of(&world).may_be_used(&format!("sem:{}", said[0]), &Who::root(&said[1], "perl"), &WAS_THERE);
}

#[test]
fn a_server_that_can_become_the_owner_again_may_use_its_set() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users") {
        return;
    }
    let script = format!("my $set = set; worker {{ used $set }}; $> = {NOBODY}; print qq($set ); idle");
    let mut server = perl(&world, &script).spawn();
    let said = words(&mut server);
    // Named by whose it is first of all, which it was when it started.
    let scene = Scene::of(&world);
    let (state, evidence) = scene.judged(&format!("sem:{}", said[0]));
    assert_eq!(state, "unknown", "{evidence}");
    assert!(evidence.starts_with(&format!("{} (perl, ", said[1])), "{evidence}");
    scene.is_kept(&format!("sem:{}", said[0]), &[&said[1]]);
}

#[test]
fn a_server_that_gave_up_the_owner_for_good_cannot_use_it_any_more() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users") {
        return;
    }
    let script =
        format!("my $set = set; worker {{ used $set }}; POSIX::setuid({NOBODY}) or die; print qq($set ); idle");
    let mut server = perl(&world, &script).spawn();
    let said = words(&mut server);
    Scene::of(&world).is_leaked(&format!("sem:{}", said[0]));
}

#[test]
fn whoever_the_mode_lets_in_may_use_it() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users") {
        return;
    }
    let mut stranger = perl(&world, "idle").uid(OTHER).spawn();
    let said = words(&mut stranger);
    let leak = |mode: &str| perl(&world, &format!("my $set = set {mode}; used $set; print qq($set)")).uid(USER);
    let open = format!("sem:{}", leak("01666").run().ok().value());
    let other = OTHER.to_string();
    let who = Who { pid: &said[0], command: "perl", user: &other };
    Scene::of(&world).may_be_used(&open, &who, &["was running when it was last used", "is let in", "can call semop"]);
    let closed = format!("sem:{}", leak("01600").run().ok().value());
    Scene::of(&world).is_leaked(&closed);
}

/// What lies at the path of a mapped file need not be that file: something else may be mounted there.
#[test]
fn a_server_whose_library_is_hidden_by_a_mount_may_use_its_set() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users, and mounts") {
        return;
    }
    let library = "#include <sys/sem.h>\nint unused(void) { return semop(-1, 0, 0); }";
    let idle = "#include <stdio.h>\n#include <unistd.h>\n\
        int main(void) { printf(\"%d\\n\", (int)getpid()); fflush(stdout); for (;;) pause(); }";
    let Some(library) = compiled("cc", library, &["-shared", "-fPIC"]) else { return };
    let Some(program) = compiled("cc", idle, &[]) else { return };
    let mut server = program.inside(&world).env("LD_PRELOAD", library.path()).uid(USER).spawn();
    let pid = words(&mut server).remove(0);
    let set = perl(&world, "my $set = set; used $set; print $set").uid(USER).run().ok().value();
    let set = format!("sem:{set}");
    for mounted in [false, true] {
        if mounted {
            world.sh(&format!("mount --bind /dev/null {}", library.path().display())).run().ok();
        }
        for caller in [Some(USER), None] {
            let (state, evidence) = Scene { world: &world, caller }.judged(&set);
            assert_eq!(state, "unknown", "{mounted} {caller:?}: {evidence}");
            assert!(evidence.contains(&pid), "{mounted} {caller:?}: {evidence}");
        }
    }
}
