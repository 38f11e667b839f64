//! Reading many files of `/proc` without a new buffer for each.

use std::ffi::CString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileExt, MetadataExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::probe::{self, What};
use super::status::Credentials;
use super::task::Stat;
use crate::sys::unopened::Unopened;

/// The longest file that is read whole, in bytes: it holds as many mappings as a process can have by default, with
/// names of a thousand bytes.
const MOST_BYTES: usize = 64 << 20;
/// The most listings of the threads of a process until one is found to be whole.
const THREAD_LISTINGS: u32 = 16;
/// The files that the kernel writes as one record.
const AT_ONCE: [&str; 6] = ["stat", "status", "syscall", "cgroup", "schedstat", "wchan"];

/// What reading a file may have to wait for: measured on Linux 6.18, with a process that is kept in execve(2) and
/// one whose memory map is locked.
fn what_of(name: &str) -> What {
    match name {
        "status" | "cgroup" | "schedstat" | "comm" | "task" | "" => What::Nothing,
        "mem" => What::Memory,
        _ => What::Facts,
    }
}

/// Reads files of processes into one buffer. Where they do not say otherwise, its functions fail as [`Reader::read`] does.
#[derive(Debug, Default)]
pub struct Reader {
    path: String,
    buffer: Vec<u8>,
}

/// A process, or one of its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    pub pid: u32,
    /// The thread; None for the process as a whole, which shows what its first thread is.
    pub tid: Option<u32>,
}

impl Task {
    pub const fn process(pid: u32) -> Self {
        Self { pid, tid: None }
    }

    pub const fn thread(pid: u32, tid: u32) -> Self {
        Self { pid, tid: Some(tid) }
    }
}

impl Reader {
    fn at(&mut self, task: Task, name: &str) -> io::Result<&str> {
        probe::begin(task.pid, what_of(name))?;
        self.path.clear();
        // Writing to a String cannot fail.
        let _ = match task.tid {
            None => write!(self.path, "/proc/{}/{name}", task.pid),
            Some(tid) => write!(self.path, "/proc/{}/task/{tid}/{name}", task.pid),
        };
        Ok(&self.path)
    }

    /// All of a file; valid until the next call.
    ///
    /// # Errors
    /// `ENOENT` or `ESRCH` when the task has ended, `EACCES` or `EPERM` when it may not be looked into, `EFBIG` when there
    /// is more to read than can be.
    pub fn read(&mut self, task: Task, name: &str) -> io::Result<&[u8]> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let filled = self.read_into(task, name, &mut buffer);
        self.buffer = buffer;
        Ok(&self.buffer[..filled?])
    }

    /// What `stat` says of a task.
    ///
    /// # Errors
    /// As [`Reader::read`]; `InvalidData` where it is not understood.
    pub fn stat(&mut self, task: Task) -> io::Result<Stat> {
        Stat::parse(self.read(task, "stat")?).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Whether a task has ended, or is on its way out of everything it was in. The kernel answers questions about such a
    /// task with `EACCES` too.
    pub fn has_ended(&mut self, task: Task) -> bool {
        match self.stat(task) {
            Ok(stat) => stat.is_ending(),
            Err(error) => is_gone(&error),
        }
    }

    /// The users and groups that a task acts as.
    pub fn credentials(&mut self, task: Task) -> io::Result<Credentials> {
        Credentials::parse(self.read(task, "status")?).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The first `most` bytes of a file; valid until the next call. For what is read of a process's own memory, which can
    /// be of any length.
    pub fn beginning(&mut self, task: Task, name: &str, most: usize) -> io::Result<&[u8]> {
        let mut file = self.file(task, name)?;
        let filled = fill(&mut file, &mut self.buffer, most, false)?;
        Ok(&self.buffer[..filled])
    }

    /// A file, opened.
    pub fn file(&mut self, task: Task, name: &str) -> io::Result<File> {
        if name == "maps" {
            MAPS.fetch_add(1, Ordering::Relaxed);
        }
        File::open(self.at(task, name)?)
    }

    /// Puts all of a file at the beginning of `buffer`; how long it is.
    pub fn read_into(&mut self, task: Task, name: &str, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let mut file = self.file(task, name)?;
        let filled = fill(&mut file, buffer, MOST_BYTES, AT_ONCE.contains(&name))?;
        if filled < MOST_BYTES { Ok(filled) } else { Err(io::Error::from_raw_os_error(libc::EFBIG)) }
    }

    /// The target of a link such as `exe`.
    pub fn link(&mut self, task: Task, name: &str) -> io::Result<Vec<u8>> {
        fs::read_link(self.at(task, name)?).map(|path| path.into_os_string().into_vec())
    }

    /// The file that a link such as `exe` or `root` leads to, not opened for reading.
    pub fn find(&mut self, task: Task, name: &str) -> io::Result<Unopened> {
        Unopened::at(Path::new(self.at(task, name)?))
    }

    /// The file that is mapped from one address to another, not opened for reading. Also one whose name is gone.
    ///
    /// # Errors
    /// As [`Reader::read`]; `EPERM` without `CAP_SYS_ADMIN` or `CAP_CHECKPOINT_RESTORE` in the initial user namespace;
    /// `ENOENT` when there is no such mapping any more.
    pub fn find_mapped(&mut self, task: Task, start: u64, end: u64) -> io::Result<Unopened> {
        // A thread's own folder below `task` does not have it; under its number it has.
        let task = Task::process(task.tid.unwrap_or(task.pid));
        self.find(task, &format!("map_files/{start:x}-{end:x}"))
    }

    /// The file that a path leads to in the file system that a task sees, not opened for reading.
    ///
    /// # Errors
    /// As [`Reader::read`]; `EAGAIN` when its file system would have to be asked; those of openat2(2).
    pub fn find_below_root(&mut self, task: Task, path: &[u8]) -> io::Result<Unopened> {
        let path = CString::new(path)?;
        let root = self.find(task, "root")?;
        Ok(Unopened::below(&root, &path)?)
    }

    /// Opens a file of another process for reading.
    ///
    /// # Errors
    /// Those of open(2); `EAGAIN` where somebody holds a lease on it.
    pub fn open(&mut self, file: &Unopened) -> io::Result<File> {
        probe::begin_elsewhere();
        file.open()
    }

    /// Reads from such a file.
    ///
    /// # Errors
    /// Those of pread(2).
    pub fn read_at(&mut self, file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        probe::begin_elsewhere();
        file.read_at(buffer, offset)
    }

    /// The number of the IPC namespace of a task.
    pub fn ipc_namespace(&mut self, task: Task) -> io::Result<u64> {
        // Following the link would take longer than reading what it says.
        let link = self.link(task, "ns/ipc")?;
        namespace_number(&link).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// How many threads a process has.
    pub fn threads(&mut self, pid: u32) -> io::Result<u64> {
        fs::metadata(self.at(Task::process(pid), "task")?).map(|data| data.nlink().saturating_sub(2))
    }

    /// All threads that a process had at some moment of this call. A listing alone does not tell: the kernel's ends where
    /// the thread that it has come to ends just then, and may pass over others.
    ///
    /// # Errors
    /// As [`Reader::read`]; another one where threads come and go too fast for all to be listed.
    pub fn thread_ids(&mut self, pid: u32) -> io::Result<Vec<u32>> {
        for _ in 0..THREAD_LISTINGS {
            let listed = fs::read_dir(self.at(Task::process(pid), "task")?).and_then(numbers)?;
            if self.are_all_threads(pid, &listed)? {
                return Ok(listed);
            }
        }
        Err(io::Error::other("its threads come and go too fast"))
    }

    /// Whether `listed` are all threads that a process has: as many as the kernel counts, and each still there when it has
    /// counted.
    pub fn are_all_threads(&mut self, pid: u32, listed: &[u32]) -> io::Result<bool> {
        let counted = self.threads(pid)?;
        let is_there = |tid: &u32| self.at(Task::thread(pid, *tid), "").and_then(fs::symlink_metadata).is_ok();
        Ok(counted == listed.len() as u64 && listed.iter().all(is_there))
    }

    /// Fills `memory` from what a process has at `address`. Needs the right to trace it.
    ///
    /// # Errors
    /// As [`Reader::read`]; `EIO` where nothing is mapped, `UnexpectedEof` where that ends too early.
    pub fn memory(&mut self, task: Task, address: u64, memory: &mut [u8]) -> io::Result<()> {
        File::open(self.at(task, "mem")?)?.read_exact_at(memory, address)
    }

    /// Whether a process runs a 64-bit program, by what it was started with; None where that may not be read. Its file
    /// is left alone: on some file systems whoever opens it waits for as long as somebody likes.
    pub fn is_64_bit(&mut self, pid: u32) -> Option<bool> {
        is_64_bit(self.read(Task::process(pid), "auxv").ok()?)
    }
}

/// The number in `ipc:[4026531839]`.
fn namespace_number(link: &[u8]) -> Option<u64> {
    let number = link.strip_prefix(b"ipc:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Puts all of a file, or the first `most` bytes, at the beginning of `buffer`; how many those are. With `at_once` the file
/// gives all that fits into the room that it is offered, so that nothing comes behind what leaves some room.
fn fill(file: &mut File, buffer: &mut Vec<u8>, most: usize, at_once: bool) -> io::Result<usize> {
    // The hint of read_to_end costs a stat; these files have no size.
    let mut filled = 0;
    while filled < most {
        if buffer.len() - filled < 4096 {
            buffer.resize(filled + 32 * 1024, 0);
        }
        let room = buffer.len().min(most) - filled;
        match file.read(&mut buffer[filled..filled + room]) {
            Ok(0) => break,
            Ok(count) => {
                filled += count;
                if at_once && count < room {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether the auxiliary vector is that of a 64-bit program, by the size of program headers in it.
fn is_64_bit(auxv: &[u8]) -> Option<bool> {
    const AT_PHENT: u8 = 4;
    let has = |width: usize, size: u8| {
        let number = |value: u8| {
            let mut bytes = u64::from(value).to_le_bytes()[..width].to_vec();
            if cfg!(target_endian = "big") {
                bytes.reverse();
            }
            bytes
        };
        let wanted = [number(AT_PHENT), number(size)].concat();
        auxv.chunks_exact(2 * width).any(|entry| entry == wanted)
    };
    if has(8, 56) { Some(true) } else { has(4, 32).then_some(false) }
}

/// Whether there is nothing to look into any more. Any other failure hides something: no permission, no free descriptor.
pub fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ESRCH)
}

static LISTINGS: AtomicU64 = AtomicU64::new(0);
static MAPS: AtomicU64 = AtomicU64::new(0);

/// The numbers of all processes that `/proc` shows, but for a probe of this program, which uses nothing.
///
/// # Errors
/// When there is no `/proc`, or not all of it can be listed.
pub fn processes() -> io::Result<Vec<u32>> {
    LISTINGS.fetch_add(1, Ordering::Relaxed);
    let mut all = fs::read_dir("/proc").and_then(numbers)?;
    if probe::is_inside()
        && let Some(own) = fs::read_link("/proc/self").ok().and_then(|link| link.to_str()?.parse::<u32>().ok())
    {
        all.retain(|pid| *pid != own);
    }
    Ok(all)
}

/// How often this program has listed all processes, and how often it has looked at what one has mapped: the tests hold it
/// to as many times for many objects as for one.
pub fn looks() -> (u64, u64) {
    (LISTINGS.load(Ordering::Relaxed), MAPS.load(Ordering::Relaxed))
}

/// Part of a list is none: who is missing from it would be taken for absent.
fn numbers(folder: fs::ReadDir) -> io::Result<Vec<u32>> {
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    folder.filter_map(|entry| entry.map(number).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Reader, Task, is_64_bit, processes};

    #[test]
    fn this_process_is_found_and_read() {
        let pid = std::process::id();
        assert!(processes().unwrap().contains(&pid));
        let mut reader = Reader::default();
        let maps = std::fs::read("/proc/self/maps").unwrap();
        // Longer than one read gives.
        let read = reader.read(Task::process(pid), "maps").unwrap();
        assert!(read.len() > 4096 || maps.len() <= 4096, "{}", read.len());
        let command_line = reader.beginning(Task::process(pid), "cmdline", 1 << 20).unwrap().to_vec();
        assert!(command_line.ends_with(b"\0"));
        assert_eq!(reader.beginning(Task::process(pid), "cmdline", 3).unwrap(), &command_line[..3]);
        assert_eq!(reader.is_64_bit(pid), Some(cfg!(target_pointer_width = "64")));
        assert_eq!(reader.ipc_namespace(Task::process(pid)).ok(), crate::sys::namespace::ipc());
        assert!(reader.thread_ids(pid).unwrap().contains(&pid));
        assert!(reader.threads(pid).unwrap() >= 1);
        let secret = 0x1234_5678_u32;
        let mut memory = [0; 4];
        reader.memory(Task::process(pid), std::ptr::from_ref(&secret).addr() as u64, &mut memory).unwrap();
        assert_eq!(u32::from_ne_bytes(memory), secret);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_size_of_program_headers_tells_the_width_of_a_program() {
        let of = |entries: &[(u64, u64)], width: usize| {
            let words = entries.iter().flat_map(|(key, value)| [key, value]);
            is_64_bit(&words.flat_map(|word| word.to_le_bytes()[..width].to_vec()).collect::<Vec<_>>())
        };
        assert_eq!(of(&[(33, 0x7fff_f000_0000), (3, 64), (4, 56), (5, 13), (0, 0)], 8), Some(true));
        assert_eq!(of(&[(32, 0xf7f0_0000), (3, 52), (4, 32), (5, 9), (0, 0)], 4), Some(false));
        assert_eq!((of(&[(3, 64)], 8), of(&[], 8)), (None, None));
    }

    #[test]
    fn what_has_ended_is_an_error() {
        let mut reader = Reader::default();
        assert!(reader.read(Task::process(u32::MAX), "maps").is_err());
        assert!(reader.read(Task::thread(1, u32::MAX), "maps").is_err());
        assert!(reader.thread_ids(u32::MAX).is_err());
        assert_eq!(reader.is_64_bit(u32::MAX), None);
    }
}
