//! Keys of `ftok`: making them and splitting them.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::error::{self, Error, Status};
use crate::render::escape::escape_bytes;
use crate::sys::Key;

/// The project number of `ftok`: 1 to 255; the C library uses all eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Project(u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no project: give 1 to 255, 0x01 to 0xff, or one printable character that is no digit")]
pub struct BadProject;

impl Project {
    /// Reads 1 to 255, 0x01 to 0xff, or one ASCII character that is no digit. POSIX leaves 0 undefined.
    pub fn parse(text: &[u8]) -> Result<Self, BadProject> {
        let number = match text {
            [byte] if byte.is_ascii_graphic() && !byte.is_ascii_digit() => return Ok(Self(*byte)),
            [b'0', b'x', digits @ ..] if (1..=2).contains(&digits.len()) => radix(digits, 16),
            [b'1'..=b'9', ..] if text.len() <= 3 => radix(text, 10),
            _ => None,
        };
        match number.and_then(|number| u8::try_from(number).ok()) {
            Some(0) | None => Err(BadProject),
            Some(number) => Ok(Self(number)),
        }
    }

    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Digits alone; the standard library would accept a sign.
fn radix(digits: &[u8], radix: u32) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, &byte| {
        let digit = char::from(byte).to_digit(radix)?;
        value.checked_mul(radix)?.checked_add(digit)
    })
}

/// Reads `0x` and 1 to 8 hexadecimal digits.
pub fn parse_hex(text: &[u8]) -> Option<Key> {
    let digits = text.strip_prefix(b"0x")?;
    if (1..=8).contains(&digits.len()) { radix(digits, 16).map(Key::from_bits) } else { None }
}

/// The parts of a key made by `ftok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Bits 24 to 31.
    pub project: u8,
    /// The low byte of the file's device number, bits 16 to 23.
    pub device_minor: u8,
    /// The low half of the file's inode number.
    pub inode_bits: u16,
}

impl Parts {
    /// Any key can be split; nothing shows whether `ftok` made it.
    pub const fn of(key: Key) -> Self {
        let [project, device_minor, high, low] = key.bits().to_be_bytes();
        Self { project, device_minor, inode_bits: u16::from_be_bytes([high, low]) }
    }

    pub const fn key(self) -> Key {
        let [high, low] = self.inode_bits.to_be_bytes();
        Key::from_bits(u32::from_be_bytes([self.project, self.device_minor, high, low]))
    }
}

/// A key made by `ftok`, with the file's device and inode numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKey {
    pub key: Key,
    pub device: u64,
    pub inode: u64,
}

/// As [`ftok`]; errors have status 3 when there is no such file, 4 without permission, 1 otherwise.
pub(crate) fn of_file(path: &Path, project: Project) -> error::Result<FileKey> {
    ftok(path, project).map_err(|error| {
        let operation = format!("make a key from {}", escape_bytes(path.as_os_str().as_bytes()));
        Error::cannot(status_of(&error), &operation, error::os_message(&error), None)
    })
}

/// The status of a failed stat(2).
pub(super) fn status_of(error: &io::Error) -> Status {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) => Status::NotFound,
        Some(libc::EACCES) => Status::Denied,
        _ => Status::Failed,
    }
}

/// `ftok(path, project)` as in the C libraries. Follows symbolic links.
pub fn ftok(path: &Path, project: Project) -> io::Result<FileKey> {
    if path.as_os_str().as_bytes().contains(&0) {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let file = std::fs::metadata(path)?;
    let (device, inode) = (file.dev(), file.ino());
    // ftok keeps the low bits only, so different files can get the same key.
    let parts = Parts { project: project.0, device_minor: (device & 0xff) as u8, inode_bits: (inode & 0xffff) as u16 };
    Ok(FileKey { key: parts.key(), device, inode })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Parts, Project, parse_hex};
    use crate::sys::Key;

    #[test]
    fn projects() {
        for (text, number) in [("1", 1), ("65", 65), ("255", 255), ("A", 65), ("0x41", 65), ("0x1", 1), ("-", 45)] {
            assert_eq!(Project::parse(text.as_bytes()).map(Project::number), Ok(number), "{text}");
        }
        for text in
            ["", "0", "256", "00", "01", "0x", "0x0", "0x00", "0x100", "AB", "+1", "-1", "1 ", " ", "\n", "\u{e9}"]
        {
            assert!(Project::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn hex_keys() {
        assert_eq!(parse_hex(b"0x5101a2b3"), Some(Key::from_bits(0x5101_a2b3)));
        assert_eq!(parse_hex(b"0xFf"), Some(Key::from_bits(0xff)));
        for text in ["", "0x", "ff", "0x123456789", "0xg", "0x+1", "0X1", " 0x1", "0x1 "] {
            assert_eq!(parse_hex(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_key_splits_and_joins(bits: u32) {
            prop_assert_eq!(Parts::of(Key::from_bits(bits)).key(), Key::from_bits(bits));
        }

        #[test]
        fn every_key_reads_back(bits: u32) {
            let key = Key::from_bits(bits);
            prop_assert_eq!(parse_hex(key.to_string().as_bytes()), Some(key));
        }

        #[test]
        fn no_text_is_too_strange(text: Vec<u8>) {
            let _ = (parse_hex(&text), Project::parse(&text));
        }
    }
}
