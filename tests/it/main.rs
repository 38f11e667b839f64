//! The integration tests, all in one executable: linking it takes longer than most of them.
//!
//! A module stands for a command, or for what several commands share. Tests run in parallel, each in an IPC namespace of
//! its own thread (`ipcadm_testbed`). One that changes something of the whole process, or counts something of it, starts
//! itself again in a process of its own.

mod archive;
mod borrowed;
mod chaos;
mod clean;
mod compat;
mod completions;
mod create;
mod floors;
mod install;
mod kernel;
mod limits;
mod ls;
mod manual;
mod msg;
mod output;
mod rm;
mod sem;
mod set;
mod shm;
mod show;
mod state;
mod support;
mod testbed_works;
mod who;
