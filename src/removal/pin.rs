//! Attachments that keep the identifiers of segments from passing to others until they are removed.

use crate::kind::model::Object;
use crate::proc::sysctl;
use crate::removal::Outcome;
use crate::removal::judges::{Judges, News, Stop};
use crate::removal::locked::{Locked, look};
use crate::sys::shm::{Attachment, MappedFiles};
use crate::sys::{ShmId, Timestamp, memory};
use crate::usage::possible::there::is_as_made;
use crate::usage::users::Usage;

/// The attachments to the segments of a batch. They are kept until all are removed, as detaching takes longest, and
/// others of the batch are locked meanwhile.
#[derive(Default)]
pub(super) struct Pins {
    /// Whether segments are attached, once that was asked: not where the detach alone would destroy them, whatever is
    /// found.
    may_attach: Option<bool>,
    mapped: Option<MappedFiles>,
    kept: Vec<Attachment>,
}

impl Pins {
    /// Attaches an object read-only, if it is a segment. Not without the right to, and where it cannot be mapped.
    ///
    /// The mapping shows when the segment was made, where the caller may know that. If it was changed later, a process
    /// that was started in between was taken for older than the segment: then it is judged once more.
    pub(super) fn pin(
        &mut self,
        locked: &Locked<'_>,
        usage: &Usage,
        judges: &mut Judges<'_>,
    ) -> Result<Option<Attachment>, Stop> {
        let object = &locked.object;
        if !object.is_segment() || !*self.may_attach.get_or_insert_with(|| sysctl::shm_rmid_forced() == Some(false)) {
            return Ok(None);
        }
        let Some(pin) = self.attach(ShmId::new(object.id.sysv())) else { return Ok(None) };
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
            // A probe that is started now has all that is attached, and would be taken for somebody.
            self.let_go();
            let _ = pin.keep_from_children(object.as_segment().map_or(0, |segment| segment.size));
            let news = News { usage: usage.clone(), ctime: born };
            let verdict = judges.judge_one(locked.turn.place, news)?.verdict;
            verdict.map_err(|reason| Stop::Outcome(Outcome::Kept(reason)))?;
        }
        Ok(Some(pin))
    }

    /// Keeps the attachment to a segment that was removed.
    pub(super) fn keep(&mut self, pin: Option<Attachment>) {
        self.kept.extend(pin);
    }

    /// Detaches all segments that were removed.
    pub(super) fn let_go(&mut self) {
        self.kept.clear();
    }

    fn attach(&mut self, id: ShmId) -> Option<Attachment> {
        Attachment::new(id, true).ok().or_else(|| {
            // There may be no room beside the others.
            self.let_go();
            Attachment::new(id, true).ok()
        })
    }

    /// When a segment was made; None where the caller may not know: that takes `CAP_CHECKPOINT_RESTORE`, and base pages.
    fn born(&mut self, pin: &Attachment, segment: &Object) -> Option<Timestamp> {
        let size = segment.as_segment()?.size.checked_next_multiple_of(memory::page_size() as u64)?;
        let start = pin.address() as u64;
        if self.mapped.is_none() {
            self.mapped = MappedFiles::open().ok();
        }
        self.mapped.as_ref()?.born(start, start.checked_add(size)?).ok().flatten()
    }
}
