//! Which System V calls the code in an ELF file can make, by the names it imports or, in a static program, by the
//! numbers of the calls in its code.
//!
//! Anybody may have written the file: every offset and size is checked and bounded, and a file that is not what it claims
//! to be cannot be examined, which is a result of its own. Nothing here opens a file: whoever calls gives a function
//! that reads.

mod code;
mod elf;
mod examine;
pub mod known;
mod names;
mod pieces;

use std::fmt;
use std::io;

pub use examine::examine;

/// A set of kinds of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Calls(u8);

impl Calls {
    pub const NONE: Self = Self(0);
    /// Operations on semaphores: semop(2), semtimedop(2).
    pub const SETS: Self = Self(1);
    /// Sending and receiving: msgsnd(2), msgrcv(2).
    pub const QUEUES: Self = Self(2);
    /// Attaching: shmat(2).
    pub const SEGMENTS: Self = Self(4);
    pub const ALL: Self = Self(7);

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` are among them.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of `other` is among them.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// How it is known that code can make calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It imports them by name.
    Imports,
    /// It is a static program, and their numbers are in its code.
    Static,
    /// It is there to call functions by names that only its data tells.
    ForeignFunctions,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// What the file calls itself (SONAME), as it stands there.
    pub soname: Option<Vec<u8>>,
    /// The calls it can make; none for the C library, by which the others make theirs.
    pub calls: Calls,
    pub how: How,
}

/// The part that a file plays in its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Program,
    /// Something that the program, or its loader, mapped.
    Mapped,
}

/// Why a file cannot be examined.
#[derive(Debug)]
pub enum Unexaminable {
    Unreadable(io::Error),
    /// For what it is; follows on its name.
    Strange(&'static str),
}

impl fmt::Display for Unexaminable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {}", crate::error::os_message(error)),
            Self::Strange(what) => f.write_str(what),
        }
    }
}

impl From<&'static str> for Unexaminable {
    fn from(what: &'static str) -> Self {
        Self::Strange(what)
    }
}

/// A file ends before something it says it has.
const CUT: &str = "is cut off";

/// Reads bytes from an offset on: as many as there are, up to the size of the buffer.
pub trait Source {
    /// How many bytes were read; 0 only at the end of the file.
    ///
    /// # Errors
    /// Any that stand in the way.
    fn read(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl<T: FnMut(&mut [u8], u64) -> io::Result<usize>> Source for T {
    fn read(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self(buffer, offset)
    }
}

/// Reads as much as there is, up to the size of the buffer.
fn fill(source: &mut dyn Source, buffer: &mut [u8], offset: u64) -> Result<usize, Unexaminable> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..], offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Unexaminable::Unreadable(error)),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
