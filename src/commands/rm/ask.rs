//! Asking before objects in use are removed.

use std::collections::HashSet;

use super::candidates::Candidate;
use crate::commands::shared::judging;
use crate::kind::model::{Object, ObjectId};
use crate::listing::query;
use crate::object::inventory;
use crate::output::prompt::confirm;
use crate::render::escape::escape;
use crate::usage::text;

/// Objects in use that a question names one by one.
const NAMED: usize = 10;

/// Asks about objects in use, if there are any. Returns the objects as they were last seen, or none when the
/// answer is no.
///
/// An answer may take long: what has come into use meanwhile was not asked about, so it is asked about again.
pub(super) fn confirmed(candidates: &[Candidate<'_>]) -> Option<Vec<Object>> {
    let mut objects: Vec<Object> = candidates.iter().map(|candidate| candidate.found.object).collect();
    let mut known: HashSet<ObjectId> = HashSet::new();
    let criteria = judging::usual();
    loop {
        let unknown: Vec<Object> = objects.iter().filter(|object| !known.contains(&object.id)).copied().collect();
        let (_, uses) = query::ask(&unknown, &criteria, |judge, object, usage| {
            let living = || judge.living_user(object, usage).map(|evidence| escape(&evidence.fact()).into_owned());
            text::in_use(object, Some(usage)).or_else(living)
        });
        let asked = candidates.iter().filter(|candidate| !known.contains(&candidate.found.object.id));
        let used: Vec<(ObjectId, String)> = asked
            .zip(uses)
            .filter_map(|(candidate, how)| Some((candidate.found.object.id, format!("{}: {}", candidate.found, how?))))
            .collect();
        if used.is_empty() {
            return Some(objects);
        }
        if !confirm(&question(candidates.len(), &used)).unwrap_or(true) {
            return None;
        }
        known.extend(used.iter().map(|(id, _)| *id));
        for object in &mut objects {
            // What the candidates were at the first look still decides; this is about use alone.
            if let Ok(Some(now)) = inventory::look(object.id) {
                *object = now;
            }
        }
    }
}

fn question(all: usize, used: &[(ObjectId, String)]) -> String {
    let mut question = used.iter().take(NAMED).map(|(_, how)| how.as_str()).collect::<Vec<_>>().join("\n");
    if used.len() > NAMED {
        question.push_str(&format!("\nand {} more", used.len() - NAMED));
    }
    let what = match (all, used.len()) {
        (1, _) => "Remove it?".to_owned(),
        (all, 1) => format!("Remove all {all} objects, this one too?"),
        (all, some) => format!("Remove all {all} objects, these {some} too?"),
    };
    format!("{question}\n{what}")
}
