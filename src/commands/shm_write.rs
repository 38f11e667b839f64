//! `shm write`: copies into a segment.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use clap::Args;

use crate::commands::shared::targets::{self, byte_range};
use crate::error::{Error, Result, Status, os_message};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::option_values::{non_empty_path, size};
use crate::output::context::verbose;
use crate::output::format::FormatArgs;
use crate::output::progress::Progress;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::render::escape::escape_bytes;
use crate::render::value::Value;
use crate::segment::{self, Contents, CopyError, attach, parse_byte};
use crate::sys::{Errno, fd, startup};

/// Copy a file or standard input into a segment
///
/// Input that is known not to fit is refused before anything is written. Writing is no atomic act: who has the segment
/// attached sees it come.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("filling").args(["zero", "fill"])))]
pub struct WriteArgs {
    /// Segment to write to
    #[arg(value_name = "REF")]
    reference: OsString,
    /// File to copy from; '-' or none is standard input
    #[arg(value_name = "FILE", conflicts_with = "filling", value_parser = non_empty_path())]
    file: Option<OsString>,
    /// Begin so many bytes into the segment
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "0", hide_default_value = true)]
    offset: u64,
    /// Write zeros instead; holes stay holes
    #[arg(long)]
    zero: bool,
    /// Write this byte instead: 0 to 255, 0x0 to 0xff, or a character
    #[arg(long, value_name = "BYTE", value_parser = parse_byte, allow_hyphen_values = true)]
    fill: Option<u8>,
    /// Fill so many bytes instead of all that follow
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "filling")]
    length: Option<u64>,
    /// Write even if detaching will destroy the segment (kernel.shm_rmid_forced)
    #[arg(short, long)]
    force: bool,
    /// Print no line of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

struct Input {
    file: File,
    name: String,
    /// Bytes up to the end of the file, if its size is known.
    left: Option<u64>,
}

pub fn run(args: &WriteArgs) -> Result<Status> {
    let reference = targets::segment(&args.reference)?;
    let byte = if args.zero { Some(0) } else { args.fill };
    let input = if byte.is_some() { None } else { Some(Input::open(args.file.as_ref())?) };
    let found = reference.resolve()?;
    let range = byte_range(&found, "write", args.offset, args.length)?;
    let room = range.end - range.start;
    if let Some(left) = input.as_ref().and_then(|input| input.left).filter(|left| *left > room) {
        let reason = format!("the input has {left} bytes, and from offset {} on it has {room}", args.offset);
        let operation = format!("write {}", found);
        return Err(Error::cannot(Status::Refused, &operation, reason, Some("nothing was written")));
    }
    let options = ReportOptions { format: args.format.format(), quiet: args.quiet, dry_run: false };
    let mut report = Report::new(options, &[found.object])?;
    attach::check(&found, "write", Some(args.force))?;
    let segment = segment::open(&found, "write", false)?;
    verbose(|| format!("writing {}: {}", found, segment.way()));
    let total = input.as_ref().map_or(Some(room), |input| input.left);
    let mut progress = Progress::new(total);
    let (written, line, result) = match &input {
        Some(input) => {
            let (written, result) = copy(&segment, &found, input, range, &mut progress);
            (written, format!("wrote {written} bytes to {} at offset {}", found, args.offset), result)
        }
        None => {
            let byte = byte.unwrap_or(0);
            let mut filled = 0;
            let result = segment.fill(range, byte, &mut |done| {
                filled = done;
                progress.update(done);
            });
            let line = format!("filled {room} bytes of {} with {byte:#04x} from offset {}", found, args.offset);
            let filled = if result.is_ok() { room } else { filled };
            (filled, line, result.map_err(|error| unwritable(&found, error, None, filled)))
        }
    };
    drop(progress);
    let result = result.and(segment.close(&found));
    let after = inventory::look(found.object.id).ok().flatten().unwrap_or(found.object);
    match result {
        Ok(()) => report.done_with(&after, Outcome::Changed, written > 0, &line, |record| {
            record.value("offset", Value::Number(args.offset));
            record.value("written", Value::Number(written));
        }),
        Err(error) if written > 0 => report.half_done(&found.to_string(), &after, &error),
        Err(error) => report.failed(&found.to_string(), Some(&after), Outcome::Failed, &error),
    }
    report.finish()
}

/// Copies the input; returns how many bytes were written, and the error if there was one.
fn copy(
    segment: &Contents,
    found: &Resolved<'_>,
    input: &Input,
    range: std::ops::Range<u64>,
    progress: &mut Progress,
) -> (u64, Result<()>) {
    let room = range.end - range.start;
    let taken = segment.take(range, &input.file, &mut |done| progress.update(done));
    let written = taken.written;
    if let Some(error) = taken.error {
        return (written, Err(unwritable(found, error, Some(input), written)));
    }
    if let Some(left) = input.left.filter(|left| written < *left) {
        // The file was truncated meanwhile.
        let reason = format!("it ended early: it had {left} bytes");
        let remedy = format!("{written} bytes were written");
        let operation = format!("read {}", input.name);
        return (written, Err(Error::cannot(Status::Failed, &operation, reason, Some(&remedy))));
    }
    if written < room {
        return (written, Ok(()));
    }
    // The range is full, which is an error if the input goes on.
    let mut one = [0];
    let more = loop {
        match (&input.file).read(&mut one) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if fd::wait_readable(&input.file).is_err() {
                    break false;
                }
            }
            other => break other.is_ok_and(|got| got > 0),
        }
    };
    if !more {
        return (written, Ok(()));
    }
    let reason = format!("{} goes on where the segment ends; {written} bytes were written", input.name);
    (written, Err(Error::cannot(Status::Failed, &format!("write {}", found), reason, None)))
}

fn unwritable(found: &Resolved<'_>, error: CopyError, input: Option<&Input>, written: u64) -> Error {
    let written = format!("{written} bytes were written");
    match (error, input) {
        (CopyError::Read(errno), Some(input)) => {
            Error::cannot(Status::Failed, &format!("read {}", input.name), errno, Some(&written))
        }
        (CopyError::Read(errno) | CopyError::Write(errno), _) => {
            let remedy = match errno {
                Errno::EFAULT => format!("a page of it cannot be had: no memory or huge page is left; {written}"),
                _ => written,
            };
            Error::cannot(Status::Failed, &format!("write {found}"), errno, Some(&remedy))
        }
    }
}

impl Input {
    fn open(file: Option<&OsString>) -> Result<Self> {
        let (name, file) = match file {
            Some(path) if path != "-" => {
                let name = escape_bytes(path.as_encoded_bytes()).into_owned();
                (name, File::open(Path::new(path)))
            }
            _ => ("standard input".to_owned(), startup::stdin()),
        };
        let unreadable = |error: io::Error| {
            let status = match error.kind() {
                io::ErrorKind::PermissionDenied => Status::Denied,
                _ => Status::Failed,
            };
            Error::cannot(status, &format!("read {name}"), os_message(&error), None)
        };
        let mut file = file.map_err(unreadable)?;
        let data = file.metadata().map_err(unreadable)?;
        if data.is_dir() {
            return Err(unreadable(io::Error::from_raw_os_error(libc::EISDIR)));
        }
        // Files of /proc report size 0.
        let left = match file.stream_position() {
            Ok(position) if data.is_file() && data.len() > 0 => Some(data.len().saturating_sub(position)),
            _ => None,
        };
        Ok(Self { file, name, left })
    }
}
