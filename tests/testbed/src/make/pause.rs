//! Sleepers that are paused: by a debugger, or by a freezer of control groups.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io, ptr};

use super::Blocked;
use crate::pause;
use crate::run::pid_t;

/// A sleeper that the calling thread traces and has stopped. Dropping it lets it go on.
#[derive(Debug)]
pub struct Traced {
    pid: libc::pid_t,
}

impl Blocked {
    /// Stops it as a debugger does. It is traced by the calling thread alone.
    #[track_caller]
    pub fn trace(&self) -> Traced {
        let pid = pid_t(self.pid());
        let none = ptr::null_mut::<libc::c_void>();
        // SAFETY: these take numbers and no memory.
        let done = unsafe {
            libc::ptrace(libc::PTRACE_SEIZE, pid, none, none) == 0
                && libc::ptrace(libc::PTRACE_INTERRUPT, pid, none, none) == 0
        };
        assert!(done, "ptrace: {}", io::Error::last_os_error());
        let traced = Traced { pid };
        until(|| state(self.pid()) == Some('t'));
        traced
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let none = ptr::null_mut::<libc::c_void>();
        // SAFETY: as above.
        unsafe { libc::ptrace(libc::PTRACE_DETACH, self.pid, none, none) };
    }
}

/// The state of a process, as /proc shows it.
fn state(pid: u32) -> Option<char> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit(") ").next()?.chars().next()
}

/// Which freezer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The controller of the first version of control groups.
    One,
    /// What every group of the second version has.
    Two,
}

/// A control group whose processes can be frozen. Dropping it thaws and
/// empties it; that must come before the end of what is in it.
#[derive(Debug)]
pub struct Freezer {
    version: Version,
    folder: PathBuf,
}

impl Freezer {
    /// An empty group; None where there is none of this version, or it may not
    /// be made.
    pub fn new(version: Version) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Processes of several pid namespaces may have the same number.
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let name = format!("ipcadm-test-{clock}-{}-{number}", std::process::id());
        let folder = mount_of(version)?.join(name);
        fs::create_dir(&folder).ok()?;
        let freezer = Freezer { version, folder };
        freezer.path(freezer.switch().0).exists().then_some(freezer)
    }

    /// Puts a sleeper into it, and freezes it.
    ///
    /// # Panics
    ///
    /// When the kernel refuses.
    #[track_caller]
    pub fn freeze(&self, sleeper: &Blocked) {
        self.put("cgroup.procs", &sleeper.pid().to_string());
        let (file, frozen, _) = self.switch();
        self.put(file, frozen);
        until(|| match self.version {
            Version::One => fs::read_to_string(self.path(file)).is_ok_and(|text| text.trim() == frozen),
            Version::Two => fs::read_to_string(self.path("cgroup.events")).is_ok_and(|text| text.contains("frozen 1")),
        });
    }

    /// The file that freezes, what it takes to freeze, and to thaw.
    fn switch(&self) -> (&'static str, &'static str, &'static str) {
        match self.version {
            Version::One => ("freezer.state", "FROZEN", "THAWED"),
            Version::Two => ("cgroup.freeze", "1", "0"),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    #[track_caller]
    fn put(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap_or_else(|e| panic!("writing {text} to {file}: {e}"));
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        let (file, _, thawed) = self.switch();
        drop(fs::write(self.path(file), thawed));
        let parent = self.folder.parent().map(|folder| folder.join("cgroup.procs"));
        let processes = fs::read_to_string(self.path("cgroup.procs")).unwrap_or_default();
        for process in processes.lines() {
            if let Some(parent) = &parent {
                drop(fs::write(parent, process));
            }
        }
        drop(fs::remove_dir(&self.folder));
    }
}

/// Where the groups are mounted, if they may be written to there.
pub(crate) fn mount_of(version: Version) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let fits = |kind: &str, options: &str| match version {
        Version::One => kind == "cgroup" && options.split(',').any(|option| option == "freezer"),
        Version::Two => kind == "cgroup2",
    };
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (place, kind, options) = (words.next()?, words.next()?, words.next()?);
        let is_writable = options.split(',').any(|option| option == "rw");
        (is_writable && fits(kind, options)).then(|| Path::new(place).to_owned())
    })
}

fn until(so: impl Fn() -> bool) {
    while !so() {
        pause();
    }
}
