//! `sem get`: the values of semaphores.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;

use crate::commands::shared::targets;
use crate::error::{Error, Result, Status};
use crate::kind::field::{Field, named};
use crate::listing::fields::Lookups;
use crate::listing::query::Analysis;
use crate::object::reference::Resolved;
use crate::object::semaphores;
use crate::output::format::{Format, FormatArgs};
use crate::output::list;
use crate::output::stdout::Out;
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

/// Fails with status 3 when there is no such set, and with 4 without read permission.
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
        let chosen: Vec<(u32, u16)> = self.chosen(values).collect();
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
                let fields: Vec<_> = FIELDS.iter().collect();
                list::csv(out, &fields, &chosen, true, |one, field| (field.read)(one))
            }
            format => list::json(out, format, "objects", [set.object], &[], |record, object| {
                let fields = list::exact_fields();
                record.object(&object, &fields, &Lookups::of(&[object], &fields, Analysis::default()));
                record.list("semaphores", &chosen, |record, one| record.fields(&FIELDS, |field| (field.read)(one)));
            }),
        }
    }
}

/// Reads the number of a semaphore, or its value.
type Read = fn(&(u32, u16)) -> Value<'static>;

static FIELDS: [Field<Read>; 2] = [
    Field::new(named!("index", "INDEX"), "", |(index, _)| Value::Number((*index).into())),
    Field::new(named!("value", "VALUE"), "", |(_, value)| Value::Number((*value).into())),
];
