//! As much of the ELF format as the question takes: program headers, and where the dynamic section says that the
//! strings are.

use std::ops::Range;

use crate::code::calls::{CUT, Source, Unexaminable, fill};

/// The parts of a file do not fit together.
pub(super) const BROKEN: &str = "is broken";
/// More program headers than any program has: some have a dozen.
const PROGRAM_HEADERS: u16 = 256;
/// The most that is taken for a dynamic section, in bytes.
const DYNAMIC: u64 = 1 << 20;
/// The most that is taken for the strings of a dynamic section, in bytes.
const STRINGS: u64 = 64 << 20;
/// The most that is read of a file's name for itself.
const SONAME: usize = 256;

const PT_LOAD: u32 = 1;
pub(super) const PT_DYNAMIC: u32 = 2;
pub(super) const PT_INTERP: u32 = 3;
const PF_X: u32 = 1;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_STRSZ: u64 = 10;
const DT_SONAME: u64 = 14;

/// How numbers are written in a file, and for which machine it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) is_64_bit: bool,
    is_big_endian: bool,
    pub(super) machine: u16,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    size: u64,
}

impl Header {
    /// Where code is in the file that is executed from there.
    pub(super) fn code(&self) -> Option<Range<u64>> {
        let is_code = self.kind == PT_LOAD && self.flags & PF_X != 0;
        Some(self.offset..self.offset.checked_add(self.size)?).filter(|_| is_code)
    }
}

#[derive(Debug, Default)]
pub(super) struct Dynamic {
    pub(super) needs: bool,
    pub(super) strings: Option<Range<u64>>,
    pub(super) soname: Option<u64>,
}

impl Format {
    /// The format, and where the program headers are.
    pub(super) fn of(head: &[u8]) -> Option<(Self, Range<u64>)> {
        let is_64_bit = [false, true].into_iter().zip(1..).find(|(_, class)| head.get(4) == Some(class))?.0;
        let is_big_endian = [false, true].into_iter().zip(1..).find(|(_, data)| head.get(5) == Some(data))?.0;
        let mut format = Self { is_64_bit, is_big_endian, machine: 0 };
        format.machine = format.half(head, 18)?;
        let (start, sizes) = if is_64_bit { (format.word(head, 32)?, 54) } else { (format.word(head, 28)?, 42) };
        let (size, count) = (format.half(head, sizes)?, format.half(head, sizes + 2)?);
        if usize::from(size) != format.header_size() || count > PROGRAM_HEADERS {
            return None;
        }
        Some((format, start..start.checked_add(u64::from(size) * u64::from(count))?))
    }

    fn header_size(self) -> usize {
        if self.is_64_bit { 56 } else { 32 }
    }

    fn number<const SIZE: usize>(self, bytes: &[u8], at: usize) -> Option<u64> {
        let bytes: [u8; SIZE] = bytes.get(at..at.checked_add(SIZE)?)?.try_into().ok()?;
        let add = |number: u64, byte: u8| number << 8 | u64::from(byte);
        Some(if self.is_big_endian { bytes.into_iter().fold(0, add) } else { bytes.into_iter().rev().fold(0, add) })
    }

    fn half(self, bytes: &[u8], at: usize) -> Option<u16> {
        u16::try_from(self.number::<2>(bytes, at)?).ok()
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        u32::try_from(self.number::<4>(bytes, at)?).ok()
    }

    /// An address, an offset or a size.
    fn word(self, bytes: &[u8], at: usize) -> Option<u64> {
        if self.is_64_bit { self.number::<8>(bytes, at) } else { self.number::<4>(bytes, at) }
    }

    pub(super) fn headers(
        self,
        source: &mut dyn Source,
        head: &[u8],
        table: &Range<u64>,
    ) -> Result<Vec<Header>, Unexaminable> {
        let in_head = || head.get(usize::try_from(table.start).ok()?..usize::try_from(table.end).ok()?);
        let bytes = match in_head() {
            Some(bytes) => bytes.to_vec(),
            None => read(source, table.clone())?,
        };
        let headers = bytes.chunks_exact(self.header_size()).map(|header| self.header(header));
        headers.collect::<Option<_>>().ok_or(BROKEN.into())
    }

    fn header(self, bytes: &[u8]) -> Option<Header> {
        let (flags, places) = if self.is_64_bit { (4, [8, 16, 32]) } else { (24, [4, 8, 16]) };
        let [offset, address, size] = places.map(|at| self.word(bytes, at));
        Some(Header {
            kind: self.u32(bytes, 0)?,
            flags: self.u32(bytes, flags)?,
            offset: offset?,
            address: address?,
            size: size?,
        })
    }

    pub(super) fn dynamic(
        self,
        source: &mut dyn Source,
        headers: &[Header],
        header: &Header,
    ) -> Result<Dynamic, Unexaminable> {
        // A loader finds it by its address.
        let place = in_file(headers, header.address, header.size).filter(|_| header.size <= DYNAMIC).ok_or(BROKEN)?;
        let bytes = read(source, place)?;
        let width = if self.is_64_bit { 8 } else { 4 };
        let (mut found, mut start, mut size) = (Dynamic::default(), None, None);
        for entry in bytes.chunks_exact(2 * width) {
            let (Some(tag), Some(value)) = (self.word(entry, 0), self.word(entry, width)) else { break };
            match tag {
                DT_NULL => break,
                DT_NEEDED => found.needs = true,
                DT_STRTAB => start = Some(value),
                DT_STRSZ => size = Some(value),
                DT_SONAME => found.soname = Some(value),
                _ => {}
            }
        }
        if let (Some(start), Some(size)) = (start, size) {
            found.strings = Some(in_file(headers, start, size).filter(|_| size <= STRINGS).ok_or(BROKEN)?);
        }
        Ok(found)
    }
}

/// The part of the file that will be mapped at an address.
fn in_file(headers: &[Header], address: u64, size: u64) -> Option<Range<u64>> {
    // A part that is mapped later covers those before it.
    headers.iter().rev().filter(|header| header.kind == PT_LOAD).find_map(|header| {
        let within = address.checked_sub(header.address)?;
        let start = header.offset.checked_add(within)?;
        let end = start.checked_add(size)?;
        (within.checked_add(size)? <= header.size).then_some(start..end)
    })
}

/// Reads a stretch that is known to be short.
fn read(source: &mut dyn Source, stretch: Range<u64>) -> Result<Vec<u8>, Unexaminable> {
    let mut bytes = vec![0; usize::try_from(stretch.end - stretch.start).map_err(|_| BROKEN)?];
    if fill(source, &mut bytes, stretch.start)? < bytes.len() {
        return Err(CUT.into());
    }
    Ok(bytes)
}

/// The string at an offset of the strings.
pub(super) fn string(source: &mut dyn Source, strings: &Range<u64>, at: u64) -> Result<Vec<u8>, Unexaminable> {
    let start = strings.start.checked_add(at).filter(|start| *start < strings.end).ok_or(BROKEN)?;
    let mut bytes = read(source, start..strings.end.min(start.saturating_add(SONAME as u64)))?;
    let end = bytes.iter().position(|&byte| byte == 0).ok_or(BROKEN)?;
    bytes.truncate(end);
    Ok(bytes)
}
