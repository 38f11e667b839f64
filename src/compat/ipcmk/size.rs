//! Parses sizes exactly as `ipcmk` of util-linux does, rounding errors included: a program that was given the same size
//! must find the segment large enough. `render::units` parses sizes without such errors.
//!
//! A size is a number in C notation with an optional unit: `K`, `M`, … `Y`, alone or with `iB`, for powers of 1024,
//! and with `B` for powers of 1000. A decimal fraction may precede the unit. Each of its digits adds the unit divided
//! by a whole number, so `1.5M` and `1.25K` are exact, but `1.3K` is 1365 and `1.7K` is 2048.

use crate::compat::numbers::{self, BadNumber};

const UNITS: [u8; 8] = *b"KMGTPEZY";

pub(super) fn parse(text: &[u8]) -> Result<u64, BadNumber> {
    let text = numbers::skip_blanks(text);
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (radix, number) = numbers::base(text);
    let (number, rest) = split_digits(number, radix);
    let whole = numbers::digits(number, radix)?;
    if rest.is_empty() {
        return Ok(whole);
    }
    let (fraction, unit) = match rest {
        [b'.', rest @ ..] => split_digits(rest, 10),
        rest => (&[][..], rest),
    };
    let (base, steps) = unit_of(unit).ok_or(BadNumber::Malformed)?;
    let fraction_value = if fraction.is_empty() { 0 } else { numbers::digits(fraction, 10)? };
    if whole == 0 && fraction_value == 0 {
        return Ok(0);
    }
    let unit = u64::checked_pow(base, steps).ok_or(BadNumber::TooLarge)?;
    let bytes = whole.checked_mul(unit).ok_or(BadNumber::TooLarge)?;
    bytes.checked_add(share(fraction, fraction_value, unit)).ok_or(BadNumber::TooLarge)
}

fn split_digits(text: &[u8], radix: u32) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|&&byte| char::from(byte).is_digit(radix)).count())
}

fn unit_of(unit: &[u8]) -> Option<(u64, u32)> {
    let (letter, rest) = unit.split_first()?;
    let steps = (1..).zip(UNITS).find(|(_, known)| letter.eq_ignore_ascii_case(known))?.0;
    match rest {
        b"" => Some((1024, steps)),
        [b'i' | b'I', b'b' | b'B'] => Some((1024, steps)),
        [b'b' | b'B'] => Some((1000, steps)),
        _ => None,
    }
}

/// The bytes that a decimal fraction of a unit adds; `value` is `fraction` as a number.
fn share(fraction: &[u8], value: u64, unit: u64) -> u64 {
    let zeros = fraction.iter().take_while(|&&digit| digit == b'0').count();
    // util-linux counts one digit too few in a power of ten, so `1.10K` is twice `1.0K`.
    let significant = (1..).find(|&places| 10u128.pow(places) >= u128::from(value)).unwrap_or(20);
    let mut place = u32::try_from(zeros).unwrap_or(u32::MAX).saturating_add(significant);
    let (mut rest, mut sum) = (value, 0u64);
    while rest > 0 {
        let digit = u128::from(rest % 10);
        // A digit whose power overflows is too small to count; zeros add nothing.
        let divisor = 10u128.checked_pow(place).and_then(|power| power.checked_div(digit)).unwrap_or(0);
        let part = u128::from(unit).checked_div(divisor).unwrap_or(0);
        // No part exceeds the unit, which fits.
        sum = sum.saturating_add(u64::try_from(part).unwrap_or(u64::MAX));
        rest /= 10;
        place = place.saturating_sub(1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadNumber, parse};

    #[test]
    fn sizes_are_those_of_util_linux() {
        for (text, bytes) in [
            ("0", 0),
            ("010", 8),
            ("0x10", 16),
            (" \t+7", 7),
            ("4K", 4096),
            ("4kib", 4096),
            ("4kB", 4000),
            ("1.5M", 1_572_864),
            ("1.05K", 1075),
            ("1.005K", 1029),
            ("5.K", 5120),
            ("1.1K", 1126),
            ("1.10K", 2048),
            ("1.010K", 1126),
            ("2.10M", 3_145_728),
            ("1.3K", 1365),
            ("1.33333K", 1399),
            ("0.3KB", 333),
            ("0x1.8K", 2048),
            ("010.5K", 8704),
            ("0.25G", 268_435_455),
            ("3.14M", 3_292_528),
            ("1.123456789G", 1_206_305_761),
            ("1.18446744073709551615K", 1215),
            ("1.00000000000000000000005K", 1024),
            ("0Z", 0),
            ("0.0K", 0),
            ("15E", 15 << 60),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(bytes), "{text}");
        }
        for text in
            ["", " ", "-1", "+ 1", ".5K", "1.", "1.5", "4B", "4Ki", "4KBx", "1 ", "1 K", "08", "0x", "0xK", "1e3"]
        {
            assert_eq!(parse(text.as_bytes()), Err(BadNumber::Malformed), "{text}");
        }
        for text in ["16E", "1Z", "1.5z", "18446744073709551616", "1.18446744073709551616K", "15.99999E"] {
            assert_eq!(parse(text.as_bytes()), Err(BadNumber::TooLarge), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text: Vec<u8>, near in "[+]?[0-9]{0,22}[.]?[0-9]{0,45}[KMGTPEZYiIbB]{0,3}") {
            let _ = (parse(&text), parse(near.as_bytes()));
        }

        #[test]
        fn whole_units_are_exact(number in 0u64..1 << 34, step in 0u32..4) {
            let unit = ["", "K", "M", "G"][step as usize];
            prop_assert_eq!(parse(format!("{number}{unit}").as_bytes()), Ok(number << (10 * step)));
        }
    }
}
