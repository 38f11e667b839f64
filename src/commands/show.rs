//! `show`: everything known about objects.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;

use crate::commands::shared::{judging, targets};
use crate::error::{Error, Result, Status, Tally};
use crate::journal::saved_modes;
use crate::kind::field::Needs;
use crate::kind::model::{Kind, Object};
use crate::listing::contents::Inside;
use crate::listing::fields::{self, Field, Lookups};
use crate::listing::query::Analysis;
use crate::object::inventory;
use crate::object::semaphores::{Semaphore, hides_user};
use crate::option_values::count;
use crate::output::context::{Context, note};
use crate::output::document::{self, Failure};
use crate::output::format::{Format, FormatArgs};
use crate::output::stdout::{Out, to_terminal};
use crate::output::{details, usage_list};
use crate::proc::recorded::LookedUp;
use crate::render::csv;
use crate::render::json::JsonWriter;
use crate::render::style::{Style, TimeStyle};
use crate::render::value::Value;
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

/// Shows.
///
/// # Errors
/// A usage error or an output error.
pub fn run(args: &ShowArgs, implied: Option<Kind>, context: &Context) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut found: Vec<(String, Object)> = Vec::new();
    for target in &targets {
        match target.resolve().and_then(|found| found.ok_or_else(|| target.absent())) {
            Ok(resolved) => {
                tally.done();
                targets::note_difference(target, &resolved.object);
                found.push((resolved.to_string(), resolved.object));
            }
            Err(error) => document::fail(&target.text(), &error, &mut failures, &mut tally),
        }
    }
    context.verbose(|| format!("looked up: {} found, {} not", found.len(), failures.len()));
    if let Some(loss) = inventory::add_memory(found.iter_mut().map(|(_, object)| object)) {
        note(&loss);
    }
    let mut fields = document::exact_fields();
    fields.extend(["state", "unknown_why", "evidence"].into_iter().filter_map(fields::find));
    let mut objects: Vec<Object> = found.iter().map(|(_, object)| *object).collect();
    let _ = saved_modes::show_open(&mut objects);
    found.iter_mut().zip(&objects).for_each(|((_, found), object)| *found = *object);
    let all = if args.format.format() == Format::Csv { objects.clone() } else { with_other_sets(&objects) };
    let criteria = judging::usual();
    let lookups = Lookups::of(&objects, &fields, Analysis::among(&all, &objects, Needs::USE, &criteria));
    let whole = UsageReport::new(&all, lookups.analysis.users()).with_others(&objects, &criteria);
    let mut out = Out::stdout()?;
    let printed = args.print(&mut out, &found, &fields, &lookups, &whole, &failures, context).map_err(Error::Output);
    printed.and_then(|()| out.finish()).or_else(Error::forgive_closed_pipe)?;
    Ok(tally.status())
}

impl ShowArgs {
    #[expect(clippy::too_many_arguments, reason = "all that was gathered, and where it goes")]
    fn print(
        &self,
        out: &mut Out,
        found: &[(String, Object)],
        fields: &[&'static Field],
        lookups: &Lookups,
        whole: &UsageReport<'_>,
        failures: &[Failure],
        context: &Context,
    ) -> io::Result<()> {
        match self.format.format() {
            Format::Table => {
                let mut style = Style::new(false, TimeStyle::Full);
                context.fit(&mut style);
                let recorded = found.iter().flat_map(|(_, object)| details::recorded(object));
                let processes = LookedUp::new(recorded);
                for (index, (text, object)) in found.iter().enumerate() {
                    if index > 0 {
                        writeln!(out)?;
                    }
                    let mut used = whole.of(object);
                    used.uses.retain(|one| context.is_verbose() || !one.is_past());
                    let inside = Inside::of(object, self.messages, used.usage);
                    details::write(
                        out,
                        text,
                        object,
                        &inside,
                        (&used, &whole.hints(object), context.is_verbose()),
                        lookups,
                        (&style, &processes),
                    )?;
                }
                Ok(())
            }
            Format::Csv => {
                let mut text = String::new();
                csv::push_record(&mut text, fields.iter().map(|field| Value::Word(field.name.into())), to_terminal());
                for (_, object) in found {
                    csv::push_record(&mut text, fields.iter().map(|field| field.value(object, lookups)), to_terminal());
                }
                out.write_all(text.as_bytes())
            }
            format => {
                let lines = format == Format::Jsonl;
                let mut json = JsonWriter::new(out);
                if !lines {
                    document::head(&mut json, "objects", false);
                }
                for (_, object) in found {
                    if !lines {
                        json.line();
                    }
                    json.open_object();
                    let mut unseen = document::fields(&mut json, object, lookups, fields);
                    let used = whole.of(object);
                    write_inside(&mut json, object, &Inside::of(object, self.messages, used.usage), &mut unseen);
                    usage_list::write(&mut json, &used, &usage_list::names(used.uses.iter()), &mut unseen);
                    document::hidden(&mut json, &unseen);
                    json.close_object();
                    if lines {
                        json.end_document()?;
                    }
                    json.relieve()?;
                }
                if !lines {
                    document::tail(&mut json, failures);
                    json.end_document()?;
                }
                json.flush()
            }
        }
    }
}

fn write_inside<W: Write>(json: &mut JsonWriter<W>, object: &Object, inside: &Inside, unseen: &mut Vec<&'static str>) {
    match inside {
        Inside::Segment(huge) => {
            json.key("hugepages");
            match huge {
                Some(huge) => json.flag(*huge),
                None => {
                    unseen.push("hugepages");
                    json.null();
                }
            }
        }
        Inside::Set(semaphores) => {
            let hides = |semaphores: &Vec<Semaphore>| {
                semaphores.iter().any(|semaphore| semaphore.zcnt.is_none())
                    || semaphores.iter().any(hides_user(object, semaphores))
            };
            if semaphores.as_ref().is_ok_and(hides) {
                unseen.push("semaphores");
            }
            list(json, "semaphores", semaphores.as_deref().ok(), unseen, |json, semaphore| {
                json.key("index");
                json.number(u64::from(semaphore.index));
                json.key("value");
                json.number(u64::from(semaphore.value));
                json.key("pid");
                match semaphore.pid.raw() {
                    0 => json.null(),
                    pid => json.value(&Value::Signed(i64::from(pid))),
                }
                json.key("ncnt");
                json.value(&semaphore.ncnt.map_or(Value::Null, |count| Value::Number(count.into())));
                json.key("zcnt");
                json.value(&semaphore.zcnt.map_or(Value::Null, |count| Value::Number(count.into())));
            });
        }
        Inside::Queue(headers) => {
            if headers.as_ref().is_ok_and(|headers| headers.iter().any(|header| header.size.is_none())) {
                unseen.push("messages");
            }
            list(json, "messages", headers.as_deref().ok(), unseen, |json, header| {
                json.key("index");
                json.number(u64::from(header.index));
                json.key("type");
                json.value(&header.mtype.map_or(Value::Null, Value::Signed));
                json.key("size");
                json.value(&header.size.map_or(Value::Null, Value::Number));
            });
        }
    }
}

fn list<W: Write, T>(
    json: &mut JsonWriter<W>,
    key: &'static str,
    items: Option<&[T]>,
    unseen: &mut Vec<&'static str>,
    write: impl Fn(&mut JsonWriter<W>, &T),
) {
    json.key(key);
    let Some(items) = items else {
        unseen.push(key);
        json.null();
        return;
    };
    json.open_array();
    for item in items {
        json.open_object();
        write(json, item);
        json.close_object();
    }
    json.close_array();
}
