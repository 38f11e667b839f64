//! The `ipcadm` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipcadm::program::run(std::env::args_os().collect())
}
