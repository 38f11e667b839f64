//! Putting right what interrupted runs left closed.

use std::fs;
use std::path::{Path, PathBuf};

use super::record::{self, Content, PREFIX};
use super::{folder, gate};
use crate::error::bare;
use crate::object::inventory;
use crate::object::model::ObjectId;
use crate::proc::boot;
use crate::render::escape::escape_bytes;
use crate::sys::{Mode, file_lock, namespace};

/// What came of putting right one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// An object has its mode again.
    Opened(ObjectId, Mode),
    /// An object could not be opened; why.
    Failed(ObjectId, String),
    /// A record is not obeyed; why.
    Refused(PathBuf, String),
}

/// Reads the records that no run holds any more, and gives back their modes to objects that are closed and otherwise
/// as they were. Records of other IPC namespaces are left alone, those of earlier runs of the machine removed.
#[must_use]
pub fn put_right(folders: &[PathBuf]) -> Vec<Mended> {
    let mut mended = Vec::new();
    for path in folders {
        let Ok(entries) = fs::read_dir(path) else { continue };
        let mut records: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()))
            .map(|entry| entry.path())
            .collect();
        if records.is_empty() {
            continue;
        }
        if let Err(reason) = folder::check(path) {
            mended.push(Mended::Refused(path.clone(), reason));
            continue;
        }
        records.sort();
        for record in records {
            if let Err(reason) = one(&record, &mut mended) {
                mended.push(Mended::Refused(record, reason));
            }
        }
    }
    mended
}

fn one(path: &Path, mended: &mut Vec<Mended>) -> Result<(), String> {
    let mut file = match folder::open_own(path) {
        Ok(file) => file,
        // Its run has ended in this moment.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(bare(&error)),
    };
    if !file_lock::try_lock(&file).map_err(|error| bare(&error))? {
        return Ok(());
    }
    // Somebody else may have put it right between opening and locking.
    if !path.exists() || is_unlinked(&file) {
        return Ok(());
    }
    let done = match record::read(&mut file)? {
        None => true,
        Some(content) if boot::id().is_some_and(|boot| boot != content.boot) => true,
        Some(content) if namespace::ipc() != Some(content.namespace) => false,
        Some(content) => open_all(&content, mended),
    };
    if done {
        // If that fails, the next run finds nothing left to do.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

fn is_unlinked(file: &fs::File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map_or(true, |data| data.nlink() == 0)
}

/// Whether nothing is left to be opened.
fn open_all(content: &Content, mended: &mut Vec<Mended>) -> bool {
    let mut done = true;
    for entry in &content.objects {
        let Some(id) = entry.id() else { continue };
        let now = match inventory::look(id) {
            Ok(Some(now)) => now,
            Ok(None) => continue,
            Err(errno) => {
                done = false;
                mended.push(Mended::Failed(id, errno.to_string()));
                continue;
            }
        };
        if !entry.is_closed(&now) {
            continue;
        }
        // Closing sets the time of change. A second for the clock's ticks.
        if now.ctime.seconds() < content.time.saturating_sub(1) {
            done = false;
            let mode = entry.mode().permissions();
            let reason = "it was last changed before that run began, or the clock was set back";
            mended.push(Mended::Failed(id, format!("{reason} ('ipcadm set --mode {mode:04o} {id}' does it)")));
            continue;
        }
        if let Some(obstacle) = gate::obstacle(&now) {
            done = false;
            mended.push(Mended::Failed(id, obstacle));
            continue;
        }
        match gate::set_mode(&now, entry.mode()) {
            Ok(()) => mended.push(Mended::Opened(id, entry.mode())),
            Err(_) if matches!(inventory::look(id), Ok(None)) => {}
            Err(errno) => {
                done = false;
                mended.push(Mended::Failed(id, errno.to_string()));
            }
        }
    }
    done
}

impl std::fmt::Display for Mended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |path: &Path| escape_bytes(path.as_os_str().as_encoded_bytes()).into_owned();
        match self {
            Self::Opened(id, mode) => {
                write!(f, "{id} has its mode {:04o} again, which an interrupted run had taken", mode.permissions())
            }
            Self::Failed(id, reason) => {
                write!(f, "cannot give {id} back the mode that an interrupted run had taken: {reason}")
            }
            Self::Refused(path, reason) => {
                write!(f, "the record {} of an interrupted run is not obeyed: {reason}", shown(path))
            }
        }
    }
}
