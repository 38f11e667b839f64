//! The command tree and the options that every command has.

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    attach, clean, completions, create, key, limits, ls, msg_peek, msg_purge, msg_recv, msg_send, ps, restore, rm,
    save, sem_get, sem_op, sem_run, sem_setval, set, shm_lock, shm_read, shm_write, show, who,
};
use crate::error::{Result, Status};
use crate::kind::model::Kind;
use crate::kind::system_v::SystemV;
use crate::output::context::{self, ColorChoice};

/// List, explain, create, change, use and safely remove System V IPC objects:
/// shared memory segments (shm), semaphore sets (sem) and message queues (msg).
#[derive(Debug, Parser)]
#[command(
    name = "ipcadm",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = false
)]
#[command(after_help = "Without a command, ipcadm lists. An object is named shm:ID, sem:ID, msg:ID, KIND:0xKEY or \
KIND:PATH:PROJECT.\nManual pages: ipcadm(1), ipcadm-COMMAND(1), ipcadm-sysv(7).")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Copy, Debug, Args)]
pub struct Global {
    /// When to use colour
    #[arg(
        long,
        global = true,
        display_order = 900,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub color: ColorChoice,
    /// Say on standard error what is done and how
    #[arg(short, long, global = true, display_order = 901)]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// List objects (the default)
    #[command(alias = "list")]
    Ls(ls::LsArgs),
    /// Show everything known about objects
    #[command(aliases = ["inspect", "stat"])]
    Show(show::ShowArgs),
    /// Show which processes use objects
    Who(who::WhoArgs),
    /// Show which objects processes use
    Ps(ps::PsArgs),
    /// Show limits, what of them is in use, and who uses most
    Limits(limits::LimitsArgs),
    /// Change owner, group, mode or queue capacity
    Set(set::SetArgs),
    /// Remove exactly these objects
    #[command(aliases = ["delete", "remove"])]
    Rm(rm::RmArgs),
    /// Remove what is leaked
    Clean(Box<clean::CleanArgs>),
    /// Save objects with their contents in an archive that tar opens
    #[command(alias = "backup")]
    Save(save::SaveArgs),
    /// Make the objects of an archive again
    Restore(restore::RestoreArgs),
    /// Make a key from a file, or take one apart
    Key(key::KeyArgs),
    /// Shared memory segments
    Shm(ShmArgs),
    /// Semaphore sets
    Sem(SemArgs),
    /// Message queues
    Msg(MsgArgs),
    /// Print a shell's completion script
    Completions(completions::CompletionsArgs),
}

/// Shared memory segments; a bare 'ipcadm shm' lists them
#[derive(Debug, Args)]
pub struct ShmArgs {
    #[command(subcommand)]
    pub command: ShmCommand,
}

/// The commands for segments.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[expect(clippy::large_enum_variant, reason = "made once, from the command line")]
pub enum ShmCommand {
    #[command(flatten)]
    Common(KindCommand),
    /// Create a segment
    Create(create::ShmCreateArgs),
    /// Attach a segment for a time or while a program runs
    Attach(attach::AttachArgs),
    /// Copy a segment to standard output or a file
    Read(shm_read::ReadArgs),
    /// Copy a file or standard input into a segment
    Write(shm_write::WriteArgs),
    /// Keep segments in RAM
    Lock(shm_lock::LockArgs),
    /// Let segments be swapped again
    Unlock(shm_lock::UnlockArgs),
}

/// Semaphore sets; a bare 'ipcadm sem' lists them
#[derive(Debug, Args)]
pub struct SemArgs {
    #[command(subcommand)]
    pub command: SemCommand,
}

/// The commands for semaphore sets.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[expect(clippy::large_enum_variant, reason = "made once, from the command line")]
pub enum SemCommand {
    #[command(flatten)]
    Common(KindCommand),
    /// Create a semaphore set
    Create(create::SemCreateArgs),
    /// Print the values of semaphores
    Get(sem_get::SemGetArgs),
    /// Set the values of semaphores
    Setval(sem_setval::SemSetvalArgs),
    /// Do operations on semaphores at one moment
    Op(sem_op::SemOpArgs),
    /// Wait until semaphores are zero
    WaitZero(sem_op::SemWaitZeroArgs),
    /// Run a program while holding semaphores
    Run(sem_run::SemRunArgs),
}

/// Message queues; a bare 'ipcadm msg' lists them
#[derive(Debug, Args)]
pub struct MsgArgs {
    #[command(subcommand)]
    pub command: MsgCommand,
}

/// The commands for message queues.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[expect(clippy::large_enum_variant, reason = "made once, from the command line")]
pub enum MsgCommand {
    #[command(flatten)]
    Common(KindCommand),
    /// Create a message queue
    Create(create::MsgCreateArgs),
    /// Send messages
    Send(msg_send::SendArgs),
    /// Receive messages
    #[command(alias = "receive")]
    Recv(msg_recv::RecvArgs),
    /// Look at messages without taking them
    Peek(msg_peek::PeekArgs),
    /// Discard messages
    Purge(msg_purge::PurgeArgs),
}

/// Commands that stand under each kind, which is then implied.
#[derive(Debug, Subcommand)]
pub enum KindCommand {
    /// List objects of this kind (the default)
    #[command(alias = "list")]
    Ls(ls::LsArgs),
    /// Show everything known about objects
    #[command(aliases = ["inspect", "stat"])]
    Show(show::ShowArgs),
    /// Show which processes use objects
    Who(who::WhoArgs),
    /// Change owner, group, mode or queue capacity
    Set(set::SetArgs),
    /// Remove exactly these objects
    #[command(aliases = ["delete", "remove"])]
    Rm(rm::RmArgs),
    /// Remove what is leaked
    Clean(Box<clean::CleanArgs>),
    /// Save objects with their contents in an archive that tar opens
    #[command(alias = "backup")]
    Save(save::SaveArgs),
}

impl Cli {
    pub fn run(self) -> Result<u8> {
        context::set_options(self.global.color, self.global.verbose);
        let status = match self.command {
            Command::Ls(args) => ls::run(&args, None),
            Command::Show(args) => show::run(&args, None),
            Command::Who(args) => who::run(&args, None),
            Command::Ps(args) => ps::run(&args),
            Command::Limits(args) => limits::run(&args),
            Command::Set(args) => set::run(&args, None),
            Command::Rm(args) => rm::run(&args, None),
            Command::Clean(args) => clean::run(&args, None),
            Command::Save(args) => save::run(&args, None),
            Command::Restore(args) => restore::run(&args),
            Command::Key(args) => key::run(&args),
            Command::Shm(ShmArgs { command }) => match command {
                ShmCommand::Common(command) => command.run(SystemV::Segment.kind()),
                ShmCommand::Create(args) => create::run_shm(&args),
                ShmCommand::Attach(args) => return attach::run(&args),
                ShmCommand::Read(args) => shm_read::run(&args),
                ShmCommand::Write(args) => shm_write::run(&args),
                ShmCommand::Lock(args) => shm_lock::run_lock(&args),
                ShmCommand::Unlock(args) => shm_lock::run_unlock(&args),
            },
            Command::Sem(SemArgs { command }) => match command {
                SemCommand::Common(command) => command.run(SystemV::Set.kind()),
                SemCommand::Create(args) => create::run_sem(&args),
                SemCommand::Get(args) => sem_get::run(&args),
                SemCommand::Setval(args) => sem_setval::run(&args),
                SemCommand::Op(args) => sem_op::run(&args),
                SemCommand::WaitZero(args) => sem_op::run_wait_zero(&args),
                SemCommand::Run(args) => return sem_run::run(&args),
            },
            Command::Msg(MsgArgs { command }) => match command {
                MsgCommand::Common(command) => command.run(SystemV::Queue.kind()),
                MsgCommand::Create(args) => create::run_msg(&args),
                MsgCommand::Send(args) => msg_send::run(&args),
                MsgCommand::Recv(args) => return msg_recv::run(&args),
                MsgCommand::Peek(args) => msg_peek::run(&args),
                MsgCommand::Purge(args) => msg_purge::run(&args),
            },
            Command::Completions(args) => completions::run(&args),
        };
        status.map(|status| status.code())
    }
}

impl KindCommand {
    fn run(self, kind: Kind) -> Result<Status> {
        match self {
            Self::Ls(args) => ls::run(&args, Some(kind)),
            Self::Show(args) => show::run(&args, Some(kind)),
            Self::Who(args) => who::run(&args, Some(kind)),
            Self::Set(args) => set::run(&args, Some(kind)),
            Self::Rm(args) => rm::run(&args, Some(kind)),
            Self::Clean(args) => clean::run(&args, Some(kind)),
            Self::Save(args) => save::run(&args, Some(kind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }
}
