//! `limits`: what may be created, what is in use, and who uses most.

use clap::Args;

use crate::error::{Error, Result, Status};
use crate::kind::field::{Field, Named, named};
use crate::object::limits::{self, Limit};
use crate::object::names::Names;
use crate::output::context::{self, note, verbose};
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::list::{self, List};
use crate::output::stdout::Out;
use crate::proc::sysctl;
use crate::render::style::TimeStyle;
use crate::render::value::Value;

/// Show limits, what of them is in use, and who uses most
#[derive(Debug, Args)]
pub struct LimitsArgs {
    /// Show sizes in bytes
    #[arg(short, long)]
    bytes: bool,
    /// Leave out the header
    #[arg(long)]
    no_header: bool,
    #[command(flatten)]
    format: FormatArgs,
}

type LimitField = Field<for<'a> fn(&Limit, &'a Names) -> Value<'a>>;

/// JSON and CSV have the exact ones, tables those with a heading.
static FIELDS: [LimitField; 15] = [
    field(named!("kind", ""), |limit, _| Value::Word(limit.kind.word().into())),
    field(named!("name", "LIMIT"), |limit, _| Value::Word(limit.name.into())),
    field(named!("value", ""), |limit, _| Value::Number(limit.value)),
    field(named!("unlimited", ""), |limit, _| Value::Flag(limit.unlimited)),
    field(named!("", "VALUE"), |limit, _| {
        if limit.unlimited { Value::Word("unlimited".into()) } else { amount(limit, limit.value) }
    })
    .right()
    .derived(),
    field(named!("used", ""), |limit, _| limit.used.map_or(Value::Null, Value::Number)),
    field(named!("", "USED"), |limit, _| limit.used.map_or(Value::Null, |used| amount(limit, used))).right().derived(),
    field(named!("percent", "PERCENT"), |limit, _| limit.permille().map_or(Value::Null, Value::Permille)).right(),
    field(named!("unit", "UNIT"), |limit, _| Value::Word(limit.unit.into())),
    field(named!("top_uid", ""), |limit, _| {
        limit.top.map_or(Value::Null, |top| Value::Number(u64::from(top.uid.raw())))
    }),
    field(named!("top_owner", "MOST_BY"), |limit, names| {
        limit.top.map_or(Value::Null, |top| Value::Named(names.user(top.uid), top.uid.raw()))
    }),
    field(named!("top_used", ""), |limit, _| limit.top.map_or(Value::Null, |top| Value::Number(top.used))),
    field(named!("", "MOST"), |limit, _| limit.top.map_or(Value::Null, |top| amount(limit, top.used)))
        .right()
        .derived(),
    field(named!("sysctl", "SYSCTL"), |limit, _| limit.sysctl.map_or(Value::Null, |name| Value::Word(name.into()))),
    field(named!("meaning", ""), |limit, _| Value::Word(limit.meaning.into())),
];

const fn field(named: Named, read: for<'a> fn(&Limit, &'a Names) -> Value<'a>) -> LimitField {
    Field::new(named, "", read)
}

fn amount(limit: &Limit, number: u64) -> Value<'static> {
    if limit.unit == "bytes" { Value::Bytes(number) } else { Value::Number(number) }
}

pub fn run(args: &LimitsArgs) -> Result<Status> {
    let (limits, losses) = match limits::all() {
        Ok(found) => found,
        Err(error) => return document::refuse(args.format.format(), "limits", "limits", error),
    };
    verbose(|| "limits and use by IPC_INFO and *_INFO, shares of owners by a listing".to_owned());
    losses.iter().for_each(|loss| note(loss));
    let owners = limits.iter().filter_map(|limit| Some(limit.top?.uid.raw())).collect();
    let names = Names::look_up(owners, Vec::new());
    let format = args.format.format();
    let shown: Vec<&LimitField> =
        if format == Format::Table { list::columns(&FIELDS).collect() } else { list::exact(&FIELDS).collect() };
    let value = |limit, field: &LimitField| (field.read)(limit, &names);
    let list = List { key: "limits", fields: &shown, rows: &limits, value, failures: &[] };
    let style = context::style(args.bytes, TimeStyle::Age, !args.no_header);
    let mut out = Out::stdout()?;
    list.write(&mut out, format, &style, |record, limit| {
        record.fields(shown.iter().copied(), |field| value(limit, field));
    })
    .map_err(Error::Output)?;
    out.finish()?;
    if format == Format::Table && sysctl::shm_rmid_forced() == Some(true) {
        note("kernel.shm_rmid_forced is 1: a segment is destroyed when its last process detaches");
    }
    Ok(Status::Done)
}
