//! What it costs to find out who may still use objects, among 500 processes of 80 mappings each.
//!
//! The yardstick is a program that does nothing but read the mappings of all processes. Times are those of the CPU, in
//! this program's own runs; nothing is asserted. The objects live and die with an IPC namespace of this process's own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::crowd::{Crowd, Libraries, read_all};
use crate::support::figure::{self, Target};
use crate::support::objects::{clear, raise_limits};
use crate::support::race::{Cost, Folder, once, race};
use ipcadm_testbed::{Namespace, fresh, ipcadm_path, make};

const PROCESSES: usize = 500;
const MAPPINGS: usize = 80;
const LIBRARIES: usize = 300;
/// Of each kind: private ones and keyed ones that were left behind, and those in use.
const MIX: (usize, usize, usize) = (20, 8, 4);
const MANY_OF_EACH: usize = 10_000;
const ROUNDS: usize = 9;
const STATES: [&str; 5] = ["ls", "-o", "+state", "--grace", "0"];
const PLAN: [&str; 4] = ["clean", "-n", "--grace", "0"];

/// All figures.
pub(crate) fn run() {
    let namespace = fresh();
    raise_limits(&namespace);
    let folder = Folder::new();
    let Some(libraries) = Libraries::new(&folder.file(""), LIBRARIES) else {
        return figure::say("skipped: no library was found of which copies could be made");
    };
    let crowd = Crowd::loading(PROCESSES, MAPPINGS, &libraries);
    figure::say(&format!(
        "{PROCESSES} processes of {} mappings; medians of CPU time in ms of {ROUNDS} runs",
        crowd.mappings()
    ));
    mixed(&namespace);
    one_and_many(&namespace);
    removed(&namespace);
}

/// Objects left behind, with and without keys, and in use.
fn mixed(namespace: &Namespace) {
    let (private, keyed, used) = MIX;
    leak(private, 0);
    leak(keyed, 0x5100);
    let holders: Vec<_> = (0..used).map(|_| make::holder(make::shm(0, 4096, 0o600))).collect();
    let sleepers: Vec<_> = (0..used).map(|_| make::blocked_semop(make::sem(0, 4, 0o600), 2, -1)).collect();
    let senders: Vec<_> = (0..used).map(|_| blocked_sender()).collect();
    let maps = read_all("maps");
    let costs = race(ROUNDS, 3, |contender| match contender {
        0 => ipcadm(&STATES),
        1 => ipcadm(&PLAN),
        _ => Some(once(Command::new(&maps[0]).args(&maps[1..]))),
    });
    let [states, plan, maps] = costs.as_slice() else { return };
    figure::cpu("ls -o +state", *states, "reading all maps", *maps, Target::AtMost(2.5));
    figure::cpu("the plan of clean", *plan, "reading all maps", *maps, Target::AtMost(2.5));
    drop((holders, sleepers, senders));
    clear(namespace);
}

/// The growth with the objects, which no living process may use or any may.
fn one_and_many(namespace: &Namespace) {
    for may_be_used in [false, true] {
        let perl = || Command::new("perl").args(["-e", "sleep 6000"]).stdin(Stdio::null()).spawn();
        let user = if may_be_used { perl().ok().map(Able) } else { None };
        if may_be_used && user.is_none() {
            return figure::say("skipped: objects that perl may use, since it is not installed");
        }
        let what = if may_be_used { "that perl may use" } else { "left behind" };
        let ways: [&[&str]; 2] = [&STATES, &PLAN];
        leak(1, 0);
        let one = race(ROUNDS, 2, |contender| ipcadm(ways[contender]));
        clear(namespace);
        leak(MANY_OF_EACH, 0);
        let many = race(ROUNDS, 3, |contender| ipcadm(ways.get(contender).copied().unwrap_or(&["ls"])));
        let number = 3 * MANY_OF_EACH;
        let ([states_of_one, plan_of_one], [states, plan, ls]) = (one.as_slice(), many.as_slice()) else { return };
        figure::say(&format!("{number} objects {what}, {} of them orphans:", orphans()));
        figure::cpu("ls -o +state", *states, "ls of the same", *ls, Target::Open);
        figure::cpu("ls -o +state", *states, "of 3 objects", *states_of_one, Target::AtMost(10.0));
        figure::cpu("the plan of clean", *plan, "of 3 objects", *plan_of_one, Target::AtMost(10.0));
        figure::memory("memory of ls -o +state", *states, 128.0);
        clear(namespace);
        drop(user);
    }
}

/// How many objects are removed.
fn removed(namespace: &Namespace) {
    let costs = race(3, 2, |contender| {
        clear(namespace);
        leak(MANY_OF_EACH, 0);
        ipcadm(if contender == 0 { &["clean", "--yes", "-q", "--grace", "0"] } else { &PLAN })
    });
    figure::cpu("clean --yes", costs[0], "its plan", costs[1], Target::AtMost(15.0));
}

/// A process that may use whatever it is let in to.
struct Able(Child);

impl Drop for Able {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that cannot send, for the queue is full.
fn blocked_sender() -> make::Blocked {
    let queue = make::msg(0, 0o600);
    make::qbytes(queue, 1);
    make::send(queue, 1, b"x");
    make::blocked_send(queue, 1, b"x")
}

/// Objects of a dead process, so many of each kind; with keys from `key` on, if that is not 0.
fn leak(number: usize, key: i32) {
    make::by_dead_process(|| {
        for place in 0..i32::try_from(number).unwrap_or(0) {
            let key = if key == 0 { 0 } else { key + place };
            drop(make::attach(make::shm(key, 4096, 0o600)));
            make::setall(make::sem(key, 1, 0o600), &[1]);
            let queue = make::msg(key, 0o600);
            make::send(queue, 1, b"x");
            make::recv(queue, 1);
        }
        0
    });
    // What is younger is looked at again and again.
    std::thread::sleep(Duration::from_millis(2500));
}

fn orphans() -> usize {
    let list = Command::new(ipcadm_path()).args(["ls", "-q", "--state", "orphan", "--grace", "0"]).output();
    list.map_or(0, |list| list.stdout.iter().filter(|&&byte| byte == b'\n').count())
}

fn ipcadm(args: &[&str]) -> Option<Cost> {
    Some(once(Command::new(ipcadm_path()).args(args)))
}
