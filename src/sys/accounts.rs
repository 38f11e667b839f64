//! Names of users and groups, and who the caller is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use nix::unistd::{Group, User};

use super::errno::{Errno, Result};
use super::types::{Gid, Uid};

/// No user or group has a longer name (`LOGIN_NAME_MAX`). Longer ones are not looked up: an NSS module may crash on
/// them.
pub(crate) const MAX_NAME: usize = 256;
/// Names whose numbers are cached: they come from archives, which may have any; later ones are looked up each time.
const MOST_NUMBERS: usize = 4096;

pub fn effective_user() -> Uid {
    Uid::new(rustix::process::geteuid().as_raw())
}

pub(crate) fn effective_group() -> Gid {
    Gid::new(rustix::process::getegid().as_raw())
}

/// Names by number, each looked up once in a run: a directory service may take long to answer.
type Names = Mutex<BTreeMap<u32, Option<String>>>;
type Numbers = Mutex<BTreeMap<String, Option<u32>>>;

/// The name of a user; None without one, or when the account database cannot be asked.
pub(crate) fn user_name(uid: Uid) -> Option<String> {
    static NAMES: Names = Mutex::new(BTreeMap::new());
    name_of(&NAMES, uid.raw(), |number| Ok(User::from_uid(number.into())?.map(|user| user.name)))
}

pub(crate) fn group_name(gid: Gid) -> Option<String> {
    static NAMES: Names = Mutex::new(BTreeMap::new());
    name_of(&NAMES, gid.raw(), |number| Ok(Group::from_gid(number.into())?.map(|group| group.name)))
}

/// `Ok(None)` when no user has this name; an error when the account database cannot be asked.
pub(crate) fn user_by_name(name: &str) -> Result<Option<Uid>> {
    static NUMBERS: Numbers = Mutex::new(BTreeMap::new());
    number_of(&NUMBERS, name, |name| Ok(User::from_name(name)?.map(|user| user.uid.as_raw())))
        .map(|number| number.map(Uid::new))
}

/// `Ok(None)` when no group has this name; an error when the account database cannot be asked.
pub(crate) fn group_by_name(name: &str) -> Result<Option<Gid>> {
    static NUMBERS: Numbers = Mutex::new(BTreeMap::new());
    number_of(&NUMBERS, name, |name| Ok(Group::from_name(name)?.map(|group| group.gid.as_raw())))
        .map(|number| number.map(Gid::new))
}

fn name_of(names: &Names, number: u32, look_up: impl Fn(u32) -> nix::Result<Option<String>>) -> Option<String> {
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    let look_up = || {
        // A directory service may be slow; no process is to blame.
        super::process::probe::note(0, 0);
        answer(|| look_up(number)).ok().flatten()
    };
    names.entry(number).or_insert_with(look_up).clone()
}

fn number_of(numbers: &Numbers, name: &str, look_up: impl Fn(&str) -> nix::Result<Option<u32>>) -> Result<Option<u32>> {
    if name.len() > MAX_NAME || name.contains('\0') {
        return Ok(None);
    }
    let mut numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(number) = numbers.get(name) {
        return Ok(*number);
    }
    let number = answer(|| look_up(name))?;
    if numbers.len() < MOST_NUMBERS {
        numbers.insert(name.to_owned(), number);
    }
    Ok(number)
}

/// Tells "no such name" from "cannot be asked".
fn answer<T>(ask: impl Fn() -> nix::Result<Option<T>>) -> Result<Option<T>> {
    loop {
        match ask() {
            Ok(found) => return Ok(found),
            Err(nix::Error::EINTR) => {}
            // These numbers all mean "no such name" to one C library or another (getpwnam(3)).
            Err(nix::Error::ENOENT | nix::Error::ESRCH | nix::Error::EBADF | nix::Error::EPERM) => return Ok(None),
            Err(error) => return Err(Errno::from_raw(error as i32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{group_by_name, group_name, user_by_name, user_name};
    use crate::sys::{Gid, Uid};

    #[test]
    fn root_is_known_both_ways_and_strangers_are_not() {
        assert_eq!(user_name(Uid::new(0)).as_deref(), Some("root"));
        assert_eq!(group_name(Gid::new(0)).as_deref(), Some("root"));
        assert_eq!(user_by_name("root"), Ok(Some(Uid::new(0))));
        assert_eq!(group_by_name("root"), Ok(Some(Gid::new(0))));
        assert_eq!(user_by_name("no such user"), Ok(None));
        assert_eq!(user_by_name("nul\0inside"), Ok(None));
        assert_eq!((user_by_name(&"a".repeat(256)), user_by_name(&"a".repeat(257))), (Ok(None), Ok(None)));
        assert_eq!(user_name(Uid::new(3_999_999_999)), None);
    }
}
