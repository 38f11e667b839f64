//! A program that is ready to be executed.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use crate::sys::errno::Errno;
use crate::sys::signals;

/// A program with its arguments, ready for exec without further allocation.
pub struct Program {
    _words: Vec<CString>,
    argv: Vec<*const c_char>,
}

impl Program {
    /// `program`, to be looked up in PATH, with `arguments`.
    ///
    /// # Errors
    /// `InvalidInput` when a word holds a NUL byte.
    pub fn new(program: &OsStr, arguments: &[OsString]) -> io::Result<Self> {
        let words = [program].into_iter().chain(arguments.iter().map(OsString::as_os_str));
        let words: Vec<CString> = words.map(|word| CString::new(word.as_bytes())).collect::<Result<_, _>>()?;
        let argv = words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
        Ok(Self { _words: words, argv })
    }

    /// Replaces this process by the program, which keeps our undo list. Returns only when that failed. Allocates
    /// nothing.
    pub fn exec(&self) -> Errno {
        signals::restore_ignored();
        // SAFETY: `argv` holds C strings that live as long as self, and ends with null.
        unsafe { libc::execvp(self.argv[0], self.argv.as_ptr()) };
        Errno::last()
    }
}
