//! Putting right what interrupted runs left closed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::bare;
use crate::journal::access;
use crate::journal::folder::{self, Places};
use crate::journal::locked::is_locked_since;
use crate::journal::record::{self, Content};
use crate::kind::model::ObjectId;
use crate::object::inventory;
use crate::proc::sysctl;
use crate::render::escape::escape_bytes;
use crate::sys::{Mode, fd, namespace};

/// What came of putting right one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mended {
    /// An object has its mode again.
    Opened(ObjectId, Mode),
    /// An object could not be opened; why.
    Failed(ObjectId, String),
    /// A record is passed over, as others may have written it or this program does not understand it; why.
    PassedOver(PathBuf, String),
    /// A record that was cut short is removed.
    CutShort(PathBuf),
}

/// Reads the records that no run holds any more, and gives back their modes to objects that are closed and otherwise
/// as they were. Records of other IPC namespaces are left alone, those of earlier runs of the machine removed, and with
/// them the folders that were made for one run.
#[must_use]
pub fn put_right(places: &Places) -> Vec<Mended> {
    let mut mended = Vec::new();
    for folder in places.own().folders {
        let Ok(mut records) = record::files(&folder) else { continue };
        if records.is_empty() {
            places.tidy(&folder);
            continue;
        }
        if let Err(reason) = folder::check(&folder) {
            mended.push(Mended::PassedOver(folder, reason));
            continue;
        }
        records.sort();
        for record in records {
            if let Err(reason) = one(&record, &mut mended) {
                mended.push(Mended::PassedOver(record, reason));
            }
        }
        places.tidy(&folder);
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
    if !fd::try_lock(&file).map_err(|error| bare(&error))? {
        return Ok(());
    }
    // Somebody else may have put it right between opening and locking.
    if !path.exists() || is_unlinked(&file) {
        return Ok(());
    }
    let boot = sysctl::boot_id().ok_or("/proc does not tell the boot id")?;
    let said = record::read(&mut file, &boot)?;
    let here = namespace::ipc();
    let mut done = true;
    for content in &said.contents {
        done &= Some(content.namespace) == here && open_all(content, mended);
    }
    if done {
        // If that fails, the next run finds nothing left to do.
        let _ = fs::remove_file(path);
        if said.cut_short {
            mended.push(Mended::CutShort(path.to_owned()));
        }
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
    for before in content.objects() {
        let (id, mode) = (before.id, before.perm.mode);
        let now = match inventory::look(id) {
            Ok(Some(now)) => now,
            Ok(None) => continue,
            Err(errno) => {
                done = false;
                mended.push(Mended::Failed(id, errno.to_string()));
                continue;
            }
        };
        if !is_locked_since(&before, &now) {
            continue;
        }
        // Closing sets the time of change. A second for the clock's ticks.
        if now.ctime.seconds() < content.time.saturating_sub(1) {
            done = false;
            let reason = "it was last changed before that run began, or the clock was set back";
            mended.push(Mended::Failed(id, format!("{reason} ('ipcadm set --mode {mode} {id}' does it)")));
            continue;
        }
        if let Some(obstacle) = access::obstacle(&now) {
            done = false;
            mended.push(Mended::Failed(id, obstacle));
            continue;
        }
        match access::set_mode(&now, mode) {
            Ok(()) => mended.push(Mended::Opened(id, mode)),
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
            Self::PassedOver(path, reason) => {
                write!(f, "the record {} of an interrupted run is not obeyed: {reason}", shown(path))
            }
            Self::CutShort(path) => {
                let why = "its run was killed before it had closed anything";
                write!(f, "the record {} was cut short and is removed: {why}", shown(path))
            }
        }
    }
}
