//! Putting an archive together: members one after the other, then the checksums of all of them.

use std::fs::File;
use std::io::{self, Write};

use super::MAX_SUMMED_HOLES;
use super::summing::Summing;
use super::sums::{Digest, encode};
use super::tar::{BLOCK, Member, Name, padding};

/// Bytes to which small writes are gathered.
const BUFFER: usize = 256 << 10;

#[derive(Debug)]
pub struct Writer {
    out: File,
    buffer: Vec<u8>,
    time: u64,
    /// Bytes of the present member that are still to come.
    left: u64,
    padding: usize,
    sums: Vec<(String, Digest)>,
    /// Zeros of holes that may still be under a checksum in the list.
    zeros: u64,
}

impl Writer {
    /// Begins one at `out`'s present position; `time` in seconds since 1970 is that of all members.
    #[must_use]
    pub fn new(out: File, time: u64) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(BUFFER),
            time,
            left: 0,
            padding: 0,
            sums: Vec::new(),
            zeros: MAX_SUMMED_HOLES,
        }
    }

    /// Begins a member of which `stored` bytes follow. `real_size` is that of the file with its holes, if it has any.
    /// Returns the checksums to be made of it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn begin(&mut self, name: Name, stored: u64, real_size: Option<u64>) -> io::Result<Summing> {
        self.begin_with(Member { name, stored, time: self.time, real_size, digest: None })?;
        // The stored bytes include the map, which is small.
        let holes = real_size.map(|size| size.saturating_sub(stored)).filter(|holes| *holes <= self.zeros);
        Ok(match holes {
            Some(holes) => {
                self.zeros -= holes;
                Summing::with_holes(stored, holes)
            }
            None => Summing::of_stored(stored),
        })
    }

    fn begin_with(&mut self, member: Member) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        (self.left, self.padding) = (member.stored, padding(member.stored));
        self.put(&member.encode())
    }

    /// The next bytes of the member.
    ///
    /// # Errors
    /// Those of writing; `InvalidInput` for more bytes than were announced.
    pub fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
        self.put(bytes)
    }

    /// Ends the member, which has this checksum in the list, or none.
    ///
    /// # Errors
    /// Those of writing; `InvalidInput` when bytes are missing.
    pub fn end(&mut self, name: Name, listed: Option<Digest>) -> io::Result<()> {
        self.pad()?;
        self.sums.extend(listed.map(|digest| (name.text(), digest)));
        Ok(())
    }

    fn pad(&mut self) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.put(&[0; BLOCK][..self.padding])
    }

    /// A whole member from memory.
    ///
    /// # Errors
    /// Those of writing.
    pub fn whole(&mut self, name: Name, bytes: &[u8]) -> io::Result<Digest> {
        let (stored, digest) = (bytes.len() as u64, Digest::of(bytes));
        self.begin_with(Member { name, stored, time: self.time, real_size: None, digest: None })?;
        self.data(bytes)?;
        self.end(name, Some(digest))?;
        Ok(digest)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
            if bytes.len() >= BUFFER {
                return self.out.write_all(bytes);
            }
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes the checksums and the end.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<()> {
        let text = encode(self.sums.iter().map(|(name, digest)| (name.as_str(), *digest)));
        let digest = Digest::of(text.as_bytes());
        let stored = text.len() as u64;
        self.begin_with(Member { name: Name::Sums, stored, time: self.time, real_size: None, digest: Some(digest) })?;
        self.data(text.as_bytes())?;
        self.pad()?;
        self.put(&[0; 2 * BLOCK])?;
        self.out.write_all(&self.buffer)
    }
}
