//! Tables of any length: one pass for the widths, one for the text. No cells are kept in between, so 32,000 rows cost
//! no memory.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;

use super::escape::{display_width, truncate};
use super::slot::Slot;
use super::style::Style;
use super::value::Value;

/// Spaces between columns.
const GAP: usize = 2;
/// The least width of a cut column on a narrow terminal.
const MIN_FLEXIBLE: usize = 12;
/// The least width of a column with sentences.
const MIN_WRAPPED: usize = 40;
/// The text is written in pieces of this size.
const CHUNK: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// In capitals.
    pub header: &'static str,
    /// Aligned to the right, for numbers.
    pub right: bool,
    /// May be cut to fit a terminal, unlike identities and numbers.
    pub flexible: bool,
    /// Wraps instead of being cut, if it is the last column.
    pub wraps: bool,
}

impl Column {
    const fn least(&self) -> usize {
        if self.wraps { MIN_WRAPPED } else { MIN_FLEXIBLE }
    }
}

/// What the cells of a table are made of: a function of row and column that gives a value, or something faster.
pub trait Cells<'a> {
    /// The value of a cell.
    fn value(&self, row: usize, column: usize) -> Value<'a>;

    /// [`Value::width`] of a cell.
    fn width(&self, row: usize, column: usize, style: &Style, scratch: &mut String) -> usize {
        self.value(row, column).width(style, scratch)
    }

    /// [`Value::fill`] of a cell.
    fn fill(&self, row: usize, column: usize, slot: Slot<'_>, style: &Style, scratch: &mut String) -> bool {
        self.value(row, column).fill(slot, style, scratch)
    }
}

impl<'a, F: Fn(usize, usize) -> Value<'a>> Cells<'a> for F {
    fn value(&self, row: usize, column: usize) -> Value<'a> {
        self(row, column)
    }
}

/// Writes a table of `rows` rows.
pub fn write<'a>(
    out: &mut impl Write,
    columns: &[Column],
    rows: usize,
    style: &Style,
    cells: &impl Cells<'a>,
) -> io::Result<()> {
    let layout = Layout::new(columns, widths(columns, rows, style, cells), style);
    let mut text = Vec::with_capacity(CHUNK + 1024);
    if style.header {
        text.extend_from_slice(layout.header().as_bytes());
    }
    let mut scratch = String::new();
    for row in 0..rows {
        if !layout.fill_line(&mut text, &mut scratch, cells, row) {
            text.extend_from_slice(layout.line(&mut scratch, cells, row).as_bytes());
        }
        if text.len() >= CHUNK {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)
}

/// Where the cells of a line stand.
struct Layout<'a> {
    columns: &'a [Column],
    widths: Vec<usize>,
    /// Where the cells of the columns with a width stand in a line; the last may have none and end where it ends.
    places: Vec<Range<usize>>,
    style: &'a Style,
}

impl<'a> Layout<'a> {
    fn new(columns: &'a [Column], widths: Vec<usize>, style: &'a Style) -> Self {
        let mut start = style.indent;
        let places = widths.iter().filter(|&&width| width != usize::MAX).map(|width| {
            let place = start..start + width;
            start = place.end + GAP;
            place
        });
        Self { columns, places: places.collect(), widths, style }
    }

    fn header(&self) -> String {
        let mut text = String::new();
        if self.style.color {
            text.push_str("\x1b[1m");
        }
        push_blanks(&mut text, self.style.indent);
        for (index, column) in self.columns.iter().enumerate() {
            self.push_cell(&mut text, index, column.header);
        }
        trim(&mut text);
        text.push_str(if self.style.color { "\x1b[0m\n" } else { "\n" });
        text
    }

    /// Adds a line by writing each cell into its place among blanks, the fast way for nearly all. False, and nothing is
    /// added, where a cell does not fit or its characters are not as wide as its bytes are many.
    fn fill_line<'v>(&self, text: &mut Vec<u8>, scratch: &mut String, cells: &impl Cells<'v>, row: usize) -> bool {
        let line = text.len();
        let end = self.places.last().map_or(self.style.indent, |place| place.end);
        text.resize(line + end, b' ');
        let slots = &mut text[line..];
        for (index, (column, place)) in self.columns.iter().zip(&self.places).enumerate() {
            let slot = Slot { bytes: &mut slots[place.clone()], right: column.right };
            if !cells.fill(row, index, slot, self.style, scratch) {
                text.truncate(line);
                return false;
            }
        }
        if self.places.len() < self.columns.len() {
            if !self.places.is_empty() {
                text.resize(line + end + GAP, b' ');
            }
            scratch.clear();
            cells.value(row, self.places.len()).push_shown(scratch, self.style);
            text.extend_from_slice(scratch.as_bytes());
        }
        while text.len() > line && text.ends_with(b" ") {
            text.pop();
        }
        text.push(b'\n');
        true
    }

    /// A line of any cells.
    fn line<'v>(&self, scratch: &mut String, cells: &impl Cells<'v>, row: usize) -> String {
        let mut text = String::new();
        push_blanks(&mut text, self.style.indent);
        for (index, column) in self.columns.iter().enumerate() {
            scratch.clear();
            cells.value(row, index).push_shown(scratch, self.style);
            if self.is_last(index) && column.wraps && display_width(scratch) > self.widths[index] {
                let start = self.style.indent + self.widths[..index].iter().sum::<usize>() + GAP * index;
                push_wrapped(&mut text, scratch, self.widths[index], start);
            } else {
                self.push_cell(&mut text, index, scratch);
            }
        }
        trim(&mut text);
        text.push('\n');
        text
    }

    fn is_last(&self, index: usize) -> bool {
        index + 1 == self.columns.len()
    }

    fn push_cell(&self, out: &mut String, index: usize, text: &str) {
        let (width, last) = (self.widths[index], self.is_last(index));
        let mut used = display_width(text);
        let mut text = Cow::Borrowed(text);
        if used > width {
            text = Cow::Owned(truncate(&text, width).into_owned());
            used = display_width(&text);
        }
        let padding = if width == usize::MAX { 0 } else { width - used };
        if self.columns[index].right {
            push_blanks(out, padding);
            out.push_str(&text);
        } else {
            out.push_str(&text);
            if !last {
                push_blanks(out, padding);
            }
        }
        if !last {
            push_blanks(out, GAP);
        }
    }
}

fn widths<'a>(columns: &[Column], rows: usize, style: &Style, cells: &impl Cells<'a>) -> Vec<usize> {
    let mut widths: Vec<usize> =
        columns.iter().map(|column| if style.header { column.header.len() } else { 0 }).collect();
    let mut scratch = String::new();
    // The last column needs no width unless it is aligned to the right or may have to be cut.
    let measured = match columns.last() {
        Some(last) if !last.right && style.width.is_none() => columns.len() - 1,
        _ => columns.len(),
    };
    for row in 0..rows {
        for (index, width) in widths[..measured].iter_mut().enumerate() {
            *width = (*width).max(cells.width(row, index, style, &mut scratch));
        }
    }
    if measured < columns.len() {
        widths[measured] = usize::MAX;
    }
    if let Some(room) = style.width {
        fit(columns, &mut widths, room.saturating_sub(style.indent));
    }
    widths
}

/// Cuts flexible columns, the widest first, until the table fits or all have their least width.
fn fit(columns: &[Column], widths: &mut [usize], room: usize) {
    loop {
        let total = widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1);
        let widest = columns
            .iter()
            .zip(widths.iter_mut())
            .filter(|(column, width)| column.flexible && **width > column.least())
            .max_by_key(|(_, width)| **width);
        match widest {
            Some((column, width)) if total > room => {
                *width = (*width - (total - room).min(*width)).max(column.least());
            }
            _ => return,
        }
    }
}

/// Wraps a text at blanks into lines that begin at column `start`. A longer word stays whole.
fn push_wrapped(out: &mut String, text: &str, width: usize, start: usize) {
    let mut used = 0;
    for word in text.split(' ') {
        let long = display_width(word);
        if used > 0 && used + 1 + long > width {
            out.push('\n');
            push_blanks(out, start);
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += long;
    }
}

fn push_blanks(out: &mut String, count: usize) {
    const BLANKS: &str = "                                                                ";
    let mut left = count;
    while left > 0 {
        let now = left.min(BLANKS.len());
        out.push_str(&BLANKS[..now]);
        left -= now;
    }
}

/// Removes trailing blanks, as an empty last cell leaves them.
fn trim(out: &mut String) {
    while out.ends_with(' ') {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::{Column, Layout, widths, write};
    use crate::render::style::{Style, TimeStyle};
    use crate::render::value::Value;
    use crate::render::value::tests::any_value;

    const COLUMNS: [Column; 3] = [
        Column { header: "REF", right: false, flexible: false, wraps: false },
        Column { header: "SIZE", right: true, flexible: false, wraps: false },
        Column { header: "COMMAND", right: false, flexible: true, wraps: false },
    ];

    fn style(width: Option<usize>, header: bool) -> Style {
        Style { width, header, ..Style::new(false, TimeStyle::Age) }
    }

    fn written<'a>(columns: &[Column], rows: usize, style: &Style, cell: impl Fn(usize, usize) -> Value<'a>) -> String {
        let mut out = Vec::new();
        write(&mut out, columns, rows, style, &cell).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn table(width: Option<usize>, header: bool, commands: &[&str]) -> String {
        written(&COLUMNS, commands.len(), &style(width, header), |row, column| match column {
            0 => Value::Reference("shm", row as u64 * 100),
            1 => Value::Bytes(1 << (10 * row)),
            _ => Value::Text(Cow::Owned(commands[row].to_owned())),
        })
    }

    #[test]
    fn columns_are_aligned_without_trailing_blanks() {
        assert_eq!(
            table(None, true, &["postgres", "", "x\ty"]),
            "REF      SIZE  COMMAND\nshm:0       1  postgres\nshm:100  1.0K\nshm:200  1.0M  x\\ty\n"
        );
    }

    #[test]
    fn an_empty_table_is_its_header() {
        assert_eq!(table(None, true, &[]), "REF  SIZE  COMMAND\n");
        assert_eq!(table(None, false, &[]), "");
    }

    #[test]
    fn sentences_go_on_in_the_next_line() {
        let columns = [COLUMNS[0], Column { header: "EVIDENCE", right: false, flexible: true, wraps: true }];
        let text = "creator 4711 is gone: no such process; never attached; private";
        let of = |width| {
            let style = Style { indent: 2, ..style(width, false) };
            written(&columns, 1, &style, |_, column| match column {
                0 => Value::Reference("shm", 0),
                _ => Value::Text(Cow::Borrowed(text)),
            })
        };
        assert_eq!(of(None), "  shm:0  creator 4711 is gone: no such process; never attached; private\n");
        assert_eq!(of(Some(80)), of(None));
        let wrapped = "  shm:0  creator 4711 is gone: no such process;\n         never attached; private\n";
        assert_eq!(of(Some(50)), wrapped);
        // Lines of less than a few words do not help.
        assert_eq!(of(Some(20)), wrapped);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_either_way(
            rows in proptest::collection::vec([any_value(), any_value(), any_value()], 1..5),
            width in proptest::option::of(0..60_usize),
            bytes: bool,
        ) {
            let style = Style { now: 1_795_238_000, width, ..Style::new(bytes, TimeStyle::Age) };
            let cells = |row: usize, column: usize| rows[row][column].clone();
            let layout = Layout::new(&COLUMNS, widths(&COLUMNS, rows.len(), &style, &cells), &style);
            let (mut filled, mut scratch) = (Vec::new(), String::new());
            for row in 0..rows.len() {
                filled.clear();
                if layout.fill_line(&mut filled, &mut scratch, &cells, row) {
                    prop_assert_eq!(String::from_utf8(filled.clone()).unwrap(), layout.line(&mut scratch, &cells, row));
                } else {
                    prop_assert!(filled.is_empty());
                }
            }
        }
    }

    #[test]
    fn only_flexible_columns_are_cut_and_only_on_a_terminal() {
        let long = "a command line that is long";
        assert!(table(None, false, &[long]).ends_with("that is long\n"));
        assert_eq!(table(Some(24), false, &[long]), "shm:0  1  a command lin…\n");
        // Too narrow even for the least widths.
        assert_eq!(table(Some(5), false, &[long]), "shm:0  1  a command l…\n");
    }
}
