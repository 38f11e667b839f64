//! Writing into a segment.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use crate::segment::{Contents, CopyError, STEP};
use crate::sys::mapping::Mapped;
use crate::sys::{self, Errno, fd, memory};

const PATTERN: usize = 1 << 20;

/// The outcome of reading input into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub written: u64,
    /// The early end: [`CopyError::Read`] is the input's error, [`CopyError::Write`] the segment's.
    pub error: Option<CopyError>,
}

/// Reads a byte: 0 to 255, 0x0 to 0xff, or one ASCII character that is no digit.
pub fn parse_byte(text: &str) -> Result<u8, String> {
    let digits = |digits: &str, radix: u32| {
        // from_str_radix accepts a sign.
        let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.then(|| u8::from_str_radix(digits, radix).ok()).flatten()
    };
    let byte = match text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_digit() => Some(*byte),
        [b'0', b'x', hex @ ..] if hex.len() <= 2 => digits(&text[2..], 16),
        _ => digits(text, 10),
    };
    byte.ok_or_else(|| "is no byte: give 0 to 255, 0x0 to 0xff, or one character that is no digit".to_owned())
}

impl Contents {
    fn writable(&self) -> Result<&Mapped, CopyError> {
        self.mapped.as_ref().ok_or(CopyError::Write(Errno::EFAULT))
    }

    /// Sets every byte of `range`. Zeros leave holes unallocated.
    pub fn fill(&self, range: Range<u64>, byte: u8, progress: &mut dyn FnMut(u64)) -> Result<(), CopyError> {
        let pattern = pattern(byte).map_err(CopyError::Write)?;
        let mapped = self.writable()?;
        let mut at = range.start;
        while at < range.end {
            let (run, data) = self.run(&(at..range.end)).map_err(CopyError::Write)?;
            let end = if byte == 0 { run } else { range.end };
            if byte == 0 && !data {
                at = end;
                continue;
            }
            while at < end {
                let len = usize::try_from(end - at).unwrap_or(PATTERN).min(PATTERN);
                let offset = usize::try_from(at).map_err(|_| CopyError::Write(Errno::EFAULT))?;
                match mapped.read_from_start(pattern.as_fd(), offset, len) {
                    Ok(0) => return Err(CopyError::Write(Errno::EFAULT)),
                    Ok(got) => at += got as u64,
                    Err(Errno::EINTR) => {}
                    Err(errno) => return Err(CopyError::Write(errno)),
                }
                progress(at - range.start);
            }
        }
        Ok(())
    }

    /// Reads `input` into `range` until one of them ends. Holes of a file become zeros without allocation.
    pub fn take(&self, range: Range<u64>, input: &File, progress: &mut dyn FnMut(u64)) -> Taken {
        let mut at = range.start;
        let sparse = input.metadata().is_ok_and(|data| data.is_file() && data.len() > 0);
        let error = self.take_all(&mut at, range.clone(), input, sparse, progress).err();
        Taken { written: at - range.start, error }
    }

    fn take_all(
        &self,
        at: &mut u64,
        range: Range<u64>,
        input: &File,
        sparse: bool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), CopyError> {
        let mapped = self.writable()?;
        while *at < range.end {
            let left = range.end - *at;
            let (len, data) = if sparse { next_run(input, left).map_err(CopyError::Read)? } else { (left, true) };
            let len = len.min(STEP);
            if len == 0 {
                break;
            }
            if data {
                let offset = usize::try_from(*at).map_err(|_| CopyError::Write(Errno::EFAULT))?;
                let len = usize::try_from(len).map_err(|_| CopyError::Write(Errno::EFAULT))?;
                match mapped.read_from(input.as_fd(), offset, len) {
                    Ok(0) => break,
                    Ok(got) => *at += got as u64,
                    Err(Errno::EINTR) => {}
                    Err(Errno::EAGAIN) => fd::wait_readable(input).map_err(CopyError::Read)?,
                    Err(errno @ (Errno::EFAULT | Errno::ENOMEM)) => return Err(CopyError::Write(errno)),
                    Err(errno) => return Err(CopyError::Read(errno)),
                }
            } else {
                self.fill(*at..*at + len, 0, &mut |_| {})?;
                skip(input, len).map_err(CopyError::Read)?;
                *at += len;
            }
            progress(*at - range.start);
        }
        Ok(())
    }
}

/// The length of the file's next run of data or hole, and whether it is data; 0 at the end.
fn next_run(mut input: &File, most: u64) -> sys::Result<(u64, bool)> {
    let io = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
    let position = input.stream_position().map_err(io)?;
    // SEEK_DATA moved the position.
    let answer = fd::next_data(input, position).and_then(|data| match data {
        Some(data) if data == position => fd::next_hole(input, position).map(|hole| (hole - position, true)),
        Some(data) => Ok((data - position, false)),
        None => {
            let end = input.metadata().map_err(io)?.len();
            Ok((end.saturating_sub(position), false))
        }
    });
    input.seek(SeekFrom::Start(position)).map_err(io)?;
    match answer {
        Ok((len, data)) => Ok((len.min(most), data)),
        // A file system without holes.
        Err(_) => Ok((most, true)),
    }
}

fn skip(mut input: &File, len: u64) -> sys::Result<()> {
    let len = i64::try_from(len).map_err(|_| Errno::EINVAL)?;
    let moved = input.seek(SeekFrom::Current(len));
    moved.map(drop).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}

/// A file that repeats one byte.
fn pattern(byte: u8) -> sys::Result<File> {
    let file = memory::empty_file()?;
    let written = if byte == 0 { file.set_len(PATTERN as u64) } else { file.write_all_at(&vec![byte; PATTERN], 0) };
    written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::ENOMEM)))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse_byte;

    #[test]
    fn bytes() {
        for (text, byte) in
            [("0", 0), ("255", 255), ("007", 7), ("0x0", 0), ("0xff", 255), ("0x7", 7), ("A", 65), (" ", 32), ("-", 45)]
        {
            assert_eq!(parse_byte(text), Ok(byte), "{text}");
        }
        for text in ["", "256", "-1", "+1", "0x", "0x100", "0x+1", "AB", "1 ", "é", "ff", "0000", "0X1"] {
            assert!(parse_byte(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_can_be_given(byte: u8) {
            prop_assert_eq!(parse_byte(&byte.to_string()), Ok(byte));
            prop_assert_eq!(parse_byte(&format!("{byte:#x}")), Ok(byte));
        }

        #[test]
        fn no_text_is_too_strange(text: String) {
            let _ = parse_byte(&text);
        }
    }
}
