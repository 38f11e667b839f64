//! Removing what restored objects replace.

use std::collections::{HashMap, HashSet};

use super::plan::Planned;
use crate::error::{Error, Result, Status};
use crate::kind::model::ObjectId;
use crate::removal::{Candidate, Condition, Outcome, choose};
use crate::usage::users::{Users, Wants};

/// Objects for which room is made together, as all processes are looked at several times for that.
const MOST: usize = 256;
/// Bytes of their contents: what was replaced is gone until they are there again.
const MOST_BYTES: u64 = 16 << 20;

/// The planned objects in their order, at each step those for which room is made together. One that replaces nothing is
/// alone.
pub(super) fn batches<'p, 'a>(planned: &'p [Planned<'a>]) -> impl Iterator<Item = &'p [Planned<'a>]> {
    let mut rest = planned;
    std::iter::from_fn(move || {
        let mut bytes: u64 = 0;
        let fits = |planned: &&Planned<'_>| {
            bytes = bytes.saturating_add(planned.bytes());
            !planned.replaced.is_empty() && bytes <= MOST_BYTES
        };
        let number = rest.iter().take(MOST).take_while(fits).count().max(1);
        let (batch, left) = rest.split_at(number.min(rest.len()));
        rest = left;
        (!batch.is_empty()).then_some(batch)
    })
}

/// Why some of what was to be replaced is still there.
#[derive(Default)]
pub(super) struct Room(HashMap<ObjectId, (Status, String)>);

impl Room {
    /// Removes what is to be replaced, if it still is what was looked at and nobody uses it: locked while that is looked
    /// into.
    pub(super) fn make(planned: &[&Planned<'_>]) -> Self {
        let mut seen = HashSet::new();
        let mut candidates: Vec<Candidate> = planned
            .iter()
            .flat_map(|planned| planned.replaced.iter().map(|old| (old, &planned.criteria)))
            .filter(|(old, _)| seen.insert(old.id))
            .map(|(old, criteria)| Candidate::new(*old, Default::default(), Condition::Unused(criteria.clone())))
            .collect();
        if candidates.is_empty() {
            return Self::default();
        }
        let objects: Vec<_> = candidates.iter().map(|candidate| candidate.object).collect();
        let users = Users::scan(&objects, Wants::WHO);
        for candidate in &mut candidates {
            candidate.usage = users.of(candidate.object.id).cloned().unwrap_or_default();
        }
        let refused = |id: ObjectId, reason| Error::cannot(Status::Refused, &format!("replace {id}"), reason, None);
        let told = |error: Error| (error.status(), error.to_string());
        // Of those that are left when a signal asks to end.
        let untried = |id| (id, told(refused(id, "a signal came before its turn".to_owned())));
        let mut kept: HashMap<ObjectId, _> = seen.into_iter().map(untried).collect();
        let carried = choose::carry_out(&mut candidates, &mut |_| Ok(()), &mut |candidate, outcome| {
            let id = candidate.object.id;
            let error = match outcome {
                Outcome::Removed | Outcome::Gone => {
                    kept.remove(&id);
                    return;
                }
                Outcome::Kept(reason) => refused(id, reason),
                Outcome::WillGo { .. } => {
                    refused(id, "somebody attached it in that moment; it is marked and goes with him".to_owned())
                }
                Outcome::Failed(error) => error,
            };
            kept.insert(id, told(error));
        });
        if let Err(error) = carried {
            let (status, message) = told(error);
            kept.values_mut().for_each(|why| *why = (status, message.clone()));
        }
        Self(kept)
    }

    /// # Errors
    /// Status 10 when what it replaces has changed or come into use, 4 without the right.
    pub(super) fn check(&self, planned: &Planned<'_>) -> Result<()> {
        let kept = planned.replaced.iter().find_map(|old| self.0.get(&old.id));
        kept.map_or(Ok(()), |(status, message)| Err(Error::Failed { status: *status, message: message.clone() }))
    }
}
