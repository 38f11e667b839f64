//! Saves objects in an archive before they are removed.

use std::path::Path;

use crate::archive::save::{Saved, Saver};
use crate::error::{Error, Result, Status};
use crate::object::reference::Resolved;
use crate::output::context::note;
use crate::output::progress::Progress;

/// Copies all objects into an archive, which is on disk when this returns. An object that is gone or replaced by now has
/// no copy; its removal will notice the same. After an error there is no archive, and nothing may be removed.
pub(crate) fn save(file: &Path, overwrite: bool, objects: &[Resolved<'_>]) -> Result<Vec<Option<Saved>>> {
    let mut copies = vec![None; objects.len()];
    if objects.is_empty() {
        return Ok(copies);
    }
    let mut saver = Saver::create(file, overwrite).map_err(unsaved)?;
    saver.hold();
    let size = |found: &Resolved<'_>| found.object.as_segment().map_or(0, |segment| segment.size);
    let mut progress = Progress::new(Some(objects.iter().map(size).sum()));
    let mut done = 0;
    for (found, copy) in objects.iter().zip(&mut copies) {
        if saver.is_another(found) {
            continue;
        }
        match saver.add(found, &mut |bytes| progress.update(done + bytes)) {
            Ok(saved) => {
                saved.notes.iter().for_each(|text| note(text));
                *copy = Some(saved);
            }
            Err(error) if error.status() == Status::NotFound => {}
            Err(error) => return Err(unsaved(error)),
        }
        done += size(found);
    }
    let held = saver.take_held();
    if !saver.is_empty() {
        saver.finish(copies.iter_mut().flatten()).map_err(unsaved)?;
    }
    held.let_go(copies.iter_mut().flatten());
    Ok(copies)
}

fn unsaved(error: Error) -> Error {
    match error {
        Error::Failed { status, message } => {
            Error::Failed { status, message: format!("{message}; nothing was removed") }
        }
        other => other,
    }
}
