//! A machine in small: a pid namespace with a first process that only reaps,
//! an IPC namespace made inside it, and mounts of its own, in which `/dev/null`
//! is as young as the first process and `/run` is empty.
//!
//! What runs there is all there is. So it can be said of every object who may
//! still use it, and what the system manager would keep in `/run` can be made
//! by hand.

use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::ptr;

use crate::alone::{are_in_order, number, on_one_cpu};
use crate::first_process::{fork_first, furnish, leave, mount, wait};
use crate::run::forking;
use crate::{Cmd, Namespace, before_main, fresh, left_out, tool};

const ATTEMPTS: u32 = 100;

/// A world. [`Cmd::inside`] runs programs in it, and the calling thread is in
/// its IPC namespace, but the test process is not seen there. Dropping it
/// kills all that runs in it.
#[derive(Debug)]
pub struct World {
    first: i32,
    entry: OwnedFd,
    namespace: Namespace,
}

impl World {
    /// An empty one, or a word on stderr that it cannot be had here.
    pub fn new() -> Option<Self> {
        if !before_main::of_its_own() {
            left_out("what takes a pid namespace");
            return None;
        }
        if number("thread-self/ns/ipc").is_none() {
            left_out("what takes namespaces with numbers (Linux 6.18)");
            return None;
        }
        for _ in 1..ATTEMPTS {
            let world = on_one_cpu(Self::attempt);
            let inner = number("thread-self/ns/ipc").zip(number(&format!("{}/ns/pid", world.first)));
            if inner.is_some_and(|(inner, outer)| are_in_order(inner, outer)) {
                return Some(world);
            }
        }
        panic!("no two namespaces in {ATTEMPTS} came from one block of numbers");
    }

    fn attempt() -> Self {
        let (mut ready, tell) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
        let guard = forking();
        let first = match fork_first() {
            Err(errno) => panic!("a pid namespace: {}", io::Error::from_raw_os_error(errno)),
            Ok(0) => reap_forever(tell.as_raw_fd()),
            Ok(first) => first,
        };
        drop((guard, tell));
        // SAFETY: takes numbers only; a new descriptor is nobody else's.
        let entry = unsafe {
            let fd = libc::syscall(libc::SYS_pidfd_open, first, 0);
            assert!(fd >= 0, "pidfd_open: {}", io::Error::last_os_error());
            OwnedFd::from_raw_fd(i32::try_from(fd).unwrap_or(-1))
        };
        let world = Self { first, entry, namespace: fresh() };
        ready.read_exact(&mut [0]).unwrap_or_else(|_| panic!("the mounts of a world could not be made"));
        world
    }

    /// Its IPC namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// A shell with this script in it.
    pub fn sh(&self, script: &str) -> Cmd {
        tool("sh", ["-euc", script]).inside(self)
    }

    /// Another descriptor to enter it by.
    pub(crate) fn entry(&self) -> io::Result<OwnedFd> {
        self.entry.try_clone()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: takes numbers only; the child is not reaped before this.
        unsafe { libc::kill(self.first, libc::SIGKILL) };
        wait(self.first);
    }
}

/// What the first process does: says that it is ready, and leaves what ends to the kernel. Allocates nothing.
fn reap_forever(tell: i32) -> ! {
    let made =
        furnish().is_ok() && mount(Some(c"tmpfs"), c"/run", Some(c"tmpfs"), libc::MS_NOSUID | libc::MS_NODEV).is_ok();
    if !made {
        leave(1);
    }
    // SAFETY: C strings and numbers, and one byte; the descriptors that are closed belong to copies nobody uses here.
    unsafe {
        libc::chmod(c"/run".as_ptr(), 0o755);
        libc::signal(libc::SIGCHLD, libc::SIG_IGN);
        libc::setsid();
        libc::write(tell, ptr::from_ref(&b'!').cast(), 1);
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0);
        loop {
            libc::pause();
        }
    }
}
