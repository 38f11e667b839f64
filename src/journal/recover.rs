//! Recovery: objects that interrupted runs left at mode 0000 get their modes back.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::os_message;
use crate::journal::access;
use crate::journal::folder::{self, Places};
use crate::journal::locked::is_locked_since;
use crate::journal::record::{self, Content};
use crate::kind::model::ObjectId;
use crate::object::inventory;
use crate::proc::sysctl;
use crate::render::escape::escape_bytes;
use crate::sys::{Mode, fd, namespace};

/// What came of one object or record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// An object has its mode again.
    Unlocked(ObjectId, Mode),
    /// An object could not be unlocked; why.
    Failed(ObjectId, String),
    /// A record is passed over, as others may have written it or this program does not understand it; why.
    PassedOver(PathBuf, String),
    /// A record that was cut short is removed.
    CutShort(PathBuf),
}

/// Reads the records that no run holds any more, and gives objects that are locked and otherwise as they were their modes
/// back. Records of other IPC namespaces are left alone; those of earlier boots are removed, and with them the folders
/// that were made for one run.
#[must_use]
pub fn recover(places: &Places) -> Vec<Recovery> {
    let mut recoveries = Vec::new();
    for folder in places.own().folders {
        let Ok(mut records) = record::files(&folder) else { continue };
        if records.is_empty() {
            places.tidy(&folder);
            continue;
        }
        if let Err(reason) = folder::check(&folder) {
            recoveries.push(Recovery::PassedOver(folder, reason));
            continue;
        }
        records.sort();
        for record in records {
            if let Err(reason) = obey(&record, &mut recoveries) {
                recoveries.push(Recovery::PassedOver(record, reason));
            }
        }
        places.tidy(&folder);
    }
    recoveries
}

fn obey(path: &Path, recoveries: &mut Vec<Recovery>) -> Result<(), String> {
    let mut file = match folder::open_own(path) {
        Ok(file) => file,
        // Its run has ended in this moment.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(os_message(&error)),
    };
    if !fd::try_lock(&file).map_err(|error| os_message(&error))? {
        return Ok(());
    }
    // Another run may have obeyed and removed it between opening and locking the file.
    if !path.exists() || is_unlinked(&file) {
        return Ok(());
    }
    let boot = sysctl::boot_id().ok_or("/proc does not tell the boot id")?;
    let said = record::read(&mut file, &boot)?;
    let here = namespace::ipc();
    let mut done = true;
    for content in &said.contents {
        done &= Some(content.namespace) == here && unlock_all(content, recoveries);
    }
    if done {
        // If that fails, the next run finds nothing left to do.
        let _ = fs::remove_file(path);
        if said.cut_short {
            recoveries.push(Recovery::CutShort(path.to_owned()));
        }
    }
    Ok(())
}

fn is_unlinked(file: &fs::File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map_or(true, |data| data.nlink() == 0)
}

/// Whether nothing is left to be unlocked.
fn unlock_all(content: &Content, recoveries: &mut Vec<Recovery>) -> bool {
    let mut done = true;
    for before in content.objects() {
        let (id, mode) = (before.id, before.perm.mode);
        let now = match inventory::look(id) {
            Ok(Some(now)) => now,
            Ok(None) => continue,
            Err(errno) => {
                done = false;
                recoveries.push(Recovery::Failed(id, errno.to_string()));
                continue;
            }
        };
        if !is_locked_since(&before, &now) {
            continue;
        }
        // Locking sets the time of change. A second for the clock's ticks.
        if now.ctime.seconds() < content.time.saturating_sub(1) {
            done = false;
            let reason = "it was last changed before that run began, or the clock was set back";
            recoveries.push(Recovery::Failed(id, format!("{reason} ('ipcadm set --mode {mode} {id}' does it)")));
            continue;
        }
        if let Some(obstacle) = access::obstacle(&now) {
            done = false;
            recoveries.push(Recovery::Failed(id, obstacle));
            continue;
        }
        match access::set_mode(&now, mode) {
            Ok(()) => recoveries.push(Recovery::Unlocked(id, mode)),
            Err(_) if matches!(inventory::look(id), Ok(None)) => {}
            Err(errno) => {
                done = false;
                recoveries.push(Recovery::Failed(id, errno.to_string()));
            }
        }
    }
    done
}

impl std::fmt::Display for Recovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |path: &Path| escape_bytes(path.as_os_str().as_encoded_bytes()).into_owned();
        match self {
            Self::Unlocked(id, mode) => {
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
