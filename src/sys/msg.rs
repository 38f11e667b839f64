//! Message queues: `msgget`, `msgctl`, `msgsnd`, `msgrcv`.
//!
//! Errors of the calls that all kinds have are documented in [`super::shm`].

use std::ptr;

use libc::{c_int, c_long};

use super::errno::{Errno, Result};
use super::layout::{Ipc64Perm, Msginfo, Msqid64Ds, command, highest_index, unsigned};
use super::types::{Gid, Key, Mode, MsgId, Perm, Pid, Timestamp, Uid};

/// `MSG_COPY`: read a message and leave it in the queue.
const MSG_COPY: c_int = 0o40000;

/// The largest capacity that `IPC_SET` keeps: the kernel passes it through an int.
pub const MAX_QBYTES: u64 = c_int::MAX as u64;

/// `struct msqid_ds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsgStat {
    pub perm: Perm,
    pub stime: Timestamp,
    pub rtime: Timestamp,
    /// Creation or last `IPC_SET`.
    pub ctime: Timestamp,
    /// Bytes of text in the queue.
    pub cbytes: u64,
    /// Messages in the queue.
    pub qnum: u64,
    /// Capacity in bytes, and also in messages.
    pub qbytes: u64,
    pub lspid: Pid,
    /// A thread id if the receiver had slept.
    pub lrpid: Pid,
}

/// `struct msginfo` of the current IPC namespace.
#[derive(Clone, Copy, Debug)]
pub struct MsgLimits {
    pub msgmni: u64,
    /// Largest message, bytes.
    pub msgmax: u64,
    /// Capacity of a new queue, bytes.
    pub msgmnb: u64,
    /// The highest index in use; 0 also when there is none.
    pub max_index: u32,
}

/// `MSG_INFO`.
#[derive(Clone, Copy, Debug)]
pub struct MsgUsage {
    pub used_ids: u32,
    pub messages: u64,
    /// The kernel reports at most 2^31-1.
    pub bytes: u64,
}

/// Fails if `key` names a queue already.
///
/// # Errors
/// `EEXIST`, `ENOSPC` (`msgmni`), `ENOMEM`.
pub fn create(key: Key, mode: Mode) -> Result<MsgId> {
    get(key, libc::IPC_CREAT | libc::IPC_EXCL | mode.as_flags())
}

/// Needs no permission on the queue.
pub fn find(key: Key) -> Result<MsgId> {
    if key.is_private() { Err(Errno::EINVAL) } else { get(key, 0) }
}

fn get(key: Key, flags: c_int) -> Result<MsgId> {
    // SAFETY: the call takes numbers only.
    let id = Errno::check(unsafe { libc::syscall(libc::SYS_msgget, c_long::from(key.raw()), c_long::from(flags)) })?;
    Ok(MsgId::new(id as c_int))
}

/// Describes the queue `id` (`IPC_STAT`). Needs read permission.
pub fn stat(id: MsgId) -> Result<MsgStat> {
    stat_with(command::IPC_STAT, id.raw()).map(|(_, stat)| stat)
}

/// Describes the queue at an index (`MSG_STAT`), with its id. Needs read permission.
pub fn stat_at(index: i32) -> Result<(MsgId, MsgStat)> {
    stat_with(command::MSG_STAT, index)
}

/// Describes the queue at an index or id (`MSG_STAT_ANY`, Linux 4.17), with the id of what lives there.
/// Needs no permission; only the index bits of `index_or_id` count, so compare the id returned.
pub fn stat_any(index_or_id: i32) -> Result<(MsgId, MsgStat)> {
    stat_with(command::MSG_STAT_ANY, index_or_id)
}

fn stat_with(cmd: c_int, number: c_int) -> Result<(MsgId, MsgStat)> {
    let mut ds = Msqid64Ds::default();
    // SAFETY: the stat commands write one msqid64_ds, which `ds` is.
    let returned = Errno::check(unsafe { ctl(number, cmd, (&raw mut ds).cast()) })?;
    Ok((
        MsgId::new(returned as c_int),
        MsgStat {
            perm: ds.perm.typed(),
            stime: Timestamp::new(ds.stime),
            rtime: Timestamp::new(ds.rtime),
            ctime: Timestamp::new(ds.ctime),
            cbytes: ds.cbytes,
            qnum: ds.qnum,
            qbytes: ds.qbytes,
            lspid: Pid::new(ds.lspid),
            lrpid: Pid::new(ds.lrpid),
        },
    ))
}

/// Sets owner, group, permission bits and capacity (`IPC_SET`). Wakes every sleeping receiver to check its
/// permission again.
///
/// # Errors
/// `EPERM` (neither owner, creator nor privileged; or `qbytes` above `msgmnb` without `CAP_SYS_RESOURCE` in the
/// initial user namespace), `EINVAL` (gone, an id that the namespace cannot map, or `qbytes` above [`MAX_QBYTES`],
/// which the kernel itself would cut to 32 bits without a word), `EIDRM`.
pub fn set(id: MsgId, uid: Uid, gid: Gid, mode: Mode, qbytes: u64) -> Result<()> {
    if qbytes > MAX_QBYTES {
        return Err(Errno::EINVAL);
    }
    let mut ds = Msqid64Ds { perm: Ipc64Perm::for_set(uid, gid, mode), qbytes, ..Msqid64Ds::default() };
    // SAFETY: IPC_SET reads one msqid64_ds.
    Errno::check(unsafe { ctl(id.raw(), command::IPC_SET, (&raw mut ds).cast()) }).map(drop)
}

/// Removes the queue with all its messages; whoever waits on it gets `EIDRM` (`IPC_RMID`).
pub fn remove(id: MsgId) -> Result<()> {
    // SAFETY: IPC_RMID uses no buffer.
    Errno::check(unsafe { ctl(id.raw(), command::IPC_RMID, ptr::null_mut()) }).map(drop)
}

/// `IPC_INFO`; `ENOSYS` where the kernel has no System V IPC.
pub fn limits() -> Result<MsgLimits> {
    let (info, max_index) = info(command::IPC_INFO)?;
    Ok(MsgLimits {
        msgmni: unsigned(info.msgmni),
        msgmax: unsigned(info.msgmax),
        msgmnb: unsigned(info.msgmnb),
        max_index,
    })
}

/// `MSG_INFO`; `ENOSYS` where the kernel has no System V IPC.
pub fn usage() -> Result<MsgUsage> {
    let (info, _) = info(command::MSG_INFO)?;
    Ok(MsgUsage {
        used_ids: u32::try_from(info.msgpool).unwrap_or(0),
        messages: unsigned(info.msgmap),
        bytes: unsigned(info.msgtql),
    })
}

fn info(cmd: c_int) -> Result<(Msginfo, u32)> {
    let mut info = Msginfo::default();
    // SAFETY: IPC_INFO and MSG_INFO write one msginfo.
    let returned = Errno::check(unsafe { ctl(0, cmd, (&raw mut info).cast()) })?;
    Ok((info, highest_index(returned)))
}

/// # Safety
/// `buffer` must be what `cmd` reads or writes.
unsafe fn ctl(number: c_int, cmd: c_int, buffer: *mut libc::c_void) -> c_long {
    // SAFETY: the caller vouches for the buffer.
    unsafe { libc::syscall(libc::SYS_msgctl, c_long::from(number), c_long::from(cmd), buffer) }
}

/// A message in the kernel's layout: its type, then its text (`struct msgbuf`). One buffer serves many calls.
#[derive(Debug)]
pub struct Message {
    /// The first word is the type; the text follows. Words keep the type aligned.
    words: Vec<i64>,
    /// Bytes of text that fit.
    room: usize,
    /// Bytes of text that are valid.
    len: usize,
}

impl Message {
    pub fn with_capacity(capacity: usize) -> Self {
        Self { words: vec![0; 1 + capacity.div_ceil(size_of::<i64>())], room: capacity, len: 0 }
    }

    pub fn capacity(&self) -> usize {
        self.room
    }

    pub fn mtype(&self) -> i64 {
        self.words[0]
    }

    pub fn text(&self) -> &[u8] {
        // SAFETY: the words after the first hold at least `room` initialised bytes, and `len` never exceeds that;
        // any alignment suits u8.
        unsafe { std::slice::from_raw_parts(self.words[1..].as_ptr().cast::<u8>(), self.len) }
    }

    pub fn fill(&mut self, mtype: i64, text: &[u8]) {
        if text.len() > self.capacity() {
            *self = Self::with_capacity(text.len());
        }
        self.words[0] = mtype;
        self.len = text.len();
        // SAFETY: `text` fits behind the first word (grown above), and cannot overlap what is borrowed mutably.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), self.words[1..].as_mut_ptr().cast::<u8>(), text.len()) };
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    First,
    /// The first of this type (1 or more).
    Type(i64),
    /// The first of the lowest type not above this one (1 or more).
    UpTo(i64),
    /// The first of any other type (`MSG_EXCEPT`).
    Except(i64),
}

/// `msgsnd`. Not repeated after a signal.
///
/// # Errors
/// `EAGAIN` (`no_wait`, and it does not fit), `EACCES`, `EINVAL` (gone, type below 1, or larger than `msgmax`),
/// `EIDRM`, `EINTR`, `ENOMEM`.
pub fn send(id: MsgId, message: &Message, no_wait: bool) -> Result<()> {
    let flags = if no_wait { libc::IPC_NOWAIT } else { 0 };
    // SAFETY: the buffer holds the type and `len` bytes of text.
    Errno::check(unsafe {
        libc::syscall(
            libc::SYS_msgsnd,
            c_long::from(id.raw()),
            message.words.as_ptr(),
            message.len,
            c_long::from(flags),
        )
    })
    .map(drop)
}

/// `msgrcv`. Not repeated after a signal.
///
/// # Errors
/// `ENOMSG` (`no_wait`, and nothing matches), `E2BIG` (larger than the buffer, and not `truncate`; it stays in the
/// queue), `EACCES`, `EINVAL` (gone), `EIDRM`, `EINTR`.
pub fn receive(id: MsgId, message: &mut Message, wanted: Wanted, no_wait: bool, truncate: bool) -> Result<()> {
    let mut flags = 0;
    if no_wait {
        flags |= libc::IPC_NOWAIT;
    }
    if truncate {
        flags |= libc::MSG_NOERROR;
    }
    let selector = match wanted {
        Wanted::First => 0,
        Wanted::Type(mtype) => mtype,
        Wanted::UpTo(mtype) => -mtype,
        Wanted::Except(mtype) => {
            flags |= libc::MSG_EXCEPT;
            mtype
        }
    };
    msgrcv(id, message, selector, flags)
}

/// Copies the message at `position` (from 0), which stays in the queue (`MSG_COPY`). Needs read permission. The kernel
/// walks the list to that position: reading a whole queue costs the square of its length.
///
/// # Errors
/// `ENOMSG` (past the end), `E2BIG` (larger than the buffer), `EINVAL` (gone, or larger than the present `msgmax`),
/// `EACCES`, `EIDRM`, `ENOSYS` (a kernel without `CONFIG_CHECKPOINT_RESTORE`).
pub fn peek(id: MsgId, message: &mut Message, position: u32) -> Result<()> {
    msgrcv(id, message, i64::from(position), MSG_COPY | libc::IPC_NOWAIT)
}

fn msgrcv(id: MsgId, message: &mut Message, selector: i64, flags: c_int) -> Result<()> {
    let room = message.capacity();
    message.len = 0;
    // SAFETY: the kernel writes the type and at most `room` bytes of text into the buffer, which has that room.
    let got = Errno::check(unsafe {
        libc::syscall(
            libc::SYS_msgrcv,
            c_long::from(id.raw()),
            message.words.as_mut_ptr(),
            room,
            selector,
            c_long::from(flags),
        )
    })?;
    message.len = usize::try_from(got).unwrap_or(0).min(room);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Message;

    #[test]
    fn a_message_grows_to_what_is_filled_in() {
        let mut message = Message::with_capacity(0);
        assert_eq!(message.text(), b"");
        message.fill(7, b"nine byte");
        assert_eq!((message.mtype(), message.text()), (7, &b"nine byte"[..]));
        message.fill(1, b"");
        assert_eq!((message.mtype(), message.text()), (1, &b""[..]));
    }
}
