//! The removal of an object about which all is decided.

use std::fs;
use std::time::UNIX_EPOCH;

use crate::kind::model::{Kind, Object};
use crate::object::difference::Part;
use crate::object::inventory;
use crate::object::permission::refused;
use crate::proc::sysctl;
use crate::removal::Fate;
use crate::removal::judges::{Judges, Stop, Subject};
use crate::removal::locked::{Closed, look};
use crate::sys::shm::Attachment;
use crate::sys::{Errno, ShmId, Timestamp, memory};
use crate::usage::users::Usage;

/// Removes an object about which all is decided.
pub(super) fn remove_one(closed: &Closed<'_>, usage: &Usage, judges: &mut Judges) -> Result<Fate, Stop> {
    let object = &closed.object;
    let pin = pin(closed, usage, judges)?;
    let removed = crate::kind::remove_id(object.id);
    drop(pin);
    match removed {
        Ok(()) if object.kind() == Kind::Shm => Ok(left(object)),
        Ok(()) => Ok(Fate::Removed),
        Err(Errno::EINVAL | Errno::EIDRM) => Ok(Fate::Gone),
        Err(errno) => Err(Fate::Failed(refused(object, &format!("remove {}", object.id), errno)).into()),
    }
}

/// What our own attachment does not change.
const PINNED: [Part; 7] =
    [Part::Id, Part::Key, Part::Creator, Part::Owner, Part::Permissions, Part::StatusBits, Part::ChangeTime];

/// Attaches a segment, so that its identifier cannot pass to another one. Without the right to, or where it cannot be
/// mapped, it goes without. So it does where the detach alone would destroy it, whatever is found.
///
/// Attached, it shows when it was made, where the caller may know that. If it was changed later, whoever was started in
/// between was taken for older than the segment: then it is judged once more.
fn pin(closed: &Closed<'_>, usage: &Usage, judges: &mut Judges) -> Result<Option<Attachment>, Stop> {
    let object = &closed.object;
    if object.kind() != Kind::Shm || sysctl::shm_rmid_forced() != Some(false) {
        return Ok(None);
    }
    let Ok(pin) = Attachment::new(ShmId::new(object.id.sysv()), true) else { return Ok(None) };
    // If that fails, a probe that is started now would be taken for somebody.
    let _ = pin.keep_from_children(object.as_segment().map_or(0, |segment| segment.size));
    let now = look(object)?;
    if PINNED.iter().any(|part| part.differs(object, &now))
        || now.as_segment().is_none_or(|segment| segment.nattch != 1)
    {
        return Err(Fate::Kept("somebody attached it while it was closed".to_owned()).into());
    }
    let judged = &closed.candidate.object;
    if let Some(born) = born(&pin, &now).filter(|born| *born < judged.ctime) {
        let as_made = Object { ctime: born, ..*judged };
        let subject = Subject::new(closed.candidate).used_by(usage.clone()).judged_as(as_made);
        let verdict = judges.judge_one(closed.candidate, subject)?.verdict;
        verdict.map_err(|reason| Stop::Fate(Fate::Kept(reason)))?;
    }
    Ok(Some(pin))
}

/// When a segment was made; None where the caller may not know: that takes `CAP_CHECKPOINT_RESTORE`, and base pages.
fn born(pin: &Attachment, segment: &Object) -> Option<Timestamp> {
    let size = segment.as_segment()?.size.checked_next_multiple_of(memory::page_size() as u64)?;
    let start = pin.address() as u64;
    let file = fs::metadata(format!("/proc/self/map_files/{start:x}-{:x}", start.checked_add(size)?)).ok()?;
    let born = file.created().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(born.as_secs()).ok().map(Timestamp::new)
}

/// What is left of a removed segment: nothing, unless a privileged process came in between.
fn left(object: &Object) -> Fate {
    match inventory::look(object.id).ok().flatten().filter(Object::is_doomed) {
        None => Fate::Removed,
        // Who has it is looked for when nothing is closed any more.
        Some(left) => {
            Fate::WillGo { nattch: left.as_segment().map_or(0, |segment| segment.nattch), usage: Usage::default() }
        }
    }
}
