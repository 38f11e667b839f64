//! What happens in the child between fork and exec: namespaces, users,
//! capabilities.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::ptr;

use crate::first_process;

/// What is taken from a child before it starts.
#[derive(Debug, Default)]
pub(super) struct Confinement {
    /// The world it runs in.
    pub(super) world: Option<OwnedFd>,
    /// The user and group it becomes.
    pub(super) user: Option<(u32, u32)>,
    /// Whether it loses every capability for good.
    pub(super) no_capabilities: bool,
    /// The folder it finds empty.
    pub(super) hidden: Option<&'static CStr>,
    /// The file it finds in the place of /etc/passwd.
    pub(super) accounts: Option<CString>,
    /// Its RLIMIT_MEMLOCK.
    pub(super) memlock: Option<u64>,
    /// Whether it may start neither processes nor threads.
    pub(super) is_last: bool,
    /// A system call, and what the kernel does instead of it.
    pub(super) filter: Option<(u32, u32)>,
}

/// Instead of a call: the end of the process, which nothing can catch.
pub(super) const KILL: u32 = 0x8000_0000;
/// Instead of a call: ENOSYS.
pub(super) const MISSING: u32 = 0x0005_0000 | libc::ENOSYS.unsigned_abs();

/// Has the child close its standard output before everything else.
pub(super) fn close_stdout(command: &mut Command) {
    // SAFETY: between fork and exec; takes a number only.
    unsafe { command.pre_exec(|| check(libc::close(1).into())) };
}

impl Confinement {
    /// Adds the confinement to `command`. A confined child may not reach the
    /// program's path (a user who cannot enter the build folder), so the file
    /// is opened here and the child executes the open file.
    pub(super) fn apply<'a>(
        &self,
        command: &mut Command,
        path: &Path,
        argv: impl Iterator<Item = &'a OsString>,
        env: &BTreeMap<OsString, OsString>,
    ) -> io::Result<()> {
        let program = if self.is_none() { None } else { Some(Program::open(path, argv, env)?) };
        let (user, no_capabilities, hidden) = (self.user, self.no_capabilities, self.hidden);
        let (memlock, is_last, filter, accounts) = (self.memlock, self.is_last, self.filter, self.accounts.clone());
        let world = self.world.as_ref().map(OwnedFd::try_clone).transpose()?;
        let prepare = move || {
            die_with_parent()?;
            if let Some(world) = &world {
                enter(world.as_raw_fd())?;
            }
            leave_terminal()?;
            if let Some(bytes) = memlock {
                limit(libc::RLIMIT_MEMLOCK, bytes)?;
            }
            if hidden.is_some() || accounts.is_some() {
                own_mounts()?;
            }
            if let Some(folder) = hidden {
                hide(folder)?;
            }
            if let Some(file) = &accounts {
                bind(file, c"/etc/passwd")?;
            }
            if no_capabilities && user.is_none() {
                drop_capabilities()?;
            }
            if let Some((uid, gid)) = user {
                become_user(uid, gid)?;
            }
            if is_last {
                // Changing the user would be refused by it.
                limit(libc::RLIMIT_NPROC, 0)?;
            }
            if let Some((call, action)) = filter {
                filter_call(call, action)?;
            }
            match &program {
                Some(program) => program.execute(),
                None => Ok(()),
            }
        };
        // SAFETY: between fork and exec the closure only makes system calls on
        // memory prepared before, and allocates nothing.
        unsafe { command.pre_exec(prepare) };
        Ok(())
    }

    fn is_none(&self) -> bool {
        self.world.is_none()
            && self.user.is_none()
            && !self.no_capabilities
            && self.hidden.is_none()
            && self.accounts.is_none()
            && self.memlock.is_none()
            && !self.is_last
            && self.filter.is_none()
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.user {
            Some((uid, gid)) => write!(f, " (as {uid}:{gid})")?,
            None if self.no_capabilities => f.write_str(" (without capabilities)")?,
            None => {}
        }
        match self.hidden {
            Some(folder) => write!(f, " (without {})", folder.to_string_lossy()),
            None => Ok(()),
        }
    }
}

/// An open program with its arguments and environment, ready for execveat.
struct Program {
    file: OwnedFd,
    argv: Strings,
    envp: Strings,
}

impl Program {
    fn open<'a>(
        path: &Path,
        argv: impl Iterator<Item = &'a OsString>,
        env: &BTreeMap<OsString, OsString>,
    ) -> io::Result<Self> {
        let file = File::options().read(true).custom_flags(libc::O_PATH).open(path)?.into();
        let argv = Strings::new(argv.map(|arg| arg.as_bytes().to_vec()))?;
        let pair = |(name, value): (&OsString, &OsString)| [name.as_bytes(), b"=", value.as_bytes()].concat();
        let envp = Strings::new(env.iter().map(pair))?;
        Ok(Program { file, argv, envp })
    }

    /// Replaces the child by the program; returns only when that failed.
    fn execute(&self) -> io::Result<()> {
        // SAFETY: an open descriptor, a C string, and two arrays of C strings
        // that end with null and live as long as `self`.
        unsafe {
            libc::syscall(
                libc::SYS_execveat,
                self.file.as_raw_fd(),
                c"".as_ptr(),
                self.argv.pointers.as_ptr(),
                self.envp.pointers.as_ptr(),
                libc::AT_EMPTY_PATH,
            )
        };
        Err(io::Error::last_os_error())
    }
}

/// C strings, and the null-terminated array of pointers to them.
struct Strings {
    _owned: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

// SAFETY: the pointers are into `_owned`, which is never changed.
unsafe impl Send for Strings {}
// SAFETY: as above.
unsafe impl Sync for Strings {}

impl Strings {
    fn new(texts: impl Iterator<Item = Vec<u8>>) -> io::Result<Self> {
        let owned = texts.map(CString::new).collect::<Result<Vec<_>, _>>()?;
        let pointers = owned.iter().map(|text| text.as_ptr()).chain([ptr::null()]).collect();
        Ok(Strings { _owned: owned, pointers })
    }
}

fn check(result: i64) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The kernel kills the child when the thread that started it ends, a failed
/// test's too.
fn die_with_parent() -> io::Result<()> {
    // SAFETY: takes numbers only.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }.into())
}

/// Goes on as a child in the world behind the descriptor. The caller waits outside and ends as it does.
fn enter(world: i32) -> io::Result<()> {
    // SAFETY: takes numbers only, and one that is written; there is one thread, which goes on in the child.
    unsafe {
        check(libc::setns(world, libc::CLONE_NEWPID | libc::CLONE_NEWNS).into())?;
        let child = libc::fork();
        check(child.into())?;
        if child != 0 {
            // Whoever reads from the child, or from its pipe for errors, is to see the end.
            libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0);
            first_process::leave(first_process::wait(child));
        }
    }
    die_with_parent()
}

/// Leaves the terminal from which the tests were started: nobody there is to
/// be asked.
fn leave_terminal() -> io::Result<()> {
    // SAFETY: takes nothing.
    check(unsafe { libc::setsid() }.into())
}

/// Lowers a limit.
fn limit(resource: libc::__rlimit_resource_t, most: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
    // SAFETY: reads one rlimit.
    check(unsafe { libc::setrlimit(resource, &raw const limit) }.into())
}

/// Has the kernel do `action` instead of the system call numbered `call`, for good.
fn filter_call(call: u32, action: u32) -> io::Result<()> {
    const ALLOW: u32 = 0x7fff_0000;
    // Load the number; go on if it is the call, else over one; return.
    let line = |code: u16, jt: u8, jf: u8, k: u32| libc::sock_filter { code, jt, jf, k };
    let mut lines = [line(0x20, 0, 0, 0), line(0x15, 0, 1, call), line(0x06, 0, 0, action), line(0x06, 0, 0, ALLOW)];
    let program = libc::sock_fprog { len: 4, filter: lines.as_mut_ptr() };
    // SAFETY: the first takes numbers; the second reads a program of as many lines as it says.
    unsafe {
        check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1_u64, 0_u64, 0_u64, 0_u64).into())?;
        check(libc::prctl(libc::PR_SET_SECCOMP, 2_u64, &raw const program, 0_u64, 0_u64).into())
    }
}

/// Moves the child to a mount namespace of its own.
fn own_mounts() -> io::Result<()> {
    // SAFETY: takes flags only.
    check(unsafe { libc::unshare(libc::CLONE_NEWNS) }.into())?;
    mount(None, c"/", libc::MS_REC | libc::MS_PRIVATE)
}

/// Mounts an empty tmpfs over the folder.
fn hide(folder: &CStr) -> io::Result<()> {
    mount(Some(c"tmpfs"), folder, 0)
}

/// Has a file stand in the place of another.
fn bind(file: &CStr, place: &CStr) -> io::Result<()> {
    mount(Some(file), place, libc::MS_BIND)
}

fn mount(source: Option<&CStr>, place: &CStr, flags: libc::c_ulong) -> io::Result<()> {
    let source = source.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: C strings, or null where mount(2) ignores the argument; all but
    // tmpfs have flags with which it ignores the type.
    check(unsafe { libc::mount(source, place.as_ptr(), c"tmpfs".as_ptr(), flags, ptr::null()) }.into())
}

/// Becomes another user for good, without supplementary groups. The kernel
/// takes all capabilities from a root that leaves uid 0.
fn become_user(uid: u32, gid: u32) -> io::Result<()> {
    // SAFETY: system calls on numbers; no group is read. They are raw, as the
    // C library's wrappers are for processes with several threads.
    unsafe {
        check(libc::syscall(libc::SYS_setgroups, 0, ptr::null::<u32>()))?;
        check(libc::syscall(libc::SYS_setresgid, gid, gid, gid))?;
        check(libc::syscall(libc::SYS_setresuid, uid, uid, uid))
    }
}

/// Loses all capabilities while staying uid 0: none are given back by exec.
fn drop_capabilities() -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    // Locks NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE; KEEP_CAPS off.
    const SECUREBITS: libc::c_ulong = 0b1110_1111;
    let header: [u32; 2] = [VERSION_3, 0];
    let none = [0_u32; 6];
    // SAFETY: prctl takes numbers only; capset reads a header of two words and
    // for version 3 two structures of three words.
    unsafe {
        let mut capability: libc::c_ulong = 0;
        while libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) == 0 {
            capability += 1;
        }
        check(libc::prctl(libc::PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0).into())?;
        check(libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()))?;
        check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1_u64, 0_u64, 0_u64, 0_u64).into())
    }
}
