//! Sizes, durations, ages and numbers: read from the command line and written into tables.
//!
//! The readers are exact: everything is computed in integers, and what cannot be represented is an
//! error, never a rounded value. The writers append to a `String` the caller keeps, so a row costs
//! no allocation once that string has grown; each comes with a function giving its width.

use std::time::Duration;

use super::escape;

/// Why a text is not a size.
///
/// The message is the reason alone; the caller puts the option and the offending word before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// There is no text at all.
    #[error("is empty")]
    Empty,
    /// The text starts with `+` or `-`.
    #[error("has a sign (a size is a plain number)")]
    Signed,
    /// The text has a blank, at an end or inside.
    #[error("has a blank in it")]
    Blank,
    /// The text does not have the form of a size.
    #[error("is not a size (write it like 4096, 64K, 1.5G or 0x1000)")]
    Malformed,
    /// The text starts with `0x` and goes on with something other than hexadecimal digits.
    #[error("is not a hexadecimal number (0x takes the digits 0-9 and a-f, and no unit)")]
    NotHexadecimal,
    /// The number is followed by letters that are no unit. They are held escaped and shortened.
    #[error("has an unknown unit '{0}' (use K, M, G, T, P, E, with iB or B)")]
    UnknownUnit(String),
    /// The number has a decimal fraction and no unit that could make it whole.
    #[error("has a fraction but no unit")]
    FractionWithoutUnit,
    /// The number, with its unit, is not a whole number of bytes.
    #[error("is not a whole number of bytes")]
    NotWhole,
    /// The size does not fit in 64 bits.
    #[error("is larger than 2^64-1")]
    TooLarge,
}

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

/// The widest unit an error message repeats, in columns.
const UNIT_SHOWN: usize = 16;

/// The offending unit as an error message may show it: no controls, and not without end.
fn shown_unit(unit: &str) -> String {
    // Cut before escaping as well, so that a unit of a megabyte is not escaped whole.
    let short = escape::truncate(unit, UNIT_SHOWN);
    escape::truncate(&escape::escape(&short), UNIT_SHOWN).into_owned()
}

/// An unsigned decimal number as it was written: its digits, and those after the point if any.
struct Number<'a> {
    whole: &'a str,
    fraction: Option<&'a str>,
}

impl<'a> Number<'a> {
    /// Splits a number from the front of `text` and returns it with the rest.
    ///
    /// There must be digits before the point and, where there is a point, after it.
    fn split(text: &'a str) -> Option<(Self, &'a str)> {
        let (whole, rest) = split_digits(text)?;
        match rest.strip_prefix('.') {
            None => Some((Self { whole, fraction: None }, rest)),
            Some(after) => {
                let (fraction, rest) = split_digits(after)?;
                Some((Self { whole, fraction: Some(fraction) }, rest))
            }
        }
    }

    /// The digits before the point as a number, unless it is above `limit`.
    ///
    /// `limit` has to leave room for one more digit in a `u128`.
    fn whole_up_to(&self, limit: u128) -> Option<u128> {
        self.whole.bytes().try_fold(0u128, |value, digit| {
            let value = value * 10 + u128::from(digit.wrapping_sub(b'0'));
            (value <= limit).then_some(value)
        })
    }
}

/// Splits the ASCII digits at the front of `text` from the rest; `None` if there are none.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    text.split_at_checked(end)
}

/// Reads a size in bytes.
///
/// A size is a decimal number with an optional unit, or a hexadecimal number after `0x` without
/// one. The units are `K`, `M`, `G`, `T`, `P` and `E`; alone or with `iB` they are powers of 1024,
/// with `B` powers of 1000, and `B` alone is bytes. The case of letters does not matter. With a
/// unit the number may have a decimal fraction, as in `1.5G`, with digits on both sides of the
/// point, if the result is a whole number of bytes. Zero is a size like any other.
///
/// # Errors
///
/// Returns the reason when `text` is not such a number or does not fit in 64 bits.
pub fn parse_size(text: &str) -> Result<u64, SizeError> {
    if text.is_empty() {
        return Err(SizeError::Empty);
    }
    if text.contains(char::is_whitespace) {
        return Err(SizeError::Blank);
    }
    if text.starts_with(['+', '-']) {
        return Err(SizeError::Signed);
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // The standard parser would take a sign here, so the digits are checked first; what it
        // can still refuse is too large.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SizeError::NotHexadecimal);
        }
        return u64::from_str_radix(digits, 16).map_err(|_| SizeError::TooLarge);
    }
    let (number, unit) = Number::split(text).ok_or(SizeError::Malformed)?;
    let (base, steps) = match size_unit(unit) {
        Some(scale) => scale,
        None if unit.starts_with(char::is_alphabetic) => {
            return Err(SizeError::UnknownUnit(shown_unit(unit)));
        }
        None => return Err(SizeError::Malformed),
    };
    let mut whole = number.whole_up_to(u128::from(u64::MAX)).ok_or(SizeError::TooLarge)?;

    // A fraction of n digits, the last not zero, is not divisible by 2 or not by 5. So to give a
    // whole number its unit must be divisible by 2^n or 5^n, and no unit is for n above 60 (E is
    // 2^60). Such a fraction needs more than a u128, hence the multiplication digit by digit.
    const LONGEST: usize = 60;
    let mut fraction = [0u8; LONGEST];
    let fraction = match number.fraction {
        Some(_) if unit.is_empty() => return Err(SizeError::FractionWithoutUnit),
        Some(digits) => {
            let digits = digits.trim_end_matches('0').as_bytes();
            let fraction = fraction.get_mut(..digits.len());
            let fraction = fraction.ok_or(SizeError::NotWhole)?;
            for (to, from) in fraction.iter_mut().zip(digits) {
                *to = from.wrapping_sub(b'0');
            }
            fraction
        }
        None => &mut [],
    };
    for _ in 0..steps {
        let mut carry = 0;
        for digit in fraction.iter_mut().rev() {
            let product = u32::from(*digit) * base + carry;
            *digit = (product % 10) as u8;
            carry = product / 10;
        }
        // At most 2^64 times 1024 to the sixth power, far from the end of a u128.
        whole = whole * u128::from(base) + u128::from(carry);
    }
    if fraction.iter().any(|&digit| digit != 0) {
        return Err(SizeError::NotWhole);
    }
    u64::try_from(whole).map_err(|_| SizeError::TooLarge)
}

/// The units of sizes, each a step above the one before.
const SIZE_UNITS: [u8; 6] = *b"KMGTPE";

/// What a unit multiplies by: a base and how many times.
fn size_unit(unit: &str) -> Option<(u32, usize)> {
    let Some((first, rest)) = unit.as_bytes().split_first() else {
        return Some((1, 0));
    };
    let first = first.to_ascii_uppercase();
    if first == b'B' && rest.is_empty() {
        return Some((1, 0));
    }
    let steps = SIZE_UNITS.iter().position(|&known| known == first)? + 1;
    if rest.is_empty() || rest.eq_ignore_ascii_case(b"iB") {
        Some((1024, steps))
    } else if rest.eq_ignore_ascii_case(b"B") {
        Some((1000, steps))
    } else {
        None
    }
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

/// A size as it is shown: a number, perhaps with one decimal, and perhaps a unit.
struct ShownSize {
    number: u64,
    tenth: Option<u64>,
    unit: Option<u8>,
}

impl ShownSize {
    fn new(bytes: u64) -> Self {
        if bytes < 1024 {
            return Self { number: bytes, tenth: None, unit: None };
        }
        let step = (bytes.ilog2() / 10) as usize;
        let shift = step * 10;
        let whole = bytes >> shift;
        let rest = bytes & ((1 << shift) - 1);
        let half = 1 << (shift - 1);
        if whole < 10 {
            // The rest is below 2^60, so ten times it still fits.
            let tenths = whole * 10 + ((rest * 10 + half) >> shift);
            if tenths < 100 {
                return Self { number: tenths / 10, tenth: Some(tenths % 10), unit: SIZE_UNITS.get(step - 1).copied() };
            }
        }
        let number = whole + u64::from(rest >= half);
        if number == 1024 {
            // Not reached in the last unit, of which 2^64 bytes are only sixteen.
            return Self { number: 1, tenth: Some(0), unit: SIZE_UNITS.get(step).copied() };
        }
        Self { number, tenth: None, unit: SIZE_UNITS.get(step - 1).copied() }
    }
}

/// Appends a size in bytes in powers of 1024, rounded to the nearest: `100`, `4.0K`, `16K`, `1.5M`.
///
/// Below 1024 it is the plain number. Above, there is one decimal where the number would
/// otherwise be a single digit, and none from ten up. Halves are rounded up, and a number that
/// reaches 1024 by rounding is shown in the next unit.
pub fn push_size(out: &mut String, bytes: u64) {
    let shown = ShownSize::new(bytes);
    push_u64(out, shown.number);
    if let Some(tenth) = shown.tenth {
        out.push('.');
        push_u64(out, tenth);
    }
    if let Some(unit) = shown.unit {
        out.push(char::from(unit));
    }
}

/// The number of columns (and bytes) [`push_size`] appends for `bytes`.
#[must_use]
pub fn size_width(bytes: u64) -> usize {
    let shown = ShownSize::new(bytes);
    digits(shown.number) + if shown.tenth.is_some() { 2 } else { 0 } + usize::from(shown.unit.is_some())
}

/// What comes before an age that is negative.
const AHEAD: &str = "in ";

/// The number and unit an age is shown with, whatever its sign.
fn shown_age(seconds: i64) -> (u64, char) {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    match seconds.unsigned_abs() {
        age @ 0..MINUTE => (age, 's'),
        age @ MINUTE..HOUR => (age / MINUTE, 'm'),
        age @ HOUR..DAY => (age / HOUR, 'h'),
        age @ DAY..YEAR => (age / DAY, 'd'),
        age => (age / YEAR, 'y'),
    }
}

/// Appends an age in seconds in its largest whole unit, rounded down: `59s`, `1m`, `23h`, `364d`,
/// `2y` (years of 365 days).
///
/// A negative age is a time ahead and gives the same text after `in `: `in 3m`.
pub fn push_age(out: &mut String, seconds: i64) {
    if seconds < 0 {
        out.push_str(AHEAD);
    }
    let (number, unit) = shown_age(seconds);
    push_u64(out, number);
    out.push(unit);
}

/// The number of columns (and bytes) [`push_age`] appends for `seconds`.
#[must_use]
pub fn age_width(seconds: i64) -> usize {
    let ahead = if seconds < 0 { AHEAD.len() } else { 0 };
    ahead + digits(shown_age(seconds).0) + 1
}

/// The numbers 00 to 99, two digits each.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Appends ASCII bytes. They are always ASCII; checking that is cheaper than pushing each apart.
fn push_ascii(out: &mut String, text: &[u8]) {
    if let Ok(text) = std::str::from_utf8(text) {
        out.push_str(text);
    }
}

/// Appends `n` in decimal.
pub fn push_u64(out: &mut String, mut n: u64) {
    if n < 10 {
        out.push(char::from(b'0' + n as u8));
        return;
    }
    let mut text = [0; 20];
    let mut start = text.len();
    while n >= 10 {
        start -= 2;
        text[start..start + 2].copy_from_slice(&PAIRS[(n % 100) as usize]);
        n /= 100;
    }
    if n > 0 {
        start -= 1;
        text[start] = b'0' + n as u8;
    }
    push_ascii(out, &text[start..]);
}

/// Appends `n` in decimal, with a minus sign if it is negative.
pub fn push_i64(out: &mut String, n: i64) {
    if n < 0 {
        out.push('-');
    }
    push_u64(out, n.unsigned_abs());
}

/// The number of decimal digits of `n`, 1 for zero.
#[must_use]
pub fn digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Appends `n` in hexadecimal: `0x` and eight lower-case digits, as IPC keys are written.
pub fn push_hex32(out: &mut String, n: u32) {
    let mut text = *b"0x00000000";
    for (place, digit) in text.iter_mut().skip(2).enumerate() {
        let nibble = (n >> (28 - 4 * place)) & 0xf;
        *digit = b"0123456789abcdef"[nibble as usize];
    }
    push_ascii(out, &text);
}

/// Appends `n` in octal with at least four digits, as modes are written: `0600`, `1600`.
pub fn push_octal4(out: &mut String, mut n: u32) {
    // 32 bits are eleven octal digits.
    let mut text = [b'0'; 11];
    let mut start = text.len();
    while n > 0 || start > text.len() - 4 {
        start -= 1;
        text[start] = b'0' + (n & 7) as u8;
        n >>= 3;
    }
    push_ascii(out, &text[start..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(bytes: u64) -> String {
        let mut out = String::new();
        push_size(&mut out, bytes);
        out
    }

    fn age(seconds: i64) -> String {
        let mut out = String::new();
        push_age(&mut out, seconds);
        out
    }

    fn written(write: impl FnOnce(&mut String)) -> String {
        // Something is there already: the writers append.
        let mut out = String::from("|");
        write(&mut out);
        out.split_off(1)
    }

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("0", 0),
            ("0K", 0),
            ("4096", 4096),
            ("004096", 4096),
            ("64K", 65536),
            ("64k", 65536),
            ("64KiB", 65536),
            ("64kib", 65536),
            ("64KB", 64000),
            ("64kb", 64000),
            ("7B", 7),
            ("7b", 7),
            ("2.0B", 2),
            ("1.5G", 1_610_612_736),
            ("1.5GB", 1_500_000_000),
            ("1.50000000000000000000000000000000000000000000000000000000000000000000K", 1536),
            ("0.001KB", 1),
            ("2M", 2 << 20),
            ("2T", 2 << 40),
            ("2P", 2 << 50),
            ("15E", 15 << 60),
            ("18EB", 18_000_000_000_000_000_000),
            // The finest fraction of the largest unit: one byte.
            ("0.000000000000000000867361737988403547205962240695953369140625E", 1),
            ("0.000000000000000001EB", 1),
            ("0x1000", 4096),
            ("0X1b", 27),
            ("0xffffffffffffffff", u64::MAX),
            ("0x0000000000000000000001", 1),
            ("18446744073709551615", u64::MAX),
            ("15.99999999999999999913263826201159645279403775930404663085937500E", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn bad_sizes_are_refused() {
        use SizeError::*;
        let unknown = |unit: &str| UnknownUnit(unit.to_owned());
        for (text, error) in [
            ("", Empty),
            (" ", Blank),
            (" 1", Blank),
            ("1 ", Blank),
            ("1 K", Blank),
            ("1K\n", Blank),
            ("+1", Signed),
            ("-1", Signed),
            ("K", Malformed),
            (".5G", Malformed),
            ("5.G", Malformed),
            (".", Malformed),
            ("1.5.5K", Malformed),
            ("1,5G", Malformed),
            ("1-", Malformed),
            ("\u{2212}1", Malformed),
            ("\u{661}", Malformed),
            ("0x", NotHexadecimal),
            ("0x10K", NotHexadecimal),
            ("0x+1", NotHexadecimal),
            ("0x1.8", NotHexadecimal),
            ("1X", unknown("X")),
            ("1Ki", unknown("Ki")),
            ("1KiBx", unknown("KiBx")),
            ("1BB", unknown("BB")),
            ("1iB", unknown("iB")),
            ("1Z", unknown("Z")),
            ("1K1", unknown("K1")),
            ("1\u{e9}", unknown("\u{e9}")),
            ("1x\u{1b}[0m", unknown("x\\x1b[0m")),
            ("1xxxxxxxxxxxxxxxxxxxx", unknown("xxxxxxxxxxxxxxx…")),
            ("1.5", FractionWithoutUnit),
            ("1.0", FractionWithoutUnit),
            ("1.5B", NotWhole),
            ("0.1K", NotWhole),
            ("0.0001KB", NotWhole),
            ("0.0000000000000000000000000000000000000000000000000000000000001E", NotWhole),
            ("18446744073709551616", TooLarge),
            ("99999999999999999999999999999999999999999999999", TooLarge),
            ("16E", TooLarge),
            ("18.446744073709551616EB", TooLarge),
            ("0x10000000000000000", TooLarge),
        ] {
            assert_eq!(parse_size(text), Err(error), "{text}");
        }
    }

    #[test]
    fn size_errors_say_why() {
        let message = |text: &str| parse_size(text).map_err(|error| error.to_string());
        assert_eq!(message(""), Err("is empty".to_owned()));
        assert_eq!(message("1X"), Err("has an unknown unit 'X' (use K, M, G, T, P, E, with iB or B)".to_owned()));
        assert_eq!(message("16E"), Err("is larger than 2^64-1".to_owned()));
        assert_eq!(message("0.1K"), Err("is not a whole number of bytes".to_owned()));
    }

    #[test]
    fn durations_are_read() {
        let nanos = Duration::from_nanos;
        let seconds = Duration::from_secs;
        for (text, duration) in [
            ("0", seconds(0)),
            ("90", seconds(90)),
            ("1.5", nanos(1_500_000_000)),
            ("0.25s", nanos(250_000_000)),
            ("0.000000001", nanos(1)),
            ("500ms", nanos(500_000_000)),
            ("0.5ms", nanos(500_000)),
            ("0.000001ms", nanos(1)),
            ("10m", seconds(600)),
            ("2d", seconds(172_800)),
            ("1h30m", seconds(5400)),
            ("1h1.5m", seconds(3690)),
            ("1.5h", seconds(5400)),
            ("1w", seconds(604_800)),
            ("1w2d3h4m5s6ms", Duration::new(788_645, 6_000_000)),
            ("0.000000001w", nanos(604_800)),
            ("100m", seconds(6000)),
            ("1h90m", seconds(9000)),
            ("18446744073709551615", seconds(u64::MAX)),
            ("18446744073709551615.999999999", Duration::MAX),
            ("18446744073709551615999ms", Duration::new(u64::MAX, 999_000_000)),
        ] {
            assert_eq!(parse_duration(text), Ok(duration), "{text}");
        }
    }

    #[test]
    fn bad_durations_are_refused() {
        use DurationError::*;
        let unknown = |unit: &str| UnknownUnit(unit.to_owned());
        for (text, error) in [
            ("", Empty),
            (" 1s", Blank),
            ("1h 30m", Blank),
            ("+1s", Signed),
            ("-1s", Signed),
            ("s", Malformed),
            (".5s", Malformed),
            ("5.s", Malformed),
            ("1h-30m", Malformed),
            ("1h,30m", Malformed),
            ("1h!", Malformed),
            ("1.5h!", Malformed),
            ("1.5.5", Malformed),
            ("0x10", unknown("x")),
            ("1M", unknown("M")),
            ("1y", unknown("y")),
            ("1min", unknown("min")),
            ("1\u{3bc}s", unknown("\u{3bc}s")),
            ("1h30", MissingUnit),
            ("30m1h", Order),
            ("1h1h", Order),
            ("1ms1s", Order),
            ("1.5h30m", FractionNotLast),
            ("1.5h30", FractionNotLast),
            ("0.0000000001s", TooManyDecimals),
            ("1.0000000000", TooManyDecimals),
            ("0.0000001ms", NotWhole),
            ("18446744073709551616", TooLong),
            ("18446744073709551615s1000ms", TooLong),
            ("18446744073709551616000ms", TooLong),
            ("18446744073709551615w", TooLong),
            ("99999999999999999999999999999999999999999999999", TooLong),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    #[test]
    fn duration_errors_say_why() {
        let message = |text: &str| parse_duration(text).map_err(|error| error.to_string());
        assert_eq!(message("1y"), Err("has an unknown unit 'y' (use w, d, h, m, s or ms)".to_owned()));
        assert_eq!(message("1h30"), Err("ends in a number without a unit".to_owned()));
    }

    #[test]
    fn sizes_are_written() {
        for (bytes, text) in [
            (0, "0"),
            (100, "100"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1024 + 51, "1.0K"),
            (1024 + 52, "1.1K"),
            (1280, "1.3K"),
            (4096, "4.0K"),
            (10137, "9.9K"),
            (10188, "9.9K"),
            (10189, "10K"),
            (10240, "10K"),
            (16384, "16K"),
            (16384 + 511, "16K"),
            (16384 + 512, "17K"),
            (1023 << 10, "1023K"),
            ((1023 << 10) + 511, "1023K"),
            ((1023 << 10) + 512, "1.0M"),
            (1 << 20, "1.0M"),
            (3 << 19, "1.5M"),
            (128 << 20, "128M"),
            (1023 << 20, "1023M"),
            (1 << 30, "1.0G"),
            (1 << 40, "1.0T"),
            (1 << 50, "1.0P"),
            ((1 << 60) - 1, "1.0E"),
            (1 << 60, "1.0E"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
            assert_eq!(size_width(bytes), text.len(), "{bytes}");
        }
    }

    #[test]
    fn ages_are_written() {
        const DAY: i64 = 86_400;
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h"),
            (DAY - 1, "23h"),
            (DAY, "1d"),
            (365 * DAY - 1, "364d"),
            (365 * DAY, "1y"),
            (730 * DAY - 1, "1y"),
            (730 * DAY, "2y"),
            (i64::MAX, "292471208677y"),
            (-1, "in 1s"),
            (-180, "in 3m"),
            (-239, "in 3m"),
            (i64::MIN, "in 292471208677y"),
        ] {
            assert_eq!(age(seconds), text, "{seconds}");
            assert_eq!(age_width(seconds), text.len(), "{seconds}");
        }
    }

    #[test]
    fn numbers_are_written() {
        let mut n = 1u64;
        let mut edges = vec![0, u64::MAX];
        while let Some(next) = n.checked_mul(10) {
            edges.extend([n - 1, n, n + 1, next - 1]);
            n = next;
        }
        edges.extend([n - 1, n, n + 1]);
        for n in edges {
            assert_eq!(written(|out| push_u64(out, n)), n.to_string());
            assert_eq!(digits(n), n.to_string().len());
        }
        for n in [0, 9, -1, -10, i64::MIN, i64::MAX] {
            assert_eq!(written(|out| push_i64(out, n)), n.to_string());
        }
        for (n, text) in [(0, "0000"), (0o600, "0600"), (0o1600, "1600"), (0o12345, "12345"), (u32::MAX, "37777777777")]
        {
            assert_eq!(written(|out| push_octal4(out, n)), text);
        }
        for (n, text) in [(0, "0x00000000"), (0x1b, "0x0000001b"), (u32::MAX, "0xffffffff")] {
            assert_eq!(written(|out| push_hex32(out, n)), text);
        }
    }

    /// Multiplies decimal digits (most significant first) by a small number.
    fn multiply(digits: &mut Vec<u32>, by: u32) {
        let mut carry = 0;
        for digit in digits.iter_mut().rev() {
            let product = *digit * by + carry;
            *digit = product % 10;
            carry = product / 10;
        }
        while carry > 0 {
            digits.insert(0, carry % 10);
            carry /= 10;
        }
    }

    /// `whole.fraction` times `base` to the power of `steps`, the long way: all digits as one
    /// integer, multiplied, and the point put back. `None` if a digit after the point is left.
    fn long_product(whole: &str, fraction: &str, base: u32, steps: u32) -> Option<String> {
        let mut digits: Vec<u32> =
            whole.chars().chain(fraction.chars()).filter_map(|digit| digit.to_digit(10)).collect();
        for _ in 0..steps {
            multiply(&mut digits, base);
        }
        let after = digits.split_off(digits.len() - fraction.len());
        if after.iter().any(|&digit| digit != 0) {
            return None;
        }
        let text: String = digits.iter().filter_map(|&digit| char::from_digit(digit, 10)).collect();
        let text = text.trim_start_matches('0');
        Some(if text.is_empty() { "0" } else { text }.to_owned())
    }

    /// The rule of `push_size` in plain divisions.
    fn rounded_size(bytes: u64) -> String {
        let bytes = u128::from(bytes);
        let mut unit = 0;
        while bytes >= 1024u128.pow(unit + 1) {
            unit += 1;
        }
        let scale = 1024u128.pow(unit);
        let rounded = |parts: u128| (2 * bytes * parts + scale) / (2 * scale);
        let names = ["", "K", "M", "G", "T", "P", "E"];
        let name = names[unit as usize];
        if unit == 0 {
            bytes.to_string()
        } else if rounded(10) < 100 {
            format!("{}.{}{name}", rounded(10) / 10, rounded(10) % 10)
        } else if rounded(1) < 1024 {
            format!("{}{name}", rounded(1))
        } else {
            format!("1.0{}", names[unit as usize + 1])
        }
    }

    /// A byte count of any magnitude, and near the edges of units.
    fn any_bytes() -> impl Strategy<Value = u64> {
        prop_oneof![
            (any::<u64>(), 0u32..64).prop_map(|(n, shift)| n >> shift),
            (0u32..7, 0u64..1100, -600i64..600)
                .prop_map(|(unit, n, off)| { n.saturating_mul(1 << (10 * unit)).saturating_add_signed(off) }),
        ]
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), near in "[0-9.xKkMEBibdhmsw+ -]{0,12}") {
            for text in [text, near] {
                for message in [
                    parse_size(&text).err().map(|error| error.to_string()),
                    parse_duration(&text).err().map(|error| error.to_string()),
                ].into_iter().flatten() {
                    prop_assert!(!message.contains(char::is_control));
                }
            }
        }

        #[test]
        fn sizes_are_exact(
            whole in "0{0,3}[0-9]{1,20}",
            fraction in prop_oneof![
                Just(String::new()),
                "[0-9]{1,4}0{0,70}",
                "(5|25|75|125|375|0625)",
                "[0-9]{1,70}",
            ],
            step in 0usize..6,
            decimal: bool,
        ) {
            let unit = ["K", "M", "G", "T", "P", "E"][step];
            let (base, suffix) = if decimal { (1000, "B") } else { (1024, "iB") };
            let point = if fraction.is_empty() { "" } else { "." };
            let text = format!("{whole}{point}{fraction}{unit}{suffix}");
            let expected = long_product(&whole, &fraction, base, step as u32 + 1);
            match parse_size(&text) {
                Ok(bytes) => prop_assert_eq!(Some(bytes.to_string()), expected),
                Err(SizeError::NotWhole) => prop_assert_eq!(None, expected),
                Err(SizeError::TooLarge) => {
                    // Of a number that is not whole, what is before the point is too large.
                    let bytes = long_product(&whole, "", base, step as u32 + 1).unwrap_or_default();
                    let bytes = expected.unwrap_or(bytes);
                    let limit = u64::MAX.to_string();
                    prop_assert!((bytes.len(), bytes) > (limit.len(), limit));
                }
                Err(error) => prop_assert!(false, "{} {}", text, error),
            }
        }

        #[test]
        fn dyadic_fractions_are_exact(bytes in any_bytes(), step in 1u32..7) {
            // Every number of bytes has a finite decimal expansion in every unit.
            let unit = 1u128 << (10 * step);
            let whole = u128::from(bytes) / unit;
            let mut rest = u128::from(bytes) % unit;
            let mut text = format!("{whole}.");
            for _ in 0..10 * step {
                rest *= 10;
                text.push_str(&(rest / unit).to_string());
                rest %= unit;
            }
            prop_assert_eq!(rest, 0);
            text.push_str(["", "K", "M", "G", "T", "P", "E"][step as usize]);
            prop_assert_eq!(parse_size(&text), Ok(bytes));
        }

        #[test]
        fn numbers_read_back(n in any_bytes(), key: u32, signed: i64) {
            prop_assert_eq!(parse_size(&written(|out| push_u64(out, n))), Ok(n));
            prop_assert_eq!(parse_size(&written(|out| push_hex32(out, key))), Ok(key.into()));
            prop_assert_eq!(written(|out| push_hex32(out, key)), format!("{key:#010x}"));
            prop_assert_eq!(written(|out| push_octal4(out, key)), format!("{key:04o}"));
            prop_assert_eq!(written(|out| push_i64(out, signed)), signed.to_string());
            prop_assert_eq!(digits(n), n.to_string().len());
        }

        #[test]
        fn whole_units_read_back(n in 1u64..1024, step in 0u32..7) {
            // There are only sixteen of the last unit.
            let n = if step == 6 { n % 15 + 1 } else { n };
            let bytes = n << (10 * step);
            prop_assert_eq!(parse_size(&size(bytes)), Ok(bytes));
        }

        #[test]
        fn sizes_are_rounded_half_up(bytes in any_bytes()) {
            let text = size(bytes);
            prop_assert_eq!(size_width(bytes), text.len());
            prop_assert!(text.len() <= 5);
            prop_assert_eq!(text, rounded_size(bytes));
        }

        #[test]
        fn ages_are_rounded_down(seconds in prop_oneof![any::<i64>(), -100_000_000i64..100_000_000]) {
            let text = age(seconds);
            prop_assert_eq!(age_width(seconds), text.len());
            prop_assert_eq!(text.starts_with("in "), seconds < 0);
            let text = text.trim_start_matches("in ");
            let (number, unit) = text.split_at(text.len() - 1);
            let (unit, most) = match unit {
                "s" => (1, 59),
                "m" => (60, 59),
                "h" => (3600, 23),
                "d" => (86_400, 364),
                "y" => (31_536_000, u64::MAX),
                _ => (0, 0),
            };
            let number: u64 = number.parse().unwrap_or(u64::MAX);
            prop_assert!(number <= most && (number > 0 || text == "0s"));
            prop_assert_eq!(number, seconds.unsigned_abs() / unit);
            if unit < 31_536_000 {
                let shown = parse_duration(text);
                prop_assert_eq!(shown, Ok(Duration::from_secs(number * unit)));
            }
        }

        #[test]
        fn durations_are_exact(parts in proptest::array::uniform6(proptest::option::of(0u64..100_000)), decimals in 0u32..1000) {
            let millis = [604_800_000u64, 86_400_000, 3_600_000, 60_000, 1000, 1];
            let mut text = String::new();
            let mut total = 0u128;
            for (place, part) in parts.iter().enumerate() {
                if let Some(n) = part {
                    text.push_str(&format!("{n}{}", ["w", "d", "h", "m", "s", "ms"][place]));
                    total += u128::from(n * millis[place]) * 1_000_000;
                }
            }
            if parts[5].is_none() {
                text.push_str(&format!("7.{decimals:03}ms"));
                total += u128::from(7_000_000 + decimals * 1000);
            }
            prop_assert_eq!(parse_duration(&text).map(|d| d.as_nanos()), Ok(total));
        }
    }
}
