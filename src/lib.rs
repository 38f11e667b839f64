//! ipcadm
#![deny(unsafe_code)]
pub mod commands;
pub mod error;
pub mod object;
pub mod proc;
pub mod render;
#[allow(unsafe_code)]
pub mod sys;
