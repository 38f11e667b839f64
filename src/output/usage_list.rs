//! Lists of uses, which `who`, `ps` and `show` have in common.

use std::io::{self, Write};

use crate::kind::model::ObjectId;
use crate::object::names::Names;
use crate::output::list::{self, Record};
use crate::render::style::Style;
use crate::render::value::Value;
use crate::usage::fields::{CANDIDATE, HOLDER, OBJECT, PROCESS, ROLE, UNDO, UseField, WAITER};
use crate::usage::report::ObjectUsage;
use crate::usage::role::{Hidden, Role, Use};

/// A row of a table.
#[derive(Debug)]
pub(crate) enum Row<'a> {
    /// A use.
    Use(&'a Use),
    /// How many users of an object are hidden, in words; the reason would make the table too wide.
    Hidden(ObjectId, String),
}

/// The names of the users of the processes.
pub(crate) fn names<'a>(uses: impl Iterator<Item = &'a Use>) -> Names {
    Names::look_up(uses.filter_map(|row| row.process().uid).map(crate::sys::Uid::raw).collect(), Vec::new())
}

/// The columns of these parts of a use, and since when a thread sleeps.
pub(crate) fn columns(parts: &[&'static [UseField]]) -> Vec<&'static UseField> {
    parts.iter().copied().chain([&WAITER[..]]).flat_map(list::columns).collect()
}

/// Writes a table.
pub(crate) fn write_table(
    out: &mut impl Write,
    columns: &[&'static UseField],
    rows: &[Row<'_>],
    names: &Names,
    style: &Style,
) -> io::Result<()> {
    list::table(out, columns, rows, style, |row, field| match row {
        Row::Use(used) => (field.read)(used, names),
        Row::Hidden(object, words) => match field.name {
            "ref" => Value::Reference(object.kind.word(), object.number),
            "use" => Value::Word(words.as_str().into()),
            "since" => Value::Null,
            _ => Value::Hidden,
        },
    })
}

/// Writes CSV: every field of every use. A process that may know an object does not use it, and has no record.
pub(crate) fn write_csv<'a>(
    out: &mut impl Write,
    uses: impl Iterator<Item = &'a Use>,
    header: bool,
    names: &'a Names,
) -> io::Result<()> {
    let parts: [&[UseField]; 6] = [&OBJECT, &PROCESS, &ROLE, &HOLDER, &WAITER, &UNDO];
    let fields: Vec<_> = parts.into_iter().flat_map(list::exact).collect();
    list::csv(out, &fields, uses, header, |used, field| (field.read)(used, names))
}

/// Writes the fields of parts of a use.
pub(crate) fn write_fields<W: Write>(
    record: &mut Record<'_, W>,
    used: &Use,
    parts: &[&'static [UseField]],
    names: &Names,
) {
    record.fields(parts.iter().copied().flat_map(list::exact), |field| (field.read)(used, names));
}

/// Writes the adjustments of an undo record and the processes that share it, as lists; null where the use has none.
pub(crate) fn write_undo<W: Write>(record: &mut Record<'_, W>, used: &Use) {
    let [adjust, shared_with] = [UNDO[0].name, UNDO[1].name];
    let Role::Undo(undo) = &used.role else {
        return [adjust, shared_with].into_iter().for_each(|name| record.value(name, Value::Null));
    };
    record.list(adjust, &undo.adjustments, |record, adjustment| {
        record.value("semaphore", Value::Number(adjustment.semaphore.into()));
        record.value("by", Value::Signed(adjustment.by.into()));
    });
    record.values(shared_with, undo.shared_with.iter().map(|&pid| Value::Number(pid.into())));
}

/// The keys of the lists of an object's users.
pub(crate) const LISTS: [&str; 3] = ["holders", "waiters", "recorded"];

/// Writes the list of an object's users that `key` names, one of [`LISTS`].
pub(crate) fn write_users<W: Write>(
    record: &mut Record<'_, W>,
    key: &'static str,
    found: &ObjectUsage<'_>,
    names: &Names,
) {
    let fits = |used: &&Use| match used.role {
        Role::Holder(_) => key == "holders",
        Role::Waiter(..) => key == "waiters",
        Role::Recorded(..) => key == "recorded",
        Role::Undo(_) | Role::MayKnow(_) => false,
    };
    let (part, incomplete): (&[UseField], bool) = match key {
        "holders" => (&HOLDER, found.usage.hidden_attachments > 0),
        "waiters" => (&WAITER, found.usage.hidden_waiters != Some(0)),
        _ => (&[], false),
    };
    record.list(key, found.uses.iter().filter(fits), |record, used| {
        write_fields(record, used, &[&PROCESS, &ROLE, part], names);
    });
    record.hide(key, incomplete);
}

/// Writes the list of a set's undo records; null where none can be read.
fn write_undo_records<W: Write>(record: &mut Record<'_, W>, found: &ObjectUsage<'_>, names: &Names) {
    let Some(undo) = &found.usage.undo else { return };
    if undo.is_unreadable() {
        record.value("undo", Value::Null);
    } else {
        let records = found.uses.iter().filter(|used| matches!(used.role, Role::Undo(_)));
        record.list("undo", records, |record, used| {
            write_fields(record, used, &[&PROCESS, &ROLE], names);
            write_undo(record, used);
        });
    }
    record.hide("undo", undo.hidden.is_some());
}

/// The rows of a table.
pub(crate) fn rows<'a>(found: &'a ObjectUsage<'_>, all: bool) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'_>> = found.shown(all).map(Row::Use).collect();
    let more = [found.more(), Hidden::of([found.usage]).words()];
    rows.extend(more.into_iter().flatten().map(|words| Row::Hidden(found.object.id, words)));
    rows
}

/// Writes all lists of an object's users, and how many are hidden.
pub(crate) fn write<W: Write>(record: &mut Record<'_, W>, found: &ObjectUsage<'_>, names: &Names) {
    LISTS.into_iter().for_each(|key| write_users(record, key, found, names));
    write_undo_records(record, found, names);
    record.list("may_know", found.uses.iter().filter(|used| !used.is_known()), |record, used| {
        write_fields(record, used, &[&PROCESS, &ROLE, &CANDIDATE], names);
    });
    let unseen = found.may_know.unseen.is_some();
    record.hide("may_know", unseen);
    record.value("may_know_count", if unseen { Value::Hidden } else { Value::Number(found.may_know.number) });
    record.value("hidden_attachments", Value::Number(found.usage.hidden_attachments));
    record.value("hidden_waiters", found.usage.hidden_waiters.map_or(Value::Hidden, Value::Number));
    record.text("hidden_why", Hidden::of([found.usage]).reasons().as_deref());
}
