//! What is not seen, and documented so: each of these objects may be in use. A test that fails here has found the program
//! better than its pages say.

use ipcadm_testbed::{World, ipcadm_path, needs_root};

use crate::state::possible::Scene;
use crate::state::possible::ages::{shift_starts, with_a_clock};
use crate::state::possible::programs::{SERVER, compiled, perl, perl_is_there, words};

#[test]
fn a_call_made_by_number_is_not_seen() {
    let Some(world) = World::new() else { return };
    let options = ["-DOPERATE(set,operations,number)=syscall(SYS_semop,set,operations,number)"];
    let Some(program) = compiled("cc", SERVER, &options) else { return };
    let mut server = program.inside(&world).spawn();
    let said = words(&mut server);
    Scene::of(&world).is_wrongly_an_orphan(&format!("sem:{}", said[0]));
}

#[test]
fn a_call_looked_up_by_its_name_is_not_seen() {
    let Some(world) = World::new() else { return };
    let options = [
        "-DOPERATE(set,operations,number)=\
         ((int(*)(int,struct sembuf*,size_t))dlsym(RTLD_DEFAULT,\"semop\"))(set,operations,number)",
        "-ldl",
    ];
    let Some(program) = compiled("cc", SERVER, &options) else { return };
    let mut server = program.inside(&world).spawn();
    let said = words(&mut server);
    Scene::of(&world).is_wrongly_an_orphan(&format!("sem:{}", said[0]));
}

#[test]
fn root_that_acted_as_a_user_for_a_moment_is_not_seen() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() || !needs_root("other users") {
        return;
    }
    let script = "$> = 12345; my $set = set; worker { used $set }; $> = 0; print qq($set ); idle";
    let mut server = perl(&world, script).spawn();
    let said = words(&mut server);
    Scene::of(&world).is_wrongly_an_orphan(&format!("sem:{}", said[0]));
}

#[test]
fn a_script_that_keeps_an_identifier_in_a_variable_is_not_seen() {
    let Some(world) = World::new() else { return };
    let script = "S=$($IPCADM sem create --values 1); echo $S; while :; do sleep 1000; done";
    let mut shell = world.sh(script).env("IPCADM", ipcadm_path()).spawn();
    let object = shell.line();
    Scene::of(&world).is_wrongly_an_orphan(&object);
}

#[test]
fn a_program_that_finds_an_identifier_in_its_environment_is_not_seen() {
    let Some(world) = World::new() else { return };
    if !perl_is_there() {
        return;
    }
    let script = "my $set = set; worker { used $set }; $ENV{SET} = $set;\n\
                  exec 'sh', '-c', 'echo $SET; while :; do sleep 1000; done'";
    let mut shell = perl(&world, script).spawn();
    let object = format!("sem:{}", shell.line());
    Scene::of(&world).is_wrongly_an_orphan(&object);
}

#[test]
fn a_successor_that_comes_long_after_the_last_use_is_not_seen() {
    let Some(world) = with_a_clock() else { return };
    shift_starts(&world, 70);
    let script = "my $set = set; worker { used $set }; POSIX::_exit(0) if fork; print qq($set ); idle";
    let mut server = perl(&world, script).spawn();
    let said = words(&mut server);
    Scene::of(&world).is_wrongly_an_orphan(&format!("sem:{}", said[0]));
}
