//! What happens before `main`: the process leaves the host's IPC namespace.
//!
//! It must be this early because unshare(CLONE_NEWUSER), which an ordinary
//! user needs first, is refused to a process with several threads, and the
//! test runner starts threads at once. Nothing here allocates or uses the
//! parts of std that count on its runtime. A failure is only remembered:
//! [`require`] tells of it when a test needs the namespace.

use std::ffi::CStr;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicI32, Ordering};

/// The errno that stopped the process from getting its namespace; 0 for none.
static ERRNO: AtomicI32 = AtomicI32::new(0);
/// The step that failed: an index into [`STEPS`].
static STEP: AtomicI32 = AtomicI32::new(NOT_RUN);

const NOT_RUN: i32 = -1;
const STEPS: [&str; 5] = [
    "unshare(CLONE_NEWUSER)",
    "writing /proc/self/setgroups",
    "writing /proc/self/uid_map",
    "writing /proc/self/gid_map",
    "unshare(CLONE_NEWIPC)",
];

#[used]
// SAFETY: the section holds pointers to functions which the C runtime calls
// once, before main, with (argc, argv, envp); a C function may ignore them.
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    STEP.store(0, Ordering::Relaxed);
    if unshare(libc::CLONE_NEWIPC).is_ok() {
        return;
    }
    if let Err((step, errno)) = become_root_of_own_namespace() {
        STEP.store(step, Ordering::Relaxed);
        ERRNO.store(errno, Ordering::Relaxed);
    }
}

/// Enters a user namespace in which this user is root, then an IPC namespace.
fn become_root_of_own_namespace() -> Result<(), (i32, i32)> {
    // SAFETY: both take nothing and cannot fail.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    let at = |step: i32| move |errno| (step, errno);
    unshare(libc::CLONE_NEWUSER).map_err(at(0))?;
    write(c"/proc/self/setgroups", b"deny").map_err(at(1))?;
    write_map(c"/proc/self/uid_map", uid).map_err(at(2))?;
    write_map(c"/proc/self/gid_map", gid).map_err(at(3))?;
    unshare(libc::CLONE_NEWIPC).map_err(at(4))
}

/// Maps 0 inside the user namespace to `id` outside.
fn write_map(path: &CStr, id: u32) -> Result<(), i32> {
    let mut text = [0_u8; 32];
    let mut rest = &mut text[..];
    if write!(rest, "0 {id} 1").is_err() {
        return Err(libc::EOVERFLOW);
    }
    let unused = rest.len();
    write(path, &text[..text.len() - unused])
}

fn unshare(what: i32) -> Result<(), i32> {
    // SAFETY: unshare takes flags only; it changes this process alone.
    match unsafe { libc::unshare(what) } {
        0 => Ok(()),
        _ => Err(errno()),
    }
}

fn write(path: &CStr, text: &[u8]) -> Result<(), i32> {
    // SAFETY: `path` is a C string; `text` is readable for its length; the
    // descriptor is this function's own.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if file < 0 {
            return Err(errno());
        }
        let written = libc::write(file, text.as_ptr().cast(), text.len());
        let result = if written < 0 { Err(errno()) } else { Ok(()) };
        libc::close(file);
        result
    }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Panics, saying what to do, unless this process has left the IPC namespace
/// it was started in.
pub(crate) fn require() {
    let step = STEP.load(Ordering::Relaxed);
    assert_ne!(step, NOT_RUN, "the testbed's function before main was not run");
    let errno = ERRNO.load(Ordering::Relaxed);
    if errno != 0 {
        let step = usize::try_from(step).map_or("?", |step| STEPS[step]);
        refused(step, &io::Error::from_raw_os_error(errno));
    }
}

/// Panics with the reason why there is no private IPC namespace, and what
/// helps.
pub(crate) fn refused(step: &str, why: &io::Error) -> ! {
    panic!(
        "these tests need a private IPC namespace, and {step} failed: {why}\n\
         What helps: run them as root (in a container with CAP_SYS_ADMIN, or without a seccomp \
         filter that forbids unshare), or allow user namespaces:\n  \
         sysctl kernel.unprivileged_userns_clone=1                (Debian; EPERM)\n  \
         sysctl kernel.apparmor_restrict_unprivileged_userns=0    (Ubuntu; EACCES or EPERM)\n  \
         sysctl user.max_user_namespaces=10000 user.max_ipc_namespaces=10000    (ENOSPC)"
    )
}
