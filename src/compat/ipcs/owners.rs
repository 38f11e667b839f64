//! Owners and groups: the name, or the number of those without one.

use crate::compat::common::harmless;
use crate::kind::model::Object;
use crate::object::names::Names;
use crate::sys::{Gid, Uid};

/// The texts of all users and groups of a listing, made once each and sorted by number.
#[derive(Debug, Default)]
pub(super) struct Owners {
    users: Vec<(u32, Box<str>)>,
    groups: Vec<(u32, Box<str>)>,
}

impl Owners {
    /// Of the owners of `objects`; with `creators`, of their groups and creators too.
    #[must_use]
    pub(super) fn of(objects: &[Object], creators: bool) -> Self {
        let perms = objects.iter().map(|object| &object.perm);
        let names = match creators {
            true => Names::of(perms, &[|perm| perm.uid, |perm| perm.cuid], &[|perm| perm.gid, |perm| perm.cgid]),
            false => Names::of(perms, &[|perm| perm.uid], &[]),
        };
        let shown = |(number, name)| (number, text(number, name));
        Self { users: names.users().map(shown).collect(), groups: names.groups().map(shown).collect() }
    }

    /// A user of the listing.
    #[must_use]
    pub(super) fn user(&self, uid: Uid) -> &str {
        find(&self.users, uid.raw())
    }

    /// A group of the listing, if creators were asked for.
    #[must_use]
    pub(super) fn group(&self, gid: Gid) -> &str {
        find(&self.groups, gid.raw())
    }
}

fn text(number: u32, name: Option<&str>) -> Box<str> {
    name.map_or_else(|| number.to_string(), harmless).into_boxed_str()
}

fn find(texts: &[(u32, Box<str>)], number: u32) -> &str {
    texts.binary_search_by_key(&number, |entry| entry.0).map_or("?", |at| &texts[at].1)
}

#[cfg(test)]
mod tests {
    use super::{Owners, text};
    use crate::kind::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

    #[test]
    fn a_name_shows_as_it_is_unless_it_could_deceive() {
        assert_eq!(&*text(7, Some("DOMAIN\\user")), "DOMAIN\\user");
        assert_eq!(&*text(7, Some("ro\x1b[2Jot\n")), "ro\\x1b[2Jot\\n");
        assert_eq!(&*text(4_294_967_294, None), "4294967294");
    }

    #[test]
    fn everybody_is_found_however_they_alternate() {
        let never = Timestamp::new(0);
        let set = |number: u32| {
            let perm = Perm {
                key: Key::from_bits(0),
                uid: Uid::new(number % 7),
                gid: Gid::new(3_999_999_900 + number % 5),
                cuid: Uid::new(3_999_999_990 + number % 9),
                cgid: Gid::new(0),
                mode: Mode::new(0),
            };
            Object::set(SemId::new(0), &SemStat { perm, otime: never, ctime: never, nsems: 1 })
        };
        let objects: Vec<Object> = (0..100).map(set).collect();
        let owners = Owners::of(&objects, true);
        for perm in objects.iter().map(|object| &object.perm) {
            assert_ne!(owners.user(perm.uid), "?");
            assert_eq!(owners.user(perm.cuid), perm.cuid.raw().to_string());
            assert_eq!(owners.group(perm.gid), perm.gid.raw().to_string());
            assert_eq!(owners.group(perm.cgid), "root");
        }
        assert_eq!(owners.user(Uid::new(0)), "root");
    }
}
