//! Carrying out a plan that was written before.

use std::fs::{Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use super::Prepared;
use crate::commands::shared::judging;
use crate::commands::shared::keep::KeepList;
use crate::error::{Error, Result, Status, os_message};
use crate::kind::field::Needs;
use crate::kind::model::Object;
use crate::listing::query::Analysis;
use crate::object::inventory;
use crate::removal::choose::{self, CleanPolicy, SkipReason};
use crate::removal::plan::{Entry, MOST_BYTES, Plan};
use crate::removal::{Candidate, Condition};
use crate::render::escape::escape_bytes;
use crate::sys::accounts;
use crate::usage::criteria::Criteria;

/// Bits that let group or others change a file.
const OTHERS_WRITE: u32 = 0o022;

/// Compares each object of the plan with what there is now.
pub(super) fn prepare(plan: &Plan, keeps: &dyn Fn(&Object) -> Option<usize>, keep: &KeepList) -> Result<Prepared> {
    let refuse = |reason| Error::cannot(Status::Refused, "carry out the plan", reason, Some("nothing was removed"));
    let bystanders = plan.bystanders().map_err(refuse)?;
    let criteria = judging::criteria(Duration::from_secs(plan.grace), &bystanders);
    let mut prepared = Prepared::nothing();
    let mut found: Vec<(&Entry, Object)> = Vec::new();
    for entry in &plan.objects {
        let Some(id) = entry.object.id() else { continue };
        match inventory::look(id) {
            Ok(Some(object)) => found.push((entry, object)),
            Ok(None) => prepared.gone.push(id),
            Err(errno) => prepared.failed.push((id, inventory::unreadable(id, errno))),
        }
    }
    let objects: Vec<Object> = found.iter().map(|(_, object)| *object).collect();
    prepared.analysis = Analysis::of(&objects, Needs::STATES, &criteria);
    for (entry, object) in found {
        match verdict((plan, entry), &object, &prepared.analysis, &criteria, keeps) {
            Ok(condition) => {
                let usage = prepared.analysis.usage(object.id).cloned().unwrap_or_default();
                prepared.candidates.push(Candidate::new(object, usage, condition));
            }
            Err(Refusal::Differs(reason)) => prepared.kept.push((object, choose::kept(object.id, &reason))),
            Err(Refusal::Listed(line)) => {
                let place = keep.lines.get(line).map_or("", |line| line.place.as_str());
                prepared.kept.push((object, choose::kept(object.id, &format!("kept by {place}"))));
            }
        }
    }
    choose::sort(&mut prepared.candidates);
    Ok(prepared)
}

/// Why an object of the plan stays.
enum Refusal {
    Differs(String),
    Listed(usize),
}

fn verdict(
    (plan, entry): (&Plan, &Entry),
    object: &Object,
    analysis: &Analysis,
    criteria: &Criteria,
    keeps: &dyn Fn(&Object) -> Option<usize>,
) -> std::result::Result<Condition, Refusal> {
    let differs = |reason: &str| Refusal::Differs(reason.to_owned());
    let (Some(state), Some(judgement)) = (entry.state(), analysis.judgement(object.id)) else {
        return Err(differs("it could not be judged"));
    };
    if let Some(reason) = entry.difference(object, judgement) {
        return Err(Refusal::Differs(reason));
    }
    if !plan.is_settled(object) {
        return Err(differs(
            "it had changed less than 2 seconds before the plan was written, so that it may be another by now",
        ));
    }
    let policy =
        CleanPolicy { states: vec![state], creator_gone: entry.creator_gone, unread: plan.discard_messages, keeps };
    // Whether the caller may is seen when it is tried.
    match choose::skip_reason(object, judgement, &policy, true) {
        None => Ok(policy.condition(judgement, criteria)),
        Some(SkipReason::Kept(line)) => Err(Refusal::Listed(line)),
        Some(SkipReason::Unread) => Err(differs("it holds unread messages, which the plan does not allow to be lost")),
        Some(SkipReason::CannotLock(why)) => Err(Refusal::Differs(why)),
        Some(SkipReason::State(_) | SkipReason::NotYours) => Err(differs("it is in another state")),
    }
}

/// Reads a plan, and refuses one that is none, or not of here and now.
pub(super) fn read(path: &Path) -> Result<Plan> {
    let shown = escape_bytes(path.as_os_str().as_encoded_bytes());
    let unreadable = |error| Error::cannot(Status::Failed, &format!("read the plan {shown}"), os_message(&error), None);
    let refuse = |reason: &str| {
        Error::cannot(Status::Refused, &format!("carry out the plan {shown}"), reason, Some("nothing was removed"))
    };
    // A FIFO must not keep it waiting.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    distrust(&file.metadata().map_err(unreadable)?).map_err(|reason| refuse(&reason))?;
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(refuse("it is too long"));
    }
    let plan = Plan::parse(&text).map_err(|reason| refuse(&reason))?;
    plan.foreign().map_or(Ok(plan), |reason| Err(refuse(reason)))
}

/// Refuses a plan that others may have written: it names what is to go, also what is merely idle or unknown.
fn distrust(data: &Metadata) -> std::result::Result<(), String> {
    let (owner, mode) = (data.uid(), data.mode() & 0o7777);
    if !data.is_file() {
        return Err("it is no plain file".to_owned());
    }
    if owner != 0 && owner != accounts::effective_user().raw() {
        return Err(format!(
            "it belongs to user {owner}; read it, and make it yours with chown if it is what you want"
        ));
    }
    if mode & OTHERS_WRITE != 0 {
        let remedy = "read it, and close it with 'chmod go-w' if it is what you want";
        return Err(format!("others may write to it, as its mode is {mode:04o}; {remedy}"));
    }
    Ok(())
}
