//! The `ipcadm` program.
fn main() {}
