//! How costs grow with what there is: with the objects, with the processes, and where they once grew with the square.

use crate::support::crowd::{Crowd, holder_of};
use crate::support::figure::{self, Target};
use crate::support::objects::{age, clear, create, leak, roomy, segment};
use crate::support::race::{median, race};
use crate::support::run::{Cost, Folder, Run, clean, ipcadm};
use ipcadm_testbed::{Kind, NOBODY, Namespace, ipcadm_path, is_root, make};

const ROUNDS: usize = 5;
const OBJECTS: [usize; 3] = [1_000, 5_600, 32_000];
const PROCESSES: [usize; 3] = [10, 200, 4_000];
/// What there is of the other, while one grows.
const FEW_OBJECTS: usize = 100;
const FEW_PROCESSES: usize = 20;
const ROUNDS_OF_LADDER: usize = 3;

const ATTACHED: [usize; 2] = [50, 200];
const HOLDERS: usize = 150;
const OWN: [usize; 2] = [400, 1_600];
const SETS: usize = 20_000;
const LEAKED: usize = 5_000;
const CROWDS: [usize; 2] = [20, 2_000];

/// All figures.
pub(crate) fn run() {
    let Some(namespace) = roomy() else { return };
    let folder = Folder::new();
    figure::table(&format!("Growth, medians of {ROUNDS} runs; the yardstick is the same with less"));
    attached(&namespace, &folder);
    own(&namespace, &folder);
    waiter(&namespace, &folder);
    batches(&folder);
    ladder("objects of each kind", OBJECTS, |objects| World::new(objects, FEW_PROCESSES, &namespace), &folder);
    ladder("processes", PROCESSES, |processes| World::new(FEW_OBJECTS, processes, &namespace), &folder);
}

/// Saving segments that a process has attached, among others.
fn attached(namespace: &Namespace, folder: &Folder) {
    let others = Crowd::new(HOLDERS);
    let labels = ATTACHED.map(|number| format!("save of {number} attached segments"));
    let race = race(ROUNDS, &labels, |contender| {
        clear(namespace);
        let ids: Vec<i32> = (0..ATTACHED[contender]).map(|_| segment(0)).collect();
        let holder = holder_of(&ids);
        let cost = ipcadm(["save", "-q", "-O", "-", "shm"]).once(&folder.file("output"));
        drop(holder);
        cost
    });
    race.cpu(1, 0, Target::AtMost(2.5));
    drop(others);
    clear(namespace);
}

/// Saving one's own segments without root's rights.
fn own(namespace: &Namespace, folder: &Folder) {
    // Others may not reach the build folder.
    let reachable = Folder::within(&std::env::temp_dir());
    let program = reachable.program(&ipcadm_path());
    let user = is_root().then_some(NOBODY);
    let save = Run::new("", Some(program), &["save", "-q", "-O", "-", "shm"]).user(user);
    let labels = OWN.map(|number| format!("save of {number} segments by an ordinary user"));
    let race = race(ROUNDS, &labels, |contender| {
        clear(namespace);
        for id in create(Kind::Shm, OWN[contender]) {
            make::chown(Kind::Shm, id, user.unwrap_or(0), user.unwrap_or(0), 0o600);
        }
        save.once(&folder.file("output"))
    });
    race.cpu(1, 0, Target::AtMost(6.0));
    clear(namespace);
}

/// Finding the one who waits for the last of many sets.
fn waiter(namespace: &Namespace, folder: &Folder) {
    let last = create(Kind::Sem, SETS).pop().unwrap_or_default();
    let waiter = make::blocked_semop(last, 0, -1);
    let waiters = ipcadm(["ls", "sem", "-o", "+waiters"]);
    crowded("ls sem -o +waiters", Target::AtMost(1.8), || waiters.once(&folder.file("output")));
    drop(waiter);
    clear(namespace);
}

/// Removing batch by batch, with a look at all processes for each.
fn batches(folder: &Folder) {
    crowded(&format!("clean --yes, {LEAKED} segments"), Target::Open, || {
        leak(&[Kind::Shm], LEAKED, 0);
        age();
        clean([]).once(&folder.file("output"))
    });
}

/// What it costs among many processes, against few.
fn crowded(what: &str, target: Target, run: impl Fn() -> Option<Cost>) {
    let labels = CROWDS.map(|number| format!("{what}, {number} processes"));
    let race = race(ROUNDS, &labels, |contender| {
        let others = Crowd::new(CROWDS[contender]);
        let cost = run();
        drop(others);
        cost
    });
    race.cpu(1, 0, target);
}

/// Objects that a dead process left behind, one of each kind in use, and processes that have nothing to do with them.
struct World<'a> {
    namespace: &'a Namespace,
    set: i32,
    /// In use by these, until the world ends.
    users: Option<(Crowd, make::Holder, make::Blocked, make::Blocked)>,
}

impl<'a> World<'a> {
    fn new(objects: usize, processes: usize, namespace: &'a Namespace) -> Self {
        leak(&Kind::ALL, objects - 1, 0);
        let crowd = Crowd::new(processes);
        let (holder, set) = (make::holder(segment(0)), make::sem(0, 1, 0o600));
        let (waiter, receiver) = (make::blocked_semop(set, 0, -1), make::blocked_recv(make::msg(0, 0o600), 0));
        age();
        Self { namespace, set, users: Some((crowd, holder, waiter, receiver)) }
    }

    /// What is measured. The last leaves but few objects.
    fn runs(&self) -> Vec<Run> {
        vec![
            ipcadm(["ls"]),
            ipcadm(["ls", "-o", "+state"]).args(&["--grace", "0"]),
            ipcadm(["clean", "-n"]).args(&["--grace", "0"]),
            ipcadm(["save"]).args(&["-q", "-O", "-"]),
            ipcadm(["who"]).args(&[&format!("sem:{}", self.set)]).label("ipcadm who SET"),
            ipcadm(["ps"]),
            clean([]),
        ]
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        self.users = None;
        clear(self.namespace);
    }
}

/// What each command costs with more and more, and with which power of that it grows: from the least to the most, and
/// from the last but one to the most, where what is the same for all weighs less.
fn ladder<'a>(what: &str, rungs: [usize; 3], world: impl Fn(usize) -> World<'a>, folder: &Folder) {
    // By command and rung.
    let mut costs: Vec<(String, [Vec<f64>; 3])> = Vec::new();
    for _ in 0..ROUNDS_OF_LADDER {
        for (place, &rung) in rungs.iter().enumerate() {
            let world = world(rung);
            for (command, run) in world.runs().iter().enumerate() {
                let cost = run.once(&folder.file("output"));
                if costs.len() == command {
                    costs.push((run.label.clone(), Default::default()));
                }
                costs[command].1[place].extend(cost.map(|cost| cost.cpu));
            }
        }
    }
    figure::say(&format!("\nms of the CPU with so many {what}, and the exponent of growth:\n"));
    let [least, more, most] = rungs.map(|rung| rung.to_string());
    figure::row(["command", &least, &more, &most, "exponent", "last step"]);
    figure::row(["---", "--:", "--:", "--:", "--:", "--:"]);
    for (label, by_rung) in costs {
        let ms = by_rung.map(|costs| median(costs.into_iter()).unwrap_or(f64::NAN));
        let exponent = |from: usize| (ms[2] / ms[from]).ln() / (rungs[2] as f64 / rungs[from] as f64).ln();
        let [one, two, three] = ms.map(figure::short);
        figure::row([&label, &one, &two, &three, &format!("{:.2}", exponent(0)), &format!("{:.2}", exponent(1))]);
    }
}
