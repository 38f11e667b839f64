//! How fast the drop-ins are against the tools they stand in for.
//!
//! Ratios of whole processes on one machine in one run; nothing is asserted. The objects live and die with an IPC
//! namespace of this process's own; for the limits to be raised there, an ordinary user needs Linux 6.9.

use crate::support::figure::{self, Target};
use crate::support::objects::{create, raise_limits};
use crate::support::race::{Folder, drop_in, lines_of, race, tool};
use ipcadm_testbed::differential::is_from;
use ipcadm_testbed::{Kind, Namespace, fresh};

/// Objects of each kind.
const OBJECTS: usize = 30_000;
/// Runs of each contender.
const ROUNDS: usize = 11;
const ROUNDS_OF_START: usize = 201;
/// Each needs all objects anew.
const ROUNDS_OF_RM: usize = 7;

/// All figures, or those chosen.
pub(crate) fn run(chosen: &[String]) {
    let wanted = |section: &str| chosen.is_empty() || chosen.iter().any(|word| word == section);

    let folder = Folder::new();
    figure::header(OBJECTS);
    let namespace = fresh();
    if wanted("start") {
        // First, while there is nothing to list and this process is small.
        for locale in ["C.UTF-8", "C"] {
            start("ipcs", [], locale, &folder);
            start("lsipc", ["-m"], locale, &folder);
        }
    }
    if !["list", "rm"].into_iter().any(wanted) {
        return;
    }
    raise_limits(&namespace);
    if wanted("list") {
        Kind::ALL.into_iter().for_each(|kind| drop(create(kind, OBJECTS)));
        list("ipcs", [], 3 * OBJECTS, 7.0, &folder);
        list("ipcs", ["-m"], OBJECTS, 7.0, &folder);
        list("lsipc", ["-m"], OBJECTS, 7.0, &folder);
        list("lsipc", ["-q", "-J"], OBJECTS, 4.0, &folder);
    }
    if wanted("rm") {
        Kind::ALL.into_iter().for_each(|kind| rm(["--all", kind.word()].join("="), &[kind], &namespace, &folder));
        // Since 2.41 that of util-linux also removes whatever is in /dev/shm, which is no namespace's.
        if is_from("ipcrm", ..(2, 41)) {
            rm("--all".to_owned(), &Kind::ALL, &namespace, &folder);
        }
    }
}

/// Listing nothing.
fn start<const N: usize>(name: &str, args: [&str; N], locale: &'static str, folder: &Folder) {
    let (ours, theirs) = (drop_in(name, args).locale(locale), tool(name, args).locale(locale));
    let output = folder.file("output");
    let runs = [&ours, &theirs];
    let costs = race(ROUNDS_OF_START, runs.len(), |contender| runs[contender].once(&output));
    figure::time(&format!("{}, nothing there", ours.label), costs[0], &theirs.label, costs[1], Target::AtMost(1.15));
}

/// Listing; each must print as many lines as there are objects.
fn list<const N: usize>(name: &str, args: [&str; N], objects: usize, least: f64, folder: &Folder) {
    let (ours, theirs) = (drop_in(name, args), tool(name, args));
    let runs = [&ours, &theirs];
    let output = |contender: usize| folder.file(&format!("output-{contender}"));
    let costs = race(ROUNDS, runs.len(), |contender| runs[contender].once(&output(contender)));
    for (contender, run) in runs.iter().enumerate() {
        let listed = costs[contender].is_none() || lines_of(&output(contender)) >= objects;
        assert!(listed, "'{}' printed less than {objects} lines", run.label);
    }
    figure::time(&ours.label, costs[0], &theirs.label, costs[1], Target::Faster(least));
}

/// Removing everything of these kinds, made anew before each run.
fn rm(option: String, kinds: &[Kind], namespace: &Namespace, folder: &Folder) {
    let (ours, theirs) = (drop_in("ipcrm", [&*option]), tool("ipcrm", [&*option]));
    let runs = [&ours, &theirs];
    let output = folder.file("output");
    let costs = race(ROUNDS_OF_RM, runs.len(), |contender| {
        for &kind in kinds.iter().filter(|&&kind| namespace.ids(kind).is_empty()) {
            create(kind, OBJECTS);
        }
        let cost = runs[contender].once(&output)?;
        for &kind in kinds {
            assert_eq!(namespace.sysvipc(kind).lines().count(), 1, "{}s are left", kind.word());
        }
        Some(cost)
    });
    figure::time(&ours.label, costs[0], &theirs.label, costs[1], Target::AtMost(1.5));
}
