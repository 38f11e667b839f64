//! The identity of a process or thread: whether the one that has a number now is the one that was recorded.

use std::io;

use super::reader::{Reader, Task};
use super::status::{self, Credentials};
use crate::sys::Pid;
use crate::sys::process::exists;

/// What tells a process or thread from others that had, or will have, its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub process: i32,
    /// The process's command name, not yet escaped.
    pub command: String,
    /// The process's parent; 0 where that is in another pid namespace.
    pub parent: i32,
    /// The users and groups that it acts as.
    pub credentials: Credentials,
    /// When it started, in clock ticks since the boot.
    pub started: u64,
    /// Whether its process has ended and only waits to be reaped.
    pub ended: bool,
}

/// What `/proc` shows under a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Found(Identity),
    Missing,
    /// To something that `/proc` does not show.
    Hidden,
}

pub fn look(number: Pid) -> Look {
    match read(number.raw()) {
        Ok(identity) => Look::Found(identity),
        // Not in /proc may also mean hidden there (hidepid), or no /proc at all.
        Err(_) if exists(number) == Some(false) => Look::Missing,
        Err(_) => Look::Hidden,
    }
}

/// Reads what `/proc` says.
///
/// # Errors
/// When it says nothing, or nothing that can be understood (`InvalidData`).
pub fn read(number: i32) -> io::Result<Identity> {
    let mut reader = Reader::default();
    let task = Task::process(u32::try_from(number).map_err(|_| io::ErrorKind::NotFound)?);
    let of_task = reader.stat(task)?;
    let status = reader.read(task, "status")?;
    let understood = status::process_of(status).zip(Credentials::parse(status));
    let (process, credentials) = understood.ok_or(io::ErrorKind::InvalidData)?;
    // A thread's own line tells nothing of the end of its process.
    let of_process = if process == task.pid { of_task.clone() } else { reader.stat(Task::process(process))? };
    let signed = |number: u32| i32::try_from(number).map_err(|_| io::ErrorKind::InvalidData);
    Ok(Identity {
        process: signed(process)?,
        // The first thread may have ended while others go on.
        ended: of_process.has_ended(),
        command: of_process.command,
        parent: signed(of_process.parent)?,
        credentials,
        started: of_task.started,
    })
}

/// The process that a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This one: the number is its own, or that of one of its threads.
    Process(u32),
    Nobody,
    /// One that `/proc` does not show.
    Hidden,
}

/// The process that a number belongs to. This reads `status` alone, for which nothing has to be waited.
pub fn owner(number: u32) -> Owner {
    let mut reader = Reader::default();
    let status = reader.read(Task::process(number), "status").ok();
    if let Some(pid) = status.and_then(status::process_of) {
        return Owner::Process(pid);
    }
    let pid = i32::try_from(number).map(Pid::new);
    if pid.is_ok_and(|pid| exists(pid) == Some(true)) { Owner::Hidden } else { Owner::Nobody }
}

#[cfg(test)]
mod tests {
    use super::{Look, look};
    use crate::proc::reader::{Reader, Task};
    use crate::sys::Pid;

    #[test]
    fn this_process_is_found() {
        let own = Pid::new(std::process::id().cast_signed());
        let Look::Found(identity) = look(own) else { panic!("not found") };
        assert!(identity.process == own.raw() && !identity.ended && identity.started > 0);
        assert_eq!(look(Pid::new(i32::MAX)), Look::Missing);
        let credentials = Reader::default().credentials(Task::process(std::process::id()));
        assert_eq!(credentials.unwrap(), identity.credentials);
    }
}
