//! What lets a process count as one that can use objects: a library that names the calls, mapped as code.
//!
//! The other processes of this test make all calls by number, and are no possible users of what they have not used.

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::path::Path;

use ipcadm_testbed::crowd;

/// The names, as a library that imports them has them.
const NAMES: &[u8] = b"\0semop\0semtimedop\0msgsnd\0msgrcv\0shmat\0";

/// The library, open.
pub(crate) struct Library(File);

impl Library {
    /// Writes it to a file in this folder, where whoever judges can read it.
    pub(crate) fn new(folder: &Path) -> Self {
        let path = folder.join("library.so");
        fs::write(&path, library()).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    /// Maps it in this process and all that it forks.
    pub(crate) fn map(&self) {
        crowd::map_code(self.0.as_raw_fd(), library().len()).expect("a mapping of code");
    }
}

/// An ELF file of 64 bits with nothing but what the loader would need to find those names: one part that is loaded, and
/// a dynamic section in it that says where the strings are.
fn library() -> Vec<u8> {
    const HEAD: u64 = 64;
    const PART: u64 = 56;
    const DYNAMIC: u64 = HEAD + 2 * PART;
    // DT_STRTAB, DT_STRSZ, DT_NULL.
    let entries = [[5, DYNAMIC + 48], [10, NAMES.len() as u64], [0, 0]];
    let machine: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
    let order = if cfg!(target_endian = "little") { 1 } else { 2 };
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut add = |bytes: &[u8]| file.extend_from_slice(bytes);
    // A shared object; entry, program headers, section headers.
    add(&3_u16.to_ne_bytes());
    add(&machine.to_ne_bytes());
    add(&1_u32.to_ne_bytes());
    [0, HEAD, 0].into_iter().for_each(|number: u64| add(&number.to_ne_bytes()));
    add(&0_u32.to_ne_bytes());
    [64, 56, 2, 64, 0, 0].into_iter().for_each(|number: u16| add(&number.to_ne_bytes()));
    let all = DYNAMIC + 48 + NAMES.len() as u64;
    // PT_LOAD of everything, to be read and executed; PT_DYNAMIC.
    for (kind, flags, offset, size) in [(1_u32, 5_u32, 0, all), (2, 4, DYNAMIC, 48)] {
        add(&kind.to_ne_bytes());
        add(&flags.to_ne_bytes());
        [offset, offset, offset, size, size, 4096].into_iter().for_each(|number| add(&number.to_ne_bytes()));
    }
    entries.into_iter().flatten().for_each(|number| add(&number.to_ne_bytes()));
    add(NAMES);
    file
}
