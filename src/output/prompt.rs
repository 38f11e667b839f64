//! Asking the person at the terminal.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};

/// Asks `question` on the controlling terminal. None when there is none; anything but yes is no.
pub(crate) fn confirm(question: &str) -> Option<bool> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    write!(terminal, "{question} [y/N] ").and_then(|()| terminal.flush()).ok()?;
    let mut answer = String::new();
    let _ = BufReader::new(terminal).read_line(&mut answer);
    Some(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Whether somebody could be asked.
pub(crate) fn can_ask() -> bool {
    OpenOptions::new().read(true).write(true).open("/dev/tty").is_ok()
}
