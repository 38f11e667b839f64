//! Base64 (RFC 4648, with padding), for bytes that are no text. Two short functions, kept here rather than taken
//! from a crate.

const ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends `bytes` in base64.
pub fn push_base64(out: &mut String, bytes: &[u8]) {
    out.reserve(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) & 0x3f;
            // One byte fills two characters, two fill three.
            let filled = place <= three.len();
            out.push(if filled { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
}

/// The bytes that `text` stands for. None unless it is exactly what [`push_base64`] would write: no blank, no missing
/// padding, no bits that are left over.
#[must_use]
pub fn parse_base64(text: &[u8]) -> Option<Vec<u8>> {
    let (fours, []) = text.as_chunks::<4>() else { return None };
    let mut bytes = Vec::with_capacity(fours.len() * 3);
    for (number, four) in fours.iter().enumerate() {
        let padding = four.iter().rev().take_while(|&&byte| byte == b'=').count();
        if padding > 2 || padding > 0 && number + 1 != fours.len() {
            return None;
        }
        let mut bits = 0;
        for &byte in &four[..4 - padding] {
            bits = bits << 6 | sextet(byte)?;
        }
        bits <<= 6 * padding;
        let [_, three @ ..] = u32::to_be_bytes(bits);
        let (kept, left_over) = three.split_at(3 - padding);
        if left_over.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{parse_base64, push_base64};

    fn encoded(bytes: &[u8]) -> String {
        let mut out = String::new();
        push_base64(&mut out, bytes);
        out
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let pairs = ["", "f/Zg==", "fo/Zm8=", "foo/Zm9v", "foob/Zm9vYg==", "fooba/Zm9vYmE=", "foobar/Zm9vYmFy"];
        for pair in pairs {
            let (plain, coded) = pair.split_once('/').unwrap_or_default();
            assert_eq!(encoded(plain.as_bytes()), coded);
            assert_eq!(parse_base64(coded.as_bytes()).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["Z", "Zg", "Zg=", "Zg===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_", "=Zg="] {
            assert_eq!(parse_base64(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(parse_base64(encoded(&bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn one_text_for_the_same_bytes(text in "[A-Za-z0-9+/=]{0,12}") {
            if let Some(bytes) = parse_base64(text.as_bytes()) {
                prop_assert_eq!(encoded(&bytes), text);
            }
        }
    }
}
