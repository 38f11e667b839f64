//! An IPC namespace for each test, and what /proc shows of it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;

use crate::before_main;

/// A kind of System V IPC object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A shared memory segment.
    Shm,
    /// A semaphore set.
    Sem,
    /// A message queue.
    Msg,
}

impl Kind {
    /// All three.
    pub const ALL: [Kind; 3] = [Kind::Shm, Kind::Sem, Kind::Msg];

    /// The kind's word, which is also its file in /proc/sysvipc.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Shm => "shm",
            Kind::Sem => "sem",
            Kind::Msg => "msg",
        }
    }
}

/// An IPC namespace in which only this test's threads and children are.
///
/// Its files in /proc belong to whoever opens them, so the methods check that
/// the calling thread is in it.
#[derive(Debug)]
pub struct Namespace {
    /// Open only for tests that come back: what holds a namespace open may enter it, and the program heeds that.
    file: Option<File>,
    inode: u64,
}

const OWN: &str = "/proc/thread-self/ns/ipc";

/// Moves the calling thread to a new, empty IPC namespace with the kernel's
/// default limits. Threads and children it starts from now on inherit it; the
/// namespace and its objects go when the last of them has ended and the
/// [`Namespace`] is dropped.
///
/// # Panics
///
/// When the kernel forbids it, with the errno and what helps.
pub fn fresh() -> Namespace {
    before_main::require();
    // SAFETY: unshare takes flags only; it changes this thread alone.
    if unsafe { libc::unshare(libc::CLONE_NEWIPC) } != 0 {
        before_main::refused("unshare(CLONE_NEWIPC)", &io::Error::last_os_error());
    }
    Namespace { file: None, inode: inode() }
}

/// The number of the calling thread's IPC namespace.
fn inode() -> u64 {
    fs::metadata(OWN).unwrap_or_else(|e| panic!("cannot look at {OWN}: {e}")).ino()
}

impl Namespace {
    /// The number in `ipc:[NUMBER]`, by which /proc/PID/ns/ipc names it.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// The same, held open so that threads can come back to it.
    #[must_use]
    pub fn held(self) -> Self {
        self.assert_entered();
        let file = File::open(OWN).unwrap_or_else(|e| panic!("cannot open {OWN}: {e}"));
        Self { file: Some(file), ..self }
    }

    /// Moves the calling thread (back) to this namespace, which is
    /// [held](Self::held), for tests that use several.
    pub fn enter(&self) {
        let file = self.file.as_ref().expect("a namespace that is held");
        // SAFETY: the descriptor is open and of an IPC namespace; setns moves
        // the calling thread alone.
        let ret = unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWIPC) };
        assert_eq!(ret, 0, "setns: {}", io::Error::last_os_error());
    }

    /// Writes /proc/sys/kernel/NAME (`shmmni`, `sem`, `msg_next_id` …).
    ///
    /// Ordinary users may write these in their own namespace since Linux 6.9
    /// only.
    #[track_caller]
    pub fn sysctl(&self, name: &str, value: impl ToString) {
        self.assert_entered();
        let (path, value) = (format!("/proc/sys/kernel/{name}"), value.to_string());
        fs::write(&path, &value).unwrap_or_else(|e| panic!("cannot write {value:?} to {path}: {e}"));
    }

    /// Reads /proc/sys/kernel/NAME, without the line end.
    #[track_caller]
    pub fn read_sysctl(&self, name: &str) -> String {
        self.assert_entered();
        read(&format!("/proc/sys/kernel/{name}")).trim_end().to_owned()
    }

    /// The text of /proc/sysvipc/KIND.
    #[track_caller]
    pub fn sysvipc(&self, kind: Kind) -> String {
        self.assert_entered();
        read(&format!("/proc/sysvipc/{}", kind.word()))
    }

    /// The rows of /proc/sysvipc/KIND, each by the names of its header:
    /// `key`, `shmid`/`semid`/`msqid`, `perms` …
    #[track_caller]
    pub fn rows(&self, kind: Kind) -> Vec<BTreeMap<String, String>> {
        let text = self.sysvipc(kind);
        let mut lines = text.lines().map(str::split_whitespace);
        let names: Vec<&str> = lines.next().map(Iterator::collect).unwrap_or_default();
        let row = |values: std::str::SplitWhitespace<'_>| {
            let pairs = names.iter().zip(values);
            pairs.map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
        };
        lines.map(row).collect()
    }

    /// The ids of all objects of the kind, in the kernel's order.
    #[track_caller]
    pub fn ids(&self, kind: Kind) -> Vec<i32> {
        let column = match kind {
            Kind::Shm => "shmid",
            Kind::Sem => "semid",
            Kind::Msg => "msqid",
        };
        let id = |row: BTreeMap<String, String>| row[column].parse();
        let ids: Result<Vec<i32>, _> = self.rows(kind).into_iter().map(id).collect();
        ids.unwrap_or_else(|e| panic!("/proc/sysvipc/{}: {e}", kind.word()))
    }

    #[track_caller]
    fn assert_entered(&self) {
        assert_eq!(inode(), self.inode, "the calling thread is in another IPC namespace");
    }
}

#[track_caller]
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {path}: {e}"))
}
