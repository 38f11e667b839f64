//! Drop-in replacements for `ipcs`, `ipcrm`, `ipcmk` and `lsipc` of util-linux, with the same options, output and exit
//! statuses. This room parses and prints; lower ones do the rest.

use std::ffi::OsString;

use crate::borrowed;

mod fact;
pub mod getopt;
pub mod ipcmk;
pub mod ipcrm;
mod ipcs;
pub mod lsipc;
pub mod numbers;
mod out;
mod stop;
pub mod text;
pub mod times;
pub mod tool;

pub use stop::Stop;
pub use tool::Tool;

impl Tool {
    /// Runs the tool; `args` are the arguments without the name.
    pub fn run(self, args: &[OsString]) -> u8 {
        if let Some(refusal) = borrowed::refusal(args) {
            return Stop::refused(refusal).end(self, String::new);
        }
        let ran = match self {
            Self::Ipcs => ipcs::run(args),
            Self::Ipcrm => ipcrm::run(args),
            Self::Ipcmk => ipcmk::run(args),
            Self::Lsipc => lsipc::run(args),
        };
        ran.unwrap_or_else(|stop| {
            stop.end(self, || match self {
                Self::Ipcs => ipcs::HELP.to_owned(),
                Self::Ipcrm => ipcrm::HELP.to_owned(),
                Self::Ipcmk => ipcmk::HELP.to_owned(),
                Self::Lsipc => lsipc::help::text(),
            })
        })
    }
}
