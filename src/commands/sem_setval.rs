//! `sem setval`: sets the values of semaphores.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt::Write as _;

use clap::Args;

use crate::commands::shared::targets;
use crate::error::{Result, Status};
use crate::kind::model::Object;
use crate::object::{inventory, semaphores};
use crate::output::context::{note, verbose};
use crate::output::format::FormatArgs;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::render::text::some_of;
use crate::render::value::Value;
use crate::set::Assignment;
use crate::set::assign::NewValues;
use crate::usage::undo::{self, UndoRecord};

/// Set the values of semaphores
///
/// Either VALUE for every semaphore of the set, or INDEX=VALUE for some, with A:B for several. What other processes
/// would give back or take back when they end (their undo records) is forgotten, unless --keep-undo.
#[derive(Debug, Args)]
pub struct SemSetvalArgs {
    /// Semaphore set
    #[arg(value_name = "REF")]
    reference: OsString,
    /// Values, 0 to 32767
    #[arg(value_name = "VALUE|INDEX=VALUE", required = true, value_parser = Assignment::parse)]
    values: Vec<Assignment>,
    /// Keep undo records: reach the values by one operation
    #[arg(long)]
    keep_undo: bool,
    /// Print no lines of success and no notes
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &SemSetvalArgs) -> Result<Status> {
    let reference = targets::set(&args.reference)?;
    let set = reference.resolve()?;
    let new = NewValues::of(&args.values, &set)?;
    let options = ReportOptions { format: args.format.format(), quiet: args.quiet, dry_run: false };
    let mut report = Report::new(options, &[set.object])?;
    verbose(|| {
        let way = if args.keep_undo { "by one semop" } else { "with SETALL or SETVAL" };
        format!("setting values of {} {way}", set)
    });
    let forgotten = if args.keep_undo || args.quiet { None } else { Some(forgotten(&set.object, &new)) };
    let done = if args.keep_undo {
        new.reach(&set).map(Some)
    } else {
        // The old values are only shown; a caller without read permission may still set new ones.
        let before = semaphores::values(&set.object).ok();
        new.set(&set).map(|()| before)
    };
    let before = match done {
        Ok(before) => before,
        Err(error) => {
            if error.status() == Status::Partial {
                report.half_done(&set.to_string(), &set.object, &error);
            } else {
                report.failed(&set.to_string(), Some(&set.object), Outcome::Failed, &error);
            }
            return report.finish();
        }
    };
    let old = |index: u32| before.as_ref().and_then(|values| values.get(index as usize).copied());
    let unchanged = args.keep_undo && new.iter().all(|(index, value)| old(index) == Some(value));
    let mut lines = String::new();
    for (index, value) in new.iter() {
        let separator = if lines.is_empty() { "" } else { "\n" };
        // Writing to a String cannot fail.
        let _ = match old(index) {
            Some(old) => write!(lines, "{separator}{}: semaphore {index}: {old} -> {value}", set),
            None => write!(lines, "{separator}{}: semaphore {index}: -> {value}", set),
        };
    }
    let (outcome, lines) =
        if unchanged { (Outcome::Kept, format!("{}: unchanged", set)) } else { (Outcome::Changed, lines) };
    let after = inventory::look(set.object.id).ok().flatten().unwrap_or(set.object);
    report.done_with(&after, outcome, !unchanged, &lines, |record| {
        record.list("semaphores", new.iter(), |record, (index, value)| {
            record.value("index", Value::Number(index.into()));
            record.value("value", Value::Number(value.into()));
            record.value("was", old(index).map_or(Value::Null, |old| Value::Number(old.into())));
        });
    });
    if let Some(text) = forgotten.flatten() {
        note(&format!("{text}; --keep-undo would keep them"));
    }
    report.finish()
}

/// Processes that a note lists; the rest are counted.
const NAMED: usize = 8;

/// Names the processes whose undo records SETVAL or SETALL clears; None if there are none.
fn forgotten(set: &Object, new: &NewValues) -> Option<String> {
    let undo = undo::of_set(set);
    let set_anew: HashSet<u32> = new.iter().map(|(index, _)| index).collect();
    let concerns = |record: &&UndoRecord| {
        record.adjustments.iter().any(|adjustment| set_anew.contains(&u32::from(adjustment.semaphore)))
    };
    let mut pids: Vec<u32> = undo.records.iter().filter(concerns).map(|record| record.process.pid).collect();
    pids.dedup();
    match (pids.len(), undo.hidden) {
        (0, None) => None,
        (0, Some(_)) => Some("other processes' undo records for these semaphores are dropped".to_owned()),
        (many, hidden) => {
            let processes = if many == 1 { "process" } else { "processes" };
            let unseen = hidden.map_or("", |_| ", and of others that cannot be seen");
            Some(format!("wipes the undo records of {many} {processes} ({}){unseen}", some_of(&pids, NAMED)))
        }
    }
}
