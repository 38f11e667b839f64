//! From arguments to exit status.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, KIND_WORDS};
use crate::commands::context::say;
use crate::error::{Error, OWN_FAILURE, Status};
use crate::hints;
use crate::render::escape::escape;
use crate::sys::{Errno, startup};

/// Runs the program with its arguments, the name it was called by first.
#[must_use]
pub fn run(mut args: Vec<OsString>) -> ExitCode {
    let runs_a_program = args.iter().any(|arg| arg == "attach") && args.iter().any(|arg| arg == "--");
    imply_ls(&mut args);
    let mut tree = Cli::command();
    let parsed = tree.try_get_matches_from_mut(args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return explain(error, runs_a_program),
    };
    let status = match cli.run() {
        Ok(status) => return status,
        // Who looks and has seen enough has not failed.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
        Err(error) => {
            say(&error.to_string());
            error.status()
        }
    };
    ExitCode::from(status.code())
}

/// `ls` is what is meant when no command is given: `ipcadm --json`, `ipcadm shm`.
fn imply_ls(args: &mut Vec<OsString>) {
    let mut at = 1;
    let mut under_kind = false;
    while let Some(word) = args.get(at) {
        let text = word.as_encoded_bytes();
        if text == b"--color" {
            at += 2;
            if at > args.len() {
                return;
            }
        } else if matches!(text, b"-v" | b"--verbose") || text.starts_with(b"--color=") {
            at += 1;
        } else if matches!(text, b"-h" | b"--help" | b"-V" | b"--version" | b"-vh" | b"-vV") {
            return;
        } else if !under_kind && KIND_WORDS.iter().any(|kind| kind.as_bytes() == text) {
            under_kind = true;
            at += 1;
        } else if text.starts_with(b"-") || is_reference(text, under_kind) {
            break;
        } else {
            return;
        }
    }
    args.insert(at.min(args.len()), "ls".into());
}

/// Whether a word in the place of a command can only be an object.
fn is_reference(word: &[u8], under_kind: bool) -> bool {
    word.contains(&b':') || under_kind && word.first().is_some_and(u8::is_ascii_digit)
}

/// Shows help, version, or what is wrong with the command line.
fn explain(mut error: clap::Error, runs_a_program: bool) -> ExitCode {
    if !error.use_stderr() {
        let closed = startup::stdout_was_closed().then(|| Errno::from_raw(libc::EBADF).into());
        let failed = closed.or_else(|| error.print().and_then(|()| io::stdout().flush()).err());
        return match failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                say(&Error::Output(error).to_string());
                ExitCode::from(Status::Failed.code())
            }
            _ => ExitCode::SUCCESS,
        };
    }
    let hint = hints::hint(&error);
    make_harmless(&mut error);
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    // "To pass it as a value" is never what was meant by an option that does not exist.
    let mut lines: Vec<&str> = text.trim_end().lines().filter(|line| !line.starts_with("  tip: to pass '")).collect();
    lines.dedup_by(|one, two| one.is_empty() && two.is_empty());
    let mut shown = lines.join("\n");
    if let Some(hint) = hint {
        shown.push_str("\n\n  ");
        shown.push_str(&hint);
    }
    say(&shown);
    ExitCode::from(if runs_a_program { OWN_FAILURE } else { Status::Usage.code() })
}

/// Escapes what clap repeats of the command line, before clap puts it between lines of its own.
fn make_harmless(error: &mut clap::Error) {
    let repeated: Vec<(ContextKind, ContextValue)> =
        error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in repeated {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(harmless(text)),
            ContextValue::Strings(texts) => ContextValue::Strings(texts.into_iter().map(harmless).collect()),
            // Tips. As text they lose their colours, which are not shown anyway.
            ContextValue::StyledStrs(texts) => {
                ContextValue::StyledStrs(texts.iter().map(|text| harmless(text.to_string()).into()).collect())
            }
            _ => continue,
        };
        error.insert(kind, value);
    }
}

/// Leaves plain text alone, so that backslashes in it are not doubled.
fn harmless(text: String) -> String {
    if text.chars().any(|c| c.is_control() || !c.is_ascii()) { escape(&text).into_owned() } else { text }
}
