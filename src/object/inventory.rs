//! Collecting objects: all of some kinds, or one by its id.
//!
//! The fast way is one `*_STAT_ANY` for each index: it needs no permission and is cheaper than `/proc/sysvipc`.
//! That table is read where only it knows the answer (a segment's rss and swap), where the index range is
//! mostly holes, and on kernels before 4.17, which lack `*_STAT_ANY`. An object that lives through the whole pass
//! is seen exactly once either way, for its index is fixed and the pass ascends.

use std::io;

use crate::error::{Error, Result, Status, bare};
use crate::kind::model::{Kind, KindSet, Memory, Object, ObjectId};
use crate::proc::sysvipc;
use crate::sys::{self, Errno, MsgId, SemId, ShmId, msg, sem, shm};

/// Holes the pass tolerates before it turns to `/proc/sysvipc`, and holes per object found.
const HOLES: u32 = 4096;
const HOLES_PER_OBJECT: u32 = 3;

/// What is to be collected.
#[derive(Clone, Copy, Debug)]
pub struct Wants {
    /// These kinds.
    pub kinds: KindSet,
    /// Resident and swapped memory of segments too.
    pub memory: bool,
}

/// Everything found, and what could not be.
#[derive(Debug, Default)]
pub struct Inventory {
    /// In the kernel's order, kind by kind.
    pub objects: Vec<Object>,
    /// What the listing lacks and why, a sentence each.
    pub losses: Vec<String>,
    /// How each kind was listed.
    pub sources: Vec<(Kind, Source)>,
}

/// A way to list objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `*_STAT_ANY` for each index.
    StatAny,
    /// The table in `/proc/sysvipc`.
    Proc,
    /// `*_STAT` for each index: only what may be read.
    Stat,
}

impl Source {
    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::StatAny => "STAT_ANY",
            Self::Proc => "/proc/sysvipc",
            Self::Stat => "STAT",
        }
    }
}

/// Lists all objects of the wanted kinds.
///
/// # Errors
/// When the kernel has no System V IPC, or none of the ways to list works.
pub fn collect(wants: Wants) -> Result<Inventory> {
    let mut inventory = Inventory::default();
    for kind in wants.kinds.iter() {
        let source = collect_kind(kind, wants.memory, &mut inventory)
            .map_err(|errno| Error::call(&format!("list {}s", kind.noun()), errno))?;
        inventory.sources.push((kind, source));
    }
    Ok(inventory)
}

fn collect_kind(kind: Kind, memory: bool, inventory: &mut Inventory) -> sys::Result<Source> {
    if kind != Kind::Shm || !memory {
        return collect_by_index(kind, inventory);
    }
    let start = inventory.objects.len();
    let Err(error) = from_proc(kind, &mut inventory.objects) else { return Ok(Source::Proc) };
    inventory.objects.truncate(start);
    let source = collect_by_index(kind, inventory)?;
    // Without segments nothing is lost.
    if inventory.objects.len() > start {
        inventory.losses.push(memory_unknown(&error));
    }
    Ok(source)
}

fn memory_unknown(error: &io::Error) -> String {
    format!("resident and swapped memory of segments is unknown: /proc/sysvipc/shm: {}", bare(error))
}

fn collect_by_index(kind: Kind, inventory: &mut Inventory) -> sys::Result<Source> {
    let (start, losses) = (inventory.objects.len(), inventory.losses.len());
    let mut source = Source::StatAny;
    let max_index = max_index(kind)?;
    match by_index(max_index, HOLES, |index| stat_any(kind, index), &mut inventory.objects) {
        Pass::Complete => {}
        Pass::MostlyHoles | Pass::Denied(_) => {
            inventory.objects.truncate(start);
            source = Source::Proc;
            if from_proc_with_capacity(kind, &mut inventory.objects).is_err() {
                source = Source::StatAny;
                inventory.objects.truncate(start);
                if let Pass::Denied(count) =
                    by_index(max_index, u32::MAX, |index| stat_any(kind, index), &mut inventory.objects)
                {
                    inventory.losses.push(not_listed(kind, count));
                }
            }
        }
    }
    if inventory.objects.len() == start {
        // What is lost in the other way is said there.
        inventory.losses.truncate(losses);
        return without_stat_any(kind, max_index, inventory);
    }
    Ok(source)
}

/// Nothing was found: either there is nothing, or this kernel has no `*_STAT_ANY`.
fn without_stat_any(kind: Kind, max_index: u32, inventory: &mut Inventory) -> sys::Result<Source> {
    let used = used(kind)?;
    if used == 0 {
        return Ok(Source::StatAny);
    }
    let start = inventory.objects.len();
    if from_proc_with_capacity(kind, &mut inventory.objects).is_ok() {
        return Ok(Source::Proc);
    }
    inventory.objects.truncate(start);
    let last = max_index.max(used);
    if let Pass::Denied(count) = by_index(last, u32::MAX, |index| stat_at(kind, index), &mut inventory.objects) {
        inventory.losses.push(not_listed(kind, count));
    }
    Ok(Source::Stat)
}

fn not_listed(kind: Kind, count: u32) -> String {
    let objects = kind.count(u64::from(count));
    format!("not listed, as you may not read them and /proc/sysvipc cannot be read either: {objects}")
}

/// How a pass over the indices ended.
enum Pass {
    Complete,
    MostlyHoles,
    Denied(u32),
}

fn by_index(
    max_index: u32,
    holes_allowed: u32,
    stat: impl Fn(i32) -> sys::Result<Object>,
    objects: &mut Vec<Object>,
) -> Pass {
    let mut holes: u32 = 0;
    let mut denied = 0;
    let start = objects.len();
    for index in 0..=max_index {
        match stat(index.cast_signed()) {
            Ok(object) => objects.push(object),
            // A hole, or an object that is just going.
            Err(Errno::EINVAL | Errno::EIDRM) => {
                holes += 1;
                let found = u32::try_from(objects.len() - start).unwrap_or(u32::MAX);
                if holes > holes_allowed.saturating_add(found.saturating_mul(HOLES_PER_OBJECT)) {
                    return Pass::MostlyHoles;
                }
            }
            // EACCES mostly. Whatever it is, there may be an object.
            Err(_) => denied += 1,
        }
    }
    if denied == 0 { Pass::Complete } else { Pass::Denied(denied) }
}

fn max_index(kind: Kind) -> sys::Result<u32> {
    match kind {
        Kind::Shm => shm::limits().map(|limits| limits.max_index),
        Kind::Sem => sem::limits().map(|limits| limits.max_index),
        Kind::Msg => msg::limits().map(|limits| limits.max_index),
    }
}

/// How many objects of a kind the kernel counts.
///
/// # Errors
/// `ENOSYS` where the kernel has no System V IPC.
pub fn used(kind: Kind) -> sys::Result<u32> {
    match kind {
        Kind::Shm => shm::usage().map(|usage| usage.used_ids),
        Kind::Sem => sem::usage().map(|usage| usage.used_ids),
        Kind::Msg => msg::usage().map(|usage| usage.used_ids),
    }
}

/// What lives at an index or id, without any permission.
fn stat_any(kind: Kind, number: i32) -> sys::Result<Object> {
    match kind {
        Kind::Shm => shm::stat_any(number).map(|(id, stat)| Object::segment(id, &stat, None)),
        Kind::Sem => sem::stat_any(number).map(|(id, stat)| Object::set(id, &stat)),
        Kind::Msg => msg::stat_any(number).map(|(id, stat)| Object::queue(id, &stat, true)),
    }
}

/// What lives at an index, if it may be read.
fn stat_at(kind: Kind, index: i32) -> sys::Result<Object> {
    match kind {
        Kind::Shm => shm::stat_at(index).map(|(id, stat)| Object::segment(id, &stat, None)),
        Kind::Sem => sem::stat_at(index).map(|(id, stat)| Object::set(id, &stat)),
        Kind::Msg => msg::stat_at(index).map(|(id, stat)| Object::queue(id, &stat, true)),
    }
}

fn stat(id: ObjectId) -> sys::Result<Object> {
    match id.kind {
        Kind::Shm => shm::stat(ShmId::new(id.sysv())).map(|stat| Object::segment(ShmId::new(id.sysv()), &stat, None)),
        Kind::Sem => sem::stat(SemId::new(id.sysv())).map(|stat| Object::set(SemId::new(id.sysv()), &stat)),
        Kind::Msg => msg::stat(MsgId::new(id.sysv())).map(|stat| Object::queue(MsgId::new(id.sysv()), &stat, true)),
    }
}

fn from_proc(kind: Kind, objects: &mut Vec<Object>) -> io::Result<()> {
    sysvipc::read(kind.word(), |line| {
        objects.push(proc_line(kind, line)?);
        Some(())
    })
}

fn proc_line(kind: Kind, line: &[u8]) -> Option<Object> {
    Some(match kind {
        Kind::Shm => {
            let row = sysvipc::segment(line)?;
            Object::segment(row.id, &row.stat, Some(Memory { rss: row.rss, swap: row.swap }))
        }
        Kind::Sem => {
            let (id, stat) = sysvipc::set(line)?;
            Object::set(id, &stat)
        }
        Kind::Msg => {
            let (id, stat) = sysvipc::queue(line)?;
            Object::queue(id, &stat, false)
        }
    })
}

/// As [`from_proc`], and asks the kernel for what that table leaves out of queues.
fn from_proc_with_capacity(kind: Kind, objects: &mut Vec<Object>) -> io::Result<()> {
    let start = objects.len();
    from_proc(kind, objects)?;
    if kind == Kind::Msg {
        for object in &mut objects[start..] {
            if let Ok(fuller) = stat_any(kind, object.id.sysv()).or_else(|_| stat(object.id))
                && fuller.id == object.id
            {
                *object = fuller;
            }
        }
    }
    Ok(())
}

/// One object by its id, whoever may read it; `Ok(None)` when there is none.
///
/// # Errors
/// `ENOSYS` where the kernel has no System V IPC; `EACCES` when it exists but nothing may be known of it.
pub fn look(id: ObjectId) -> sys::Result<Option<Object>> {
    match stat_any(id.kind, id.sysv()) {
        Ok(object) if object.id == id => return Ok(Some(object)),
        // Another object has taken the index.
        Ok(_) | Err(Errno::EIDRM) => return Ok(None),
        Err(Errno::EINVAL | Errno::EACCES) => {}
        Err(errno) => return Err(errno),
    }
    // A hole, or a kernel without STAT_ANY: IPC_STAT knows the difference.
    match stat(id) {
        Ok(object) => Ok(Some(object)),
        Err(Errno::EINVAL | Errno::EIDRM) => Ok(None),
        Err(Errno::EACCES) => find_in_proc(id).map_err(|_| Errno::EACCES),
        Err(errno) => Err(errno),
    }
}

/// Whether the mode lets the caller read the object, as it must for what goes without `*_STAT_ANY`. True for one that
/// is gone.
#[must_use]
pub fn may_read(id: ObjectId) -> bool {
    !matches!(stat(id), Err(Errno::EACCES))
}

fn find_in_proc(id: ObjectId) -> io::Result<Option<Object>> {
    let mut found = None;
    sysvipc::read(id.kind.word(), |line| {
        let object = proc_line(id.kind, line)?;
        if object.id == id {
            found = Some(object);
        }
        Some(())
    })?;
    Ok(found)
}

/// Adds resident and swapped memory to the segments among `objects`. Returns what is lost if that fails.
pub fn add_memory<'a>(objects: impl Iterator<Item = &'a mut Object>) -> Option<String> {
    let mut wanted: Vec<&mut Object> = objects.filter(|object| object.kind() == Kind::Shm).collect();
    if wanted.is_empty() {
        return None;
    }
    wanted.sort_by_key(|object| object.id.sysv());
    let result = sysvipc::read(Kind::Shm.word(), |line| {
        let row = sysvipc::segment(line)?;
        // The same segment may have been named twice.
        let first = wanted.partition_point(|object| object.id.sysv() < row.id.raw());
        for object in wanted[first..].iter_mut().take_while(|object| object.id.sysv() == row.id.raw()) {
            if let crate::kind::model::Detail::Shm(segment) = &mut object.detail {
                segment.memory = Some(Memory { rss: row.rss, swap: row.swap });
            }
        }
        Some(())
    });
    result.err().map(|error| memory_unknown(&error))
}

/// The id of the object that `key` names; needs no permission on it.
///
/// # Errors
/// `ENOENT` when there is none.
pub fn find(kind: Kind, key: sys::Key) -> sys::Result<ObjectId> {
    let id = match kind {
        Kind::Shm => shm::find(key)?.raw(),
        Kind::Sem => sem::find(key)?.raw(),
        Kind::Msg => msg::find(key)?.raw(),
    };
    Ok(ObjectId::system_v(kind, id))
}

/// The error for a look that the kernel refused altogether.
#[must_use]
pub fn unreadable(id: ObjectId, errno: Errno) -> Error {
    let remedy = (errno == Errno::EACCES).then_some("it exists, but this kernel shows it to its readers only");
    Error::cannot(Status::of(errno), &format!("look at {id}"), errno, remedy)
}

#[cfg(test)]
mod tests {
    use super::{HOLES, Pass, by_index};
    use crate::sys::Errno;

    #[test]
    fn only_a_hole_is_taken_for_one() {
        let mut objects = Vec::new();
        let mut pass =
            |errno| by_index(3, HOLES, |index| Err(if index == 2 { errno } else { Errno::EINVAL }), &mut objects);
        assert!(matches!(pass(Errno::EIDRM), Pass::Complete));
        for errno in [Errno::EACCES, Errno::EPERM, Errno::ENOMEM, Errno::EINTR] {
            assert!(matches!(pass(errno), Pass::Denied(1)), "{errno}");
        }
    }
}
