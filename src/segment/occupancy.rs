//! RAM and swap of segments by `/proc/sysvipc/shm`, a table that can only be read whole.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::kind::model::Memory;
use crate::proc::sysvipc;
use crate::segment::Pages;
use crate::sys::shm;

/// The table at its first use, for any number of segments.
#[derive(Debug, Default)]
pub struct Occupancy {
    /// By id; None where it cannot be read.
    table: OnceCell<Option<HashMap<i32, Memory>>>,
    nothing_swapped: OnceCell<bool>,
}

impl Occupancy {
    /// None where the table lacks the segment.
    pub(super) fn of(&self, id: i32) -> Option<Memory> {
        self.table()?.get(&id).copied()
    }

    /// Whether no segment of the namespace has swapped-out pages.
    pub(super) fn nothing_swapped(&self) -> bool {
        *self.nothing_swapped.get_or_init(|| shm::usage().is_ok_and(|usage| usage.swapped_pages == 0))
    }

    /// Whether a segment has no more than `bytes`. If pages of this size were found before, they are all its data, as a
    /// page with data keeps it. Asked before the search this would not do: pages touched meanwhile could make up for
    /// pages that were not found.
    pub(crate) fn is_at_most(&self, id: i32, bytes: u64) -> bool {
        match self.table() {
            Some(table) => table.get(&id).is_some_and(|now| bytes >= now.rss.saturating_add(now.swap)),
            None => self.nothing_swapped(),
        }
    }

    fn table(&self) -> Option<&HashMap<i32, Memory>> {
        self.table.get_or_init(read).as_ref()
    }
}

fn read() -> Option<HashMap<i32, Memory>> {
    let mut table = HashMap::new();
    let read = sysvipc::read("shm", |line| {
        let row = sysvipc::segment(line)?;
        table.insert(row.id.raw(), Memory { rss: row.rss, swap: row.swap });
        Some(())
    });
    read.ok().map(|()| table)
}

/// Whether these are all data pages of a segment; to be asked after the search.
pub(super) fn all_found(id: i32, pages: &Pages) -> bool {
    let now = Occupancy::default();
    now.of(id).is_some() && now.is_at_most(id, pages.bytes())
}
