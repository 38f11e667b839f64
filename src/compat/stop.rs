//! Ends a run whose command line asks for no work.

use std::ffi::OsStr;
use std::io::{self, Write as _};

use super::Tool;
use super::getopt::Bad;
use super::numbers::BadNumber;
use super::out::Out;
use super::tool::shown;

/// The release of util-linux that the drop-ins follow.
const UTIL_LINUX: &str = "2.42";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    Help,
    Version,
    /// An error, mostly in the command line.
    Refused {
        /// Printed one a line.
        messages: Vec<String>,
        /// Whether a last line refers to `--help`.
        see_help: bool,
    },
}

impl Stop {
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::Refused { messages: vec![message.into()], see_help: false }
    }

    pub(super) fn see_help(message: impl Into<String>) -> Self {
        Self::Refused { messages: vec![message.into()], see_help: true }
    }

    pub(super) fn not_parsed(what: &str, word: &OsStr, bad: BadNumber) -> Self {
        Self::refused(format!("failed to parse {what}: '{}'{}", shown(word), bad.suffix()))
    }

    /// Prints the help, the version or the messages; returns the exit status.
    pub(super) fn end(self, tool: Tool, help: impl FnOnce() -> String) -> u8 {
        let mut out = Out::new(tool);
        let name = tool.name();
        match self {
            Self::Help => out.text = help(),
            // Scripts look for `util-linux` followed by a version, or for the last word.
            Self::Version => {
                let ours = env!("CARGO_PKG_VERSION");
                out.text = format!("{name} from ipcadm {ours}, compatible with util-linux {UTIL_LINUX}\n");
            }
            Self::Refused { messages, see_help } => {
                messages.into_iter().for_each(|message| out.fail(message));
                if see_help {
                    let line = format!("Try '{name} --help' for more information.\n");
                    let _ = io::stderr().write_all(line.as_bytes());
                }
            }
        }
        out.finish()
    }
}

impl From<Bad> for Stop {
    fn from(bad: Bad) -> Self {
        Self::see_help(bad.to_string())
    }
}
