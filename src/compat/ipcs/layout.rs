//! Titles, headings and columns of the tables. Headings keep their trailing blanks, because scripts cut columns by
//! position.

use super::Format;
use crate::compat::fact::{
    ATTACH, CGROUP, CPID, CTIME, CUSER, DETACH, Fact, GROUP, ID, KEY, LPID, LRPID, LSPID, MESSAGES, NATTCH, NSEMS,
    OTIME, OWNER, PERMS, RECV, SEND, SIZE, STATUS, USED_BYTES, USER,
};
use crate::kind::system_v::SystemV;

pub(super) struct Layout {
    pub(super) head: &'static str,
    pub(super) cells: &'static [Cell],
}

/// A fact and its field width as in printf(3): a negative width left-aligns. One blank separates cells.
pub(super) type Cell = (Fact, i8);

/// An empty cell, for two or more blanks between cells.
const BLANK: Fact = |_| None;

/// The width of a time with a year.
pub(super) const WITH_YEAR: i8 = -26;

const CREATORS: &[Cell] = &[(ID, -10), (PERMS, -10), (CUSER, -10), (CGROUP, -10), (USER, -10), (GROUP, -10)];

/// The table of a kind in a format; None for `-s -p`, because the kernel records no process for a semaphore set.
pub(super) const fn of(kind: SystemV, format: Format) -> Option<Layout> {
    let (head, cells): (_, &'static [Cell]) = match (kind, format) {
        (SystemV::Queue, Format::Time) => (
            "------ Message Queues Send/Recv/Change Times --------\n\
             msqid    owner      send                 recv                 change              \n",
            &[(ID, -8), (OWNER, -10), (SEND, -20), (RECV, -20), (CTIME, -20)],
        ),
        (SystemV::Queue, Format::Pid) => (
            "------ Message Queues PIDs --------\n\
             msqid      owner      lspid      lrpid     \n",
            &[(ID, -8), (OWNER, -10), (BLANK, 0), (LSPID, 5), (BLANK, 3), (LRPID, 5)],
        ),
        (SystemV::Queue, Format::Creator) => (
            "------ Message Queues Creators/Owners --------\n\
             msqid      perms      cuid       cgid       uid        gid       \n",
            CREATORS,
        ),
        (SystemV::Queue, _) => (
            "------ Message Queues --------\n\
             key        msqid      owner      perms      used-bytes   messages    \n",
            &[(KEY, 0), (ID, -10), (OWNER, -10), (PERMS, -10), (USED_BYTES, -12), (MESSAGES, -12)],
        ),
        (SystemV::Segment, Format::Time) => (
            "------ Shared Memory Attach/Detach/Change Times --------\n\
             shmid      owner      attached             detached             changed             \n",
            &[(ID, -10), (OWNER, -10), (ATTACH, -20), (DETACH, -20), (CTIME, -20)],
        ),
        (SystemV::Segment, Format::Pid) => (
            "------ Shared Memory Creator/Last-op PIDs --------\n\
             shmid      owner      cpid       lpid      \n",
            &[(ID, -10), (OWNER, -10), (CPID, -10), (LPID, -10)],
        ),
        (SystemV::Segment, Format::Creator) => (
            "------ Shared Memory Segment Creators/Owners --------\n\
             shmid      perms      cuid       cgid       uid        gid       \n",
            CREATORS,
        ),
        (SystemV::Segment, _) => (
            "------ Shared Memory Segments --------\n\
             key        shmid      owner      perms      bytes      nattch     status      \n",
            &[(KEY, 0), (ID, -10), (OWNER, -10), (PERMS, -10), (SIZE, -10), (NATTCH, -10), (STATUS, 0)],
        ),
        (SystemV::Set, Format::Time) => (
            "------ Semaphore Operation/Change Times --------\n\
             semid    owner      last-op                    last-changed              \n",
            &[(ID, -8), (OWNER, -10), (BLANK, 0), (OTIME, WITH_YEAR), (CTIME, WITH_YEAR)],
        ),
        (SystemV::Set, Format::Pid) => return None,
        (SystemV::Set, Format::Creator) => (
            "------ Semaphore Arrays Creators/Owners --------\n\
             semid      perms      cuid       cgid       uid        gid       \n",
            CREATORS,
        ),
        (SystemV::Set, _) => (
            "------ Semaphore Arrays --------\n\
             key        semid      owner      perms      nsems     \n",
            &[(KEY, 0), (ID, -10), (OWNER, -10), (PERMS, -10), (NSEMS, -10)],
        ),
    };
    Some(Layout { head, cells })
}
