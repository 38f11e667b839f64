//! `sem run`: runs a program while holding semaphores.

use std::env;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::Args;

use crate::commands::shared::wait::{WaitArgs, in_vain};
use crate::commands::shared::{child, targets};
use crate::error::{Error, OWN_FAILURE, Result, Status, os_message};
use crate::kind::model::Object;
use crate::object::fingerprint::Fingerprint;
use crate::object::inventory;
use crate::option_values::exit_status;
use crate::output::context::{is_verbose, say, say_args};
use crate::render::escape::escape_bytes;
use crate::set::operation::parse_list;
use crate::set::{Operation, Request};
use crate::sys::child_undo::{ChildSharingUndo, Ended, Message};
use crate::sys::process::{self, program::Program};
use crate::sys::signals;
use crate::usage::held_sets;

const SHELL: &str = "/bin/sh";

/// Run a program while holding semaphores
///
/// They are taken before CMD starts and given back when it has ended, however it ends, and never before: not even when
/// ipcadm is killed. The exit status is CMD's; 125 is a failure of ipcadm's own, 126 and 127 are as for env(1).
#[derive(Debug, Args)]
#[command(override_usage = "ipcadm sem run [OPTIONS] REF -- CMD...\n       ipcadm sem run [OPTIONS] REF -c LINE")]
#[command(group(clap::ArgGroup::new("program").required(true).args(["shell", "command"])))]
pub struct SemRunArgs {
    /// Semaphore set
    #[arg(value_name = "REF")]
    reference: OsString,
    /// What to take, as in sem op; may be repeated
    #[arg(long, value_name = "OPS", value_parser = operations, default_value = "0-1")]
    take: Vec<Operations>,
    #[command(flatten)]
    wait: WaitArgs,
    /// Exit status when it would block or timed out
    #[arg(short = 'E', long, value_name = "STATUS", value_parser = exit_status, default_value = "125")]
    conflict_exit_code: u8,
    /// Run this line with /bin/sh
    #[arg(short = 'c', long = "command", value_name = "LINE")]
    shell: Option<OsString>,
    /// Become CMD instead of starting it
    #[arg(short = 'F', long)]
    no_fork: bool,
    /// Program to run
    #[arg(value_name = "CMD", last = true)]
    command: Vec<OsString>,
}

/// The operations of one `--take`.
#[derive(Clone, Debug)]
struct Operations(Vec<Operation>);

fn operations(text: &str) -> std::result::Result<Operations, String> {
    parse_list(text).map(Operations)
}

/// Takes, runs, and leaves the giving back to the kernel.
///
/// # Errors
/// None: what goes wrong is said, and is a status.
pub fn run(args: &SemRunArgs) -> Result<u8> {
    Ok(args.hold().unwrap_or_else(|error| {
        say(&error.to_string());
        OWN_FAILURE
    }))
}

impl SemRunArgs {
    fn hold(&self) -> Result<u8> {
        let (name, mut program) = self.program()?;
        let reference = targets::set(&self.reference)?;
        let set = reference.resolve()?;
        let operations: Vec<Operation> = self.take.iter().flat_map(|list| list.0.iter().copied()).collect();
        let request = Request { operations: &operations, wait: self.wait.wait() };
        let take = request.take(&set)?;
        let holds = held_sets::with(env::var_os(held_sets::VARIABLE).as_deref(), set.object.id);
        program.set_variable(held_sets::VARIABLE, &holds).map_err(|error| {
            Error::cannot(Status::Failed, &format!("set {}", held_sets::VARIABLE), os_message(&error), None)
        })?;
        let words: Vec<String> = operations.iter().map(Operation::to_string).collect();
        let running = escape_bytes(name.as_encoded_bytes());
        let message = is_verbose().then(|| Message {
            before: format!("ipcadm: did {} on {set} after ", words.join(" ")),
            after: format!(" s; running {running}\n"),
        });
        let job = ChildSharingUndo { program: &program, take: &take, message: message.as_ref() };
        let ended = if self.no_fork { Ok(job.become_program()) } else { job.run() };
        // The exit of this process and of the program gives the semaphores back. A semop would give back too much if
        // SETVAL has cleared the undo records meanwhile.
        match ended {
            Ok(Ended::Ran(status)) => {
                if is_gone(&set.object) {
                    say_args(format_args!("{set} was removed while {running} ran: from then on it kept nobody out"));
                }
                Ok(process::shell_status(status))
            }
            Ok(Ended::NotRun(errno)) => Ok(child::not_run(name, &errno.into())),
            Err(error) => Ok(child::not_run(name, &error)),
            Ok(Ended::Signalled(signal)) => signals::die_by(signal),
            Ok(Ended::NotTaken(attempt)) => self.not_taken(request.outcome(&set, attempt)),
        }
    }

    /// The status when nothing was taken; prints why, unless it returns an error.
    fn not_taken(&self, outcome: Result<Duration>) -> Result<u8> {
        match self.wait.outcome(outcome) {
            Err(error) if in_vain(&error) => {
                say(&error.to_string());
                Ok(self.conflict_exit_code)
            }
            Err(error) => Err(error),
            Ok(_) => Ok(self.conflict_exit_code),
        }
    }

    fn program(&self) -> Result<(&OsStr, Program)> {
        child::check(&self.command)?;
        let made = match (&self.shell, self.command.split_first()) {
            (Some(line), _) if line.is_empty() => {
                return Err(Error::Usage("-c: the line is empty (an unset variable?)".to_owned()));
            }
            (Some(line), _) => {
                Program::new(SHELL.as_ref(), &["-c".into(), line.into()]).map(|made| (SHELL.as_ref(), made))
            }
            (None, Some((name, arguments))) => Program::new(name, arguments).map(|made| (name.as_os_str(), made)),
            (None, None) => return Err(Error::Usage("which program? As in sem run REF -- CMD".to_owned())),
        };
        made.map_err(|error| Error::Usage(format!("CMD: {error}")))
    }
}

/// Whether a set was removed, even if another has its id now. False if that cannot be found out.
fn is_gone(set: &Object) -> bool {
    inventory::look(set.id).is_ok_and(|now| now.is_none_or(|now| !Fingerprint::of(set).is_of(&now)))
}
