//! What is special about each kind of object: one [`Class`] a kind, and all of them in one list.

mod calls;
pub mod class;
pub mod field;
pub mod limit;
pub mod model;
pub mod msg;
pub mod recorded;
pub mod sem;
pub mod shm;
pub mod system_v;

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::kind::class::{Attributes, Class};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::kind::recorded::Activity;
use crate::render::text::plural;
use crate::sys::{self, Errno, Timestamp};

/// The only list of the kinds, in the order of [`Kind`]'s variants.
pub static CLASSES: [&Class; 3] = [&shm::CLASS, &sem::CLASS, &msg::CLASS];

impl Kind {
    /// All that is special about it.
    #[must_use]
    pub fn class(self) -> &'static Class {
        CLASSES[self as usize]
    }

    /// The word on the command line and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.class().word
    }

    /// The kind that `word` names.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word().as_bytes() == word)
    }

    /// What one such object is called in a sentence.
    #[must_use]
    pub fn noun(self) -> &'static str {
        self.class().noun
    }

    /// So many of them, in words.
    #[must_use]
    pub fn count(self, number: u64) -> String {
        plural(number, self.noun())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Object {
    /// The latest of all times the kernel keeps for it.
    #[must_use]
    pub fn activity(&self) -> Timestamp {
        self.kind().class().activities.iter().map(|activity| (activity.time)(self)).fold(self.ctime, Ord::max)
    }
}

impl<'de> Deserialize<'de> for &'static Activity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let field = <&str>::deserialize(deserializer)?;
        let mut all = CLASSES.iter().flat_map(|class| class.activities).chain([&recorded::CHANGED]);
        all.find(|activity| activity.field == field).ok_or_else(|| D::Error::custom("no such time"))
    }
}

/// `IPC_RMID` without any check: for what this program itself made a moment ago, or has checked.
///
/// # Errors
/// The kernel's; `EOPNOTSUPP` where objects of this kind cannot be removed.
pub fn remove_id(id: ObjectId) -> sys::Result<()> {
    id.kind.class().remove.map_or(Err(Errno::EOPNOTSUPP), |remove| remove(id))
}

/// Gives an object new attributes.
///
/// # Errors
/// As [`Class::set`]; `EOPNOTSUPP` where objects of this kind have none.
pub fn set(id: ObjectId, attributes: Attributes) -> sys::Result<()> {
    id.kind.class().set.map_or(Err(Errno::EOPNOTSUPP), |set| set(id, attributes))
}

#[cfg(test)]
mod tests {
    use super::CLASSES;
    use crate::kind::model::Kind;

    #[test]
    fn each_kind_has_its_class() {
        for (kind, class) in Kind::ALL.into_iter().zip(CLASSES) {
            assert_eq!(class.kind, kind);
            assert_eq!(Kind::from_word(class.word.as_bytes()), Some(kind));
            assert!(class.fields.iter().all(|field| field.kinds.single() == Some(kind)), "{kind}");
        }
        assert_eq!(Kind::ALL.len(), CLASSES.len());
    }
}
