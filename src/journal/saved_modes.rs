//! Objects as they are when no run has them closed: the mode that a run takes away for a moment is still theirs, and its
//! record names it.

use std::collections::HashMap;

use crate::journal::access;
use crate::journal::folder::Places;
use crate::journal::record::{Content, Entry, Records};
use crate::kind::model::{Object, ObjectId};
use crate::object::inventory;
use crate::sys::{Mode, accounts, clock};

/// Looks at an object that is opened and closed meanwhile.
const LOOKS: u32 = 8;
/// No run has an object closed for longer, in seconds.
const LONGEST: i64 = 10;

/// Gives those of `objects` that a run of this user has closed the modes that its record names. Returns them as they
/// were given.
pub fn show_open(objects: &mut [Object]) -> Vec<Object> {
    let mut closed: Vec<usize> = (0..objects.len()).filter(|&place| looks_closed(&objects[place])).collect();
    let mut were = Vec::new();
    if closed.is_empty() {
        return were;
    }
    let Some(records) = Records::here() else { return were };
    let places = Places::usual();
    for _ in 0..LOOKS {
        let named = Named::of(records.read(&places, None).0);
        closed.retain(|&place| {
            let object = &mut objects[place];
            if let Some(mode) = named.mode(object) {
                were.push(*object);
                object.perm.mode = Mode::new(object.perm.mode.bits() & !Mode::PERMISSIONS | mode.permissions());
                return false;
            }
            // Its run may have opened it and forgotten it before the record was read.
            match inventory::look(object.id) {
                Ok(Some(now)) if (now.perm, now.ctime) != (object.perm, object.ctime) => {
                    (object.perm, object.ctime) = (now.perm, now.ctime);
                    looks_closed(object)
                }
                _ => false,
            }
        });
        if closed.is_empty() {
            break;
        }
    }
    were
}

/// Whether another user's run, whose record cannot be seen, may have closed `object`: its owner's, its creator's or root's.
#[must_use]
pub fn may_be_closed(object: &Object) -> bool {
    let me = accounts::effective_user();
    let its_own = [object.perm.uid, object.perm.cuid];
    // Root needs not open a set to look into it.
    let by_root = object.perm.mode.permissions() == access::CLOSED.permissions() && me.raw() != 0;
    looks_closed(object)
        && (by_root || its_own.iter().any(|user| *user != me))
        && object.ctime.seconds().saturating_add(LONGEST) >= clock::now()
}

/// Whether its mode is one that closing gives.
fn looks_closed(object: &Object) -> bool {
    let mode = object.perm.mode.permissions();
    mode == access::CLOSED.permissions() || object.as_set().is_some() && mode == access::LOOK.permissions()
}

/// What records name, with when their runs began.
struct Named(HashMap<ObjectId, Vec<(Entry, i64)>>);

impl Named {
    fn of(contents: Vec<Content>) -> Self {
        let mut named: HashMap<ObjectId, Vec<(Entry, i64)>> = HashMap::new();
        for Content { objects, time, .. } in contents {
            for entry in objects {
                if let Some(id) = entry.id() {
                    named.entry(id).or_default().push((entry, time));
                }
            }
        }
        Self(named)
    }

    /// The mode that a record names for an object that is closed.
    fn mode(&self, object: &Object) -> Option<Mode> {
        let mut entries = self.0.get(&object.id)?.iter();
        // Closing sets the time of change. A second for the clock's ticks.
        let fits = |(entry, begun): &&(Entry, i64)| {
            entry.is_closed(object) && object.ctime.seconds() >= begun.saturating_sub(1)
        };
        entries.find(fits).map(|(entry, _)| entry.mode())
    }
}
