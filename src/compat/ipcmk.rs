//! `ipcmk`.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs it.
#[must_use]
pub fn run(_args: Vec<OsString>) -> ExitCode {
    ExitCode::FAILURE
}
