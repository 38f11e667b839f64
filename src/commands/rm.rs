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
use crate::object::reference::Resolved;
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
struct Candidate<'a> {
    found: Resolved<'a>,
    fingerprint: Fingerprint,
}

/// Something that cannot be.
enum Missing {
    /// It was listed and is gone since.
    Gone(ObjectId),
    /// There is no such object.
    Absent(String, Error),
    /// It cannot be looked at, or a file is missing that would tell its key: it may well be there.
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
    let manner = Manner { format: args.format.format(), quiet: args.quiet, dry_run: args.dry_run };
    if !args.yes && !args.dry_run && manner.format == Format::Table && !confirmed(&candidates) {
        say("nothing was removed");
        return Ok(Status::Refused);
    }
    let objects: Vec<Object> = match manner.format {
        Format::Table => Vec::new(),
        _ => candidates.iter().map(|candidate| candidate.found.object).collect(),
    };
    let mut report = Report::new(manner, &objects)?;
    for absent in missing {
        match absent {
            Missing::Gone(id) => report.gone(id),
            Missing::Absent(..) if args.if_exists => {}
            Missing::Absent(text, error) | Missing::Failed(text, error) => {
                report.failed(&text, None, Outcome::Failed, &error)
            }
        }
    }
    for candidate in &candidates {
        remove(candidate, args.dry_run, &mut report);
    }
    report.finish()
}

/// Finds everything before anything is removed, in the order in which it goes: queues, sets, segments.
fn resolve(targets: &[Target]) -> (Vec<Candidate<'_>>, Vec<Missing>) {
    let mut candidates = Vec::with_capacity(targets.len());
    let mut missing = Vec::new();
    for target in targets {
        match target.resolve() {
            Ok(Some(found)) => {
                candidates.push(Candidate { fingerprint: target.fingerprint(&found.object), found });
            }
            Ok(None) => missing.extend(target.listed().map(Missing::Gone)),
            Err(error) if error.status() == Status::NotFound && target.is_definite() => {
                missing.push(Missing::Absent(target.text(), error));
            }
            Err(error) => missing.push(Missing::Failed(target.text(), error)),
        }
    }
    drop_repeated(&mut candidates);
    candidates.sort_by_key(|candidate| match candidate.found.object.kind() {
        Kind::Msg => 0,
        Kind::Sem => 1,
        Kind::Shm => 2,
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

/// Asks about objects in use, if there are any and somebody can be asked. Without a terminal `rm` obeys.
fn confirmed(candidates: &[Candidate]) -> bool {
    if !can_ask() {
        return true;
    }
    let used: Vec<String> = candidates
        .iter()
        .filter_map(|candidate| {
            removal::use_of(&candidate.found.object).map(|how| format!("{}: {how}", candidate.found))
        })
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

fn remove(candidate: &Candidate<'_>, dry_run: bool, report: &mut Report) {
    let Candidate { found, fingerprint } = candidate;
    let object = &found.object;
    let result = if dry_run { Ok(removal::foresee(fingerprint, object)) } else { removal::remove(fingerprint, found) };
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
            line.push_str(&match nattch {
                1 => " goes when its last attachment detaches".to_owned(),
                many => format!(" goes when its last {many} attachments detach"),
            });
            report.done(object, Outcome::WillGo, !already, &line);
        }
        Ok(Removal::Gone) => report.done(object, Outcome::Gone, false, format_args!("{found} was already gone")),
        Ok(Removal::Kept(reason)) => {
            let error = Error::cannot(Status::Refused, &format!("remove {found}"), reason, Some("kept; list it again"));
            report.failed(&found.to_string(), Some(object), Outcome::Kept, &error);
        }
        Err(error) => report.failed(&found.to_string(), Some(object), Outcome::Failed, &error),
    }
}
