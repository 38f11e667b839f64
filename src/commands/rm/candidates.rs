//! What is to be removed, found before anything is.

use std::collections::HashSet;

use crate::archive::save::Saved;
use crate::commands::shared::targets::Target;
use crate::error::{Error, Status};
use crate::kind::model::ObjectId;
use crate::kind::system_v::Part;
use crate::object::fingerprint::Fingerprint;
use crate::object::reference::Resolved;

/// Something to be removed.
pub(super) struct Candidate<'a> {
    target: &'a Target,
    /// As it was at the first look.
    pub(super) found: Resolved<'a>,
    /// The copy that was made of it.
    pub(super) saved: Option<Saved>,
}

impl Candidate<'_> {
    /// What it must still be when it goes.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.target.fingerprint(&self.found.object)
    }
}

/// Something that cannot be.
pub(super) enum Missing {
    /// It was listed and is gone since.
    Gone(ObjectId),
    /// There is no such object.
    Absent(String, Error),
    /// It cannot be looked at, or a file is missing that would tell its key: it may well be there.
    Failed(String, Error),
}

/// Finds everything before anything is removed, in the order in which it goes: queues, sets, segments.
pub(super) fn resolve(targets: &[Target]) -> (Vec<Candidate<'_>>, Vec<Missing>) {
    let mut candidates = Vec::with_capacity(targets.len());
    let mut missing = Vec::new();
    for target in targets {
        match target.resolve() {
            Ok(Some(found)) => candidates.push(Candidate { target, found, saved: None }),
            Ok(None) => missing.extend(target.listed().map(Missing::Gone)),
            Err(error) if error.status() == Status::NotFound && target.is_definite() => {
                missing.push(Missing::Absent(target.text(), error));
            }
            Err(error) => missing.push(Missing::Failed(target.text(), error)),
        }
    }
    drop_repeated(&mut candidates);
    candidates.sort_by_key(|candidate| match candidate.found.object.system_v() {
        Some(Part::Queue(_)) => 0,
        Some(Part::Set(_)) => 1,
        Some(Part::Segment(_)) | None => 2,
    });
    (candidates, missing)
}

/// Named twice, it is removed once. The first stays where it is.
fn drop_repeated(candidates: &mut Vec<Candidate<'_>>) {
    let mut places: Vec<(ObjectId, usize)> =
        candidates.iter().enumerate().map(|(place, candidate)| (candidate.found.object.id, place)).collect();
    places.sort_unstable();
    let repeated: HashSet<usize> =
        places.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).collect();
    if !repeated.is_empty() {
        let mut place = 0..;
        candidates.retain(|_| place.next().is_none_or(|place| !repeated.contains(&place)));
    }
}
