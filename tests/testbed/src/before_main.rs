//! What happens before `main`: the process leaves the host's IPC namespace,
//! and goes on as a child in a pid namespace of its own.
//!
//! It must be this early because unshare(CLONE_NEWUSER), which an ordinary
//! user needs first, is refused to a process with several threads, and the
//! test runner starts threads at once. Nothing here allocates or uses the
//! parts of std that count on its runtime. A failure is only remembered:
//! [`require`] tells of it when a test needs the namespace.
//!
//! In a pid namespace of its own nobody is there but the test and what it
//! starts. An object is unused only if no living process may use it, and
//! around a test there are processes of the same user, of which many may not
//! be looked into: with those, nothing could be judged. The process that was
//! started waits outside; the first process inside reaps orphans; its child
//! is the test. Where `/proc` may not be mounted, as in some containers, the
//! test stays where it is: [`of_its_own`] says so.

use std::ffi::CStr;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use crate::first_process::{NOT_HERE, errno, fork_first, furnish, leave, reap_until, wait};

/// The errno that stopped the process from getting its namespace; 0 for none.
static ERRNO: AtomicI32 = AtomicI32::new(0);
/// The step that failed: an index into [`STEPS`].
static STEP: AtomicI32 = AtomicI32::new(NOT_RUN);

/// Whether this process is in a pid namespace of its own.
static OF_ITS_OWN: AtomicBool = AtomicBool::new(false);

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
    take_all_signals();
    STEP.store(0, Ordering::Relaxed);
    if unshare(libc::CLONE_NEWIPC).is_err()
        && let Err((step, errno)) = become_root_of_own_namespace()
    {
        STEP.store(step, Ordering::Relaxed);
        ERRNO.store(errno, Ordering::Relaxed);
        return;
    }
    // SAFETY: a C string; before main nobody changes the environment.
    if unsafe { libc::getenv(IN_PLACE.as_ptr()) }.is_null() {
        enter_pid_namespace();
    }
}

/// Set for programs of tests that are to stay in the pid namespace in which they are started.
pub(crate) const IN_PLACE: &CStr = c"IPCADM_TEST_IN_PLACE";

/// Gives every signal its default action and blocks none. Whoever starts the tests may ignore some: nohup(1) does, and a
/// shell for jobs in the background. The programs under test would inherit that, and tests of signals wait for ever.
fn take_all_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: no handler is installed; the numbers that cannot be set are refused.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: zeros are an empty set, and the old one is not wanted.
    unsafe {
        let none = std::mem::zeroed::<libc::sigset_t>();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Returns in a child in a pid namespace of its own, or here where there is none to be had.
fn enter_pid_namespace() {
    // SAFETY: takes nothing and cannot fail.
    let here = unsafe { libc::getpid() };
    let first = match fork_first() {
        Err(_) => return,
        Ok(0) => first_process(here),
        Ok(first) => wait(first),
    };
    match first {
        IN_CHILD => OF_ITS_OWN.store(true, Ordering::Relaxed),
        NOT_HERE => {}
        status => end_likewise(status),
    }
}

/// Not the status of a process.
const IN_CHILD: i32 = -1;

/// Returns in the child that is to be the test. Its number is the next one to that of the process outside, so that
/// tests at the same time have different ones: files are named by them.
fn first_process(outside: i32) -> i32 {
    if furnish().is_err() {
        leave(NOT_HERE);
    }
    // Kernels without it number from 2 on.
    let _ = write_number(c"/proc/sys/kernel/ns_last_pid", outside);
    // SAFETY: there is one thread; the child returns to the C runtime.
    match unsafe { libc::fork() } {
        -1 => leave(NOT_HERE),
        0 => IN_CHILD,
        test => reap_until(test),
    }
}

/// Ends as the test has, also if a signal did it.
fn end_likewise(status: i32) -> ! {
    if status > 128 {
        // SAFETY: takes numbers only.
        unsafe { libc::kill(libc::getpid(), status - 128) };
    }
    leave(status)
}

/// Whether the process is in a pid namespace of its own, with its `/proc`:
/// only there nothing is around of which nobody knows what it may use.
pub(crate) fn of_its_own() -> bool {
    OF_ITS_OWN.load(Ordering::Relaxed)
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
    write_text(path, format_args!("0 {id} 1"))
}

fn write_number(path: &CStr, number: i32) -> Result<(), i32> {
    write_text(path, format_args!("{number}"))
}

fn write_text(path: &CStr, arguments: std::fmt::Arguments<'_>) -> Result<(), i32> {
    let mut text = [0_u8; 32];
    let mut rest = &mut text[..];
    if rest.write_fmt(arguments).is_err() {
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
