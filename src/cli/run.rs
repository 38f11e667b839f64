//! From arguments to exit status.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::mem::ManuallyDrop;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};

use crate::borrowed;
use crate::cli::command_path::Words;
use crate::cli::suggestions;
use crate::cli::tree::Cli;
use crate::error::{Error, OWN_FAILURE, Status};
use crate::output::context::say;
use crate::render::escape::escape;
use crate::sys::{Errno, signals, startup};

/// Runs the program; `args` begin with its name.
pub fn run(mut args: Vec<OsString>) -> u8 {
    signals::keep_file_size_errors();
    let words = Words::of(&args);
    let runs_a_program = words.are(&["sem", "run"])
        || args.iter().any(|arg| arg == "--") && RUNNERS.iter().any(|runner| words.are(runner));
    if runs_a_program && args.iter().position(|arg| arg == "--") == Some(args.len() - 1) {
        say("which program? Nothing stands behind '--' (an unset variable?)");
        return OWN_FAILURE;
    }
    if let Some(refusal) = borrowed::refusal(args.get(1..).unwrap_or_default()) {
        say(refusal);
        return if runs_a_program { OWN_FAILURE } else { Status::Refused.code() };
    }
    imply_ls(&mut args, &words);
    // Neither is given back: that would take as long as parsing.
    let mut tree = ManuallyDrop::new(Cli::command());
    let parsed = tree.try_get_matches_from_mut(args).map(ManuallyDrop::new);
    let parsed = parsed.and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return explain(error, &words, runs_a_program),
    };
    let status = match cli.run() {
        Ok(status) => return status,
        // A reader that closes the pipe early is no failure.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
        Err(error) => {
            say(&error.to_string());
            error.status()
        }
    };
    status.code()
}

/// Commands that run a program after `--`, with their aliases.
const RUNNERS: [&[&str]; 3] = [&["shm", "attach"], &["msg", "recv"], &["msg", "receive"]];

/// Inserts `ls` where no command is given: `ipcadm --json`, `ipcadm shm`, `ipcadm shm:0`.
fn imply_ls(args: &mut Vec<OsString>, words: &Words) {
    if words.incomplete {
        return;
    }
    let under_kind = words.is_under_kind();
    match words.words.get(usize::from(under_kind)) {
        Some(word) if is_reference(word, under_kind) => {
            // A later argument may read the same, so only the leading ones are searched.
            let leading = args.get(..words.end).unwrap_or_default();
            if let Some(at) = leading.iter().rposition(|arg| arg.to_string_lossy() == *word) {
                args.insert(at, "ls".into());
            }
        }
        Some(_) => {}
        None => {
            let asks = |arg: &OsString| {
                matches!(arg.as_encoded_bytes(), b"-h" | b"--help" | b"-V" | b"--version" | b"-vh" | b"-vV")
            };
            if !args.get(words.end).is_some_and(asks) {
                args.insert(words.end.min(args.len()), "ls".into());
            }
        }
    }
}

/// Whether a word in place of a command can only be a reference.
fn is_reference(word: &str, under_kind: bool) -> bool {
    word.contains(':') || under_kind && word.starts_with(|c: char| c.is_ascii_digit())
}

/// Prints the help, the version or a usage error.
fn explain(mut error: clap::Error, words: &Words, runs_a_program: bool) -> u8 {
    if !error.use_stderr() {
        let closed = startup::stdout_was_closed().then(|| Errno::from_raw(libc::EBADF).into());
        let failed = closed.or_else(|| error.print().and_then(|()| io::stdout().flush()).err());
        return match failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                say(&Error::Output(error).to_string());
                Status::Failed.code()
            }
            _ => 0,
        };
    }
    let hint = suggestions::hint(&error, words);
    make_harmless(&mut error);
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    // The tip "to pass it as a value" never helps with an unknown option.
    let mut lines: Vec<&str> = text.trim_end().lines().filter(|line| !line.starts_with("  tip: to pass '")).collect();
    lines.dedup_by(|one, two| one.is_empty() && two.is_empty());
    let mut shown = lines.join("\n");
    if let Some(hint) = hint {
        shown.push_str("\n\n  ");
        shown.push_str(&hint);
    }
    say(&shown);
    if runs_a_program { OWN_FAILURE } else { Status::Usage.code() }
}

/// Escapes the arguments that clap repeats, before it renders them.
fn make_harmless(error: &mut clap::Error) {
    let repeated: Vec<(ContextKind, ContextValue)> =
        error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in repeated {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(harmless(text)),
            ContextValue::Strings(texts) => ContextValue::Strings(texts.into_iter().map(harmless).collect()),
            // Tips lose their colours here, which are not shown anyway.
            ContextValue::StyledStrs(texts) => {
                ContextValue::StyledStrs(texts.iter().map(|text| harmless(text.to_string()).into()).collect())
            }
            _ => continue,
        };
        error.insert(kind, value);
    }
}

/// Escapes text that is not plain ASCII; other text keeps single backslashes.
fn harmless(text: String) -> String {
    if text.chars().any(|c| c.is_control() || !c.is_ascii()) { escape(&text).into_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::RUNNERS;
    use crate::cli::tree::Cli;

    #[test]
    fn every_alias_of_a_runner_is_known() {
        let mut tree = Cli::command();
        tree.build();
        let mut known = 0;
        for kind in tree.get_subcommands() {
            for command in kind.get_subcommands() {
                let takes_a_program = command.get_arguments().any(|arg| arg.is_last_set());
                if !takes_a_program || command.get_name() == "run" {
                    continue;
                }
                for name in [command.get_name()].into_iter().chain(command.get_all_aliases()) {
                    assert!(RUNNERS.contains(&&[kind.get_name(), name][..]), "{} {name}", kind.get_name());
                    known += 1;
                }
            }
        }
        assert_eq!(known, RUNNERS.len());
    }
}
