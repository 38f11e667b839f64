//! The names that a file imports, by the strings of its dynamic section.

use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::code::calls::pieces::look_through;
use crate::code::calls::{Calls, Examined, How, Source, Unexaminable};

/// The calls that a file can make if its strings have a name.
#[derive(Clone, Copy, Debug)]
enum Says {
    Calls(Calls),
    /// That it calls functions by names that only its data tells: a module, or an interpreter with it built in.
    ForeignFunctions,
}

/// The names that are looked for. Linkers let a name be the end of a longer one, so the ends of names are compared.
const NAMES: [(&str, Says); 14] = [
    ("semop\0", Says::Calls(Calls::SETS)),
    ("semtimedop\0", Says::Calls(Calls::SETS)),
    // With 64-bit times in 32-bit programs: glibc's and musl's.
    ("__semtimedop64\0", Says::Calls(Calls::SETS)),
    ("__semtimedop_time64\0", Says::Calls(Calls::SETS)),
    ("msgsnd\0", Says::Calls(Calls::QUEUES)),
    ("msgrcv\0", Says::Calls(Calls::QUEUES)),
    ("shmat\0", Says::Calls(Calls::SEGMENTS)),
    // Python's ctypes and cffi, Ruby's Fiddle and ffi, Java's JNA.
    ("PyInit__ctypes\0", Says::ForeignFunctions),
    ("init_ctypes\0", Says::ForeignFunctions),
    ("PyInit__cffi_backend\0", Says::ForeignFunctions),
    ("init_cffi_backend\0", Says::ForeignFunctions),
    ("Init_fiddle\0", Says::ForeignFunctions),
    ("Init_ffi_c\0", Says::ForeignFunctions),
    ("Java_com_sun_jna_Native_initIDs\0", Says::ForeignFunctions),
];

static FINDERS: LazyLock<[(Finder<'static>, Says); 14]> =
    LazyLock::new(|| NAMES.map(|(name, says)| (Finder::new(name), says)));

/// The place of the names in a file with a dynamic section.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) strings: Range<u64>,
    pub(super) soname: Option<Vec<u8>>,
}

/// Looks for the names of calls.
pub(super) fn examine(source: &mut dyn Source, names: Names) -> Result<Examined, Unexaminable> {
    let mut calls = Calls::NONE;
    let mut how = How::Imports;
    let _ = look_through(source, names.strings, |piece| {
        for (finder, says) in FINDERS.iter() {
            match says {
                Says::Calls(of_name) if !calls.contains(*of_name) && finder.find(piece).is_some() => {
                    calls = calls.union(*of_name);
                }
                Says::ForeignFunctions if finder.find(piece).is_some() => {
                    (calls, how) = (Calls::ALL, How::ForeignFunctions);
                    return ControlFlow::Break(());
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(Examined { soname: names.soname, calls, how })
}

/// Whether a file is the C library or its loader: what defines the calls does not make them. `name` is the file's, for
/// musl's says nothing of itself.
pub(super) fn is_c_library(source: &mut dyn Source, names: &Names, name: &[u8]) -> Result<bool, Unexaminable> {
    if let Some(soname) = &names.soname {
        return Ok(is_c_library_name(soname));
    }
    if !is_c_library_name(name) {
        return Ok(false);
    }
    // Programs import this, and libraries have nothing to do with it.
    let start = Finder::new("\0__libc_start_main\0");
    let found = look_through(source, names.strings.clone(), |piece| match start.find(piece) {
        Some(_) => ControlFlow::Break(()),
        None => ControlFlow::Continue(()),
    })?;
    Ok(found.is_break())
}

fn is_c_library_name(name: &[u8]) -> bool {
    let starts: [&[u8]; 6] = [b"libc.so", b"libc.musl-", b"ld-linux", b"ld-musl-", b"ld.so", b"ld64.so"];
    starts.iter().any(|start| name.starts_with(start))
}
