//! Removing: against bare calls, and util-linux's `ipcrm`; and for how long `clean` closes objects to others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::figure::{self, Target};
use crate::support::objects::{age, clear, leak, roomy};
use crate::support::race::{median, race};
use crate::support::run::{Folder, clean, drop_in, ipcadm, limit, lines_of, tool};
use ipcadm_testbed::{Kind, Namespace, make};

const OBJECTS: usize = 30_000;
/// Each needs all objects anew.
const ROUNDS: usize = 7;
/// Of so many objects it is watched how long they are closed.
const WATCHED: usize = 64;
const LARGE_SETS: usize = 12;
const NSEMS: u16 = 32_000;

/// All figures.
pub(crate) fn run() {
    let Some(namespace) = roomy() else { return };
    let folder = Folder::new();
    figure::table(&format!("Removing {OBJECTS} objects of a dead process, 3 s old, medians of {ROUNDS} runs"));
    Kind::ALL.into_iter().for_each(|kind| removed(kind, &namespace, &folder));
    figure::table("How long an object is closed to others while 'clean' judges it once more, medians of the longest");
    let many = || {
        leak(&[Kind::Shm], OBJECTS, 0);
        age();
    };
    closed(many, &[(Kind::Shm, format!("one of {OBJECTS} segments"), 30.0)], &namespace, &folder);
    let large = || {
        make::by_dead_process(|| {
            for _ in 0..LARGE_SETS {
                make::setall(make::sem(0, NSEMS.into(), 0o600), &[1; NSEMS as usize]);
            }
            0
        });
        leak(&[Kind::Msg], 1, 0);
    };
    let sets = format!("{LARGE_SETS} sets of {NSEMS} semaphores");
    let watched = [(Kind::Msg, format!("a queue beside {sets}"), 50.0), (Kind::Sem, format!("one of {sets}"), 200.0)];
    closed(large, &watched, &namespace, &folder);
}

fn removed(kind: Kind, namespace: &Namespace, folder: &Folder) {
    let word = kind.word();
    let references = folder.file("references");
    let lists = [ipcadm(["ls", "-q", word]), ipcadm(["ls", "--format", "jsonl", word])];
    let all = format!("--all={word}");
    // With -y because rm would otherwise look for waiters first, but only where it is run at a terminal.
    let rm = ipcadm(["rm", "-y", "-"]).input(&references);
    leak(&[kind], OBJECTS, 0);
    age();
    lists[0].clone().args(&["--state", "orphan", "--grace", "0"]).once(&references);
    let orphans = lines_of(&references);
    let runs = [
        clean([word]).label(&format!("ipcadm clean --yes {word}, {orphans} orphans")),
        rm.clone().label(&format!("ipcadm rm - < ls -q {word}")),
        rm.label(&format!("ipcadm rm - < ls --format jsonl {word}")),
        drop_in("ipcrm", [&*all]),
        limit(["rm", word], folder).input(&references),
        tool("ipcrm", [&*all]),
    ];
    let race = race(ROUNDS, &runs, |contender| {
        if namespace.ids(kind).is_empty() {
            leak(&[kind], OBJECTS, 0);
        }
        if contender == 0 {
            age();
        }
        lists[usize::from(contender == 2)].once(&references);
        let cost = runs[contender].once(&folder.file("output"))?;
        assert_eq!(namespace.sysvipc(kind).lines().count(), 1, "'{}' left some", runs[contender].label);
        Some(cost)
    });
    let clean = |most| if kind == Kind::Shm { Target::AtMost(most) } else { Target::Open };
    race.wall(0, 5, clean(8.0));
    race.cpu(0, 5, clean(5.0));
    race.cpu(3, 5, Target::AtMost(1.5));
    race.cpu(1, 4, Target::AtMost(2.0));
    race.cpu(2, 4, Target::AtMost(2.0));
}

/// Watches some of the objects that `create` makes, and prints for each kind how long at most one was seen closed.
fn closed(create: impl Fn(), watched: &[(Kind, String, f64)], namespace: &Namespace, folder: &Folder) {
    let mut longest = vec![Vec::new(); watched.len()];
    for _ in 0..ROUNDS {
        clear(namespace);
        create();
        let mut seen: Vec<_> = watched.iter().flat_map(|&(kind, ..)| some(kind, namespace)).collect();
        watch(&mut seen, || _ = clean([]).once(&folder.file("output")));
        for ((kind, ..), longest) in watched.iter().zip(&mut longest) {
            let of_kind = seen.iter().filter(|seen| seen.kind == *kind);
            longest.extend(of_kind.map(|seen| seen.longest).max().map(|longest| longest.as_secs_f64() * 1e3));
        }
    }
    for ((_, what, most), longest) in watched.iter().zip(longest) {
        figure::alone(what, "ms", median(longest.into_iter()).unwrap_or_default(), Some(*most));
    }
}

/// Some objects of a kind, none seen yet.
fn some(kind: Kind, namespace: &Namespace) -> impl Iterator<Item = Watched> {
    let ids = namespace.ids(kind);
    let step = ids.len().div_ceil(WATCHED).max(1);
    ids.into_iter().step_by(step).map(move |id| Watched { kind, id, since: None, longest: Duration::ZERO })
}

/// Looks at these again and again while something is done.
fn watch(seen: &mut [Watched], done: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                seen.iter_mut().for_each(Watched::look);
                // A look locks a set, and would hold up what is measured.
                thread::sleep(Duration::from_micros(500));
            }
        });
        done();
        is_over.store(true, Ordering::Relaxed);
    });
}

/// For how long an object was seen closed.
struct Watched {
    kind: Kind,
    id: i32,
    since: Option<Instant>,
    longest: Duration,
}

impl Watched {
    fn look(&mut self) {
        let is_closed = make::stat_any(self.kind, self.id).is_ok_and(|mode| mode & 0o777 == 0);
        if let Some(since) = self.since {
            self.longest = self.longest.max(since.elapsed());
        }
        self.since = if is_closed { self.since.or_else(|| Some(Instant::now())) } else { None };
    }
}
