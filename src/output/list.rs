//! The one writer of lists: fields and rows in; a table, CSV, JSON or JSON lines out.

use std::fmt::Display;
use std::io::{self, Write};

use crate::kind::field::Field;
use crate::kind::model::Object;
use crate::listing::fields::{self, FIELDS, Lookups};
use crate::output::document::{self, Failure};
use crate::output::format::Format;
use crate::output::stdout::to_terminal;
use crate::render::csv;
use crate::render::json::JsonWriter;
use crate::render::slot::Slot;
use crate::render::style::Style;
use crate::render::table::{self, Cells, Column};
use crate::render::value::Value;

/// The fields that tables show without being asked: those with a heading.
pub(crate) fn columns<R>(fields: &'static [Field<R>]) -> impl Iterator<Item = &'static Field<R>> {
    fields.iter().filter(|field| !field.header.is_empty())
}

/// The fields that JSON and CSV have without being asked.
pub(crate) fn exact<R>(fields: &'static [Field<R>]) -> impl Iterator<Item = &'static Field<R>> {
    fields.iter().filter(|field| field.exact)
}

/// The exact fields of objects.
pub(crate) fn exact_fields() -> Vec<&'static fields::Field> {
    exact(&FIELDS).collect()
}

/// The exact fields of objects, and those of their states.
pub(crate) fn judged_fields() -> Vec<&'static fields::Field> {
    exact(&FIELDS).chain(["state", "unknown_why", "evidence"].into_iter().filter_map(fields::find)).collect()
}

/// A list whose rows and fields are the same in every format.
pub(crate) struct List<'a, T, R: 'static, V> {
    /// The key of the list in JSON.
    pub(crate) key: &'static str,
    pub(crate) fields: &'a [&'static Field<R>],
    pub(crate) rows: &'a [T],
    /// Reads a field of a row.
    pub(crate) value: V,
    pub(crate) failures: &'a [Failure],
}

impl<'a, T, R: Copy + 'static, V: Fn(&'a T, &Field<R>) -> Value<'a>> List<'a, T, R, V> {
    /// Writes the list; `each` writes a row's record, where the format has records.
    pub(crate) fn write<W: Write>(
        &self,
        out: &mut W,
        format: Format,
        style: &Style,
        each: impl FnMut(&mut Record<'_, &mut W>, &'a T),
    ) -> io::Result<()> {
        match format {
            Format::Table => table(out, self.fields, self.rows, style, &self.value),
            Format::Csv => csv(out, self.fields, self.rows, style.header, &self.value),
            Format::Json | Format::Jsonl => json(out, format, self.key, self.rows, self.failures, each),
        }
    }
}

/// Writes rows as a table.
pub(crate) fn table<'a, T, R: Copy + 'static>(
    out: &mut impl Write,
    columns: &[&'static Field<R>],
    rows: &'a [T],
    style: &Style,
    value: impl Fn(&'a T, &Field<R>) -> Value<'a>,
) -> io::Result<()> {
    let shape: Vec<Column> = columns.iter().map(|field| field.column()).collect();
    let cells = |row: usize, column: usize| value(&rows[row], columns[column]);
    table::write(out, &shape, rows.len(), style, &cells)
}

/// Objects, their fields and what was looked up for them: [`table()`] for many of them.
struct ObjectCells<'a> {
    columns: &'a [&'static fields::Field],
    objects: &'a [Object],
    lookups: &'a Lookups,
}

impl<'a> Cells<'a> for ObjectCells<'a> {
    fn value(&self, row: usize, column: usize) -> Value<'a> {
        self.columns[column].value(&self.objects[row], self.lookups)
    }

    fn width(&self, row: usize, column: usize, style: &Style, scratch: &mut String) -> usize {
        self.columns[column].width(&self.objects[row], self.lookups, style, scratch)
    }

    fn fill(&self, row: usize, column: usize, slot: Slot<'_>, style: &Style, scratch: &mut String) -> bool {
        self.columns[column].fill(&self.objects[row], self.lookups, slot, style, scratch)
    }
}

/// Writes objects as a table.
pub(crate) fn object_table(
    out: &mut impl Write,
    columns: &[&'static fields::Field],
    objects: &[Object],
    lookups: &Lookups,
    style: &Style,
) -> io::Result<()> {
    let shape: Vec<Column> = columns.iter().map(|field| field.column()).collect();
    table::write(out, &shape, objects.len(), style, &ObjectCells { columns, objects, lookups })
}

/// Writes rows as CSV, with or without a record of names in front.
pub(crate) fn csv<'a, T: 'a, R: 'static>(
    out: &mut impl Write,
    fields: &[&'static Field<R>],
    rows: impl IntoIterator<Item = &'a T>,
    header: bool,
    value: impl Fn(&'a T, &Field<R>) -> Value<'a>,
) -> io::Result<()> {
    let mut list = ListWriter::new(out, Format::Csv, "", false);
    if header {
        list.csv_record(fields.iter().map(|field| Value::Word(field.name.into())));
    }
    for row in rows {
        list.csv_record(fields.iter().map(|field| value(row, field)));
        list.flush_if_large()?;
    }
    list.flush()
}

/// Writes rows as JSON or JSON lines; `each` writes a row's record.
pub(crate) fn json<W: Write, T>(
    out: W,
    format: Format,
    key: &str,
    rows: impl IntoIterator<Item = T>,
    failures: &[Failure],
    mut each: impl FnMut(&mut Record<'_, W>, T),
) -> io::Result<()> {
    let mut list = ListWriter::new(out, format, key, false);
    for row in rows {
        list.record(|record| each(record, row));
        list.flush_if_large()?;
    }
    list.end(failures, |_| {})
}

/// Writes a list a row at a time, while its rows come into being.
pub(crate) struct ListWriter<W> {
    format: Format,
    json: JsonWriter<W>,
    /// Whether a terminal shows it, which obeys control characters.
    terminal: bool,
}

impl<W: Write> ListWriter<W> {
    /// Begins a list onto `out`; as a document it has the list under `key`.
    pub(crate) fn new(out: W, format: Format, key: &str, dry_run: bool) -> Self {
        let mut json = JsonWriter::new(out);
        if format == Format::Json {
            document::head(&mut json, key, dry_run);
        }
        Self { format, json, terminal: to_terminal() }
    }

    /// Adds a line of text for people.
    pub(crate) fn line(&mut self, line: impl Display) {
        use std::fmt::Write as _;
        // Writing into a String cannot fail.
        let _ = writeln!(self.json.buffer(), "{line}");
    }

    /// Adds a record of CSV.
    pub(crate) fn csv_record<'a>(&mut self, values: impl Iterator<Item = Value<'a>>) {
        csv::push_record(self.json.buffer(), values, self.terminal);
    }

    /// Adds a JSON object, of a document or in a line of its own.
    pub(crate) fn record(&mut self, write: impl FnOnce(&mut Record<'_, W>)) {
        if self.format == Format::Json {
            self.json.line();
        }
        Record::write(&mut self.json, write);
        if self.format == Format::Jsonl {
            self.json.end_line();
        }
    }

    /// Hands on what has gathered, if it is much.
    pub(crate) fn flush_if_large(&mut self) -> io::Result<()> {
        self.json.flush_if_large()
    }

    /// Hands on what has gathered, as far as the stream.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.json.flush()
    }

    /// Ends the list; `beside` adds to the document what stands beside the list.
    pub(crate) fn end(&mut self, failures: &[Failure], beside: impl FnOnce(&mut Record<'_, W>)) -> io::Result<()> {
        if self.format == Format::Json {
            self.json.close_array();
            let mut record = Record { json: &mut self.json, hidden: None };
            beside(&mut record);
            record.write_hidden();
            document::errors(&mut self.json, failures);
        }
        self.json.flush()
    }
}

/// A JSON object that is being written. One that may hide something ends with the names of what it hides.
pub(crate) struct Record<'a, W> {
    json: &'a mut JsonWriter<W>,
    /// Names of what is null because the caller may not see it; None for records that hide nothing ever.
    hidden: Option<Vec<&'static str>>,
}

impl<'a, W: Write> Record<'a, W> {
    fn write(json: &'a mut JsonWriter<W>, write: impl FnOnce(&mut Self)) {
        json.open_object();
        let mut record = Self { json, hidden: None };
        write(&mut record);
        record.write_hidden();
        record.json.close_object();
    }

    fn write_hidden(&mut self) {
        if let Some(hidden) = self.hidden.take() {
            self.values("hidden", hidden.into_iter().map(|name| Value::Word(name.into())));
        }
    }

    /// Has it end with the names of what it hides, even if it hides nothing.
    pub(crate) fn may_hide(&mut self) -> &mut Vec<&'static str> {
        self.hidden.get_or_insert_default()
    }

    /// Tells that `name` is hidden, or incomplete, if it is.
    pub(crate) fn hide(&mut self, name: &'static str, is_hidden: bool) {
        self.may_hide().extend(is_hidden.then_some(name));
    }

    /// Writes a value, and tells if it is hidden.
    pub(crate) fn value(&mut self, name: &'static str, value: Value<'_>) {
        if value == Value::Hidden {
            self.hide(name, true);
        }
        self.json.key(name);
        self.json.value(&value);
    }

    /// Writes text, or null.
    pub(crate) fn text(&mut self, name: &'static str, text: Option<&str>) {
        self.value(name, text.map_or(Value::Null, |text| Value::Text(text.into())));
    }

    /// Writes fields of a row. What is hidden is null, and not told of otherwise.
    pub(crate) fn fields<'v, R: 'static>(
        &mut self,
        fields: impl IntoIterator<Item = &'static Field<R>>,
        value: impl Fn(&Field<R>) -> Value<'v>,
    ) {
        for field in fields {
            self.json.written_key(field.json_key);
            self.json.value(&value(field));
        }
    }

    /// Writes those of `fields` that objects of this kind have, and tells which are hidden, if only that none is.
    pub(crate) fn object(&mut self, object: &Object, fields: &[&'static fields::Field], lookups: &Lookups) {
        let hidden = self.hidden.get_or_insert_default();
        for field in fields.iter().filter(|field| field.kinds.has(object.kind())) {
            let value = field.value(object, lookups);
            if matches!(value, Value::Hidden) {
                hidden.push(field.name);
            }
            self.json.written_key(field.json_key);
            self.json.value(&value);
        }
    }

    /// Writes an array of values.
    pub(crate) fn values<'v>(&mut self, name: &str, values: impl IntoIterator<Item = Value<'v>>) {
        self.json.key(name);
        self.json.open_array();
        values.into_iter().for_each(|value| self.json.value(&value));
        self.json.close_array();
    }

    /// Writes an array of records.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        rows: impl IntoIterator<Item = T>,
        each: impl Fn(&mut Record<'_, W>, T),
    ) {
        self.json.key(name);
        self.json.open_array();
        for row in rows {
            Record::write(self.json, |record| each(record, row));
        }
        self.json.close_array();
    }

    /// Writes a record in the record.
    pub(crate) fn record(&mut self, name: &str, write: impl FnOnce(&mut Record<'_, W>)) {
        self.json.key(name);
        Record::write(self.json, write);
    }
}

#[cfg(test)]
mod tests {
    use super::{List, columns, exact};
    use crate::kind::field::{Field, named};
    use crate::output::format::Format;
    use crate::render::style::{Style, TimeStyle};
    use crate::render::value::Value;

    type Pages = (&'static str, Option<u64>);

    type PagesField = Field<fn(&Pages) -> Value<'static>>;

    static FIELDS: [PagesField; 3] = [
        Field::new(named!("name", "NAME"), "", |(name, _)| Value::Word((*name).into())),
        Field::new(named!("pages", ""), "", |(_, pages)| pages.map_or(Value::Hidden, Value::Number)),
        Field { exact: false, right: true, ..Field::new(named!("", "SIZE"), "", |(_, pages)| size(*pages)) },
    ];

    fn size(pages: Option<u64>) -> Value<'static> {
        pages.map_or(Value::Hidden, |pages| Value::Bytes(pages * 4096))
    }

    fn written(format: Format, header: bool) -> String {
        let fields: Vec<_> =
            if format == Format::Table { columns(&FIELDS).collect() } else { exact(&FIELDS).collect() };
        let rows = [("a", Some(1)), ("b, c", None)];
        let value = |row, field: &PagesField| (field.read)(row);
        let list = List { key: "maps", fields: &fields, rows: &rows, value, failures: &[] };
        let mut out = Vec::new();
        let style = Style { header, ..Style::new(false, TimeStyle::Age) };
        list.write(&mut out, format, &style, |record, row| {
            record.fields(fields.iter().copied(), |field| value(row, field));
            record.list("uses", row.1, |record, pages| record.value("pages", Value::Number(pages)));
            record.record("own", |record| record.text("why", None));
            record.hide("pages", row.1.is_none());
        })
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_format_has_its_fields() {
        assert_eq!(written(Format::Table, true), "NAME  SIZE\na     4.0K\nb, c     ?\n");
        assert_eq!(written(Format::Table, false), "a     4.0K\nb, c     ?\n");
        assert_eq!(written(Format::Csv, true), "name,pages\r\na,1\r\n\"b, c\",\r\n");
        assert_eq!(written(Format::Csv, false), "a,1\r\n\"b, c\",\r\n");
    }

    #[test]
    fn records_that_may_hide_something_end_with_its_name() {
        assert_eq!(
            written(Format::Jsonl, true),
            "{\"name\":\"a\",\"pages\":1,\"uses\":[{\"pages\":1}],\"own\":{\"why\":null},\"hidden\":[]}\n\
             {\"name\":\"b, c\",\"pages\":null,\"uses\":[],\"own\":{\"why\":null},\"hidden\":[\"pages\"]}\n"
        );
        let document = written(Format::Json, true);
        assert!(
            document.contains("},\"maps\":[\n{\"name\":\"a\"") && document.ends_with("],\"errors\":[]}\n"),
            "{document}"
        );
    }
}
