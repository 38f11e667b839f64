//! Exit statuses of programs that commands run.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::ExitStatus;

use crate::error::{Error, OWN_FAILURE, Result, os_message};
use crate::output::context::say;
use crate::render::escape::escape_bytes;
use crate::sys::process;

/// These two are as for env(1).
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Refuses an empty program name before anything is taken or attached.
pub(crate) fn check(command: &[OsString]) -> Result<()> {
    match command.first() {
        Some(program) if program.is_empty() => {
            Err(Error::Usage("CMD: the name of the program is empty (an unset variable?)".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The status as a shell gives it; a message says why a program could not be started.
pub(crate) fn status(program: &OsStr, ended: io::Result<ExitStatus>) -> u8 {
    ended.map_or_else(|error| not_run(program, &error), process::shell_status)
}

/// Prints why `program` could not be started and returns the status.
pub(crate) fn not_run(program: &OsStr, error: &io::Error) -> u8 {
    say(&format!("cannot run {}: {}", escape_bytes(program.as_encoded_bytes()), os_message(error)));
    not_run_status(error)
}

pub(crate) fn not_run_status(error: &io::Error) -> u8 {
    match error.raw_os_error() {
        Some(libc::ENOENT) => NOT_FOUND,
        // Lack of processes, memory or descriptors is not the program's fault.
        Some(libc::EAGAIN | libc::ENOMEM | libc::EMFILE | libc::ENFILE) => OWN_FAILURE,
        _ => CANNOT_RUN,
    }
}
