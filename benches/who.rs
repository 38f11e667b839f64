//! Finding who uses an object, or may: against programs that do nothing but read the same files of all processes.

use crate::support::crowd::{Crowd, Libraries, threads_asleep};
use crate::support::figure::{self, Target};
use crate::support::objects::{age, leak};
use crate::support::race::race_of;
use crate::support::run::{Folder, ipcadm, read_all, tool};
use ipcadm_testbed::{Kind, fresh, make};

const PROCESSES: usize = 500;
const THREADS: usize = 2_000;
const MAPPINGS: usize = 80;
const LIBRARIES: usize = 300;
/// Left behind with keys, left behind without, in use; of each kind.
const MIX: [usize; 3] = [8, 20, 4];
const ROUNDS: usize = 11;

/// All figures.
pub(crate) fn run() {
    let folder = Folder::new();
    users(&folder);
    sleepers(&folder);
    judged(&folder);
}

fn users(folder: &Folder) {
    let _namespace = fresh();
    let crowd = Crowd::new(PROCESSES);
    let (segment, set) = (make::shm(0, 4096, 0o600), make::sem(0, 1, 0o600));
    // The last to be looked at.
    let (holder, sleeper) = (make::holder(segment), make::blocked_semop(set, 0, -1));
    figure::table(&format!("{PROCESSES} processes, medians of {ROUNDS} runs"));
    let runs = [
        ipcadm(["who", &format!("shm:{segment}")]),
        read_all("maps"),
        ipcadm(["who", &format!("sem:{set}")]),
        read_all("syscall"),
        ipcadm(["ps"]),
        tool("lsof", ["-n"]),
    ];
    let race = race_of(ROUNDS, &runs, folder);
    race.cpu(0, 1, Target::AtMost(2.0));
    race.cpu(2, 3, Target::Open);
    race.cpu(0, 5, Target::Open);
    race.cpu(4, 5, Target::Open);
    drop((crowd, holder, sleeper));
}

fn sleepers(folder: &Folder) {
    let _namespace = fresh();
    let set = make::sem(0, 1, 0o600);
    let threads = threads_asleep(set, THREADS);
    figure::table(&format!("{THREADS} threads asleep on a set, medians of {ROUNDS} runs"));
    let race = race_of(ROUNDS, &[ipcadm(["who", &format!("sem:{set}")]), read_all("task/*/syscall")], folder);
    race.cpu(0, 1, Target::AtMost(1.3));
    drop(threads);
}

/// Objects left behind, with keys and without, and in use, beside processes that have loaded much.
fn judged(folder: &Folder) {
    let _namespace = fresh();
    let Some(libraries) = Libraries::new(&folder.file(""), LIBRARIES) else {
        return figure::say("skipped: no library was found of which copies could be made");
    };
    let crowd = Crowd::loading(PROCESSES, MAPPINGS, &libraries);
    let [keyed, private, used] = MIX;
    leak(&Kind::ALL, private, 0);
    leak(&Kind::ALL, keyed, 0x5100);
    age();
    let holders: Vec<_> = (0..used).map(|_| make::holder(make::shm(0, 4096, 0o600))).collect();
    let sleepers: Vec<_> = (0..used).map(|_| make::blocked_semop(make::sem(0, 4, 0o600), 2, -1)).collect();
    let senders: Vec<_> = (0..used).map(|_| blocked_sender()).collect();
    figure::table(&format!("{PROCESSES} processes of {} mappings, medians of {ROUNDS} runs", crowd.mappings()));
    let runs = [
        ipcadm(["ls", "-o", "+state"]).args(&["--grace", "0"]),
        ipcadm(["clean", "-n"]).args(&["--grace", "0"]),
        read_all("maps"),
    ];
    let race = race_of(ROUNDS, &runs, folder);
    race.cpu(0, 2, Target::AtMost(2.5));
    race.cpu(1, 2, Target::AtMost(2.5));
    drop((holders, sleepers, senders));
}

/// A process that cannot send, for the queue is full.
fn blocked_sender() -> make::Blocked {
    let queue = make::msg(0, 0o600);
    make::qbytes(queue, 1);
    make::send(queue, 1, b"x");
    make::blocked_send(queue, 1, b"x")
}
