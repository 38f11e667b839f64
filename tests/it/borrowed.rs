//! Installed with rights for everybody (set-user-ID, set-group-ID, capabilities of the file), the program refuses.

use ipcadm_testbed::{Kind, Outcome, World, installed, ipcadm_path, needs_root, tool};

const STRANGER: u32 = 1001;

/// A world in which the program and its drop-ins lie on a file system that obeys such bits.
fn world() -> Option<World> {
    if !needs_root("another user") {
        return None;
    }
    let world = World::new()?;
    let furnish = "mount -t tmpfs -o mode=755 tmpfs /mnt; cp \"$0\" /mnt/ipcadm
        for name in ipcs ipcrm ipcmk lsipc; do ln -s ipcadm /mnt/$name; done; /mnt/ipcadm shm create 4K";
    tool("sh", ["-euc", furnish]).arg(ipcadm_path()).inside(&world).run().ok().stdout_is("shm:0\n");
    Some(world)
}

fn stranger(world: &World, command: &str) -> Outcome {
    world.sh(&format!("cd /mnt; ./{command}")).uid(STRANGER).dir("/").run()
}

const REFUSAL: &str = "refused: it runs with rights that its caller does not have";

#[track_caller]
fn refuses(world: &World) {
    for command in ["ipcadm rm -y shm:0", "ipcadm", "ipcadm ls", "ipcadm save -O /mnt/x", "ipcadm ls --help"] {
        stranger(world, command).status(10).stdout_empty().stderr_has(REFUSAL);
    }
    stranger(world, "ipcadm sem run sem:0 -- id").status(125).stdout_empty().stderr_has(REFUSAL);
    for command in ["ipcrm -m 0", "ipcs", "ipcmk -M 1", "lsipc"] {
        let name = command.split(' ').next().unwrap_or_default();
        stranger(world, command).status(1).stdout_empty().stderr_has(&format!("{name}: {REFUSAL}"));
    }
    for name in ["ipcadm", "ipcs", "ipcrm", "ipcmk", "lsipc"] {
        stranger(world, &format!("{name} --version")).ok().stdout_has("ipcadm").stderr_empty();
        stranger(world, &format!("{name} --help")).ok().stderr_empty();
    }
    assert_eq!(world.namespace().ids(Kind::Shm).len(), 1);
}

#[test]
fn a_file_with_rights_for_everybody_is_refused() {
    let Some(world) = world() else { return };
    stranger(&world, "ipcadm ls -q").ok().stdout_is("shm:0\n");
    for bits in ["chmod u+s", "chown 1002 /mnt/ipcadm; chmod u+s", "chgrp 1002 /mnt/ipcadm; chmod g+s"] {
        world.sh(&format!("chown 0:0 /mnt/ipcadm; chmod 755 /mnt/ipcadm; {bits} /mnt/ipcadm")).run().ok();
        refuses(&world);
    }
    // Root himself has these rights without the bit.
    world.sh("chown 0:0 /mnt/ipcadm; chmod 4755 /mnt/ipcadm; /mnt/ipcadm ls -q").run().ok().stdout_is("shm:0\n");
    world.sh("chmod 755 /mnt/ipcadm").run().ok();
    if installed("setcap") {
        world.sh("setcap cap_ipc_owner,cap_sys_admin+ep /mnt/ipcadm").run().ok();
        refuses(&world);
        world.sh("setcap -r /mnt/ipcadm").run().ok();
    }
    // What a caller has and hands on is his.
    let handed_on = "setpriv --reuid 1001 --clear-groups --inh-caps +ipc_owner --ambient-caps +ipc_owner";
    world.sh(&format!("{handed_on} /mnt/ipcadm shm read shm:0 | wc -c")).run().ok().stdout_is("4096\n");
}
