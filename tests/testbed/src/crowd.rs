//! Many processes forked by one that has a single thread, and memory that they
//! share. Such a process may go on as it likes after a fork; the test runner,
//! which has threads, must not use this.

use std::ffi::CStr;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::alone::{are_in_order, number, on_one_cpu};
use crate::run::asleep_in_ipc;

/// Numbers that all processes forked from now on share, all zero. The memory
/// is taken when it is used, and never given back.
pub fn shared_words(len: usize) -> &'static [AtomicU64] {
    let bytes = len * size_of::<AtomicU64>();
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping of as many bytes, all zero and aligned to a page, is
    // so many numbers; it is never unmapped.
    unsafe {
        let start = libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        assert!(start != libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
        std::slice::from_raw_parts(start.cast(), len)
    }
}

/// Forks a process that runs `body` and ends with the status it returns; the
/// kernel kills it when the process that forked it ends, if it is to be `bound`.
pub fn fork(bound: bool, body: impl FnOnce() -> i32) -> io::Result<i32> {
    // SAFETY: the caller has one thread; the child never returns from here.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            if bound {
                // SAFETY: takes numbers only.
                unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            }
            let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
            leave(status)
        }
        pid => Ok(pid),
    }
}

/// Ends the process at once, without any clean-up.
pub fn leave(status: i32) -> ! {
    // SAFETY: takes a number.
    unsafe { libc::_exit(status) }
}

/// SIGKILL.
pub fn kill(pid: i32) {
    assert!(pid > 0);
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// SIGSTOP.
pub fn stop(pid: i32) {
    assert!(pid > 0);
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid, libc::SIGSTOP) };
}

/// The letter of a process's state: `S`, `T`, `Z`; none where there is no such process.
pub fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// Whether a process sleeps in a call on a set or a queue.
pub fn is_asleep(pid: i32) -> bool {
    u32::try_from(pid).is_ok_and(asleep_in_ipc)
}

/// What waiting for a child came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// This one has ended and is reaped; its status, or 128 + the signal.
    Ended(i32, i32),
    /// None has ended.
    Running,
    /// There is no such child.
    Nobody,
}

/// waitpid of one child, or of any (-1).
pub fn wait(pid: i32, block: bool) -> Waited {
    let mut status = 0;
    loop {
        // SAFETY: writes one number.
        match unsafe { libc::waitpid(pid, &raw mut status, if block { 0 } else { libc::WNOHANG }) } {
            0 => return Waited::Running,
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            -1 => return Waited::Nobody,
            pid if libc::WIFSIGNALED(status) => return Waited::Ended(pid, 128 + libc::WTERMSIG(status)),
            pid => return Waited::Ended(pid, libc::WEXITSTATUS(status)),
        }
    }
}

/// The caller's process number.
pub fn own_pid() -> i32 {
    std::process::id().cast_signed()
}

/// Leaves the processors to others, so far (0 to 19).
pub fn be_nice(by: i32) {
    // SAFETY: takes a number.
    unsafe { libc::nice(by) };
}

/// Lets others run.
pub fn yield_now() {
    std::thread::yield_now();
}

extern "C" fn nothing(_: i32) {}

/// Interrupts blocking calls of this process every so often (EINTR); zero ends it.
pub fn interrupt_every(time: Duration) {
    let part =
        libc::timeval { tv_sec: 0, tv_usec: libc::suseconds_t::try_from(time.as_micros().min(999_999)).unwrap_or(0) };
    let timer = libc::itimerval { it_interval: part, it_value: part };
    // SAFETY: all zero is a valid sigaction without SA_RESTART; the handler does
    // nothing; the timer is read.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut());
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut());
    }
}

/// Maps a file as code, for good.
pub fn map_code(file: i32, len: usize) -> io::Result<()> {
    // SAFETY: a new mapping of a file; nothing in it is executed.
    let place =
        unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_READ | libc::PROT_EXEC, libc::MAP_PRIVATE, file, 0) };
    if place == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Becomes this user for good, and the group of the same number. It may still be looked into by its own kind.
pub fn become_user(user: u32) -> io::Result<()> {
    let user = i64::from(user);
    // SAFETY: numbers, but for setgroups, which reads no group.
    unsafe {
        check(libc::syscall(libc::SYS_setgroups, 0, ptr::null::<u32>()))?;
        check(libc::syscall(libc::SYS_setresgid, user, user, user))?;
        check(libc::syscall(libc::SYS_setresuid, user, user, user))?;
        check(libc::prctl(libc::PR_SET_DUMPABLE, 1_u64, 0_u64, 0_u64, 0_u64).into())
    }
}

/// Becomes `sleep 1000`, the same process with another memory.
pub fn become_sleep() -> ! {
    let arguments = [c"sleep".as_ptr(), c"1000".as_ptr(), ptr::null()];
    // SAFETY: C strings, and an array of them that ends with null.
    unsafe { libc::execvp(c"sleep".as_ptr(), arguments.as_ptr()) };
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

/// Moves to a mount namespace of its own, and has the next child be the first
/// process of a new pid namespace.
pub fn new_pid_namespace() -> io::Result<()> {
    // SAFETY: takes flags only.
    check(unsafe { libc::unshare(libc::CLONE_NEWPID | libc::CLONE_NEWNS) }.into())
}

/// As [`new_pid_namespace`], then forks a child that is its first process and runs `body`, and returns how it ended. The
/// kernel numbers what namespaces the child makes soon so that they can be told to be younger: see [`made_inside`].
pub fn in_new_pid_namespace(body: impl FnOnce() -> i32) -> io::Result<Waited> {
    let child = on_one_cpu(|| {
        new_pid_namespace()?;
        fork(true, body)
    })?;
    Ok(wait(child, true))
}

/// Whether it shows that the caller's IPC namespace was made inside its pid namespace; none where that cannot be known.
pub fn made_inside() -> Option<bool> {
    Some(are_in_order(number("thread-self/ns/ipc")?, number("thread-self/ns/pid")?))
}

/// Runs on all processors again.
pub fn use_all_processors() {
    // SAFETY: all ones is a set of all processors, of which the kernel takes those there are.
    unsafe {
        let mut all: libc::cpu_set_t = std::mem::zeroed();
        ptr::from_mut(&mut all).cast::<u8>().write_bytes(0xff, size_of::<libc::cpu_set_t>());
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const all);
    }
}

/// Shows the caller's pid namespace in `/proc`, in its mount namespace.
pub fn mount_proc() -> io::Result<()> {
    let (none, proc) = (ptr::null(), c"proc".as_ptr());
    let mount = |kind: *const libc::c_char, target: &CStr, flags| {
        // SAFETY: C strings, or null where mount(2) ignores the argument.
        check(unsafe { libc::mount(kind, target.as_ptr(), kind, flags, ptr::null()) }.into())
    };
    mount(none, c"/", libc::MS_REC | libc::MS_PRIVATE)?;
    mount(proc, c"/proc", 0)
}

/// Orphans among its descendants become its children.
pub fn adopt_orphans() {
    // SAFETY: takes numbers only.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1_u64, 0_u64, 0_u64, 0_u64) };
}

const CAP_IPC_OWNER: u32 = 15;

/// Becomes `nobody` where there are several users, and gives up all
/// capabilities, or all but CAP_IPC_OWNER, for itself and its children. It may
/// still be looked into by its own kind.
pub fn drop_rights(keep_ipc_owner: bool) -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    // NOROOT, NO_SETUID_FIXUP and KEEP_CAPS' kin; what exec gives is ambient.
    const NOROOT: libc::c_ulong = 0b0000_0101;
    let user = i64::from(crate::NOBODY);
    let header: [u32; 2] = [VERSION_3, 0];
    let kept = if keep_ipc_owner { 1_u32 << CAP_IPC_OWNER } else { 0 };
    // Effective, permitted, inheritable of the lower and the upper 32.
    let sets = [kept, kept, kept, 0, 0, 0];
    let becomes_nobody = crate::is_root();
    // SAFETY: numbers, but for setgroups, which reads no group, and capset,
    // which reads a header of two words and two structures of three words.
    unsafe {
        check(libc::prctl(libc::PR_SET_SECUREBITS, NOROOT, 0, 0, 0).into())?;
        if becomes_nobody {
            check(libc::syscall(libc::SYS_setgroups, 0, ptr::null::<u32>()))?;
            check(libc::syscall(libc::SYS_setresgid, user, user, user))?;
            check(libc::syscall(libc::SYS_setresuid, user, user, user))?;
        }
        check(libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()))?;
        if keep_ipc_owner {
            let (raise, cap) = (u64::from(libc::PR_CAP_AMBIENT_RAISE.unsigned_abs()), u64::from(CAP_IPC_OWNER));
            check(libc::prctl(libc::PR_CAP_AMBIENT, raise, cap, 0_u64, 0_u64).into())?;
        }
        check(libc::prctl(libc::PR_SET_DUMPABLE, 1_u64, 0_u64, 0_u64, 0_u64).into())
    }
}

fn check(result: i64) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Adds to a shared number.
pub fn add(word: &AtomicU64, by: u64) {
    word.fetch_add(by, Ordering::Relaxed);
}

/// Begins a group of processes, which [`kill_group`] ends by the caller's number.
pub fn lead_group() {
    // SAFETY: takes numbers only.
    unsafe { libc::setpgid(0, 0) };
}

/// SIGKILL to all of a group.
pub fn kill_group(leader: i32) {
    assert!(leader > 1);
    // SAFETY: takes numbers only.
    unsafe { libc::kill(-leader, libc::SIGKILL) };
}

/// Puts an empty folder in the place of another, in which all may make files, or nobody.
pub fn cover(folder: &CStr, for_all: bool) -> io::Result<()> {
    let (kind, flags) = (c"tmpfs".as_ptr(), if for_all { 0 } else { libc::MS_RDONLY });
    let mode = if for_all { c"mode=1777" } else { c"mode=755" };
    // SAFETY: C strings.
    check(unsafe { libc::mount(kind, folder.as_ptr(), kind, flags, mode.as_ptr().cast()) }.into())
}

/// Takes a file system away from its folder, though it be in use.
pub fn uncover(folder: &CStr) -> io::Result<()> {
    // SAFETY: a C string.
    check(unsafe { libc::umount2(folder.as_ptr(), libc::MNT_DETACH) }.into())
}
