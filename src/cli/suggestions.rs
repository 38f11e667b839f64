//! Tips for common mistakes in the command line.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::command_path::Words;
use crate::cli::tree::Cli;

/// A tip for a command line that clap refused.
pub fn hint(error: &clap::Error, words: &Words) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => text(ContextKind::InvalidSubcommand).and_then(for_command),
        ErrorKind::UnknownArgument => text(ContextKind::InvalidArg).and_then(|argument| for_option(argument, words)),
        _ => None,
    }
}

fn for_command(word: &str) -> Option<String> {
    let meant = match word {
        "create" | "new" | "make" => "ipcadm shm create SIZE, ipcadm sem create N or ipcadm msg create",
        "attach" => "ipcadm shm attach REF",
        "send" => "ipcadm msg send REF",
        "recv" | "receive" => "ipcadm msg recv REF",
        "peek" => "ipcadm msg peek REF",
        "purge" => "ipcadm msg purge REF",
        "chmod" | "chown" | "chgrp" | "change" => "ipcadm set REF… --mode, --owner or --group",
        "flock" | "run" => "ipcadm sem run REF -- CMD",
        "semop" | "op" => "ipcadm sem op REF OP…",
        "setval" => "ipcadm sem setval REF VALUE…",
        "fuser" | "lsof" | "users" | "holders" | "waiters" => "ipcadm who REF, or ipcadm ps",
        "dump" | "export" | "archive" => "ipcadm save REF… -O FILE",
        "load" | "import" | "undelete" | "restore" => "ipcadm restore FILE",
        "ftok" => "ipcadm key PATH PROJECT",
        "shm" | "sem" | "msg" => "ipcadm ls shm sem msg, to list several kinds",
        _ => return None,
    };
    Some(format!("tip: {meant}"))
}

/// Covers a program without `--`, `-f`, and selectors given to commands that take references only.
fn for_option(argument: &str, words: &Words) -> Option<String> {
    if words.are(&["sem", "run"]) && !argument.starts_with('-') {
        return Some("tip: '--' goes in front of the program: ipcadm sem run REF -- CMD".to_owned());
    }
    if matches!(argument, "-f" | "--force") && words.words.last().is_some_and(|word| word == "rm") {
        return Some("tip: -y removes objects in use without asking".to_owned());
    }
    if words.words.last().is_some_and(|word| word == "clean") && matches!(argument, "-f" | "--force") {
        return Some("tip: -y removes without asking, but never what is in use".to_owned());
    }
    if words.words.first().is_some_and(|word| word == "sem") && argument == "-n" {
        return Some("tip: not to wait: --no-wait (-n is for dry runs, which this command has not)".to_owned());
    }
    let selector = argument.split(['=', ' ']).next().unwrap_or(argument);
    let mut tree = Cli::command();
    tree.build();
    let is_selector = tree.find_subcommand("ls")?.get_arguments().any(|arg| {
        arg.get_help_heading() == Some("Selectors")
            && arg.get_long().is_some_and(|long| selector.strip_prefix("--") == Some(long))
    });
    if !is_selector {
        return None;
    }
    let command = words.words.last()?;
    match command.as_str() {
        "rm" | "delete" | "remove" => Some(format!(
            "tip: to remove what is leaked by {selector}: ipcadm clean {selector} …; to remove all that is listed: \
             ipcadm ls --format jsonl {selector} … | ipcadm rm -"
        )),
        "show" | "inspect" | "stat" | "who" | "set" => {
            Some(format!("tip: to choose by {selector}: ipcadm ls -q {selector} … | ipcadm {command} -"))
        }
        _ => None,
    }
}
