//! What the environment says about characters.

use std::ffi::CStr;
use std::sync::OnceLock;

/// Whether text is UTF-8, by `LC_ALL`, `LC_CTYPE` or `LANG` and the locales this machine has. Asked of the C library
/// once, so that the answer is that of every other program.
#[must_use]
pub fn is_utf8() -> bool {
    static UTF8: OnceLock<bool> = OnceLock::new();
    *UTF8.get_or_init(|| {
        // SAFETY: the name is a C string; called once, before this process has threads that could use the locale.
        // nl_langinfo returns a C string that stays until the locale is set again, which nobody does.
        unsafe {
            libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
            let codeset = libc::nl_langinfo(libc::CODESET);
            !codeset.is_null() && CStr::from_ptr(codeset).to_bytes() == b"UTF-8"
        }
    })
}
