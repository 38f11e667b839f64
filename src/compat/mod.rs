//! The drop-ins: what `ipcs`, `ipcrm`, `ipcmk` and `lsipc` of util-linux do, by the same options, with the same
//! output and the same statuses. Here is their parsing and their printing; everything else comes from below.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use crate::borrowed;

pub mod common;
pub mod getopt;
pub mod ipcmk;
pub mod ipcrm;
pub mod ipcs;
pub mod lsipc;
pub mod numbers;
pub mod out;
pub mod text;
pub mod times;

/// One of util-linux's tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Lists.
    Ipcs,
    /// Removes.
    Ipcrm,
    /// Makes.
    Ipcmk,
    /// Lists in columns of choice.
    Lsipc,
}

impl Tool {
    /// The tool that the program was called as: the last part of `name`.
    #[must_use]
    pub fn called(name: &OsStr) -> Option<Self> {
        match Path::new(name).file_name()?.as_encoded_bytes() {
            b"ipcs" => Some(Self::Ipcs),
            b"ipcrm" => Some(Self::Ipcrm),
            b"ipcmk" => Some(Self::Ipcmk),
            b"lsipc" => Some(Self::Lsipc),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipcs => "ipcs",
            Self::Ipcrm => "ipcrm",
            Self::Ipcmk => "ipcmk",
            Self::Lsipc => "lsipc",
        }
    }

    /// Runs it with the arguments behind its name.
    #[must_use]
    pub fn run(self, args: Vec<OsString>) -> ExitCode {
        if let Some(refusal) = borrowed::refusal(&args) {
            common::say(self, refusal);
            return ExitCode::FAILURE;
        }
        match self {
            Self::Ipcs => ipcs::run(args),
            Self::Ipcrm => ipcrm::run(args),
            Self::Ipcmk => ipcmk::run(args),
            Self::Lsipc => lsipc::run(args),
        }
    }
}
