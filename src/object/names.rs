//! Cached names of users and groups.

use crate::sys::{Gid, Perm, Uid, accounts};

/// Names by number, found without hashing.
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

    /// For repeated numbers the first name counts.
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

/// The owner or the creator.
pub type UserOf = fn(&Perm) -> Uid;
/// The owner's group or the creator's.
pub type GroupOf = fn(&Perm) -> Gid;

#[derive(Debug, Default)]
pub struct Names {
    users: Cache,
    groups: Cache,
}

impl Names {
    /// Looks up the users and groups that are shown, once each.
    pub fn of<'a>(perms: impl Iterator<Item = &'a Perm>, users: &[UserOf], groups: &[GroupOf]) -> Self {
        let (mut uids, mut gids) = (Vec::new(), Vec::new());
        for perm in perms {
            users.iter().for_each(|user| note(&mut uids, user(perm).raw()));
            groups.iter().for_each(|group| note(&mut gids, group(perm).raw()));
        }
        Self::look_up(uids, gids)
    }

    /// Numbers may repeat, but runs of equal numbers waste memory.
    pub(crate) fn look_up(users: Vec<u32>, groups: Vec<u32>) -> Self {
        let mut names = Self::default();
        names.users.fill(users, |uid| accounts::user_name(Uid::new(uid)));
        names.groups.fill(groups, |gid| accounts::group_name(Gid::new(gid)));
        names
    }

    /// Names from elsewhere, by number.
    pub fn known(users: &[(u32, Option<&str>)], groups: &[(u32, Option<&str>)]) -> Self {
        Self { users: Cache::known(users), groups: Cache::known(groups) }
    }

    pub fn user(&self, uid: Uid) -> Option<&str> {
        self.users.get(uid.raw())
    }

    pub fn group(&self, gid: Gid) -> Option<&str> {
        self.groups.get(gid.raw())
    }

    pub fn users(&self) -> impl Iterator<Item = (u32, Option<&str>)> {
        self.users.all()
    }

    pub fn groups(&self) -> impl Iterator<Item = (u32, Option<&str>)> {
        self.groups.all()
    }
}

/// Skips repetitions of the last few numbers, which would double the memory of a long listing.
fn note(numbers: &mut Vec<u32>, number: u32) {
    if !numbers.iter().rev().take(4).any(|&noted| noted == number) {
        numbers.push(number);
    }
}

/// For messages: the name, or else the number.
pub(crate) fn user_text(uid: Uid) -> String {
    accounts::user_name(uid).map_or_else(|| uid.to_string(), |name| crate::render::escape::escape(&name).into_owned())
}

/// For messages: the name, or else the number.
pub(crate) fn group_text(gid: Gid) -> String {
    accounts::group_name(gid).map_or_else(|| gid.to_string(), |name| crate::render::escape::escape(&name).into_owned())
}
