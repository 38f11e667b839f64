//! Cleaning: which objects may go, what is left out and why, and carrying that out.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::journal::access;
use crate::journal::folder::Places;
use crate::journal::record::Record;
use crate::kind::field::Needs;
use crate::kind::model::{Detail, Object, ObjectId};
use crate::listing::query::{Analysis, query};
use crate::listing::select::Selection;
use crate::object::permission::is_mine;
use crate::proc::capabilities::is_system_administrator;
use crate::removal::{self, Candidate, Fate, Judges, Rule};
use crate::sys::signals::blocked::BlockedSignals;
use crate::usage::criteria::Criteria;
use crate::usage::possible::answer::Candidate as MayKnow;
use crate::usage::state::{Judgement, State};

/// States that `clean` never takes.
pub const NEVER: [State; 2] = [State::Doomed, State::Active];

/// What else decides what goes.
pub struct Terms<'a> {
    /// These states.
    pub states: Vec<State>,
    /// Segments whose creator is gone, whatever the states.
    pub creator_gone: bool,
    /// Queues with unread messages too.
    pub unread: bool,
    /// The line of the keep list that keeps an object.
    pub keeps: &'a dyn Fn(&Object) -> Option<usize>,
}

/// What could go, and what is left out.
#[derive(Debug, Default)]
pub struct Choice {
    /// In the order in which they go: queues, sets, segments.
    pub candidates: Vec<Candidate>,
    /// Why.
    pub insights: Analysis,
    /// What stays.
    pub left_out: LeftOut,
    /// What the listing lacks and why, a sentence each.
    pub losses: Vec<String>,
}

/// What stays, and why.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// In other states than those wanted.
    pub by_state: BTreeMap<State, u64>,
    /// How many of those that are unknown each program may know, by its name and user.
    pub may_know: BTreeMap<String, u64>,
    /// The caller may not remove them.
    pub not_yours: u64,
    /// Queues with unread messages.
    pub unread: u64,
    /// By a line of the keep list.
    pub kept: BTreeMap<usize, Vec<ObjectId>>,
    /// They cannot be closed to newcomers.
    pub unclosable: Vec<(ObjectId, String)>,
}

/// Why an object stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// It is in another state.
    State(State),
    /// The caller may not remove it.
    NotYours,
    /// It holds messages.
    Unread,
    /// By that line of the keep list.
    Kept(usize),
    /// It cannot be closed to newcomers; why.
    Unclosable(String),
}

impl LeftOut {
    fn add(&mut self, id: ObjectId, why: Stays) {
        match why {
            Stays::State(state) => *self.by_state.entry(state).or_default() += 1,
            Stays::NotYours => self.not_yours += 1,
            Stays::Unread => self.unread += 1,
            Stays::Kept(line) => self.kept.entry(line).or_default().push(id),
            Stays::Unclosable(why) => self.unclosable.push((id, why)),
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
            ("unclosable", self.unclosable.len() as u64),
        ];
        states.into_iter().chain(others).collect()
    }
}

/// Chooses among the objects that `selection` takes, whatever states it names.
///
/// # Errors
/// When the kernel has no System V IPC, or none of the ways to list works.
pub fn choose(selection: &Selection, terms: &Terms<'_>) -> Result<Choice> {
    // Judged are all of them, so that it can be said what is left out.
    let all_states = Selection { state: Vec::new(), ..selection.clone() };
    let survey = query(&all_states, Needs::STATES)?;
    let losses = survey.losses.into_iter().chain(survey.doubts).collect();
    let mut choice = Choice { insights: survey.analysis, losses, ..Choice::default() };
    let admin = is_system_administrator();
    for object in survey.objects {
        let Some(judgement) = choice.insights.judgement(object.id) else { continue };
        match stays(&object, judgement, terms, admin) {
            Some(why) => {
                let known_to = judgement.may_know.iter().flat_map(|may_know| &may_know.candidates);
                let programs: BTreeSet<String> = known_to.map(MayKnow::program).collect();
                for program in programs {
                    *choice.left_out.may_know.entry(program).or_default() += 1;
                }
                choice.left_out.add(object.id, why);
            }
            None => {
                let usage = choice.insights.usage(object.id).cloned().unwrap_or_default();
                let mut candidate = Candidate::new(object, usage, terms.rule(judgement, &selection.criteria));
                if let Some(closed) = survey.closed.iter().find(|closed| closed.id == object.id) {
                    candidate.expected = *closed;
                }
                choice.candidates.push(candidate);
            }
        }
    }
    sort(&mut choice.candidates);
    Ok(choice)
}

impl Terms<'_> {
    /// What must still be true, judged by `criteria`, of an object that was judged so when it goes.
    pub fn rule(&self, judgement: &Judgement, criteria: &Criteria) -> Rule {
        if self.takes_creator_gone(judgement) {
            Rule::CreatorGone(criteria.clone())
        } else {
            Rule::State(judgement.state, criteria.clone())
        }
    }

    fn takes_creator_gone(&self, judgement: &Judgement) -> bool {
        self.creator_gone && judgement.creator_gone
    }
}

/// Why `object` stays, which was judged so; `admin` is who may remove everybody's. None when it may go.
pub fn stays(object: &Object, judgement: &Judgement, terms: &Terms<'_>, admin: bool) -> Option<Stays> {
    let state = judgement.state;
    if NEVER.contains(&state) || !(terms.states.contains(&state) || terms.takes_creator_gone(judgement)) {
        return Some(Stays::State(state));
    }
    if !(admin || is_mine(object)) {
        return Some(Stays::NotYours);
    }
    if let Some(line) = (terms.keeps)(object) {
        return Some(Stays::Kept(line));
    }
    if !terms.unread && object.as_queue().is_some_and(|queue| queue.qnum > 0) {
        return Some(Stays::Unread);
    }
    access::obstacle(object).map(Stays::Unclosable)
}

/// Puts candidates in the order in which they go: an interrupted run leaves no set without its segment. Large sets, which
/// take long, come after the small ones.
pub fn sort(candidates: &mut [Candidate]) {
    candidates.sort_by_key(|candidate| match &candidate.object.detail {
        Detail::Msg(_) => (0, 0),
        Detail::Sem(set) => (1, set.nsems),
        Detail::Shm(_) => (2, 0),
    });
}

/// What is done with all candidates before the first is touched, such as saving them. What it touches itself it looks
/// at again, and says so in [`Candidate::expected`]. An error ends all, and nothing is removed.
pub type BeforeRemoval<'a> = dyn FnMut(&mut [Candidate]) -> Result<()> + 'a;

/// Removes the candidates, some at a time, and tells `each` what became of it.
///
/// When a signal asks to end, what is closed is removed or opened again, and the rest is left. The signal is still held
/// back then: dropping what is returned lets it in.
///
/// # Errors
/// Before anything is touched: when `before` fails, or no record can be kept.
pub fn carry_out(
    candidates: &mut [Candidate],
    before: &mut BeforeRemoval<'_>,
    each: &mut dyn FnMut(&Candidate, Fate),
) -> Result<Option<BlockedSignals>> {
    if candidates.is_empty() {
        return Ok(None);
    }
    before(candidates)?;
    let mut record = Record::begin(&Places::usual())?;
    let mut judges = Judges::default();
    for batch in removal::batches(candidates) {
        let held = BlockedSignals::block();
        let fates = removal::remove(batch, &mut record, &mut judges);
        batch.iter().zip(fates).for_each(|(candidate, fate)| each(candidate, fate));
        if held.is_asked_to_end() {
            return Ok(Some(held));
        }
    }
    Ok(None)
}

/// As an error for a report: that an object is kept, and why.
#[must_use]
pub fn kept(id: ObjectId, reason: &str) -> Error {
    Error::cannot(crate::error::Status::Refused, &format!("remove {id}"), reason, Some("kept"))
}
