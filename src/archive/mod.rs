//! Backups: objects with their contents in a tar file that standard tools open, and bringing them back.
//!
//! The format is described in `ipcadm-archive(5)`. What is written here is read back strictly: every header must be,
//! byte by byte, what would be written for what it says, and everything is under a checksum. So no byte of an archive
//! can be another one unnoticed, and nothing that comes in an archive reaches a path or the kernel before it has been
//! checked.

mod bad;
pub mod manifest;
pub mod plan;
pub mod read;
pub mod restore;
mod room;
pub mod save;
pub mod sparse;
pub mod summing;
pub mod sums;
pub mod tar;
pub mod write;

/// The version of the format that is written, and the only one that is read.
pub const FORMAT: u32 = 1;
/// The name of the member that describes the objects.
pub const MANIFEST: &str = "manifest.json";
/// The name of the member with the checksums of all others.
pub const SUMS: &str = "SHA256SUMS";
/// No manifest is larger: one of a hundred million semaphores.
pub const MAX_MANIFEST: u64 = 256 << 20;
/// No archive holds more objects: all that there can be, unless the kernel was started with `ipcmni_extend`. With this and
/// the largest manifest, what is kept of an archive that is checked stays below 256 MiB.
pub const MAX_OBJECTS: usize = 1 << 17;
/// No list of checksums is larger: it has a line for each object.
pub const MAX_SUMS: u64 = 16 << 20;
/// No member with messages is larger.
pub const MAX_MESSAGES: u64 = 4 << 30;
/// No more zeros of holes than this are under the checksums of one archive in `SHA256SUMS`: a checksum of zeros takes as
/// long as one of data. A segment whose holes exceed what is left has no line there. It is under the manifest's checksum
/// all the same.
pub const MAX_SUMMED_HOLES: u64 = 1 << 30;
