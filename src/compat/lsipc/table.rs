//! A table whose columns are as wide as their cells; on a terminal, some are truncated to fit.

use crate::compat::out::Out;
use crate::compat::text::pad;
use crate::render::escape::display_width;
use crate::render::units::push_u64;

#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub name: &'static str,
    /// Minimal width. A longer name overflows, as in util-linux.
    pub width: usize,
    pub right: bool,
    pub cut: bool,
    pub uneven: bool,
}

/// Collects rows until the widths are known.
pub(super) struct Table {
    heads: Vec<Head>,
    widths: Vec<usize>,
    text: String,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
}

impl Table {
    pub(super) fn new(heads: Vec<Head>) -> Self {
        let widths = heads.iter().map(|head| head.width).collect();
        Self { heads, widths, text: String::new(), ends: Vec::new() }
    }

    /// Adds the next cell of the current row.
    pub(super) fn cell(&mut self, push: impl FnOnce(&mut String)) {
        let start = self.text.len();
        push(&mut self.text);
        let column = self.ends.len() % self.heads.len();
        let width = display_width(self.text.get(start..).unwrap_or_default());
        self.widths[column] = self.widths[column].max(width);
        self.ends.push(self.text.len());
    }

    pub(super) fn number(&mut self, number: u64) {
        self.cell(|out| push_u64(out, number));
    }

    /// Prints the table, or nothing if it has no rows. `columns` is the width of the terminal, if there is one.
    pub(super) fn print(mut self, out: &mut Out, headings: bool, columns: Option<usize>) {
        if self.ends.is_empty() {
            return;
        }
        if let Some(columns) = columns {
            self.fit(columns);
        }
        let last = self.heads.len() - 1;
        if headings {
            for (at, head) in self.heads.iter().enumerate() {
                print_cell(&mut out.text, head.name, *head, self.widths[at], at == last);
            }
        }
        let mut start = 0;
        for row in self.ends.chunks(self.heads.len()) {
            for (at, &end) in row.iter().enumerate() {
                let cell = self.text.get(start..end).unwrap_or_default();
                print_cell(&mut out.text, cell, self.heads[at], self.widths[at], at == last);
                if at < last && self.heads[at].uneven && cell.len() > self.widths[at] {
                    // The row continues on the next line.
                    out.text.pop();
                    out.text.push('\n');
                    let below = out.text.len();
                    pad(&mut out.text, below, self.widths[..=at].iter().map(|width| width + 1).sum());
                }
                start = end;
            }
            out.row();
        }
    }

    fn fit(&mut self, columns: usize) {
        let widest = self.widths.clone();
        for at in 0..self.heads.len() {
            if self.heads[at].uneven {
                self.widths[at] = self.usual_width(at);
            }
        }
        let total = self.widths.iter().sum::<usize>() + self.widths.len() - 1;
        let mut spare = columns.saturating_sub(total);
        for (width, widest) in self.widths.iter_mut().zip(widest) {
            let more = spare.min(widest - *width);
            *width += more;
            spare -= more;
        }
        self.cut(total.saturating_sub(columns));
    }

    /// The width of a column without cells more than twice as wide as the mean.
    fn usual_width(&self, column: usize) -> usize {
        let count = self.heads.len();
        let start = |cell: usize| cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        let cells = (column..self.ends.len()).step_by(count).map(|cell| self.ends[cell] - start(cell));
        let mean = cells.clone().sum::<usize>() / (self.ends.len() / count);
        let most = if mean == 0 { usize::MAX } else { mean * 2 };
        cells.filter(|&width| width <= most).max().unwrap_or(0).max(self.heads[column].width)
    }

    /// Narrows the columns that may be truncated, one character each in turn, by `excess` in all or as far as possible.
    fn cut(&mut self, mut excess: usize) {
        while excess > 0 {
            let before = excess;
            for (width, head) in self.widths.iter_mut().zip(&self.heads) {
                if excess > 0 && head.cut && *width > head.width {
                    *width -= 1;
                    excess -= 1;
                }
            }
            if excess == before {
                return;
            }
        }
    }
}

fn print_cell(out: &mut String, cell: &str, head: Head, width: usize, last: bool) {
    let plain = cell.is_ascii();
    let shown = if plain { cell.len() } else { display_width(cell) };
    let cell = if shown > width && head.cut { cut(cell, width) } else { cell };
    let shown = if plain { cell.len() } else { display_width(cell) };
    // The last column has no trailing blanks, not even for an empty cell.
    if head.right && !(last && cell.is_empty()) {
        pad(out, out.len(), width.saturating_sub(shown));
    }
    out.push_str(cell);
    if last {
        out.push('\n');
        return;
    }
    let missing = if head.right { 0 } else { width.saturating_sub(shown) };
    pad(out, out.len(), missing + 1);
}

/// The longest beginning of `cell` that is no wider than `width`.
fn cut(cell: &str, width: usize) -> &str {
    let mut end = 0;
    for (at, character) in cell.char_indices() {
        let next = at + character.len_utf8();
        if display_width(cell.get(..next).unwrap_or_default()) > width {
            break;
        }
        end = next;
    }
    cell.get(..end).unwrap_or_default()
}
