//! `shm create`, `sem create`, `msg create`.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use clap::Args;

use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::object::create::{Body, Creation, KeyChoice, Specification, undo};
use crate::object::key::{self, Project};
use crate::object::mode::{ModeChange, mode_change};
use crate::option_values::{capacity, group, non_empty, semaphore_value, size, user};
use crate::output::context::{note, verbose};
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::output::stdout::Out;
use crate::render::escape::escape_bytes;
use crate::sys::shm::ShmFlags;
use crate::sys::signals::blocked::BlockedSignals;
use crate::sys::{Key, Mode};

/// The default mode, which symbolic modes modify.
const DEFAULT_MODE: u32 = 0o600;
/// `nsems` of semget(2) is an `int`.
const MAX_NSEMS: u64 = i32::MAX as u64;

/// What every kind takes.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Key, 0x and 1 to 8 hex digits
    #[arg(long, value_name = "KEY", value_parser = hex_key, group = "keys")]
    key: Option<Key>,
    /// Key made by ftok(3) from a file and a project
    #[arg(long, value_name = "PATH:PROJECT", group = "keys")]
    ftok: Option<OsString>,
    /// A random key that nobody has yet
    #[arg(long, group = "keys")]
    random_key: bool,
    /// No key (the default)
    #[arg(long, group = "keys")]
    private: bool,
    /// Mode
    #[arg(long, value_name = "MODE", value_parser = mode_change, default_value = "0600", allow_hyphen_values = true)]
    mode: ModeChange,
    /// Owner, a name or number
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    owner: Option<String>,
    /// Group, a name or number
    #[arg(long, value_name = "GROUP", value_parser = non_empty)]
    group: Option<String>,
    /// Accept an object that exists, if it is the same; needs a key
    #[arg(long, conflicts_with_all = ["random_key", "private"])]
    exist_ok: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// Create a shared memory segment and print its reference
///
/// Exclusive: a key that exists is an error, unless --exist-ok and the segment fits.
#[derive(Debug, Args)]
pub struct ShmCreateArgs {
    /// Size in bytes, or as 64K, 1.5G
    #[arg(value_name = "SIZE", value_parser = segment_size, allow_negative_numbers = true)]
    size: u64,
    #[command(flatten)]
    common: CommonArgs,
    /// Use huge pages, of SIZE if the default will not do
    #[arg(long, value_name = "SIZE", value_parser = huge_page, num_args = 0..=1, require_equals = true, default_missing_value = "default")]
    hugepages: Option<u32>,
    /// Reserve no swap space
    #[arg(long)]
    noreserve: bool,
    /// Keep it in RAM; this is no mutex
    #[arg(long)]
    lock: bool,
}

/// Create a semaphore set with its values and print its reference
///
/// Exclusive: a key that exists is an error, unless --exist-ok and the set fits. The values are given in one step.
#[derive(Debug, Args)]
pub struct SemCreateArgs {
    /// Number of semaphores; may be left out with --values
    #[arg(value_name = "N", value_parser = count, required_unless_present = "values", allow_negative_numbers = true)]
    nsems: Option<u32>,
    /// Initial values, 0 to 32767, separated by commas [default: all 0]
    #[arg(long, value_name = "VALUES", value_parser = semaphore_value, value_delimiter = ',')]
    values: Option<Vec<u16>>,
    #[command(flatten)]
    common: CommonArgs,
}

/// Create a message queue and print its reference
///
/// Exclusive: a key that exists is an error, unless --exist-ok and the queue fits.
#[derive(Debug, Args)]
pub struct MsgCreateArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// Capacity in bytes [default: kernel.msgmnb]
    #[arg(long, value_name = "SIZE", value_parser = capacity)]
    qbytes: Option<u64>,
}

fn hex_key(text: &str) -> std::result::Result<Key, String> {
    match key::parse_hex(text.as_bytes()) {
        Some(key) if key.is_private() => Err("key 0 is private and names nothing; use --private".to_owned()),
        Some(key) => Ok(key),
        None => Err("a key is 0x and 1 to 8 hex digits".to_owned()),
    }
}

fn segment_size(text: &str) -> std::result::Result<u64, String> {
    match size(text)? {
        0 => Err("a segment has at least 1 byte".to_owned()),
        bytes => Ok(bytes),
    }
}

/// The binary logarithm of a huge page's size; 0 for the default size.
fn huge_page(text: &str) -> std::result::Result<u32, String> {
    if text == "default" {
        return Ok(0);
    }
    let bytes = size(text)?;
    if bytes.is_power_of_two() && bytes > 4096 {
        Ok(bytes.trailing_zeros())
    } else {
        Err("huge pages have a power of two, such as 2M or 1G".to_owned())
    }
}

fn count(text: &str) -> std::result::Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(0) => Err("a set has at least 1 semaphore".to_owned()),
        // The kernel compares the number with semmsl.
        Ok(number @ 1..=MAX_NSEMS) if digits => u32::try_from(number).map_err(|error| error.to_string()),
        _ if digits => Err(format!("is more than {MAX_NSEMS}")),
        _ => Err("is no number".to_owned()),
    }
}

pub fn run_shm(args: &ShmCreateArgs) -> Result<Status> {
    let flags = ShmFlags { huge_shift: args.hugepages, no_reserve: args.noreserve };
    args.common.create(Body::Segment { size: args.size, flags, lock: args.lock })
}

pub fn run_sem(args: &SemCreateArgs) -> Result<Status> {
    let values = args.values.clone().unwrap_or_default();
    let nsems = match args.nsems {
        Some(nsems) if !values.is_empty() && nsems as usize != values.len() => {
            return Err(Error::Usage(format!("--values: {} values for {nsems} semaphores", values.len())));
        }
        Some(nsems) => nsems,
        None => u32::try_from(values.len()).map_err(|_| Error::Usage("--values: too many".to_owned()))?,
    };
    args.common.create(Body::Set { nsems, values: values.into() })
}

pub fn run_msg(args: &MsgCreateArgs) -> Result<Status> {
    args.common.create(Body::Queue { qbytes: args.qbytes })
}

impl CommonArgs {
    fn create(&self, body: Body) -> Result<Status> {
        let kind = body.kind().kind();
        // Signals are delivered only when the object is complete and its reference printed, or when there is no object.
        let _held = BlockedSignals::block();
        let (out, creation) = match self.attempt(body) {
            Ok(done) => done,
            Err(error) => return document::refuse(self.format.format(), "objects", kind.word(), error),
        };
        match creation {
            Creation::Created(object) => {
                let shown = self.print(out, &object, Outcome::Created).map_err(Error::broken_pipe_is_error);
                // An object that nobody knows of would only be a leak.
                shown.map_err(|error| undo(object.id, error)).map(|()| Status::Done)
            }
            Creation::Exists(object, remark) => {
                if let Some(remark) = remark {
                    note(&remark);
                }
                self.print(out, &object, Outcome::Exists)?;
                Ok(Status::Done)
            }
        }
    }

    fn attempt(&self, body: Body) -> Result<(Out, Creation)> {
        let key = self.key()?;
        if self.exist_ok && key == KeyChoice::Private {
            return Err(Error::Usage("--exist-ok needs --key or --ftok".to_owned()));
        }
        let specification = Specification {
            key,
            mode: Mode::new(self.mode.apply(DEFAULT_MODE)),
            owner: self.owner.as_deref().map(|name| user("--owner", name)).transpose()?,
            group: self.group.as_deref().map(|name| group("--group", name)).transpose()?,
            exist_ok: self.exist_ok,
            body,
        };
        verbose(|| {
            let key = match key {
                KeyChoice::Private => "no key".to_owned(),
                KeyChoice::Random => "a random key".to_owned(),
                KeyChoice::Key(key) => format!("key {key}"),
            };
            format!("creating a {} with {key} and mode {}", specification.kind().noun(), specification.mode)
        });
        // Opened first: an object is made only if its reference can be printed.
        let out = Out::stdout_until_asked_to_end()?;
        Ok((out, specification.create()?))
    }

    fn key(&self) -> Result<KeyChoice> {
        if let Some(key) = self.key {
            return Ok(KeyChoice::Key(key));
        }
        if self.random_key {
            return Ok(KeyChoice::Random);
        }
        let Some(word) = &self.ftok else { return Ok(KeyChoice::Private) };
        let bytes = word.as_bytes();
        let shown = escape_bytes(bytes);
        let usage = |reason: &str| Error::Usage(format!("--ftok: '{shown}' {reason}"));
        let colon = bytes.iter().rposition(|&byte| byte == b':').ok_or_else(|| usage("is no PATH:PROJECT"))?;
        let project = Project::parse(&bytes[colon + 1..])
            .map_err(|bad| Error::Usage(format!("--ftok: '{}' {bad}", escape_bytes(&bytes[colon + 1..]))))?;
        if colon == 0 {
            return Err(usage("has no path"));
        }
        let path = Path::new(OsStr::from_bytes(&bytes[..colon]));
        let made = key::of_file(path, project)?;
        Ok(KeyChoice::Key(made.key))
    }

    fn print(&self, mut out: Out, object: &Object, outcome: Outcome) -> Result<()> {
        match self.format.format() {
            Format::Table => {
                writeln!(out, "{}", object.id).map_err(Error::Output)?;
                if outcome == Outcome::Exists {
                    note(&format!("{} exists and fits; nothing was changed", object.id));
                }
                out.finish()
            }
            format => {
                let objects = [*object];
                let options = ReportOptions { format, quiet: false, dry_run: false };
                let mut report = Report::onto(out, options, &objects);
                report.done(object, outcome, outcome == Outcome::Created, "");
                report.finish_strictly()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{count, huge_page, segment_size};
    use crate::option_values::semaphore_value as value;

    #[test]
    fn numbers_are_strict() {
        assert_eq!(count("3"), Ok(3));
        for bad in ["", "0", "-1", "+1", " 1", "1x", "2147483648", "99999999999999999999"] {
            assert!(count(bad).is_err(), "{bad:?}");
        }
        assert_eq!((value("0"), value("32767")), (Ok(0), Ok(32767)));
        for bad in ["", "-1", "+1", "32768", "65536", "1x"] {
            assert!(value(bad).is_err(), "{bad:?}");
        }
        assert_eq!(segment_size("4K"), Ok(4096));
        assert!(segment_size("0").is_err() && segment_size("0K").is_err());
        assert_eq!((huge_page("default"), huge_page("2M"), huge_page("1G")), (Ok(0), Ok(21), Ok(30)));
        assert!(huge_page("3M").is_err() && huge_page("4K").is_err() && huge_page("").is_err());
    }
}
