//! `ipcadm`: System V IPC for administrators, script authors and the curious.
//!
//! The floors, from the top down; a floor uses only what is below it:
//!
//! - [`program`]: arguments in, exit status out
//! - [`hints`]: the right way for guessable wrong tries
//! - [`cli`]: the command tree
//! - [`commands`]: a file for each command: its arguments, and what it does with them
//! - [`archive`]: backups of objects with their contents, and bringing them back
//! - [`object`]: what an object is, how it is named, found, chosen, described, created, changed and removed
//! - [`proc`]: reading `/proc`
//! - [`sys`]: the kernel calls; the only floor with `unsafe`
//!
//! Beside [`program`] stand [`words`], which finds the words of a command without parsing the rest, and [`borrowed`],
//! which refuses rights that the caller does not have.
//!
//! Beside them all, used from every floor that shows something: [`render`], which knows no object, and [`error`].
//!
//! The library exists for the program, its tests and its benches; only the program's behaviour is stable.
#![deny(unsafe_code)]

pub mod archive;
pub mod borrowed;
pub mod cli;
pub mod commands;
pub mod compat;
pub mod error;
pub mod hints;
pub mod object;
pub mod proc;
pub mod program;
pub mod render;
#[allow(unsafe_code)]
pub mod sys;
pub mod words;
