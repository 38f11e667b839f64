//! Reading a segment of 1 GiB, against `cat` of the same bytes in memory.
//!
//! Run as root, it measures root and an ordinary user, who tells data from holes in another way.

use std::fs;

use crate::support::figure::{self, Target};
use crate::support::objects::noise;
use crate::support::race::race;
use crate::support::run::{Folder, Run, ipcadm, tool};
use ipcadm_testbed::{NOBODY, fresh, ipcadm_path, is_root, make};

const SIZE: usize = 1 << 30;
const ROUNDS: usize = 7;

/// All figures.
pub(crate) fn run() {
    figure::table(&format!("Reading a segment of 1 GiB, medians of {ROUNDS} runs"));
    let Some((memory, bytes)) = noise(SIZE) else { return };
    // On a disk, if the folder for temporary files is on one.
    let disk = Folder::within(&std::env::temp_dir());
    let _namespace = fresh();
    let id = make::shm(0, SIZE, 0o666).to_string();
    ipcadm(["shm", "write", "-q", &id, &bytes]).once(&memory.file("out"));
    let program = memory.program(&ipcadm_path());

    // Alone in a user namespace, there is no other user.
    let users = if is_root() { vec![("root", None), ("nobody", Some(NOBODY))] } else { vec![("ordinary user", None)] };
    let read = |user: Option<u32>| Run::new("", Some(program.clone()), &["shm", "read", &id]).user(user);
    for (place, to) in [("a pipe", None), ("a file in memory", Some(&memory)), ("a file", Some(&disk))] {
        let mut runs = vec![tool("cat", [&bytes]).label("cat")];
        runs.extend(users.iter().map(|(user, id)| read(*id).label(&format!("shm read to {place}, {user}"))));
        // Each in each place of the order: who comes last finds the most memory dirty.
        let race = race(ROUNDS, &runs, |contender| {
            let Some(out) = to.map(|folder| folder.file("out")) else { return runs[contender].once_to_pipe() };
            let cost = runs[contender].once(&out);
            assert_eq!(fs::metadata(&out).map_or(0, |file| file.len()), SIZE as u64, "{}", runs[contender].label);
            let _ = fs::remove_file(&out);
            cost
        });
        for (contender, (user, _)) in (1..).zip(&users) {
            let most = match (&to, *user) {
                (None, _) => 0.5,
                (Some(_), "root") => 1.0,
                (Some(_), _) => 1.3,
            };
            // To a pipe, time is what tells: who only lends its pages leaves the work to the reader.
            race.wall(contender, 0, Target::AtMost(most));
            race.cpu(contender, 0, Target::Open);
        }
    }
}
