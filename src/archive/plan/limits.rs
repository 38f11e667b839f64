//! Whether there is room: the limits of this namespace against what is to be made.

use super::{Planned, operation};
use crate::archive::read::Body;
use crate::error::{Error, Result, Status};
use crate::kind::limit::InUse;
use crate::kind::model::{Kind, ObjectId};
use crate::kind::msg::{MSGMAX, MSGMNB};
use crate::kind::sem::SEMMSL;
use crate::kind::shm::SHMMAX;
use crate::proc::capabilities::may_exceed_msgmnb;
use crate::sys;

/// What does not fit, each when its turn comes.
pub(super) fn check(planned: &[Planned<'_>]) -> Result<Vec<(ObjectId, Error)>> {
    let failed = |errno| Error::call("read the limits", errno);
    let (mut found, in_use) = (Vec::new(), InUse::default());
    for kind in Kind::ALL {
        let planned: Vec<_> = planned.iter().filter(|one| one.item.object.kind() == kind).collect();
        if planned.is_empty() {
            continue;
        }
        // The limits on all objects together, and how much each is used.
        let mut together = Vec::new();
        for limit in kind.class().limits {
            if let Some(used) = limit.used(&in_use).map_err(failed)? {
                together.push((limit, limit.value().map_err(failed)?, used));
            }
        }
        for one in planned {
            for (limit, _, used) in &mut together {
                let gone = one
                    .replaced
                    .iter()
                    .map(|old| limit.share((old.kind().class().size)(old)))
                    .fold(0, u64::saturating_add);
                *used = used.saturating_sub(gone).saturating_add(limit.share(size(&one.item.body)));
            }
            let exceeded = || {
                let (limit, value, used) = together.iter().find(|(_, value, used)| used > value)?;
                Some(format!("{} allows {value} {}, and with it there are {used}", limit.setting(), limit.unit))
            };
            let failure = alone(&one.item.body).map_err(failed)?.or_else(exceeded);
            let refusal = match failure {
                Some(reason) => Some((Status::Failed, reason)),
                None => capacity(one).map_err(failed)?.map(|reason| (Status::Denied, reason)),
            };
            if let Some((status, reason)) = refusal {
                let id = one.item.object.id;
                found.push((id, Error::cannot(status, &operation(id), reason, Some("see 'ipcadm limits'"))));
            }
        }
    }
    Ok(found)
}

/// What [`limits::size`] is of the object to be made.
fn size(body: &Body) -> u64 {
    match body {
        Body::Segment { size, .. } => *size,
        Body::Set { values, .. } => values.len() as u64,
        Body::Queue { .. } => 0,
    }
}

/// Why an object is too large by itself.
fn alone(body: &Body) -> sys::Result<Option<String>> {
    let (limit, size) = match body {
        Body::Segment { size, .. } => (SHMMAX, *size),
        Body::Set { values, .. } => (SEMMSL, values.len() as u64),
        Body::Queue { largest, .. } => (MSGMAX, *largest),
    };
    let (setting, most) = (limit.setting(), limit.value()?);
    Ok((size > most).then(|| match body {
        Body::Segment { .. } => format!("its {size} bytes are more than the {most} that {setting} allows"),
        Body::Set { .. } => format!("{setting} allows {most} semaphores in a set, and it has {size}"),
        Body::Queue { .. } => format!("{setting} allows messages of {most} bytes, and it has one of {size}"),
    }))
}

/// Why a queue may not have the room it is to have.
fn capacity(one: &Planned<'_>) -> sys::Result<Option<String>> {
    let Body::Queue { qbytes, .. } = &one.item.body else { return Ok(None) };
    let (room, most) = ((*qbytes).max(one.origin.room), MSGMNB.value()?);
    Ok((room > most && !may_exceed_msgmnb()).then(|| {
        format!(
            "its {room} bytes are more than kernel.msgmnb ({most}) and need CAP_SYS_RESOURCE in the initial user \
             namespace, or a higher kernel.msgmnb"
        )
    }))
}
