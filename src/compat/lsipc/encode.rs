//! Escapes text for each kind of output; command lines and names may hold any bytes.

use crate::render::escape::is_unsafe;
use crate::render::json::push_string;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// In columns: control characters and `\x` become `\xNN`; without `utf8`, non-ASCII characters too.
    Table { utf8: bool },
    /// Separated by blanks, so blanks and backslashes are escaped too.
    Raw,
    /// In double quotes of a shell.
    Export,
    /// In a JSON string.
    Json,
    /// On a line of its own: only control characters are escaped.
    Sheet,
}

pub fn push(encoding: Encoding, out: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(|&byte| is_plain(encoding, byte)) => out.push_str(text),
        _ => match encoding {
            Encoding::Json => push_json(out, &String::from_utf8_lossy(bytes)),
            Encoding::Raw | Encoding::Export => {
                for &byte in bytes {
                    push_byte(out, byte, is_plain(encoding, byte));
                }
            }
            Encoding::Table { utf8 } => push_safe(out, bytes, utf8, true),
            Encoding::Sheet => push_safe(out, bytes, true, false),
        },
    }
}

/// Whether a byte is never escaped, whatever surrounds it.
const fn is_plain(encoding: Encoding, byte: u8) -> bool {
    !matches!(
        (encoding, byte),
        (_, 0..=0x1f | 0x7f..)
            | (Encoding::Table { .. } | Encoding::Raw, b'\\')
            | (Encoding::Raw, b' ')
            | (Encoding::Export, b'"' | b'\\' | b'$' | b'`')
            | (Encoding::Json, b'"' | b'\\')
    )
}

fn push_byte(out: &mut String, byte: u8, plain: bool) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    if plain {
        out.push(char::from(byte));
    } else {
        out.push_str("\\x");
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn push_json(out: &mut String, text: &str) {
    let mut quoted = String::with_capacity(text.len() + 16);
    push_string(&mut quoted, text);
    out.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
}

/// Appends characters that are safe on a terminal, and all other bytes as `\xNN`; with `unambiguous`, the backslash of
/// a literal `\x` is escaped too.
fn push_safe(out: &mut String, bytes: &[u8], utf8: bool, unambiguous: bool) {
    for chunk in bytes.utf8_chunks() {
        let mut characters = chunk.valid().chars().peekable();
        while let Some(character) = characters.next() {
            let escaped = match character {
                '\\' => unambiguous && characters.peek() == Some(&'x'),
                ' '..='~' => false,
                _ => !utf8 || is_unsafe(character),
            };
            if escaped {
                character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_byte(out, byte, false));
            } else {
                out.push(character);
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_byte(out, byte, false));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Encoding, push};
    use crate::render::escape::is_unsafe;

    fn encoded(encoding: Encoding, bytes: &[u8]) -> String {
        let mut out = String::new();
        push(encoding, &mut out, bytes);
        out
    }

    #[test]
    fn each_in_its_own_way() {
        let text = b"a b\\c\\x41\"$`\t\x1b\xc3\xa9\xff";
        let table = |utf8| encoded(Encoding::Table { utf8 }, text);
        assert_eq!(table(false), r#"a b\c\x5cx41"$`\x09\x1b\xc3\xa9\xff"#);
        assert_eq!(table(true), r#"a b\c\x5cx41"$`\x09\x1bé\xff"#);
        assert_eq!(encoded(Encoding::Raw, text), r#"a\x20b\x5cc\x5cx41"$`\x09\x1b\xc3\xa9\xff"#);
        assert_eq!(encoded(Encoding::Export, text), r"a b\x5cc\x5cx41\x22\x24\x60\x09\x1b\xc3\xa9\xff");
        assert_eq!(encoded(Encoding::Json, text), "a b\\\\c\\\\x41\\\"$`\\t\\u001bé\u{fffd}");
        assert_eq!(encoded(Encoding::Sheet, text), r#"a b\c\x41"$`\x09\x1bé\xff"#);
    }

    /// Undoes `\xNN`.
    fn decoded(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&first, more)) = rest.split_first() {
            if let [b'\\', b'x', high, low, more @ ..] = rest {
                let digit = |digit: u8| char::from(digit).to_digit(16).unwrap();
                bytes.push((digit(*high) * 16 + digit(*low)) as u8);
                rest = more;
            } else {
                bytes.push(first);
                rest = more;
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_obeyed(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\\'), Just(b'x'), Just(0xe2), Just(0x80)], 0..40),
            utf8: bool,
        ) {
            for encoding in [Encoding::Table { utf8 }, Encoding::Raw, Encoding::Export] {
                let text = encoded(encoding, &bytes);
                prop_assert!(text.chars().all(|c| c == '\\' || !is_unsafe(c)));
                prop_assert_eq!(decoded(&text), bytes.clone());
            }
            prop_assert!(encoded(Encoding::Sheet, &bytes).chars().all(|c| c == '\\' || !is_unsafe(c)));
            let json = format!("\"{}\"", encoded(Encoding::Json, &bytes));
            let back: String = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(back, String::from_utf8_lossy(&bytes));
        }
    }
}
