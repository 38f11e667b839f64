//! Command lines of the processes that the kernel recorded; each process is read once.

use std::collections::{BTreeSet, HashMap};

use super::encode::{self, Encoding};
use crate::proc::probe;
use crate::proc::reader::{Reader, Task};
use crate::proc::recorded::{LookedUp, Recorded};
use crate::sys::{Pid, Timestamp};

/// Bytes of a command line that util-linux shows.
const MOST: u64 = 8191;

#[derive(Default)]
pub(super) struct Commands {
    /// Encoded command lines by pid.
    lines: HashMap<i32, Box<str>>,
    /// The recorded processes that are still alive.
    same: BTreeSet<(Pid, Timestamp)>,
}

impl Commands {
    pub(super) fn of_all(encoding: Encoding, recorded: impl IntoIterator<Item = (Pid, Timestamp)>) -> Self {
        let all: BTreeSet<(Pid, Timestamp)> = recorded.into_iter().filter(|(pid, _)| !pid.is_none()).collect();
        if all.is_empty() {
            return Self::default();
        }
        let (same, lines) = probe::run(|| {
            let found = LookedUp::new(all.iter().copied());
            let is_alive = |(pid, time): &(Pid, Timestamp)| matches!(found.of(*pid, *time), Some(Recorded::Alive(_)));
            let same: BTreeSet<(Pid, Timestamp)> = all.iter().copied().filter(is_alive).collect();
            let pids: BTreeSet<i32> = same.iter().map(|(pid, _)| pid.raw()).collect();
            let mut reader = Reader::default();
            let lines: Vec<(i32, Vec<u8>)> = pids.into_iter().map(|pid| (pid, read(pid, &mut reader))).collect();
            (same, lines)
        });
        let lines = lines.into_iter().map(|(pid, bytes)| (pid, line(bytes, encoding))).collect();
        Self { lines, same }
    }

    /// The command line of the process recorded at `time`, with blanks between arguments; empty if that process has
    /// ended, even if its pid was reused.
    pub(super) fn of(&self, pid: Pid, time: Timestamp) -> &str {
        if !self.same.contains(&(pid, time)) {
            return "";
        }
        self.lines.get(&pid.raw()).map_or("", |line| line)
    }
}

fn read(pid: i32, reader: &mut Reader) -> Vec<u8> {
    let number = u32::try_from(pid).unwrap_or(0);
    let read = reader.beginning(Task::process(number), "cmdline", MOST as usize + 1);
    let mut bytes = read.map(<[u8]>::to_vec).unwrap_or_default();
    bytes.truncate(MOST as usize);
    bytes
}

fn line(mut bytes: Vec<u8>, encoding: Encoding) -> Box<str> {
    if bytes == [0] && encoding == Encoding::Sheet {
        // An empty argument is shown as a line; no command line at all is not.
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
