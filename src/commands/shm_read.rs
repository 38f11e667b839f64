//! `shm read`: copies a segment out.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::path::Path;

use clap::Args;

use crate::commands::shared::targets::{self, byte_range};
use crate::error::{Error, Result, Status, os_message};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::option_values::{non_empty_path, size};
use crate::output::context::{note, verbose};
use crate::output::progress::Progress;
use crate::output::stdout::{Out, stdout_file};
use crate::render::escape::escape_bytes;
use crate::render::hexdump::HexDump;
use crate::segment::{self, Contents, CopyError, Sink, Stream, attach};
use crate::sys::mapping::Mapped;
use crate::sys::new_file::NewFile;
use crate::sys::{Errno, memory};

/// Bytes read at a time for the hexadecimal dump.
const CHUNK: usize = 64 << 10;

/// Copy a segment to standard output or a file
///
/// Pages that nobody has written to are not given memory by this; they come out as zeros, and in a file as holes.
#[derive(Debug, Args)]
pub struct ReadArgs {
    /// Segment to read
    #[arg(value_name = "REF")]
    reference: OsString,
    /// Begin so many bytes into the segment
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "0", hide_default_value = true)]
    offset: u64,
    /// Read so many bytes instead of all that follow
    #[arg(long, value_name = "SIZE", value_parser = size)]
    length: Option<u64>,
    /// Make this file, mode 0600, instead of writing to standard output, which is '-'
    #[arg(short = 'O', long, value_name = "FILE", value_parser = non_empty_path())]
    output: Option<OsString>,
    /// Replace FILE if it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
    /// Show offset, hexadecimal and ASCII; repeated lines as '*'
    #[arg(long, conflicts_with = "raw")]
    hex: bool,
    /// Write the bytes as they are even to a terminal
    #[arg(long)]
    raw: bool,
    /// Leave no trace: attachments, last process and times stay as they are
    #[arg(long)]
    untouched: bool,
    /// Read even if detaching will destroy the segment (kernel.shm_rmid_forced)
    #[arg(short, long)]
    force: bool,
}

/// Reads.
///
/// # Errors
/// As documented for the statuses. What is in a new file is there whole or not at all.
pub fn run(args: &ReadArgs) -> Result<Status> {
    let reference = targets::segment(&args.reference)?;
    let file = args.output.as_deref().filter(|file| *file != "-").map(Path::new);
    match file {
        None if !args.hex && !args.raw && io::stdout().is_terminal() => {
            let remedy = Some("--hex shows them, --raw writes them all the same");
            let reason = "standard output is a terminal, which the bytes may confuse";
            return Err(Error::cannot(Status::Refused, &format!("read {reference}"), reason, remedy));
        }
        Some(file) => check_target(file, args.overwrite)?,
        None => {}
    }
    let found = reference.resolve()?;
    let range = byte_range(&found, "read", args.offset, args.length)?;
    let new = file.map(|file| NewFile::create(file).map_err(|error| unwritable(file, &error))).transpose()?;
    let segment = args.open(&found, &range)?;
    verbose(|| format!("reading {}: {}", found, segment.way()));
    if segment.fills_holes() {
        let way = segment.way();
        note(&format!("which pages of {found} are holes cannot be told, so all of them are given memory: {way}"));
    }
    let out = match &new {
        Some(new) => new.file().try_clone().map_err(Error::Output)?,
        None => stdout_file()?,
    };
    args.copy(&segment, range, out).map_err(|error| explain(&found, error, file))?;
    if let (Some(new), Some(file)) = (new, file) {
        new.keep(args.overwrite).map_err(|error| unwritable(file, &error))?;
    }
    segment.close(&found)?;
    if args.force && inventory::look(found.object.id) == Ok(None) {
        note(&format!("{} is gone: that was the last attachment of a segment to be destroyed", found));
    }
    Ok(Status::Done)
}

impl ReadArgs {
    fn open(&self, found: &Resolved<'_>, range: &Range<u64>) -> Result<Contents> {
        if self.untouched {
            return segment::untouched(found, range);
        }
        attach::check(found, "read", Some(self.force))?;
        segment::open(found, "read", true)
    }

    fn copy(&self, segment: &Contents, range: Range<u64>, out: File) -> std::result::Result<(), CopyError> {
        let total = range.end - range.start;
        let mut progress = Progress::new(Some(total));
        let mut progress = |done| progress.update(done);
        if self.hex {
            let mut sink = HexSink { dump: HexDump::new(Out::onto(out), range.start, range.end), bounce: None };
            segment.copy(range, &mut sink, &mut progress)?;
            let out = sink.dump.finish().map_err(|error| write_error(&error))?;
            return out.finish().map_err(|error| match error {
                Error::Output(error) => write_error(&error),
                _ => CopyError::Write(Errno::from_raw(libc::EIO)),
            });
        }
        let mut stream = Stream::new(out, total);
        segment.copy(range, &mut stream, &mut progress)?;
        stream.finish()
    }
}

/// Refuses an existing file before anything is read. Its creation is exclusive too.
fn check_target(file: &Path, overwrite: bool) -> Result<()> {
    match fs::symlink_metadata(file) {
        Ok(_) if !overwrite => Err(unwritable(file, &io::Error::from_raw_os_error(libc::EEXIST))),
        Ok(data) if !data.is_file() => {
            let operation = format!("replace {}", shown(file));
            Err(Error::cannot(Status::Refused, &operation, "it is no regular file", None))
        }
        _ => Ok(()),
    }
}

fn shown(file: &Path) -> String {
    escape_bytes(file.as_os_str().as_encoded_bytes()).into_owned()
}

fn unwritable(file: &Path, error: &io::Error) -> Error {
    let (status, remedy) = match error.kind() {
        io::ErrorKind::AlreadyExists => (Status::Exists, Some("--overwrite replaces it")),
        io::ErrorKind::PermissionDenied => (Status::Denied, None),
        _ => (Status::Failed, None),
    };
    Error::cannot(status, &format!("write {}", shown(file)), os_message(error), remedy)
}

fn explain(found: &Resolved<'_>, error: CopyError, file: Option<&Path>) -> Error {
    match (error, file) {
        (CopyError::Write(errno), Some(file)) => unwritable(file, &errno.into()),
        (CopyError::Write(errno), None) => Error::Output(errno.into()),
        (CopyError::Read(errno), _) => {
            let remedy = match errno {
                Errno::EFAULT => Some("a page of it cannot be had: no memory or huge page is left, or it was unmapped"),
                _ => None,
            };
            Error::cannot(Status::Failed, &format!("read {}", found), errno, remedy)
        }
    }
}

fn write_error(error: &io::Error) -> CopyError {
    CopyError::Write(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

struct HexSink<W> {
    dump: HexDump<W>,
    /// A memory file through which bytes of an attachment are copied without faulting on them.
    bounce: Option<File>,
}

impl<W: Write> HexSink<W> {
    fn pieces(
        &mut self,
        range: Range<u64>,
        read: impl Fn(&mut [u8], u64) -> std::result::Result<(), Errno>,
    ) -> std::result::Result<(), CopyError> {
        let mut buffer = vec![0; CHUNK];
        let mut at = range.start;
        while at < range.end {
            let len = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
            read(&mut buffer[..len], at).map_err(CopyError::Read)?;
            self.bytes(&buffer[..len])?;
            at += len as u64;
        }
        Ok(())
    }
}

impl<W: Write> Sink for HexSink<W> {
    fn file(&mut self, file: &File, range: Range<u64>) -> std::result::Result<(), CopyError> {
        self.pieces(range, |buffer, at| {
            std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
        })
    }

    fn mapped(&mut self, mapped: &Mapped, range: Range<usize>) -> std::result::Result<(), CopyError> {
        let bounce = match self.bounce.take() {
            Some(bounce) => bounce,
            None => memory::empty_file().map_err(CopyError::Read)?,
        };
        let start = range.start;
        let result = self.pieces(0..(range.end - start) as u64, |buffer, at| {
            mapped.copy_out(&bounce, start + usize::try_from(at).map_err(|_| Errno::EFAULT)?, buffer)
        });
        self.bounce = Some(bounce);
        result
    }

    fn bytes(&mut self, bytes: &[u8]) -> std::result::Result<(), CopyError> {
        self.dump.push(bytes).map_err(|error| write_error(&error))
    }

    fn hole(&mut self, len: u64) -> std::result::Result<(), CopyError> {
        self.dump.push_zeros(len).map_err(|error| write_error(&error))
    }
}
