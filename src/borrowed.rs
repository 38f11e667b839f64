//! Refusing to act with rights that the caller does not have.
//!
//! Installed with a set-user-ID bit, or with capabilities of the file, the program would remove, read and write for
//! anybody whatever these rights allow. Nothing in it weighs what its caller may do; the kernel does.

use std::ffi::OsString;

use crate::sys::credentials;

const REFUSAL: &str = "refused: it runs with rights that its caller does not have, by a set-user-ID or set-group-ID bit \
                       or by capabilities of its file; take them away (chmod ug-s, setcap -r), and use sudo";

/// Why the program does nothing with `args`, those behind its name; None when it may.
#[must_use]
pub fn refusal(args: &[OsString]) -> Option<&'static str> {
    let harmless = matches!(args, [arg] if arg == "--help" || arg == "--version");
    (!harmless && credentials::are_borrowed()).then_some(REFUSAL)
}
