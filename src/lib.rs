//! `ipcadm`: System V IPC for administrators, script authors and the curious.
//!
//! The floors, from the top down. A floor uses only floors below it, and ARCHITECTURE.md tells why each is there.
//!
//! - [`cli`]: the command tree; arguments in, exit status out
//! - [`commands`]: a file for each verb, none of which uses another; `shared` holds what several need
//! - [`output`]: how results are written: lists, documents, reports, details, prompts
//! - [`compat`]: `ipcs`, `ipcrm`, `ipcmk` and `lsipc` as util-linux has them
//! - [`archive`]: backups of objects with their contents
//! - [`removal`]: choosing what may go, and removing it while nobody can start to use it
//! - [`listing`]: which objects a list holds, and which fields can be shown
//! - [`segment`], [`queue`], [`set`]: the bytes, the messages and the values
//! - [`usage`]: who uses an object, who may, and its state
//! - [`journal`]: the record of objects that a run has locked
//! - [`object`]: references, snapshots, creation, changes, limits
//! - [`kind`]: what is special about a kind of object
//! - [`code`]: which System V calls a process can make
//! - [`proc`](mod@proc): `/proc` and the kernel's own tables of tasks
//! - [`sys`]: the kernel calls; the only floor with `unsafe`
//!
//! Beside them, used from everywhere: [`error`], [`config`] (folders of configuration files), [`borrowed`] (set-user-ID
//! and file capabilities are refused), [`option_values`] and [`render`] (text of numbers, sizes, times, tables and JSON; it knows no object).
//!
//! The library exists for the program, its tests and its benches; only the program's behaviour is stable.
#![deny(unsafe_code)]

pub mod archive;
pub mod borrowed;
pub mod cli;
pub mod code;
pub mod commands;
pub mod compat;
pub mod config;
pub mod error;
pub mod journal;
pub mod kind;
pub mod listing;
pub mod object;
pub mod option_values;
pub mod output;
pub mod proc;
pub mod queue;
pub mod removal;
pub mod render;
pub mod segment;
pub mod set;
#[allow(unsafe_code)]
pub mod sys;
pub mod usage;
