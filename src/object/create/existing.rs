//! `--exist-ok`: comparing the object that has the key with the specification.

use std::time::{Duration, Instant};

use super::{Body, Creation, Specification};
use crate::error::{Error, Result, Status};
use crate::kind::model::Object;
use crate::object::inventory;
use crate::object::names::{group_text, user_text};
use crate::sys::clock::now;
use crate::sys::{Errno, Key, Uid, accounts};

/// How long `--exist-ok` waits for another creator to finish.
const MOMENT: Duration = Duration::from_secs(1);
/// Polling interval: the kernel has no event for this.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Seconds since ctime after which an object counts as complete.
const FRESH: i64 = 2;

impl Specification {
    /// The object that has the key. None when it is gone again.
    pub(super) fn existing(&self, key: Key) -> Result<Option<Creation>> {
        let deadline = Instant::now() + MOMENT;
        loop {
            let id = match inventory::find(self.kind(), key) {
                Ok(id) => id,
                Err(Errno::ENOENT) => return Ok(None),
                Err(errno) => {
                    let reason = format!("{key} is taken, and what has it cannot be looked up: {errno}");
                    return Err(Error::cannot(Status::of(errno), &self.operation(), reason, None));
                }
            };
            let looked = inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))?;
            let Some(object) = looked else { return Ok(None) };
            if !self.exist_ok {
                let reason = format!("{key} is {id}, owned by {}", user_text(object.perm.uid));
                let remedy = format!("{reason}; --exist-ok accepts it if it fits");
                return Err(Error::cannot(Status::Exists, &self.operation(), Errno::EEXIST, Some(&remedy)));
            }
            let differences = self.differences(&object);
            let unused = object.as_set().is_some_and(|set| set.otime.is_never());
            if differences.is_empty() && !unused {
                return Ok(Some(Creation::Exists(object, None)));
            }
            // Another creator may not have finished.
            let fresh = object.ctime.seconds() >= now().saturating_sub(FRESH);
            if fresh && self.may_come_to_fit(&object) && Instant::now() < deadline {
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
            if !differences.is_empty() {
                let reason = format!("{key} is {id}, which differs: {}", differences.join("; "));
                return Err(Error::cannot(Status::Exists, &self.operation(), reason, None));
            }
            let note = format!("no operation was ever done on {id}: its creator may not have given it its values");
            return Ok(Some(Creation::Exists(object, Some(note))));
        }
    }

    /// Whether the creator's later steps can remove the differences.
    fn may_come_to_fit(&self, object: &Object) -> bool {
        match (&self.body, object.as_segment(), object.as_set()) {
            (Body::Segment { size, .. }, Some(segment), _) => segment.size == *size,
            (Body::Set { nsems, .. }, _, Some(set)) => set.nsems == u64::from(*nsems),
            _ => true,
        }
    }

    /// Differences between an existing object and the specification, without values, which change in use.
    fn differences(&self, object: &Object) -> Vec<String> {
        let mut found = Vec::new();
        let perm = &object.perm;
        match (&self.body, object.as_segment(), object.as_set(), object.as_queue()) {
            (Body::Segment { size, lock, .. }, Some(segment), _, _) => {
                if segment.size != *size {
                    found.push(format!("size {} instead of {size}", segment.size));
                }
                if *lock && !perm.mode.is_shm_locked() {
                    found.push("not locked".to_owned());
                }
            }
            (Body::Set { nsems, .. }, _, Some(set), _) if set.nsems != u64::from(*nsems) => {
                found.push(format!("{} semaphores instead of {nsems}", set.nsems));
            }
            (Body::Queue { qbytes: Some(wanted) }, _, _, Some(queue)) if queue.qbytes != Some(*wanted) => {
                let has = queue.qbytes.map_or_else(|| "unknown".to_owned(), |qbytes| qbytes.to_string());
                found.push(format!("capacity {has} instead of {wanted}"));
            }
            _ => {}
        }
        let me = accounts::effective_user();
        let owner = self.owner.unwrap_or(me);
        if perm.uid != owner {
            found.push(format!("owner {} instead of {}", user_text(perm.uid), user_text(owner)));
        }
        if let Some(group) = self.group
            && perm.gid != group
        {
            found.push(format!("group {} instead of {}", group_text(perm.gid), group_text(group)));
        }
        // A creator keeps an owner's permissions for ever, so ownership alone does not make a stranger's object
        // trustworthy.
        if ![me, owner, Uid::new(0)].contains(&perm.cuid) {
            found.push(format!("created by {}, who may still change and remove it", user_text(perm.cuid)));
        }
        if perm.mode.permissions() != self.mode.permissions() {
            found.push(format!("mode {} instead of {}", perm.mode, self.mode));
        }
        found
    }
}
