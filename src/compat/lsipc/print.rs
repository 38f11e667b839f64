//! Prints rows in the requested format.

use std::io::{self, IsTerminal};

use super::column::Column;
use super::encode::Encoding;
use super::options::{Format, Request};
use super::table::{Head, Table};
use crate::compat::Tool;
use crate::compat::out::Out;
use crate::compat::text::pad;
use crate::sys::{fd, locale};

enum Form {
    Table(Box<Table>),
    Raw,
    /// `NAME="value"` pairs with this separator.
    Export(&'static str),
    Json(Json),
    Sheet,
}

/// The layout of JSON, chosen by `LIBSMARTCOLS_JSON`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Json {
    Pretty,
    /// One row a line.
    Compact,
    /// One row a line, without an enclosing list.
    Lines,
}

pub(super) struct Printer {
    out: Out,
    form: Form,
    columns: Vec<&'static Column>,
    names: Vec<String>,
    headings: bool,
    rows: usize,
    cell: String,
    list: &'static str,
}

impl Printer {
    /// `list` is the name of the list in JSON.
    pub(super) fn new(request: &Request, columns: Vec<&'static Column>, list: &'static str) -> Self {
        let form = match request.format {
            Some(Format::Json) => Form::Json(json()),
            Some(Format::Export) => Form::Export(" "),
            Some(Format::Newline) => Form::Export("\n"),
            Some(Format::Raw) => Form::Raw,
            None if request.is_sheet() => Form::Sheet,
            Some(Format::List) | None => {
                let head = |column: &&Column| Head {
                    name: column.heading(request.shell),
                    width: column.name.len(),
                    right: column.right,
                    cut: column.cut && !request.no_truncate,
                    uneven: column.uneven,
                };
                Form::Table(Box::new(Table::new(columns.iter().map(head).collect())))
            }
        };
        let names = columns.iter().map(|column| {
            let name = column.heading(request.shell);
            if matches!(form, Form::Json(_)) { name.to_ascii_lowercase() } else { name.to_owned() }
        });
        Self {
            out: Out::new(Tool::Lsipc),
            names: names.collect(),
            form,
            columns,
            headings: !request.no_headings,
            rows: 0,
            cell: String::new(),
            list,
        }
    }

    pub(super) fn encoding(&self) -> Encoding {
        match self.form {
            Form::Table(_) => Encoding::Table { utf8: locale::is_utf8() },
            Form::Raw => Encoding::Raw,
            Form::Export(_) => Encoding::Export,
            Form::Json(_) => Encoding::Json,
            Form::Sheet => Encoding::Sheet,
        }
    }

    /// Prints a row; `push` appends a cell.
    pub(super) fn row(&mut self, mut push: impl FnMut(&mut String, &Column)) {
        if let Form::Table(table) = &mut self.form {
            for &column in &self.columns {
                table.cell(|text| push(text, column));
            }
            return;
        }
        self.begin_row();
        for (at, &column) in self.columns.iter().enumerate() {
            self.cell.clear();
            push(&mut self.cell, column);
            let (text, name, cell) = (&mut self.out.text, &self.names[at], &self.cell);
            match self.form {
                Form::Table(_) => {}
                Form::Raw => push_all(text, &[if at > 0 { " " } else { "" }, cell]),
                Form::Export(between) => push_all(text, &[if at > 0 { between } else { "" }, name, "=\"", cell, "\""]),
                Form::Json(layout) => push_member(text, layout, at, name, cell),
                Form::Sheet if cell.is_empty() && !column.uneven => {}
                Form::Sheet => push_sheet_line(text, column.label, cell),
            }
        }
        self.end_row();
        self.out.row();
    }

    fn begin_row(&mut self) {
        let first = self.rows == 0;
        self.rows += 1;
        let text = &mut self.out.text;
        match self.form {
            Form::Raw if first && self.headings => push_all(text, &[&self.names.join(" "), "\n"]),
            Form::Json(Json::Pretty) if first => push_all(text, &["{\n   \"", self.list, "\": [\n      {\n"]),
            Form::Json(Json::Pretty) => text.push_str(",{\n"),
            Form::Json(Json::Compact) if first => push_all(text, &["{\"", self.list, "\":[\n{"]),
            Form::Json(Json::Compact) => text.push_str(",\n{"),
            Form::Json(Json::Lines) => text.push('{'),
            _ => {}
        }
    }

    fn end_row(&mut self) {
        match self.form {
            Form::Raw | Form::Export(_) => self.out.text.push('\n'),
            Form::Json(Json::Pretty) => self.out.text.push_str("\n      }"),
            Form::Json(Json::Compact) => self.out.text.push('}'),
            Form::Json(Json::Lines) => self.out.text.push_str("}\n"),
            Form::Table(_) | Form::Sheet => {}
        }
    }

    /// Prints the table or the end of the document.
    pub(super) fn finish(mut self) -> Out {
        match self.form {
            Form::Table(table) => table.print(&mut self.out, self.headings, columns()),
            Form::Json(Json::Pretty) if self.rows == 0 => {
                push_all(&mut self.out.text, &["{\n   \"", self.list, "\": [\n\n   ]\n}\n"]);
            }
            Form::Json(Json::Compact) if self.rows == 0 => {
                push_all(&mut self.out.text, &["{\"", self.list, "\":[\n]}\n"]);
            }
            Form::Json(Json::Pretty) => self.out.text.push_str("\n   ]\n}\n"),
            Form::Json(Json::Compact) => self.out.text.push_str("\n]}\n"),
            Form::Json(Json::Lines) | Form::Raw | Form::Export(_) | Form::Sheet => {}
        }
        self.out
    }
}

fn push_all(text: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| text.push_str(part));
}

fn push_member(text: &mut String, layout: Json, at: usize, name: &str, cell: &str) {
    let (before, colon) = match (layout, at) {
        (Json::Pretty, 0) => ("         \"", "\": "),
        (Json::Pretty, _) => (",\n         \"", "\": "),
        (_, 0) => ("\"", "\":"),
        _ => (",\"", "\":"),
    };
    push_all(text, &[before, name, colon]);
    if cell.is_empty() {
        text.push_str("null");
    } else {
        push_all(text, &["\"", cell, "\""]);
    }
}

fn push_sheet_line(out: &mut String, label: &str, value: &str) {
    const WIDTH: usize = 36;
    let start = out.len();
    out.push_str(label);
    out.push(':');
    pad(out, start, WIDTH);
    let start = out.len();
    out.push_str(value);
    pad(out, start, WIDTH);
    out.push('\n');
}

fn json() -> Json {
    match std::env::var("LIBSMARTCOLS_JSON").as_deref() {
        Ok("compact") => Json::Compact,
        Ok("lines") => Json::Lines,
        _ => Json::Pretty,
    }
}

/// The width of the terminal, if standard output is one.
fn columns() -> Option<usize> {
    const USUAL: usize = 80;
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let told = fd::columns(&stdout).map(usize::from);
    let set = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|&columns: &usize| columns > 0);
    Some(told.or_else(set).unwrap_or(USUAL))
}
