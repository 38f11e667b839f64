//! What several targets need.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ipcadm::render::escape::is_unsafe;

/// Panics if a terminal would obey something in `text`. A backslash begins an escape, and `also` is allowed.
pub(crate) fn assert_harmless(text: &str, also: &[char]) {
    if let Some(c) = text.chars().find(|c| is_unsafe(*c) && *c != '\\' && !also.contains(c)) {
        panic!("{c:?} in {text:?}");
    }
}

/// The arguments of a program, in the input between NUL bytes, as in `/proc/PID/cmdline`.
pub(crate) fn arguments(data: &[u8]) -> Vec<OsString> {
    data.split(|&byte| byte == 0).take(64).map(|word| OsString::from_vec(word.to_vec())).collect()
}
