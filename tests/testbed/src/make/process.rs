//! Other processes that use objects, forked from the test, and other users.
//!
//! What the forked processes do is decided here: they make system calls on
//! memory prepared before, and end. The kernel kills them when the thread that
//! made them ends.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::sync::mpsc;
use std::{fs, thread};

use super::{msg, raw_shmat, sem};
use crate::run::{asleep_in_ipc, forking, pid_t};
use crate::{before_main, is_root, pause};

/// A forked process. Dropping it kills and reaps it.
#[derive(Debug)]
pub(super) struct Forked {
    pid: u32,
}

/// Forks a process that runs `body` and ends. It closes its copies of all
/// descriptors but `kept` and the standard ones: a copied pipe end would keep
/// another test's child from seeing the end of its input.
#[track_caller]
pub(super) fn fork(kept: Option<BorrowedFd<'_>>, body: impl FnOnce()) -> Forked {
    before_main::require();
    let guard = forking();
    // SAFETY: the child uses only `body`, the last thing it does, and never
    // returns from here.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", io::Error::last_os_error()),
        0 => {
            // SAFETY: takes numbers only.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            drop(guard);
            let kept = kept.map_or(2, |fd| fd.as_raw_fd().unsigned_abs());
            close_range(3, kept.saturating_sub(1));
            close_range(kept + 1, u32::MAX);
            body();
            // SAFETY: ends the process without running the parent's clean-up.
            unsafe { libc::_exit(0) }
        }
        pid => Forked { pid: pid.unsigned_abs() },
    }
}

/// Closes the descriptors from `first` to `last`.
fn close_range(first: u32, last: u32) {
    // SAFETY: the child that calls this uses none of them any more. An empty
    // range is refused with EINVAL, which is right too.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}

impl Forked {
    #[track_caller]
    fn until_asleep(&self) {
        while !asleep_in_ipc(self.pid) {
            assert!(!self.has_ended(), "the process ended instead of waiting");
            pause();
        }
    }

    /// Whether it has ended; leaves it to be reaped.
    fn has_ended(&self) -> bool {
        let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: all zero is a valid siginfo_t, and waitid fills in one.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let ret = libc::waitid(libc::P_PID, self.pid, &raw mut info, options);
            ret != 0 || info.si_pid() != 0
        }
    }

    fn reap(&self) {
        // SAFETY: the process is this one's child and was not reaped; its
        // status is not asked for.
        while unsafe { libc::waitpid(pid_t(self.pid), std::ptr::null_mut(), 0) } == -1
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        // SAFETY: takes numbers only; the child is not reaped before this, so
        // the pid is still its own.
        unsafe { libc::kill(pid_t(self.pid), libc::SIGKILL) };
        self.reap();
    }
}

/// A process asleep in semop, msgsnd or msgrcv. Dropping it kills it.
#[derive(Debug)]
pub struct Blocked {
    process: Forked,
}

impl Blocked {
    /// The sleeper's pid.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Whether it still sleeps.
    pub fn is_asleep(&self) -> bool {
        asleep_in_ipc(self.process.pid)
    }

    /// Stops it with a signal.
    pub fn stop(&self) {
        // SAFETY: takes numbers only; the child is not reaped before this ends.
        unsafe { libc::kill(pid_t(self.process.pid), libc::SIGSTOP) };
        let stopped = || {
            let text = fs::read_to_string(format!("/proc/{}/stat", self.process.pid)).unwrap_or_default();
            text.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T"))
        };
        while !stopped() {
            pause();
        }
    }

    /// Waits until its call has returned.
    pub fn until_done(&self) {
        while !self.process.has_ended() {
            pause();
        }
    }
}

/// A process known to be asleep in semop on one semaphore: `change` below 0
/// waits for the value to grow, 0 for it to be zero.
#[track_caller]
pub fn blocked_semop(id: i32, semaphore: u16, change: i16) -> Blocked {
    let operations = sem::sembufs(&[(semaphore, change, 0)]);
    blocked(|| sem::raw_semop(id, &operations))
}

/// A process known to be asleep in msgrcv, taking a message like
/// [`recv`](super::recv).
#[track_caller]
pub fn blocked_recv(id: i32, mtype: i64) -> Blocked {
    let mut message = msg::message(0, &[0; 8192]);
    blocked(|| msg::raw_recv(id, &mut message, mtype, 0))
}

/// A process known to be asleep in msgrcv with MSG_EXCEPT.
#[track_caller]
pub fn blocked_recv_except(id: i32, mtype: i64) -> Blocked {
    let mut message = msg::message(0, &[0; 8192]);
    blocked(|| msg::raw_recv(id, &mut message, mtype, libc::MSG_EXCEPT))
}

/// A process known to be asleep in msgsnd, on a queue without room for the
/// message.
#[track_caller]
pub fn blocked_send(id: i32, mtype: i64, text: &[u8]) -> Blocked {
    let message = msg::message(mtype, text);
    blocked(|| msg::raw_send(id, &message, 0))
}

#[track_caller]
fn blocked(call: impl FnOnce() -> i64) -> Blocked {
    // Whether the call fails later is nobody's business.
    let process = fork(None, || _ = call());
    process.until_asleep();
    Blocked { process }
}

/// A thread of this process that has slept in msgrcv. It ends when this is dropped.
#[derive(Debug)]
pub struct ReceivingThread {
    tid: u32,
    thread: Option<thread::JoinHandle<()>>,
    received: mpsc::Receiver<()>,
    end: Option<mpsc::Sender<()>>,
}

impl ReceivingThread {
    /// Its number.
    pub fn tid(&self) -> u32 {
        self.tid
    }

    /// Waits until its call has returned; the thread goes on living.
    pub fn until_received(&self) {
        self.received.recv().unwrap_or_else(|_| panic!("the receiving thread failed"));
    }
}

impl Drop for ReceivingThread {
    fn drop(&mut self) {
        self.end = None;
        // Whoever joins a thread may be woken before its number is free.
        if let Some(Ok(())) = self.thread.take().map(thread::JoinHandle::join) {
            while fs::exists(format!("/proc/self/task/{}", self.tid)).unwrap_or_default() {
                pause();
            }
        }
    }
}

/// A thread of this process known to be asleep in msgrcv, in the namespace of the caller.
#[track_caller]
pub fn receiving_thread(id: i32) -> ReceivingThread {
    before_main::require();
    let (say_tid, tid) = mpsc::channel();
    let (say_received, received) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        // SAFETY: takes nothing and cannot fail.
        let _ = say_tid.send(unsafe { libc::gettid() }.unsigned_abs());
        let mut message = msg::message(0, &[0; 8192]);
        if msg::raw_recv(id, &mut message, 0, 0) >= 0 {
            let _ = say_received.send(());
            let _ = ended.recv();
        }
    });
    let tid = tid.recv().unwrap_or_else(|_| panic!("the receiving thread failed"));
    let asleep = || {
        let text = fs::read_to_string(format!("/proc/self/task/{tid}/syscall")).unwrap_or_default();
        text.split(' ').next().and_then(|n| n.parse::<i64>().ok()) == Some(libc::SYS_msgrcv)
    };
    while !asleep() {
        pause();
    }
    ReceivingThread { tid, thread: Some(thread), received, end: Some(end) }
}

/// Operates on a set from the calling thread, which sleeps until the set is removed or it can be done.
pub fn semop_until_removed(id: i32, operations: &[(u16, i16, i16)]) {
    // Whether it fails is nobody's business.
    sem::raw_semop(id, &sem::sembufs(operations));
}

/// Receives from the calling thread, which sleeps until the queue is removed or there is such a message.
pub fn recv_until_removed(id: i32, mtype: i64) {
    msg::raw_recv(id, &mut msg::message(0, &[0; 8192]), mtype, 0);
}

/// Sends from the calling thread, which sleeps until the queue is removed or has room.
pub fn send_until_removed(id: i32, text: &[u8]) {
    msg::raw_send(id, &msg::message(1, text), 0);
}

/// Another process that has a segment attached. Dropping it kills it, which
/// detaches the segment.
#[derive(Debug)]
pub struct Holder {
    pub(super) process: Forked,
}

impl Holder {
    /// The holder's pid.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }
}

/// A process that has attached the segment and does nothing more.
#[track_caller]
pub fn holder(id: i32) -> Holder {
    holder_that(id, || true)
}

/// A process that has a segment of two pages mapped four times: attached to write, to read, and once more with half
/// of that protected, which makes two of it.
#[track_caller]
pub fn holder_of_four(id: i32) -> Holder {
    holder_that(id, || {
        raw_shmat(id, libc::SHM_RDONLY);
        let again = raw_shmat(id, 0).cast();
        // SAFETY: what is protected is the first page of the last.
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or_default();
            libc::mprotect(again, page, libc::PROT_READ) == 0
        }
    })
}

/// A process that has a segment attached and shares all of its memory with a child, as after vfork.
#[track_caller]
pub fn holder_with_a_twin(id: i32) -> Holder {
    extern "C" fn wait(_: *mut libc::c_void) -> libc::c_int {
        // SAFETY: these take numbers, and nothing.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            loop {
                libc::pause();
            }
        }
    }
    let mut stack = vec![0_u128; 4096];
    holder_that(id, move || {
        let top = stack.as_mut_ptr_range().end.cast();
        // SAFETY: the child has a stack of its own, and touches no other memory.
        unsafe { libc::clone(wait, top, libc::CLONE_VM | libc::SIGCHLD, std::ptr::null_mut()) > 0 }
    })
}

/// A process that has a segment of another IPC namespace attached, and is in this one now. That segment is the first
/// there, private, and of `size` bytes.
#[track_caller]
pub fn holder_from_elsewhere(size: usize) -> Holder {
    let here = fs::File::open("/proc/thread-self/ns/ipc").unwrap_or_else(|e| panic!("the namespace: {e}"));
    let (mut reader, writer) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
    // Of two descriptors one can be kept, so this one is opened anew by the child from its parent.
    let path = std::ffi::CString::new(format!("/proc/{}/fd/{}", std::process::id(), here.as_raw_fd()));
    let path = path.unwrap_or_default();
    let process = fork(Some(writer.as_fd()), || {
        // SAFETY: these take numbers and a C string; the memory is not used.
        let done = unsafe {
            let here = libc::open(path.as_ptr(), libc::O_RDONLY);
            libc::unshare(libc::CLONE_NEWIPC) == 0
                && !raw_shmat(libc::shmget(0, size, 0o600), 0).is_null()
                && libc::setns(here, libc::CLONE_NEWIPC) == 0
        };
        if done && (&writer).write_all(b"!").is_ok() {
            loop {
                // SAFETY: takes nothing.
                unsafe { libc::pause() };
            }
        }
    });
    drop(writer);
    reader.read_exact(&mut [0]).unwrap_or_else(|_| panic!("another process could not attach a segment elsewhere"));
    Holder { process }
}

#[track_caller]
fn holder_that(id: i32, then: impl FnOnce() -> bool) -> Holder {
    let (mut reader, writer) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
    let process = fork(Some(writer.as_fd()), || {
        if !raw_shmat(id, 0).is_null() && then() && (&writer).write_all(b"!").is_ok() {
            loop {
                // SAFETY: takes nothing.
                unsafe { libc::pause() };
            }
        }
    });
    drop(writer);
    let attached = reader.read_exact(&mut [0]);
    attached.unwrap_or_else(|_| panic!("another process could not attach shm:{id}"));
    Holder { process }
}

/// A process with one thread, but it had another: one that slept in msgrcv, was sent a message by a process that has
/// ended too, and ended. Its user and group are `user`.
#[track_caller]
pub fn receiver_that_had_a_thread(id: i32, user: u32) -> Holder {
    let (mut reader, writer) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
    let mut message = msg::message(0, &[0; 8192]);
    let process = fork(Some(writer.as_fd()), || {
        become_user(user.into(), user.into());
        let thread = thread::spawn(move || msg::raw_recv(id, &mut message, 0, 0) >= 0);
        if thread.join().unwrap_or_default() && (&writer).write_all(b"!").is_ok() {
            loop {
                // SAFETY: takes nothing.
                unsafe { libc::pause() };
            }
        }
    });
    drop(writer);
    let asleep = || {
        let threads = fs::read_dir(format!("/proc/{}/task", process.pid)).into_iter().flatten().flatten();
        let mut lines = threads.filter_map(|thread| fs::read_to_string(thread.path().join("syscall")).ok());
        lines.any(|text| text.split(' ').next().and_then(|n| n.parse::<i64>().ok()) == Some(libc::SYS_msgrcv))
    };
    while !asleep() {
        assert!(!process.has_ended(), "the process ended instead of receiving");
        pause();
    }
    by_dead_process(|| {
        msg::send(id, 1, b"x");
        0
    });
    reader.read_exact(&mut [0]).unwrap_or_else(|_| panic!("another process could not receive from msg:{id}"));
    // Whoever joins a thread may be woken before its number is free.
    while fs::read_dir(format!("/proc/{}/task", process.pid)).is_ok_and(|threads| threads.count() > 1) {
        pause();
    }
    Holder { process }
}

/// A process that creates and removes objects flat out. Dropping it kills it.
#[derive(Debug)]
pub struct Churner {
    pub(super) process: Forked,
}

impl Churner {
    /// Its pid.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Whether it is still at it.
    pub fn is_running(&self) -> bool {
        !self.process.has_ended()
    }
}

/// A process that makes and removes private objects of all kinds without end,
/// so many at a time.
#[track_caller]
pub fn churner(at_a_time: usize) -> Churner {
    let mut ids = vec![[-1_i64; 3]; at_a_time];
    let process = fork(None, || {
        loop {
            // SAFETY: these take numbers, and null where nothing is read; a
            // call that fails gives an id that the removal then refuses.
            unsafe {
                for [shm, sem, msg] in &mut ids {
                    *shm = libc::syscall(libc::SYS_shmget, 0, 4096, 0o600);
                    *sem = libc::syscall(libc::SYS_semget, 0, 1, 0o600);
                    *msg = libc::syscall(libc::SYS_msgget, 0, 0o600);
                }
                for [shm, sem, msg] in &ids {
                    libc::syscall(libc::SYS_shmctl, *shm, libc::IPC_RMID, 0);
                    libc::syscall(libc::SYS_semctl, *sem, 0, libc::IPC_RMID, 0);
                    libc::syscall(libc::SYS_msgctl, *msg, libc::IPC_RMID, 0);
                }
            }
        }
    });
    Churner { process }
}

/// What `make` returns, run in a process that has ended and was reaped when
/// this returns: for an object whose creator, or last user, is dead.
#[track_caller]
pub fn by_dead_process(make: impl FnOnce() -> i32) -> i32 {
    let (mut reader, writer) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
    let process = fork(Some(writer.as_fd()), || {
        // When this fails, the parent reads too little.
        drop((&writer).write_all(&make().to_ne_bytes()));
    });
    drop(writer);
    let mut bytes = [0; 4];
    let made = reader.read_exact(&mut bytes);
    while !process.has_ended() {
        pause();
    }
    made.unwrap_or_else(|_| panic!("the process that was to make an object failed"));
    i32::from_ne_bytes(bytes)
}

/// Runs `body` with another effective user and group: objects it makes have
/// another creator. Only the calling thread changes, and it changes back.
///
/// # Panics
///
/// When not [`is_root`].
#[track_caller]
pub fn as_user<T>(uid: u32, gid: u32, body: impl FnOnce() -> T) -> T {
    /// Changes back, also when `body` panics.
    struct Back(i64, i64);
    impl Drop for Back {
        fn drop(&mut self) {
            become_user(self.0, self.1);
        }
    }
    assert!(is_root(), "a test that needs two users must ask is_root() first");
    // SAFETY: takes nothing and cannot fail.
    let gid_before = unsafe { libc::getegid() };
    let _back = Back(0, gid_before.into());
    become_user(uid.into(), gid.into());
    body()
}

/// Changes the calling thread's effective user and group. The system calls are
/// raw, because the C library's wrappers change all threads.
#[track_caller]
fn become_user(uid: i64, gid: i64) {
    let keep: i64 = -1;
    // SAFETY: takes numbers only. Root comes first and goes last: it is
    // needed to change the group.
    let done = unsafe {
        let root = libc::syscall(libc::SYS_setresuid, keep, 0_i64, keep) == 0;
        let group = libc::syscall(libc::SYS_setresgid, keep, gid, keep) == 0;
        root && group && libc::syscall(libc::SYS_setresuid, keep, uid, keep) == 0
    };
    assert!(done, "changing the user: {}", io::Error::last_os_error());
}
