//! Whether there is room: the limits of this namespace against what is to be made.

use super::{Planned, operation};
use crate::archive::read::Body;
use crate::error::{Error, Result, Status};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::proc::process::may_exceed_msgmnb;
use crate::sys::{memory, msg, sem, shm};

/// How many objects there are when this one is made, and what it replaces is gone.
fn grown(ids: u64, one: &Planned<'_>) -> u64 {
    ids.saturating_sub(one.replaced.len() as u64) + 1
}

fn of_pages(size: u64) -> u64 {
    size.div_ceil(memory::page_size() as u64)
}

/// What does not fit, each when its turn comes.
pub(super) fn check(planned: &[Planned<'_>]) -> Result<Vec<(ObjectId, Error)>> {
    let mut found = Vec::new();
    let mut refuse = |id: ObjectId, status, reason: String| {
        found.push((id, Error::cannot(status, &operation(id), reason, Some("see 'ipcadm limits'"))));
    };
    let has = |kind| planned.iter().any(|one| one.item.object.kind() == kind);
    let failed = |errno| Error::call("read the limits", errno);
    let of_kind = |kind| planned.iter().filter(move |one| one.item.object.kind() == kind);
    if has(Kind::Shm) {
        let (limits, usage) = (shm::limits().map_err(failed)?, shm::usage().map_err(failed)?);
        let mut ids = u64::from(usage.used_ids);
        let mut pages = usage.total_pages;
        for one in of_kind(Kind::Shm) {
            let (id, Body::Segment { size, .. }) = (one.item.object.id, &one.item.body) else { continue };
            ids = grown(ids, one);
            let gone = one.replaced.iter().filter_map(Object::as_segment).map(|old| of_pages(old.size)).sum();
            pages = pages.saturating_sub(gone).saturating_add(of_pages(*size));
            if *size > limits.shmmax {
                let reason = format!("its {size} bytes are more than the {} that kernel.shmmax allows", limits.shmmax);
                refuse(id, Status::Failed, reason);
            } else if ids > limits.shmmni {
                let reason = format!("kernel.shmmni allows {} segments, and with it there are {ids}", limits.shmmni);
                refuse(id, Status::Failed, reason);
            } else if pages > limits.shmall {
                let reason = format!("kernel.shmall allows {} pages, and with it there are {pages}", limits.shmall);
                refuse(id, Status::Failed, reason);
            }
        }
    }
    if has(Kind::Sem) {
        let (limits, usage) = (sem::limits().map_err(failed)?, sem::usage().map_err(failed)?);
        let mut ids = u64::from(usage.used_ids);
        let mut semaphores = usage.semaphores;
        for one in of_kind(Kind::Sem) {
            let (id, Body::Set { values, .. }) = (one.item.object.id, &one.item.body) else { continue };
            let nsems = values.len() as u64;
            ids = grown(ids, one);
            let gone = one.replaced.iter().filter_map(Object::as_set).map(|old| old.nsems).sum();
            semaphores = semaphores.saturating_sub(gone).saturating_add(nsems);
            if nsems > limits.semmsl {
                let reason =
                    format!("kernel.sem (SEMMSL) allows {} semaphores in a set, and it has {nsems}", limits.semmsl);
                refuse(id, Status::Failed, reason);
            } else if ids > limits.semmni {
                let reason = format!("kernel.sem (SEMMNI) allows {} sets, and with it there are {ids}", limits.semmni);
                refuse(id, Status::Failed, reason);
            } else if semaphores > limits.semmns {
                let reason = format!(
                    "kernel.sem (SEMMNS) allows {} semaphores, and with it there are {semaphores}",
                    limits.semmns
                );
                refuse(id, Status::Failed, reason);
            }
        }
    }
    if has(Kind::Msg) {
        let (limits, usage) = (msg::limits().map_err(failed)?, msg::usage().map_err(failed)?);
        let mut ids = u64::from(usage.used_ids);
        let may_exceed = may_exceed_msgmnb();
        for one in of_kind(Kind::Msg) {
            let (id, Body::Queue { qbytes, largest, .. }) = (one.item.object.id, &one.item.body) else { continue };
            ids = grown(ids, one);
            let room = (*qbytes).max(one.origin.room);
            if *largest > limits.msgmax {
                let reason =
                    format!("kernel.msgmax allows messages of {} bytes, and it has one of {largest}", limits.msgmax);
                refuse(id, Status::Failed, reason);
            } else if ids > limits.msgmni {
                let reason = format!("kernel.msgmni allows {} queues, and with it there are {ids}", limits.msgmni);
                refuse(id, Status::Failed, reason);
            } else if room > limits.msgmnb && !may_exceed {
                let reason = format!(
                    "its {room} bytes are more than kernel.msgmnb ({}) and need CAP_SYS_RESOURCE in the initial user \
                     namespace, or a higher kernel.msgmnb",
                    limits.msgmnb
                );
                refuse(id, Status::Denied, reason);
            }
        }
    }
    Ok(found)
}
