//! Removal: of objects that are named, and of those that are chosen because nobody uses them.
//!
//! # The lock-out
//!
//! Between a look and a removal another process may come. So an object is first judged without being touched, then
//! locked: its mode becomes 0000, and who is not privileged can no longer get in. When every call that had passed the
//! permission check before has had its effect ([`barrier`](crate::sys::barrier)), it is looked at again, and everybody
//! who could use it is looked for again. Only what then still is as it was judged is removed; the rest gets its mode
//! back. What is locked is on record, so that a run that is killed leaves nothing locked for long.
//!
//! Being locked is felt: a process that opens the object in that moment is refused, and one asleep in msgrcv(2) would
//! be. Nothing of that happens to objects somebody was seen to use.
//!
//! A segment is attached, read-only, when all is decided and where the caller may: its identifier then cannot come to
//! mean another segment before the removal, however long this process is kept from running. Attached earlier, it would
//! hide what tells of others: the time of the last attach and its process.

mod checks;
pub mod choose;
pub mod freed;
mod judges;
mod locked;
mod lockout;
mod other_runs;
mod pace;
mod pin;
pub mod plan;
pub mod remove;

use std::fmt;
use std::rc::Rc;

pub use judges::may_be_in_use;
pub use lockout::Lockout;

use crate::error::Error;
use crate::kind::model::Object;
use crate::usage::criteria::Criteria;
use crate::usage::state::State;
use crate::usage::users::Usage;

#[derive(Clone, Debug)]
pub struct Candidate {
    /// As it was judged.
    pub object: Object,
    /// As it must be found: the same, unless something of our own has touched it since, as saving it may.
    pub expected: Object,
    /// Who used it when it was judged.
    pub usage: Usage,
    /// What must still be true of it.
    pub condition: Condition,
    /// What else must be true right before it is locked.
    pub check: Option<Check>,
}

/// A look at an object that only who knows more of it can take: whether a copy of it still is one.
#[derive(Clone)]
pub struct Check(Rc<Look>);

/// Why an object is to be kept, in words.
type Look = dyn Fn(&Object) -> Result<(), String>;

impl Check {
    /// A check, which is given the object as it must be found; its error says in words why the object is to be kept.
    pub fn new(look: impl Fn(&Object) -> Result<(), String> + 'static) -> Self {
        Self(Rc::new(look))
    }

    fn pass(&self, expected: &Object) -> Result<(), String> {
        (self.0)(expected)
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Check")
    }
}

impl Candidate {
    /// An object as it was just judged.
    #[must_use]
    pub fn new(object: Object, usage: Usage, condition: Condition) -> Self {
        Self { object, expected: object, usage, condition, check: None }
    }

    /// A copy of it was made, which left it as `object`; `check` tells whether the copy still is one.
    pub fn copied(&mut self, object: Object, check: Check) {
        self.expected = object;
        self.check = Some(check);
    }
}

/// What must be true of an object for it to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// That it is in this state, judged so.
    State(State, Criteria),
    /// That its creator is gone and its only living user has detached it, judged so.
    CreatorGone(Criteria),
    /// That nobody uses it and no living process may, judged so; the grace age does not matter.
    Unused(Criteria),
}

impl Condition {
    /// By what it is judged.
    #[must_use]
    pub const fn criteria(&self) -> &Criteria {
        match self {
            Self::State(_, criteria) | Self::CreatorGone(criteria) | Self::Unused(criteria) => criteria,
        }
    }
}

#[derive(Debug)]
pub enum Outcome {
    Removed,
    /// It is a segment that is marked for removal and goes at its last detach.
    WillGo {
        nattch: u64,
        /// Whether somebody had removed it before.
        already: bool,
        /// Who has it, as far as can be seen.
        usage: Box<Usage>,
    },
    /// Somebody else has removed it.
    Gone,
    /// It is not what it was looked at or judged to be; the sentence says how.
    Kept(String),
    /// It could not be removed, or its mode could not be given back.
    Failed(Error),
}
