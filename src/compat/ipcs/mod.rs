//! `ipcs`: lists objects, or shows one object, the limits or the totals.

mod layout;
mod limits;
mod list;
mod one;
mod usage;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::Tool;
use super::getopt::{self, Item, Spec, Value};
use super::numbers;
use super::out::Out;
use super::stop::Stop;
use super::text::push_human;
use crate::kind::model::{Kind, KindSet};
use crate::kind::system_v::SystemV;
use crate::render::units::push_u64;

pub(super) const HELP: &str = "\
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    List,
    Time,
    Pid,
    Creator,
    Limits,
    Summary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Limits of segments in KiB, all else in bytes.
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
    Spec::new(b'q', "queues", Value::No, Flag::Kinds(KindSet::of(SystemV::Queue.kind()))),
    Spec::new(b'm', "shmems", Value::No, Flag::Kinds(KindSet::of(SystemV::Segment.kind()))),
    Spec::new(b's', "semaphores", Value::No, Flag::Kinds(KindSet::of(SystemV::Set.kind()))),
    Spec::new(b'a', "all", Value::No, Flag::Kinds(KindSet::SYSTEM_V)),
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

/// The kinds in the order of output.
const ORDER: [SystemV; 3] = [SystemV::Queue, SystemV::Segment, SystemV::Set];

pub(super) fn run(args: &[OsString]) -> Result<u8, Stop> {
    let (mut kinds, mut format, mut unit, mut id) = (KindSet::NONE, Format::List, Unit::Default, None);
    for item in getopt::read(args, &OPTIONS) {
        // Operands are ignored, as by util-linux.
        let Item::Option(flag, value) = item? else { continue };
        match flag {
            Flag::Id => id = Some(parse_id(&value.unwrap_or_default())?),
            Flag::Kinds(more) => kinds = more.iter().fold(kinds, KindSet::with),
            Flag::Format(named) => format = named,
            Flag::Unit(named) => unit = named,
            Flag::Help => return Err(Stop::Help),
            Flag::Version => return Err(Stop::Version),
        }
    }
    let mut out = Out::new(Tool::Ipcs);
    match (id, kinds.single().and_then(Kind::system_v)) {
        (None, _) => show(&mut out, if kinds.is_empty() { KindSet::SYSTEM_V } else { kinds }, format, unit),
        (Some(id), Some(kind)) => one::show(&mut out, kind, id, unit),
        (Some(_), None) => return Err(Stop::refused("when using an ID, a single resource must be specified")),
    }
    Ok(out.finish())
}

/// Shows all objects of the kinds, or the limits or totals of each kind.
fn show(out: &mut Out, kinds: KindSet, format: Format, unit: Unit) {
    out.text.push('\n');
    for kind in ORDER.into_iter().filter(|&kind| kinds.has(kind.kind())) {
        let refused = |errno| format!("the kernel tells nothing about {}s: {errno}", kind.kind().noun());
        let shown = match format {
            Format::Limits => limits::show(&mut out.text, kind, unit).map_err(refused),
            Format::Summary => usage::show(&mut out.text, kind, unit).map_err(refused),
            Format::List | Format::Time | Format::Pid | Format::Creator => list::show(out, kind, format, unit),
        };
        if let Err(message) = shown {
            out.fail(message);
        }
        out.text.push('\n');
    }
}

fn parse_id(arg: &OsStr) -> Result<i32, Stop> {
    numbers::int(arg.as_bytes()).map_err(|bad| Stop::not_parsed("id argument", arg, bad))
}

/// Usual width of a size in human units.
const HUMAN: usize = 6;

fn push_size(out: &mut String, bytes: u64, unit: Unit) {
    match unit {
        Unit::Human => push_human(out, bytes),
        Unit::Default | Unit::Bytes => push_u64(out, bytes),
    }
}

/// A line with a number.
fn push_number(out: &mut String, label: &str, value: u64) {
    out.push_str(label);
    push_u64(out, value);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{Stop, parse_id};

    #[test]
    fn a_bad_identifier_is_repeated() {
        let refused = |message: &str| Err(Stop::refused(message));
        assert_eq!(parse_id("1x".as_ref()), refused("failed to parse id argument: '1x'"));
        let too_large = "failed to parse id argument: '4294967297': Numerical result out of range";
        assert_eq!(parse_id("4294967297".as_ref()), refused(too_large));
    }
}
