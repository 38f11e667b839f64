//! `ipcmk`: makes objects with random keys.
//!
//! Either all objects are made and their ids printed, or none is left.

pub mod request;
mod size;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::rc::Rc;

use self::request::Work;
use super::Tool;
use super::out::Out;
use super::stop::Stop;
use crate::error::os_message;
use crate::kind::model::ObjectId;
use crate::kind::remove_id;
use crate::kind::system_v::SystemV;
use crate::object::create::{Body, KeyChoice, Specification};
use crate::proc::sysctl;
use crate::sys::shm::ShmFlags;
use crate::sys::signals::blocked::{BlockedSignals, UntilAskedToEnd};
use crate::sys::{Errno, signals, startup};

const TOOL: Tool = Tool::Ipcmk;

pub(super) const HELP: &str = "
Usage:
 ipcmk [options]

Makes System V IPC objects with random keys and prints their ids. When one
cannot be made, or the ids cannot be printed, nothing is left.

Options:
 -M, --shmem SIZE         make a shared memory segment of SIZE bytes
 -S, --semaphore NUMBER   make a semaphore set of NUMBER semaphores
 -Q, --queue              make a message queue
 -p, --mode MODE          permissions of all of them, octal (default 0644)

 -h, --help               show this help and do nothing else
 -V, --version            show the version and do nothing else

A SIZE may have a suffix: K, M, G, T, P, E (also with iB) for powers of 1024,
KB, MB and so on for powers of 1000.

POSIX objects cannot be made; these options are refused:
 -m, --posix-shmem SIZE, -s, --posix-semaphore, -q, --posix-mqueue,
 -n, --name NAME
";

pub(super) fn run(args: &[OsString]) -> Result<u8, Stop> {
    // SIGXFSZ would end this program before it has removed what it made.
    signals::keep_file_size_errors();
    let work = request::read(args)?;
    // A signal takes effect when all ids are printed or all objects are removed again.
    let _held = BlockedSignals::block();
    let mut out = Out::new(TOOL);
    let mut made = Vec::new();
    if let Err(message) = make_all(&work, &mut made) {
        out.fail(message);
        made.into_iter().rev().for_each(undo);
    }
    Ok(out.finish())
}

/// Makes everything and prints the ids. `made` lists what exists, even after an error.
fn make_all(work: &Work, made: &mut Vec<ObjectId>) -> Result<(), String> {
    if work.segment.is_some() && sysctl::shm_rmid_forced() == Some(true) {
        let reason = "kernel.shm_rmid_forced is 1, so the segment would be destroyed as soon as ipcmk ends";
        return Err(format!("create share memory failed: {reason}"));
    }
    let segment = work.segment.map(|size| Body::Segment { size, flags: ShmFlags::default(), lock: false });
    let queue = work.queue.then_some(Body::Queue { qbytes: None });
    let set = work.set.map(|nsems| Body::Set { nsems, values: Rc::default() });
    let mut text = String::new();
    for body in [segment, queue, set].into_iter().flatten() {
        let (failed, label) = match body.kind() {
            SystemV::Segment => ("create share memory failed", "Shared memory id"),
            SystemV::Queue => ("create message queue failed", "Message queue id"),
            SystemV::Set => ("create semaphore failed", "Semaphore id"),
        };
        let specification =
            Specification { key: KeyChoice::Random, mode: work.mode, owner: None, group: None, exist_ok: false, body };
        let id = specification.make_by_call().map_err(|errno| format!("{failed}: {errno}"))?;
        made.push(id);
        let _ = writeln!(text, "{label}: {}", id.sysv());
    }
    // A closed pipe is an error here: nobody would know the ids.
    let printed = startup::stdout().and_then(|stdout| UntilAskedToEnd(stdout).write_all(text.as_bytes()));
    printed.map_err(|error| format!("write error: {}", os_message(&error)))
}

fn undo(id: ObjectId) {
    match remove_id(id) {
        // Removed by somebody else already.
        Ok(()) | Err(Errno::EINVAL | Errno::EIDRM) => {}
        Err(errno) => TOOL.say(format_args!("{id} was made and cannot be removed again: {errno}")),
    }
}
