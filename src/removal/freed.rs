//! The use of the kernel's limits before and after a removal.

use std::collections::BTreeMap;

use crate::kind::limit::InUse;
use crate::kind::model::Object;
use crate::kind::system_v::SystemV;

/// A limit, and its use before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Its name in the kernel.
    pub name: &'static str,
    /// Its value; None where there is none worth the name.
    pub limit: Option<u64>,
    /// In use now.
    pub before: u64,
    /// In use when all are gone; None where others have gone already, or more than the kernel counts are to go.
    pub after: Option<u64>,
}

#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub segments: u64,
    /// Their bytes, which memory need not hold: a few segments without reservation exceed 2^64.
    pub bytes: u128,
    pub sets: u64,
    pub semaphores: u128,
    pub queues: u64,
    pub messages: u128,
    /// Their share of each limit, by its name.
    shares: BTreeMap<&'static str, u128>,
}

impl Totals {
    #[must_use]
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut totals = Self::default();
        for object in objects {
            for limit in object.kind().class().limits {
                *totals.shares.entry(limit.name).or_default() +=
                    u128::from(limit.share((object.kind().class().size)(object)));
            }
            if let Some(segment) = object.as_segment() {
                totals.segments += 1;
                totals.bytes += u128::from(segment.size);
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
    pub fn count(&self, kind: SystemV) -> u64 {
        match kind {
            SystemV::Segment => self.segments,
            SystemV::Set => self.sets,
            SystemV::Queue => self.queues,
        }
    }

    /// The limits whose use falls; without those that the kernel does not tell.
    #[must_use]
    pub fn freed(&self) -> Vec<Freed> {
        let (mut freed, in_use) = (Vec::new(), InUse::default());
        for limit in
            [SystemV::Queue, SystemV::Set, SystemV::Segment].into_iter().flat_map(|kind| kind.kind().class().limits)
        {
            let by = self.shares.get(limit.name).copied().unwrap_or(0);
            if let (Ok(value), Ok(Some(before))) = (limit.value(), limit.used(&in_use))
                && by > 0
            {
                let value = (!limit.is_endless(value)).then_some(value);
                freed.push(Freed { name: limit.name, limit: value, before, after: left(before, by) });
            }
        }
        freed
    }
}

/// `before` less `by`; None if it is less than nothing.
fn left(before: u64, by: u128) -> Option<u64> {
    before.checked_sub(u64::try_from(by).ok()?)
}

#[cfg(test)]
mod tests {
    use super::{Totals, left};
    use crate::object::samples::objects;

    #[test]
    fn totals_are_never_cut() {
        let [mut segment, ..] = objects();
        if let Some(own) = segment.as_segment_mut() {
            own.size = 1 << 63;
        }
        let totals = Totals::of(&[segment; 3]);
        assert_eq!((totals.segments, totals.bytes), (3, 3 << 63));
        assert_eq!(totals.shares["shmall"], (3 << 63) / crate::sys::memory::page_size() as u128);
        assert_eq!([left(5, 2), left(5, 6), left(5, 1 << 64)], [Some(3), None, None]);
    }
}
