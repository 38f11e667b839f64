//! The caller's namespaces.

use std::cell::Cell;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

/// The inode number of the initial user namespace, fixed in the kernel (`PROC_USER_INIT_INO`).
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// The inode number of the initial pid namespace, fixed in the kernel (`PROC_PID_INIT_INO`).
const INITIAL_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// The inode number of the initial IPC namespace, fixed in the kernel (`PROC_IPC_INIT_INO`).
const INITIAL_IPC_NAMESPACE: u64 = 0xEFFF_FFFF;

/// The number of the calling thread's IPC namespace, as `lsns -t ipc` prints it.
/// None where `/proc` does not tell.
#[must_use]
pub fn ipc() -> Option<u64> {
    number("/proc/thread-self/ns/ipc")
}

/// [`ipc`] as it was when this thread asked for the first time; 0 where `/proc` does not tell. Every listed row asks.
#[must_use]
pub fn own_ipc() -> u32 {
    thread_local!(static OWN: Cell<Option<u32>> = const { Cell::new(None) });
    OWN.get().unwrap_or_else(|| {
        let own = ipc().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        OWN.set(Some(own));
        own
    })
}

/// Whether the caller is in the initial IPC namespace, which every process is in that nobody moved to another one.
/// False where `/proc` does not tell.
#[must_use]
pub fn is_initial_ipc() -> bool {
    ipc() == Some(INITIAL_IPC_NAMESPACE)
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

/// `NS_GET_ID` of linux/nsfs.h: a number that no other namespace has had since the boot. Since Linux 6.18.
const NS_GET_ID: libc::Ioctl = libc::_IOR::<u64>(0xb7, 13);

/// Each CPU takes such numbers from blocks of its own, one after the other. Of two numbers in one block the greater is
/// the younger; between blocks nothing follows. The kernel's blocks are of so many numbers, from a multiple plus one on
/// (`COOKIE_LOCAL_BATCH` of linux/cookie.h, as large since there is such a thing); larger ones would do as well.
const BLOCK: u64 = 4096;

/// Whether the caller's IPC namespace is known to have been made after its pid namespace. False where that does not
/// show: it takes Linux 6.18, and that both were made on one CPU with few other namespaces in between.
#[must_use]
pub fn is_ipc_younger_than_pid() -> bool {
    match (unique("/proc/thread-self/ns/ipc"), unique("/proc/thread-self/ns/pid")) {
        (Some(ipc), Some(pid)) => is_younger(ipc, pid),
        _ => false,
    }
}

/// Whether the namespace with the first number is known to be younger.
fn is_younger(one: u64, other: u64) -> bool {
    let block = |number: u64| number.checked_sub(1).map(|number| number / BLOCK);
    one > other && block(one) == block(other)
}

/// The number of a namespace that no other has had; None where the kernel has none.
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
        // The other may be a later one of another CPU.
        assert!(!is_younger(BLOCK + 1, BLOCK) && !is_younger(29_909, 27_157) && !is_younger(1, 0));
    }
}
