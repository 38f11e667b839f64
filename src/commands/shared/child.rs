//! The status of a program that was run for the user.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::ExitStatus;

use crate::error::{Error, OWN_FAILURE, Result, os_message};
use crate::output::context::say;
use crate::render::escape::escape_bytes;
use crate::sys::process;

/// env(1)'s status for a program that cannot be run.
const CANNOT_RUN: u8 = 126;
/// env(1)'s status for a program that is not there.
const NOT_FOUND: u8 = 127;

/// Refuses a program without a name, as an unset variable leaves it: before anything is taken or attached.
///
/// # Errors
/// A usage error.
pub(crate) fn check(command: &[OsString]) -> Result<()> {
    match command.first() {
        Some(program) if program.is_empty() => {
            Err(Error::Usage("CMD: the name of the program is empty (an unset variable?)".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The program's own status as a shell gives it; when it could not be started, says why.
pub(crate) fn status(program: &OsStr, ended: io::Result<ExitStatus>) -> u8 {
    ended.map_or_else(|error| not_run(program, &error), process::shell_status)
}

/// Says why `program` could not be started, and gives the status for that.
pub(crate) fn not_run(program: &OsStr, error: &io::Error) -> u8 {
    say(&format!("cannot run {}: {}", escape_bytes(program.as_encoded_bytes()), os_message(error)));
    not_run_status(error)
}

/// The status for a program that could not be started.
pub(crate) fn not_run_status(error: &io::Error) -> u8 {
    match error.raw_os_error() {
        Some(libc::ENOENT) => NOT_FOUND,
        // No room for another process, or no descriptor for starting it: that is no fault of the program's.
        Some(libc::EAGAIN | libc::ENOMEM | libc::EMFILE | libc::ENFILE) => OWN_FAILURE,
        _ => CANNOT_RUN,
    }
}
