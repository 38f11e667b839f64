//! Printing uses of objects: what `who`, `ps` and `show` have in common.

use std::io::{self, Write};

use crate::kind::model::ObjectId;
use crate::object::names::Names;
use crate::output::stdout::to_terminal;
use crate::render::csv;
use crate::render::json::JsonWriter;
use crate::render::style::Style;
use crate::render::table::{self, Column};
use crate::render::value::Value;
use crate::usage::fields::{ADJUST, Part, SHARED_WITH, USE_FIELDS, UseField};
use crate::usage::possible::MayKnow;
use crate::usage::report::ObjectUsage;
use crate::usage::role::{Hidden, Role, Use};
use crate::usage::users::Usage;

/// A row of a table: a use, or what is hidden of an object's.
#[derive(Debug)]
pub(crate) enum Row<'a> {
    /// Somebody uses it.
    Use(&'a Use),
    /// Somebody else does or may, in words; the reason would make the table too wide.
    Hidden(ObjectId, String),
}

/// The names of the users of the processes.
pub(crate) fn names<'a>(uses: impl Iterator<Item = &'a Use>) -> Names {
    Names::look_up(uses.filter_map(|row| row.process().uid).map(crate::sys::Uid::raw).collect(), Vec::new())
}

/// The columns of `who`; for one object alone they need not say which.
pub(crate) fn columns(with_reference: bool) -> Vec<&'static UseField> {
    let shown = USE_FIELDS.iter().filter(|field| field.column.is_some());
    shown.filter(|field| with_reference || field.part != Part::Object).collect()
}

/// Writes a table.
pub(crate) fn write_table(
    out: &mut impl Write,
    columns: &[&'static UseField],
    rows: &[Row<'_>],
    names: &Names,
    style: &Style,
) -> io::Result<()> {
    let shape: Vec<Column> = columns.iter().filter_map(|field| field.column).collect();
    table::write(out, &shape, rows.len(), style, |row, column| match &rows[row] {
        Row::Use(used) => columns[column].value(used, names),
        Row::Hidden(object, words) => match columns[column].name {
            "ref" => Value::Reference(object.kind.word(), object.number),
            "use" => Value::Word(words.as_str().into()),
            "since" => Value::Null,
            _ => Value::Hidden,
        },
    })
}

/// Writes CSV: every field of every use.
pub(crate) fn write_csv<'a>(
    out: &mut impl Write,
    uses: impl Iterator<Item = &'a Use>,
    header: bool,
    names: &Names,
) -> io::Result<()> {
    // Who may know an object does not use it, and has no record here.
    let fields = || USE_FIELDS.iter().filter(|field| field.is_exact() && field.part != Part::Candidate);
    let mut text = String::new();
    if header {
        csv::push_record(&mut text, fields().map(|field| Value::Word(field.name.into())), to_terminal());
    }
    for used in uses {
        csv::push_record(&mut text, fields().map(|field| field.value(used, names)), to_terminal());
        out.write_all(text.as_bytes())?;
        text.clear();
    }
    out.write_all(text.as_bytes())
}

/// Writes the fields of a use that belong to `parts`, without braces.
pub(crate) fn write_fields<W: Write>(json: &mut JsonWriter<W>, used: &Use, parts: &[Part], names: &Names) {
    for field in USE_FIELDS.iter().filter(|field| field.is_exact() && parts.contains(&field.part)) {
        json.key(field.name);
        if matches!(field.name, ADJUST | SHARED_WITH) {
            write_undo(json, used, field.name == ADJUST);
            continue;
        }
        match field.value(used, names) {
            // A name that there is not.
            Value::Named(None, _) => json.null(),
            value => json.value(&value),
        }
    }
}

/// Writes what a process gives back, or the others that share its undo record, as a list; null where it has none.
fn write_undo<W: Write>(json: &mut JsonWriter<W>, used: &Use, adjustments: bool) {
    let Role::Undo(record) = &used.role else { return json.null() };
    json.open_array();
    if adjustments {
        for adjustment in &record.adjustments {
            json.open_object();
            json.key("semaphore");
            json.number(adjustment.semaphore.into());
            json.key("by");
            json.value(&Value::Signed(adjustment.by.into()));
            json.close_object();
        }
    } else {
        record.shared_with.iter().for_each(|pid| json.number((*pid).into()));
    }
    json.close_array();
}

/// The key of the list of a set's undo records.
pub(crate) const UNDO: &str = "undo";

/// Writes the list of a set's undo records; null where none can be read.
pub(crate) fn write_records<W: Write>(
    json: &mut JsonWriter<W>,
    uses: &[Use],
    usage: &Usage,
    names: &Names,
    unseen: &mut Vec<&'static str>,
) {
    let Some(undo) = &usage.undo else { return };
    if undo.is_unreadable() {
        json.key(UNDO);
        json.null();
    } else {
        let records = uses.iter().filter(|used| matches!(used.role, Role::Undo(_)));
        write_list(json, UNDO, records, &[Part::Process, Part::Use, Part::Undo], names);
    }
    if undo.hidden.is_some() {
        unseen.push(UNDO);
    }
}

/// The keys of the lists of an object's users.
pub(crate) const LISTS: [&str; 3] = ["holders", "waiters", "recorded"];

/// Writes the list of an object's users that `key` names, one of [`LISTS`]; adds it to `unseen` where there may be more.
pub(crate) fn write_users<W: Write>(
    json: &mut JsonWriter<W>,
    key: &'static str,
    uses: &[Use],
    usage: &Usage,
    names: &Names,
    unseen: &mut Vec<&'static str>,
) {
    let fits = |used: &&Use| match used.role {
        Role::Holder(_) => key == "holders",
        Role::Waiter(..) => key == "waiters",
        Role::Recorded(..) => key == "recorded",
        Role::Undo(_) | Role::MayKnow(_) => false,
    };
    let (part, incomplete) = match key {
        "holders" => (Part::Holder, usage.hidden_attachments > 0),
        "waiters" => (Part::Waiter, usage.hidden_waiters != Some(0)),
        _ => (Part::Use, false),
    };
    let parts = [Part::Process, Part::Use, part];
    let parts = if part == Part::Use { &parts[..2] } else { &parts[..] };
    write_list(json, key, uses.iter().filter(fits), parts, names);
    if incomplete {
        unseen.push(key);
    }
}

/// Writes the processes that may know an object: those that are described, and how many there are; adds it to `unseen`
/// where there may be others.
pub(crate) fn write_may_know<W: Write>(
    json: &mut JsonWriter<W>,
    uses: &[Use],
    may_know: &MayKnow,
    names: &Names,
    unseen: &mut Vec<&'static str>,
) {
    let candidates = uses.iter().filter(|used| !used.is_known());
    write_list(json, "may_know", candidates, &[Part::Process, Part::Use, Part::Candidate], names);
    json.key("may_know_count");
    if may_know.unseen.is_some() {
        json.null();
        unseen.extend(["may_know", "may_know_count"]);
    } else {
        json.number(may_know.number);
    }
}

/// Writes an array of the uses of which `parts` are told.
pub(crate) fn write_list<'a, W: Write>(
    json: &mut JsonWriter<W>,
    key: &str,
    uses: impl Iterator<Item = &'a Use>,
    parts: &[Part],
    names: &Names,
) {
    json.key(key);
    json.open_array();
    for used in uses {
        json.open_object();
        write_fields(json, used, parts, names);
        json.close_object();
    }
    json.close_array();
}

/// The rows of a table.
pub(crate) fn rows<'a>(found: &'a ObjectUsage<'_>, all: bool) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'_>> = found.shown(all).map(Row::Use).collect();
    let more = [found.more(), Hidden::of([found.usage]).words()];
    rows.extend(more.into_iter().flatten().map(|words| Row::Hidden(found.object.id, words)));
    rows
}

/// The keys that tell it in JSON; adds to what is hidden.
pub(crate) fn write<W: Write>(
    json: &mut JsonWriter<W>,
    found: &ObjectUsage<'_>,
    names: &Names,
    unseen: &mut Vec<&'static str>,
) {
    let mut incomplete = Vec::new();
    for key in LISTS {
        write_users(json, key, &found.uses, found.usage, names, &mut incomplete);
    }
    write_records(json, &found.uses, found.usage, names, &mut incomplete);
    write_may_know(json, &found.uses, &found.may_know, names, &mut incomplete);
    json.key("hidden_attachments");
    json.number(found.usage.hidden_attachments);
    json.key("hidden_waiters");
    match found.usage.hidden_waiters {
        Some(count) => json.number(count),
        None => json.null(),
    }
    json.key("hidden_why");
    match Hidden::of([found.usage]).reasons() {
        Some(why) => json.string(&why),
        None => json.null(),
    }
    unseen.append(&mut incomplete);
    if found.usage.hidden_waiters.is_none() {
        unseen.push("hidden_waiters");
    }
}
