//! The copy of a segment: its data, and where its holes are.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::attachment::{Held, SOMEBODY, is_same_attached, is_same_detached};
use super::copied::{self, Copied};
use super::output::Output;
use crate::archive::manifest::{self, Entry, Segment};
use crate::archive::sparse::Map;
use crate::archive::tar::Name;
use crate::archive::write::{Hashes, Writer};
use crate::error::{Error, Result, Status};
use crate::kind::model::{self, Object};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::object::snapshot::write_time;
use crate::segment::{self, Contents, CopyError, Occupancy, Sink, attach};
use crate::sys::mapping::{Advice, Mapped};
use crate::sys::{Errno, memory};

/// Bytes copied at a time.
const CHUNK: usize = 256 << 10;
/// Why a copy is approximate if others have the segment attached: nobody tells who of them writes to it. A mapping that is shown as
/// read-only may have been written to before, and may be again.
const ATTACHED: &str = "others had it attached and may have written to it";

/// The copy of a segment, and what is to be looked at when all copies are made.
pub(super) struct CopiedSegment {
    pub(super) copied: Copied,
    /// The bytes of the pages that were seen to hold data, where there may have been others.
    pub(super) seen: Option<u64>,
    /// Our attachment, where one was made and is to stay.
    pub(super) held: Option<Held>,
}

pub(super) fn copy(
    out: &mut Output,
    occupancy: &Occupancy,
    found: &Resolved<'_>,
    (before, segment): (&Object, model::Segment),
    is_held: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<CopiedSegment> {
    let size = segment.size;
    let found = &Resolved { object: *before, ..*found };
    attach::check(found, "save", None)?;
    // What another process has mapped may be something else, whatever it shows.
    let contents = segment::open_one_of_many(found, "save", occupancy)?;
    let failed = |out: &Output, error| match error {
        CopyError::Write(errno) => out.unwritable(&errno.into()),
        CopyError::Read(errno) => unreadable(found, errno),
    };
    let mut notes = Vec::new();
    if contents.fills_holes() {
        let way = contents.way();
        notes.push(format!("which pages of {found} are holes cannot be told, so all of them are given memory: {way}"));
    }
    let map = runs(&contents, size).map_err(|errno| unreadable(found, errno))?;
    let name = Name::Contents(before.id);
    let hashes = write(&mut out.tar, name, &contents, &map, progress).map_err(|error| failed(out, error))?;
    let stored = out.tar.end(name, hashes).map_err(|error| out.unwritable(&error))?;
    let mut approximate = (segment.nattch > 0).then(|| ATTACHED.to_owned());
    if approximate.is_none() && runs(&contents, size).is_ok_and(|after| after != map) {
        approximate = Some("somebody wrote to it meanwhile".to_owned());
    }
    let seen = contents.seen();
    let last = inventory::look(before.id).ok().flatten();
    let way = contents.way().to_owned();
    if approximate.is_none() && !last.is_some_and(|last| is_same_attached(before, &last)) {
        approximate = Some(SOMEBODY.to_owned());
    }
    let mut held = None;
    let object = match last {
        Some(last) if is_held && approximate.is_none() => {
            held = contents.into_mapped().map(|mapped| Held { before: *before, last, mapped });
            last
        }
        _ => {
            contents.close(found)?;
            // Our own detach is the last thing that happened to it, or it is no copy any more.
            let object = inventory::look(before.id).ok().flatten();
            let quiet = object.zip(last).is_some_and(|(object, last)| is_same_detached(before, &last, &object));
            if approximate.is_none() && !quiet {
                approximate = Some(SOMEBODY.to_owned());
            }
            object.unwrap_or(*before)
        }
    };
    let described = Segment {
        size,
        locked: before.perm.mode.is_shm_locked(),
        doomed: before.is_doomed(),
        nattch: segment.nattch,
        cpid: manifest::pid(segment.cpid),
        lpid: manifest::pid(segment.lpid),
        atime: write_time(segment.atime),
        dtime: write_time(segment.dtime),
        member: name.text(),
        sha256: stored.to_string(),
    };
    let seen = seen.filter(|_| approximate.is_none());
    let entry = Entry { shm: Some(described), ..Entry::of(before) };
    let copied = Copied { entry, object, approximate, way, notes, contents: copied::Contents::Segment };
    Ok(CopiedSegment { copied, seen, held })
}

/// The data of the whole segment.
fn runs(contents: &Contents, size: u64) -> crate::sys::Result<Map> {
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut at = 0;
    while at < size {
        let (end, data) = contents.run(&(at..size))?;
        if data {
            runs.push(at..end);
        }
        at = end;
    }
    Ok(Map::new(size, runs))
}

fn write(
    tar: &mut Writer,
    name: Name,
    contents: &Contents,
    map: &Map,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<Hashes, CopyError> {
    let hashes = if map.is_full() {
        tar.begin(name, map.size, None).map_err(|error| write_error(&error))?
    } else {
        let text = map.encode();
        let stored = text.len() as u64 + map.data();
        let mut hashes = tar.begin(name, stored, Some(map.size)).map_err(|error| write_error(&error))?;
        tar.data(&text).map_err(|error| write_error(&error))?;
        hashes.map(&text);
        hashes
    };
    let mut sink = Copier { tar, hashes, bounce: None, buffer: vec![0; CHUNK] };
    let (mut at, mut done) = (0, 0);
    for run in &map.runs {
        sink.hashes.hole(run.start - at);
        contents.copy(run.clone(), &mut sink, &mut |now| progress(done + now))?;
        at = run.end;
        done += run.end - run.start;
    }
    sink.hashes.hole(map.size - at);
    Ok(sink.hashes)
}

/// Copies bytes into a member.
struct Copier<'a> {
    tar: &'a mut Writer,
    hashes: Hashes,
    /// Takes bytes from an attachment to memory of ours.
    bounce: Option<File>,
    buffer: Vec<u8>,
}

impl Copier<'_> {
    fn pieces(
        &mut self,
        range: Range<u64>,
        read: impl Fn(&mut [u8], u64) -> std::result::Result<(), Errno>,
    ) -> std::result::Result<(), CopyError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = range.start;
        let mut result = Ok(());
        while at < range.end && result.is_ok() {
            let len = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
            result = read(&mut buffer[..len], at).map_err(CopyError::Read).and_then(|()| self.bytes(&buffer[..len]));
            at += len as u64;
        }
        self.buffer = buffer;
        result
    }
}

impl Sink for Copier<'_> {
    fn file(&mut self, file: &File, range: Range<u64>) -> std::result::Result<(), CopyError> {
        self.pieces(range, |buffer, at| {
            file.read_exact_at(buffer, at).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
        })
    }

    fn mapped(&mut self, mapped: &Mapped, range: Range<usize>) -> std::result::Result<(), CopyError> {
        let bounce = match self.bounce.take() {
            Some(bounce) => bounce,
            None => memory::empty_file().map_err(CopyError::Read)?,
        };
        let start = range.start;
        let result = self.pieces(0..(range.end - start) as u64, |buffer, at| {
            let offset = start + usize::try_from(at).map_err(|_| Errno::EFAULT)?;
            // One call instead of a fault for every few pages. Older kernels do not know it, and fault.
            let _ = mapped.advise(offset, buffer.len(), Advice::PopulateRead);
            mapped.copy_out(&bounce, offset, buffer)
        });
        self.bounce = Some(bounce);
        result
    }

    fn bytes(&mut self, bytes: &[u8]) -> std::result::Result<(), CopyError> {
        self.hashes.data(bytes);
        self.tar.data(bytes).map_err(|error| write_error(&error))
    }

    fn hole(&mut self, len: u64) -> std::result::Result<(), CopyError> {
        // It was data when the map was made, and the map stands.
        let zeros = [0; 4096];
        let mut left = len;
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
            self.bytes(&zeros[..step])?;
            left -= step as u64;
        }
        Ok(())
    }
}

fn write_error(error: &io::Error) -> CopyError {
    CopyError::Write(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

fn unreadable(found: &Resolved<'_>, errno: Errno) -> Error {
    let remedy = match errno {
        Errno::EFAULT => Some("a page of it cannot be had: no memory or huge page is left, or it was unmapped"),
        _ => None,
    };
    Error::cannot(Status::Failed, &format!("save {found}"), errno, remedy)
}
