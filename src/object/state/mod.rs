//! What can be concluded about an object: its state, and the evidence for it.
//!
//! The idea is that of garbage collection: a key is a root, and so is a living process that the kernel recorded. What
//! the kernel does not record, or does not show, makes an object's state unknown: never gone.

mod logout;
mod records;
mod sets;
mod wording;

use std::time::Duration;

use super::model::{Kind, Object};
use super::users::Usage;
use crate::proc::recorded::{ClockSet, Processes};
use crate::sys::clock::now;
use logout::Logout;
use records::{Finding, Records};
use wording::{ago, fact, span};

/// How young an object's activity may be for it to count as in use, unless the user says otherwise.
pub const GRACE: Duration = Duration::from_secs(600);

/// The states; the first that fits is an object's. The words are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// A removed segment that is still attached.
    Doomed,
    /// Attached, or a thread waits on it.
    Active,
    /// What would decide is hidden or was never recorded.
    Unknown,
    /// A recorded user lives, or its last activity is within the grace age.
    Idle,
    /// All recorded users are gone, and its key lets a new process find it.
    Dormant,
    /// All recorded users are gone, and nobody can find it again.
    Orphan,
}

impl State {
    /// In the order in which they are tried.
    pub const ALL: [Self; 6] = [Self::Doomed, Self::Active, Self::Unknown, Self::Idle, Self::Dormant, Self::Orphan];

    /// The word on the command line, in tables and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Doomed => "doomed",
            Self::Active => "active",
            Self::Unknown => "unknown",
            Self::Idle => "idle",
            Self::Dormant => "dormant",
            Self::Orphan => "orphan",
        }
    }

    /// The state that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A fact that speaks for a state, in words a person can check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What is so: `creator 812 (postgres) lives`. Not yet escaped.
    pub fact: String,
    /// Where that can be looked up: `nattch`, `/proc/812/stat`.
    pub source: String,
}

/// A state and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it comes to.
    pub state: State,
    /// Why, the decisive fact first.
    pub evidence: Vec<Evidence>,
    /// Command name of a recorded user that lives, not yet escaped.
    pub command: Option<String>,
}

/// Judges objects; remembers what it found out about processes, so that each is looked up once. What happens later
/// to a process that it found alive, it does not see: judge anew before acting.
#[derive(Debug)]
pub struct Judge {
    /// Activity younger than this keeps an object from being dormant or an orphan.
    grace: Duration,
    processes: Processes,
    logout: Logout,
    /// Semaphores asked about so far.
    semaphores: u64,
}

impl Judge {
    /// A judge of this moment.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self { grace, processes: Processes::new(), logout: Logout::default(), semaphores: 0 }
    }

    /// What can be concluded about `object`, as it was just seen, used as `usage` says.
    pub fn judge(&mut self, object: &Object, usage: &Usage) -> Judgement {
        let records = Records::of(object);
        let clock = self.processes.clock_set(records.times.iter().map(|(_, time)| *time));
        let mut judgement = self.conclude(object, usage, &records, clock);
        if matches!(judgement.state, State::Doomed | State::Active) {
            judgement.command = self.command(object, usage, &records, clock.is_none());
        }
        if let Some(clock) = clock {
            judgement.evidence.push(wording::clock_set(clock));
        }
        if judgement.state != State::Doomed
            && let Some(removed) = self.logout.removes(object)
        {
            judgement.evidence.push(removed);
        }
        judgement
    }

    /// The command name of a recorded user that lives, or of one that was found.
    fn command(&mut self, object: &Object, usage: &Usage, records: &Records, comparable: bool) -> Option<String> {
        let mut finding = Finding::default();
        for record in &records.users {
            self.look_up(record, object, comparable, &mut finding);
        }
        let holders = usage.holders.iter().map(|holder| &holder.process);
        let found = holders.chain(usage.waiters.iter().map(|waiter| &waiter.process));
        finding.command.or_else(|| found.map(|process| process.command.clone()).next())
    }

    fn conclude(&mut self, object: &Object, usage: &Usage, records: &Records, clock: Option<ClockSet>) -> Judgement {
        if object.is_doomed() {
            return wording::doomed(object, usage);
        }
        let nattch = object.as_segment().map_or(0, |segment| segment.nattch);
        if nattch > 0 {
            return found(State::Active, vec![wording::attached(nattch, usage)]);
        }
        if let Some(evidence) = wording::waiting(usage) {
            return found(State::Active, vec![evidence]);
        }
        let mut finding = Finding::default();
        match object.kind() {
            Kind::Shm => {}
            Kind::Msg if usage.hidden_waiters.is_none() => {
                let why = usage.hidden_why.as_deref().unwrap_or("threads may not be looked into");
                let text = format!("whether a thread waits on it cannot be known: {why}");
                // No matter, when somebody is known to use it.
                finding.doubts.push(fact(text, "/proc/PID/task/TID/syscall"));
            }
            Kind::Msg => {}
            Kind::Sem => match self.ask_set(object, usage, &mut finding, clock.is_none()) {
                Ok(None) => {}
                Ok(Some(active)) => return found(State::Active, vec![active]),
                Err(doubt) => return found(State::Unknown, vec![doubt]),
            },
        }
        for record in &records.users {
            self.look_up(record, object, clock.is_none(), &mut finding);
        }
        self.weigh(object, records, clock, finding)
    }

    /// What the recorded users come to.
    fn weigh(&self, object: &Object, records: &Records, clock: Option<ClockSet>, finding: Finding) -> Judgement {
        let Finding { alive, doubts, gone, command } = finding;
        if !alive.is_empty() {
            // Whoever else used it changes nothing.
            return Judgement { state: State::Idle, evidence: alive, command };
        }
        if !doubts.is_empty() {
            return Judgement { state: State::Unknown, evidence: [doubts, gone].concat(), command };
        }
        if gone.is_empty() {
            return found(State::Unknown, vec![records.nobody()]);
        }
        let (what, activity) = records.latest();
        let grace = i64::try_from(self.grace.as_secs()).unwrap_or(i64::MAX);
        // A time yet to come counts as now.
        let age = now().saturating_sub(activity.seconds()).max(0);
        let last = fact(format!("{} {}; grace is {}", what.phrase, ago(age), span(grace)), what.field);
        if Duration::from_secs(age.unsigned_abs()) < self.grace {
            return found(State::Idle, [vec![last], gone].concat());
        }
        if clock == Some(ClockSet::BeforeBoot) && grace > 0 {
            let text = format!("all users are gone, but for how long cannot be known; grace is {}", span(grace));
            return found(State::Unknown, [vec![fact(text, what.field)], gone].concat());
        }
        let (state, key) = if object.perm.key.is_private() {
            (State::Orphan, fact("private: no new process can find it".to_owned(), "key"))
        } else {
            (State::Dormant, fact(format!("key {} lets a new process find it", object.perm.key), "key"))
        };
        found(state, [gone, vec![key, last]].concat())
    }
}

fn found(state: State, evidence: Vec<Evidence>) -> Judgement {
    Judgement { state, evidence, command: None }
}

#[cfg(test)]
mod tests;
