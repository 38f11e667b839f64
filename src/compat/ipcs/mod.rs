//! `ipcs`: lists objects, or tells of one, of limits, of what is in use.

mod limits;
mod list;
mod one;
mod owners;
mod usage;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;

use super::Tool;
use super::common::{self, say, shown};
use super::getopt::{self, Item, Spec, Value};
use super::numbers;
use super::out::Out;
use super::text::{pad, pad_front, push_human, push_left_u64};
use crate::kind::model::{Kind, KindSet, ObjectId};
use crate::sys::Errno;

const HELP: &str = "\
Usage: ipcs [-m] [-q] [-s] [-t|-p|-c|-l|-u] [--human|-b]
       ipcs -m|-q|-s -i ID [--human|-b]

Shows message queues, shared memory segments and semaphore sets.

What to show (all three kinds unless some are named):
  -m, --shmems       shared memory segments
  -q, --queues       message queues
  -s, --semaphores   semaphore sets
  -a, --all          all three
  -i, --id ID        the object with this identifier, in detail

How to show it (of several, the last counts):
  -t, --time         times of the last operations
  -p, --pid          processes that made or used it last
  -c, --creator      owners and creators
  -l, --limits       limits of the system
  -u, --summary      what is in use altogether
      --human        sizes in units that suit them
  -b, --bytes        sizes in bytes

  -h, --help         show this and end
  -V, --version      show the version and end

This is ipcadm under another name; it can do more under its own.
";

/// What is shown of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    List,
    Time,
    Pid,
    Creator,
    Limits,
    Summary,
}

/// How sizes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// As each place likes it: limits of segments in KiB, all else in bytes.
    Default,
    Bytes,
    Human,
}

#[derive(Clone, Copy, Debug)]
enum Flag {
    Id,
    Kinds(KindSet),
    Format(Format),
    Unit(Unit),
    Help,
    Version,
}

const OPTIONS: [Spec<Flag>; 14] = [
    Spec::new(b'i', "id", Value::Required, Flag::Id),
    Spec::new(b'q', "queues", Value::No, Flag::Kinds(KindSet::MSG)),
    Spec::new(b'm', "shmems", Value::No, Flag::Kinds(KindSet::SHM)),
    Spec::new(b's', "semaphores", Value::No, Flag::Kinds(KindSet::SEM)),
    Spec::new(b'a', "all", Value::No, Flag::Kinds(KindSet::ALL)),
    Spec::new(b't', "time", Value::No, Flag::Format(Format::Time)),
    Spec::new(b'p', "pid", Value::No, Flag::Format(Format::Pid)),
    Spec::new(b'c', "creator", Value::No, Flag::Format(Format::Creator)),
    Spec::new(b'l', "limits", Value::No, Flag::Format(Format::Limits)),
    Spec::new(b'u', "summary", Value::No, Flag::Format(Format::Summary)),
    Spec::long("human", Value::No, Flag::Unit(Unit::Human)),
    Spec::new(b'b', "bytes", Value::No, Flag::Unit(Unit::Bytes)),
    Spec::new(b'V', "version", Value::No, Flag::Version),
    Spec::new(b'h', "help", Value::No, Flag::Help),
];

/// In the order in which they are shown.
const ORDER: [Kind; 3] = [Kind::Msg, Kind::Shm, Kind::Sem];

/// Runs it.
#[must_use]
pub fn run(args: Vec<OsString>) -> ExitCode {
    let (mut kinds, mut format, mut unit, mut id) = (KindSet::NONE, Format::List, Unit::Default, None);
    for item in getopt::read(&args, &OPTIONS) {
        match item {
            // Operands have no meaning.
            Ok(Item::Operand(_)) => {}
            Ok(Item::Option(flag, value)) => match flag {
                Flag::Id => match parse_id(value.as_deref().unwrap_or_default()) {
                    Ok(parsed) => id = Some(parsed),
                    Err(message) => {
                        say(Tool::Ipcs, message);
                        return ExitCode::FAILURE;
                    }
                },
                Flag::Kinds(more) => kinds = more.iter().fold(kinds, KindSet::with),
                Flag::Format(named) => format = named,
                Flag::Unit(named) => unit = named,
                Flag::Help => return common::print(Tool::Ipcs, HELP),
                Flag::Version => return common::version(Tool::Ipcs),
            },
            Err(bad) => return common::usage_error(Tool::Ipcs, &bad),
        }
    }
    let mut out = Out::new();
    let Some(id) = id else {
        if kinds.is_empty() {
            kinds = KindSet::ALL;
        }
        let status = show(&mut out, kinds, format, unit);
        return out.finish(Tool::Ipcs, status);
    };
    let Some(kind) = kinds.single() else {
        say(Tool::Ipcs, "when using an ID, a single resource must be specified");
        return ExitCode::FAILURE;
    };
    let status = one::show(&mut out, ObjectId::system_v(kind, id), unit);
    out.finish(Tool::Ipcs, status)
}

/// Shows all objects of the kinds, or what is said of the kinds themselves.
fn show(out: &mut Out, kinds: KindSet, format: Format, unit: Unit) -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    out.text.push('\n');
    for kind in ORDER.into_iter().filter(|&kind| kinds.has(kind)) {
        let shown = match format {
            Format::Limits => limits::show(&mut out.text, kind, unit).map_err(|errno| refused(kind, errno)),
            Format::Summary => usage::show(&mut out.text, kind, unit).map_err(|errno| refused(kind, errno)),
            Format::List | Format::Time | Format::Pid | Format::Creator => list::show(out, kind, format, unit),
        };
        if let Err(message) = shown {
            say(Tool::Ipcs, message);
            status = ExitCode::FAILURE;
        }
        out.text.push('\n');
    }
    status
}

fn refused(kind: Kind, errno: Errno) -> String {
    format!("the kernel tells nothing about {}s: {errno}", kind.noun())
}

fn parse_id(arg: &OsStr) -> Result<i32, String> {
    numbers::int(arg.as_bytes()).map_err(|bad| format!("failed to parse id argument: '{}'{}", shown(arg), bad.suffix()))
}

/// How wide a size for humans is, as a rule.
const HUMAN: usize = 6;

/// A size in a column: in bytes, or for humans at the right of a column of its own.
fn push_size_cell(out: &mut String, bytes: u64, width: usize, unit: Unit) {
    if unit != Unit::Human {
        return push_left_u64(out, bytes, width);
    }
    let start = out.len();
    push_human(out, bytes);
    pad_front(out, start, HUMAN);
    // One that is wider than its place moves what follows.
    let end = out.len();
    pad(out, end, width - HUMAN);
}

/// A size in a sentence.
fn push_size(out: &mut String, bytes: u64, unit: Unit) {
    match unit {
        Unit::Human => push_human(out, bytes),
        Unit::Default | Unit::Bytes => crate::render::units::push_u64(out, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_id;

    #[test]
    fn a_bad_identifier_is_repeated() {
        let message = |text: &str| parse_id(text.as_ref()).unwrap_err();
        assert_eq!(message("1x"), "failed to parse id argument: '1x'");
        assert_eq!(message("4294967297"), "failed to parse id argument: '4294967297': Numerical result out of range");
    }
}
