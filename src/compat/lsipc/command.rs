//! Command lines of the processes the kernel recorded, each process looked into once.

use std::collections::HashMap;

use super::encode::{self, Encoding};
use crate::proc::reader::{Reader, Task};
use crate::proc::recorded::{Processes, Recorded};
use crate::sys::{Pid, Timestamp};

/// util-linux shows no more bytes of a command line.
const MOST: u64 = 8191;

/// What was found out so far.
pub(super) struct Commands {
    encoding: Encoding,
    processes: Processes,
    /// The command line, encoded.
    lines: HashMap<i32, Box<str>>,
    /// Whether it is that of the process which was recorded then.
    same: HashMap<(i32, i64), bool>,
}

impl Commands {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, processes: Processes::new(), lines: HashMap::new(), same: HashMap::new() }
    }

    /// The command line of the process recorded at `time`, its arguments between blanks; empty when it has ended,
    /// whoever has its number now.
    pub(super) fn of(&mut self, pid: Pid, time: Timestamp) -> &str {
        if pid.is_none() {
            return "";
        }
        let Self { same, processes, .. } = self;
        let is_same = same.entry((pid.raw(), time.seconds())).or_insert_with(|| {
            let comparable = processes.clock_set([time]).is_none();
            matches!(processes.recorded(pid, time, comparable), Recorded::Alive(_))
        });
        if !*is_same {
            return "";
        }
        let encoding = self.encoding;
        self.lines.entry(pid.raw()).or_insert_with(|| line(pid, encoding))
    }
}

fn line(pid: Pid, encoding: Encoding) -> Box<str> {
    let number = u32::try_from(pid.raw()).unwrap_or(0);
    let mut reader = Reader::default();
    let read = reader.beginning(Task::process(number), "cmdline", MOST as usize + 1);
    let mut bytes = read.map(<[u8]>::to_vec).unwrap_or_default();
    bytes.truncate(MOST as usize);
    if bytes == [0] && encoding == Encoding::Sheet {
        // Not the same as no command line, which has no line in a sheet either.
        return " ".into();
    }
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    let mut text = String::new();
    encode::push(encoding, &mut text, &bytes);
    text.into_boxed_str()
}
