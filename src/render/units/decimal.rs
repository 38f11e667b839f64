//! Decimal numbers with a unit, as input.

use crate::render::escape;

/// Columns of an unknown unit repeated in an error message.
const UNIT_SHOWN: usize = 16;
/// The most digits behind the point; more would overflow.
const MOST_DECIMALS: usize = 18;

/// Refuses texts that do not begin like a number.
pub(super) fn check(text: &str, what: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.contains(char::is_whitespace) {
        return Err("has a blank in it".to_owned());
    }
    if text.starts_with(['+', '-']) {
        return Err(format!("has a sign (a {what} is a plain number)"));
    }
    Ok(())
}

/// The error for an unknown unit, escaped and cut.
pub(super) fn unknown_unit(unit: &str, known: &str) -> String {
    // Cut before escaping as well, so that a unit of a megabyte is not escaped whole.
    let short = escape::truncate(unit, UNIT_SHOWN);
    let shown = escape::escape(&short);
    format!("has an unknown unit '{}' (use {known})", escape::truncate(&shown, UNIT_SHOWN))
}

/// An unsigned decimal number.
#[derive(Clone, Copy)]
pub(super) struct Number<'a> {
    whole: &'a str,
    pub(super) fraction: Option<&'a str>,
}

impl<'a> Number<'a> {
    /// Splits a number off the front of `text`. Digits must be before the point and, where there is a point, behind it.
    pub(super) fn split(text: &'a str) -> Option<(Self, &'a str)> {
        let (whole, rest) = split_digits(text)?;
        match rest.strip_prefix('.') {
            None => Some((Self { whole, fraction: None }, rest)),
            Some(behind) => {
                let (fraction, rest) = split_digits(behind)?;
                Some((Self { whole, fraction: Some(fraction) }, rest))
            }
        }
    }

    /// The number times `unit`, in whole parts. `parts` is their name, `too_large` the error for more than `most`.
    pub(super) fn of(self, unit: u64, most: u128, parts: &str, too_large: &str) -> Result<u128, String> {
        let fraction = self.fraction.unwrap_or_default().trim_end_matches('0');
        if fraction.len() > MOST_DECIMALS {
            return Err(format!("has more than {MOST_DECIMALS} decimals"));
        }
        let whole = value(self.whole).and_then(|whole| whole.checked_mul(unit.into())).filter(|&whole| whole <= most);
        // Less than 10^18 times 2^64.
        let (numerator, denominator) =
            (value(fraction).unwrap_or(0) * u128::from(unit), 10_u128.pow(fraction.len() as u32));
        let sum = whole.ok_or(too_large)? + numerator / denominator;
        if numerator % denominator != 0 {
            return Err(format!("is not a whole number of {parts}"));
        }
        if sum > most { Err(too_large.to_owned()) } else { Ok(sum) }
    }
}

/// None for overflow.
fn value(digits: &str) -> Option<u128> {
    digits.bytes().try_fold(0_u128, |value, digit| value.checked_mul(10)?.checked_add((digit - b'0').into()))
}

/// Splits leading ASCII digits from the rest; None without digits.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { None } else { text.split_at_checked(end) }
}
