//! Checksums, and the list of them as sha256sum(1) reads it.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

/// A SHA-256 checksum, shown as 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Reads 64 small hex digits; None for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
        let text: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        f.write_str(&text)
    }
}

/// Makes a checksum of bytes as they come.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds `len` zeros.
    pub fn zeros(&mut self, mut len: u64) {
        static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
        while len > 0 {
            let step = usize::try_from(len).unwrap_or(usize::MAX).min(ZEROS.len());
            self.update(&ZEROS[..step]);
            len -= step as u64;
        }
    }

    /// The checksum of all that came.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// The list: a line for each member.
#[must_use]
pub fn encode<'a>(sums: impl IntoIterator<Item = (&'a str, Digest)>) -> String {
    sums.into_iter().fold(String::new(), |mut text, (name, digest)| {
        let _ = writeln!(text, "{digest}  {name}");
        text
    })
}

/// Reads the list; None unless it is exactly as [`encode`] writes it.
#[must_use]
pub fn parse(text: &str) -> Option<Vec<(&str, Digest)>> {
    let sums: Vec<_> = text
        .lines()
        .map(|line| {
            let (digest, name) = line.split_once("  ")?;
            Some((name, Digest::parse(digest)?))
        })
        .collect::<Option<_>>()?;
    (encode(sums.iter().copied()) == text).then_some(sums)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Digest, Hasher, encode, parse};

    #[test]
    fn a_known_checksum() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(Digest::parse(empty), Some(Digest::of(b"")));
        assert_eq!(Digest::parse(&empty.to_uppercase()), None);
        let mut zeros = Hasher::default();
        zeros.zeros(100_000);
        assert_eq!(zeros.finish(), Digest::of(&[0; 100_000]));
    }

    proptest! {
        #[test]
        fn lists_read_back(sums in proptest::collection::vec(("[a-z.]{1,9}", any::<[u8; 32]>()), 0..5)) {
            let sums: Vec<_> = sums.iter().map(|(name, bytes)| (name.as_str(), Digest(*bytes))).collect();
            let text = encode(sums.iter().copied());
            prop_assert_eq!(parse(&text), Some(sums));
        }

        #[test]
        fn no_list_is_too_strange(text: String) {
            let _ = parse(&text);
            let _ = Digest::parse(&text);
        }
    }
}
