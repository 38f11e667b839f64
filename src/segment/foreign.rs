//! Reading a segment without a trace, through a process that has it attached.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;

use crate::error::{Error, Result, Status};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::proc::attached::{self, ProcessDir, Wanted};
use crate::proc::maps::SegmentMapping;
use crate::proc::probe;
use crate::segment::occupancy::{Occupancy, all_found};
use crate::segment::process::{ProcessMemory, add_pages};
use crate::segment::{Contents, Holes, Pages};
use crate::sys::process::mapping::Mapping;
use crate::sys::{ShmId, fd, memory};
use crate::usage::users::{Usage, Users, Wants};

/// Opens `range` of a segment for reading without attaching it, so that its attachments, processes and times stay.
///
/// A mapping of another process counts as the segment's if it shows its device, inode and key, and all attachments that
/// the kernel counts are found in processes with all threads in this IPC namespace. This is no proof: a process may
/// have brought a mapping from another namespace while one that has the segment has left for another.
///
/// # Errors
/// Status 10 when nobody has it attached, when mappings are ambiguous, or holes cannot be told from data; 4 without
/// permission on all processes that have it.
pub fn untouched(found: &Resolved<'_>, range: &Range<u64>) -> Result<Contents> {
    let no = |status, reason: &str, remedy: Option<&str>| {
        Error::cannot(status, &format!("read {} untouched", found), reason, remedy)
    };
    let object = &found.object;
    let Some(segment) = object.as_segment() else { return Err(no(Status::Usage, "it is no segment", None)) };
    if segment.nattch == 0 {
        let remedy = "without --untouched it is attached and detached";
        return Err(no(Status::Refused, "nobody has it attached, so there is no way to it without", Some(remedy)));
    }
    let Some(wanted) = Wanted::new(ShmId::new(object.id.sysv()), object.key_in_maps()) else {
        return Err(no(Status::Failed, "/proc does not tell who has it attached", None));
    };
    let users = Users::scan(std::slice::from_ref(object), Wants::HOLDERS);
    // The read goes to the process's own memory.
    probe::wait_as_asked();
    let pids = users.of(object.id).into_iter().flat_map(Usage::holding);
    let mut holders: Vec<_> = attached::among(pids, &wanted).collect();
    if holders.is_empty() {
        let reason = format!(
            "attached {} but no process that has it may be looked into",
            if segment.nattch == 1 { "once,".to_owned() } else { format!("{} times,", segment.nattch) }
        );
        return Err(no(Status::Denied, &reason, Some("needs the same user or CAP_SYS_PTRACE")));
    }
    holders.retain(|(process, _)| process.is_all_in(&wanted));
    let found_here: usize = holders.iter().map(|(_, mappings)| mappings.len()).sum();
    let counted = inventory::look(object.id).ok().flatten().and_then(|now| Some(now.as_segment()?.nattch)).unwrap_or(0);
    if found_here as u64 != counted {
        let reason = format!(
            "the kernel counts {counted} attachments, and processes all of whose threads are in this IPC namespace show \
             {found_here}, so a mapping may be of another segment"
        );
        return Err(no(Status::Refused, &reason, Some("without --untouched it is attached and detached")));
    }
    let size = segment.size;
    for (process, mappings) in &holders {
        if let Some(file) = mappings.iter().find_map(|found| memory_file(process, &found.mapping, size)) {
            let way = format!("by /proc/{}/map_files", process.pid);
            return Ok(Contents { mapped: None, process: None, holes: Holes::InFile(file), way });
        }
    }
    let holes = holes(found, &holders, size, &wanted).ok_or_else(|| {
        let reason = "the page tables of the processes that may be looked into do not show all pages that hold data";
        no(Status::Refused, reason, Some("needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN, or leave out --untouched"))
    })?;
    let memory = holders
        .into_iter()
        .filter_map(|(process, mappings)| ProcessMemory::open(process, mappings, wanted).ok())
        .find(|memory| memory.covers(range));
    let Some(memory) = memory else {
        let reason = "no process whose memory may be read has all of it mapped";
        return Err(no(Status::Denied, reason, Some("needs CAP_SYS_PTRACE; see also kernel.yama.ptrace_scope")));
    };
    let way = format!("by /proc/{}/mem", memory.pid());
    Ok(Contents { mapped: None, process: Some(memory), holes, way })
}

/// The file behind a mapping, if it may be opened and is the segment's.
fn memory_file(process: &ProcessDir, mapping: &Mapping, size: u64) -> Option<File> {
    let file = File::open(process.path(&format!("map_files/{:x}-{:x}", mapping.start, mapping.end))).ok()?;
    let data = file.metadata().ok()?;
    let same = data.ino() == mapping.inode && data.dev() == mapping.device && data.len() >= size;
    (same && fd::next_data(&file, 0).is_ok()).then_some(file)
}

/// The pages with data, if all of them are in page tables.
fn holes(
    found: &Resolved<'_>,
    holders: &[(ProcessDir, Vec<SegmentMapping>)],
    size: u64,
    wanted: &Wanted,
) -> Option<Holes> {
    let page = memory::page_size() as u64;
    let plain = holders.iter().flat_map(|(_, mappings)| mappings).all(|found| wanted.is_plain(&found.mapping));
    let id = found.object.id.sysv();
    let told = Occupancy::default().of(id).filter(|_| plain)?;
    if told.rss.saturating_add(told.swap) >= size.next_multiple_of(page) {
        return Some(Holes::None);
    }
    let mut pages = Pages::none(size, page);
    for (process, mappings) in holders {
        // A page missing from one table may be in another.
        let _ = add_pages(process, mappings, &mut pages);
    }
    all_found(id, &pages).then_some(Holes::Known(pages))
}
