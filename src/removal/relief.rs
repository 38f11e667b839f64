//! How far the use of limits falls when objects go.

use crate::kind::model::{Kind, Object};
use crate::sys::{memory, msg, sem, shm};

/// A limit, and its use before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relief {
    /// Its name in the kernel.
    pub name: &'static str,
    /// Its value; None where there is none worth the name.
    pub limit: Option<u64>,
    /// In use now.
    pub before: u64,
    /// In use when all are gone; None where others have gone already, or more than the kernel counts are to go.
    pub after: Option<u64>,
}

/// What of `objects` there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Segments.
    pub segments: u64,
    /// Their bytes, which memory need not hold: a few segments without reservation exceed 2^64.
    pub bytes: u128,
    /// Their pages.
    pages: u128,
    /// Sets.
    pub sets: u64,
    /// Their semaphores.
    pub semaphores: u128,
    /// Queues.
    pub queues: u64,
    /// Their messages.
    pub messages: u128,
}

impl Totals {
    /// Counts.
    #[must_use]
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut totals = Self::default();
        for object in objects {
            if let Some(segment) = object.as_segment() {
                totals.segments += 1;
                totals.bytes += u128::from(segment.size);
                totals.pages += u128::from(segment.size.div_ceil(memory::page_size() as u64));
            }
            if let Some(set) = object.as_set() {
                totals.sets += 1;
                totals.semaphores += u128::from(set.nsems);
            }
            if let Some(queue) = object.as_queue() {
                totals.queues += 1;
                totals.messages += u128::from(queue.qnum);
            }
        }
        totals
    }

    /// How many objects of a kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Shm => self.segments,
            Kind::Sem => self.sets,
            Kind::Msg => self.queues,
        }
    }

    /// The limits whose use falls; without those that the kernel does not tell.
    #[must_use]
    pub fn relief(&self) -> Vec<Relief> {
        let mut reliefs = Vec::new();
        let mut fall = |name, limit: u64, before: u64, by: u128| {
            // The kernel's defaults for what it does not limit.
            let limit = (limit < u64::MAX - (1 << 24)).then_some(limit);
            if by > 0 {
                reliefs.push(Relief { name, limit, before, after: left(before, by) });
            }
        };
        if let (Ok(limits), Ok(usage)) = (msg::limits(), msg::usage()) {
            fall("msgmni", limits.msgmni, u64::from(usage.used_ids), self.queues.into());
        }
        if let (Ok(limits), Ok(usage)) = (sem::limits(), sem::usage()) {
            fall("semmni", limits.semmni, u64::from(usage.used_ids), self.sets.into());
            fall("semmns", limits.semmns, usage.semaphores, self.semaphores);
        }
        if let (Ok(limits), Ok(usage)) = (shm::limits(), shm::usage()) {
            fall("shmmni", limits.shmmni, u64::from(usage.used_ids), self.segments.into());
            fall("shmall", limits.shmall, usage.total_pages, self.pages);
        }
        reliefs
    }
}

/// What is left of `before` without `by`.
fn left(before: u64, by: u128) -> Option<u64> {
    before.checked_sub(u64::try_from(by).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Totals, left};
    use crate::kind::model::Object;
    use crate::sys::shm::ShmStat;
    use crate::sys::{Gid, Key, Mode, Perm, Pid, ShmId, Timestamp, Uid};

    #[test]
    fn totals_are_never_cut() {
        let (uid, gid, time, pid) = (Uid::new(0), Gid::new(0), Timestamp::NEVER, Pid::new(1));
        let perm = Perm { key: Key::PRIVATE, uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
        let stat =
            ShmStat { perm, size: 1 << 63, atime: time, dtime: time, ctime: time, cpid: pid, lpid: pid, nattch: 0 };
        let segment = Object::segment(ShmId::new(0), &stat, None);
        let totals = Totals::of(&[segment; 3]);
        assert_eq!((totals.segments, totals.bytes), (3, 3 << 63));
        assert_eq!(totals.pages, (3 << 63) / crate::sys::memory::page_size() as u128);
        assert_eq!([left(5, 2), left(5, 6), left(5, 1 << 64)], [Some(3), None, None]);
    }
}
