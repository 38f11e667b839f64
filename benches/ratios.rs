//! How fast `ipcadm` is against what it is measured by: `cat`, util-linux, a bare loop of system calls.
//!
//! Ratios of whole processes on one machine in one run: times alone would say more about the machine. Nothing is
//! asserted. The objects live and die with an IPC namespace of this process's own; for the limits to be raised there,
//! an ordinary user needs Linux 6.9.

use std::time::Instant;

use crate::support::figure::{self, Target};
use crate::support::objects::{create, raise_limits};
use crate::support::race::{Cost, Folder, Run, drop_in, ipcadm, lines_of, race, reap, tool};
use ipcadm_testbed::{Kind, Namespace, fresh};

/// Objects of each kind.
const OBJECTS: usize = 32_000;
/// Runs of each contender.
const ROUNDS: usize = 15;
const ROUNDS_OF_START: usize = 201;
/// Each needs all objects anew.
const ROUNDS_OF_RM: usize = 9;
/// Megabytes that a listing may use.
const MEMORY: f64 = 16.0;

/// All figures, or those chosen.
pub(crate) fn run(chosen: &[String]) {
    let wanted = |section: &str| chosen.is_empty() || chosen.iter().any(|word| word == section);

    let folder = Folder::new();
    figure::header(OBJECTS);
    let namespace = fresh();
    if wanted("start") {
        // First, while there is nothing to list and this process is small.
        start(&folder);
    }
    if !["ls", "ipcs", "json", "rm"].into_iter().any(wanted) {
        return;
    }
    raise_limits(&namespace);
    let objects = Kind::ALL.map(|kind| (kind, create(kind, OBJECTS)));
    if wanted("ls") {
        Kind::ALL.into_iter().for_each(|kind| ls(kind, &folder));
        ls_all(&folder);
    }
    if wanted("ipcs") {
        ipcs(&folder);
    }
    if wanted("json") {
        Kind::ALL.into_iter().for_each(|kind| json(kind, &folder));
    }
    if wanted("rm") {
        objects.into_iter().for_each(|(kind, ids)| rm(kind, ids, &namespace, &folder));
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

/// Runs them against each other. The last run of each must have printed a line for each of `objects`.
fn race_of(runs: &[&Run], rounds: usize, objects: usize, folder: &Folder) -> Vec<Option<Cost>> {
    let output = |contender: usize| folder.file(&format!("output-{contender}"));
    let costs = race(rounds, runs.len(), |contender| runs[contender].once(&output(contender)));
    for (contender, run) in runs.iter().enumerate() {
        let listed = costs[contender].is_none() || lines_of(&output(contender)) >= objects;
        assert!(listed, "'{}' printed less than {objects} lines", run.label);
    }
    costs
}

/// Listing nothing.
fn start(folder: &Folder) {
    // What a login has, and the one in which ipcs has nothing to load.
    for locale in ["C.UTF-8", "C"] {
        let (ours, ipcs) = (ipcadm(["ls"]).locale(locale), tool("ipcs", []).locale(locale));
        let costs = race_of(&[&ours, &ipcs], ROUNDS_OF_START, 0, folder);
        figure::time("ipcadm ls, nothing there", costs[0], &ipcs.label, costs[1], Target::AtMost(1.15));
        let ours = drop_in("ipcs", []).locale(locale);
        let costs = race_of(&[&ours, &ipcs], ROUNDS_OF_START, 0, folder);
        figure::time("our ipcs, nothing there", costs[0], &ipcs.label, costs[1], Target::AtMost(1.15));
    }
}

/// A table of one kind.
fn ls(kind: Kind, folder: &Folder) {
    let table = format!("/proc/sysvipc/{}", kind.word());
    let (ours, cat) = (ipcadm(["ls", kind.word()]), tool("cat", [&table]));
    let ipcs = tool("ipcs", [option(kind)]);
    let costs = race_of(&[&ours, &cat, &ipcs], ROUNDS, OBJECTS, folder);
    // Only that table has the resident memory of segments.
    let (most, least) = if kind == Kind::Shm { (1.5, 3.5) } else { (1.0, 7.0) };
    figure::time(&ours.label, costs[0], &cat.label, costs[1], Target::AtMost(most));
    figure::time(&ours.label, costs[0], &ipcs.label, costs[2], Target::Faster(least));
    figure::memory(&format!("{}, memory", ours.label), costs[0], MEMORY);
}

/// A table of everything.
fn ls_all(folder: &Folder) {
    let (ours, ipcs) = (ipcadm(["ls"]), tool("ipcs", []));
    let costs = race_of(&[&ours, &ipcs], ROUNDS, 3 * OBJECTS, folder);
    figure::time(&ours.label, costs[0], &ipcs.label, costs[1], Target::Open);
}

/// The drop-in, in each of its formats.
fn ipcs(folder: &Folder) {
    for option in ["-a", "-m", "-s", "-q", "-t", "-p", "-c"] {
        let (ours, ipcs) = (drop_in("ipcs", [option]), tool("ipcs", [option]));
        let costs = race_of(&[&ours, &ipcs], ROUNDS, OBJECTS, folder);
        figure::time(&ours.label, costs[0], &ipcs.label, costs[1], Target::Faster(7.0));
        figure::memory(&format!("{}, memory", ours.label), costs[0], MEMORY);
    }
}

/// JSON of one kind.
fn json(kind: Kind, folder: &Folder) {
    let (ours, lsipc) = (ipcadm(["ls", "--json", kind.word()]), tool("lsipc", [option(kind), "-J"]));
    let costs = race_of(&[&ours, &lsipc], ROUNDS, OBJECTS, folder);
    figure::time(&ours.label, costs[0], &lsipc.label, costs[1], Target::Faster(4.0));
    figure::memory(&format!("{}, memory", ours.label), costs[0], MEMORY);
}

/// Removing everything of a kind, at first `ids`, and made anew before each further run.
fn rm(kind: Kind, mut ids: Vec<i32>, namespace: &Namespace, folder: &Folder) {
    let references = folder.file("references");
    let output = folder.file("output");
    // With -y because rm would otherwise look for waiters first, but only where it is run at a terminal.
    let ours = ipcadm(["rm", "-y", "-"]).input(&references);
    let lists = [ipcadm(["ls", "-q", kind.word()]), ipcadm(["ls", "--format", "jsonl", kind.word()])];
    let costs = race(ROUNDS_OF_RM, lists.len() + 1, |contender| {
        if ids.is_empty() {
            ids = create(kind, OBJECTS);
        }
        let cost = match lists.get(contender) {
            Some(list) => {
                list.once(&references)?;
                ours.once(&output)
            }
            None => Some(bare_loop(kind, &ids)),
        };
        assert_eq!(namespace.sysvipc(kind).lines().count(), 1, "{}s are left", kind.word());
        ids.clear();
        cost
    });
    for (contender, list) in lists.iter().enumerate() {
        let what = format!("{} < {}", ours.label, list.label.trim_start_matches("ipcadm "));
        figure::time(&what, costs[contender], "loop of IPC_RMID", costs[lists.len()], Target::AtMost(2.0));
    }
}

/// A process that does nothing but remove these objects.
fn bare_loop(kind: Kind, ids: &[i32]) -> Cost {
    let start = Instant::now();
    // SAFETY: this process has one thread, and the child makes system calls only.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            let removed = ids.iter().all(|&id| remove(kind, id));
            // SAFETY: ends the child without running the clean-up of its parent.
            unsafe { libc::_exit(i32::from(!removed)) }
        }
        pid => reap(pid.unsigned_abs(), start, "loop of IPC_RMID"),
    }
}

/// IPC_RMID; unlike the test bed's it cannot panic, which a forked child must not.
fn remove(kind: Kind, id: i32) -> bool {
    let (command, none) = (libc::IPC_RMID, std::ptr::null_mut::<libc::c_void>());
    // SAFETY: IPC_RMID reads and writes no memory.
    let result = unsafe {
        match kind {
            Kind::Shm => libc::syscall(libc::SYS_shmctl, id, command, none),
            Kind::Sem => libc::syscall(libc::SYS_semctl, id, 0, command, none),
            Kind::Msg => libc::syscall(libc::SYS_msgctl, id, command, none),
        }
    };
    result == 0
}
