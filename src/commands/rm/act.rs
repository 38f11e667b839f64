//! Removing one object after the other, and saying what became of each.

use std::collections::HashMap;

use super::candidates::Candidate;
use crate::commands::shared::judging;
use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::listing::query;
use crate::object::permission;
use crate::object::reference::Resolved;
use crate::output::report::{Outcome, Report, removal_outcome};
use crate::removal::{self, choose, remove};
use crate::sys::signals::blocked::BlockedSignals;
use crate::usage::text;
use crate::usage::users::Users;

/// What to do about an object that may be in use.
const KEPT_IN_USE: &str = "kept; stop what uses it first, or rm without --if-unused";

/// What to do about an object that is no longer what was looked at.
const LIST_AGAIN: &str = "kept; list it again";

/// Removes what nobody uses, locked while that is looked into.
pub(super) fn remove_unused(
    candidates: &[Candidate<'_>],
    dry_run: bool,
    report: &mut Report,
) -> Result<Option<BlockedSignals>> {
    let objects: Vec<Object> = candidates.iter().map(|candidate| candidate.found.object).collect();
    let criteria = judging::usual();
    let (users, objections) = query::ask(&objects, &criteria, |judge, object, usage| {
        let objection = || judge.objection(object, usage).map(|evidence| removal::may_be_in_use(&evidence));
        text::maybe_in_use(object, usage).or_else(objection)
    });
    let mut unused = Vec::new();
    let mut names = HashMap::new();
    for (candidate, in_use) in candidates.iter().zip(objections) {
        let (object, found) = (&candidate.found.object, &candidate.found);
        let usage = users.of(object.id).cloned().unwrap_or_default();
        match remove::preview(&candidate.fingerprint(), object) {
            removal::Outcome::Kept(reason) => kept(found, reason, LIST_AGAIN, report),
            _ if in_use.is_some() => kept(found, in_use.unwrap_or_default(), KEPT_IN_USE, report),
            _ if dry_run => remove_named(candidate, true, &users, report),
            _ => {
                names.insert(object.id, found.to_string());
                let mut one = removal::Candidate::new(*object, usage, removal::Condition::Unused(criteria.clone()));
                if let Some(saved) = &candidate.saved {
                    one.copied(saved.object, saved.check());
                }
                unused.push(one);
            }
        }
    }
    let held = choose::carry_out(&mut unused, &mut |_| Ok(()), &mut |candidate, outcome| {
        let id = candidate.object.id;
        let name = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        removal_outcome(&name, &candidate.object, outcome, false, report);
    });
    held.or_else(|error| {
        report.failed("rm", None, Outcome::Failed, &error);
        Ok(None)
    })
}

fn kept(found: &Resolved<'_>, reason: String, remedy: &str, report: &mut Report) {
    let error = Error::cannot(Status::Refused, &format!("remove {found}"), reason, Some(remedy));
    report.failed(&found.to_string(), Some(&found.object), Outcome::Kept, &error);
}

/// Removes one, if it still is what was looked at, and what was saved.
pub(super) fn remove_named(candidate: &Candidate<'_>, dry_run: bool, users: &Users, report: &mut Report) {
    let found = &candidate.found;
    let object = &found.object;
    let changed = candidate.saved.as_ref().and_then(|saved| saved.unchanged().err());
    if let Some(reason) = changed {
        return kept(found, reason, "kept", report);
    }
    let mut outcome = if dry_run {
        match permission::preview(object, &format!("remove {found}")) {
            Ok(()) => remove::preview(&candidate.fingerprint(), object),
            Err(error) => removal::Outcome::Failed(error),
        }
    } else {
        remove::remove_if_same(&candidate.fingerprint(), found)
    };
    match &mut outcome {
        removal::Outcome::Kept(reason) => return kept(found, std::mem::take(reason), LIST_AGAIN, report),
        removal::Outcome::WillGo { usage, .. } => **usage = users.of(object.id).cloned().unwrap_or_default(),
        _ => {}
    }
    removal_outcome(found, object, outcome, dry_run, report);
}
