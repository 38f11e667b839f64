//! ipcadm
#![deny(unsafe_code)]
pub mod render;
