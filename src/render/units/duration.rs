//! Durations: `90`, `500ms`, `1h30m`.

use std::time::Duration;

use super::decimal::{Number, shown_unit};

/// Why a text is not a duration.
///
/// The message is the reason alone; the caller puts the option and the offending word before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// There is no text at all.
    #[error("is empty")]
    Empty,
    /// The text starts with `+` or `-`.
    #[error("has a sign (a duration is a plain number with a unit)")]
    Signed,
    /// The text has a blank, at an end or inside.
    #[error("has a blank in it")]
    Blank,
    /// The text does not have the form of a duration.
    #[error("is not a duration (write it like 90, 0.25s, 500ms, 10m or 1h30m)")]
    Malformed,
    /// A number is followed by letters that are no unit. They are held escaped and shortened.
    #[error("has an unknown unit '{0}' (use w, d, h, m, s or ms)")]
    UnknownUnit(String),
    /// A number without a unit follows other parts, as in `1h30`.
    #[error("ends in a number without a unit")]
    MissingUnit,
    /// Units repeat or are not in descending order.
    #[error("does not have its units in descending order, each at most once (w, d, h, m, s, ms)")]
    Order,
    /// A part other than the last has a decimal fraction.
    #[error("has a fraction before its last part")]
    FractionNotLast,
    /// The fraction has more than nine decimals.
    #[error("has more than nine decimals")]
    TooManyDecimals,
    /// The duration is not a whole number of nanoseconds.
    #[error("is not a whole number of nanoseconds")]
    NotWhole,
    /// The duration is 2^64 seconds or more.
    #[error("is longer than 2^64-1 seconds")]
    TooLong,
}

/// Nanoseconds in a second.
const NANOS: u128 = 1_000_000_000;

/// The units of durations in descending order, with their nanoseconds.
const DURATION_UNITS: [(&str, u128); 6] = [
    ("w", 604_800 * NANOS),
    ("d", 86_400 * NANOS),
    ("h", 3_600 * NANOS),
    ("m", 60 * NANOS),
    ("s", NANOS),
    ("ms", NANOS / 1000),
];

/// The place of seconds among [`DURATION_UNITS`].
const SECONDS: usize = 4;

/// Reads a duration.
///
/// A duration is a number of seconds (`90`, `1.5`), or numbers with the units `w`, `d`, `h`, `m`,
/// `s` and `ms` in descending order, each at most once (`500ms`, `1h30m`). Units are in lower
/// case. The last number may have a fraction of up to nine decimals, with digits on both sides of
/// the point, if the result is a whole number of nanoseconds. Zero is a duration like any other.
///
/// # Errors
///
/// Returns the reason when `text` is not of this form or is 2^64 seconds or longer.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    if text.is_empty() {
        return Err(DurationError::Empty);
    }
    if text.contains(char::is_whitespace) {
        return Err(DurationError::Blank);
    }
    if text.starts_with(['+', '-']) {
        return Err(DurationError::Signed);
    }
    // No number above this is within range even in the smallest unit, and six numbers up to it
    // in their units add up to less than 2^125.
    let limit = u128::from(u64::MAX) * 1000 + 999;
    let mut total = 0u128;
    let mut first_allowed = 0;
    let mut rest = text;
    let mut alone = true;
    while !rest.is_empty() {
        let (number, after) = Number::split(rest).ok_or(DurationError::Malformed)?;
        let end = after.find(|letter: char| !letter.is_alphabetic()).unwrap_or(after.len());
        let (unit, tail) = after.split_at(end);
        let place = if unit.is_empty() {
            if !tail.is_empty() {
                return Err(DurationError::Malformed);
            }
            if !alone {
                return Err(DurationError::MissingUnit);
            }
            SECONDS
        } else {
            DURATION_UNITS
                .iter()
                .position(|&(known, _)| known == unit)
                .ok_or_else(|| DurationError::UnknownUnit(shown_unit(unit)))?
        };
        if place < first_allowed {
            return Err(DurationError::Order);
        }
        let (_, nanos) = DURATION_UNITS[place];
        let whole = number.whole_up_to(limit).ok_or(DurationError::TooLong)?;
        total += whole * nanos;
        if let Some(decimals) = number.fraction {
            if tail.starts_with(|next: char| next.is_ascii_digit()) {
                return Err(DurationError::FractionNotLast);
            }
            if decimals.len() > 9 {
                return Err(DurationError::TooManyDecimals);
            }
            let billionths = decimals
                .bytes()
                .chain(std::iter::repeat(b'0'))
                .take(9)
                .fold(0u128, |value, digit| value * 10 + u128::from(digit.wrapping_sub(b'0')));
            let product = billionths * nanos;
            if product % NANOS != 0 {
                return Err(DurationError::NotWhole);
            }
            total += product / NANOS;
        }
        first_allowed = place + 1;
        alone = false;
        rest = tail;
    }
    let seconds = u64::try_from(total / NANOS).map_err(|_| DurationError::TooLong)?;
    Ok(Duration::new(seconds, (total % NANOS) as u32))
}
