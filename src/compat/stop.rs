//! How a run ends before it has begun its work.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::Tool;
use super::getopt::Bad;
use super::out::Out;

/// The release of util-linux whose behaviour the drop-ins have.
const UTIL_LINUX: &str = "2.42";

/// Why the work is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `-h` prints the help instead.
    Help,
    /// `-V` prints the version instead.
    Version,
    /// Something is wrong, mostly with the command line.
    Refused {
        /// One line each.
        messages: Vec<String>,
        /// Whether a last line names `--help`.
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

    /// Ends the run; the exit status tells whether it was as good as done.
    pub(super) fn end(self, tool: Tool, help: impl FnOnce() -> String) -> ExitCode {
        let mut out = Out::new(tool);
        let name = tool.name();
        match self {
            Self::Help => out.text = help(),
            // Scripts look for `util-linux` and a number behind it, or for the last word.
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
