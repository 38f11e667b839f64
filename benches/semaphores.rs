//! How fast one semaphore operation is from start to end, against starting a program that does nothing, and how fast
//! `sem run` is against flock(1).
//!
//! Ratios of whole processes on one machine in one run; nothing is asserted.

use crate::support::figure::{self, Target};
use crate::support::race::{Folder, Run, ipcadm, race, tool};
use ipcadm_testbed::{fresh, make};

/// Runs of each contender.
const ROUNDS: usize = 201;

/// All figures.
pub(crate) fn run() {
    let folder = Folder::new();
    figure::header(1);
    let _namespace = fresh();
    let set = make::sem(0, 1, 0o600);
    make::setall(set, &[1]);
    let id = set.to_string();

    let op = ipcadm(["sem", "op", &id, "0+1", "0-1"]);
    against("ipcadm sem op", &op, &tool("true", []), &folder);

    let lock = folder.file("lock").to_string_lossy().into_owned();
    let run = ipcadm(["sem", "run", &id, "--", "true"]);
    against("ipcadm sem run -- true", &run, &tool("flock", [&lock, "true"]), &folder);
    assert_eq!(make::getall(set, 1), [1]);
}

fn against(what: &str, ours: &Run, theirs: &Run, folder: &Folder) {
    let runs = [ours, theirs];
    let costs = race(ROUNDS, runs.len(), |contender| runs[contender].once(&folder.file("output")));
    let name = theirs.label.split(' ').next().unwrap_or_default();
    figure::time(what, costs[0], name, costs[1], Target::Open);
}
