//! Lists of keys and values, one pair per line.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

#[derive(Debug, Default)]
pub struct KeyValueList {
    lines: Vec<(String, String)>,
}

impl KeyValueList {
    /// `value` must be escaped if it comes from outside.
    pub fn line(&mut self, label: impl Into<String>, value: impl Into<String>) {
        self.lines.push((label.into(), value.into()));
    }

    pub fn write(&self, out: &mut impl Write, indent: usize) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for (label, value) in &self.lines {
            table.add_row([label, value]);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.to_string().lines() {
            writeln!(out, "{:indent$}{}", "", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::KeyValueList;

    #[test]
    fn labels_stand_in_a_column() {
        let mut list = KeyValueList::default();
        list.line("key", "0x00000001");
        list.line("last attach", "never");
        let mut out = Vec::new();
        list.write(&mut out, 2).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  key          0x00000001\n  last attach  never\n");
    }
}
