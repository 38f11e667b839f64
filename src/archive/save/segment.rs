//! The copy of a segment: its data, and where its holes are.

use std::io;
use std::ops::Range;

use super::attachment::{Held, SOMEBODY, is_same_attached, is_same_detached};
use super::copied::{self, Copied};
use super::output::Output;
use crate::archive::manifest::{self, Entry, Segment};
use crate::archive::sparse::Map;
use crate::archive::summing::{CHUNK, Sums};
use crate::archive::tar::Name;
use crate::archive::write::Writer;
use crate::error::{Error, Result, Status};
use crate::kind::model::{self, Object};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::object::snapshot::write_time;
use crate::segment::{self, Contents, CopyError, Reader, Series};
use crate::sys::Errno;

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
    (series, reader): (&Series, &mut Reader),
    found: &Resolved<'_>,
    (before, segment): (&Object, model::Segment),
    is_held: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<CopiedSegment> {
    let size = segment.size;
    let found = &Resolved { object: *before, ..*found };
    series.check(found, "save")?;
    // What another process has mapped may be something else, whatever it shows.
    let contents = segment::open_one_of(series, found, "save")?;
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
    let sums = write(&mut out.tar, name, (&contents, &map), reader, progress).map_err(|error| failed(out, error))?;
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
        sha256: sums.stored.to_string(),
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
    (contents, map): (&Contents, &Map),
    reader: &mut Reader,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<Sums, CopyError> {
    let text = if map.is_full() { Vec::new() } else { map.encode() };
    let stored = text.len() as u64 + map.data();
    let real_size = (!map.is_full()).then_some(map.size);
    let mut summing = tar.begin(name, stored, real_size).map_err(|error| write_error(&error))?;
    tar.data(&text).map_err(|error| write_error(&error))?;
    summing.map(&text);
    let (mut at, mut done) = (0, 0);
    for run in &map.runs {
        summing.hole(run.start - at);
        at = run.start;
        while at < run.end {
            let len = usize::try_from(run.end - at).unwrap_or(CHUNK).min(CHUNK);
            // What has become a hole since is zeros: the map stands.
            summing.data(len, |bytes| {
                reader.read(contents, at, bytes).map_err(CopyError::Read)?;
                tar.data(bytes).map_err(|error| write_error(&error))
            })?;
            (at, done) = (at + len as u64, done + len as u64);
            progress(done);
        }
    }
    summing.hole(map.size - at);
    let sums = summing.finish();
    let listed = if map.is_full() { Some(sums.stored) } else { sums.real };
    tar.end(name, listed).map_err(|error| write_error(&error))?;
    Ok(sums)
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
