//! `save` and `restore`.

mod calls;
mod hostile;
mod kill;
mod large;
mod replace;
mod restore;
mod save;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use ipcadm_testbed::{Cmd, Folder, Kind, Namespace, ipcadm, make};

/// A folder into which anybody may write.
fn folder(name: &str) -> Folder {
    Folder::new(name).mode(0o777)
}

fn restore(args: &[&str]) -> Cmd {
    ipcadm(["restore"]).args(args.iter().copied())
}

/// Saves all objects into a file that anybody may read.
fn save(file: &str) {
    ipcadm(["save", "-q", "-O", file]).run().ok();
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("mode");
}

/// The only object of a kind.
#[track_caller]
fn only(ns: &Namespace, kind: Kind) -> i32 {
    let ids = ns.ids(kind);
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids[0]
}

/// How many objects there are.
fn count(ns: &Namespace) -> usize {
    Kind::ALL.into_iter().map(|kind| ns.ids(kind).len()).sum()
}

/// Removes all objects.
fn clear(ns: &Namespace) {
    for kind in Kind::ALL {
        ns.ids(kind).into_iter().for_each(|id| make::remove(kind, id));
    }
}
