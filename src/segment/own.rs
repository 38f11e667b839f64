use std::fs::File;

use crate::error::{Error, Result, Status};
use crate::kind::model::Memory;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::proc::maps;
use crate::segment::occupancy::{Occupancy, all_found};
use crate::segment::{Contents, Holes, Pages, attach};
use crate::sys::mapping::{Advice, Mapped};
use crate::sys::process::mapping::{self, Mapping, Sort};
use crate::sys::{self, ShmId, fd, memory};

/// Bytes for one `mincore` call.
const STEP: usize = 64 << 20;

/// Attaches a segment, which changes its last process and attach time, and the detach time at the end.
///
/// # Errors
/// Status 3 when it is gone, 4 without permission, 10 when another segment has come in its place.
pub(crate) fn open(found: &Resolved<'_>, operation: &str, read_only: bool) -> Result<Contents> {
    attach(found, operation, read_only, None)
}

/// As [`open`], for reading one of many segments: `before` has the memory of each, instead of a new question to the
/// kernel. The caller uses [`Contents::seen`] to check whether all data pages were seen.
pub(crate) fn open_one_of_many(found: &Resolved<'_>, operation: &str, before: &Occupancy) -> Result<Contents> {
    attach(found, operation, true, Some(before))
}

fn attach(found: &Resolved<'_>, operation: &str, read_only: bool, before: Option<&Occupancy>) -> Result<Contents> {
    let id = ShmId::new(found.object.id.sysv());
    let mapped =
        Mapped::new(id, read_only).map_err(|errno| attach::refused(found, operation, read_only, errno, None))?;
    // An attached segment cannot go, and its id cannot be reused.
    let now = inventory::look(found.object.id).ok().flatten().unwrap_or(found.object);
    if let Comparison::Changed(what) = Fingerprint::of(&found.object).compare(&now) {
        let reason = format!("changed since it was looked at: another {what}");
        return Err(Error::cannot(Status::Refused, &format!("{operation} {}", found), reason, None));
    }
    let (holes, way) = find_holes(&mapped, id.raw(), before);
    Ok(Contents { mapped: Some(mapped), process: None, holes, way: way.to_owned() })
}

fn find_holes(mapped: &Mapped, id: i32, before: Option<&Occupancy>) -> (Holes, &'static str) {
    let page = memory::page_size() as u64;
    let (start, whole) = (mapped.address() as u64, (mapped.len() as u64).next_multiple_of(page));
    let by_file = |file| (Holes::InFile(file), "own attachment, by /proc/self/map_files");
    if let Some(file) = map_file(&path_of_file(mapped)) {
        return by_file(file);
    }
    let Some(own) = own_mapping(start) else {
        return (Holes::Unknown, "own attachment; which pages hold data is unknown without /proc/self/maps");
    };
    // With huge pages the mapping is larger than the segment.
    if let Some(file) = map_file(&path(own.start, own.end)) {
        return by_file(file);
    }
    if memory::segment_device().ok() != Some(own.device) {
        return (Holes::Unknown, "own attachment; of huge pages nobody tells which hold data");
    }
    let now = Occupancy::default();
    let told = before.unwrap_or(&now);
    if told.of(id).is_some_and(|told| told.rss.saturating_add(told.swap) >= whole) {
        return (Holes::None, "own attachment, no holes");
    }
    match resident(mapped, id, told, before.is_none()) {
        Some(pages) => (Holes::Known(pages), "own attachment, holes by mincore"),
        None => (Holes::Unknown, "own attachment; mincore does not see all pages that hold data"),
    }
}

/// The way to the file behind an attachment of our own, unless it is of huge pages.
pub(super) fn path_of_file(mapped: &Mapped) -> String {
    let start = mapped.address() as u64;
    path(start, start + (mapped.len() as u64).next_multiple_of(memory::page_size() as u64))
}

fn path(start: u64, end: u64) -> String {
    format!("/proc/self/map_files/{start:x}-{end:x}")
}

fn map_file(path: &str) -> Option<File> {
    let file = File::open(path).ok()?;
    fd::next_data(&file, 0).is_ok().then_some(file)
}

/// Our own mapping, which shows the device of the memory.
fn own_mapping(start: u64) -> Option<Mapping> {
    let maps = File::open("/proc/self/maps").ok()?;
    match mapping::next(&maps, start, Sort::Shared) {
        Ok(Some(found)) if found.start == start => Some(found),
        // Kernels without PROCMAP_QUERY.
        _ => maps::segments(&std::fs::read("/proc/self/maps").ok()?)
            .map(|found| found.mapping)
            .find(|mapping| mapping.start == start),
    }
}

/// The pages in RAM, if those are all data pages: by `told`, or with `settle` by a new question to the kernel after the
/// search.
fn resident(mapped: &Mapped, id: i32, told: &Occupancy, settle: bool) -> Option<Pages> {
    let page = memory::page_size() as u64;
    let memory = told.of(id);
    match memory {
        Some(Memory { swap: 0, .. }) => {}
        // Failures do no harm: a page that stays out is missed in the count below.
        Some(_) => drop(mapped.advise(0, mapped.len(), Advice::WillNeed)),
        None if told.nothing_swapped() => {}
        None => return None,
    }
    let wanted = memory.map(|memory| memory.rss.saturating_add(memory.swap));
    let mut pages = Pages::none(mapped.len() as u64, page);
    for start in (0..mapped.len()).step_by(STEP) {
        scan(mapped, start, page, &mut pages).ok()?;
        if wanted.is_some_and(|wanted| pages.bytes() >= wanted) && (!settle || all_found(id, &pages)) {
            return Some(pages);
        }
    }
    // All pages in RAM were seen. The count tells whether there are others.
    let complete = if settle {
        let now = Occupancy::default();
        match (memory, now.of(id)) {
            (Some(Memory { swap: 0, .. }), Some(Memory { swap: 0, .. })) => true,
            (_, Some(_)) => now.is_at_most(id, pages.bytes()),
            (_, None) => now.nothing_swapped(),
        }
    } else {
        wanted.is_none()
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
