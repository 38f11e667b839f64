//! Which namespaces the caller lives in.

use std::os::unix::fs::MetadataExt;

/// The inode number of the initial user namespace, fixed in the kernel (`PROC_USER_INIT_INO`).
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// The inode number of the initial pid namespace, fixed in the kernel (`PROC_PID_INIT_INO`).
const INITIAL_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// The number of the calling thread's IPC namespace, as `lsns -t ipc` prints it.
/// None where `/proc` does not tell.
#[must_use]
pub fn ipc() -> Option<u64> {
    number("/proc/thread-self/ns/ipc")
}

/// Whether the caller is in the initial user namespace, the only one whose `CAP_SYS_RESOURCE` counts.
/// False where `/proc` does not tell.
#[must_use]
pub fn is_initial_user() -> bool {
    number("/proc/thread-self/ns/user") == Some(INITIAL_USER_NAMESPACE)
}

/// Whether the caller is in the initial pid namespace, from which every process can be seen.
/// False where `/proc` does not tell.
#[must_use]
pub fn is_initial_pid() -> bool {
    number("/proc/thread-self/ns/pid") == Some(INITIAL_PID_NAMESPACE)
}

fn number(path: &str) -> Option<u64> {
    std::fs::metadata(path).ok().map(|data| data.ino())
}
