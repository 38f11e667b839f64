//! Sizes in bytes: `64K`, `1.5G`, `0x1000`.

use super::decimal::{Number, shown_unit};
use super::number::{digits, push_u64};

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
