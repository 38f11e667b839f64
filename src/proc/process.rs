//! Facts about processes, and about this one.

use procfs::process::Process;
use procfs::{Current, Meminfo};

use crate::sys::process::exists;
use crate::sys::{Pid, Timestamp};

/// `CAP_SYS_RESOURCE` in the effective set.
const CAP_SYS_RESOURCE: u64 = 1 << 24;
/// `CAP_SETGID` and `CAP_SETUID` in the effective set.
const CAP_SET_IDS: u64 = 1 << 6 | 1 << 7;
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
    let Ok(stat) = Process::new(pid.raw()).and_then(|process| process.stat()) else {
        // Not in /proc may also mean hidden there (hidepid), or no /proc at all.
        return if exists(pid) == Some(false) { Recorded::Gone } else { Recorded::Unknown };
    };
    let Ok(boot) = procfs::boot_time_secs() else { return Recorded::Unknown };
    let started = boot.saturating_add(stat.starttime / procfs::ticks_per_second().max(1));
    // The kernel cuts both times to whole seconds.
    if i64::try_from(started).is_ok_and(|started| started <= time.seconds().saturating_add(1)) {
        Recorded::Alive(stat.comm)
    } else {
        Recorded::Gone
    }
}

/// Whether this process has `CAP_SYS_ADMIN`. False where `/proc` does not tell.
#[must_use]
pub fn is_system_administrator() -> bool {
    has_capability(CAP_SYS_ADMIN)
}

/// Whether this process may act as any user and group: `CAP_SETUID` and `CAP_SETGID`. False where `/proc` does not tell.
#[must_use]
pub fn may_act_as_others() -> bool {
    has_capability(CAP_SET_IDS)
}

/// Whether it has all of `bits`.
fn has_capability(bits: u64) -> bool {
    Process::myself().and_then(|process| process.status()).is_ok_and(|status| status.capeff & bits == bits)
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
