//! Objects for unit tests.

use crate::kind::model::Object;
use crate::sys::msg::MsgStat;
use crate::sys::sem::SemStat;
use crate::sys::shm::ShmStat;
use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, SemId, ShmId, Timestamp, Uid};

/// A segment, a set and a queue with distinct numbers.
pub(crate) fn objects() -> [Object; 3] {
    let (uid, gid, cuid, cgid) = (Uid::new(1), Gid::new(2), Uid::new(3), Gid::new(4));
    let perm = Perm { key: Key::from_bits(5), uid, gid, cuid, cgid, mode: Mode::new(0o640) };
    let (atime, dtime, ctime) = (Timestamp::new(1_000), Timestamp::new(2_000), Timestamp::new(100));
    let (cpid, lpid) = (Pid::new(6), Pid::new(7));
    let (cbytes, qnum, qbytes) = (11, 12, 13);
    let segment = ShmStat { perm, size: 8, atime, dtime, ctime, cpid, lpid, nattch: 9 };
    let set = SemStat { perm, otime: Timestamp::NEVER, ctime, nsems: 10 };
    let queue = MsgStat { perm, stime: dtime, rtime: atime, ctime, cbytes, qnum, qbytes, lspid: cpid, lrpid: lpid };
    [
        Object::segment(ShmId::new(1), &segment, None),
        Object::set(SemId::new(2), &set),
        Object::queue(MsgId::new(3), &queue, true),
    ]
}
