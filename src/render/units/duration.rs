//! Durations: `90`, `500ms`, `1h30m`.

use std::time::Duration;

use super::decimal::{Number, check, unknown_unit};

const NANOS: u64 = 1_000_000_000;
/// In descending order, with their nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("w", 604_800 * NANOS),
    ("d", 86_400 * NANOS),
    ("h", 3_600 * NANOS),
    ("m", 60 * NANOS),
    ("s", NANOS),
    ("ms", NANOS / 1000),
];
/// The default unit: an index of [`UNITS`].
const SECONDS: usize = 4;

const MALFORMED: &str = "is not a duration (write it like 90, 0.25s, 500ms, 10m or 1h30m)";
const TOO_LONG: &str = "is longer than 2^64-1 seconds";

/// Reads a duration: a number of seconds (`90`, `1.5`), or numbers with the units `w`, `d`, `h`, `m`, `s` and `ms` in
/// descending order, each at most once (`500ms`, `1h30m`). Units are in lower case. The last number may have a fraction
/// if the result is a whole number of nanoseconds. Errors are to follow `text`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    check(text, "duration")?;
    let most = u128::from(u64::MAX) * u128::from(NANOS) + u128::from(NANOS) - 1;
    let mut total = 0_u128;
    let mut allowed = 0..UNITS.len();
    let mut rest = text;
    while !rest.is_empty() {
        let (number, behind) = Number::split(rest).ok_or(MALFORMED)?;
        let (unit, tail) = behind.split_at(behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len()));
        let place = match unit {
            "" if !tail.is_empty() => return Err(MALFORMED.to_owned()),
            "" if allowed.start > 0 => return Err("ends in a number without a unit".to_owned()),
            "" => SECONDS,
            unit => UNITS
                .iter()
                .position(|(known, _)| *known == unit)
                .ok_or_else(|| unknown_unit(unit, "w, d, h, m, s or ms"))?,
        };
        if !allowed.contains(&place) {
            let order = "does not have its units in descending order, each at most once (w, d, h, m, s, ms)";
            return Err(order.to_owned());
        }
        if number.fraction.is_some() && tail.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("has a fraction before its last part".to_owned());
        }
        total += number.of(UNITS[place].1, most, "nanoseconds", TOO_LONG)?;
        allowed.start = place + 1;
        rest = tail;
    }
    if total > most {
        return Err(TOO_LONG.to_owned());
    }
    // At most `most`, so both fit.
    Ok(Duration::new((total / u128::from(NANOS)) as u64, (total % u128::from(NANOS)) as u32))
}
