//! Attaching a segment ourselves.

use std::fs::File;

use super::{Contents, Holes, Pages};
use crate::error::{Error, Result, Status};
use crate::object::attaching;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::model::{Detail, Memory, Object};
use crate::object::reference::Resolved;
use crate::proc::maps;
use crate::sys::mapping::{Advice, Mapped};
use crate::sys::process::mapping::Mapping;
use crate::sys::{self, ShmId, memory, shm, transfer};

/// `mincore` is asked about so many bytes at a time.
const STEP: usize = 64 << 20;

/// Attaches a segment. That changes its last process and attach time, and the detach time at the end.
///
/// # Errors
/// Status 3 when it is gone, 4 without permission, 10 when another segment has come in its place.
pub fn open(found: &Resolved<'_>, operation: &str, read_only: bool) -> Result<Contents> {
    let id = ShmId::new(found.object.id.id);
    let mapped =
        Mapped::new(id, read_only).map_err(|errno| attaching::refused(found, operation, read_only, errno, None))?;
    // From here on it cannot go, and its number cannot come back for another one.
    let now = inventory::look(found.object.id).ok().flatten().unwrap_or(found.object);
    if let Comparison::Changed(what) = Fingerprint::of(&found.object).compare(&now) {
        let reason = format!("changed since it was looked at: another {what}");
        return Err(Error::cannot(Status::Refused, &format!("{operation} {}", found), reason, None));
    }
    let (holes, way) = find_holes(&mapped, &now);
    Ok(Contents { size: mapped.len() as u64, mapped: Some(mapped), process: None, holes, way: way.to_owned() })
}

fn find_holes(mapped: &Mapped, segment: &Object) -> (Holes, &'static str) {
    let Some(own) = own_mapping(mapped) else {
        return (Holes::Unknown, "own attachment; which pages hold data is unknown without /proc/self/maps");
    };
    if let Ok(file) = File::open(format!("/proc/self/map_files/{:x}-{:x}", own.start, own.end))
        && transfer::next_data(&file, 0).is_ok()
    {
        return (Holes::InFile(file), "own attachment, by /proc/self/map_files");
    }
    if memory::segment_device().ok() != Some(own.device) {
        return (Holes::Unknown, "own attachment; of huge pages nobody tells which hold data");
    }
    let page = memory::page_size() as u64;
    let whole = (mapped.len() as u64).next_multiple_of(page);
    match occupied(segment) {
        Some(Memory { rss, swap }) if rss.saturating_add(swap) >= whole => (Holes::None, "own attachment, no holes"),
        told => match resident(mapped, segment, told, page) {
            Some(pages) => (Holes::Known(pages), "own attachment, holes by mincore"),
            None => (Holes::Unknown, "own attachment; mincore does not see all pages that hold data"),
        },
    }
}

/// The line of our own mapping, which tells what the memory is made of.
fn own_mapping(mapped: &Mapped) -> Option<Mapping> {
    let text = std::fs::read("/proc/self/maps").ok()?;
    let start = mapped.address() as u64;
    maps::segments(&text).map(|found| found.mapping).find(|mapping| mapping.start == start)
}

/// RAM and swap behind a segment now; None where /proc/sysvipc does not tell.
pub(super) fn occupied(segment: &Object) -> Option<Memory> {
    let mut one = [*segment];
    if let Detail::Shm(segment) = &mut one[0].detail {
        // What was told earlier is no answer now.
        segment.memory = None;
    }
    let _ = inventory::add_memory(one.iter_mut());
    match one[0].detail {
        Detail::Shm(segment) => segment.memory,
        _ => None,
    }
}

/// Whether these are all pages that hold data, asked when they have been looked for.
///
/// Asked before, it would not do: pages that somebody touches meanwhile would make up the number of pages that are there
/// and were not found.
pub(super) fn all_found(segment: &Object, pages: &Pages) -> bool {
    occupied(segment).is_some_and(|now| pages.bytes() >= now.rss.saturating_add(now.swap))
}

/// The pages in RAM, if those are all that hold data.
fn resident(mapped: &Mapped, segment: &Object, told: Option<Memory>, page: u64) -> Option<Pages> {
    match told {
        Some(Memory { swap: 0, .. }) => {}
        // As good as it gets: a page that stays out is missed in the count below.
        Some(_) => drop(mapped.advise(0, mapped.len(), Advice::WillNeed)),
        None if nothing_swapped() => {}
        None => return None,
    }
    let wanted = told.map(|memory| memory.rss.saturating_add(memory.swap));
    let mut pages = Pages::none(mapped.len() as u64, page);
    for start in (0..mapped.len()).step_by(STEP) {
        scan(mapped, start, page, &mut pages).ok()?;
        if wanted.is_some_and(|wanted| pages.bytes() >= wanted) && all_found(segment, &pages) {
            return Some(pages);
        }
    }
    // Everything was looked at. What is in RAM was seen; was there anything else?
    let complete = match (told, occupied(segment)) {
        (Some(Memory { swap: 0, .. }), Some(Memory { swap: 0, .. })) => true,
        (_, Some(_)) => all_found(segment, &pages),
        (_, None) => nothing_swapped(),
    };
    complete.then_some(pages)
}

fn scan(mapped: &Mapped, start: usize, page: u64, pages: &mut Pages) -> sys::Result<()> {
    let len = STEP.min(mapped.len() - start);
    let mut bytes = vec![0u8; len.div_ceil(memory::page_size())];
    mapped.resident(start, &mut bytes)?;
    let first = start as u64 / page;
    for (number, _) in (first..).zip(&bytes).filter(|(_, byte)| **byte & 1 == 1) {
        pages.add(number);
    }
    Ok(())
}

/// Whether no segment of the namespace has anything in swap.
fn nothing_swapped() -> bool {
    shm::usage().is_ok_and(|usage| usage.swapped_pages == 0)
}
