//! `show`: everything known about objects.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;

use crate::commands::shared::find::find;
use crate::commands::shared::{judging, targets};
use crate::error::{Result, Status, Tally};
use crate::journal::saved_modes;
use crate::kind::field::Needs;
use crate::kind::model::{Kind, Object};
use crate::listing::contents::ObjectContents;
use crate::listing::fields::{Field, Lookups};
use crate::listing::query::Analysis;
use crate::object::inventory;
use crate::option_values::count;
use crate::output::context::{note, verbose};
use crate::output::details::Details;
use crate::output::document::Failure;
use crate::output::format::{Format, FormatArgs};
use crate::output::stdout::{self, Out};
use crate::output::{contents, list, usage_list};
use crate::usage::report::{UsageReport, with_other_sets};

/// Show everything known about objects
///
/// Nothing is changed by it: messages are looked at and stay in their queue.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Objects to show; '-' reads them from standard input
    #[arg(value_name = "REF", required = true)]
    refs: Vec<OsString>,
    /// Look at no more than the first N messages of a queue
    #[arg(long, value_name = "N", default_value = "20", value_parser = count::<u32>, allow_negative_numbers = true)]
    messages: u32,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &ShowArgs, implied: Option<Kind>) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let found = find(&targets, &mut failures, &mut tally);
    let mut objects: Vec<Object> = found.iter().map(|found| found.object).collect();
    verbose(|| format!("looked up: {} found, {} not", objects.len(), failures.len()));
    if let Some(loss) = inventory::add_memory(objects.iter_mut()) {
        note(&loss);
    }
    let fields = list::judged_fields();
    let _ = saved_modes::apply(&mut objects);
    let all = if args.format.format() == Format::Csv { objects.clone() } else { with_other_sets(&objects) };
    let criteria = judging::usual();
    let lookups = Lookups::of(&objects, &fields, Analysis::among(&all, &objects, Needs::USE, &criteria));
    let whole = UsageReport::new(&all, lookups.analysis.users()).with_others(&objects, &criteria);
    let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
    stdout::print(|out| args.print(out, (&texts, &objects), &fields, &lookups, &whole, &failures))?;
    Ok(tally.status())
}

impl ShowArgs {
    fn print(
        &self,
        out: &mut Out,
        (texts, objects): (&[String], &[Object]),
        fields: &[&'static Field],
        lookups: &Lookups,
        whole: &UsageReport<'_>,
        failures: &[Failure],
    ) -> io::Result<()> {
        match self.format.format() {
            Format::Table => {
                let details = Details::of(objects, lookups, whole);
                for (index, (text, object)) in texts.iter().zip(objects).enumerate() {
                    if index > 0 {
                        writeln!(out)?;
                    }
                    details.write(out, text, object, self.messages)?;
                }
                Ok(())
            }
            Format::Csv => list::csv(out, fields, objects, true, |object, field| field.value(object, lookups)),
            format => list::json(out, format, "objects", objects, failures, |record, object| {
                record.object(object, fields, lookups);
                let used = whole.of(object);
                contents::write_json(record, object, &ObjectContents::of(object, self.messages, used.usage));
                usage_list::write(record, &used, &usage_list::names(used.uses.iter()));
            }),
        }
    }
}
