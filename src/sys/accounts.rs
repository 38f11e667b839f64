//! Names of users and groups, and who the caller is.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use super::errno::{Errno, Result};
use super::types::{Gid, Uid};

/// Buffers for one account entry start here and double up to [`MAX_BUFFER`].
const FIRST_BUFFER: usize = 1024;
/// No sane entry is larger; groups with very many members are.
const MAX_BUFFER: usize = 1 << 24;
/// No user or group has a longer name (`LOGIN_NAME_MAX`). The account database never gets to see one: a part of it may
/// end the program that asks.
pub const MAX_NAME: usize = 256;

/// The effective user of this process.
#[must_use]
pub fn effective_user() -> Uid {
    Uid::new(rustix::process::geteuid().as_raw())
}

/// The effective group of this process.
#[must_use]
pub fn effective_group() -> Gid {
    Gid::new(rustix::process::getegid().as_raw())
}

/// Names by number, each looked up once in a run: a directory service may take long to answer.
type Names = Mutex<BTreeMap<u32, Option<String>>>;
static USERS: Names = Mutex::new(BTreeMap::new());
static GROUPS: Names = Mutex::new(BTreeMap::new());

/// Numbers by name, likewise.
type Numbers = Mutex<BTreeMap<String, Option<u32>>>;
static USER_NUMBERS: Numbers = Mutex::new(BTreeMap::new());
static GROUP_NUMBERS: Numbers = Mutex::new(BTreeMap::new());
/// So many names are remembered: who gives more gives them for that.
const MOST_NUMBERS: usize = 4096;

fn number_once(
    numbers: &Numbers,
    name: &str,
    look_up: impl FnOnce(CString) -> Result<Option<u32>>,
) -> Result<Option<u32>> {
    let Some(possible) = possible(name) else { return Ok(None) };
    let mut numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(number) = numbers.get(name) {
        return Ok(*number);
    }
    let number = look_up(possible)?;
    if numbers.len() < MOST_NUMBERS {
        numbers.insert(name.to_owned(), number);
    }
    Ok(number)
}

fn once(names: &Names, number: u32, look_up: impl FnOnce() -> Option<String>) -> Option<String> {
    let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
    names
        .entry(number)
        .or_insert_with(|| {
            // A directory service may take its time; no process is to blame.
            crate::sys::process::probe::note(0, 0);
            look_up()
        })
        .clone()
}

/// The name of a user; None without one, or when the account database cannot be asked.
#[must_use]
pub fn user_name(uid: Uid) -> Option<String> {
    once(&USERS, uid.raw(), || look_up_user(uid))
}

/// The name of a group; None without one, or when the account database cannot be asked.
#[must_use]
pub fn group_name(gid: Gid) -> Option<String> {
    once(&GROUPS, gid.raw(), || look_up_group(gid))
}

fn look_up_user(uid: Uid) -> Option<String> {
    look_up(
        |entry: *mut libc::passwd, buffer, len, result| {
            // SAFETY: `look_up` passes an entry, a buffer of `len` bytes and a place for the result.
            unsafe { libc::getpwuid_r(uid.raw(), entry, buffer, len, result) }
        },
        // SAFETY: of an entry found, pw_name is a C string in the buffer, still alive.
        |entry| unsafe { owned(entry.pw_name) },
    )
    .ok()
    .flatten()
}

fn look_up_group(gid: Gid) -> Option<String> {
    look_up(
        |entry: *mut libc::group, buffer, len, result| {
            // SAFETY: as in `user_name`.
            unsafe { libc::getgrgid_r(gid.raw(), entry, buffer, len, result) }
        },
        // SAFETY: of an entry found, gr_name is a C string in the buffer, still alive.
        |entry| unsafe { owned(entry.gr_name) },
    )
    .ok()
    .flatten()
}

/// The user with this name; `Ok(None)` when there is none.
///
/// # Errors
/// Whatever the account database answers when it cannot be asked.
pub fn user_by_name(name: &str) -> Result<Option<Uid>> {
    let ask = |name: CString| {
        look_up(
            |entry: *mut libc::passwd, buffer, len, result| {
                // SAFETY: as in `user_name`; the name is a C string that outlives the call.
                unsafe { libc::getpwnam_r(name.as_ptr(), entry, buffer, len, result) }
            },
            |entry| entry.pw_uid,
        )
    };
    number_once(&USER_NUMBERS, name, ask).map(|number| number.map(Uid::new))
}

/// The group with this name; `Ok(None)` when there is none.
///
/// # Errors
/// Whatever the account database answers when it cannot be asked.
pub fn group_by_name(name: &str) -> Result<Option<Gid>> {
    let ask = |name: CString| {
        look_up(
            |entry: *mut libc::group, buffer, len, result| {
                // SAFETY: as in `user_by_name`.
                unsafe { libc::getgrnam_r(name.as_ptr(), entry, buffer, len, result) }
            },
            |entry| entry.gr_gid,
        )
    };
    number_once(&GROUP_NUMBERS, name, ask).map(|number| number.map(Gid::new))
}

/// A name as C has it, if it can be one.
fn possible(name: &str) -> Option<CString> {
    CString::new(name).ok().filter(|_| name.len() <= MAX_NAME)
}

/// Runs one of the `get*_r` calls, which return an error number (not -1) and ask for more room by `ERANGE`.
fn look_up<Entry, Found>(
    call: impl Fn(*mut Entry, *mut libc::c_char, usize, *mut *mut Entry) -> libc::c_int,
    found: impl Fn(&Entry) -> Found,
) -> Result<Option<Found>> {
    let mut buffer: Vec<libc::c_char> = vec![0; FIRST_BUFFER];
    loop {
        let mut entry = MaybeUninit::<Entry>::uninit();
        let mut result: *mut Entry = ptr::null_mut();
        let code = call(entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut result);
        match code {
            // These numbers all mean "no such name" to one C library or another (getpwnam(3)).
            0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM if result.is_null() => return Ok(None),
            // SAFETY: on success the result points at the entry, filled in, whose strings are in `buffer`.
            0 => return Ok(Some(found(unsafe { &*result }))),
            libc::EINTR => {}
            libc::ERANGE if buffer.len() < MAX_BUFFER => buffer = vec![0; buffer.len() * 2],
            _ => return Err(Errno::from_raw(code)),
        }
    }
}

/// # Safety
/// `text` must be a C string.
unsafe fn owned(text: *const libc::c_char) -> String {
    // SAFETY: the caller vouches for it.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
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
        assert_eq!((super::possible(&"a".repeat(256)).is_some(), super::possible(&"a".repeat(257))), (true, None));
        assert_eq!(user_name(Uid::new(3_999_999_999)), None);
    }
}
