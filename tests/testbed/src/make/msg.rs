//! Message queues.

use super::layout::{Perm, Stat, stat};
use super::{check, check_id, ctl};
use crate::{Kind, before_main};

/// Creates a queue, exclusively.
#[track_caller]
pub fn msg(key: i32, mode: u32) -> i32 {
    before_main::require();
    let flags = mode | 0o3000; // IPC_CREAT | IPC_EXCL
    // SAFETY: takes numbers only.
    check_id("msgget", unsafe { libc::syscall(libc::SYS_msgget, key, flags) })
}

/// What the kernel keeps of a queue. Times are seconds since 1970; 0 is
/// never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsgStat {
    /// Owner, creator, mode and key.
    pub perm: Perm,
    /// The last send.
    pub stime: i64,
    /// The last receive.
    pub rtime: i64,
    /// The creation or last change.
    pub ctime: i64,
    /// The bytes in the queue.
    pub cbytes: u64,
    /// The messages in the queue.
    pub qnum: u64,
    /// The bytes it may hold.
    pub qbytes: u64,
    /// The pid of the last send.
    pub lspid: i32,
    /// The pid of the last receive.
    pub lrpid: i32,
}

/// IPC_STAT of a queue.
#[track_caller]
pub fn msg_stat(id: i32) -> MsgStat {
    let data = stat(Kind::Msg, id);
    let Stat::Msg(msg) = data else { unreachable!("asked for a queue") };
    let perm = data.perm();
    let (stime, rtime, ctime) = (msg.stime, msg.rtime, msg.ctime);
    let (cbytes, qnum, qbytes) = (msg.cbytes, msg.qnum, msg.qbytes);
    let (lspid, lrpid) = (msg.lspid, msg.lrpid);
    MsgStat { perm, stime, rtime, ctime, cbytes, qnum, qbytes, lspid, lrpid }
}

/// Sets how many bytes a queue may hold (IPC_SET).
#[track_caller]
pub fn qbytes(id: i32, n: u64) {
    let mut data = stat(Kind::Msg, id);
    let Stat::Msg(msg) = &mut data else { unreachable!("asked for a queue") };
    msg.qbytes = n;
    // SAFETY: the structure is the kernel's for queues.
    check("IPC_SET", unsafe { ctl(Kind::Msg, id, libc::IPC_SET, data.pointer()) });
}

/// Sends a message; fails with EAGAIN instead of waiting for room.
#[track_caller]
pub fn send(id: i32, mtype: i64, text: &[u8]) {
    let message = message(mtype, text);
    check("msgsnd", raw_send(id, &message, libc::IPC_NOWAIT));
}

/// Receives a message as msgrcv does: the first one (0), the first of a type
/// (> 0), or the first of the lowest type up to -type (< 0). Fails with ENOMSG
/// instead of waiting for one.
#[track_caller]
pub fn recv(id: i32, mtype: i64) -> (i64, Vec<u8>) {
    // No message is longer than its queue, none in it longer than qbytes was.
    let room = msg_stat(id).cbytes.try_into().unwrap_or(usize::MAX);
    let mut message = message(0, &vec![0; room]);
    let n = check("msgrcv", raw_recv(id, &mut message, mtype, libc::IPC_NOWAIT));
    let n = usize::try_from(n).unwrap_or_default();
    let (head, text) = message.split_at(TYPE);
    let mtype = head.try_into().map_or(0, i64::from_ne_bytes);
    (mtype, text[..n].to_vec())
}

/// The bytes of a message's type.
const TYPE: usize = size_of::<i64>();

/// A struct msgbuf. The kernel copies it bytewise: it needs no alignment.
pub(super) fn message(mtype: i64, text: &[u8]) -> Vec<u8> {
    [&mtype.to_ne_bytes(), text].concat()
}

/// msgsnd and its result; allocates nothing.
pub(super) fn raw_send(id: i32, message: &[u8], flags: i32) -> i64 {
    before_main::require();
    let (data, n) = (message.as_ptr(), message.len() - TYPE);
    // SAFETY: the type and `n` bytes are read from `data`.
    unsafe { libc::syscall(libc::SYS_msgsnd, id, data, n, flags) }
}

/// msgrcv and its result; allocates nothing.
pub(super) fn raw_recv(id: i32, message: &mut [u8], mtype: i64, flags: i32) -> i64 {
    before_main::require();
    let (data, n) = (message.as_mut_ptr(), message.len() - TYPE);
    // SAFETY: the type and up to `n` bytes are written to `data`.
    unsafe { libc::syscall(libc::SYS_msgrcv, id, data, n, mtype, flags) }
}
