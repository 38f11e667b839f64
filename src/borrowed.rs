//! Refusing to act with privileges that the caller does not have.
//!
//! With a set-user-ID bit, or with file capabilities, the program would remove, read and write for anybody whatever
//! these privileges allow. It checks no permissions of its caller; the kernel does.

use std::ffi::OsString;

use crate::sys::credentials;

const REFUSAL: &str = "refused: it runs with rights that its caller does not have, by a set-user-ID or set-group-ID bit \
                       or by capabilities of its file; take them away (chmod ug-s, setcap -r), and use sudo";

/// Why the program refuses to act on `args`, those after its name; None when it may act.
pub fn refusal(args: &[OsString]) -> Option<&'static str> {
    let harmless = matches!(args, [arg] if arg == "--help" || arg == "--version");
    (!harmless && credentials::are_borrowed()).then_some(REFUSAL)
}
