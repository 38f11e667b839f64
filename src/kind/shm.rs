//! Shared memory segments.

use std::sync::atomic::AtomicBool;

use crate::kind::calls::{Calls, memory_unknown};
use crate::kind::class::{Class, FoundBy, Inventory, Read, Source, pid, push_count, read, time};
use crate::kind::field::{Field, Needs, named};
use crate::kind::limit::{ENDLESS_LONG, LimitDef, Used, limit};
use crate::kind::model::{Detail, Kind, KindSet, Memory, Object, ObjectId, Segment};
use crate::kind::recorded::{Activity, Deed, RecordedUser};
use crate::proc::sysvipc;
use crate::render::units::push_size;
use crate::render::value::Value;
use crate::sys::memory::page_size;
use crate::sys::shm::{self, ShmStat};
use crate::sys::{self, Key, ShmId, Timestamp};

/// What is special about segments.
pub(super) static CLASS: Class = Class {
    kind: Kind::Shm,
    word: "shm",
    noun: "shared memory segment",
    found_by: FoundBy { attachments: true, sleepers: false },
    list,
    look: |id| CALLS.look(id),
    may_read: |id| CALLS.may_read(id),
    used: CALLS.used,
    find: Some(|key| Ok(ObjectId::system_v(Kind::Shm, shm::find(key)?.raw()))),
    remove: Some(|id| shm::remove(ShmId::new(id.sysv()))),
    set: Some(|id, new| shm::set(ShmId::new(id.sysv()), new.uid, new.gid, new.mode)),
    fields: &FIELDS,
    columns: &["ref", "key", "mode", "owner", "size", "nattch", "cpid", "lpid", "activity", "flags"],
    recorded,
    limits: &LIMITS,
    activities: &ACTIVITIES,
    size: |object| object.as_segment().map_or(0, |segment| segment.size),
    is_sized_in_bytes: true,
    contents,
};

impl Segment {
    /// Bytes in RAM: what the kernel says, but not more than the segment can have. Some kernels count a huge page as
    /// often as it has base pages.
    #[must_use]
    pub fn rss(&self) -> Option<u64> {
        let told = self.memory?.rss;
        let page = page_size() as u64;
        // A table of page entries covers one huge page.
        let huge_page = page * (page / 8);
        let most = |unit: u64| self.size.checked_next_multiple_of(unit).unwrap_or(u64::MAX);
        Some(if told > most(page) { told.min(most(huge_page)) } else { told })
    }

    /// The last attach or detach.
    #[must_use]
    pub fn last_use(&self) -> Timestamp {
        self.atime.max(self.dtime)
    }
}

impl Object {
    /// A segment from what the kernel says.
    #[must_use]
    pub fn segment(id: ShmId, stat: &ShmStat, memory: Option<Memory>) -> Self {
        let ShmStat { perm, size, atime, dtime, ctime, cpid, lpid, nattch } = *stat;
        let detail = Detail::Shm(Segment { size, nattch, cpid, lpid, atime, dtime, memory });
        Self { id: ObjectId::system_v(Kind::Shm, id.raw()), perm, ctime, detail }
    }

    /// The segment's part, if it is one.
    #[must_use]
    pub const fn as_segment(&self) -> Option<&Segment> {
        if let Detail::Shm(segment) = &self.detail { Some(segment) } else { None }
    }

    /// The same, to be changed.
    pub const fn as_segment_mut(&mut self) -> Option<&mut Segment> {
        if let Detail::Shm(segment) = &mut self.detail { Some(segment) } else { None }
    }

    /// Whether it is a segment that goes at the last detach.
    #[must_use]
    pub fn is_doomed(&self) -> bool {
        self.as_segment().is_some() && self.perm.mode.is_doomed()
    }

    /// How often the object is attached.
    #[must_use]
    pub fn attachments(&self) -> u64 {
        self.as_segment().map_or(0, |segment| segment.nattch)
    }

    /// The key that the names of a segment's mappings show: that it was made with. None of a removed one, which has
    /// lost it.
    #[must_use]
    pub fn key_in_maps(&self) -> Option<Key> {
        (!self.is_doomed()).then_some(self.perm.key)
    }
}

static CALLS: Calls = Calls {
    kind: Kind::Shm,
    max_index: || shm::limits().map(|limits| limits.max_index),
    used: || shm::usage().map(|usage| usage.used_ids),
    stat_any: |index| shm::stat_any(index).map(|(id, stat)| Object::segment(id, &stat, None)),
    stat_at: |index| shm::stat_at(index).map(|(id, stat)| Object::segment(id, &stat, None)),
    stat: |id| shm::stat(ShmId::new(id)).map(|stat| Object::segment(ShmId::new(id), &stat, None)),
    proc_line: |line| {
        let row = sysvipc::segment(line)?;
        Some(Object::segment(row.id, &row.stat, Some(Memory { rss: row.rss, swap: row.swap })))
    },
    proc_is_incomplete: false,
    has_stat_any: AtomicBool::new(false),
};

fn list(needs: Needs, inventory: &mut Inventory) -> sys::Result<Source> {
    if !needs.any(Needs::MEMORY) {
        return CALLS.list(inventory);
    }
    let start = inventory.objects.len();
    let Err(error) = CALLS.list_from_proc(&mut inventory.objects) else { return Ok(Source::Proc) };
    let source = CALLS.list(inventory)?;
    // Without segments nothing is lost.
    if inventory.objects.len() > start {
        inventory.losses.push(memory_unknown(&error));
    }
    Ok(source)
}

/// Adds resident and swapped memory to the segments among `objects`. Returns what is lost if that fails.
pub fn add_memory<'a>(objects: impl Iterator<Item = &'a mut Object>) -> Option<String> {
    let mut wanted: Vec<&mut Object> = objects.filter(|object| object.as_segment().is_some()).collect();
    if wanted.is_empty() {
        return None;
    }
    wanted.sort_by_key(|object| object.id.number);
    let result = sysvipc::read(CLASS.word, |line| {
        let row = sysvipc::segment(line)?;
        let id = ObjectId::system_v(CLASS.kind, row.id.raw());
        // The same segment may have been named twice.
        let first = wanted.partition_point(|object| object.id.number < id.number);
        for object in wanted[first..].iter_mut().take_while(|object| object.id == id) {
            if let Some(segment) = object.as_segment_mut() {
                segment.memory = Some(Memory { rss: row.rss, swap: row.swap });
            }
        }
        Some(())
    });
    result.err().map(|error| memory_unknown(&error))
}

static LIMITS: [LimitDef; 4] = [SHMMNI, SHMMAX, SHMMIN, SHMALL];

pub(crate) const SHMMNI: LimitDef = LimitDef {
    endless: u64::MAX,
    used: Used::Objects(|in_use| Ok(in_use.shm()?.used_ids.into())),
    ..limit(("shmmni", Some("kernel.shmmni")), "segments", "number of segments", || Ok(shm::limits()?.shmmni))
};
pub(crate) const SHMMAX: LimitDef = LimitDef {
    meaning: "size of one segment; in use: the largest",
    endless: ENDLESS_LONG,
    used: Used::Largest,
    ..limit(("shmmax", Some("kernel.shmmax")), "bytes", "", || Ok(shm::limits()?.shmmax))
};
pub(crate) const SHMMIN: LimitDef = LimitDef {
    endless: u64::MAX,
    ..limit(("shmmin", None), "bytes", "smallest size of one segment", || Ok(shm::limits()?.shmmin))
};
pub(crate) const SHMALL: LimitDef = LimitDef {
    meaning: "all segments together, each rounded up to pages",
    endless: ENDLESS_LONG,
    used: Used::Sum(|in_use| Ok(in_use.shm()?.total_pages), pages, "are in use"),
    ..limit(("shmall", Some("kernel.shmall")), "pages", "", || Ok(shm::limits()?.shmall))
};

fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(page_size() as u64)
}

fn recorded(object: &Object, tell: &mut dyn FnMut(RecordedUser)) {
    let Some(segment) = object.as_segment() else { return };
    tell(RecordedUser {
        deed: Deed::Create,
        pid: segment.cpid,
        // IPC_SET moves ctime on; a creator is then compared with a later time, which only spares more.
        time: object.ctime,
        source: "cpid and ctime",
        happened: true,
        may_be_thread: false,
    });
    tell(RecordedUser {
        deed: Deed::Attach,
        pid: segment.lpid,
        time: segment.last_use(),
        source: if segment.dtime >= segment.atime { "lpid and dtime" } else { "lpid and atime" },
        happened: !segment.last_use().is_never(),
        may_be_thread: false,
    });
}

static ACTIVITIES: [Activity; 2] = [
    Activity { phrase: "last attached", field: "atime", time: |object| of(object, |segment| segment.atime) },
    Activity { phrase: "last detached", field: "dtime", time: |object| of(object, |segment| segment.dtime) },
];

fn of(object: &Object, time: impl FnOnce(&Segment) -> Timestamp) -> Timestamp {
    object.as_segment().map_or(Timestamp::NEVER, time)
}

const fn field(name: crate::kind::field::Named, meaning: &'static str, read: Read) -> Field<Read> {
    Field::new(name, meaning, read).right().of(KindSet::SHM)
}

/// Reads a field of a segment.
macro_rules! read_segment {
    (|$segment:pat_param| $value:expr) => {
        read!(|object| object.as_segment().map_or(Value::Null, |$segment| $value))
    };
}

static FIELDS: [Field<Read>; 10] = [
    field(named!("size", "SIZE"), "bytes asked for at creation", read_segment!(|segment| Value::Bytes(segment.size))),
    field(
        named!("nattch", "NATTCH"),
        "attachments: mappings, not processes",
        read_segment!(|segment| Value::Number(segment.nattch)),
    ),
    field(named!("cpid", "CPID"), "process that created it", read_segment!(|segment| pid(segment.cpid, true))),
    field(
        named!("lpid", "LPID"),
        "last process to attach or detach",
        read_segment!(|segment| pid(segment.lpid, !segment.last_use().is_never())),
    ),
    field(named!("atime", "ATIME"), "last attach, also by fork", read_segment!(|segment| time(segment.atime))),
    field(named!("dtime", "DTIME"), "last detach", read_segment!(|segment| time(segment.dtime))),
    field(
        named!("rss", "RSS"),
        "bytes in RAM",
        read_segment!(|segment| segment.rss().map_or(Value::Hidden, Value::Bytes)),
    )
    .needing(Needs::MEMORY),
    field(
        named!("swap", "SWAP"),
        "bytes in swap",
        read_segment!(|segment| segment.memory.map_or(Value::Hidden, |memory| Value::Bytes(memory.swap))),
    )
    .needing(Needs::MEMORY),
    Field::new(
        named!("locked", "LOCKED"),
        "kept in RAM (SHM_LOCK)",
        read!(|object| Value::Flag(object.perm.mode.is_shm_locked())),
    )
    .of(KindSet::SHM),
    Field::new(
        named!("doomed", "DOOMED"),
        "removed, goes at the last detach",
        read!(|object| Value::Flag(object.is_doomed())),
    )
    .of(KindSet::SHM),
];

fn contents(object: &Object, text: &mut String) {
    let Some(segment) = object.as_segment() else { return };
    push_size(text, segment.size);
    if segment.nattch > 0 {
        text.push_str(", ");
        push_count(text, segment.nattch, "attachment");
    }
    if object.perm.mode.is_shm_locked() {
        text.push_str(", locked");
    }
    if object.is_doomed() {
        text.push_str(", doomed");
    }
}
