//! The copy of a semaphore set: its values at one moment.

use super::copied::{Contents, Copied};
use crate::archive::manifest::{self, Entry, Set};
use crate::error::{Error, Result, Status};
use crate::kind::model::{self, Object};
use crate::object::reference::Resolved;
use crate::object::snapshot::write_time;
use crate::sys::{Errno, SemId, sem};

pub(super) fn copy(found: &Resolved<'_>, before: &Object, set: model::Set) -> Result<Copied> {
    let id = SemId::new(before.id.sysv());
    let failed = |errno| explain(found, errno);
    let values = sem::get_all(id, usize::try_from(set.nsems).unwrap_or(0)).map_err(failed)?;
    // For information only, so these may be of later moments.
    let pids = (0u32..)
        .zip(&values)
        .map(|(index, _)| sem::last_pid(id, index).map(manifest::pid))
        .collect::<std::result::Result<_, _>>()
        .map_err(failed)?;
    let described = Set { values: values.clone(), pids, otime: write_time(set.otime) };
    Ok(Copied {
        entry: Entry { sem: Some(described), ..Entry::of(before) },
        object: *before,
        approximate: None,
        way: "by GETALL".to_owned(),
        notes: Vec::new(),
        contents: Contents::Set(values),
    })
}

pub(super) fn unchanged(now: &Object, values: &[u16]) -> std::result::Result<(), String> {
    match sem::get_all(SemId::new(now.id.sysv()), values.len()) {
        Ok(present) if present == values => Ok(()),
        Ok(_) => Err("changed after it was saved".to_owned()),
        Err(Errno::EINVAL | Errno::EIDRM) => Ok(()),
        Err(errno) => Err(format!("its values cannot be read: {errno}")),
    }
}

fn explain(found: &Resolved<'_>, errno: Errno) -> Error {
    let operation = format!("save {found}");
    match errno {
        Errno::EACCES => {
            Error::cannot(Status::Denied, &operation, errno, Some("needs read permission or CAP_IPC_OWNER"))
        }
        Errno::EINVAL | Errno::EIDRM => Error::cannot(Status::NotFound, &operation, "it was removed meanwhile", None),
        errno => Error::call(&operation, errno),
    }
}
