//! Parses the command line of `lsipc`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::compat::getopt::{self, Bad, Item, Spec, Value};
use crate::compat::numbers;
use crate::compat::stop::Stop;
use crate::compat::tool::shown;
use crate::kind::system_v::SystemV;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Export,
    List,
    Newline,
    Raw,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// The time if it is today, else the date.
    Short,
    /// As ctime(3) formats it.
    Full,
    /// ISO 8601 with the offset from UTC.
    Iso,
}

/// The parsed options. Columns are chosen later, because they depend on all options.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub kind: Option<SystemV>,
    pub global: bool,
    /// The value of `-i`.
    pub id: Option<i32>,
    pub format: Option<Format>,
    pub creator: bool,
    pub time: bool,
    /// The value of `-o`.
    pub columns: Option<OsString>,
    pub time_format: Option<TimeFormat>,
    pub bytes: bool,
    pub numeric_perms: bool,
    pub no_headings: bool,
    pub no_truncate: bool,
    pub shell: bool,
}

impl Request {
    /// Whether each value gets a labelled line.
    pub(super) fn is_sheet(&self) -> bool {
        self.id.is_some() && self.format.is_none()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Kind(SystemV),
    Global,
    Id,
    Format(Format),
    Columns,
    Creator,
    Time,
    TimeFormat,
    Bytes,
    NumericPerms,
    NoHeadings,
    NoTruncate,
    Shell,
    Help,
    Version,
}

const SPECS: [Spec<Meaning>; 21] = [
    Spec::new(b'b', "bytes", Value::No, Meaning::Bytes),
    Spec::new(b'c', "creator", Value::No, Meaning::Creator),
    Spec::new(b'e', "export", Value::No, Meaning::Format(Format::Export)),
    Spec::new(b'g', "global", Value::No, Meaning::Global),
    Spec::new(b'h', "help", Value::No, Meaning::Help),
    Spec::new(b'i', "id", Value::Required, Meaning::Id),
    Spec::new(b'J', "json", Value::No, Meaning::Format(Format::Json)),
    Spec::new(b'l', "list", Value::No, Meaning::Format(Format::List)),
    Spec::new(b'n', "newline", Value::No, Meaning::Format(Format::Newline)),
    Spec::long("noheadings", Value::No, Meaning::NoHeadings),
    Spec::long("notruncate", Value::No, Meaning::NoTruncate),
    Spec::new(b'P', "numeric-perms", Value::No, Meaning::NumericPerms),
    Spec::new(b'o', "output", Value::Required, Meaning::Columns),
    Spec::new(b'q', "queues", Value::No, Meaning::Kind(SystemV::Queue)),
    Spec::new(b'r', "raw", Value::No, Meaning::Format(Format::Raw)),
    Spec::new(b's', "semaphores", Value::No, Meaning::Kind(SystemV::Set)),
    Spec::new(b'm', "shmems", Value::No, Meaning::Kind(SystemV::Segment)),
    Spec::new(b't', "time", Value::No, Meaning::Time),
    Spec::long("time-format", Value::Required, Meaning::TimeFormat),
    Spec::new(b'V', "version", Value::No, Meaning::Version),
    Spec::new(b'y', "shell", Value::No, Meaning::Shell),
];

/// Options of newer releases, for POSIX objects.
const POSIX: [&str; 4] = ["--posix-shmems", "--posix-mqueues", "--posix-semaphores", "--name"];

/// Mutually exclusive options. Newer releases have --creator in the third group.
const EXCLUSIVE: [&[Meaning]; 4] = [
    &[
        Meaning::Format(Format::Json),
        Meaning::Format(Format::Export),
        Meaning::Format(Format::List),
        Meaning::Format(Format::Newline),
        Meaning::Format(Format::Raw),
    ],
    &[Meaning::Global, Meaning::Id],
    &[Meaning::Columns, Meaning::Time],
    &[Meaning::Kind(SystemV::Segment), Meaning::Kind(SystemV::Queue), Meaning::Kind(SystemV::Set)],
];

pub(super) fn read(args: &[OsString]) -> Result<Request, Stop> {
    let mut request = Request::default();
    let mut seen: [Option<Meaning>; EXCLUSIVE.len()] = [None; EXCLUSIVE.len()];
    for item in getopt::read(args, &SPECS) {
        let (meaning, value) = match item {
            Ok(Item::Option(meaning, value)) => (meaning, value.unwrap_or_default()),
            // Operands are ignored, as by util-linux.
            Ok(Item::Operand(_)) => continue,
            Err(bad) => return Err(refuse(bad)),
        };
        check_alone(meaning, &mut seen)?;
        take(&mut request, meaning, value)?;
    }
    if request.kind.is_none() && (request.id.is_some() || request.creator || request.time) {
        return Err(Stop::refused("--global is mutually exclusive with --creator, --id, --name and --time"));
    }
    request.global |= request.kind.is_none();
    Ok(request)
}

/// Refuses an unknown option; those for POSIX objects get a message of their own.
fn refuse(bad: Bad) -> Stop {
    let posix = match &bad {
        Bad::Short(letter) => ["M", "Q", "S", "N"].contains(&letter.as_str()).then(|| format!("-{letter}")),
        Bad::Long(word) => {
            let name = word.split('=').next().unwrap_or_default();
            // Abbreviations too: getopt has resolved those of other options already.
            POSIX.iter().any(|option| option.starts_with(name)).then(|| name.to_owned())
        }
        _ => None,
    };
    match posix {
        Some(option) => Stop::refused(format!("{option}: POSIX objects are not supported, only those of System V")),
        None => bad.into(),
    }
}

fn check_alone(meaning: Meaning, seen: &mut [Option<Meaning>; EXCLUSIVE.len()]) -> Result<(), Stop> {
    for (group, before) in EXCLUSIVE.iter().zip(seen) {
        if !group.contains(&meaning) {
            continue;
        }
        if let Some(before) = before.replace(meaning).filter(|before| *before != meaning) {
            let name = |meaning| SPECS.iter().find(|spec| spec.meaning == meaning).and_then(|spec| spec.long);
            let [first, second] = [before, meaning].map(|meaning| name(meaning).unwrap_or_default());
            return Err(Stop::refused(format!("options --{first} and --{second} cannot be combined")));
        }
    }
    Ok(())
}

fn take(request: &mut Request, meaning: Meaning, value: OsString) -> Result<(), Stop> {
    match meaning {
        Meaning::Kind(kind) => request.kind = Some(kind),
        Meaning::Global => request.global = true,
        Meaning::Id => request.id = Some(id(&value)?),
        Meaning::Format(format) => request.format = Some(format),
        Meaning::Columns => request.columns = Some(value),
        Meaning::Creator => request.creator = true,
        Meaning::Time => request.time = true,
        Meaning::TimeFormat => request.time_format = Some(time_format(&value)?),
        Meaning::Bytes => request.bytes = true,
        Meaning::NumericPerms => request.numeric_perms = true,
        Meaning::NoHeadings => request.no_headings = true,
        Meaning::NoTruncate => request.no_truncate = true,
        Meaning::Shell => request.shell = true,
        Meaning::Help => return Err(Stop::Help),
        Meaning::Version => return Err(Stop::Version),
    }
    Ok(())
}

fn id(word: &OsStr) -> Result<i32, Stop> {
    numbers::int(word.as_bytes()).map_err(|bad| Stop::not_parsed("IPC identifier", word, bad))
}

fn time_format(word: &OsStr) -> Result<TimeFormat, Stop> {
    match word.as_bytes() {
        b"short" => Ok(TimeFormat::Short),
        b"full" => Ok(TimeFormat::Full),
        b"iso" => Ok(TimeFormat::Iso),
        _ => Err(Stop::refused(format!("unknown time format: {}", shown(word)))),
    }
}
