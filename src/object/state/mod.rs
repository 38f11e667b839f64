//! What can be concluded about an object: its state, and the evidence for it.

use std::time::Duration;

use super::model::Object;
use super::users::Usage;

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
    /// What is so: `creator 812 (postgres) lives`.
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
}

/// Judges objects; remembers what it found out about processes.
#[derive(Debug)]
pub struct Judge {
    /// Activity younger than this keeps an object from being dormant or an orphan.
    grace: Duration,
}

impl Judge {
    /// A judge of this moment.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self { grace }
    }

    /// What can be concluded about `object`, as it was just seen, used as `usage` says.
    pub fn judge(&mut self, _object: &Object, _usage: &Usage) -> Judgement {
        let _ = self.grace;
        Judgement { state: State::Unknown, evidence: Vec::new() }
    }
}
