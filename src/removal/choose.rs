//! Chooses what `clean` removes, says what stays and why, and removes what was chosen.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::journal::access;
use crate::journal::folder::Places;
use crate::journal::record::Record;
use crate::kind::field::Needs;
use crate::kind::model::{Object, ObjectId};
use crate::kind::system_v::Part;
use crate::listing::query::{Analysis, query};
use crate::listing::select::Selection;
use crate::object::permission::is_mine;
use crate::proc::capabilities::is_system_administrator;
use crate::removal::{Candidate, Condition, Lockout, Outcome};
use crate::sys::signals::blocked::BlockedSignals;
use crate::usage::criteria::Criteria;
use crate::usage::possible::answer::Candidate as MayKnow;
use crate::usage::state::{Judgement, State};

/// States that `clean` never takes.
pub const NEVER: [State; 2] = [State::Doomed, State::Active];

/// What decides what goes, besides the selection.
pub struct CleanPolicy<'a> {
    pub states: Vec<State>,
    /// Segments whose creator is gone, whatever the states.
    pub creator_gone: bool,
    /// Queues with unread messages too.
    pub unread: bool,
    /// The line of the keep list that keeps an object.
    pub keeps: &'a dyn Fn(&Object) -> Option<usize>,
}

/// What could go, and what stays.
#[derive(Debug, Default)]
pub struct Choice {
    /// In the order in which they go: queues, sets, segments.
    pub candidates: Vec<Candidate>,
    pub analysis: Analysis,
    pub skipped: Skipped,
    /// What the listing lacks and why, a sentence each.
    pub losses: Vec<String>,
}

/// What stays, and why.
#[derive(Debug, Default)]
pub struct Skipped {
    pub by_state: BTreeMap<State, u64>,
    /// How many of those that are unknown each program may know, by its name and user.
    pub may_know: BTreeMap<String, u64>,
    pub not_yours: u64,
    pub unread: u64,
    /// By a line of the keep list.
    pub kept: BTreeMap<usize, Vec<ObjectId>>,
    /// They cannot be locked; why.
    pub cannot_lock: Vec<(ObjectId, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    State(State),
    /// The caller may not remove it.
    NotYours,
    Unread,
    /// By that line of the keep list.
    Kept(usize),
    /// It cannot be locked; why.
    CannotLock(String),
}

impl Skipped {
    fn add(&mut self, id: ObjectId, why: SkipReason) {
        match why {
            SkipReason::State(state) => *self.by_state.entry(state).or_default() += 1,
            SkipReason::NotYours => self.not_yours += 1,
            SkipReason::Unread => self.unread += 1,
            SkipReason::Kept(line) => self.kept.entry(line).or_default().push(id),
            SkipReason::CannotLock(why) => self.cannot_lock.push((id, why)),
        }
    }

    /// How many stay for each reason, under the names that JSON has for them.
    #[must_use]
    pub fn numbers(&self) -> Vec<(&'static str, u64)> {
        let states = State::ALL.map(|state| (state.word(), self.by_state.get(&state).copied().unwrap_or(0)));
        let kept = self.kept.values().map(|ids| ids.len() as u64).sum();
        let others = [
            ("not_yours", self.not_yours),
            ("unread", self.unread),
            ("kept", kept),
            ("unclosable", self.cannot_lock.len() as u64),
        ];
        states.into_iter().chain(others).collect()
    }
}

/// Chooses among the objects that `selection` takes, whatever states it names.
///
/// # Errors
/// When the kernel has no System V IPC, or none of the ways to list works.
pub fn choose(selection: &Selection, policy: &CleanPolicy<'_>) -> Result<Choice> {
    // All are judged, so that the report can say what stays.
    let all_states = Selection { state: Vec::new(), ..selection.clone() };
    let listing = query(&all_states, Needs::STATES)?;
    let losses = listing.losses.into_iter().chain(listing.doubts).collect();
    let mut choice = Choice { analysis: listing.analysis, losses, ..Choice::default() };
    let admin = is_system_administrator();
    for object in listing.objects {
        let Some(judgement) = choice.analysis.judgement(object.id) else { continue };
        match skip_reason(&object, judgement, policy, admin) {
            Some(why) => {
                let known_to = judgement.may_know.iter().flat_map(|may_know| &may_know.candidates);
                let programs: BTreeSet<String> = known_to.map(MayKnow::program).collect();
                for program in programs {
                    *choice.skipped.may_know.entry(program).or_default() += 1;
                }
                choice.skipped.add(object.id, why);
            }
            None => {
                let usage = choice.analysis.usage(object.id).cloned().unwrap_or_default();
                let mut candidate = Candidate::new(object, usage, policy.condition(judgement, &selection.criteria));
                if let Some(closed) = listing.closed.iter().find(|closed| closed.id == object.id) {
                    candidate.expected = *closed;
                }
                choice.candidates.push(candidate);
            }
        }
    }
    sort(&mut choice.candidates);
    Ok(choice)
}

impl CleanPolicy<'_> {
    /// What must still be true, judged by `criteria`, of an object that was judged so when it goes.
    pub fn condition(&self, judgement: &Judgement, criteria: &Criteria) -> Condition {
        if self.takes_creator_gone(judgement) {
            Condition::CreatorGone(criteria.clone())
        } else {
            Condition::State(judgement.state, criteria.clone())
        }
    }

    fn takes_creator_gone(&self, judgement: &Judgement) -> bool {
        self.creator_gone && judgement.creator_gone
    }
}

/// Why `object`, which was judged so, stays; `admin` is who may remove everybody's. None when it may go.
pub fn skip_reason(
    object: &Object,
    judgement: &Judgement,
    policy: &CleanPolicy<'_>,
    admin: bool,
) -> Option<SkipReason> {
    let state = judgement.state;
    if NEVER.contains(&state) || !(policy.states.contains(&state) || policy.takes_creator_gone(judgement)) {
        return Some(SkipReason::State(state));
    }
    if !(admin || is_mine(object)) {
        return Some(SkipReason::NotYours);
    }
    if let Some(line) = (policy.keeps)(object) {
        return Some(SkipReason::Kept(line));
    }
    if !policy.unread && object.as_queue().is_some_and(|queue| queue.qnum > 0) {
        return Some(SkipReason::Unread);
    }
    access::obstacle(object).map(SkipReason::CannotLock)
}

/// Puts candidates in the order in which they go: an interrupted run leaves no set without its segment. Large sets, which
/// take long, come after the small ones.
pub fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by_key(|candidate| match candidate.object.system_v() {
        Some(Part::Queue(_)) => (0, 0),
        Some(Part::Set(set)) => (1, set.nsems),
        Some(Part::Segment(_)) | None => (2, 0),
    });
}

/// A step that comes before the first candidate is locked, such as saving all of them. If it touches a candidate it looks
/// at it again, and sets [`Candidate::expected`]. An error ends all, and nothing is removed.
pub type BeforeRemoval<'a> = dyn FnMut(&mut [Candidate]) -> Result<()> + 'a;

/// Removes the candidates, some at a time, and tells `each` what became of it.
///
/// When a signal asks to end, what is locked is removed or unlocked, and the rest is left. The signal is still held
/// back then: dropping what is returned lets it in.
///
/// # Errors
/// Before anything is touched: when `before` fails, or no record can be kept.
pub fn carry_out(
    candidates: &mut [Candidate],
    before: &mut BeforeRemoval<'_>,
    each: &mut dyn FnMut(&Candidate, Outcome),
) -> Result<Option<BlockedSignals>> {
    if candidates.is_empty() {
        return Ok(None);
    }
    before(candidates)?;
    let mut record = Record::begin(&Places::usual())?;
    let mut lockout = Lockout::new(candidates, &mut record);
    loop {
        let held = BlockedSignals::block();
        let Some((batch, outcomes)) = lockout.next_batch() else { return Ok(None) };
        batch.iter().zip(outcomes).for_each(|(candidate, outcome)| each(candidate, outcome));
        if held.is_asked_to_end() {
            return Ok(Some(held));
        }
    }
}

/// As an error for a report: that an object is kept, and why.
#[must_use]
pub fn kept(id: ObjectId, reason: &str) -> Error {
    Error::cannot(crate::error::Status::Refused, &format!("remove {id}"), reason, Some("kept"))
}
