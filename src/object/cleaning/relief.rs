//! How far the use of limits falls when objects go.

use crate::object::model::{Kind, Object};
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
    /// In use when all are gone.
    pub after: u64,
}

/// What of `objects` there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Segments.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their pages.
    pages: u64,
    /// Sets.
    pub sets: u64,
    /// Their semaphores.
    pub semaphores: u64,
    /// Queues.
    pub queues: u64,
    /// Their messages.
    pub messages: u64,
}

impl Totals {
    /// Counts.
    #[must_use]
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut totals = Self::default();
        for object in objects {
            if let Some(segment) = object.as_segment() {
                totals.segments += 1;
                totals.bytes = totals.bytes.saturating_add(segment.size);
                totals.pages = totals.pages.saturating_add(segment.size.div_ceil(memory::page_size() as u64));
            }
            if let Some(set) = object.as_set() {
                totals.sets += 1;
                totals.semaphores = totals.semaphores.saturating_add(set.nsems);
            }
            if let Some(queue) = object.as_queue() {
                totals.queues += 1;
                totals.messages = totals.messages.saturating_add(queue.qnum);
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
        let mut fall = |name, limit: u64, before: u64, by: u64| {
            // The kernel's defaults for what it does not limit.
            let limit = (limit < u64::MAX - (1 << 24)).then_some(limit);
            if by > 0 {
                reliefs.push(Relief { name, limit, before, after: before.saturating_sub(by) });
            }
        };
        if let (Ok(limits), Ok(usage)) = (msg::limits(), msg::usage()) {
            fall("msgmni", limits.msgmni, u64::from(usage.used_ids), self.queues);
        }
        if let (Ok(limits), Ok(usage)) = (sem::limits(), sem::usage()) {
            fall("semmni", limits.semmni, u64::from(usage.used_ids), self.sets);
            fall("semmns", limits.semmns, usage.semaphores, self.semaphores);
        }
        if let (Ok(limits), Ok(usage)) = (shm::limits(), shm::usage()) {
            fall("shmmni", limits.shmmni, u64::from(usage.used_ids), self.segments);
            fall("shmall", limits.shmall, usage.total_pages, self.pages);
        }
        reliefs
    }
}
