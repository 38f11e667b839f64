use crate::error::{Error, Result, Status};
use crate::kind::model::{Memory, Object};
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::reference::Resolved;
use crate::segment::occupancy::{Occupancy, all_found};
use crate::segment::{Contents, Holes, Pages, Series, attach};
use crate::sys::mapping::{Advice, Mapped};
use crate::sys::{self, ShmId, memory};

/// Bytes for one `mincore` call.
const STEP: usize = 64 << 20;

/// Attaches a segment, which changes its last process and attach time, and the detach time at the end.
///
/// # Errors
/// Status 3 when it is gone, 4 without permission, 10 when another segment has come in its place.
pub(crate) fn open(found: &Resolved<'_>, operation: &str, read_only: bool) -> Result<Contents> {
    attach(found, operation, read_only, (&Series::default(), true))
}

/// As [`open`], for reading one of a series, which has the memory of each, instead of a new question to the kernel. The
/// caller uses [`Contents::seen`] to check whether all data pages were seen.
pub(crate) fn open_one_of(series: &Series, found: &Resolved<'_>, operation: &str) -> Result<Contents> {
    attach(found, operation, true, (series, false))
}

/// With `settle` the kernel is asked anew what memory the segment has.
fn attach(
    found: &Resolved<'_>,
    operation: &str,
    read_only: bool,
    (series, settle): (&Series, bool),
) -> Result<Contents> {
    let id = ShmId::new(found.object.id.sysv());
    let (mapped, stat) =
        Mapped::with_stat(id, read_only).map_err(|errno| attach::refused(found, operation, read_only, errno, None))?;
    if let Comparison::Changed(what) = Fingerprint::of(&found.object).compare(&Object::segment(id, &stat, None)) {
        let reason = format!("changed since it was looked at: another {what}");
        return Err(Error::cannot(Status::Refused, &format!("{operation} {}", found), reason, None));
    }
    let (holes, way) = find_holes(&mapped, id.raw(), series, settle);
    Ok(Contents { mapped: Some(mapped), process: None, holes, way: way.to_owned() })
}

fn find_holes(mapped: &Mapped, id: i32, series: &Series, settle: bool) -> (Holes, &'static str) {
    let (start, end) = whole_pages(mapped);
    let by_file = |file| (Holes::InFile(file), "own attachment, by /proc/self/map_files");
    if let Some(file) = series.file(start, end) {
        return by_file(file);
    }
    let Some(own) = series.mapping(start) else {
        return (Holes::Unknown, "own attachment; which pages hold data is unknown without /proc/self/maps");
    };
    // With huge pages the mapping is larger than the segment.
    if own.end > end
        && let Some(file) = series.file(own.start, own.end)
    {
        return by_file(file);
    }
    if memory::segment_device().ok() != Some(own.device) {
        return (Holes::Unknown, "own attachment; of huge pages nobody tells which hold data");
    }
    let told = &series.occupancy;
    if told.of(id).is_some_and(|told| told.rss.saturating_add(told.swap) >= end - start) {
        return (Holes::None, "own attachment, no holes");
    }
    match resident(mapped, id, told, settle) {
        Some(pages) => (Holes::Known(pages), "own attachment, holes by mincore"),
        None => (Holes::Unknown, "own attachment; mincore does not see all pages that hold data"),
    }
}

/// Where an attachment begins and ends, unless it is of huge pages.
pub(super) fn whole_pages(mapped: &Mapped) -> (u64, u64) {
    let start = mapped.address() as u64;
    (start, start + (mapped.len() as u64).next_multiple_of(memory::page_size() as u64))
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
