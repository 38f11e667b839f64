//! The `ipcadm` program, and the tools it stands in for when it is called by their names.
#![no_main]

use std::ffi::OsString;

use ipcadm::compat::Tool;

ipcadm::entry!(run);

/// Runs the program; returns the exit status.
fn run(arguments: &[OsString]) -> u8 {
    ipcadm::proc::probe::require();
    match arguments.first().and_then(|name| Tool::called(name)) {
        Some(tool) => tool.run(&arguments[1..]),
        None => ipcadm::cli::run::run(arguments.to_vec()),
    }
}
