//! How fast the plan of `clean` is made over 30,000 objects, against `ls` of the same, and how fast they are removed,
//! against `rm -`, which looks at each and closes none.
//!
//! Besides, how long it keeps a queue closed while somebody else's sets, the largest that there are, go in the same run:
//! the most that a thread sees which looks every half millisecond.
//!
//! Ratios of whole runs on one machine; nothing is asserted. The objects live and die with an IPC namespace of this
//! process's own.

use std::fs::{self, File};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::figure::{self, Target};
use crate::support::objects::{clear, raise_limits};
use crate::support::race::{Cost, Folder, once, once_with, or_panic, race};
use ipcadm::sys::{Mode, SemId, msg, sem};
use ipcadm_testbed::{Kind, Namespace, fresh, ipcadm_path, make};

const OF_EACH: usize = 10_000;
const ROUNDS: usize = 5;
const LARGE_SETS: usize = 12;
const NSEMS: u16 = 32_000;
const CLEAN: [&str; 8] = ["clean", "-q", "--grace", "0", "--state", "orphan", "--state", "unknown"];

/// All figures.
pub(crate) fn run() {
    let namespace = fresh();
    raise_limits(&namespace);
    let folder = Folder::new();
    let list = folder.file("references");
    leak();
    figure::say(&format!("{} objects; medians of ms of {ROUNDS} runs", 3 * OF_EACH));
    let plan = [&["clean", "-n"], &CLEAN[2..]].concat();
    let runs: [&[&str]; 3] = [&["ls"], &["ls", "-o", "+state"], &plan];
    let costs = race(ROUNDS, runs.len(), |contender| Some(ipcadm(runs[contender])));
    let [ls, state, plan] = costs.as_slice() else { return };
    figure::time("the plan of clean", *plan, "ls", *ls, Target::Open);
    figure::time("the plan of clean", *plan, "ls -o +state", *state, Target::Open);
    figure::memory("its memory", *plan, 64.0);
    let costs = race(ROUNDS, 2, |contender| {
        clear(&namespace);
        leak();
        Some(match contender {
            0 => ipcadm(&[&CLEAN[..], &["--yes"]].concat()),
            _ => {
                or_panic(&list, fs::write(&list, references(&namespace)));
                let input = or_panic(&list, File::open(&list));
                once_with(Command::new(ipcadm_path()).args(["rm", "-q", "-"]), input.into())
            }
        })
    });
    figure::time("clean --yes", costs[0], "rm -", costs[1], Target::Open);
    clear(&namespace);
    closed(&namespace);
}

/// How long others are shut out of objects.
fn closed(namespace: &Namespace) {
    namespace.sysctl("sem", "32000 1024000000 500 32768");
    let queue = make::by_dead_process(|| {
        for _ in 0..LARGE_SETS {
            make::setall(make::sem(0, NSEMS.into(), 0o600), &[1; NSEMS as usize]);
        }
        let queue = make::msg(0, 0o600);
        make::send(queue, 1, b"x");
        make::recv(queue, 1);
        queue
    });
    let sets: Vec<SemId> = namespace.ids(Kind::Sem).into_iter().map(SemId::new).collect();
    let is_over = AtomicBool::new(false);
    let longest = thread::scope(|scope| {
        let watch = || {
            let mut seen = vec![Watched::default(); sets.len() + 1];
            while !is_over.load(Ordering::Relaxed) {
                let modes = sets.iter().map(|&set| sem::stat_any(set.raw()).map(|(_, stat)| stat.perm.mode));
                let queue = msg::stat_any(queue).map(|(_, stat)| stat.perm.mode);
                let modes = [queue].into_iter().chain(modes);
                seen.iter_mut().zip(modes).for_each(|(watched, mode)| watched.see(mode.ok()));
                // A look locks the set, and would hold up what is measured.
                thread::sleep(Duration::from_micros(500));
            }
            seen
        };
        let watcher = scope.spawn(watch);
        ipcadm(&["clean", "--yes", "-q", "--grace", "0"]);
        is_over.store(true, Ordering::Relaxed);
        watcher.join().unwrap_or_default()
    });
    let (queue, sets) = longest.split_at(1);
    let most = |all: &[Watched]| all.iter().map(|one| one.longest).max().unwrap_or_default().as_secs_f64() * 1e3;
    figure::longest("a queue is closed, beside large sets", most(queue), 50.0);
    figure::longest(&format!("a set of {NSEMS} semaphores is closed"), most(sets), 200.0);
}

/// For how long an object was seen closed.
#[derive(Clone, Copy, Default)]
struct Watched {
    since: Option<Instant>,
    longest: Duration,
}

impl Watched {
    fn see(&mut self, mode: Option<Mode>) {
        let is_closed = mode.is_some_and(|mode| mode.permissions() == 0);
        if let Some(since) = self.since {
            self.longest = self.longest.max(since.elapsed());
        }
        self.since = if is_closed { self.since.or_else(|| Some(Instant::now())) } else { None };
    }
}

/// Objects of a dead process.
fn leak() {
    make::by_dead_process(|| {
        for _ in 0..OF_EACH {
            make::shm(0, 4096, 0o600);
            make::setall(make::sem(0, 1, 0o600), &[1]);
            make::msg(0, 0o600);
        }
        0
    });
}

fn references(namespace: &Namespace) -> String {
    let of = |kind: Kind| namespace.ids(kind).into_iter().map(move |id| format!("{}:{id}\n", kind.word()));
    Kind::ALL.into_iter().flat_map(of).collect()
}

fn ipcadm(args: &[&str]) -> Cost {
    once(Command::new(ipcadm_path()).args(args))
}
