//! Access by an object's mode.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::status::Credentials;
use crate::sys::{Gid, Perm, Uid};

/// Reading and changing, for the group.
const GROUP: u32 = 0o060;
const OTHERS: u32 = 0o006;

/// The class of an object's mode by which a process is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LetIn {
    /// As the object's creator, who can change its mode.
    Creator,
    /// As its owner, who can.
    Owner,
    /// By a group of it, which is the object's or its creator's.
    Group,
    /// As anybody is.
    Other,
    /// Its credentials cannot be seen.
    Unseen,
}

impl LetIn {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Creator => "creator",
            Self::Owner => "owner",
            Self::Group => "group",
            Self::Other => "other",
            Self::Unseen => "unseen",
        }
    }
}

/// Whether an object with the rights `perm` lets a process in. One that has changed its users may act as any of them.
/// A process that is let in by `CAP_IPC_OWNER` alone does not count: that is every process of root, and all objects.
pub fn let_in(credentials: Option<&Credentials>, perm: &Perm) -> Option<LetIn> {
    let Some(Credentials { uids, gids, .. }) = credentials else { return Some(LetIn::Unseen) };
    let mode = perm.mode.permissions();
    let group = |gid: Gid| gids.contains(&gid.raw());
    if uids.contains(&perm.cuid.raw()) {
        Some(LetIn::Creator)
    } else if uids.contains(&perm.uid.raw()) {
        Some(LetIn::Owner)
    } else if mode & GROUP != 0 && (group(perm.gid) || group(perm.cgid)) {
        Some(LetIn::Group)
    } else {
        (mode & OTHERS != 0).then_some(LetIn::Other)
    }
}

/// Owner, creator and mode: what decides who is let in.
pub type Door = (Uid, Gid, Uid, Gid, u32);

/// The door of an object with the rights `perm`.
pub const fn door(perm: &Perm) -> Door {
    (perm.uid, perm.gid, perm.cuid, perm.cgid, perm.mode.permissions())
}

/// The answers to a question about objects, which is asked once of all that have the same door.
#[derive(Debug)]
pub struct Doors<T, Ask> {
    answers: HashMap<Door, T>,
    ask: Ask,
}

impl<T: Copy, Ask: Fn(&Perm) -> T> Doors<T, Ask> {
    pub fn new(ask: Ask) -> Self {
        Self { answers: HashMap::new(), ask }
    }

    /// The answer for an object with the rights `perm`.
    pub fn of(&mut self, perm: &Perm) -> T {
        *self.answers.entry(door(perm)).or_insert_with(|| (self.ask)(perm))
    }
}

#[cfg(test)]
mod tests {
    use super::{LetIn, let_in};
    use crate::proc::status::Credentials;
    use crate::sys::{Gid, Key, Mode, Perm, Uid};

    #[test]
    fn the_mode_decides_for_all_but_owner_and_creator() {
        let perm = |mode| Perm {
            key: Key::from_bits(0),
            uid: Uid::new(10),
            gid: Gid::new(20),
            cuid: Uid::new(11),
            cgid: Gid::new(21),
            mode: Mode::new(mode),
        };
        let of = |uids: [u32; 4], gids: &[u32], mode| {
            let credentials = Credentials { uids: uids.to_vec(), gids: gids.to_vec(), ..Credentials::default() };
            let_in(Some(&credentials), &perm(mode))
        };
        assert_eq!(of([10; 4], &[1], 0), Some(LetIn::Owner));
        assert_eq!(of([11; 4], &[1], 0), Some(LetIn::Creator));
        // For now another, but it can be itself again.
        assert_eq!(of([65534, 65534, 10, 65534], &[1], 0), Some(LetIn::Owner));
        assert_eq!(of([12; 4], &[1, 21], 0o640), Some(LetIn::Group));
        assert_eq!(of([12; 4], &[20], 0o606), Some(LetIn::Other));
        assert_eq!(of([12; 4], &[20], 0o600), None);
        assert_eq!(of([12; 4], &[1], 0o660), None);
        // Root is let in by its capability alone.
        assert_eq!(of([0; 4], &[0], 0o600), None);
        assert_eq!(let_in(None, &perm(0)), Some(LetIn::Unseen));
    }
}
