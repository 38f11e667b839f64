//! One process or thread by its number, as far as the question goes whether it is the one that was recorded.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::reader::{self, Reader};
use super::task::Stat;
use crate::sys::Pid;
use crate::sys::process::exists;

/// `CAP_IPC_OWNER` in a set of capabilities.
const CAP_IPC_OWNER: u64 = 1 << 15;

/// What `/proc` says of a process or thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The process it belongs to.
    pub process: i32,
    /// The process's command name, not yet escaped.
    pub command: String,
    /// The process's parent; 0 where that is in another pid namespace.
    pub parent: i32,
    /// Its users and groups.
    pub users: Users,
    /// Threads of the process.
    pub threads: u64,
    /// When it started, in clock ticks since the boot.
    pub started: u64,
    /// Whether its process has ended and only waits to be reaped.
    pub ended: bool,
}

/// Whom a process may act as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// Its real, effective, saved and file system user.
    pub uids: Vec<u32>,
    /// Its groups of the same kinds, and the supplementary ones.
    pub gids: Vec<u32>,
    /// Whether it has, or can raise, `CAP_IPC_OWNER`: every object lets it in then.
    pub enters_all: bool,
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
    read_by(&mut Reader::default(), number)
}

/// The same with a reader that is at hand.
///
/// # Errors
/// As [`read`].
pub fn read_by(reader: &mut Reader, number: i32) -> io::Result<Task> {
    let of_task = file(reader, number, "stat", Stat::parse)?;
    let status = file(reader, number, "status", status)?;
    // What a thread's own line says of its end says nothing of the process.
    let of_process =
        if status.process == number { of_task.clone() } else { file(reader, status.process, "stat", Stat::parse)? };
    Ok(Task {
        process: status.process,
        // The first thread may have ended while others go on.
        ended: matches!(of_process.state, b'Z' | b'X' | b'x') && of_process.threads <= 1,
        command: of_process.command,
        parent: i32::try_from(of_process.parent).map_err(|_| io::ErrorKind::InvalidData)?,
        users: status.users,
        threads: of_task.threads,
        started: of_task.started,
    })
}

/// Whom a process acts as.
///
/// # Errors
/// As [`read`].
pub fn users(number: u32) -> io::Result<Users> {
    let mut reader = Reader::default();
    users_in(reader.read(reader::Task::process(number), "status")?).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn file<T>(reader: &mut Reader, number: i32, name: &str, parse: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
    let number = u32::try_from(number).map_err(|_| io::ErrorKind::NotFound)?;
    parse(reader.read(reader::Task::process(number), name)?).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// `/proc/PID/status`, in part.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Status {
    process: i32,
    users: Users,
}

fn status(text: &[u8]) -> Option<Status> {
    let process = i32::try_from(number(field(text, b"Tgid:")?.next()?)?).ok()?;
    let numbers = |name: &[u8]| -> Option<Vec<u32>> {
        field(text, name)?.map(|word| u32::try_from(number(word)?).ok()).collect()
    };
    let (uids, mut gids) = (numbers(b"Uid:")?, numbers(b"Gid:")?);
    gids.extend(numbers(b"Groups:").unwrap_or_default());
    let permitted = field(text, b"CapPrm:").and_then(|mut words| words.next().map(<[u8]>::to_vec));
    let permitted = permitted.and_then(|word| u64::from_str_radix(std::str::from_utf8(&word).ok()?, 16).ok());
    let enters_all = permitted.is_none_or(|permitted| permitted & CAP_IPC_OWNER != 0);
    Some(Status { process, users: Users { uids, gids, enters_all } })
}

/// Whom a process may act as, by its `status`.
#[must_use]
pub fn users_in(text: &[u8]) -> Option<Users> {
    status(text).map(|status| status.users)
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

    use super::{Look, depth, look, status, users};
    use crate::sys::Pid;

    #[test]
    fn a_hostile_name_changes_nothing() {
        let text = b"Name:\t\xff\\nTgid:\t1\nState:\tS\nTgid:\t812\nUid:\t0\t65534\t0\t0\nGid:\t1\t2\t3\t4\nGroups:\t5 6 \nNSpid:\t812\t3\n";
        let read = status(text).unwrap();
        assert_eq!(
            (read.process, read.users.uids, read.users.gids),
            (812, vec![0, 65534, 0, 0], vec![1, 2, 3, 4, 5, 6])
        );
        assert_eq!(depth(text), Some(2));
    }

    #[test]
    fn this_process_is_found() {
        let own = Pid::new(std::process::id().cast_signed());
        let Look::Found(task) = look(own) else { panic!("not found") };
        assert!(task.process == own.raw() && !task.ended && task.threads >= 1 && task.started > 0);
        assert_eq!(look(Pid::new(i32::MAX)), Look::Missing);
        assert_eq!(users(std::process::id()).unwrap(), task.users);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (status(&text), depth(&text));
        }
    }
}
