//! The modes of objects that a run has locked for a moment: they are still theirs, and the run's record names them.

use std::collections::HashMap;

use crate::journal::folder::Places;
use crate::journal::locked::{is_locked, is_locked_since, may_be_locked};
use crate::journal::record::{Content, Records};
use crate::kind::model::{Object, ObjectId};
use crate::object::inventory;
use crate::sys::{Mode, accounts, clock};

/// How often an object is looked at that is unlocked and locked meanwhile.
const LOOKS: u32 = 8;
/// No run has an object locked for longer, in seconds.
const LONGEST: i64 = 10;

/// What became of objects that a run may have locked.
#[derive(Debug, Default)]
pub struct Applied {
    /// Those that got the modes that a record names, as they were before.
    pub were: Vec<Object>,
    /// That there may be more, a sentence.
    pub doubt: Option<&'static str>,
}

/// Gives those of `objects` that a run of this user has locked the modes that its record names.
pub fn apply(objects: &mut [Object]) -> Applied {
    SavedModes::default().apply(objects)
}

/// What records were read to name, for objects that are looked at one after the other.
#[derive(Debug, Default)]
pub struct SavedModes {
    named: Named,
    /// When they were read; seconds since 1970.
    read: Option<i64>,
    /// Whether all could be read.
    all: bool,
}

impl SavedModes {
    /// As [`apply`]. Records are not read again for what was not changed since they were.
    pub fn apply(&mut self, objects: &mut [Object]) -> Applied {
        let mut closed: Vec<usize> = (0..objects.len()).filter(|&place| may_be_locked(&objects[place])).collect();
        let mut applied = Applied::default();
        if closed.is_empty() {
            return applied;
        }
        for _ in 0..LOOKS {
            if !(closed.iter().all(|&place| self.is_later_than(&objects[place])) || self.read()) {
                return applied;
            }
            if !self.all {
                applied.doubt = Some(
                    "a record of what another run has closed cannot be read: the mode of an object that has 0000 may \
                     not be its own, so it is judged as if nobody could use it, and not removed",
                );
            }
            closed.retain(|&place| {
                let object = &mut objects[place];
                if let Some(mode) = self.named.mode(object) {
                    applied.were.push(*object);
                    object.perm.mode = Mode::new(object.perm.mode.bits() & !Mode::PERMISSIONS | mode.permissions());
                    return false;
                }
                // Its run may have unlocked it and taken it off the record before that was read.
                match inventory::look(object.id) {
                    Ok(Some(now)) if (now.perm, now.ctime) != (object.perm, object.ctime) => {
                        (object.perm, object.ctime) = (now.perm, now.ctime);
                        may_be_locked(object)
                    }
                    _ => false,
                }
            });
            if closed.is_empty() {
                break;
            }
        }
        applied
    }

    /// Whether records were read after the object was last changed, which locking does too. A second for the clock's
    /// ticks.
    fn is_later_than(&self, object: &Object) -> bool {
        self.read.is_some_and(|read| object.ctime.seconds() < read.saturating_sub(1))
    }

    /// False where `/proc` does not tell which records are of this namespace.
    fn read(&mut self) -> bool {
        let read = clock::now();
        let Some(records) = Records::here() else { return false };
        let (contents, all) = records.read(&Places::usual(), None);
        *self = Self { named: Named::of(contents), read: Some(read), all };
        true
    }
}

/// Whether another user's run, whose record cannot be seen, may have locked `object`: its owner's, its creator's or root's.
#[must_use]
pub fn may_be_missing(object: &Object) -> bool {
    if !may_be_locked(object) || object.ctime.seconds().saturating_add(LONGEST) < clock::now() {
        return false;
    }
    let me = accounts::effective_user();
    // Root looks into a locked set without unlocking it.
    let by_root = is_locked(object) && me.raw() != 0;
    by_root || [object.perm.uid, object.perm.cuid].iter().any(|user| *user != me)
}

/// What records name, with when their runs began.
#[derive(Debug, Default)]
struct Named(HashMap<ObjectId, Vec<(Object, i64)>>);

impl Named {
    fn of(contents: Vec<Content>) -> Self {
        let mut named: HashMap<ObjectId, Vec<(Object, i64)>> = HashMap::new();
        for content in &contents {
            for object in content.objects() {
                named.entry(object.id).or_default().push((object, content.time));
            }
        }
        Self(named)
    }

    /// The mode that a record names for an object that is locked.
    fn mode(&self, object: &Object) -> Option<Mode> {
        let mut entries = self.0.get(&object.id)?.iter();
        // Locking sets the time of change. A second for the clock's ticks.
        let fits = |(before, begun): &&(Object, i64)| {
            is_locked_since(before, object) && object.ctime.seconds() >= begun.saturating_sub(1)
        };
        entries.find(fits).map(|(before, _)| before.perm.mode)
    }
}
