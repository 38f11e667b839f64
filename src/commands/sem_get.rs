//! `sem get`: the values of semaphores.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;

use crate::commands::shared::targets;
use crate::error::{Error, Result, Status};
use crate::listing::fields::Lookups;
use crate::listing::query::Analysis;
use crate::object::reference::Resolved;
use crate::object::semaphores;
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::stdout::Out;
use crate::render::csv;
use crate::render::json::JsonWriter;
use crate::render::units::push_u64;
use crate::render::value::Value;
use crate::set::Range;
use crate::sys::Errno;

/// Print the values of semaphores, one a line
///
/// All are of the same moment.
#[derive(Debug, Args)]
pub struct SemGetArgs {
    /// Semaphore set
    #[arg(value_name = "REF")]
    reference: OsString,
    /// Semaphores, by number: 0, or 0:3 [default: all]
    #[arg(value_name = "INDEX", value_parser = semaphores)]
    semaphores: Vec<Range>,
    #[command(flatten)]
    format: FormatArgs,
}

fn semaphores(text: &str) -> std::result::Result<Range, String> {
    Range::parse(text).map_err(|bad| bad.to_string())
}

/// Prints.
///
/// # Errors
/// Status 3 when there is no such set, 4 without read permission; a usage error when it has no such semaphore.
pub fn run(args: &SemGetArgs) -> Result<Status> {
    let reference = targets::set(&args.reference)?;
    let set = reference.resolve()?;
    let nsems = semaphores::count(&set.object);
    for range in &args.semaphores {
        range.check(set, nsems)?;
    }
    let values = semaphores::values(&set.object).map_err(|errno| explain(&set, errno))?;
    let mut out = Out::stdout()?;
    args.print(&mut out, &set, &values).map_err(Error::Output)?;
    out.finish()?;
    Ok(Status::Done)
}

fn explain(set: &Resolved<'_>, errno: Errno) -> Error {
    let name = format!("read the values of {}", set);
    match errno {
        Errno::EACCES => Error::cannot(Status::Denied, &name, errno, Some("needs read permission or CAP_IPC_OWNER")),
        Errno::EINVAL | Errno::EIDRM => Error::cannot(Status::NotFound, &name, "it was removed meanwhile", None),
        errno => Error::call(&name, errno),
    }
}

impl SemGetArgs {
    /// The semaphores that were asked for, in that order.
    fn chosen<'a>(&'a self, values: &'a [u16]) -> Box<dyn Iterator<Item = (u32, u16)> + 'a> {
        if self.semaphores.is_empty() {
            return Box::new((0u32..).zip(values.iter().copied()));
        }
        let indexes = self.semaphores.iter().flat_map(|range| range.iter());
        Box::new(indexes.filter_map(|index| values.get(index as usize).map(|value| (index, *value))))
    }

    fn print(&self, out: &mut Out, set: &Resolved<'_>, values: &[u16]) -> io::Result<()> {
        let chosen = self.chosen(values);
        match self.format.format() {
            Format::Table => {
                let mut text = String::new();
                for (_, value) in chosen {
                    push_u64(&mut text, u64::from(value));
                    text.push('\n');
                }
                out.write_all(text.as_bytes())
            }
            Format::Csv => {
                let mut text = String::new();
                csv::push_record(&mut text, ["index", "value"].map(|name| Value::Word(name.into())).into_iter(), false);
                for (index, value) in chosen {
                    let fields = [Value::Number(index.into()), Value::Number(value.into())];
                    csv::push_record(&mut text, fields.into_iter(), false);
                }
                out.write_all(text.as_bytes())
            }
            format => {
                let fields = document::exact_fields();
                let names = Lookups::of(&[set.object], &fields, Analysis::default());
                let mut json = JsonWriter::new(out);
                if format == Format::Json {
                    document::head(&mut json, "objects", false);
                    json.line();
                }
                json.open_object();
                let unseen = document::fields(&mut json, &set.object, &names, &fields);
                json.key("semaphores");
                json.open_array();
                for (index, value) in chosen {
                    json.open_object();
                    json.key("index");
                    json.number(index.into());
                    json.key("value");
                    json.number(value.into());
                    json.close_object();
                }
                json.close_array();
                document::hidden(&mut json, &unseen);
                json.close_object();
                if format == Format::Json {
                    document::tail(&mut json, &[]);
                }
                json.end_document().and_then(|()| json.flush())
            }
        }
    }
}
