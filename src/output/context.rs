//! The options that every command has, and messages on standard error.

use std::fmt;
use std::io::{Cursor, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ValueEnum;

use crate::render::style::{Style, TimeStyle};
use crate::sys::fd;

/// A line no longer than this is written at once.
const MOST_AT_ONCE: usize = 1024;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The options that every command has.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    color: ColorChoice,
    verbose: bool,
}

/// Set once, before a command runs, and read wherever something is said or shown.
static OPTIONS: OnceLock<Options> = OnceLock::new();

/// Sets the options that every command has.
pub(crate) fn set_options(color: ColorChoice, verbose: bool) {
    // There is one command line, so that they are set already only where they are the same.
    let _ = OPTIONS.set(Options { color, verbose });
}

fn options() -> Options {
    OPTIONS.get().copied().unwrap_or_default()
}

/// A style fitted to standard output: colour and width only on a terminal.
pub(crate) fn style(bytes: bool, time: TimeStyle, header: bool) -> Style {
    let stdout = std::io::stdout();
    let terminal = stdout.is_terminal();
    let width = if terminal { fd::columns(&stdout).map(usize::from) } else { None };
    let color = match options().color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            terminal
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    };
    Style { width, color, header, ..Style::new(bytes, time) }
}

/// Whether to say how things are done.
pub(crate) fn is_verbose() -> bool {
    options().verbose
}

/// Says how something is done, if that was asked for.
pub(crate) fn verbose(text: impl FnOnce() -> String) {
    if is_verbose() {
        say(&text());
    }
}

/// Says something on standard error. Where even that fails, nobody is left to tell.
pub fn say(text: &str) {
    say_args(format_args!("{text}"));
}

/// The same without a text made for it: allocates nothing.
pub(crate) fn say_args(text: fmt::Arguments<'_>) {
    let mut stderr = std::io::stderr().lock();
    // In one write where possible, so that what several processes say does not get mixed.
    let mut line = Cursor::new([0; MOST_AT_ONCE]);
    let _ = match writeln!(line, "ipcadm: {text}").map(|()| usize::try_from(line.position())) {
        Ok(Ok(length)) => stderr.write_all(&line.get_ref()[..length]),
        _ => writeln!(stderr, "ipcadm: {text}"),
    };
}

/// Says something that does not change what happens.
pub(crate) fn note(text: &str) {
    say(&format!("note: {text}"));
}
