//! Which of util-linux's tools the program was called as, and its messages.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;

use crate::render::escape::escape;

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

    /// Prints a message on standard error behind the tool's name. Nothing can be done where that fails.
    pub(super) fn say(self, message: impl Display) {
        let line = format!("{}: {}\n", self.name(), harmless(&message.to_string()));
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// An argument as a message repeats it.
#[must_use]
pub fn shown(arg: &OsStr) -> String {
    arg.to_string_lossy().into_owned()
}

/// Escapes what a terminal would obey. A backslash by itself it does not, and stays as it was typed.
#[must_use]
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
