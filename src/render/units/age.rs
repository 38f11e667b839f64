//! Ages: `3h`.

use super::number::{digits, push_u64};

/// Prefix of negative ages.
const AHEAD: &str = "in ";

/// The number and unit of an age, without its sign.
pub(crate) fn shown_age(seconds: i64) -> (u64, &'static str) {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    match seconds.unsigned_abs() {
        age @ 0..MINUTE => (age, "s"),
        age @ MINUTE..HOUR => (age / MINUTE, "m"),
        age @ HOUR..DAY => (age / HOUR, "h"),
        age @ DAY..YEAR => (age / DAY, "d"),
        age => (age / YEAR, "y"),
    }
}

/// Appends an age in seconds in its largest whole unit, rounded down: `59s`, `1m`, `23h`, `364d`, `2y` (years of 365
/// days). A negative age is a time ahead: `in 3m`.
pub fn push_age(out: &mut String, seconds: i64) {
    if seconds < 0 {
        out.push_str(AHEAD);
    }
    let (number, unit) = shown_age(seconds);
    push_u64(out, number);
    out.push_str(unit);
}

/// The columns (and bytes) of [`push_age`].
pub fn age_width(seconds: i64) -> usize {
    let ahead = if seconds < 0 { AHEAD.len() } else { 0 };
    ahead + digits(shown_age(seconds).0) + 1
}
