//! The objects that there are: all of some kinds, or one by its id or key.

use crate::error::{Error, Result, Status};
pub use crate::kind::class::{Inventory, Source};
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object, ObjectId};
pub use crate::kind::shm::add_memory;
use crate::sys::{self, Errno, Key};

/// Lists all objects of `kinds`. Of what is needed, [`Needs::MEMORY`] alone counts here.
///
/// # Errors
/// When the kernel has no System V IPC, or none of the ways to list works.
pub fn collect(kinds: KindSet, needs: Needs) -> Result<Inventory> {
    let mut inventory = Inventory::default();
    for kind in kinds.iter() {
        let source = (kind.class().list)(needs, &mut inventory)
            .map_err(|errno| Error::call(&format!("list {}s", kind.noun()), errno))?;
        inventory.sources.push((kind, source));
    }
    Ok(inventory)
}

/// How many objects of a kind the kernel counts.
///
/// # Errors
/// `ENOSYS` where the kernel has no System V IPC.
pub fn used(kind: Kind) -> sys::Result<u32> {
    (kind.class().used)()
}

/// One object by its id, whoever may read it; `Ok(None)` when there is none.
///
/// # Errors
/// `ENOSYS` where the kernel has no System V IPC; `EACCES` when it exists but nothing may be known of it.
pub fn look(id: ObjectId) -> sys::Result<Option<Object>> {
    (id.kind.class().look)(id)
}

/// Whether the mode lets the caller read the object, as it must for what goes without `*_STAT_ANY`. True for one that
/// is gone.
#[must_use]
pub fn may_read(id: ObjectId) -> bool {
    (id.kind.class().may_read)(id)
}

/// The id of the object that `key` names; needs no permission on it.
///
/// # Errors
/// `ENOENT` when there is none, as of a kind without keys.
pub fn find(kind: Kind, key: Key) -> sys::Result<ObjectId> {
    kind.class().find.map_or(Err(Errno::ENOENT), |find| find(key))
}

/// The error for a look that the kernel refused altogether.
#[must_use]
pub fn unreadable(id: ObjectId, errno: Errno) -> Error {
    let remedy = (errno == Errno::EACCES).then_some("it exists, but this kernel shows it to its readers only");
    Error::cannot(Status::of(errno), &format!("look at {id}"), errno, remedy)
}
