use std::ffi::{CStr, CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::ptr;

use crate::sys::errno::Errno;
use crate::sys::signals;

unsafe extern "C" {
    /// environ(7): pointers to `NAME=value`, ending with null.
    static environ: *const *const c_char;
}

/// A program with its arguments and environment, ready for exec without further allocation.
pub struct Program {
    argv: Vec<*const c_char>,
    envp: Vec<*const c_char>,
    /// The strings behind the pointers, except entries of our own environment.
    owned: Vec<CString>,
}

impl Program {
    /// `program` is looked up in PATH at exec. `InvalidInput` when a word holds a NUL byte.
    pub fn new(program: &OsStr, arguments: &[OsString]) -> io::Result<Self> {
        let words = [program].into_iter().chain(arguments.iter().map(OsString::as_os_str));
        let words: Vec<CString> = words.map(|word| CString::new(word.as_bytes())).collect::<Result<_, _>>()?;
        let argv = words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
        let envp = environment().map(CStr::as_ptr).chain([ptr::null()]).collect();
        Ok(Self { argv, envp, owned: words })
    }

    /// Adds a variable to the inherited environment. `InvalidInput` for a NUL byte.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) -> io::Result<()> {
        let entry = CString::new(format!("{name}={value}"))?;
        let begin = &entry.as_bytes()[..=name.len()];
        // SAFETY: each is null or a C string, owned or part of the environment.
        self.envp.retain(|&other| !other.is_null() && !unsafe { CStr::from_ptr(other) }.to_bytes().starts_with(begin));
        self.envp.extend([entry.as_ptr(), ptr::null()]);
        self.owned.push(entry);
        Ok(())
    }

    /// Replaces this process by the program, which keeps our undo list. Returns only on failure. Allocates nothing.
    pub fn exec(&self) -> Errno {
        signals::restore_ignored();
        // SAFETY: `argv` and `envp` hold C strings that are owned or part of the environment, and end with null.
        unsafe { libc::execvpe(self.argv[0], self.argv.as_ptr(), self.envp.as_ptr()) };
        Errno::last()
    }
}

/// The entries of our environment, malformed ones too.
fn environment() -> impl Iterator<Item = &'static CStr> {
    // SAFETY: set by the C library; this program never changes its environment.
    let mut next = unsafe { environ };
    std::iter::from_fn(move || {
        // SAFETY: `next` points into an array that ends with null, and not beyond; or is null, as clearenv(3) leaves
        // it.
        let entry = (!next.is_null()).then(|| unsafe { *next }).filter(|entry| !entry.is_null())?;
        // SAFETY: this entry was not the last.
        next = unsafe { next.add(1) };
        // SAFETY: it is a C string, and stays as long as the process.
        Some(unsafe { CStr::from_ptr(entry) })
    })
}
