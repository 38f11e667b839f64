//! Many processes and threads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use ipcadm_testbed::{crowd, make, pause};

/// Processes that do nothing, ended with this.
#[derive(Debug)]
pub(crate) struct Crowd(Vec<Child>);

impl Crowd {
    /// So many.
    pub(crate) fn new(number: usize) -> Self {
        Self::of(number, |_| String::new())
    }

    /// So many, each of which has loaded some of `libraries` more, so that it has `mappings` mappings or a few less.
    pub(crate) fn loading(number: usize, mappings: usize, libraries: &Libraries) -> Self {
        let with = |count| Self::of(1, |_| libraries.some(0, count)).mappings();
        let (none, one) = (with(0), with(1));
        let each = mappings.saturating_sub(none) / one.saturating_sub(none).max(1);
        Self::of(number, |place| libraries.some(place * each, each))
    }

    /// How many mappings the first of them has.
    pub(crate) fn mappings(&self) -> usize {
        let maps = self.0.first().map(|child| fs::read_to_string(format!("/proc/{}/maps", child.id())));
        maps.and_then(Result::ok).map_or(0, |maps| maps.lines().count())
    }

    fn of(number: usize, preload: impl Fn(usize) -> String) -> Self {
        let sleep = |place| {
            let mut sleep = Command::new("sleep");
            sleep.arg("6000").stdin(Stdio::null()).stdout(Stdio::null()).env("LD_PRELOAD", preload(place)).spawn()
        };
        let start = |place| sleep(place).unwrap_or_else(|e| panic!("cannot start sleep: {e}"));
        let crowd = Self((0..number).map(start).collect());
        crowd.0.iter().for_each(|child| until_asleep(child.id()));
        crowd
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until a program has been loaded and sleeps.
fn until_asleep(pid: u32) {
    let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    while !stat().contains("(sleep) S") {
        pause();
    }
}

/// Different libraries of which every process can load several, in a folder of their own.
#[derive(Debug)]
pub(crate) struct Libraries(Vec<PathBuf>);

impl Libraries {
    /// So many copies of one that lies beside the C library of this program; None where there is none.
    pub(crate) fn new(folder: &Path, number: usize) -> Option<Self> {
        let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
        let mut paths = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
        let beside = paths.find_map(|path| path.parent().filter(|_| path.ends_with("libc.so.6")))?;
        let original =
            ["libgcc_s.so.1", "libm.so.6"].map(|name| beside.join(name)).into_iter().find(|path| path.is_file())?;
        let copy = |place| {
            let path = folder.join(format!("copy{place}.so"));
            fs::copy(&original, &path).unwrap_or_else(|e| panic!("cannot copy {}: {e}", original.display()));
            path
        };
        Some(Self((0..number).map(copy).collect()))
    }

    /// As LD_PRELOAD takes them.
    fn some(&self, first: usize, count: usize) -> String {
        let some = (first..first + count).filter_map(|place| self.0.get(place % self.0.len()));
        some.map(|path| path.display().to_string()).collect::<Vec<_>>().join(":")
    }
}

/// A forked process, ended with this.
#[derive(Debug)]
pub(crate) struct Forked(i32);

/// A process of so many threads, all asleep until a semaphore grows.
pub(crate) fn threads_asleep(set: i32, number: usize) -> Forked {
    let sleep = move || make::semop_until_removed(set, &[(0, -1, 0)]);
    let process = Forked::new(|| {
        for _ in 1..number {
            // Where one cannot be started, this process ends, and the wait for it too.
            if thread::Builder::new().stack_size(64 << 10).spawn(sleep).is_err() {
                return;
            }
        }
        sleep();
    });
    process.until(|pid| {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let calls = threads.map(|thread| fs::read_to_string(thread.path().join("syscall")).unwrap_or_default());
        calls.filter(|call| call.starts_with(&format!("{} ", libc::SYS_semtimedop))).count() == number
    });
    process
}

/// A process that has all of these segments attached.
pub(crate) fn holder_of(ids: &[i32]) -> Forked {
    let process = Forked::new(|| {
        let _attached: Vec<_> = ids.iter().map(|&id| make::attach(id)).collect();
        loop {
            thread::park();
        }
    });
    process.until(|_| ids.iter().all(|&id| make::shm_stat(id).nattch > 0));
    process
}

impl Forked {
    fn new(body: impl FnOnce()) -> Self {
        let body = || {
            body();
            1
        };
        Self(crowd::fork(true, body).unwrap_or_else(|e| panic!("fork: {e}")))
    }

    fn until(&self, is_ready: impl Fn(i32) -> bool) {
        while !is_ready(self.0) {
            assert_eq!(crowd::wait(self.0, false), crowd::Waited::Running, "a process ended that was to stay");
            pause();
        }
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        crowd::kill(self.0);
        crowd::wait(self.0, true);
    }
}
