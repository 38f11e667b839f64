//! `rm`: removes exactly the objects named.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;

use clap::Args;

use super::confirm::{can_ask, confirm};
use super::context::{Context, say};
use super::options::{Format, FormatArgs};
use super::report::{Manner, Outcome, Report};
use super::targets::{self, Target};
use super::users_text;
use crate::error::{Error, Result, Status};
use crate::object::cleaning;
use crate::object::closing::{self, Fate};
use crate::object::fingerprint::Fingerprint;
use crate::object::inventory;
use crate::object::model::{Kind, Object, ObjectId};
use crate::object::reference::Resolved;
use crate::object::removal::{self, Removal};
use crate::object::rights;
use crate::object::users::{Users, Wants};
use crate::sys::held_signals::HeldSignals;

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
    /// Keep what is in use or may be: attached, waited for, with unread messages
    #[arg(long)]
    if_unused: bool,
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
    let (mut candidates, missing) = resolve(&targets);
    context.verbose(|| format!("looked up before any removal: {} found, {} not", candidates.len(), missing.len()));
    let manner = Manner { format: args.format.format(), quiet: args.quiet, dry_run: args.dry_run };
    if !args.yes && !args.dry_run && !args.if_unused && manner.format == Format::Table && !confirmed(&mut candidates) {
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
    if args.if_unused {
        let held = if_unused(&candidates, args.dry_run, &mut report)?;
        let status = report.finish();
        // A signal that came meanwhile ends the program here.
        drop(held);
        return status;
    }
    let attached = candidates.iter().map(|candidate| candidate.found.object);
    let attached: Vec<Object> =
        attached.filter(|object| object.as_segment().is_some_and(|segment| segment.nattch > 0)).collect();
    let users = if attached.is_empty() {
        Users::default()
    } else {
        Users::scan(&attached, Wants { holders: true, waiters: false })
    };
    for candidate in &candidates {
        remove(candidate, args.dry_run, &users, &mut report);
    }
    report.finish()
}

/// Removes what nobody uses, closed to newcomers while that is looked into.
fn if_unused(candidates: &[Candidate<'_>], dry_run: bool, report: &mut Report) -> Result<Option<HeldSignals>> {
    let objects: Vec<Object> = candidates.iter().map(|candidate| candidate.found.object).collect();
    let users = Users::scan(&objects, Wants { holders: true, waiters: true });
    let mut unused = Vec::new();
    let mut names = HashMap::new();
    for candidate in candidates {
        let (object, found) = (&candidate.found.object, &candidate.found);
        let usage = users.of(object.id).cloned().unwrap_or_default();
        let in_use = users_text::maybe_in_use(object, &usage);
        match removal::foresee(&candidate.fingerprint, object) {
            Removal::Kept(reason) => kept(found, reason, "kept; list it again", report),
            _ if in_use.is_some() => kept(found, in_use.unwrap_or_default(), "kept", report),
            _ if dry_run => remove(candidate, true, &users, report),
            _ => {
                names.insert(object.id, found.to_string());
                unused.push(closing::Candidate::new(*object, usage, closing::Rule::Unused));
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
pub(super) fn fate_told(name: &str, object: &Object, fate: Fate, report: &mut Report) {
    match fate {
        Fate::Removed => report.done(object, Outcome::Removed, true, format_args!("removed {name}")),
        Fate::Gone => report.done(object, Outcome::Gone, false, format_args!("{name} was already gone")),
        Fate::WillGo { nattch, usage } => {
            let who = users_text::will_go(nattch, Some(&usage));
            report.done(object, Outcome::WillGo, true, format_args!("marked {name}, which {who}"));
        }
        Fate::Kept(reason) => {
            let error = Error::cannot(Status::Refused, &format!("remove {name}"), reason, Some("kept"));
            report.failed(name, Some(object), Outcome::Kept, &error);
        }
        Fate::Failed(error) => report.failed(name, Some(object), Outcome::Failed, &error),
    }
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
///
/// An answer may take long: what has come into use meanwhile was not asked about, so it is asked about again.
fn confirmed(candidates: &mut [Candidate<'_>]) -> bool {
    if !can_ask() {
        return true;
    }
    let mut known: HashSet<ObjectId> = HashSet::new();
    loop {
        let objects: Vec<Object> = candidates
            .iter()
            .map(|candidate| candidate.found.object)
            .filter(|object| !known.contains(&object.id))
            .collect();
        let users = Users::scan(&objects, Wants { holders: true, waiters: true });
        let used: Vec<(ObjectId, String)> = candidates
            .iter()
            .filter(|candidate| !known.contains(&candidate.found.object.id))
            .filter_map(|candidate| {
                let object = &candidate.found.object;
                let how = users_text::in_use(object, users.of(object.id))?;
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

fn remove(candidate: &Candidate<'_>, dry_run: bool, users: &Users, report: &mut Report) {
    let Candidate { found, fingerprint } = candidate;
    let object = &found.object;
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
            line.push_str(&users_text::will_go(nattch, users.of(object.id)));
            report.done(object, Outcome::WillGo, !already, &line);
        }
        Ok(Removal::Gone) => report.done(object, Outcome::Gone, false, format_args!("{found} was already gone")),
        Ok(Removal::Kept(reason)) => {
            kept(found, reason, "kept; list it again", report);
        }
        Err(error) => report.failed(&found.to_string(), Some(object), Outcome::Failed, &error),
    }
}
