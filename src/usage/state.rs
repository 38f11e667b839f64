//! The states that an object can be in, and the evidence for them.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::kind::recorded::{Activity, Deed};
use crate::sys::{Key, Pid};
use crate::usage::possible::answer::MayKnow;

/// The states; the first that fits is an object's. The words are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// A fact that speaks for a state, in words a person can check: [`Evidence::fact`] and [`Evidence::source`]. What is found
/// of many objects is put in words when somebody asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// Said already.
    Words(Rc<Words>),
    /// The kernel has recorded this number for this deed, and there is no such process.
    NoProcess(Deed, Pid),
    /// What was done last, so many seconds ago, and the grace age in seconds.
    Last(&'static Activity, i64, i64),
    /// The key, by which a new process can find the object, unless it is private.
    Key(Key),
    /// On the way from a probe: the number of words that many have.
    Shared(u32),
}

/// A fact in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What is so: `creator 812 (postgres) lives`. Not yet escaped.
    pub fact: String,
    /// Where that can be looked up: `nattch`, `/proc/812/stat`.
    pub source: String,
}

/// Why a state is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// A living process may know the object.
    MayKnow,
    /// What would decide is hidden.
    Hidden,
    /// Nobody has used it yet.
    NeverUsed,
    /// The clock was set.
    Clock,
}

impl Why {
    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::MayKnow => "may_know",
            Self::Hidden => "hidden",
            Self::NeverUsed => "never_used",
            Self::Clock => "clock",
        }
    }
}

/// A state and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// What it comes to.
    pub state: State,
    /// Why, the decisive fact first.
    pub evidence: Vec<Evidence>,
    /// Command name of a recorded user that lives, not yet escaped.
    pub command: Option<String>,
    /// Why it is unknown, if it is.
    pub unknown: Option<Why>,
    /// The living processes that may use it, where they decided.
    pub may_know: Option<Rc<MayKnow>>,
    /// The creator of a private segment is gone, and the only living process that may use it has detached it.
    pub creator_gone: bool,
}

pub(super) fn found(state: State, evidence: Vec<Evidence>) -> Judgement {
    Judgement { state, evidence, command: None, unknown: None, may_know: None, creator_gone: false }
}

pub(super) fn unknown(why: Why, evidence: Vec<Evidence>) -> Judgement {
    Judgement { unknown: Some(why), ..found(State::Unknown, evidence) }
}
