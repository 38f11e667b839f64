//! What the drop-ins say: messages, `-V` and `-h`.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::io::{self, Write as _};
use std::process::ExitCode;

use super::Tool;
use super::getopt::Bad;
use super::out::Out;
use crate::render::escape::escape;
use crate::sys::Errno;

/// The release of util-linux whose behaviour the drop-ins have.
pub const UTIL_LINUX: &str = "2.42";

/// Says something on standard error behind the tool's name. Nothing can be done where that fails.
pub fn say(tool: Tool, message: impl Display) {
    let line = format!("{}: {}\n", tool.name(), harmless(&message.to_string()));
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Says what is wrong with the command line as getopt does, and where to find help.
pub fn usage_error(tool: Tool, bad: &Bad) -> ExitCode {
    say(tool, bad);
    try_help(tool)
}

/// Says where to find help; for a command line that was complained of.
pub fn try_help(tool: Tool) -> ExitCode {
    let line = format!("Try '{} --help' for more information.\n", tool.name());
    let _ = io::stderr().write_all(line.as_bytes());
    ExitCode::FAILURE
}

/// Answers `-V`. Scripts look for `util-linux` and a number behind it, or for the last word.
pub fn version(tool: Tool) -> ExitCode {
    let ours = env!("CARGO_PKG_VERSION");
    print(tool, &format!("{} from ipcadm {ours}, compatible with util-linux {UTIL_LINUX}\n", tool.name()))
}

/// Prints a text and ends well, unless it cannot be printed: for `-h`.
pub fn print(tool: Tool, text: &str) -> ExitCode {
    let mut out = Out::new();
    out.text.push_str(text);
    out.finish(tool, ExitCode::SUCCESS)
}

/// An argument as it stands in a message.
#[must_use]
pub fn shown(arg: &OsStr) -> String {
    arg.to_string_lossy().into_owned()
}

/// Escapes what could deceive a terminal, a line at a time. A backslash by itself cannot, and stays as it was typed.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.split('\\').map(escape).collect::<Vec<_>>().join("\\")
}

/// The error of a failed call in the words of the C library, behind what failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a>(pub &'a str, pub Errno);

impl Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn messages_do_no_harm_and_stay_as_they_were_typed() {
        assert_eq!(harmless(r"a\b '\x'"), r"a\b '\x'");
        assert_eq!(harmless("a\nb\x1b[2J"), r"a\nb\x1b[2J");
    }
}
