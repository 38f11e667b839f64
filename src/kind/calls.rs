//! How System V objects are listed and looked up, which differs between the kinds by the calls alone.
//!
//! The fast way is one `*_STAT_ANY` for each index: it needs no permission and is cheaper than `/proc/sysvipc`.
//! That table is read where only it knows the answer (a segment's rss and swap), where the index range is
//! mostly holes, and on kernels before 4.17, which lack `*_STAT_ANY`. An object that lives through the whole pass
//! is seen exactly once either way, for its index is fixed and the pass ascends.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::os_message;
use crate::kind::class::{Inventory, Source};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::proc::sysvipc;
use crate::sys::{self, Errno};

/// Holes the pass tolerates before it turns to `/proc/sysvipc`, and holes per object found.
const HOLES: u32 = 4096;
const HOLES_PER_OBJECT: u32 = 3;

/// The calls of one kind.
pub(super) struct Calls {
    pub(super) kind: Kind,
    /// The highest index in use (`IPC_INFO`).
    pub(super) max_index: fn() -> sys::Result<u32>,
    /// How many objects there are (`*_INFO`).
    pub(super) used: fn() -> sys::Result<u32>,
    /// The object at an index or with an id, without any permission (`*_STAT_ANY`).
    pub(super) stat_any: fn(i32) -> sys::Result<Object>,
    /// The object at an index, if it may be read (`*_STAT`).
    pub(super) stat_at: fn(i32) -> sys::Result<Object>,
    /// The object with an id, if it may be read (`IPC_STAT`).
    pub(super) stat: fn(i32) -> sys::Result<Object>,
    /// A line of `/proc/sysvipc`.
    pub(super) proc_line: fn(&[u8]) -> Option<Object>,
    /// Whether that table leaves out what only a call tells.
    pub(super) proc_is_incomplete: bool,
    /// Whether `*_STAT_ANY` was seen to work, so that its `EINVAL` means a hole.
    pub(super) has_stat_any: AtomicBool,
}

impl Calls {
    /// Adds all objects.
    ///
    /// # Errors
    /// `ENOSYS` where the kernel has no System V IPC.
    pub(super) fn list(&self, inventory: &mut Inventory) -> sys::Result<Source> {
        let (start, losses) = (inventory.objects.len(), inventory.losses.len());
        let mut source = Source::StatAny;
        let max_index = (self.max_index)()?;
        match by_index(max_index, HOLES, self.stat_any, &mut inventory.objects) {
            Pass::Complete => {}
            Pass::MostlyHoles | Pass::Denied(_) => {
                inventory.objects.truncate(start);
                source = Source::Proc;
                if self.add_from_proc_completed(&mut inventory.objects).is_err() {
                    source = Source::StatAny;
                    inventory.objects.truncate(start);
                    if let Pass::Denied(count) = by_index(max_index, u32::MAX, self.stat_any, &mut inventory.objects) {
                        inventory.losses.push(self.not_listed(count));
                    }
                }
            }
        }
        if inventory.objects.len() == start {
            // What is lost in the other way is said there.
            inventory.losses.truncate(losses);
            return self.list_without_stat_any(max_index, inventory);
        }
        Ok(source)
    }

    /// Adds all objects from `/proc/sysvipc` alone, if that can be read.
    pub(super) fn list_from_proc(&self, objects: &mut Vec<Object>) -> io::Result<()> {
        let start = objects.len();
        self.add_from_proc(objects).inspect_err(|_| objects.truncate(start))
    }

    /// Nothing was found: either there is nothing, or this kernel has no `*_STAT_ANY`.
    fn list_without_stat_any(&self, max_index: u32, inventory: &mut Inventory) -> sys::Result<Source> {
        let used = (self.used)()?;
        if used == 0 {
            return Ok(Source::StatAny);
        }
        let start = inventory.objects.len();
        if self.add_from_proc_completed(&mut inventory.objects).is_ok() {
            return Ok(Source::Proc);
        }
        inventory.objects.truncate(start);
        let last = max_index.max(used);
        if let Pass::Denied(count) = by_index(last, u32::MAX, self.stat_at, &mut inventory.objects) {
            inventory.losses.push(self.not_listed(count));
        }
        Ok(Source::Stat)
    }

    fn not_listed(&self, count: u32) -> String {
        let objects = self.kind.count(u64::from(count));
        format!("not listed, as you may not read them and /proc/sysvipc cannot be read either: {objects}")
    }

    fn add_from_proc(&self, objects: &mut Vec<Object>) -> io::Result<()> {
        sysvipc::read(self.kind.word(), |line| {
            objects.push((self.proc_line)(line)?);
            Some(())
        })
    }

    /// As [`Calls::add_from_proc`], and asks the kernel for what that table leaves out.
    fn add_from_proc_completed(&self, objects: &mut Vec<Object>) -> io::Result<()> {
        let start = objects.len();
        self.add_from_proc(objects)?;
        if self.proc_is_incomplete {
            for object in &mut objects[start..] {
                let id = object.id.sysv();
                if let Ok(fuller) = (self.stat_any)(id).or_else(|_| (self.stat)(id))
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
    pub(super) fn look(&self, id: ObjectId) -> sys::Result<Option<Object>> {
        match (self.stat_any)(id.sysv()) {
            Ok(object) => {
                self.has_stat_any.store(true, Ordering::Relaxed);
                // Another object may have taken the index.
                return Ok(Some(object).filter(|object| object.id == id));
            }
            Err(Errno::EIDRM) => return Ok(None),
            Err(Errno::EINVAL) if self.has_stat_any.load(Ordering::Relaxed) => return Ok(None),
            Err(Errno::EINVAL | Errno::EACCES) => {}
            Err(errno) => return Err(errno),
        }
        // A hole, or a kernel without STAT_ANY: IPC_STAT knows the difference.
        match (self.stat)(id.sysv()) {
            Ok(object) => Ok(Some(object)),
            Err(Errno::EINVAL | Errno::EIDRM) => Ok(None),
            Err(Errno::EACCES) => self.find_in_proc(id).map_err(|_| Errno::EACCES),
            Err(errno) => Err(errno),
        }
    }

    /// Whether the mode lets the caller read the object. True for one that is gone.
    pub(super) fn may_read(&self, id: ObjectId) -> bool {
        !matches!((self.stat)(id.sysv()), Err(Errno::EACCES))
    }

    fn find_in_proc(&self, id: ObjectId) -> io::Result<Option<Object>> {
        let mut found = None;
        sysvipc::read(self.kind.word(), |line| {
            let object = (self.proc_line)(line)?;
            if object.id == id {
                found = Some(object);
            }
            Some(())
        })?;
        Ok(found)
    }
}

/// That `/proc/sysvipc/shm`, which alone tells it, cannot be read.
pub(super) fn memory_unknown(error: &io::Error) -> String {
    format!("resident and swapped memory of segments is unknown: /proc/sysvipc/shm: {}", os_message(error))
}

/// How a pass over the indices ended.
#[derive(Clone, Copy, Debug)]
enum Pass {
    /// Everything was seen.
    Complete,
    /// It gave up: the table would be cheaper.
    MostlyHoles,
    /// So many indices could not be looked at.
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
