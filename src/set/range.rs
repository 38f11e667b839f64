//! Ranges of semaphores: `3`, or `0:3` for 0, 1, 2 and 3.

use std::fmt;

use crate::error::{Error, Result};

/// The largest index that the system calls take.
const MAX_INDEX: u32 = i32::MAX as u32;

/// Indexes from 0; `last` is included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: u32,
    last: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    #[error("names no semaphore (an unset variable?)")]
    Empty,
    #[error("semaphores are named by number, as 3, or as 0:3 for a range")]
    Malformed,
    #[error("a number of a semaphore has no leading zero")]
    LeadingZero,
    #[error("no semaphore has a number above {MAX_INDEX}")]
    TooLarge,
    #[error("the last semaphore of a range cannot come before the first")]
    Backwards,
}

impl Range {
    /// Reads `3` or `0:3`: decimal, without sign, blank or leading zero.
    pub fn parse(text: &str) -> std::result::Result<Self, BadRange> {
        if text.is_empty() {
            return Err(BadRange::Empty);
        }
        let (first, last) = text.split_once(':').unwrap_or((text, text));
        let (first, last) = (index(first)?, index(last)?);
        if first > last { Err(BadRange::Backwards) } else { Ok(Self { first, last }) }
    }

    pub const fn first(self) -> u32 {
        self.first
    }

    pub const fn last(self) -> u32 {
        self.last
    }

    /// At least 1.
    pub fn count(self) -> u64 {
        u64::from(self.last) - u64::from(self.first) + 1
    }

    pub fn iter(self) -> impl Iterator<Item = u32> {
        self.first..=self.last
    }

    /// A usage error unless `set`, which has `nsems` semaphores, has them all.
    pub fn check(self, set: impl fmt::Display, nsems: u64) -> Result<()> {
        if u64::from(self.last) < nsems {
            return Ok(());
        }
        let has = match nsems {
            1 => "1 semaphore, 0".to_owned(),
            _ => format!("{nsems} semaphores, 0 to {}", nsems.saturating_sub(1)),
        };
        Err(Error::Usage(format!("no semaphore {} in {set}: it has {has}", self.last)))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}:{}", self.first, self.last) }
    }
}

fn index(text: &str) -> std::result::Result<u32, BadRange> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadRange::Malformed);
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(BadRange::LeadingZero);
    }
    text.parse().ok().filter(|&index| index <= MAX_INDEX).ok_or(BadRange::TooLarge)
}
