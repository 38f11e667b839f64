//! `rm`: removes exactly the objects named.

use std::collections::HashSet;
use std::ffi::OsString;

use clap::Args;

use super::confirm::{can_ask, confirm};
use super::context::{Context, say};
use super::options::{Format, FormatArgs};
use super::report::{Manner, Outcome, Report};
use super::targets::{self, Target};
use crate::error::{Error, Result, Status};
use crate::object::fingerprint::Fingerprint;
use crate::object::model::{Kind, Object, ObjectId};
use crate::object::removal::{self, Removal};

/// Objects in use that a question names one by one.
const NAMED: usize = 10;

/// Remove exactly these objects
///
/// Everything is looked up first; one malformed word, and nothing is removed. An object that has changed since it was
/// looked at or listed is kept.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Objects to remove; '-' reads them from standard input, also as lines of ls --format jsonl
    #[arg(value_name = "REF", required = true)]
    refs: Vec<OsString>,
    /// Absent objects are fine
    #[arg(long)]
    if_exists: bool,
    /// Remove objects in use and queues with messages without asking
    #[arg(short, long)]
    yes: bool,
    /// Say what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print no lines of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// Something to be removed.
struct Candidate {
    text: String,
    object: Object,
    fingerprint: Fingerprint,
}

/// Something that cannot be.
enum Missing {
    /// It was listed and is gone since.
    Gone(ObjectId),
    Failed(String, Error),
}

/// Removes.
///
/// # Errors
/// A usage error before anything is removed; an output error after everything is.
pub fn run(args: &RmArgs, implied: Option<Kind>, context: &Context) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    let (candidates, missing) = resolve(&targets);
    context.verbose(|| format!("looked up before any removal: {} found, {} not", candidates.len(), missing.len()));
    let objects: Vec<Object> = candidates.iter().map(|candidate| candidate.object).collect();
    let manner = Manner { format: args.format.format(), quiet: args.quiet, dry_run: args.dry_run };
    if !args.yes && !args.dry_run && manner.format == Format::Table && !confirmed(&candidates) {
        say("nothing was removed");
        return Ok(Status::Refused);
    }
    let mut report = Report::new(manner, &objects)?;
    for absent in missing {
        match absent {
            Missing::Gone(id) => report.gone(id),
            Missing::Failed(_, error) if args.if_exists && error.status() == Status::NotFound => {}
            Missing::Failed(text, error) => report.failed(&text, None, Outcome::Failed, &error),
        }
    }
    for candidate in &candidates {
        remove(candidate, args.dry_run, &mut report);
    }
    report.finish()
}

/// Finds everything before anything is removed, in the order in which it goes: queues, sets, segments.
fn resolve(targets: &[Target]) -> (Vec<Candidate>, Vec<Missing>) {
    let mut candidates = Vec::with_capacity(targets.len());
    let mut missing = Vec::new();
    let mut seen = HashSet::with_capacity(targets.len());
    for target in targets {
        match target.resolve() {
            Ok(Some(found)) => {
                let fingerprint = target.fingerprint(&found.object);
                // Named twice, it is removed once.
                if seen.insert(found.object.id) {
                    candidates.push(Candidate { text: found.text, object: found.object, fingerprint });
                }
            }
            Ok(None) => missing.extend(target.listed().map(Missing::Gone)),
            Err(error) => missing.push(Missing::Failed(target.text(), error)),
        }
    }
    candidates.sort_by_key(|candidate| match candidate.object.kind() {
        Kind::Msg => 0,
        Kind::Sem => 1,
        Kind::Shm => 2,
    });
    (candidates, missing)
}

/// Asks about objects in use, if there are any and somebody can be asked. Without a terminal `rm` obeys.
fn confirmed(candidates: &[Candidate]) -> bool {
    if !can_ask() {
        return true;
    }
    let used: Vec<String> = candidates
        .iter()
        .filter_map(|candidate| removal::use_of(&candidate.object).map(|how| format!("{}: {how}", candidate.text)))
        .collect();
    if used.is_empty() {
        return true;
    }
    let mut question = used.iter().take(NAMED).cloned().collect::<Vec<_>>().join("\n");
    if used.len() > NAMED {
        question.push_str(&format!("\nand {} more", used.len() - NAMED));
    }
    let what = match (candidates.len(), used.len()) {
        (1, _) => "Remove it?".to_owned(),
        (all, 1) => format!("Remove all {all} objects, this one too?"),
        (all, some) => format!("Remove all {all} objects, these {some} too?"),
    };
    confirm(&format!("{question}\n{what}")).unwrap_or(true)
}

fn remove(candidate: &Candidate, dry_run: bool, report: &mut Report) {
    let Candidate { text, object, fingerprint } = candidate;
    let result = if dry_run { Ok(removal::foresee(fingerprint, object)) } else { removal::remove(fingerprint, text) };
    let would =
        |done: &str, future: &str| if dry_run { format!("would {future} {text}") } else { format!("{done} {text}") };
    match result {
        Ok(Removal::Removed) => report.done(object, Outcome::Removed, true, &would("removed", "remove")),
        Ok(Removal::WillGo { nattch, already }) => {
            let mut line = match (dry_run, already) {
                (_, true) => format!("{text} was removed before and"),
                (true, false) => format!("would mark {text}, which"),
                (false, false) => format!("marked {text}, which"),
            };
            line.push_str(&match nattch {
                1 => " goes when its last attachment detaches".to_owned(),
                many => format!(" goes when its last {many} attachments detach"),
            });
            report.done(object, Outcome::WillGo, !already, &line);
        }
        Ok(Removal::Gone) => report.done(object, Outcome::Gone, false, &format!("{text} was already gone")),
        Ok(Removal::Kept(reason)) => {
            let error = Error::cannot(Status::Refused, &format!("remove {text}"), reason, Some("kept; list it again"));
            report.failed(text, Some(object), Outcome::Kept, &error);
        }
        Err(error) => report.failed(text, Some(object), Outcome::Failed, &error),
    }
}
