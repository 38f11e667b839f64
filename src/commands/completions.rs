//! `completions`: prints the completion script of a shell.

use std::io::Write;

use clap::{Args, ValueEnum};

use crate::error::{Error, Result, Status};
use crate::output::stdout::Out;

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub fn run(args: &CompletionsArgs) -> Result<Status> {
    let script = match args.shell {
        Shell::Bash => include_str!("../../completions/ipcadm.bash"),
        Shell::Zsh => include_str!("../../completions/_ipcadm"),
        Shell::Fish => include_str!("../../completions/ipcadm.fish"),
    };
    let mut out = Out::stdout()?;
    out.write_all(script.as_bytes()).map_err(Error::Output)?;
    out.finish()?;
    Ok(Status::Done)
}
