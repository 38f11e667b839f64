//! `shm create`, `sem create`, `msg create` and `key`.

mod exist_ok;
mod key;
mod msg;
mod output;
mod sem;
mod shm;
