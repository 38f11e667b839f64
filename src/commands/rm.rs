//! `rm`: removes exactly the objects named.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use super::confirm::{can_ask, confirm};
use super::context::{Context, note, say};
use super::envelope;
use super::options::{Format, FormatArgs, non_empty_path};
use super::progress::Progress;
use super::report::{Manner, Outcome, Report};
use super::targets::{self, Target};
use crate::archive::save::{Saved, Saver};
use crate::error::{Error, Result, Status};
use crate::object::fingerprint::Fingerprint;
use crate::object::inventory;
use crate::object::model::{Kind, Object, ObjectId};
use crate::object::reference::Resolved;
use crate::object::removal::{self, Removal};
use crate::object::rights;

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
    /// Save them in the archive FILE first; what changes after that is kept
    #[arg(long, value_name = "FILE", value_parser = non_empty_path())]
    save: Option<OsString>,
    /// Replace FILE if it exists
    #[arg(long, requires = "save")]
    overwrite: bool,
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
    /// The copy that was made of it.
    saved: Option<Saved>,
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
    let (mut candidates, missing) = resolve(&targets);
    context.verbose(|| format!("looked up before any removal: {} found, {} not", candidates.len(), missing.len()));
    let manner = Manner { format: args.format.format(), quiet: args.quiet, dry_run: args.dry_run };
    if !args.yes && !args.dry_run && manner.format == Format::Table && !confirmed(&mut candidates) {
        say("nothing was removed");
        return Ok(Status::Refused);
    }
    let objects: Vec<Object> = match manner.format {
        Format::Table => Vec::new(),
        _ => candidates.iter().map(|candidate| candidate.found.object).collect(),
    };
    if let Some(file) = args.save.as_deref().filter(|_| !args.dry_run)
        && let Err(error) = save(Path::new(file), args.overwrite, &mut candidates)
    {
        return envelope::refuse(manner.format, "objects", "archive", error);
    }
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
        remove(candidate, args, &mut report);
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
                candidates.push(Candidate { fingerprint: target.fingerprint(&found.object), found, saved: None });
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
///
/// An answer may take long: what has come into use meanwhile was not asked about, so it is asked about again.
fn confirmed(candidates: &mut [Candidate<'_>]) -> bool {
    if !can_ask() {
        return true;
    }
    let mut known: HashSet<ObjectId> = HashSet::new();
    loop {
        let used: Vec<(ObjectId, String)> = candidates
            .iter()
            .filter(|candidate| !known.contains(&candidate.found.object.id))
            .filter_map(|candidate| {
                let how = removal::use_of(&candidate.found.object)?;
                Some((candidate.found.object.id, format!("{}: {how}", candidate.found)))
            })
            .collect();
        if used.is_empty() {
            return true;
        }
        if !confirm(&question(candidates.len(), &used)).unwrap_or(true) {
            return false;
        }
        known.extend(used.iter().map(|(id, _)| *id));
        for candidate in candidates.iter_mut() {
            // The fingerprint of the first look still decides; this is about use alone.
            if let Ok(Some(now)) = inventory::look(candidate.found.object.id) {
                candidate.found.object = now;
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

/// Copies all of them into an archive, which is on disk when this returns. What is gone by then needs no copy.
fn save(file: &Path, overwrite: bool, candidates: &mut [Candidate<'_>]) -> Result<()> {
    if candidates.is_empty() {
        return Ok(());
    }
    let unsaved = |error: Error| match error {
        Error::Failed { status, message } => {
            Error::Failed { status, message: format!("{message}; nothing was removed") }
        }
        other => other,
    };
    let mut saver = Saver::create(file, overwrite).map_err(unsaved)?;
    let total = candidates.iter().map(|one| one.found.object.as_segment().map_or(0, |segment| segment.size)).sum();
    let mut progress = Progress::new(Some(total));
    let mut done = 0;
    for candidate in candidates {
        match saver.add(&candidate.found, &mut |bytes| progress.update(done + bytes)) {
            Ok(saved) => {
                saved.notes.iter().for_each(|text| note(text));
                candidate.saved = Some(saved);
            }
            Err(error) if error.status() == Status::NotFound => {}
            Err(error) => return Err(unsaved(error)),
        }
        done += candidate.found.object.as_segment().map_or(0, |segment| segment.size);
    }
    if saver.is_empty() { Ok(()) } else { saver.finish().map_err(unsaved) }
}

fn remove(candidate: &Candidate<'_>, args: &RmArgs, report: &mut Report) {
    let Candidate { found, fingerprint, saved } = candidate;
    let object = &found.object;
    let dry_run = args.dry_run;
    let changed = saved.as_ref().and_then(|saved| saved.unchanged().err());
    if let Some(reason) = changed {
        let error = Error::cannot(Status::Refused, &format!("remove {found}"), reason, Some("kept"));
        return report.failed(&found.to_string(), Some(object), Outcome::Kept, &error);
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
