//! Running a program that shares our undo list, so that what was taken with `SEM_UNDO` is given back when the last
//! of the two is gone: never while the program runs, even when this process is killed.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr;

use super::Signals;
use crate::sys::errno::Errno;
use crate::sys::signals;

/// A program with its arguments, ready for exec without further allocation.
pub struct Program {
    _words: Vec<CString>,
    argv: Vec<*const c_char>,
}

impl Program {
    /// `program`, to be looked up in PATH, with `arguments`.
    ///
    /// # Errors
    /// `InvalidInput` when a word holds a NUL byte.
    pub fn new(program: &OsStr, arguments: &[OsString]) -> io::Result<Self> {
        let words = [program].into_iter().chain(arguments.iter().map(OsString::as_os_str));
        let words: Vec<CString> = words.map(|word| CString::new(word.as_bytes())).collect::<Result<_, _>>()?;
        let argv = words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
        Ok(Self { _words: words, argv })
    }

    /// Replaces this process by the program, which keeps our undo list. Returns only when that failed.
    pub fn exec(&self) -> Errno {
        signals::restore_ignored();
        // SAFETY: `argv` holds C strings that live as long as self, and ends with null.
        unsafe { libc::execvp(self.argv[0], self.argv.as_ptr()) };
        Errno::last()
    }

    /// Runs the program as a child that shares our undo list (`CLONE_SYSVSEM`), waits for its end and forwards signals
    /// to it meanwhile. Those stay blocked afterwards: one that came too late for the program is not to hide how it
    /// ended. For processes of one thread that then soon end.
    ///
    /// # Errors
    /// Why it could not be started: `NotFound`, `PermissionDenied`, …
    pub fn run(&self) -> io::Result<ExitStatus> {
        let (reader, writer) = io::pipe()?;
        let signals = Signals::block()?;
        let pid = self.start(&signals, reader.into(), writer.into())?;
        signals.wait_and_forward(pid, || try_wait(pid))
    }

    /// Starts the program; the pipe, whose ends are closed by exec, tells whether that worked.
    fn start(&self, signals: &Signals, reader: OwnedFd, writer: OwnedFd) -> io::Result<libc::pid_t> {
        let flags = libc::c_long::from(libc::CLONE_SYSVSEM | libc::SIGCHLD);
        // SAFETY: without CLONE_VM and with no stack given this is a fork. The process has one thread, so the child
        // finds no lock held by another; it makes system calls on memory prepared before, and ends or execs.
        let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize) };
        if pid == 0 {
            let errno = match signals.restore() {
                Ok(()) => self.exec(),
                Err(_) => Errno::last(),
            };
            let code = errno.raw();
            // SAFETY: writes four bytes of a live variable; _exit runs nothing of the parent's.
            unsafe {
                libc::write(writer.as_raw_fd(), (&raw const code).cast(), size_of_val(&code));
                libc::_exit(127);
            }
        }
        let pid = Errno::check(pid)? as libc::pid_t;
        drop(writer);
        let mut code = [0; 4];
        if File::from(reader).read_exact(&mut code).is_err() {
            // Nothing came: the pipe was closed by exec.
            return Ok(pid);
        }
        // It has ended or is about to.
        // SAFETY: takes numbers and a null pointer where no status is wanted; the child is our own.
        while unsafe { libc::waitpid(pid, ptr::null_mut(), 0) } == -1 && Errno::last() == Errno::EINTR {}
        Err(Errno::from_raw(i32::from_ne_bytes(code)).into())
    }
}

fn try_wait(pid: libc::pid_t) -> io::Result<Option<ExitStatus>> {
    let mut status = 0;
    // SAFETY: writes one int; the child is our own and is reaped nowhere else.
    match unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } {
        -1 => Err(Errno::last().into()),
        0 => Ok(None),
        _ => Ok(Some(ExitStatus::from_raw(status))),
    }
}
