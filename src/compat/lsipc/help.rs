//! `--help`.

use std::fmt::Write as _;

use super::column::{Column, GENERIC, SUMMARY, special};
use crate::kind::system_v::SystemV;

const OPTIONS: &str = "\
Usage: lsipc [OPTION...]

Lists System V IPC objects of one kind, or limits and what of them is in use.

What to list:
  -m, --shmems           shared memory segments
  -q, --queues           message queues
  -s, --semaphores       semaphore sets
  -g, --global           limits; of the kind given with it, else of all (the default)
  -i, --id ID            this object alone, a line for each of its facts

Which columns:
  -o, --output LIST      these, names between commas; with '+' in front these too
  -c, --creator          numbers of creator and owner too
  -t, --time             times too

How to show them:
  -J, --json             as JSON (LIBSMARTCOLS_JSON=compact or lines: an object a line)
  -r, --raw              one blank between columns, blanks in them as \\x20
  -e, --export           NAME=\"value\" pairs, an object a line
  -n, --newline          NAME=\"value\" pairs, a pair a line
  -l, --list             a table, also with --id
  -b, --bytes            sizes in bytes
  -P, --numeric-perms    permissions as a number
  -y, --shell            column names that can name shell variables
      --time-format HOW  times as short, full or iso
      --noheadings       no line of column names
      --notruncate       nothing cut to the width of the terminal

  -h, --help             this help
  -V, --version          version
";

pub(in crate::compat) fn text() -> String {
    let mut text = OPTIONS.to_owned();
    let groups: [(&str, &[Column]); 5] = [
        ("Columns of all objects", &GENERIC),
        ("Columns of segments (-m)", special(SystemV::Segment)),
        ("Columns of queues (-q)", special(SystemV::Queue)),
        ("Columns of semaphore sets (-s)", special(SystemV::Set)),
        ("Columns of limits (-g)", &SUMMARY),
    ];
    for (title, columns) in groups {
        let _ = write!(text, "\n{title}:\n");
        for column in columns {
            let _ = writeln!(text, "  {:<12} {}", column.name, column.meaning);
        }
    }
    text.push_str("\nPOSIX objects are not supported. See lsipc(1).\n");
    text
}
