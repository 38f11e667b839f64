//! Saves objects into an archive, and says of each copy how good it is.

mod attachment;
mod copied;
mod output;
mod queue;
mod saved;
mod segment;
mod set;

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use self::copied::Copied;
use self::output::Output;
pub use self::saved::{HeldSegments, Saved};
use super::manifest::Entry;
use crate::error::{Error, Result, Status};
use crate::journal::saved_modes::{self, SavedModes};
use crate::kind::model::{Object, ObjectId, Segment};
use crate::kind::system_v::Part;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::segment::{Occupancy, Reader, Series};
use crate::sys::clock::now;

/// Why a copy is approximate if not all pages that hold data were seen.
const TOUCHED: &str = "pages of it were written to meanwhile, or could not be seen";

/// An archive being made of objects as they are now.
///
/// The file has no name until [`Saver::finish`]: dropped before, or killed, it has never been.
#[derive(Debug)]
pub struct Saver {
    out: Output,
    entries: Vec<Entry>,
    added: HashSet<ObjectId>,
    series: Series,
    reader: Reader,
    modes: SavedModes,
    /// The copies that are to be compared with what there is when all are made.
    seen: Vec<Seen>,
    held: Option<HeldSegments>,
}

/// The pages of a segment that were seen to hold data, and copied; there may have been others.
#[derive(Debug)]
struct Seen {
    /// Of its entry.
    place: usize,
    id: ObjectId,
    bytes: u64,
}

impl Saver {
    /// Begins an archive that will be called `path`; what has that name is replaced at the end with `overwrite`.
    ///
    /// # Errors
    /// Status 5 when it is there, 4 or 1 when it cannot be made, 10 when what should be replaced is no file.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        Output::create(path, overwrite).map(Self::new)
    }

    /// Begins an archive on an open file, or a pipe.
    #[must_use]
    pub fn onto(out: File) -> Self {
        Self::new(Output::onto(out))
    }

    fn new(out: Output) -> Self {
        Self {
            out,
            entries: Vec::new(),
            added: HashSet::new(),
            series: Series::default(),
            reader: Reader::default(),
            modes: SavedModes::default(),
            seen: Vec::new(),
            held: None,
        }
    }

    /// From now on segments that were attached to be copied stay so until [`HeldSegments::let_go`], so that nobody comes
    /// unseen between the end of a copy and the removal that follows.
    pub fn hold(&mut self) {
        self.held = Some(HeldSegments::default());
    }

    /// The held segments, to be let go when the archive is complete.
    pub fn take_held(&mut self) -> HeldSegments {
        self.held.take().unwrap_or_default()
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Copies an object; `progress` is told how many bytes are done. After an error the archive is of no use, and should
    /// be dropped.
    ///
    /// # Errors
    /// Status 3 when it is gone, 4 without permission, 10 when it is no longer what was looked at or reading would
    /// destroy it, 1 when it cannot be copied or the archive cannot be written.
    pub fn add(&mut self, found: &Resolved<'_>, progress: &mut dyn FnMut(u64)) -> Result<Saved> {
        let before = self.look_again(found)?;
        let begun = now();
        let Copied { mut entry, object, mut approximate, way, notes, contents } = match before.system_v() {
            Some(Part::Segment(shm)) => self.add_segment(found, &before, *shm, progress)?,
            Some(Part::Set(set)) => set::copy(found, &before, *set)?,
            Some(Part::Queue(_)) => queue::copy(&mut self.out, found, &before)?,
            None => {
                let reason = format!("a {} cannot be put into an archive", before.kind().noun());
                return Err(Error::cannot(Status::Refused, &format!("save {found}"), reason, None));
            }
        };
        // A run that has it locked gives it another mode for a moment.
        let mut open = [if before.as_queue().is_some() { object } else { before }];
        self.modes.apply(&mut open);
        entry.mode = open[0].perm.mode.to_string();
        if approximate.is_none() && saved_modes::may_be_missing(&open[0]) {
            let reason = "a run of ipcadm of another user may have taken its mode away for the moment";
            approximate = Some(reason.to_owned());
        }
        entry.approximate.clone_from(&approximate);
        self.entries.push(entry);
        self.added.insert(before.id);
        Ok(Saved { before, object, approximate, way, notes, contents, begun })
    }

    fn add_segment(
        &mut self,
        found: &Resolved<'_>,
        before: &Object,
        shm: Segment,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Copied> {
        let is_held = self.held.is_some();
        let by = (&self.series, &mut self.reader);
        let copy = segment::copy(&mut self.out, by, found, (before, shm), is_held, progress)?;
        if let (Some(all), Some(held)) = (&mut self.held, copy.held) {
            all.push(held);
        }
        self.seen.extend(copy.seen.map(|bytes| Seen { place: self.entries.len(), id: before.id, bytes }));
        Ok(copy.copied)
    }

    /// Whether it is there and no longer what was looked at, so that it cannot be added.
    #[must_use]
    pub fn is_another(&self, found: &Resolved<'_>) -> bool {
        self.look_again(found).is_err_and(|error| error.status() == Status::Refused)
    }

    /// As it is now, if it is what was looked at, and not in the archive yet.
    fn look_again(&self, found: &Resolved<'_>) -> Result<Object> {
        let id = found.object.id;
        let refuse = |status, reason: String| Error::cannot(status, &format!("save {found}"), reason, None);
        if self.added.contains(&id) {
            return Err(refuse(Status::Failed, "it is in the archive already".to_owned()));
        }
        if self.entries.len() == super::MAX_OBJECTS {
            let reason = format!("an archive takes {} objects and no more", super::MAX_OBJECTS);
            return Err(refuse(Status::Failed, reason));
        }
        let now = inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))?;
        let now = now.ok_or_else(|| refuse(Status::NotFound, "it was removed meanwhile".to_owned()))?;
        match Fingerprint::of(&found.object).compare(&now) {
            Comparison::Same | Comparison::Doomed => Ok(now),
            Comparison::Changed(what) => {
                Err(refuse(Status::Refused, format!("it has changed since it was looked at: another {what}")))
            }
        }
    }

    /// Completes the archive: it is on disk when this returns. `copies` are all that were made; what only shows now is put
    /// down in them as well.
    ///
    /// # Errors
    /// Status 1 or 4 when it cannot be written, 5 when something has come to have its name.
    pub fn finish<'a>(mut self, copies: impl Iterator<Item = &'a mut Saved>) -> Result<()> {
        if !self.seen.is_empty() {
            self.compare_with_now(copies);
        }
        self.out.finish(&self.entries)
    }

    /// Calls the copies approximate whose segments have more pages now than were seen. The kernel is asked once for all.
    fn compare_with_now<'a>(&mut self, copies: impl Iterator<Item = &'a mut Saved>) {
        let now = Occupancy::default();
        let mut ids = HashSet::new();
        for Seen { place, id, .. } in self.seen.iter().filter(|seen| !now.is_at_most(seen.id.sysv(), seen.bytes)) {
            self.entries[*place].approximate = Some(TOUCHED.to_owned());
            ids.insert(*id);
        }
        for copy in copies.filter(|copy| ids.contains(&copy.object.id)) {
            copy.approximate = Some(TOUCHED.to_owned());
        }
    }
}
