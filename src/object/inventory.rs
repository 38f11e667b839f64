//! Listing objects, and looking one up by id or key.

use crate::error::{Error, Result, Status};
pub use crate::kind::class::{Inventory, Source};
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object, ObjectId};
pub use crate::kind::shm::add_memory;
use crate::sys::{self, Errno, Key};

/// Lists all objects of `kinds`; of `needs` only [`Needs::MEMORY`] matters. Fails without System V IPC, or when no way
/// to list works.
pub fn collect(kinds: KindSet, needs: Needs) -> Result<Inventory> {
    let mut inventory = Inventory::default();
    for kind in kinds.iter() {
        let source = (kind.class().list)(needs, &mut inventory)
            .map_err(|errno| Error::call(&format!("list {}s", kind.noun()), errno))?;
        inventory.sources.push((kind, source));
    }
    Ok(inventory)
}

/// The number of objects of a kind by the kernel's count; `ENOSYS` without System V IPC.
pub fn used(kind: Kind) -> sys::Result<u32> {
    (kind.class().used)()
}

/// One object by its id, without regard to read permission; `Ok(None)` when there is none. `ENOSYS` without System V
/// IPC; `EACCES` when it exists but nothing may be known of it.
pub fn look(id: ObjectId) -> sys::Result<Option<Object>> {
    (id.kind.class().look)(id)
}

/// Whether the mode gives the caller read permission, which kernels without `*_STAT_ANY` require. True for an object
/// that is gone.
pub(crate) fn may_read(id: ObjectId) -> bool {
    (id.kind.class().may_read)(id)
}

/// The id of the object with this key, without permission on it; `ENOENT` when there is none, or for kinds without
/// keys.
pub fn find(kind: Kind, key: Key) -> sys::Result<ObjectId> {
    kind.class().find.map_or(Err(Errno::ENOENT), |find| find(key))
}

/// The error of a lookup that the kernel refused.
pub fn unreadable(id: ObjectId, errno: Errno) -> Error {
    let remedy = (errno == Errno::EACCES).then_some("it exists, but this kernel shows it to its readers only");
    Error::cannot(Status::of(errno), &format!("look at {id}"), errno, remedy)
}
