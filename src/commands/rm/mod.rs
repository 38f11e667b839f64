//! `rm`: removes exactly the objects named.

mod act;
mod ask;
mod candidates;

use std::ffi::OsString;
use std::path::Path;

use clap::Args;

use self::candidates::{Candidate, Missing};
use crate::commands::shared::recovery::{Unrecovered, recover};
use crate::commands::shared::{backup, targets};
use crate::error::{Result, Status};
use crate::kind::model::{Kind, Object};
use crate::option_values::non_empty_path;
use crate::output::context::{say, verbose};
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::prompt::can_ask;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::usage::users::{Users, Wants};

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

/// Removes.
///
/// # Errors
/// A usage error before anything is removed; an output error after everything is.
pub fn run(args: &RmArgs, implied: Option<Kind>) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    let unrecovered = if args.if_unused && !args.dry_run { recover() } else { Unrecovered::NONE };
    let (mut candidates, missing) = candidates::resolve(&targets);
    verbose(|| format!("looked up before any removal: {} found, {} not", candidates.len(), missing.len()));
    let options = ReportOptions { format: args.format.format(), quiet: args.quiet, dry_run: args.dry_run };
    // Without a terminal it obeys.
    let ask = !args.yes && !args.dry_run && !args.if_unused && options.format == Format::Table && can_ask();
    let confirmed = if ask { ask::confirmed(&candidates) } else { Some(Vec::new()) };
    let Some(last_seen) = confirmed else {
        say("nothing was removed");
        return Ok(Status::Refused);
    };
    let objects: Vec<Object> = match options.format {
        Format::Table => Vec::new(),
        _ => candidates.iter().map(|candidate| candidate.found.object).collect(),
    };
    if let Some(file) = args.save.as_deref().filter(|_| !args.dry_run)
        && let Err(error) = save(Path::new(file), args.overwrite, &mut candidates)
    {
        return document::refuse(options.format, "objects", "archive", error);
    }
    let mut report = Report::new(options, &objects)?;
    unrecovered.tell(&mut report);
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
        let held = act::remove_unused(&candidates, args.dry_run, &mut report)?;
        let status = report.finish();
        // A signal that came meanwhile ends the program here.
        drop(held);
        return status;
    }
    let is_attached = |object: &&Object| object.as_segment().is_some_and(|segment| segment.nattch > 0);
    let found = candidates.iter().map(|candidate| &candidate.found.object);
    let attached: Vec<Object> = match last_seen.is_empty() {
        true => found.filter(is_attached).copied().collect(),
        false => last_seen.iter().filter(is_attached).copied().collect(),
    };
    let users = if attached.is_empty() { Users::default() } else { Users::scan(&attached, Wants::HOLDERS) };
    for candidate in &candidates {
        act::remove_named(candidate, args.dry_run, &users, &mut report);
    }
    report.finish()
}

/// Copies all of them into an archive, which is on disk when this returns.
fn save(file: &Path, overwrite: bool, candidates: &mut [Candidate<'_>]) -> Result<()> {
    let found: Vec<_> = candidates.iter().map(|candidate| candidate.found).collect();
    let copies = backup::save(file, overwrite, &found)?;
    candidates.iter_mut().zip(copies).for_each(|(candidate, copy)| candidate.saved = copy);
    Ok(())
}
