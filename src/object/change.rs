//! Changing owner, group, mode and capacity (`IPC_SET`).

use super::inventory;
use super::mode::ModeChange;
use crate::error::{Error, Result, Status};
use crate::kind;
use crate::kind::class::Attributes;
use crate::kind::model::Object;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::permission::{may_change, refused};
use crate::proc::capabilities::may_exceed_msgmnb;
use crate::sys::{self, Errno, Gid, Mode, ShmId, Uid, msg, shm};

/// None leaves an attribute as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Perhaps relative to the old mode.
    pub mode: Option<ModeChange>,
    pub owner: Option<Uid>,
    pub group: Option<Gid>,
    /// 1 to 2^31-1 bytes.
    pub qbytes: Option<u64>,
    /// Change even a queue that would then hold too much, or could not be enlarged again.
    pub force: bool,
}

impl Change {
    pub fn target(&self, object: &Object) -> Attributes {
        let now = Attributes::of(object);
        Attributes {
            uid: self.owner.unwrap_or(now.uid),
            gid: self.group.unwrap_or(now.gid),
            mode: self.mode.as_ref().map_or(now.mode, |mode| Mode::new(mode.apply(now.mode.bits()))),
            qbytes: self.qbytes.or(now.qbytes),
        }
    }

    /// The object after the change.
    pub(crate) fn preview(&self, object: &Object) -> Object {
        let target = self.target(object);
        let mut after = *object;
        after.perm.uid = target.uid;
        after.perm.gid = target.gid;
        after.perm.mode = Mode::new(object.perm.mode.bits() & !Mode::PERMISSIONS | target.mode.permissions());
        if let Some(queue) = after.as_queue_mut() {
            queue.qbytes = target.qbytes;
        }
        after
    }

    /// Refuses a capacity that makes a queue useless or cannot be raised again, unless forced. Status 10.
    pub fn check(&self, object: &Object, text: &str) -> Result<()> {
        let (Some(wanted), Some(queue), false) = (self.qbytes, object.as_queue(), self.force) else { return Ok(()) };
        let refuse = |reason: String| {
            let operation = format!("set the capacity of {text} to {wanted} bytes");
            Err(Error::cannot(Status::Refused, &operation, reason, Some("--force does it all the same")))
        };
        if queue.qbytes.is_none() {
            return refuse("this kernel tells its present capacity to its readers only".to_owned());
        }
        let holds = queue.cbytes.max(queue.qnum);
        if wanted < holds && queue.qbytes.is_none_or(|qbytes| wanted < qbytes) {
            let held = if queue.cbytes >= queue.qnum {
                format!("{} bytes", queue.cbytes)
            } else {
                format!("{} messages", queue.qnum)
            };
            return refuse(format!("it holds {held}, so nobody could send until it is nearly drained"));
        }
        let msgmnb = msg::limits().map_or(u64::MAX, |limits| limits.msgmnb);
        if let Some(qbytes) = queue.qbytes
            && wanted < qbytes
            && qbytes > msgmnb
            && !may_exceed_msgmnb()
        {
            return refuse(format!(
                "it has {qbytes}, more than kernel.msgmnb ({msgmnb}), and you may not raise it to that again"
            ));
        }
        Ok(())
    }

    /// Changes the object if it is still the one `seen`, and returns its new state.
    ///
    /// # Errors
    /// Status 3 when it is gone, 4 without permission, 10 when it has changed meanwhile, 1 otherwise.
    pub fn apply(&self, seen: &Object, text: &str) -> Result<Object> {
        let operation = format!("change {text}");
        let gone = || Error::cannot(Status::NotFound, &operation, "it was removed meanwhile", None);
        let now = inventory::look(seen.id).map_err(|errno| inventory::unreadable(seen.id, errno))?.ok_or_else(gone)?;
        if let Comparison::Changed(what) = Fingerprint::of(seen).compare(&now) {
            let reason = format!("it has changed meanwhile: another {what}");
            return Err(Error::cannot(Status::Refused, &operation, reason, None));
        }
        // The queue may have filled meanwhile, and sending does not change the fingerprint.
        self.check(&now, text)?;
        let target = self.target(&now);
        if target == Attributes::of(&now) {
            return Ok(now);
        }
        kind::set(seen.id, target).map_err(|errno| match errno {
            Errno::EINVAL | Errno::EIDRM if matches!(inventory::look(seen.id), Ok(None)) => gone(),
            _ => self.explain(&now, &operation, target, errno),
        })?;
        inventory::look(seen.id).map_err(|errno| inventory::unreadable(seen.id, errno))?.ok_or_else(gone)
    }

    fn explain(&self, object: &Object, operation: &str, target: Attributes, errno: Errno) -> Error {
        let msgmnb = msg::limits().map_or(0, |limits| limits.msgmnb);
        if errno == Errno::EPERM && target.qbytes.is_some_and(|qbytes| qbytes > msgmnb) && may_change(object) {
            let right = "CAP_SYS_RESOURCE in the initial user namespace; raise kernel.msgmnb first";
            let remedy = match (self.qbytes, target.qbytes) {
                // Every IPC_SET sets the capacity too.
                (None, Some(kept)) => format!(
                    "to keep its capacity, {kept}, which is more than kernel.msgmnb ({msgmnb}), needs {right}, or \
                     lower it with --qbytes"
                ),
                _ => format!("more than kernel.msgmnb ({msgmnb}) needs {right}"),
            };
            return Error::cannot(Status::Denied, operation, errno, Some(&remedy));
        }
        if errno == Errno::EINVAL {
            let remedy = format!("user {} or group {} does not exist in this user namespace", target.uid, target.gid);
            return Error::cannot(Status::Failed, operation, errno, Some(&remedy));
        }
        refused(object, operation, errno)
    }
}

/// Locks a segment into RAM or unlocks it, and returns its new state. The kernel silently ignores huge pages. `EPERM`,
/// `ENOMEM` (`RLIMIT_MEMLOCK`), `EINVAL` or `EIDRM` when it is gone.
pub(crate) fn set_locked(segment: &Object, lock: bool) -> sys::Result<Object> {
    let id = ShmId::new(segment.id.sysv());
    if lock {
        shm::lock(id)?
    } else {
        shm::unlock(id)?
    }
    inventory::look(segment.id)?.ok_or(Errno::EIDRM)
}
