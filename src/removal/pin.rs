//! The attachment that keeps a segment's identifier from passing to another one until it is removed.

use crate::kind::model::Object;
use crate::proc::sysctl;
use crate::removal::Outcome;
use crate::removal::judges::{Judges, News, Stop};
use crate::removal::locked::{Locked, look};
use crate::sys::shm::{Attachment, MappedFiles};
use crate::sys::{ShmId, Timestamp, memory};
use crate::usage::possible::there::is_as_made;
use crate::usage::users::Usage;

/// Attaches the segments of a batch, each for a moment.
pub(super) struct Pins {
    mapped: Option<MappedFiles>,
}

impl Pins {
    /// None where the detach alone would destroy a segment, whatever is found.
    pub(super) fn new() -> Option<Self> {
        let is_harmless = sysctl::shm_rmid_forced() == Some(false);
        is_harmless.then(|| Self { mapped: MappedFiles::open().ok() })
    }

    /// Attaches a segment read-only. None without the right to, and where it cannot be mapped.
    ///
    /// The mapping shows when the segment was made, where the caller may know that. If it was changed later, a process
    /// that was started in between was taken for older than the segment: then it is judged once more.
    pub(super) fn pin(
        &self,
        locked: &Locked<'_>,
        usage: &Usage,
        judges: &mut Judges<'_>,
    ) -> Result<Option<Attachment>, Stop> {
        let object = &locked.object;
        let Ok(pin) = Attachment::new(ShmId::new(object.id.sysv()), true) else { return Ok(None) };
        let now = look(object)?;
        // What our own attachment does not change.
        let identity = |object: &Object| (object.id, object.perm, object.ctime);
        if identity(&now) != identity(object) || now.attachments() != 1 {
            return Err(Outcome::Kept("somebody attached it while it was closed".to_owned()).into());
        }
        let judged = &locked.turn.candidate.object;
        // Of others it did not matter to the verdict when they were made.
        let born = if is_as_made(judged) { self.born(&pin, &now) } else { None };
        if let Some(born) = born.filter(|born| *born < judged.ctime) {
            // If that fails, a probe that is started now is taken for somebody.
            let _ = pin.keep_from_children(object.as_segment().map_or(0, |segment| segment.size));
            let news = News { usage: usage.clone(), ctime: born };
            let verdict = judges.judge_one(locked.turn.place, news)?.verdict;
            verdict.map_err(|reason| Stop::Outcome(Outcome::Kept(reason)))?;
        }
        Ok(Some(pin))
    }

    /// When a segment was made; None where the caller may not know: that takes `CAP_CHECKPOINT_RESTORE`, and base pages.
    fn born(&self, pin: &Attachment, segment: &Object) -> Option<Timestamp> {
        let size = segment.as_segment()?.size.checked_next_multiple_of(memory::page_size() as u64)?;
        let start = pin.address() as u64;
        self.mapped.as_ref()?.born(start, start.checked_add(size)?).ok().flatten()
    }
}
