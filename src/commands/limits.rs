//! `limits`: what may be created, what is in use, and who uses most.

use clap::Args;

use crate::error::{Error, Result, Status};
use crate::object::limits::{self, Limit};
use crate::object::names::Names;
use crate::output::context::{Context, note};
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::stdout::{Out, to_terminal};
use crate::proc::sysctl;
use crate::render::csv;
use crate::render::json::JsonWriter;
use crate::render::style::{Style, TimeStyle};
use crate::render::table::{self, Column};
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

/// A column, with its JSON key; empty ones are for tables only.
struct Cell {
    key: &'static str,
    header: &'static str,
    right: bool,
    value: for<'a> fn(&Limit, &'a Names) -> Value<'a>,
}

/// Every column; those with a header make the table, those with a key JSON and CSV.
const CELLS: [Cell; 15] = [
    Cell { key: "kind", header: "", right: false, value: |limit, _| Value::Word(limit.kind.word().into()) },
    Cell { key: "name", header: "LIMIT", right: false, value: |limit, _| Value::Word(limit.name.into()) },
    Cell { key: "value", header: "", right: true, value: |limit, _| Value::Number(limit.value) },
    Cell { key: "unlimited", header: "", right: false, value: |limit, _| Value::Flag(limit.unlimited) },
    Cell { key: "", header: "VALUE", right: true, value: |limit, _| shown_value(limit) },
    Cell { key: "used", header: "", right: true, value: |limit, _| limit.used.map_or(Value::Null, Value::Number) },
    Cell {
        key: "",
        header: "USED",
        right: true,
        value: |limit, _| limit.used.map_or(Value::Null, |used| amount(limit, used)),
    },
    Cell {
        key: "percent",
        header: "PERCENT",
        right: true,
        value: |limit, _| limit.permille().map_or(Value::Null, Value::Permille),
    },
    Cell { key: "unit", header: "UNIT", right: false, value: |limit, _| Value::Word(limit.unit.into()) },
    Cell {
        key: "top_uid",
        header: "",
        right: true,
        value: |limit, _| limit.top.map_or(Value::Null, |top| Value::Number(u64::from(top.uid.raw()))),
    },
    Cell {
        key: "top_owner",
        header: "MOST_BY",
        right: false,
        value: |limit, names| limit.top.map_or(Value::Null, |top| Value::Named(names.user(top.uid), top.uid.raw())),
    },
    Cell {
        key: "top_used",
        header: "",
        right: true,
        value: |limit, _| limit.top.map_or(Value::Null, |top| Value::Number(top.used)),
    },
    Cell {
        key: "",
        header: "MOST",
        right: true,
        value: |limit, _| limit.top.map_or(Value::Null, |top| amount(limit, top.used)),
    },
    Cell {
        key: "sysctl",
        header: "SYSCTL",
        right: false,
        value: |limit, _| limit.sysctl.map_or(Value::Null, |name| Value::Word(name.into())),
    },
    Cell { key: "meaning", header: "", right: false, value: |limit, _| Value::Word(limit.meaning.into()) },
];

fn amount(limit: &Limit, number: u64) -> Value<'static> {
    if limit.unit == "bytes" { Value::Bytes(number) } else { Value::Number(number) }
}

fn shown_value(limit: &Limit) -> Value<'static> {
    if limit.unlimited { Value::Word("unlimited".into()) } else { amount(limit, limit.value) }
}

/// Shows them.
///
/// # Errors
/// An output error, or a kernel without System V IPC.
pub fn run(args: &LimitsArgs, context: &Context) -> Result<Status> {
    let (limits, losses) = match limits::all() {
        Ok(found) => found,
        Err(error) => return document::refuse(args.format.format(), "limits", "limits", error),
    };
    context.verbose(|| "limits and use by IPC_INFO and *_INFO, shares of owners by a listing".to_owned());
    losses.iter().for_each(|loss| note(loss));
    let owners = limits.iter().filter_map(|limit| Some(limit.top?.uid.raw())).collect();
    let names = Names::look_up(owners, Vec::new());
    let mut out = Out::stdout()?;
    args.print(&mut out, &limits, &names, context).map_err(Error::Output)?;
    out.finish()?;
    if args.format.format() == Format::Table && sysctl::shm_rmid_forced() == Some(true) {
        note("kernel.shm_rmid_forced is 1: a segment is destroyed when its last process detaches");
    }
    Ok(Status::Done)
}

impl LimitsArgs {
    fn print(&self, out: &mut Out, limits: &[Limit], names: &Names, context: &Context) -> std::io::Result<()> {
        use std::io::Write as _;
        let exact: Vec<&Cell> = CELLS.iter().filter(|cell| !cell.key.is_empty()).collect();
        match self.format.format() {
            Format::Table => {
                let cells: Vec<&Cell> = CELLS.iter().filter(|cell| !cell.header.is_empty()).collect();
                let columns: Vec<Column> = cells
                    .iter()
                    .map(|cell| Column { header: cell.header, right: cell.right, flexible: false, wraps: false })
                    .collect();
                let mut style = Style::new(self.bytes, TimeStyle::Age);
                context.fit(&mut style);
                style.header = !self.no_header;
                table::write(out, &columns, limits.len(), &style, |row, column| {
                    (cells[column].value)(&limits[row], names)
                })
            }
            Format::Csv => {
                let mut text = String::new();
                if !self.no_header {
                    csv::push_record(&mut text, exact.iter().map(|cell| Value::Word(cell.key.into())), to_terminal());
                }
                for limit in limits {
                    csv::push_record(&mut text, exact.iter().map(|cell| (cell.value)(limit, names)), to_terminal());
                }
                out.write_all(text.as_bytes())
            }
            format => {
                let lines = format == Format::Jsonl;
                let mut json = JsonWriter::new(out);
                if !lines {
                    document::head(&mut json, "limits", false);
                }
                for limit in limits {
                    if !lines {
                        json.line();
                    }
                    json.open_object();
                    for cell in &exact {
                        json.key(cell.key);
                        json.value(&(cell.value)(limit, names));
                    }
                    json.close_object();
                    if lines {
                        json.end_document()?;
                    }
                }
                if !lines {
                    document::tail(&mut json, &[]);
                    json.end_document()?;
                }
                json.flush()
            }
        }
    }
}
