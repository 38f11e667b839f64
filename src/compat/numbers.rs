//! Parses numbers as strtoul(3) does, except that they never wrap around and take a sign only where it makes sense.

use crate::sys::Errno;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadNumber {
    Malformed,
    TooLarge,
}

impl BadNumber {
    /// The end of util-linux's message, after the repeated text.
    pub(super) fn suffix(self) -> String {
        match self {
            Self::Malformed => String::new(),
            Self::TooLarge => format!(": {}", Errno::ERANGE),
        }
    }
}

/// Skips the leading white space that `isspace` knows in the C locale.
pub fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    &text[blanks..]
}

/// Splits off one sign: whether the number is negative, and the rest.
pub const fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', number @ ..] => (true, number),
        [b'+', number @ ..] => (false, number),
        number => (false, number),
    }
}

/// Parses a number that consists of digits only.
pub fn digits(text: &[u8], radix: u32) -> Result<u64, BadNumber> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    if text.is_empty() || !text.iter().all(is_digit) {
        return Err(BadNumber::Malformed);
    }
    let text = str::from_utf8(text).map_err(|_| BadNumber::Malformed)?;
    // All are digits, so overflow is the only error left.
    u64::from_str_radix(text, radix).map_err(|_| BadNumber::TooLarge)
}

/// Parses a decimal `int` as strtol(3) does, with blanks and one sign in front; nothing may follow.
pub fn int(text: &[u8]) -> Result<i32, BadNumber> {
    let (negative, number) = sign(skip_blanks(text));
    let number = i64::try_from(digits(number, 10)?).map_err(|_| BadNumber::TooLarge)?;
    i32::try_from(if negative { -number } else { number }).map_err(|_| BadNumber::TooLarge)
}

/// The base of a number in C notation, and its digits: `0x1f`, `017`, `15`.
pub fn base(text: &[u8]) -> (u32, &[u8]) {
    match text {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', _, ..] => (8, text),
        _ => (10, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadNumber, base, digits, int, sign, skip_blanks};

    #[test]
    fn digits_alone_are_numbers() {
        assert_eq!(digits(b"0755", 8), Ok(0o755));
        assert_eq!(digits(b"18446744073709551615", 10), Ok(u64::MAX));
        assert_eq!(digits(b"18446744073709551616", 10), Err(BadNumber::TooLarge));
        for text in ["", "+1", "-1", " 1", "1 ", "0x1", "8", "\u{661}"] {
            assert_eq!(digits(text.as_bytes(), 8), Err(BadNumber::Malformed), "{text}");
        }
    }

    #[test]
    fn ints() {
        for (text, number) in [("0", 0), (" \t12", 12), ("+7", 7), ("-1", -1), ("007", 7), ("-0", 0)] {
            assert_eq!(int(text.as_bytes()), Ok(number), "{text}");
        }
        assert_eq!([int(b"2147483647"), int(b"-2147483648")], [Ok(i32::MAX), Ok(i32::MIN)]);
        for text in ["", " ", "-", "+", "+-1", "- 1", "1 ", "0x0", "1x", "\u{661}"] {
            assert_eq!(int(text.as_bytes()), Err(BadNumber::Malformed), "{text}");
        }
        for text in ["2147483648", "4294967297", "-2147483649", "99999999999999999999999"] {
            assert_eq!(int(text.as_bytes()), Err(BadNumber::TooLarge), "{text}");
        }
    }

    #[test]
    fn bases() {
        assert_eq!(base(b"0x1f"), (16, &b"1f"[..]));
        assert_eq!(base(b"0X"), (16, &b""[..]));
        assert_eq!(base(b"017"), (8, &b"017"[..]));
        assert_eq!(base(b"0"), (10, &b"0"[..]));
        assert_eq!(skip_blanks(b" \t\x0b1 "), b"1 ");
        assert_eq!(skip_blanks(b" "), b"");
        assert_eq!([sign(b"-1"), sign(b"+1"), sign(b"1")], [(true, &b"1"[..]), (false, b"1"), (false, b"1")]);
    }

    proptest! {
        #[test]
        fn numbers_read_back(number: u64) {
            for text in [format!("{number}"), format!("{number:#x}"), format!("0{number:o}")] {
                let (radix, rest) = base(text.as_bytes());
                prop_assert_eq!(digits(rest, radix), Ok(number), "{}", text);
            }
        }

        #[test]
        fn no_int_becomes_another(number: i32) {
            prop_assert_eq!(int(number.to_string().as_bytes()), Ok(number));
        }

        #[test]
        fn no_text_is_too_strange(text: Vec<u8>, radix in 2u32..=16) {
            let _ = (digits(&text, radix), int(&text), base(&text), skip_blanks(&text));
        }
    }
}
