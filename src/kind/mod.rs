//! What a kind of object is.

pub mod model;

use crate::kind::model::{Kind, ObjectId};
use crate::sys::{self, MsgId, SemId, ShmId, msg, sem, shm};

/// `IPC_RMID` without any check: for what this program itself made a moment ago.
///
/// # Errors
/// The kernel's.
pub fn remove_id(id: ObjectId) -> sys::Result<()> {
    match id.kind {
        Kind::Shm => shm::remove(ShmId::new(id.sysv())),
        Kind::Sem => sem::remove(SemId::new(id.sysv())),
        Kind::Msg => msg::remove(MsgId::new(id.sysv())),
    }
}
