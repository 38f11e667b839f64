//! How fast the users of an object are found among 500 processes.
//!
//! The yardstick for a segment is a program that does nothing but read the mappings of all processes, and `lsof` where it
//! is installed. Ratios of CPU time on one machine; nothing is asserted. The objects live and die with an IPC
//! namespace of this process's own.

use std::path::Path;
use std::process::Command;

use crate::support::crowd::{Crowd, read_all};
use crate::support::figure::{self, Target};
use crate::support::race::{Cost, once, race, tool};
use ipcadm_testbed::{fresh, ipcadm_path, make};

const PROCESSES: usize = 500;
const ROUNDS: usize = 11;

/// All figures.
pub(crate) fn run() {
    let _namespace = fresh();
    let crowd = Crowd::new(PROCESSES);
    let (segment, set) = (make::shm(0, 4096, 0o600), make::sem(0, 1, 0o600));
    // The last to be looked at.
    let holder = make::holder(segment);
    let sleeper = make::blocked_semop(set, 0, -1);
    figure::say(&format!("{PROCESSES} processes; medians of CPU time in ms of {ROUNDS} runs"));
    let program = ipcadm_path().to_string_lossy().into_owned();
    let ours = |args: &[&str]| [&[program.as_str()], args].concat().into_iter().map(str::to_owned).collect();
    let (segment, set) = (format!("shm:{segment}"), format!("sem:{set}"));
    let runs: [Vec<String>; 6] = [
        ours(&["who", &segment]),
        read_all("maps"),
        ours(&["who", &set]),
        read_all("syscall"),
        ours(&["ps"]),
        ["lsof", "-n"].map(str::to_owned).to_vec(),
    ];
    let costs = race(ROUNDS, runs.len(), |contender| of(&runs[contender]));
    let [who, maps, waiters, syscalls, ps, lsof] = costs.as_slice() else { return };
    figure::cpu("who of a segment", *who, "reading all maps", *maps, Target::AtMost(2.0));
    figure::cpu("who of a set", *waiters, "reading all syscall", *syscalls, Target::AtMost(5.0));
    figure::cpu("who of a segment", *who, "lsof -n", *lsof, Target::Open);
    figure::cpu("ps", *ps, "lsof -n", *lsof, Target::Open);
    drop((crowd, holder, sleeper));
}

/// None where there is no such program.
fn of(command: &[String]) -> Option<Cost> {
    let found = Path::new(&command[0]).is_absolute() || tool(&command[0], []).is_there();
    found.then(|| once(Command::new(&command[0]).args(&command[1..])))
}
