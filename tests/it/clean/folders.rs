//! Folders for records of what is closed: whatever other users make where ours would be, nobody can switch us off.

use ipcadm_testbed::{Cmd, Kind, World, ipcadm_path, needs_root, tool};

/// A user of the world, and one who means him ill.
const USER: u32 = 1002;
const STRANGER: u32 = 1001;
/// Where the program is in the world, for scripts.
const PROGRAM: &str = "/run/bin/ipcadm";

/// A world with an empty `/tmp` and `/var/tmp`, and the program, which may lie below the real ones.
fn world() -> Option<World> {
    if !needs_root("other users") {
        return None;
    }
    let world = World::new()?;
    let program = ipcadm_path();
    let furnish = "mkdir /run/bin; cp \"$0\" /run/bin/ipcadm
        for folder in /tmp /var/tmp; do mount -t tmpfs -o mode=1777,size=64m tmpfs $folder; done";
    tool("sh", ["-euc", furnish]).arg(program).inside(&world).run().ok().stderr_empty();
    Some(world)
}

/// The program, run as this user.
fn ipcadm(world: &World, uid: u32, args: &[&str]) -> Cmd {
    ipcadm_testbed::ipcadm(args.iter().copied()).dir("/").inside(world).uid(uid)
}

/// A shell of this user.
fn sh(world: &World, uid: u32, script: &str) -> Cmd {
    world.sh(script).dir("/").uid(uid)
}

const CLEAN: [&str; 4] = ["clean", "--yes", "--grace", "0"];

/// What he leaked is removed, without a word, and nothing of his is left.
#[track_caller]
fn cleans(world: &World, uid: u32) {
    ipcadm(world, uid, &["shm", "create", "4K"]).run().ok();
    let outcome = ipcadm(world, uid, &CLEAN).run().ok().stderr_empty();
    assert_eq!(outcome.stdout_str().matches("removed shm:").count(), 1, "{outcome}");
    // And with nothing to do.
    ipcadm(world, uid, &CLEAN).run().ok().stderr_empty();
    assert!(world.namespace().ids(Kind::Shm).is_empty());
    // What others make there may go while it is looked at.
    let left = format!("find /tmp /var/tmp -mindepth 1 -maxdepth 1 -user {uid} 2>/dev/null || true");
    world.sh(&left).run().ok().stdout_empty();
}

#[test]
fn a_name_that_a_stranger_took_is_passed_over() {
    let Some(world) = world() else { return };
    let take = format!(
        "for name in ipcadm-{USER} ipcadm-{USER}-0000000000000000 ipcadm-0 ipcadm-0-0000000000000000; do
            mkdir -m 777 /tmp/$name; echo '{{\"ipcadm_record\":1' >/tmp/$name/closed-x; done
        ln -s /etc /tmp/ipcadm-{USER}-1; ln -s /nowhere /tmp/ipcadm-0-1; mkfifo /tmp/ipcadm-{USER}-2 /tmp/ipcadm-0-2"
    );
    sh(&world, STRANGER, &take).run().ok();
    cleans(&world, USER);
    cleans(&world, 0);
    // Root has another place than /run, should that be read-only.
    world
        .sh("mkdir -p /run/ipcadm; mount --bind /run/ipcadm /run/ipcadm; mount -o remount,bind,ro /run/ipcadm")
        .run()
        .ok();
    cleans(&world, 0);
}

#[test]
fn a_folder_of_root_in_a_user_namespace_is_a_strangers() {
    let Some(world) = world() else { return };
    // Seen from there it is uid 0 that made it, and 1001 it is.
    let namespace = "unshare --user --map-root-user sh -c 'mkdir -m 700 /tmp/ipcadm-0 /tmp/ipcadm-0-1; id -u'";
    sh(&world, STRANGER, namespace).run().ok().stdout_is("0\n");
    world.sh("touch /run/ipcadm").run().ok();
    cleans(&world, 0);
    // And that root meets those of the real one.
    world.sh("mkdir -m 700 /tmp/ipcadm-0-2").run().ok();
    let clean = format!("unshare --user --map-root-user --ipc {PROGRAM} {}", CLEAN.join(" "));
    sh(&world, STRANGER, &clean).run().ok().stderr_empty();
}

#[test]
fn a_run_that_was_killed_is_put_right_from_whatever_folder() {
    let Some(world) = world() else { return };
    ipcadm(&world, USER, &["shm", "create", "4K", "--mode", "0640"]).run().ok();
    let number = world.namespace().ids(Kind::Shm)[0];
    ipcadm(&world, USER, &CLEAN).killed_at(libc::SYS_membarrier).run().status(128 + libc::SIGSYS);
    let mode = || world.namespace().rows(Kind::Shm)[0]["perms"].clone();
    assert_eq!(mode(), "0");
    sh(&world, STRANGER, &format!("mkdir -m 700 /tmp/ipcadm-{USER}-0")).run().ok();
    // Other users' records are not obeyed.
    ipcadm(&world, STRANGER, &CLEAN).run().ok().stdout_empty();
    assert_eq!(mode(), "0");
    let note = format!("ipcadm: note: shm:{number} has its mode 0640 again, which an interrupted run had taken\n");
    ipcadm(&world, USER, &["clean", "--yes", "-q", "--grace", "1h"]).run().ok().stderr_is(note);
    assert_eq!(mode(), "640");
    cleans_all(&world, number);
}

fn cleans_all(world: &World, number: i32) {
    ipcadm(world, USER, &CLEAN).run().ok().stderr_empty().stdout_is(format!("removed shm:{number}\n"));
    world.sh(&format!("find /tmp -maxdepth 1 -user {USER}")).run().ok().stdout_empty();
}

/// It may be one of a user who serves it himself, and never answer.
#[test]
fn what_is_mounted_by_such_a_name_is_not_looked_into() {
    let Some(world) = world() else { return };
    let mount = "mkdir /tmp/ipcadm-0-aaaaaaaaaaaaaaaa; mount -t tmpfs -o mode=777 tmpfs /tmp/ipcadm-0-aaaaaaaaaaaaaaaa
        touch /tmp/ipcadm-0-aaaaaaaaaaaaaaaa/closed-x";
    world.sh(mount).run().ok();
    ipcadm(&world, 0, &["shm", "create", "4K"]).run().ok();
    ipcadm(&world, 0, &CLEAN).run().ok().stderr_empty();
    assert!(world.namespace().ids(Kind::Shm).is_empty());
}

#[test]
fn any_number_of_names_and_new_ones_all_the_time() {
    let Some(world) = world() else { return };
    let many = format!("cd /tmp; seq -f ipcadm-{USER}-%.0f 100000 | xargs mkdir");
    sh(&world, STRANGER, &many).run().ok();
    let all_the_time = format!("echo; while :; do mkdir /tmp/ipcadm-{USER}-a-$$; rmdir /tmp/ipcadm-{USER}-a-$$; done");
    let mut maker = sh(&world, STRANGER, &all_the_time).spawn();
    maker.line();
    cleans(&world, USER);
    assert!(maker.is_running());
}

#[test]
fn a_full_tmp_is_passed_over_too() {
    let Some(world) = world() else { return };
    world.sh("mount -t tmpfs -o mode=1777,nr_inodes=1 tmpfs /tmp").run().ok();
    cleans(&world, USER);
    world.sh("mount -t tmpfs -o mode=1777,nr_inodes=1 tmpfs /var/tmp").run().ok();
    ipcadm(&world, USER, &["shm", "create", "4K"]).run().ok();
    let refused = ipcadm(&world, USER, &CLEAN).run().status(1);
    refused.stderr_has("cannot keep a record of what is closed: ").stderr_has("/var/tmp: No space left on device");
    assert_eq!(world.namespace().rows(Kind::Shm)[0]["perms"], "600", "nothing was closed");
}

#[test]
fn a_runtime_directory_of_somebody_else_gets_nothing() {
    let Some(world) = world() else { return };
    let theirs = "mkdir -p /run/user/1001; chown 1001 /run/user/1001; chmod 700 /run/user/1001; touch /run/ipcadm";
    world.sh(theirs).run().ok();
    ipcadm(&world, 0, &["shm", "create", "4K"]).run().ok();
    // As sudo would have it.
    let clean = ipcadm(&world, 0, &CLEAN).env("XDG_RUNTIME_DIR", "/run/user/1001");
    clean.run().ok().stderr_empty().stdout_has("removed shm:");
    world.sh("ls -A /run/user/1001 /tmp").run().ok().stdout_is("/run/user/1001:\n\n/tmp:\n");
}

#[test]
fn ones_own_folder_that_others_may_write_to_is_not_obeyed() {
    let Some(world) = world() else { return };
    sh(
        &world,
        USER,
        &format!("mkdir /tmp/ipcadm-{USER}-1; touch /tmp/ipcadm-{USER}-1/closed-1; chmod 770 /tmp/ipcadm-*"),
    )
    .run()
    .ok();
    let note = format!(
        "ipcadm: note: the record /tmp/ipcadm-{USER}-1 of an interrupted run is not obeyed: is open to others (its mode \
         should be 0700)\n"
    );
    ipcadm(&world, USER, &CLEAN).run().ok().stderr_is(note);
}
