//! Removing one object after the other, and saying what became of each.

use std::collections::HashMap;

use super::super::judging;
use super::super::report::{Outcome, Report};
use super::candidates::Candidate;
use crate::error::{Error, Result, Status};
use crate::object::cleaning;
use crate::object::closing::{self, Fate};
use crate::object::model::Object;
use crate::object::reference::Resolved;
use crate::object::removal::{self, Removal};
use crate::object::rights;
use crate::object::survey;
use crate::object::users::{Users, words};
use crate::sys::held_signals::HeldSignals;

/// What to do about an object that may be in use.
const KEPT_IN_USE: &str = "kept; stop what uses it first, or rm without --if-unused";

/// Removes what nobody uses, closed to newcomers while that is looked into.
pub(super) fn remove_unused(
    candidates: &[Candidate<'_>],
    dry_run: bool,
    report: &mut Report,
) -> Result<Option<HeldSignals>> {
    let objects: Vec<Object> = candidates.iter().map(|candidate| candidate.found.object).collect();
    let criteria = judging::usual();
    let (users, objections) = survey::ask(&objects, &criteria, |judge, object, usage| {
        let objection = || judge.objection(object, usage).map(|evidence| closing::may_be_in_use(&evidence));
        words::maybe_in_use(object, usage).or_else(objection)
    });
    let mut unused = Vec::new();
    let mut names = HashMap::new();
    for (candidate, in_use) in candidates.iter().zip(objections) {
        let (object, found) = (&candidate.found.object, &candidate.found);
        let usage = users.of(object.id).cloned().unwrap_or_default();
        match removal::foresee(&candidate.fingerprint, object) {
            Removal::Kept(reason) => kept(found, reason, "kept; list it again", report),
            _ if in_use.is_some() => kept(found, in_use.unwrap_or_default(), KEPT_IN_USE, report),
            _ if dry_run => remove(candidate, true, &users, report),
            _ => {
                names.insert(object.id, found.to_string());
                let mut one = closing::Candidate::new(*object, usage, closing::Rule::Unused(criteria.clone()));
                if let Some(saved) = &candidate.saved {
                    one.copied(saved.object, saved.check());
                }
                unused.push(one);
            }
        }
    }
    let held = cleaning::carry_out(&mut unused, &mut |_| Ok(()), &mut |candidate, fate| {
        let id = candidate.object.id;
        let name = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        fate_told(&name, &candidate.object, fate, report);
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

/// Says what became of an object that was closed, by the name `name`.
pub(in crate::commands) fn fate_told(name: &str, object: &Object, fate: Fate, report: &mut Report) {
    match fate {
        Fate::Removed => report.done(object, Outcome::Removed, true, format_args!("removed {name}")),
        Fate::Gone => report.done(object, Outcome::Gone, false, format_args!("{name} was already gone")),
        Fate::WillGo { nattch, usage } => {
            let who = words::will_go(nattch, Some(&usage));
            report.done(object, Outcome::WillGo, true, format_args!("marked {name}, which {who}"));
        }
        Fate::Kept(reason) => {
            let error = Error::cannot(Status::Refused, &format!("remove {name}"), reason, Some("kept"));
            report.failed(name, Some(object), Outcome::Kept, &error);
        }
        Fate::Failed(error) => report.failed(name, Some(object), Outcome::Failed, &error),
    }
}

/// Removes one, if it still is what was looked at, and what was saved.
pub(super) fn remove(candidate: &Candidate<'_>, dry_run: bool, users: &Users, report: &mut Report) {
    let Candidate { found, fingerprint, saved } = candidate;
    let object = &found.object;
    let changed = saved.as_ref().and_then(|saved| saved.unchanged().err());
    if let Some(reason) = changed {
        return kept(found, reason, "kept", report);
    }
    let result = if dry_run {
        rights::foresee(object, &format!("remove {found}")).map(|()| removal::foresee(fingerprint, object))
    } else {
        removal::remove(fingerprint, found)
    };
    match result {
        Ok(Removal::Removed) => {
            let what = if dry_run { "would remove" } else { "removed" };
            report.done(object, Outcome::Removed, true, format_args!("{what} {found}"));
        }
        Ok(Removal::WillGo { nattch, already }) => {
            let mut line = match (dry_run, already) {
                (_, true) => format!("{found} was removed before and"),
                (true, false) => format!("would mark {found}, which"),
                (false, false) => format!("marked {found}, which"),
            };
            line.push(' ');
            line.push_str(&words::will_go(nattch, users.of(object.id)));
            report.done(object, Outcome::WillGo, !already, &line);
        }
        Ok(Removal::Gone) => report.done(object, Outcome::Gone, false, format_args!("{found} was already gone")),
        Ok(Removal::Kept(reason)) => {
            kept(found, reason, "kept; list it again", report);
        }
        Err(error) => report.failed(&found.to_string(), Some(object), Outcome::Failed, &error),
    }
}
