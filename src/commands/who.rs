//! `who`: which processes use objects.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;

use crate::commands::shared::find::find;
use crate::commands::shared::{judging, targets};
use crate::error::{Result, Status, Tally};
use crate::kind::model::{Kind, Object};
use crate::listing::fields::Lookups;
use crate::listing::query::Analysis;
use crate::object::inventory;
use crate::output::context::{self, is_verbose, note};
use crate::output::document::Failure;
use crate::output::format::{Format, FormatArgs};
use crate::output::list;
use crate::output::stdout::{self, Out};
use crate::output::usage_list::{self, Row};
use crate::render::escape::escape;
use crate::render::style::TimeStyle;
use crate::usage::fields::{OBJECT, PROCESS, ROLE};
use crate::usage::report::{ObjectUsage, UsageReport, with_other_sets};
use crate::usage::role::{Hidden, hidden, undo_hidden};
use crate::usage::users::{Users, Wants};

/// So many objects are told of one by one.
const FEW: usize = 10;

/// Show which processes use objects
///
/// Of segments, the processes that have them attached; of semaphore sets and message queues, the threads that sleep on
/// them; of sets also the processes that give something back when they end, or with -v have used them with undo. Then
/// living processes that the kernel has recorded with the object, and those that may know it. Below the table stands who
/// changed a semaphore last that a thread waits for: a hint at who may hold it.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// Objects; '-' reads them from standard input
    #[arg(value_name = "REF", required = true)]
    refs: Vec<OsString>,
    /// Leave out the header
    #[arg(long)]
    no_header: bool,
    /// Print process ids alone, each once
    #[arg(short, long, conflicts_with_all = ["format", "json"])]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &WhoArgs, implied: Option<Kind>) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut seen = HashSet::new();
    let found = find(&targets, &mut failures, &mut tally).into_iter().map(|found| found.object);
    let mut objects: Vec<Object> = found.filter(|object| seen.insert(object.id)).collect();
    if matches!(args.format.format(), Format::Json | Format::Jsonl)
        && let Some(loss) = inventory::add_memory(objects.iter_mut())
    {
        note(&loss);
    }
    let all = with_other_sets(&objects);
    let users = Users::scan(&all, Wants::ALL);
    let whole = UsageReport::new(&all, &users).with_others(&objects, &judging::usual());
    let found: Vec<ObjectUsage<'_>> = objects.iter().map(|object| whole.of(object)).collect();
    args.notes(&found);
    stdout::print(|out| args.print(out, &found, &whole, &failures))?;
    Ok(tally.status())
}

impl WhoArgs {
    /// Says what the output cannot: that nobody uses an object, and where there is no room for it, what is hidden.
    fn notes(&self, found: &[ObjectUsage<'_>]) {
        let table = self.format.format() == Format::Table;
        if table && !self.quiet {
            let unused: Vec<&ObjectUsage<'_>> = found.iter().filter(|one| one.is_unused()).collect();
            if unused.len() > FEW {
                let known = unused.iter().filter(|one| !one.may_know.is_nobody()).count();
                let what = format!("nobody is seen to use {} of {} objects", unused.len(), found.len());
                note(&format!("{what}; living processes may know {known} of them"));
            } else {
                unused.iter().for_each(|one| note(&one.unused(is_verbose())));
            }
        }
        if self.quiet || self.format.format() == Format::Csv || (table && self.no_header) {
            let incomplete: Vec<&ObjectUsage<'_>> = found.iter().filter(|one| hidden(one.usage).is_some()).collect();
            if incomplete.len() > FEW {
                let all = Hidden::of(incomplete.iter().map(|one| one.usage));
                let what = all.words().unwrap_or_default();
                let why = all.why.as_deref().map(escape).unwrap_or_default();
                note(&format!("of {} objects of {}: {what}: {why}", incomplete.len(), found.len()));
            } else {
                let tell = |one: &&ObjectUsage<'_>| {
                    hidden(one.usage).map(|words| format!("{}: {}", one.object.id, escape(&words)))
                };
                incomplete.iter().filter_map(tell).for_each(|words| note(&words));
            }
        }
    }

    /// What stands below a table: why something is hidden, each reason once, and the hints. None of it where the
    /// rows alone are asked for.
    fn below(&self, found: &[ObjectUsage<'_>], whole: &UsageReport<'_>) -> Vec<String> {
        if self.no_header {
            return Vec::new();
        }
        let reasons: BTreeSet<&str> = found.iter().filter_map(|one| one.usage.hidden_why.as_deref()).collect();
        let undo: BTreeSet<String> = found.iter().filter_map(|one| undo_hidden(one.usage)).collect();
        let reasons = reasons.into_iter().map(str::to_owned).chain(undo);
        let reasons = reasons.map(|why| format!("hidden: {}", escape(&why)));
        let hints = found.iter().flat_map(|one| whole.hints(&one.object)).map(|hint| format!("hint: {hint}"));
        reasons.chain(hints).collect()
    }

    fn print(
        &self,
        out: &mut Out,
        found: &[ObjectUsage<'_>],
        whole: &UsageReport<'_>,
        failures: &[Failure],
    ) -> io::Result<()> {
        let all = || found.iter().flat_map(|one| one.told(is_verbose()));
        if self.quiet {
            let pids: BTreeSet<u32> = all().filter(|used| used.is_seen()).map(|used| used.process().pid).collect();
            return pids.into_iter().try_for_each(|pid| writeln!(out, "{pid}"));
        }
        let names = usage_list::names(found.iter().flat_map(|one| &one.uses));
        match self.format.format() {
            Format::Table => {
                let style = context::style(false, TimeStyle::Age, !self.no_header);
                let rows: Vec<Row<'_>> = found.iter().flat_map(|one| usage_list::rows(one, is_verbose())).collect();
                let columns = usage_list::columns(&[&OBJECT, &PROCESS, &ROLE]);
                usage_list::write_table(out, &columns, &rows, &names, &style)?;
                let below = self.below(found, whole);
                if !below.is_empty() {
                    writeln!(out)?;
                }
                below.iter().try_for_each(|line| writeln!(out, "{line}"))
            }
            Format::Csv => usage_list::write_csv(out, all().filter(|used| used.is_known()), !self.no_header, &names),
            format => {
                let fields = list::exact_fields();
                let objects: Vec<Object> = found.iter().map(|one| one.object).collect();
                let owners = Lookups::of(&objects, &fields, Analysis::default());
                list::json(out, format, "objects", found, failures, |record, one| {
                    record.object(&one.object, &fields, &owners);
                    usage_list::write(record, one, &names);
                })
            }
        }
    }
}
