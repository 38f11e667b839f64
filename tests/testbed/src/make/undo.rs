//! Processes that have used sets with SEM_UNDO and live on.

use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::thread;

use super::process::{Churner, Holder, fork};
use super::sem;

const SEM_UNDO: i16 = 0x1000;

/// Other processes or threads that have the undo list of a process as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharers {
    /// None.
    Nobody,
    /// So many threads of the process itself.
    Threads(usize),
    /// A child that was made with CLONE_SYSVSEM.
    Child,
}

/// A process that has operated on sets with SEM_UNDO, (set, semaphore, change)
/// each, one after the other. Also the number of the child that shares its list,
/// or its own.
#[track_caller]
pub fn undo_holder(operations: &[(i32, u16, i16)], sharers: Sharers) -> (Holder, u32) {
    let prepared: Vec<_> = operations
        .iter()
        .map(|&(id, semaphore, change)| (id, sem::sembufs(&[(semaphore, change, SEM_UNDO)])))
        .collect();
    let (mut reader, writer) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
    let process = fork(Some(writer.as_fd()), || {
        let done = prepared.iter().all(|(id, operations)| sem::raw_semop(*id, operations) == 0);
        let other = match sharers {
            Sharers::Nobody => Some(std::process::id()),
            Sharers::Threads(count) => {
                for _ in 0..count {
                    thread::spawn(pause);
                }
                Some(std::process::id())
            }
            Sharers::Child => child(),
        };
        if let Some(other) = other.filter(|_| done)
            && (&writer).write_all(&other.to_ne_bytes()).is_ok()
        {
            pause();
        }
    });
    drop(writer);
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes).unwrap_or_else(|_| panic!("another process could not operate on a set"));
    (Holder { process }, u32::from_ne_bytes(bytes))
}

fn pause() {
    loop {
        // SAFETY: takes nothing.
        unsafe { libc::pause() };
    }
}

/// A child with the undo list of this process.
fn child() -> Option<u32> {
    let flags = i64::from(libc::CLONE_SYSVSEM | libc::SIGCHLD);
    // SAFETY: without a stack and without CLONE_VM this is a fork; the child
    // makes few calls and never returns.
    unsafe {
        let parent = libc::getpid();
        let pid = libc::syscall(libc::SYS_clone, flags, 0_usize, 0_usize, 0_usize, 0_usize);
        if pid == 0 {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            // It may have been killed before that.
            if libc::getppid() != parent {
                libc::_exit(0);
            }
            pause();
        }
        u32::try_from(pid).ok().filter(|pid| *pid > 0)
    }
}

/// A process that makes, without end, children that operate on each of the sets
/// with SEM_UNDO, some of which it removes and makes again, and end.
#[track_caller]
pub fn undo_churner(sets: &[i32]) -> Churner {
    let up = sem::sembufs(&[(0, 1, SEM_UNDO)]);
    let sets = sets.to_vec();
    let process = fork(None, || {
        loop {
            // SAFETY: these take numbers; the child makes calls on memory
            // prepared before, and ends.
            unsafe {
                let private = libc::syscall(libc::SYS_semget, 0, 70, 0o600);
                let private = i32::try_from(private).unwrap_or(-1);
                let child = libc::fork();
                if child == 0 {
                    sem::raw_semop(private, &up);
                    for set in &sets {
                        sem::raw_semop(*set, &up);
                    }
                    libc::syscall(libc::SYS_semctl, private, 0, libc::IPC_RMID, 0);
                    libc::_exit(0);
                }
                libc::waitpid(child, std::ptr::null_mut(), 0);
                libc::syscall(libc::SYS_semctl, private, 0, libc::IPC_RMID, 0);
            }
        }
    });
    Churner { process }
}

/// A process that operates on so many new sets with SEM_UNDO and removes them,
/// without end.
#[track_caller]
pub fn undo_turnover(count: usize) -> Churner {
    let up = sem::sembufs(&[(0, 1, SEM_UNDO)]);
    let mut sets = vec![-1; count];
    let process = fork(None, || {
        loop {
            for set in &mut sets {
                // SAFETY: takes numbers only.
                let made = unsafe { libc::syscall(libc::SYS_semget, 0, 1, 0o600) };
                *set = i32::try_from(made).unwrap_or(-1);
                sem::raw_semop(*set, &up);
            }
            for set in &sets {
                // SAFETY: IPC_RMID reads and writes no memory.
                unsafe { libc::syscall(libc::SYS_semctl, *set, 0, libc::IPC_RMID, 0) };
            }
        }
    });
    Churner { process }
}
