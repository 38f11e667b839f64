//! Names of users and groups, each looked up once.

use crate::sys::{Gid, Perm, Uid, accounts};

/// A number as a listing needs it named: looked up once, found again without hashing.
#[derive(Debug, Default)]
struct Cache {
    /// Sorted by number.
    entries: Vec<(u32, Option<Box<str>>)>,
}

impl Cache {
    fn fill(&mut self, mut numbers: Vec<u32>, look_up: impl Fn(u32) -> Option<String>) {
        numbers.sort_unstable();
        numbers.dedup();
        self.entries =
            numbers.into_iter().map(|number| (number, look_up(number).map(String::into_boxed_str))).collect();
    }

    /// Of names known from elsewhere: of several of a number, the first.
    fn known(names: &[(u32, Option<&str>)]) -> Self {
        let mut sorted = names.to_vec();
        sorted.sort_by_key(|entry| entry.0);
        sorted.dedup_by_key(|entry| entry.0);
        Self { entries: sorted.into_iter().map(|(number, name)| (number, name.map(Into::into))).collect() }
    }

    fn get(&self, number: u32) -> Option<&str> {
        let at = self.entries.binary_search_by_key(&number, |entry| entry.0).ok()?;
        self.entries[at].1.as_deref()
    }

    fn all(&self) -> impl Iterator<Item = (u32, Option<&str>)> {
        self.entries.iter().map(|(number, name)| (*number, name.as_deref()))
    }
}

/// A user that an object has: its owner or its creator.
pub type UserOf = fn(&Perm) -> Uid;
/// A group that an object has: its owner's or its creator's.
pub type GroupOf = fn(&Perm) -> Gid;

/// The names that a listing needs.
#[derive(Debug, Default)]
pub struct Names {
    users: Cache,
    groups: Cache,
}

impl Names {
    /// Looks up those of the objects' users and groups that are shown, once each.
    #[must_use]
    pub fn of<'a>(perms: impl Iterator<Item = &'a Perm>, users: &[UserOf], groups: &[GroupOf]) -> Self {
        let (mut uids, mut gids) = (Vec::new(), Vec::new());
        for perm in perms {
            users.iter().for_each(|user| note(&mut uids, user(perm).raw()));
            groups.iter().for_each(|group| note(&mut gids, group(perm).raw()));
        }
        Self::look_up(uids, gids)
    }

    /// Looks up every user and group once. Repeated numbers cost nothing, so callers need not weed them out, but
    /// runs of equal numbers are best left out for the sake of memory.
    #[must_use]
    pub fn look_up(users: Vec<u32>, groups: Vec<u32>) -> Self {
        let mut names = Self::default();
        names.users.fill(users, |uid| accounts::user_name(Uid::new(uid)));
        names.groups.fill(groups, |gid| accounts::group_name(Gid::new(gid)));
        names
    }

    /// Names known from elsewhere, by number.
    #[must_use]
    pub fn known(users: &[(u32, Option<&str>)], groups: &[(u32, Option<&str>)]) -> Self {
        Self { users: Cache::known(users), groups: Cache::known(groups) }
    }

    /// The name of a user that was looked up; None if it has none.
    #[must_use]
    pub fn user(&self, uid: Uid) -> Option<&str> {
        self.users.get(uid.raw())
    }

    /// The name of a group that was looked up; None if it has none.
    #[must_use]
    pub fn group(&self, gid: Gid) -> Option<&str> {
        self.groups.get(gid.raw())
    }

    /// All users that were looked up, by number.
    pub fn users(&self) -> impl Iterator<Item = (u32, Option<&str>)> {
        self.users.all()
    }

    /// All groups that were looked up, by number.
    pub fn groups(&self) -> impl Iterator<Item = (u32, Option<&str>)> {
        self.groups.all()
    }
}

/// Runs of equal numbers are noted once, and a few that alternate as well, or a long listing would double in memory.
fn note(numbers: &mut Vec<u32>, number: u32) {
    if !numbers.iter().rev().take(4).any(|&noted| noted == number) {
        numbers.push(number);
    }
}

/// A user in a message: the name, or the number without one.
#[must_use]
pub fn user_text(uid: Uid) -> String {
    accounts::user_name(uid).map_or_else(|| uid.to_string(), |name| crate::render::escape::escape(&name).into_owned())
}

/// A group in a message: the name, or the number without one.
#[must_use]
pub fn group_text(gid: Gid) -> String {
    accounts::group_name(gid).map_or_else(|| gid.to_string(), |name| crate::render::escape::escape(&name).into_owned())
}
