//! A census of all living processes, with the facts that tell which of them may know an object.

use std::collections::HashSet;
use std::io;

use super::probe;
use super::reader::{self, Reader, Task};
use super::status::Credentials;
use super::task::Stat;

/// Listings of `/proc` at the most. While a process is not yet read it may fork and end, so that its child stands where
/// the census has been already: a further listing finds it. A family is missed only if each of its members was forked
/// since the listing before and has ended by the time that it is to be read, so many times in a row: where others come
/// and go all the time, that some have ended proves nothing. A listing is no snapshot either, so one alone never counts.
const LISTINGS: u32 = 16;
/// Looks at all threads of a process that seem to be ending. While one is looked at it may start another.
const THREAD_LISTINGS: u32 = 8;

#[derive(Debug)]
pub struct Resident {
    /// Which it is of all that were ever in the census; no other has that number.
    pub number: usize,
    pub pid: u32,
    /// The process, or a thread of it that lives where the first one has ended: what tells of the process as a whole.
    pub task: Task,
    /// What its `stat` says; None where that may not be seen.
    pub stat: Option<Stat>,
    /// None where they may not be seen.
    pub credentials: Option<Credentials>,
}

/// The living processes that `/proc` shows, but for this one and threads of the kernel.
#[derive(Debug, Default)]
pub struct Census {
    /// By process number.
    pub residents: Vec<Resident>,
    /// How many residents there ever were.
    numbered: usize,
    /// Process numbers that were looked at, of threads of the kernel too.
    seen: HashSet<u32>,
}

impl Census {
    /// Looks at every process.
    ///
    /// # Errors
    /// When `/proc` cannot be listed: there may be any process then.
    pub fn take(reader: &mut Reader) -> io::Result<Self> {
        let mut census = Self { seen: HashSet::from([probe::program()]), ..Self::default() };
        census.update(reader)?;
        Ok(census)
    }

    /// Looks at every process that has come since, and forgets those that are known to have ended.
    pub fn renew(&mut self, reader: &mut Reader, ended: &[u32]) -> io::Result<()> {
        self.residents.retain(|resident| !ended.contains(&resident.pid));
        for pid in ended {
            self.seen.remove(pid);
        }
        self.update(reader)
    }

    fn update(&mut self, reader: &mut Reader) -> io::Result<()> {
        for _ in 0..LISTINGS {
            let mut some_ended = false;
            let mut some_came = false;
            for pid in reader::processes()? {
                if !self.seen.insert(pid) {
                    continue;
                }
                match look_at(pid, reader) {
                    Sight::Resident(resident) => {
                        some_came = true;
                        self.residents.push(Resident { number: self.numbered, ..*resident });
                        self.numbered += 1;
                    }
                    Sight::Kernel => {}
                    // Its number may come again.
                    Sight::Ended => some_ended |= self.seen.remove(&pid),
                    // Its number is taken until its parent asks, so that it need not be looked at again.
                    Sight::Zombie => some_ended = true,
                }
            }
            if !some_ended && !some_came {
                break;
            }
        }
        self.residents.sort_by_key(|resident| resident.pid);
        Ok(())
    }
}

/// What a look at a number in `/proc` found.
enum Sight {
    Resident(Box<Resident>),
    /// A thread of the kernel, which knows no object.
    Kernel,
    /// It has ended, and may have left children that were not there when `/proc` was listed.
    Ended,
    /// It has ended and may have left children, and its number is still taken.
    Zombie,
}

fn look_at(pid: u32, reader: &mut Reader) -> Sight {
    let process = Task::process(pid);
    let stat = match reader.read(process, "stat").map(Stat::parse) {
        Ok(Some(stat)) => stat,
        Err(error) if reader::is_gone(&error) => return Sight::Ended,
        // It is there; its credentials may be all that shows.
        Ok(None) | Err(_) => {
            let credentials = reader.credentials(process).ok();
            return Sight::Resident(Box::new(Resident { number: 0, pid, task: process, stat: None, credentials }));
        }
    };
    if stat.is_kernel_thread() {
        return Sight::Kernel;
    }
    if stat.cannot_hold_ipc() {
        return Sight::Zombie;
    }
    let task = if stat.is_ending() {
        match living_thread(pid, reader) {
            // The first thread has ended and shows nothing any more; others do.
            Ok(Some(thread)) => thread,
            // All of them are on their way out, which may take long where much memory is given back.
            Ok(None) => return Sight::Zombie,
            Err(error) if reader::is_gone(&error) => return Sight::Ended,
            Err(_) => process,
        }
    } else {
        process
    };
    let credentials = reader.credentials(task).ok();
    Sight::Resident(Box::new(Resident { number: 0, pid, task, stat: Some(stat), credentials }))
}

/// A thread that has not ended; None where all are ending, and so will start no other.
fn living_thread(pid: u32, reader: &mut Reader) -> io::Result<Option<Task>> {
    for _ in 0..THREAD_LISTINGS {
        let threads = reader.thread_ids(pid)?;
        for &tid in &threads {
            let thread = Task::thread(pid, tid);
            match reader.read(thread, "stat").map(Stat::parse) {
                Ok(Some(stat)) if !stat.is_ending() => return Ok(Some(thread)),
                Err(error) if !reader::is_gone(&error) => return Err(error),
                _ => {}
            }
        }
        if reader.are_all_threads(pid, &threads)? {
            return Ok(None);
        }
    }
    // Its threads keep starting others.
    Err(io::ErrorKind::WouldBlock.into())
}

#[cfg(test)]
mod tests {
    use super::Census;
    use crate::proc::reader::Reader;

    #[test]
    fn a_child_is_found_with_its_users_and_this_process_is_not() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let census = Census::take(&mut Reader::default()).unwrap();
        let found = census.residents.iter().find(|resident| resident.pid == child.id()).unwrap();
        assert_eq!(found.stat.as_ref().unwrap().parent, std::process::id());
        assert_eq!(found.credentials.as_ref().unwrap().uids.len(), 4);
        assert!(!census.residents.iter().any(|resident| resident.pid == std::process::id()));
        child.kill().unwrap();
        // Ended and not yet asked for its status, it uses nothing.
        while !std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        let census = Census::take(&mut Reader::default()).unwrap();
        assert!(!census.residents.iter().any(|resident| resident.pid == child.id()));
        child.wait().unwrap();
    }
}
