//! `ipcrm`: removes objects by id, by key, or all of a kind.
//!
//! The whole command line is parsed first: one malformed word, and nothing is removed.

mod removal;
pub mod request;

use std::ffi::OsString;

use super::Tool;
use super::stop::Stop;
use crate::sys::signals;

const TOOL: Tool = Tool::Ipcrm;

pub(super) const HELP: &str = "
Usage:
 ipcrm [options]
 ipcrm shm|msg|sem ID...

Removes System V IPC objects. Nothing is removed when a word of the command
line is wrong.

Options:
 -m, --shmem-id ID         remove the shared memory segment with this id
 -M, --shmem-key KEY       remove the shared memory segment with this key
 -q, --queue-id ID         remove the message queue with this id
 -Q, --queue-key KEY       remove the message queue with this key
 -s, --semaphore-id ID     remove the semaphore set with this id
 -S, --semaphore-key KEY   remove the semaphore set with this key
 -a, --all[=shm|msg|sem]   remove everything, or everything of a kind
 -v, --verbose             say what is removed by the options that follow

 -h, --help                show this help and do nothing else
 -V, --version             show the version and do nothing else

An ID is decimal; a KEY is decimal, hexadecimal (0x...) or octal (0...).

POSIX objects are left alone, also by --all; these options are refused:
     --posix-shmem NAME, --posix-mqueue NAME, --posix-semaphore NAME
";

pub(super) fn run(args: &[OsString]) -> Result<u8, Stop> {
    // SIGXFSZ would end this program in the middle of its work.
    signals::keep_file_size_errors();
    Ok(removal::carry_out(&request::read(args)?))
}
