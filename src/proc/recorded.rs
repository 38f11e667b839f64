//! Whether the process that the kernel recorded for an object still lives.
//!
//! The kernel keeps a number and a time. Numbers are used again, so a process counts as the recorded one only if it
//! started no later than that time. That is no proof where the clock was set in between: a process's start is known in
//! ticks since the boot alone, and a clock set forward moves it behind what the process did.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::identity::{self, Look};
use super::probe;
use super::threaded::Threaded;
use crate::sys::clock::now;
use crate::sys::{Perm, Pid, Timestamp, namespace};

/// The kernel cuts times to whole seconds.
pub const TRUNCATION: i64 = 1;
/// Times that are out of bounds by no more than this do not show that the clock was set.
const SLACK: i64 = 2;
/// The first device files are made no later than this many seconds after the first process.
pub const AT_ONCE: i64 = 60;
/// The clock may have been set forward by any time.
const UNKNOWN: i64 = i64::MAX;

/// The facts that [`Processes::new`] begins with: reading them takes longer than looking up a process.
static FACTS: OnceLock<Processes> = OnceLock::new();

/// The fate of a process that the kernel recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recorded {
    Alive(Living),
    Gone(Gone),
    Unknown(Unknown),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Living {
    /// Its number; the recorded one may be that of a thread of it.
    pub process: i32,
    /// Its command name, not yet escaped.
    pub command: String,
}

/// The proof that a process is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gone {
    /// No process or thread has the number.
    NoSuch,
    /// It has ended, and its parent has not yet asked for its status.
    Zombie(Living, Parent),
    /// The number is now that of a process or thread that started so many seconds later.
    Reused(Living, i64),
}

/// The process that may have forked one that has ended, and so may know what it did: its parent, unless that came later and
/// only adopted it, as the first process does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parent {
    /// This process lives.
    Lives(Living),
    /// It cannot be seen.
    Hidden,
    No,
}

/// Why it cannot be known whether a process lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unknown {
    /// A process or thread has the number, and `/proc` does not show it.
    Hidden,
    /// A process or thread has the number, but when it started cannot be compared with the recorded time.
    Incomparable(Living),
    /// A process or thread has the number that started so many seconds later, but the clock was, or may have been, set
    /// forward by more.
    SetForward(Living, i64),
}

/// How the clock stands to the times that the kernel recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSet {
    /// An object's time is earlier than the boot.
    BeforeBoot,
    /// An object's time is yet to come.
    InFuture,
}

/// The boot, and what was found out about processes since this was made: each number is looked up once.
#[derive(Debug)]
pub struct Processes {
    /// Seconds since 1970, by the present clock.
    boot: Option<i64>,
    /// Seconds by which the clock was set forward at most since the first process started, as far as that shows.
    forward: i64,
    /// The same for a clock set back.
    back: i64,
    ticks: u64,
    /// Whether `/proc` numbers processes as system calls do.
    numbers_are_ours: bool,
    /// What was found, and when it was looked for.
    looked_up: HashMap<Pid, (Look, i64)>,
    threaded: Option<Threaded>,
}

/// Whether a number may have been that of a thread which has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thread {
    /// This process lives and may have had it.
    Of(Living),
    /// Processes that may have had it cannot be seen.
    Hidden,
    No,
}

impl Default for Processes {
    fn default() -> Self {
        Self::new()
    }
}

impl Processes {
    pub fn new() -> Self {
        let Self { boot, forward, back, ticks, numbers_are_ours, .. } = *FACTS.get_or_init(Self::read);
        Self { boot, forward, back, ticks, numbers_are_ours, looked_up: HashMap::new(), threaded: None }
    }

    /// As if the machine had booted then and the clock been set by so much.
    #[cfg(test)]
    pub(crate) fn booted_at(boot: i64, forward: i64, back: i64) -> Self {
        Self { boot: Some(boot), forward, back, ticks: 100, ..Self::new() }
    }

    /// Reads what stays the same for as long as this program runs.
    fn read() -> Self {
        let boot = procfs::boot_time_secs().ok().and_then(|boot| i64::try_from(boot).ok());
        let (first, made) = (boot.and_then(first_start), first_device());
        Self {
            boot,
            forward: set_forward(first, made),
            back: set_back(first, made),
            ticks: procfs::ticks_per_second().max(1),
            numbers_are_ours: super::status::numbers_are_ours(),
            looked_up: HashMap::new(),
            threaded: None,
        }
    }

    /// By how many seconds the clock may have been set back since then: what was done before that seems so much later
    /// than it was.
    pub fn back(&self) -> i64 {
        self.back
    }

    /// Whether `times` of an object show that the clock was set: start times then prove nothing.
    pub fn clock_set(&self, times: impl IntoIterator<Item = Timestamp>) -> Option<ClockSet> {
        let (boot, now) = (self.boot?, now());
        times.into_iter().filter(|time| !time.is_never()).find_map(|time| {
            let time = time.seconds();
            if time < boot.saturating_sub(SLACK) {
                Some(ClockSet::BeforeBoot)
            } else {
                (time > now.saturating_add(SLACK)).then_some(ClockSet::InFuture)
            }
        })
    }

    /// Looks up the process (or thread) that the kernel recorded at `time`.
    pub fn recorded(&mut self, pid: Pid, time: Timestamp) -> Recorded {
        let comparable = self.clock_set([time]).is_none();
        self.recorded_if(comparable, pid, time)
    }

    /// The same where other times of the object have shown whether start times are `comparable` with it.
    pub fn recorded_if(&mut self, comparable: bool, pid: Pid, time: Timestamp) -> Recorded {
        let task = match self.look(pid, time) {
            Look::Found(task) => task,
            Look::Missing => return Recorded::Gone(Gone::NoSuch),
            Look::Hidden => return Recorded::Unknown(Unknown::Hidden),
        };
        let living = Living { process: task.process, command: task.command.clone() };
        let (started, ended) = (task.started, task.ended.then_some((task.parent, task.started)));
        let started = self.time_of(started).filter(|_| comparable);
        let later = started.map(|started| started.saturating_sub(time.seconds()));
        let ended = ended.map(|(parent, started)| self.parent(parent, started, time));
        match (later, ended) {
            (Some(later), _) if later > self.forward.saturating_add(TRUNCATION) => {
                Recorded::Gone(Gone::Reused(living, later))
            }
            (_, Some(parent)) => Recorded::Gone(Gone::Zombie(living, parent)),
            (None, _) => Recorded::Unknown(Unknown::Incomparable(living)),
            (Some(later), _) if later > TRUNCATION => Recorded::Unknown(Unknown::SetForward(living, later)),
            _ => Recorded::Alive(living),
        }
    }

    /// Whether a process lives that has forked one which has ended: its parent, with the number `parent`, unless that came
    /// after the other one had `started`. This program knows nothing of what its own children were told, and the first
    /// process reaps those of others.
    fn parent(&mut self, parent: i32, started: u64, time: Timestamp) -> Parent {
        match parent {
            0 => return Parent::Hidden,
            1 => return Parent::No,
            own if own == probe::program().cast_signed() => return Parent::No,
            _ => {}
        }
        match self.look(Pid::new(parent), time) {
            Look::Found(parent) if parent.ended || parent.started > started => Parent::No,
            Look::Found(parent) => Parent::Lives(Living { process: parent.process, command: parent.command.clone() }),
            Look::Missing => Parent::No,
            Look::Hidden => Parent::Hidden,
        }
    }

    /// When so many clock ticks had passed since the boot, in whole seconds since 1970 by the present clock; None where
    /// `/proc` does not tell when the boot was.
    pub fn time_of(&self, ticks: u64) -> Option<i64> {
        i64::try_from(ticks / self.ticks).ok()?.checked_add(self.boot?)
    }

    /// By how many seconds the clock may have been set forward since the first process started: what was done before
    /// that seems so much earlier than it was.
    pub fn forward(&self) -> i64 {
        self.forward
    }

    fn look(&mut self, pid: Pid, time: Timestamp) -> &Look {
        let entry = self.looked_up.entry(pid).or_insert_with(|| (Look::Missing, i64::MIN));
        let alive = matches!(&entry.0, Look::Found(task) if !task.ended);
        // A process that was not there then may have come since and have done what was recorded.
        if !alive && (entry.1 == i64::MIN || time.seconds() >= entry.1.saturating_sub(TRUNCATION)) {
            entry.1 = now();
            entry.0 = if self.numbers_are_ours {
                identity::look(pid)
            } else {
                match crate::sys::process::exists(pid) {
                    Some(false) => Look::Missing,
                    _ => Look::Hidden,
                }
            };
        }
        &entry.0
    }

    /// Whether a number under which nothing lives may have been that of a thread that has ended while its process
    /// lives: a process that has or had several threads, may receive from a queue with the rights `perm`, and started no
    /// later than `time`.
    pub fn thread(&mut self, perm: &Perm, time: Timestamp, comparable: bool) -> Thread {
        let numbers_are_ours = self.numbers_are_ours;
        let threaded =
            self.threaded.get_or_insert_with(|| if numbers_are_ours { Threaded::list() } else { Threaded::default() });
        let (boot, ticks) = (self.boot, self.ticks);
        let latest = time.seconds().saturating_add(TRUNCATION).saturating_add(self.forward);
        let found = threaded.find(perm, |task| {
            let started =
                i64::try_from(task.started / ticks).ok().zip(boot).map(|(ticks, boot)| boot.saturating_add(ticks));
            !comparable || started.is_none_or(|started| started <= latest)
        });
        // The borrow of what was found ends here.
        let found = found.map(|task| Living { process: task.process, command: task.command.clone() });
        match found {
            Some(living) => Thread::Of(living),
            None if threaded.complete => Thread::No,
            None => Thread::Hidden,
        }
    }
}

/// The fates of processes that the kernel recorded, looked up together.
#[derive(Debug, Default)]
pub struct LookedUp(HashMap<(Pid, Timestamp), Recorded>);

impl LookedUp {
    pub fn new(all: impl IntoIterator<Item = (Pid, Timestamp)>) -> Self {
        let all: BTreeSet<(Pid, Timestamp)> = all.into_iter().filter(|(pid, _)| !pid.is_none()).collect();
        if all.is_empty() {
            return Self::default();
        }
        let found = probe::run(|| {
            let mut processes = Processes::new();
            all.iter().map(|(pid, time)| processes.recorded(*pid, *time)).collect::<Vec<_>>()
        });
        Self(all.into_iter().zip(found).collect())
    }

    /// The fate of one of them; None if it was not looked up.
    pub fn of(&self, pid: Pid, time: Timestamp) -> Option<&Recorded> {
        self.0.get(&(pid, time))
    }
}

/// When the first process started, by the present clock.
fn first_start(boot: i64) -> Option<i64> {
    if namespace::is_initial_pid() {
        return Some(boot);
    }
    let first = identity::read(1).ok()?;
    boot.checked_add(i64::try_from(first.started / procfs::ticks_per_second().max(1)).ok()?)
}

/// When the first device files were made, by the clock of then. The kernel does that right after its start, and whoever
/// starts a container right after that of its first process.
fn first_device() -> Option<i64> {
    let file = fs::metadata("/dev/null").ok()?;
    let made = file.created().or_else(|_| file.modified()).ok()?;
    i64::try_from(made.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// By how much the clock was set forward: the start of the first process has moved behind what was done right after it.
/// A file that was made long after tells nothing of what was before, and nothing follows from a jump that is hidden by
/// its youth.
fn set_forward(first: Option<i64>, made: Option<i64>) -> i64 {
    match first.zip(made).map(|(first, made)| first.saturating_sub(made)) {
        // A step of a few seconds does not show.
        Some(forward) if forward >= -AT_ONCE => forward.max(SLACK),
        _ => UNKNOWN,
    }
}

/// By how much the clock was set back: what was done right after the start of the first process seems to have been
/// done long after. Files that are much older than that process tell nothing.
fn set_back(first: Option<i64>, made: Option<i64>) -> i64 {
    match first.zip(made).map(|(first, made)| made.saturating_sub(first)) {
        Some(back) if back.abs() <= AT_ONCE => back.max(SLACK),
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::{ClockSet, Gone, Processes, Recorded, SLACK, UNKNOWN, Unknown, set_back, set_forward};
    use crate::sys::clock::now;
    use crate::sys::{Pid, Timestamp};

    fn own() -> Pid {
        Pid::new(std::process::id().cast_signed())
    }

    #[test]
    fn only_a_process_that_was_there_counts() {
        let mut processes = Processes { forward: 0, ..Processes::new() };
        let mut at = |pid, seconds, comparable| processes.recorded_if(comparable, pid, Timestamp::new(seconds));
        assert!(matches!(at(own(), now(), true), Recorded::Alive(_)));
        assert!(matches!(at(own(), 5, true), Recorded::Gone(Gone::Reused(_, later)) if later > 1_000_000));
        assert!(matches!(at(own(), 5, false), Recorded::Unknown(Unknown::Incomparable(_))));
        assert_eq!(at(Pid::new(i32::MAX), now(), false), Recorded::Gone(Gone::NoSuch));
    }

    #[test]
    fn a_clock_set_forward_makes_processes_look_young() {
        let forward = |first, made| set_forward(Some(first), Some(made));
        assert_eq!([forward(1000, 1001), forward(1000, 998), forward(1000, 1060)], [SLACK; 3]);
        assert_eq!(forward(5000, 1000), 4000);
        // Made later, in a container or for a service of its own: the clock of before is not known.
        assert_eq!([forward(1000, 1061), set_forward(None, Some(1000)), set_forward(Some(1000), None)], [UNKNOWN; 3]);
        let mut processes = Processes { forward: 1_000_000, ..Processes::new() };
        let started = processes.time_of(crate::proc::identity::read(own().raw()).unwrap().started).unwrap();
        let mut at = |earlier| processes.recorded_if(true, own(), Timestamp::new(started - earlier));
        assert!(matches!(at(1), Recorded::Alive(_)));
        assert!(matches!(at(2), Recorded::Unknown(Unknown::SetForward(_, 2))));
        assert!(matches!(at(1_000_001), Recorded::Unknown(Unknown::SetForward(..))));
        assert!(matches!(at(1_000_002), Recorded::Gone(Gone::Reused(..))));
    }

    #[test]
    fn a_clock_set_back_makes_processes_look_old() {
        let back = |first, made| set_back(Some(first), Some(made));
        assert_eq!([back(1000, 1001), back(1000, 998)], [SLACK; 2]);
        assert_eq!(back(1000, 1030), 30);
        assert_eq!([back(1000, 1061), back(5000, 1000), set_back(None, Some(1))], [UNKNOWN; 3]);
    }

    #[test]
    fn times_out_of_bounds_show_that_the_clock_was_set() {
        let processes = Processes::new();
        let set = |times: &[i64]| processes.clock_set(times.iter().map(|&time| Timestamp::new(time)));
        let boot = processes.boot.unwrap();
        assert_eq!(set(&[0, now(), boot, now() + 2]), None);
        assert_eq!(set(&[now(), boot - 3]), Some(ClockSet::BeforeBoot));
        assert_eq!(set(&[now() + 60]), Some(ClockSet::InFuture));
    }
}
