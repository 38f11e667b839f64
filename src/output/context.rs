//! What every command knows about its surroundings.

use std::fmt;
use std::io::{Cursor, IsTerminal, Write};

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

/// The surroundings of a command.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    color: ColorChoice,
    verbose: bool,
}

impl Context {
    /// From the options that every command has.
    #[must_use]
    pub fn new(color: ColorChoice, verbose: bool) -> Self {
        Self { color, verbose }
    }

    /// Fits `style` to standard output: colour and width only on a terminal.
    pub(crate) fn fit(&self, style: &mut Style) {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        style.width = if terminal { fd::columns(&stdout).map(usize::from) } else { None };
        style.color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                terminal
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
    }

    /// How standard output shows values, with or without headers.
    pub(crate) fn style(&self, bytes: bool, time: TimeStyle, header: bool) -> Style {
        let mut style = Style { header, ..Style::new(bytes, time) };
        self.fit(&mut style);
        style
    }

    /// Whether to say what is done and how.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Says what is done and how, if that was asked for.
    pub(crate) fn verbose(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            say(&text());
        }
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
