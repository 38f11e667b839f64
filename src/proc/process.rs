//! Facts about processes, and about this one.

use procfs::process::Process;
use procfs::{Current, Meminfo};

use super::recorded::{self, Processes};
use crate::sys::{Pid, Timestamp};

/// `CAP_SYS_RESOURCE` in the effective set.
const CAP_SYS_RESOURCE: u64 = 1 << 24;
/// `CAP_SYS_ADMIN` in the effective set.
const CAP_SYS_ADMIN: u64 = 1 << 21;

/// What can be said of a process the kernel recorded for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It lives; its command name, not yet escaped.
    Alive(String),
    /// No process has that number, or one that started later.
    Gone,
    /// `/proc` does not tell.
    Unknown,
}

/// Looks up the process that the kernel recorded at `time`. A process that started after that is another one
/// with a recycled number.
#[must_use]
pub fn recorded(pid: Pid, time: Timestamp) -> Recorded {
    match Processes::new().recorded(pid, time, true) {
        recorded::Recorded::Alive(living) => Recorded::Alive(living.command),
        recorded::Recorded::Gone(_) => Recorded::Gone,
        recorded::Recorded::Unknown(_) => Recorded::Unknown,
    }
}

/// Whether this process has `CAP_SYS_ADMIN`. False where `/proc` does not tell.
#[must_use]
pub fn is_system_administrator() -> bool {
    has_capability(CAP_SYS_ADMIN)
}

fn has_capability(bit: u64) -> bool {
    Process::myself().and_then(|process| process.status()).is_ok_and(|status| status.capeff & bit != 0)
}

/// Whether this process may raise a queue above `msgmnb`: `CAP_SYS_RESOURCE`, which counts in the initial user
/// namespace alone. False where `/proc` does not tell.
#[must_use]
pub fn may_exceed_msgmnb() -> bool {
    crate::sys::namespace::is_initial_user() && has_capability(CAP_SYS_RESOURCE)
}

/// RAM and swap of this machine in bytes; None where `/proc` does not tell.
#[must_use]
pub fn machine_memory() -> Option<(u64, u64)> {
    Meminfo::current().ok().map(|info| (info.mem_total, info.swap_total))
}
