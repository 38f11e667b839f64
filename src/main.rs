//! The `ipcadm` program, and the tools it stands in for when it is called by their names.

use std::ffi::OsString;
use std::process::ExitCode;

use ipcadm::compat::Tool;

fn main() -> ExitCode {
    ipcadm::proc::probe::require();
    let args: Vec<OsString> = std::env::args_os().collect();
    match args.first().and_then(|name| Tool::called(name)) {
        Some(tool) => tool.run(args.into_iter().skip(1).collect()),
        None => ipcadm::cli::run::run(args),
    }
}
