//! Saving and restoring: one large segment against `cat` of the same bytes, all in memory, and many small objects
//! against the least that can be done.

use std::fs;

use crate::support::figure::{self, Target};
use crate::support::objects::{create, noise, roomy};
use crate::support::race::{race, race_of};
use crate::support::run::{Folder, ipcadm, limit, tool};
use ipcadm_testbed::{Kind, fresh, is_root, make};

const SIZE: usize = 1 << 30;
const ROUNDS: usize = 7;
const SMALL: usize = 32_000;

/// All figures.
pub(crate) fn run() {
    figure::table(&format!("Saving and restoring, medians of {ROUNDS} runs"));
    large();
    small();
}

fn large() {
    let Some((memory, bytes)) = noise(SIZE) else { return };
    let namespace = fresh();
    let id = make::shm(0x51, SIZE, 0o600);
    let (archive, out) = (memory.path("archive"), memory.path("out"));
    let nowhere = memory.file("nowhere");
    ipcadm(["shm", "write", "-q", &id.to_string(), &bytes]).once(&nowhere);
    ipcadm(["save", "-q", "-O", &archive]).once(&nowhere);
    let runs = [
        ipcadm(["save", "-q", "-O", &out]).label("ipcadm save, 1 GiB"),
        ipcadm(["restore", "-q", "--new-key", &archive]).label("ipcadm restore, 1 GiB"),
        tool("cat", [&bytes]).label("cat of the same bytes"),
        tool("sha256sum", [&bytes]).label("sha256sum of the same bytes"),
    ];
    let race = race(ROUNDS, &runs, |contender| {
        let cost = runs[contender].once(if contender == 2 { out.as_ref() } else { &nowhere });
        let _ = fs::remove_file(&out);
        for other in namespace.ids(Kind::Shm).into_iter().filter(|other| *other != id) {
            make::remove(Kind::Shm, other);
        }
        cost
    });
    for (contender, most) in [(0, 2.0), (1, 3.5)] {
        race.wall(contender, 2, Target::AtMost(most));
        race.cpu(contender, 2, Target::Open);
        race.wall(contender, 3, Target::Open);
    }
    // Who attaches the segment would be said to have its memory: whoever restores it, and others than root always.
    if is_root() {
        race.memory(0, 16.0);
    }
}

fn small() {
    let Some(_namespace) = roomy() else { return };
    let folder = Folder::new();
    for (kind, most) in [(Kind::Shm, 1.9), (Kind::Sem, 7.3)] {
        let word = kind.word();
        create(kind, SMALL);
        let runs = [
            ipcadm(["save", "-q", "-O", "-", word]).label(&format!("ipcadm save, {SMALL} {word}")),
            limit(["save", word], &folder),
            ipcadm(["ls", "--json", word]),
        ];
        let race = race_of(ROUNDS, &runs, &folder);
        race.cpu(0, 1, Target::AtMost(most));
        race.cpu(0, 2, Target::Open);
        if let Some(cost) = race.median_cpu(0) {
            figure::alone(&format!("for each {word}"), "us", cost * 1e3 / SMALL as f64, None);
        }
    }
}
