//! Saving: copies of objects, with what there is to say about how good the copy is.

mod held;
mod queue;
mod segment;
mod set;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use self::held::HeldSegments;
use super::manifest::{self, Entry, Head};
use super::sums::Digest;
use super::tar::Name;
use super::write::Writer;
use crate::error::{Error, Result, Status, bare};
use crate::journal::saved_modes;
use crate::kind::model::{Detail, Object, ObjectId};
use crate::object::difference::is_same;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::object::snapshot::write_time;
use crate::proc::sysctl;
use crate::removal::Check;
use crate::render::escape::escape_bytes;
use crate::segment::Occupancy;
use crate::sys::clock::now;
use crate::sys::new_file::NewFile;
use crate::sys::{Timestamp, namespace};

/// An archive being made of objects as they are now.
///
/// The file has no name until [`Saver::finish`]: dropped before, or killed, it has never been.
#[derive(Debug)]
pub struct Saver {
    tar: Writer,
    new: Option<(NewFile, PathBuf, bool)>,
    time: i64,
    entries: Vec<Entry>,
    added: HashSet<ObjectId>,
    /// RAM and swap of the segments, as they were when it first mattered.
    before: Occupancy,
    /// The copies that are to be compared with what there is when all are made.
    seen: Vec<segment::Seen>,
    held: Option<HeldSegments>,
}

/// A copy that was made.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The object as it was right before it was copied.
    before: Object,
    /// The object as it was when copying it had ended, so that what copying itself changed counts as before.
    pub object: Object,
    /// Why the copy may not be of one moment.
    pub approximate: Option<String>,
    /// How it was copied, for people.
    pub way: String,
    /// What was noticed and does not make it a worse copy.
    pub notes: Vec<String>,
    /// A set's values.
    values: Vec<u16>,
    /// The checksum of a queue's messages.
    messages: Option<Digest>,
    /// When copying began, seconds since 1970.
    begun: i64,
}

impl Saver {
    /// Begins an archive that will be called `path`; what has that name is replaced at the end with `overwrite`.
    ///
    /// # Errors
    /// Status 5 when it is there, 4 or 1 when it cannot be made, 10 when what should be replaced is no file.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(data) if data.is_file() && !overwrite => {
                return Err(unwritable(Some(path), &io::Error::from_raw_os_error(libc::EEXIST)));
            }
            Ok(data) if !data.is_file() => {
                if !overwrite {
                    let (operation, reason) = (format!("write {}", shown(path)), "it exists, and is no regular file");
                    return Err(Error::cannot(Status::Exists, &operation, reason, None));
                }
                let operation = format!("replace {}", shown(path));
                return Err(Error::cannot(Status::Refused, &operation, "it is no regular file", None));
            }
            _ => {}
        }
        let new = NewFile::create(path).map_err(|error| unwritable(Some(path), &error))?;
        let out = new.file().try_clone().map_err(|error| unwritable(Some(path), &error))?;
        Ok(Self { new: Some((new, path.to_owned(), overwrite)), ..Self::onto(out) })
    }

    /// Begins an archive on an open file, or a pipe.
    #[must_use]
    pub fn onto(out: File) -> Self {
        let time = now();
        let tar = Writer::new(out, u64::try_from(time).unwrap_or(0));
        Self {
            tar,
            new: None,
            time,
            entries: Vec::new(),
            added: HashSet::new(),
            before: Occupancy::default(),
            seen: Vec::new(),
            held: None,
        }
    }

    /// From now on segments that were attached to be copied stay so until [`HeldSegments::let_go`]: for what is to be
    /// removed, so that nobody comes unseen between the end of the copy and that.
    pub fn hold(&mut self) {
        self.held = Some(HeldSegments::default());
    }

    /// What is held, to be let go when the archive is complete.
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
        let (mut entry, mut saved) = match before.detail {
            Detail::Shm(_) => segment::add(self, found, &before, progress)?,
            Detail::Sem(_) => set::add(found, &before)?,
            Detail::Msg(_) => queue::add(self, found, &before)?,
        };
        // A run that has it closed gives it another mode for a moment.
        let mut open = [if before.as_queue().is_some() { saved.object } else { before }];
        saved_modes::show_open(&mut open);
        entry.mode = open[0].perm.mode.to_string();
        if saved.approximate.is_none() && saved_modes::may_be_closed(&open[0]) {
            let reason = "a run of ipcadm of another user may have taken its mode away for the moment";
            saved.approximate = Some(reason.to_owned());
            entry.approximate.clone_from(&saved.approximate);
        }
        self.entries.push(entry);
        self.added.insert(before.id);
        Ok(saved)
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
            segment::settle(&self.seen, &mut self.entries, copies);
        }
        let path = self.new.as_ref().map(|(_, path, _)| path.clone());
        let failed = |error: io::Error| unwritable(path.as_deref(), &error);
        let head = Head {
            archive: super::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: sysctl::host_name(),
            boot_id: sysctl::boot_id(),
            namespace: namespace::ipc(),
            time: write_time(Timestamp::new(self.time)).unwrap_or_default(),
        };
        let text = manifest::encode(&head, &self.entries).map_err(|error| failed(error.into()))?;
        if text.len() as u64 > super::MAX_MANIFEST || text.lines().any(|line| line.len() as u64 >= manifest::MAX_LINE) {
            return Err(failed(io::Error::other("too many semaphores for one archive, or in one set")));
        }
        self.tar.whole(Name::Manifest, text.as_bytes()).map_err(failed)?;
        self.tar.finish().map_err(failed)?;
        if let Some((new, path, overwrite)) = self.new {
            new.file().sync_all().map_err(failed)?;
            new.keep(overwrite).map_err(failed)?;
            // The name is to last as well. Not every file system can do that for a folder.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            drop(File::open(folder).and_then(|folder| folder.sync_all()));
        }
        Ok(())
    }

    fn unwritable(&self, error: &io::Error) -> Error {
        unwritable(self.new.as_ref().map(|(_, path, _)| path.as_path()), error)
    }
}

impl Saved {
    /// Whether `object`, an earlier look, and the look right before it was copied are the same.
    #[must_use]
    pub fn was(&self, object: &Object) -> bool {
        is_same(&self.before, object)
    }

    /// [`Saved::unchanged`] for what is removed while it is closed.
    #[must_use]
    pub fn check(&self) -> Check {
        let saved = self.clone();
        // What was closed and opened again since has another time of change.
        Check::new(move |expected| saved.unchanged_since(expected.ctime))
    }

    /// Whether the object still is what was saved, as far as the kernel tells: its counters, times, processes,
    /// attachments; a set's values; a queue's messages, where its times leave a doubt.
    ///
    /// # Errors
    /// What has changed, or why that cannot be known, in words.
    pub fn unchanged(&self) -> std::result::Result<(), String> {
        self.unchanged_since(self.object.ctime)
    }

    /// The same of an object that has this time of change, by something of our own.
    fn unchanged_since(&self, ctime: Timestamp) -> std::result::Result<(), String> {
        if let Some(reason) = &self.approximate {
            return Err(format!("the copy may not be what it holds: {reason}"));
        }
        let id = self.object.id;
        let now = inventory::look(id).map_err(|errno| format!("it cannot be looked at: {errno}"))?;
        // Gone is gone: there is nothing left to lose.
        let Some(now) = now else { return Ok(()) };
        if !is_same(&now, &Object { ctime, ..self.object }) {
            return Err("changed after it was saved".to_owned());
        }
        match now.detail {
            Detail::Shm(_) => Ok(()),
            Detail::Sem(_) => set::unchanged(&now, &self.values),
            Detail::Msg(_) => queue::unchanged(&now, self.begun, self.messages),
        }
    }
}

fn shown(path: &Path) -> String {
    escape_bytes(path.as_os_str().as_encoded_bytes()).into_owned()
}

/// The error for an archive that cannot be written; without a path it is standard output.
fn unwritable(path: Option<&Path>, error: &io::Error) -> Error {
    let Some(path) = path else {
        return Error::cannot(Status::Failed, "write to standard output", bare(error), None);
    };
    let (status, remedy) = match error.kind() {
        io::ErrorKind::AlreadyExists => (Status::Exists, Some("--overwrite replaces it")),
        io::ErrorKind::PermissionDenied => (Status::Denied, None),
        _ => (Status::Failed, None),
    };
    Error::cannot(status, &format!("write {}", shown(path)), bare(error), remedy)
}
