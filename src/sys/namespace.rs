//! The caller's namespaces.

use std::cell::Cell;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

/// `PROC_USER_INIT_INO` of the kernel.
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// `PROC_PID_INIT_INO` of the kernel.
const INITIAL_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// `PROC_IPC_INIT_INO` of the kernel.
const INITIAL_IPC_NAMESPACE: u64 = 0xEFFF_FFFF;

/// The inode number of the calling thread's IPC namespace, as in `lsns -t ipc`. None without `/proc`.
pub fn ipc() -> Option<u64> {
    number("/proc/thread-self/ns/ipc")
}

/// [`ipc`] cached at the first call of this thread, which must stay in that namespace; 0 without `/proc`. Every listed
/// row asks.
pub(crate) fn own_ipc() -> u32 {
    thread_local!(static OWN: Cell<Option<u32>> = const { Cell::new(None) });
    OWN.get().unwrap_or_else(|| {
        let own = ipc().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        OWN.set(Some(own));
        own
    })
}

/// False without `/proc`.
pub(crate) fn is_initial_ipc() -> bool {
    ipc() == Some(INITIAL_IPC_NAMESPACE)
}

/// Only the initial user namespace's `CAP_SYS_RESOURCE` counts. False without `/proc`.
pub(crate) fn is_initial_user() -> bool {
    number("/proc/thread-self/ns/user") == Some(INITIAL_USER_NAMESPACE)
}

/// From the initial pid namespace every process is visible. False without `/proc`.
pub(crate) fn is_initial_pid() -> bool {
    number("/proc/thread-self/ns/pid") == Some(INITIAL_PID_NAMESPACE)
}

/// `NS_GET_ID` of linux/nsfs.h: a number that is not reused until the next boot. Since Linux 6.18.
const NS_GET_ID: libc::Ioctl = libc::_IOR::<u64>(0xb7, 13);

/// Each CPU takes these numbers in ascending order from blocks of its own. Of two numbers in one block the greater is
/// the younger; between blocks nothing follows. The kernel's blocks begin at multiples of their size plus one
/// (`COOKIE_LOCAL_BATCH` of linux/cookie.h, unchanged since its introduction); larger blocks would do as well.
const BLOCK: u64 = 4096;

/// Whether the caller's IPC namespace is known to be younger than its pid namespace. False where that does not show: it
/// takes Linux 6.18, and both made on one CPU with few other namespaces in between.
pub(crate) fn is_ipc_younger_than_pid() -> bool {
    match (unique("/proc/thread-self/ns/ipc"), unique("/proc/thread-self/ns/pid")) {
        (Some(ipc), Some(pid)) => is_younger(ipc, pid),
        _ => false,
    }
}

fn is_younger(one: u64, other: u64) -> bool {
    let block = |number: u64| number.checked_sub(1).map(|number| number / BLOCK);
    one > other && block(one) == block(other)
}

/// The number of [`NS_GET_ID`]; None before Linux 6.18.
fn unique(path: &str) -> Option<u64> {
    let file = File::open(path).ok()?;
    let mut number: u64 = 0;
    // SAFETY: NS_GET_ID writes a u64 to where the third argument points.
    let result = unsafe { libc::ioctl(file.as_raw_fd(), NS_GET_ID, &raw mut number) };
    (result == 0).then_some(number)
}

fn number(path: &str) -> Option<u64> {
    std::fs::metadata(path).ok().map(|data| data.ino())
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, is_younger};

    #[test]
    fn only_numbers_of_one_block_tell_which_is_younger() {
        assert!(is_younger(2, 1) && is_younger(BLOCK, 1));
        assert!(!is_younger(1, 2) && !is_younger(2, 2));
        // Another CPU may have made the second one later.
        assert!(!is_younger(BLOCK + 1, BLOCK) && !is_younger(29_909, 27_157) && !is_younger(1, 0));
    }
}
