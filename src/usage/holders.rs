//! The processes that have segments attached.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::rc::Rc;

use memchr::memmem;

use crate::kind::model::Object;
use crate::object::inventory;
use crate::proc::maps::{self, SegmentMapping};
use crate::proc::probe::{self, What};
use crate::proc::reader::{Reader, Task};
use crate::sys::memory;
use crate::sys::process::kcmp::compare_memory;
use crate::sys::process::mapping::{self, Sort};
use crate::usage::process::ProcessCache;
use crate::usage::scan::finder::{Ending, Finder, Observation, Scope};
use crate::usage::scan::unseen::{OUTSIDE, changing};
use crate::usage::users::{Holder, Shown};

/// Why more mappings are found than the kernel counts.
const FOREIGN: &str =
    "more mappings are found than the kernel counts: some may be of a segment in another IPC namespace";

/// Finds the holders of segments.
#[derive(Debug)]
pub(super) struct Segments {
    by_inode: HashMap<u64, usize>,
    all: Vec<Segment>,
    devices: Vec<u64>,
    name: memmem::Finder<'static>,
    /// The device of segments of base pages.
    plain: Option<u64>,
    /// Whether the kernel cannot be asked for single mappings.
    is_mute: bool,
}

/// The segments that a process has attached, by index: it may have tens of thousands.
type Found = HashMap<usize, Attached>;

/// How a process has a segment attached.
#[derive(Debug)]
struct Attached {
    mappings: u32,
    writable: bool,
    address: u64,
}

#[derive(Debug)]
struct Segment {
    object: Object,
    holders: Vec<Holder>,
    shown: Option<Shown>,
    /// Attachments found; those of processes that share their memory once.
    found: u64,
}

impl Segment {
    /// Attachments that the kernel counted before.
    fn counted(&self) -> u64 {
        self.object.attachments()
    }

    /// Tells what was found, unless attachments come and go.
    fn finish(mut self, ending: &mut Ending<'_>) {
        self.count();
        self.holders.sort_by_key(|holder| holder.process.pid);
        self.holders.shrink_to_fit();
        let (id, counted) = (self.object.id, self.counted());
        let mut missing = counted.saturating_sub(self.found);
        let has_too_many = self.found > counted;
        let mut is_settled = true;
        if (missing > 0 || has_too_many)
            && let Ok(now) = inventory::look(id)
        {
            let counted_now = now.and_then(|now| now.as_segment().map(|segment| segment.nattch)).unwrap_or(0);
            let users = self.holders.iter().map(|holder| (holder.process.pid, u64::from(holder.mappings))).collect();
            let observation = Observation { counted, users };
            is_settled = counted_now == counted && ending.observations.by_object.get(&id) == Some(&observation);
            if let Some(now) = now.filter(|_| !is_settled && !ending.is_last) {
                ending.observations.by_object.insert(id, observation);
                ending.again.push(now);
                return;
            }
            missing = missing.saturating_sub(counted.saturating_sub(counted_now));
        }
        let usage = ending.found.of_mut(id);
        (usage.holders, usage.shown, usage.hidden_attachments) = (self.holders, self.shown, missing);
        usage.hidden_why = if missing > 0 {
            let why = ending.unseen.why(ending.denied).unwrap_or_else(|| OUTSIDE.to_owned());
            Some(if is_settled { why } else { changing(&why) })
        } else {
            (is_settled && has_too_many).then(|| FOREIGN.to_owned())
        };
    }

    /// Whether a mapping is one of this segment, as far as it shows: one that came along from another IPC namespace may
    /// have the same id and key.
    fn fits(&self, SegmentMapping { mapping, key }: &SegmentMapping, plain: Option<u64>) -> bool {
        let size = self.object.as_segment().map_or(0, |segment| segment.size);
        let fits = if Some(mapping.device) == plain {
            let most = size.checked_next_multiple_of(memory::page_size() as u64).unwrap_or(u64::MAX);
            mapping.offset.saturating_add(mapping.end.saturating_sub(mapping.start)) <= most
        } else {
            // Of huge pages, whose size is not known here.
            mapping.offset < size
        };
        fits && self.object.key_in_maps().is_none_or(|own| own.bits() == *key)
    }

    /// Counts what was found: the mappings of processes that share their memory are the same ones.
    fn count(&mut self) {
        let mut order: Vec<usize> = (0..self.holders.len()).collect();
        order.sort_by_key(|&index| (self.holders[index].address, self.holders[index].mappings));
        self.found = 0;
        // Memories seen, in the order of the kernel's comparison.
        let mut seen: Vec<u32> = Vec::new();
        let mut place = None;
        for index in order {
            let Holder { process, mappings, address, .. } = &self.holders[index];
            // Shared memory has its mappings in the same place.
            if place != Some((*address, *mappings)) {
                place = Some((*address, *mappings));
                seen.clear();
            }
            let mut known = true;
            let search = seen.binary_search_by(|&other| {
                let may_ask = [other, process.pid].into_iter().all(|pid| probe::begin(pid, What::Facts).is_ok());
                may_ask.then(|| compare_memory(other, process.pid)).flatten().unwrap_or_else(|| {
                    known = false;
                    std::cmp::Ordering::Equal
                })
            });
            match search {
                Ok(_) if known => continue,
                Ok(_) => {}
                Err(at) => seen.insert(at, process.pid),
            }
            self.found = self.found.saturating_add(u64::from(*mappings));
        }
    }
}

impl Segments {
    /// Looks for the holders of those of `objects` that somebody has attached.
    pub(super) fn new(objects: &[Object]) -> Self {
        let attached = objects.iter().filter(|object| object.as_segment().is_some_and(|segment| segment.nattch > 0));
        let mut by_inode = HashMap::new();
        let mut all: Vec<Segment> = Vec::new();
        for object in attached {
            // A segment's inode is its id.
            let Ok(inode) = u64::try_from(object.id.sysv()) else { continue };
            by_inode.entry(inode).or_insert_with(|| {
                all.push(Segment { object: *object, holders: Vec::new(), shown: None, found: 0 });
                all.len() - 1
            });
        }
        let devices = if all.is_empty() { Vec::new() } else { memory::all_segment_devices() };
        Self {
            by_inode,
            all,
            devices,
            name: memmem::Finder::new("/SYSV"),
            plain: memory::segment_device().ok(),
            is_mute: false,
        }
    }

    /// Asks the kernel for the mappings; false when it does not answer.
    fn ask(&mut self, maps: &File, found: &mut Found) -> bool {
        let (mut address, mut name) = (0, Vec::new());
        loop {
            let asked = match mapping::next(maps, address, Sort::Shared) {
                Ok(Some(asked)) if asked.end > address => asked,
                Ok(_) => return true,
                // It has ended, or executed another program.
                Err(errno) if errno.raw() == libc::ESRCH => return true,
                Err(errno) => {
                    self.is_mute |= errno.raw() == libc::ENOTTY;
                    return false;
                }
            };
            address = asked.end;
            if !self.by_inode.contains_key(&asked.inode) || !self.devices.contains(&asked.device) {
                continue;
            }
            match mapping::name(maps, &asked, &mut name) {
                Ok(true) => {}
                // Detached meanwhile.
                Ok(false) => continue,
                Err(_) => return false,
            }
            if let Some(key) = maps::segment_key(&name) {
                self.take(&SegmentMapping { mapping: asked, key }, found);
            }
        }
    }

    fn read(&mut self, maps: &[u8], found: &mut Found) {
        // Most processes have none, and a search is faster than reading lines.
        let Some(first) = self.name.find(maps) else { return };
        let line = maps[..first].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        maps::segments(&maps[line..]).for_each(|attachment| self.take(&attachment, found));
    }

    fn take(&mut self, attachment: &SegmentMapping, found: &mut Found) {
        let mapping = &attachment.mapping;
        let Some(&index) = self.by_inode.get(&mapping.inode) else { return };
        let segment = &mut self.all[index];
        if !self.devices.contains(&mapping.device) || !segment.fits(attachment, self.plain) {
            return;
        }
        let shown = Shown { key: attachment.key, huge: Some(mapping.device) != self.plain };
        // Where they differ, one has come along from another IPC namespace: not to know a key would be worse.
        segment.shown = segment.shown.filter(|shown| shown.key != 0).or(Some(shown));
        let attached = found.entry(index).or_insert(Attached { mappings: 0, writable: false, address: mapping.start });
        attached.mappings = attached.mappings.saturating_add(1);
        attached.writable |= mapping.writable;
    }
}

impl Finder for Segments {
    fn scope(&self) -> Scope {
        Scope::Process
    }

    /// All processes are looked at, though as many mappings may be found before as the kernel counts: some may be of
    /// another namespace, and those of shared memory are seen more than once.
    fn is_idle(&self) -> bool {
        self.all.is_empty()
    }

    fn look(
        &mut self,
        task: Task,
        _namespace: u64,
        reader: &mut Reader,
        processes: &mut ProcessCache,
    ) -> io::Result<()> {
        let mut found = Found::new();
        if self.is_mute || !self.ask(&reader.file(task, "maps")?, &mut found) {
            found.clear();
            self.read(reader.read(task, "maps")?, &mut found);
        }
        if found.is_empty() {
            return Ok(());
        }
        let Some(process) = processes.get(task.pid, reader) else { return Ok(()) };
        for (index, Attached { mappings, writable, address }) in found {
            let process = Rc::clone(&process);
            self.all[index].holders.push(Holder { process, mappings, writable, address });
        }
        Ok(())
    }

    fn finish(self: Box<Self>, ending: &mut Ending<'_>) {
        for segment in self.all {
            segment.finish(ending);
        }
    }
}
