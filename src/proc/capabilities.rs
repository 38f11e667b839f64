//! What this process may do, by its capabilities (capabilities(7)). Where `/proc` does not tell, it may not.

use procfs::process::Process;

use crate::sys::namespace;

// Bits of the effective set.
const CAP_SYS_RESOURCE: u64 = 1 << 24;
const CAP_SYS_PTRACE: u64 = 1 << 19;
/// `CAP_SETGID` and `CAP_SETUID`.
const CAP_SET_IDS: u64 = 1 << 6 | 1 << 7;
const CAP_SYS_ADMIN: u64 = 1 << 21;
/// `CAP_PERFMON` and `CAP_BPF`.
const CAP_READ_TASKS: u64 = 1 << 38 | 1 << 39;

/// Whether this process has `CAP_SYS_ADMIN`.
pub fn is_system_administrator() -> bool {
    has_capability(CAP_SYS_ADMIN)
}

/// Whether this process may have the kernel's own memory read by a BPF program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It may, unless the kernel forbids it to everybody.
    Allowed,
    Denied,
    /// It is not in the initial user namespace, where alone they count.
    Outside,
}

/// Whether this process has `CAP_BPF` and `CAP_PERFMON`, or `CAP_SYS_ADMIN`, where they count.
pub fn may_read_tasks() -> Reading {
    let capable = has_capability(CAP_READ_TASKS) || has_capability(CAP_SYS_ADMIN);
    match (capable, namespace::is_initial_user()) {
        (false, _) => Reading::Denied,
        (true, false) => Reading::Outside,
        (true, true) => Reading::Allowed,
    }
}

/// Whether a filter (seccomp) decides on the system calls of this process. True where `/proc` does not tell.
pub fn is_filtered() -> bool {
    const FILTER: u32 = 2;
    let status = Process::myself().and_then(|process| process.status());
    status.map_or(true, |status| status.seccomp == Some(FILTER))
}

/// Whether this process sees all processes in `/proc`, whoever mounted it: `CAP_SYS_PTRACE`, which counts in the initial user
/// namespace alone.
pub(super) fn sees_all_processes() -> bool {
    namespace::is_initial_user() && has_capability(CAP_SYS_PTRACE)
}

/// Whether this process may act as any user and group: `CAP_SETUID` and `CAP_SETGID`.
pub fn may_act_as_others() -> bool {
    has_capability(CAP_SET_IDS)
}

fn has_capability(bits: u64) -> bool {
    Process::myself().and_then(|process| process.status()).is_ok_and(|status| status.capeff & bits == bits)
}

/// Whether this process may raise a queue above `msgmnb`: `CAP_SYS_RESOURCE`, which counts in the initial user
/// namespace alone.
pub fn may_exceed_msgmnb() -> bool {
    namespace::is_initial_user() && has_capability(CAP_SYS_RESOURCE)
}
