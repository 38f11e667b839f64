//! Sizes in bytes: `64K`, `1.5G`, `0x1000`.

use super::decimal::{Number, check, unknown_unit};
use super::number::{digits, push_ascii, push_u64};

/// In steps of 1024 or 1000.
const UNITS: [u8; 6] = *b"KMGTPE";

const MALFORMED: &str = "is not a size (write it like 4096, 64K, 1.5G or 0x1000)";
const NOT_HEXADECIMAL: &str = "is not a hexadecimal number (0x takes the digits 0-9 and a-f, and no unit)";
const TOO_LARGE: &str = "is larger than 2^64-1";

/// Reads a size in bytes: a decimal number with an optional unit, or a hexadecimal number behind `0x` without one. The
/// units are `K`, `M`, `G`, `T`, `P` and `E`; alone or with `iB` they are powers of 1024, with `B` powers of 1000, and
/// `B` alone is bytes. The case of letters does not matter. With a unit the number may have a fraction, as in `1.5G`,
/// if the result is a whole number of bytes.
///
/// Errors are to follow `text`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    check(text, "size")?;
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // The standard parser would take a sign; what it can still refuse is too large.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NOT_HEXADECIMAL.to_owned());
        }
        return u64::from_str_radix(digits, 16).map_err(|_| TOO_LARGE.to_owned());
    }
    let (number, unit) = Number::split(text).ok_or(MALFORMED)?;
    if unit.is_empty() && number.fraction.is_some() {
        return Err("has a fraction but no unit".to_owned());
    }
    if !unit.is_empty() && !unit.starts_with(char::is_alphabetic) {
        return Err(MALFORMED.to_owned());
    }
    let bytes = bytes_of(unit).ok_or_else(|| unknown_unit(unit, "K, M, G, T, P, E, with iB or B"))?;
    let size = number.of(bytes, u64::MAX.into(), "bytes", TOO_LARGE)?;
    u64::try_from(size).map_err(|_| TOO_LARGE.to_owned())
}

fn bytes_of(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_uppercase();
    let Some((first, rest)) = unit.as_bytes().split_first() else { return Some(1) };
    let power = match (first, rest) {
        (b'B', b"") => return Some(1),
        (first, _) => UNITS.iter().position(|known| known == first)? as u32 + 1,
    };
    match rest {
        b"" | b"IB" => Some(1024_u64.pow(power)),
        b"B" => Some(1000_u64.pow(power)),
        _ => None,
    }
}

/// A number, and what stands behind it: perhaps a decimal, and a unit.
pub(crate) struct ShownSize {
    pub(crate) number: u64,
    behind: [u8; 3],
    /// How much of that counts.
    length: usize,
}

impl ShownSize {
    pub(crate) fn new(bytes: u64) -> Self {
        if bytes < 1024 {
            return Self { number: bytes, behind: [0; 3], length: 0 };
        }
        let step = (bytes.ilog2() / 10) as usize;
        let shift = step * 10;
        let whole = bytes >> shift;
        let rest = bytes & ((1 << shift) - 1);
        let half = 1 << (shift - 1);
        if whole < 10 {
            // `rest` is below 2^60, so ten times it still fits.
            let tenths = whole * 10 + ((rest * 10 + half) >> shift);
            if tenths < 100 {
                return Self::with_tenth(tenths / 10, tenths % 10, step);
            }
        }
        let number = whole + u64::from(rest >= half);
        if number == 1024 {
            // Not reached in the last unit: 2^64 bytes are only sixteen.
            return Self::with_tenth(1, 0, step + 1);
        }
        Self { number, behind: [UNITS[step - 1], 0, 0], length: 1 }
    }

    fn with_tenth(number: u64, tenth: u64, step: usize) -> Self {
        Self { number, behind: [b'.', b'0' + tenth as u8, UNITS[step - 1]], length: 3 }
    }

    pub(crate) fn behind(&self) -> &[u8] {
        &self.behind[..self.length]
    }
}

/// Appends a size in bytes in powers of 1024, rounded to the nearest: `100`, `4.0K`, `16K`, `1.5M`. From 1024 on,
/// numbers below ten have one decimal. Halves are rounded up, and a number that reaches 1024 by rounding gets the next
/// unit.
pub fn push_size(out: &mut String, bytes: u64) {
    let shown = ShownSize::new(bytes);
    push_u64(out, shown.number);
    push_ascii(out, shown.behind());
}

/// The columns (and bytes) of [`push_size`].
pub fn size_width(bytes: u64) -> usize {
    let shown = ShownSize::new(bytes);
    digits(shown.number) + shown.behind().len()
}
