//! The tables of objects: their titles, headings and columns. Headings keep the blanks at their ends, which scripts
//! that cut columns count on.

use super::Format;
use crate::compat::fact::{self, Fact};
use crate::kind::model::Kind;

/// A table.
pub(super) struct Layout {
    pub(super) head: &'static str,
    pub(super) cells: &'static [Cell],
}

/// The text before a fact, the fact, and its width as printf(3) has it: a negative one puts the blanks behind.
pub(super) type Cell = (&'static str, Fact, i8);

/// The width of a time with its year.
pub(super) const WITH_YEAR: i8 = -26;

const CREATORS: &[Cell] = &[
    ("", fact::ID, -10),
    (" ", fact::PERMS, -10),
    (" ", fact::CUSER, -10),
    (" ", fact::CGROUP, -10),
    (" ", fact::USER, -10),
    (" ", fact::GROUP, -10),
];

/// The table of a kind in a format; None for the processes of semaphore sets, of which the kernel keeps none.
pub(super) const fn of(kind: Kind, format: Format) -> Option<Layout> {
    let (head, cells): (_, &'static [Cell]) = match (kind, format) {
        (Kind::Msg, Format::Time) => (
            "------ Message Queues Send/Recv/Change Times --------\n\
             msqid    owner      send                 recv                 change              \n",
            &[
                ("", fact::ID, -8),
                (" ", fact::OWNER, -10),
                (" ", fact::SEND, -20),
                (" ", fact::RECV, -20),
                (" ", fact::CTIME, -20),
            ],
        ),
        (Kind::Msg, Format::Pid) => (
            "------ Message Queues PIDs --------\n\
             msqid      owner      lspid      lrpid     \n",
            &[("", fact::ID, -8), (" ", fact::OWNER, -10), ("  ", fact::LSPID, 5), ("     ", fact::LRPID, 5)],
        ),
        (Kind::Msg, Format::Creator) => (
            "------ Message Queues Creators/Owners --------\n\
             msqid      perms      cuid       cgid       uid        gid       \n",
            CREATORS,
        ),
        (Kind::Msg, _) => (
            "------ Message Queues --------\n\
             key        msqid      owner      perms      used-bytes   messages    \n",
            &[
                ("", fact::KEY, 0),
                (" ", fact::ID, -10),
                (" ", fact::OWNER, -10),
                (" ", fact::PERMS, -10),
                (" ", fact::USED_BYTES, -12),
                (" ", fact::MESSAGES, -12),
            ],
        ),
        (Kind::Shm, Format::Time) => (
            "------ Shared Memory Attach/Detach/Change Times --------\n\
             shmid      owner      attached             detached             changed             \n",
            &[
                ("", fact::ID, -10),
                (" ", fact::OWNER, -10),
                (" ", fact::ATTACH, -20),
                (" ", fact::DETACH, -20),
                (" ", fact::CTIME, -20),
            ],
        ),
        (Kind::Shm, Format::Pid) => (
            "------ Shared Memory Creator/Last-op PIDs --------\n\
             shmid      owner      cpid       lpid      \n",
            &[("", fact::ID, -10), (" ", fact::OWNER, -10), (" ", fact::CPID, -10), (" ", fact::LPID, -10)],
        ),
        (Kind::Shm, Format::Creator) => (
            "------ Shared Memory Segment Creators/Owners --------\n\
             shmid      perms      cuid       cgid       uid        gid       \n",
            CREATORS,
        ),
        (Kind::Shm, _) => (
            "------ Shared Memory Segments --------\n\
             key        shmid      owner      perms      bytes      nattch     status      \n",
            &[
                ("", fact::KEY, 0),
                (" ", fact::ID, -10),
                (" ", fact::OWNER, -10),
                (" ", fact::PERMS, -10),
                (" ", fact::SIZE, -10),
                (" ", fact::NATTCH, -10),
                (" ", fact::STATUS, 0),
            ],
        ),
        (Kind::Sem, Format::Time) => (
            "------ Semaphore Operation/Change Times --------\n\
             semid    owner      last-op                    last-changed              \n",
            &[
                ("", fact::ID, -8),
                (" ", fact::OWNER, -10),
                ("  ", fact::OTIME, WITH_YEAR),
                (" ", fact::CTIME, WITH_YEAR),
            ],
        ),
        (Kind::Sem, Format::Pid) => return None,
        (Kind::Sem, Format::Creator) => (
            "------ Semaphore Arrays Creators/Owners --------\n\
             semid      perms      cuid       cgid       uid        gid       \n",
            CREATORS,
        ),
        (Kind::Sem, _) => (
            "------ Semaphore Arrays --------\n\
             key        semid      owner      perms      nsems     \n",
            &[
                ("", fact::KEY, 0),
                (" ", fact::ID, -10),
                (" ", fact::OWNER, -10),
                (" ", fact::PERMS, -10),
                (" ", fact::NSEMS, -10),
            ],
        ),
    };
    Some(Layout { head, cells })
}
