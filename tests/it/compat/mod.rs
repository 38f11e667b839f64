//! The drop-ins, side by side with util-linux's tools where those are installed.

mod ipcmk;
mod ipcrm;
mod ipcs;
mod ipcs_better;
mod lsipc;
mod lsipc_better;
mod lsipc_terminal;
mod times;

use std::ffi::OsString;

use ipcadm_testbed::Cmd;

/// The words of a command line.
fn words(line: &str) -> Vec<OsString> {
    line.split(' ').map(Into::into).collect()
}

/// A command without anything special.
fn plain(cmd: Cmd) -> Cmd {
    cmd
}
