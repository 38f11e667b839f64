//! The drop-ins, side by side with util-linux's tools where those are installed.

mod ipcmk;
mod ipcrm;
mod ipcs;
mod ipcs_better;
mod lsipc;
mod lsipc_better;
mod lsipc_terminal;
mod times;
