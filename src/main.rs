//! The `ipcadm` program: the name it was called by decides what it is.

use std::process::ExitCode;

fn main() -> ExitCode {
    ipcadm::program::run(std::env::args_os().collect())
}
