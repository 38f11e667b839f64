//! Parsers of option values. Their errors follow `invalid value` in a usage error.

use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::error::{Error, Result};
use crate::render::escape::escape;
pub(crate) use crate::render::units::{parse_duration as duration, parse_size as size};
use crate::sys::msg::MAX_QBYTES;
use crate::sys::sem::MAX_VALUE;
use crate::sys::{Gid, Uid, accounts};

const EMPTY: &str = "is empty (an unset variable?)";

pub(crate) fn non_empty(text: &str) -> std::result::Result<String, String> {
    if text.is_empty() { Err(EMPTY.to_owned()) } else { Ok(text.to_owned()) }
}

/// Need not be UTF-8.
pub(crate) fn non_empty_path() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|path| if path.is_empty() { Err(EMPTY.to_owned()) } else { Ok(path) })
}

pub(crate) fn count<T: FromStr>(text: &str) -> std::result::Result<T, String> {
    if text.is_empty() {
        return Err(EMPTY.to_owned());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no number".to_owned());
    }
    text.parse().map_err(|_| "is too large".to_owned())
}

pub(crate) fn exit_status(text: &str) -> std::result::Result<u8, String> {
    up_to(u8::MAX, "an exit status", text)
}

pub(crate) fn count_from_1(text: &str) -> std::result::Result<u64, String> {
    match count(text)? {
        0 => Err("is not 1 or more".to_owned()),
        number => Ok(number),
    }
}

/// The capacity of a queue: the kernel would silently cut a larger one to 32 bits.
pub(crate) fn capacity(text: &str) -> std::result::Result<u64, String> {
    let bytes = size(text)?;
    if (1..=MAX_QBYTES).contains(&bytes) { Ok(bytes) } else { Err(format!("a queue holds 1 to {MAX_QBYTES} bytes")) }
}

pub(crate) fn semaphore_value(text: &str) -> std::result::Result<u16, String> {
    up_to(MAX_VALUE, "a value", text)
}

fn up_to<T: FromStr + PartialOrd + Display>(most: T, noun: &str, text: &str) -> std::result::Result<T, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|value| digits && *value <= most).ok_or_else(|| format!("{noun} is 0 to {most}"))
}

/// A user by name or number; otherwise a usage error naming `option`.
pub(crate) fn user(option: &str, text: &str) -> Result<Uid> {
    account(option, text, "user", |name| accounts::user_by_name(name).map(|uid| uid.map(Uid::raw))).map(Uid::new)
}

/// A group by name or number; otherwise a usage error naming `option`.
pub(crate) fn group(option: &str, text: &str) -> Result<Gid> {
    account(option, text, "group", |name| accounts::group_by_name(name).map(|gid| gid.map(Gid::raw))).map(Gid::new)
}

fn account(
    option: &str,
    text: &str,
    noun: &str,
    look_up: impl Fn(&str) -> crate::sys::Result<Option<u32>>,
) -> Result<u32> {
    let shown = escape(text);
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // For the kernel the last number means "no change"; nobody has it.
        return text
            .parse()
            .ok()
            .filter(|&number| number != u32::MAX)
            .ok_or_else(|| Error::Usage(format!("{option}: {shown} is no {noun} number (0 to 4294967294)")));
    }
    match look_up(text) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(Error::Usage(format!("{option}: no such {noun}: {shown}"))),
        Err(errno) => Err(Error::Usage(format!("{option}: cannot look up {noun} {shown}: {errno}"))),
    }
}
