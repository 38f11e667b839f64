//! The library's system calls, and what it reads of other processes.

mod calls;
mod msg;
mod outside;
mod sem;
mod shm;
