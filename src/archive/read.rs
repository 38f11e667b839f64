//! Reading an archive: all of it is checked before anybody gets to see anything of it.

mod items;
mod scan;

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

pub use items::{Account, Body, Item, Place};

pub use super::bad::Bad;
use super::manifest::{self, Head};
use super::sparse::Map;
use super::sums::Hasher;
use crate::error::{Error, Result, Status};
use crate::sys::random;

/// Bytes of the manifest read at a time.
const CHUNK: usize = 256 << 10;

/// An archive that has been checked.
#[derive(Debug)]
pub struct Archive {
    file: File,
    /// Where and when it was made.
    pub head: Head,
    pub items: Vec<Item>,
}

impl Archive {
    /// Reads the archive in `file` from its present position to its end. What is no regular file is copied to one
    /// without a name first, in the folder for temporary files.
    ///
    /// # Errors
    /// Status 1, naming it `name`.
    pub fn open(file: File, name: &str) -> Result<Self> {
        Self::read(file).map_err(|bad| {
            let remedy = match &bad {
                Bad::Damaged(_) => Some("nothing was done"),
                Bad::Read(_) => None,
            };
            Error::cannot(Status::Failed, &format!("read the archive {name}"), bad, remedy)
        })
    }

    /// As [`Archive::open`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(mut file: File) -> std::result::Result<Self, Bad> {
        let regular = file.metadata()?.is_file();
        let start = if regular { file.stream_position()? } else { 0 };
        let spool = if regular { None } else { Some(spool()?) };
        let scanned = scan::scan(&file, spool.as_ref(), start)?;
        let file = spool.unwrap_or(file);
        let (offset, stored, digest) = scanned.manifest;
        let part = Part { file: &file, at: offset, left: stored };
        let (head, mut manifest) = manifest::Reader::begin(BufReader::with_capacity(CHUNK, Hashed::new(part)))?;
        let items = items::check(&file, &head, &mut manifest, &scanned)?;
        if manifest.into_inner().into_inner().hasher.finish() != digest {
            return Err("somebody has changed it meanwhile".into());
        }
        Ok(Self { file, head, items })
    }

    /// A part of what is stored.
    #[must_use]
    pub fn part(&self, offset: u64, len: u64) -> Part<'_> {
        Part { file: &self.file, at: offset, left: len }
    }

    /// The map in front of a sparse segment's data, and how long it is there.
    pub(super) fn map(&self, place: &Place, size: u64) -> Option<(Map, u64)> {
        items::map(&self.file, place, size)
    }
}

/// A part of the archive, read from its beginning.
#[derive(Debug)]
pub struct Part<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let got = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += got as u64;
        self.left -= got as u64;
        Ok(got)
    }
}

/// Makes the checksum of what is read.
#[derive(Debug)]
struct Hashed<R> {
    input: R,
    hasher: Hasher,
}

impl<R> Hashed<R> {
    fn new(input: R) -> Self {
        Self { input, hasher: Hasher::default() }
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.input.read(buffer)?;
        self.hasher.update(&buffer[..got]);
        Ok(got)
    }
}

/// A file without a name in the folder for temporary files.
fn spool() -> io::Result<File> {
    let folder = std::env::temp_dir();
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    match options.clone().custom_flags(libc::O_TMPFILE).open(&folder) {
        Ok(file) => return Ok(file),
        // What file systems and kernels that do not know it say.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EOPNOTSUPP | libc::EISDIR | libc::EINVAL)) => {}
        Err(error) => return Err(error),
    }
    unnamed(&folder, options.create_new(true))
}

fn unnamed(folder: &Path, options: &OpenOptions) -> io::Result<File> {
    let path = folder.join(format!("ipcadm-{:08x}{:08x}", random::bits32()?, random::bits32()?));
    let file = options.open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
