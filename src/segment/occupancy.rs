//! RAM and swap behind segments, as `/proc/sysvipc/shm` tells: the table is read whole, whichever segment is meant.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::kind::model::Memory;
use crate::proc::sysvipc;
use crate::segment::Pages;
use crate::sys::shm;

/// The table as it is when it is asked first, for any number of segments.
#[derive(Debug, Default)]
pub struct Occupancy {
    /// By id; None where it cannot be read.
    table: OnceCell<Option<HashMap<i32, Memory>>>,
    nothing_swapped: OnceCell<bool>,
}

impl Occupancy {
    /// What a segment has; None where the table does not tell.
    pub(super) fn of(&self, id: i32) -> Option<Memory> {
        self.table()?.get(&id).copied()
    }

    /// Whether no segment of the namespace has anything in swap.
    pub(super) fn nothing_swapped(&self) -> bool {
        *self.nothing_swapped.get_or_init(|| shm::usage().is_ok_and(|usage| usage.swapped_pages == 0))
    }

    /// Whether a segment has no more than `bytes`. Pages of so many bytes that were found before then were all that held
    /// data: a page that holds data goes on holding it.
    ///
    /// Asked before they are looked for, it would not do: pages that somebody touches meanwhile would make up the number
    /// of pages that are there and were not found.
    #[must_use]
    pub fn is_at_most(&self, id: i32, bytes: u64) -> bool {
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

/// Whether these are all pages of a segment that hold data, asked when they have been looked for.
pub(super) fn all_found(id: i32, pages: &Pages) -> bool {
    let now = Occupancy::default();
    now.of(id).is_some() && now.is_at_most(id, pages.bytes())
}
