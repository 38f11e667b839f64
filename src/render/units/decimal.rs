//! Decimal numbers as a user writes them, with what follows them.

use crate::render::escape;

/// The widest unit an error message repeats, in columns.
const UNIT_SHOWN: usize = 16;

/// The offending unit as an error message may show it: no controls, and not without end.
pub(super) fn shown_unit(unit: &str) -> String {
    // Cut before escaping as well, so that a unit of a megabyte is not escaped whole.
    let short = escape::truncate(unit, UNIT_SHOWN);
    escape::truncate(&escape::escape(&short), UNIT_SHOWN).into_owned()
}

/// An unsigned decimal number as it was written: its digits, and those after the point if any.
pub(super) struct Number<'a> {
    pub(super) whole: &'a str,
    pub(super) fraction: Option<&'a str>,
}

impl<'a> Number<'a> {
    /// Splits a number from the front of `text` and returns it with the rest.
    ///
    /// There must be digits before the point and, where there is a point, after it.
    pub(super) fn split(text: &'a str) -> Option<(Self, &'a str)> {
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
    pub(super) fn whole_up_to(&self, limit: u128) -> Option<u128> {
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
