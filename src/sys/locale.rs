//! The character set of the environment's locale.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::OnceLock;

unsafe extern "C" {
    /// POSIX; the libc crate lacks it on Linux.
    fn nl_langinfo_l(item: libc::nl_item, locale: libc::locale_t) -> *mut c_char;
}

/// Whether text is UTF-8, by `LC_ALL`, `LC_CTYPE` or `LANG` and the installed locales. The C library answers, as it
/// does for other programs.
pub(crate) fn is_utf8() -> bool {
    static UTF8: OnceLock<bool> = OnceLock::new();
    *UTF8.get_or_init(|| {
        // SAFETY: the name is a C string. The new locale is no thread's current one, so nobody else uses it; the text
        // that nl_langinfo_l returns is a C string that lives as long as the locale, which is freed afterwards.
        unsafe {
            let locale = libc::newlocale(libc::LC_CTYPE_MASK, c"".as_ptr(), ptr::null_mut());
            if locale.is_null() {
                return false;
            }
            let is_utf8 = CStr::from_ptr(nl_langinfo_l(libc::CODESET, locale)).to_bytes() == b"UTF-8";
            libc::freelocale(locale);
            is_utf8
        }
    })
}
