//! The names that a file imports, by the strings of its dynamic section.

use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::elf::string;
use super::pieces::look_through;
use super::{Calls, Examined, How, Source, Unexaminable};

/// The names of the calls. Linkers let a name be the end of a longer one, so the ends of names are looked for.
const NAMES: [(&str, Calls); 7] = [
    ("semop\0", Calls::SETS),
    ("semtimedop\0", Calls::SETS),
    // With 64-bit times in 32-bit programs: glibc's and musl's.
    ("__semtimedop64\0", Calls::SETS),
    ("__semtimedop_time64\0", Calls::SETS),
    ("msgsnd\0", Calls::QUEUES),
    ("msgrcv\0", Calls::QUEUES),
    ("shmat\0", Calls::SEGMENTS),
];

static FINDERS: LazyLock<[(Finder<'static>, Calls); 7]> =
    LazyLock::new(|| NAMES.map(|(name, calls)| (Finder::new(name), calls)));

/// What a file with these strings can call.
pub(super) fn examine(
    source: &mut dyn Source,
    strings: Range<u64>,
    soname: Option<u64>,
) -> Result<Examined, Unexaminable> {
    let soname = soname.map(|at| string(source, &strings, at)).transpose()?;
    let mut calls = Calls::NONE;
    if !soname.as_deref().is_some_and(is_c_library) {
        let _ = look_through(source, strings, |piece| {
            for (finder, of_name) in FINDERS.iter() {
                if calls.without(*of_name) == calls && finder.find(piece).is_some() {
                    calls = calls.union(*of_name);
                }
            }
            if calls == Calls::ALL { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    Ok(Examined { soname, calls, how: How::Imports })
}

/// Whether a file of this name is the C library or its loader: what defines the calls does not make them.
pub(super) fn is_c_library(name: &[u8]) -> bool {
    let starts: [&[u8]; 6] = [b"libc.so", b"libc.musl-", b"ld-linux", b"ld-musl-", b"ld.so", b"ld64.so"];
    starts.iter().any(|start| name.starts_with(start))
}
