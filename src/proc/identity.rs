//! One process or thread by its number, as far as the question goes whether it is the one that was recorded.
//!
//! The parsers are ours: command names may hold any bytes, and the library's reader of `status` fails on those that
//! are no UTF-8.

use std::fs;
use std::io;

use crate::sys::process::exists;
use crate::sys::{Pid, Uid};

/// What `/proc` says of a process or thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The process it belongs to.
    pub process: i32,
    /// The process's command name, not yet escaped.
    pub command: String,
    /// Its effective user.
    pub euid: Uid,
    /// Threads of the process.
    pub threads: u64,
    /// When it started, in clock ticks since the boot.
    pub started: u64,
    /// Whether its process has ended and only waits to be reaped.
    pub ended: bool,
}

/// What a number leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// To this.
    Found(Task),
    /// To nothing.
    Missing,
    /// To something that `/proc` does not show.
    Hidden,
}

/// Looks up a process or thread.
#[must_use]
pub fn look(number: Pid) -> Look {
    match read(number.raw()) {
        Ok(task) => Look::Found(task),
        // Not in /proc may also mean hidden there (hidepid), or no /proc at all.
        Err(_) if exists(number) == Some(false) => Look::Missing,
        Err(_) => Look::Hidden,
    }
}

/// Reads what `/proc` says.
///
/// # Errors
/// When it says nothing, or nothing that can be understood (`InvalidData`).
pub fn read(number: i32) -> io::Result<Task> {
    let of_task = file(number, "stat", stat)?;
    let status = file(number, "status", status)?;
    // What a thread's own line says of its end says nothing of the process.
    let of_process = if status.process == number { of_task.clone() } else { file(status.process, "stat", stat)? };
    Ok(Task {
        process: status.process,
        // The first thread may have ended while others go on.
        ended: of_process.ended && of_process.threads <= 1,
        command: of_process.command,
        euid: status.euid,
        threads: of_task.threads,
        started: of_task.started,
    })
}

fn file<T>(number: i32, name: &str, parse: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
    let text = fs::read(format!("/proc/{number}/{name}"))?;
    parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// `/proc/PID/stat`, in part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stat {
    command: String,
    ended: bool,
    threads: u64,
    started: u64,
}

/// `PID (comm) STATE …`; `comm` may hold blanks and parentheses.
fn stat(text: &[u8]) -> Option<Stat> {
    let first = text.iter().position(|&byte| byte == b'(')?;
    let last = text.iter().rposition(|&byte| byte == b')').filter(|&last| last > first)?;
    let command = String::from_utf8_lossy(&text[first + 1..last]).into_owned();
    let mut words = text[last + 1..].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    // proc_pid_stat(5): the state is field 3, the threads field 20, the start field 22.
    let ended = matches!(words.next()?, b"Z" | b"X" | b"x");
    let threads = number(words.nth(16)?)?;
    let started = number(words.nth(1)?)?;
    Some(Stat { command, ended, threads, started })
}

/// `/proc/PID/status`, in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status {
    process: i32,
    euid: Uid,
}

fn status(text: &[u8]) -> Option<Status> {
    let process = i32::try_from(number(field(text, b"Tgid:")?.next()?)?).ok()?;
    let euid = u32::try_from(number(field(text, b"Uid:")?.nth(1)?)?).ok()?;
    Some(Status { process, euid: Uid::new(euid) })
}

/// In how many pid namespaces, counted from that of `/proc`, this process has a number: 1 when `/proc` is of its own.
fn depth(status: &[u8]) -> Option<usize> {
    field(status, b"NSpid:").map(Iterator::count)
}

/// Whether the numbers in `/proc` are those that system calls give to this process. A `/proc` that was mounted outside
/// this process's pid namespace numbers processes otherwise.
#[must_use]
pub fn numbers_are_ours() -> bool {
    // Kernels before 4.1 do not tell; they get the benefit of the doubt.
    fs::read("/proc/self/status").is_ok_and(|text| depth(&text).unwrap_or(1) == 1)
}

/// The words of a line. Names are escaped in this file, so no line can be made up by one.
fn field<'a>(text: &'a [u8], name: &[u8]) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
    let line = text.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(name))?;
    Some(line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()))
}

fn number(word: &[u8]) -> Option<u64> {
    let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Look, Stat, depth, look, stat, status};
    use crate::sys::{Pid, Uid};

    #[test]
    fn a_hostile_name_changes_nothing() {
        let line = b"812 (a) Z 1 (\xff) S 1 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 5 0 77133 10 20 30";
        let expected = Stat { command: "a) Z 1 (\u{fffd}".to_owned(), ended: false, threads: 5, started: 77_133 };
        assert_eq!(stat(line), Some(expected));
        let text = b"Name:\t\xff\\nTgid:\t1\nState:\tS\nTgid:\t812\nUid:\t0\t65534\t0\t0\nNSpid:\t812\t3\n";
        let read = status(text).unwrap();
        assert_eq!((read.process, read.euid), (812, Uid::new(65534)));
        assert_eq!(depth(text), Some(2));
    }

    #[test]
    fn this_process_is_found() {
        let own = Pid::new(std::process::id().cast_signed());
        let Look::Found(task) = look(own) else { panic!("not found") };
        assert!(task.process == own.raw() && !task.ended && task.threads >= 1 && task.started > 0);
        assert_eq!(look(Pid::new(i32::MAX)), Look::Missing);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (stat(&text), status(&text), depth(&text));
        }

        #[test]
        fn every_name_is_survived(name in proptest::collection::vec(any::<u8>(), 0..16), threads: u64, started: u64) {
            let mut line = b"1 (".to_vec();
            line.extend(&name);
            line.extend(format!(") Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 {started} 0").bytes());
            let read = stat(&line).unwrap();
            prop_assert_eq!((read.ended, read.threads, read.started), (true, threads, started));
        }
    }
}
