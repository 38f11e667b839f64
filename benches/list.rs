//! Listing: against the least that can be done, the kernel's own table, and util-linux's tools.

use std::fs;

use crate::support::figure::{self, Target};
use crate::support::objects::{create, roomy};
use crate::support::race::{output, race_of};
use crate::support::run::{Folder, Run, drop_in, ipcadm, limit, lines_of, tool};
use ipcadm_testbed::Kind;

/// Objects of each kind.
const OBJECTS: usize = 32_000;
const ROUNDS: usize = 15;
/// Megabytes that a listing may use.
const MEMORY: f64 = 16.0;

/// All figures.
pub(crate) fn run() {
    let Some(_namespace) = roomy() else { return };
    let folder = Folder::new();
    Kind::ALL.into_iter().for_each(|kind| drop(create(kind, OBJECTS)));
    // First, while this process has little memory itself.
    figure::table(&format!("Memory of listings of {} objects", 3 * OBJECTS));
    let formats = ["table", "json", "jsonl", "csv"].map(|format| ipcadm(["ls", "--format", format]));
    let race = race_of(1, &[&formats[..], &[drop_in("ipcs", [])]].concat(), &folder);
    (0..=formats.len()).for_each(|contender| race.memory(contender, MEMORY));

    figure::table(&format!("Listing {OBJECTS} objects of each kind to a file, medians of {ROUNDS} runs"));
    for kind in Kind::ALL {
        tables(kind, &folder);
    }
    for kind in Kind::ALL {
        let least = if kind == Kind::Sem { 4.0 } else { 5.5 };
        let runs = [ipcadm(["ls", "--json", kind.word()]), tool("lsipc", [option(kind), "-J"])];
        against(&runs, OBJECTS, Target::Faster(least), &folder);
    }
    let all = 3 * OBJECTS;
    against(&[ipcadm(["ls"]), tool("ipcs", [])], all, Target::Open, &folder);
    against(&[drop_in("ipcs", []), tool("ipcs", [])], all, Target::Faster(7.0), &folder);
    against(&[drop_in("ipcs", ["-m"]), tool("ipcs", ["-m"])], OBJECTS, Target::Faster(7.0), &folder);
    against(&[drop_in("lsipc", ["-m"]), tool("lsipc", ["-m"])], OBJECTS, Target::Faster(7.0), &folder);
    against(&[drop_in("lsipc", ["-q", "-J"]), tool("lsipc", ["-q", "-J"])], OBJECTS, Target::Faster(4.0), &folder);
}

/// The table of one kind.
fn tables(kind: Kind, folder: &Folder) {
    let word = kind.word();
    let ours = ipcadm(["ls", word]);
    let runs = [
        ours.clone(),
        limit(["ls", word], folder),
        tool("ipcs", [option(kind)]),
        tool("cat", [&format!("/proc/sysvipc/{word}")]),
        ipcadm(["ls", "shm", "-o", "+rss"]),
    ];
    // Ages are of whole seconds, of which one may just pass.
    let is_same = (0..5).any(|_| {
        race_of(0, &runs[..2], folder);
        let [one, two] = [0, 1].map(|contender| fs::read(output(contender, folder)).unwrap_or_default());
        one == two || two.is_empty()
    });
    let race = race_of(ROUNDS, &runs[..if kind == Kind::Shm { 5 } else { 4 }], folder);
    if is_same {
        race.cpu(0, 1, if kind == Kind::Shm { Target::Open } else { Target::AtMost(1.35) });
    } else {
        figure::skipped(&ours.label, &runs[1].label, "they write different bytes");
    }
    if kind == Kind::Shm {
        race.cpu(0, 3, Target::AtMost(0.6));
        race.cpu(4, 3, Target::AtMost(1.3));
        race.cpu(0, 2, Target::Faster(9.0));
    } else {
        race.cpu(0, 3, Target::Open);
        race.cpu(0, 2, Target::Faster(6.5));
    }
}

/// The option of ipcs and lsipc that chooses a kind.
fn option(kind: Kind) -> &'static str {
    match kind {
        Kind::Shm => "-m",
        Kind::Sem => "-s",
        Kind::Msg => "-q",
    }
}

/// Ours and the yardstick, each of which must have printed a line for each object.
fn against(runs: &[Run; 2], objects: usize, target: Target, folder: &Folder) {
    let race = race_of(ROUNDS, runs, folder);
    for (contender, run) in runs.iter().enumerate().filter(|&(contender, _)| race.median_cpu(contender).is_some()) {
        assert!(lines_of(&output(contender, folder)) >= objects, "'{}' printed less than {objects} lines", run.label);
    }
    race.cpu(0, 1, target);
}
