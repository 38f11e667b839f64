//! The first process of a pid namespace that the test bed makes, and the mounts that go with it.
//!
//! All of it runs between fork and the end of the process, or before `main`: it makes system calls on memory that was
//! there before, and allocates nothing.

use std::ffi::CStr;
use std::ptr;

/// How the first process ends when its namespace could not be furnished. The test runner ends with 0 or 101.
pub(crate) const NOT_HERE: i32 = 238;

/// Forks a process that is the first of a new pid namespace and in a mount namespace of its own; returns like fork(2).
/// The kernel kills it, and so everybody in the namespace, when the thread that called this ends.
pub(crate) fn fork_first() -> Result<i32, i32> {
    let flags = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::SIGCHLD;
    // SAFETY: without CLONE_VM and a stack this is fork(2) with flags; the child continues on its copy of the stack.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, ptr::null::<u8>(), 0, 0, 0) };
    match pid {
        -1 => Err(errno()),
        0 => {
            // SAFETY: takes numbers only.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            Ok(0)
        }
        pid => Ok(i32::try_from(pid).unwrap_or(-1)),
    }
}

/// Shows the new pid namespace in `/proc`, and has `/dev/null` be as young as it, as in a container: how far the clock
/// may have been set is told from that. An ordinary user may not make device files and keeps the old one.
pub(crate) fn furnish() -> Result<(), i32> {
    mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE)?;
    // The place that /proc is going to cover.
    if mount(Some(c"tmpfs"), c"/proc", Some(c"tmpfs"), 0).is_ok() {
        let null = c"/proc/null";
        // SAFETY: C strings and numbers.
        let made = unsafe {
            libc::mknod(null.as_ptr(), libc::S_IFCHR, libc::makedev(1, 3)) == 0
                && libc::chmod(null.as_ptr(), 0o666) == 0
        };
        if made {
            mount(Some(null), c"/dev/null", None, libc::MS_BIND)?;
        }
        // SAFETY: a C string and a flag.
        check(unsafe { libc::umount2(c"/proc".as_ptr(), libc::MNT_DETACH) })?;
    }
    mount(Some(c"proc"), c"/proc", Some(c"proc"), 0)
}

/// mount(2).
pub(crate) fn mount(source: Option<&CStr>, place: &CStr, kind: Option<&CStr>, flags: libc::c_ulong) -> Result<(), i32> {
    let or_null = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: C strings, or null where mount(2) ignores the argument.
    check(unsafe { libc::mount(or_null(source), place.as_ptr(), or_null(kind), flags, ptr::null()) })
}

/// Reaps everybody that ends, until `until` has ended; then ends likewise: with its status, or 128 + its signal.
pub(crate) fn reap_until(until: i32) -> ! {
    let mut status = 0;
    loop {
        // SAFETY: writes one number.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, 0) };
        if pid == until {
            leave(ended(status));
        }
        if pid == -1 && errno() == libc::ECHILD {
            leave(NOT_HERE);
        }
    }
}

/// Waits for a child; its status, or 128 + its signal.
pub(crate) fn wait(pid: i32) -> i32 {
    let mut status = 0;
    loop {
        // SAFETY: writes one number.
        match unsafe { libc::waitpid(pid, &raw mut status, 0) } {
            -1 if errno() == libc::EINTR => {}
            -1 => return NOT_HERE,
            _ => return ended(status),
        }
    }
}

fn ended(status: i32) -> i32 {
    if libc::WIFSIGNALED(status) { 128 + libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) }
}

/// Ends the process at once.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: takes a number.
    unsafe { libc::_exit(status) }
}

/// Why the last call failed.
pub(crate) fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn check(result: i32) -> Result<(), i32> {
    if result == -1 { Err(errno()) } else { Ok(()) }
}
