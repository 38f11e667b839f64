//! The tool of util-linux that the program was called as, and its messages.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use crate::render::escape::escape;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Ipcs,
    Ipcrm,
    Ipcmk,
    Lsipc,
}

impl Tool {
    /// The tool named by the last component of `argv[0]`.
    pub fn called(name: &OsStr) -> Option<Self> {
        let name = Path::new(name).file_name()?;
        [Self::Ipcs, Self::Ipcrm, Self::Ipcmk, Self::Lsipc].into_iter().find(|tool| name == tool.name())
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ipcs => "ipcs",
            Self::Ipcrm => "ipcrm",
            Self::Ipcmk => "ipcmk",
            Self::Lsipc => "lsipc",
        }
    }

    /// Prints a message on standard error, after the tool's name. An error in that is ignored.
    pub(super) fn say(self, message: impl Display) {
        let line = format!("{}: {}\n", self.name(), harmless(&message.to_string()));
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// An argument as messages repeat it.
pub fn shown(arg: &OsStr) -> String {
    arg.to_string_lossy().into_owned()
}

/// Escapes what a terminal would interpret. Backslashes are harmless and stay as they were typed.
pub fn harmless(text: &str) -> Cow<'_, str> {
    match text.contains('\\') {
        true => text.split('\\').map(escape).collect::<Vec<_>>().join("\\").into(),
        false => escape(text),
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
