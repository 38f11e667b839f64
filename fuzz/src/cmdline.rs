//! Command lines: they are parsed, and what is wrong with them is explained. Nothing is done.
//!
//! - The words in front of the arguments are found within them, whatever stands there.
//! - Parsing comes to the same twice.
//! - A hint is one of our own, which a terminal does not obey.

use std::ffi::OsString;

use crate::support::{arguments, assert_harmless};
use clap::Parser as _;
use ipcadm::cli::command_path::Words;
use ipcadm::cli::suggestions;
use ipcadm::cli::tree::Cli;

/// See above.
pub fn check(data: &[u8]) {
    let mut args = vec![OsString::from("ipcadm")];
    args.extend(arguments(data));
    let words = Words::of(&args);
    assert!(words.words.len() <= 2);
    assert!(words.incomplete || words.end <= args.len());
    let kind = |args: &[OsString]| Cli::try_parse_from(args).map(drop).map_err(|error| error.kind());
    assert_eq!(kind(&args), kind(&args));
    if let Err(error) = Cli::try_parse_from(&args) {
        assert!(error.render().to_string().lines().count() > 0);
        if let Some(hint) = suggestions::hint(&error, &words) {
            assert!(hint.starts_with("tip: "));
            assert_harmless(&hint, &[]);
        }
    }
}
