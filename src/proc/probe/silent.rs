//! Processes that kept a probe waiting in vain, which are not asked any more.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::proc::status::effective_user;

/// The number of silent processes from which on no process is asked any more.
const MOST: usize = 64;
/// The number of silent processes of one user from which on none of that user's is asked.
const MOST_OF_ONE: usize = 4;

/// What a probe may have to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum What {
    /// Nothing: these files take no locks that a process can hold for long.
    Nothing = 0,
    /// Its memory, which may lie in a file of any file system.
    Memory = 1,
    Facts = 2,
}

impl What {
    pub(super) const fn of(number: u32) -> Self {
        match number {
            0 => Self::Nothing,
            1 => Self::Memory,
            _ => Self::Facts,
        }
    }
}

/// The processes that did not answer, and what they are not asked for any more: memory alone, or anything.
#[derive(Clone, Debug)]
pub(super) struct Silent {
    processes: BTreeMap<u32, What>,
    /// Users, and what none of their processes is asked for any more. Never root.
    users: BTreeMap<u32, What>,
    /// How many of the processes belong to a user.
    by_user: BTreeMap<u32, usize>,
    /// The users of processes, where that was asked.
    owners: BTreeMap<u32, Option<u32>>,
    /// Why no process is asked for anything any more, if that is so.
    pub(super) all: Option<Reason>,
}

/// Why no process is asked any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Too many did not answer.
    TooManySilent,
    NoProbe,
}

static SILENT: Mutex<Silent> = Mutex::new(Silent {
    processes: BTreeMap::new(),
    users: BTreeMap::new(),
    by_user: BTreeMap::new(),
    owners: BTreeMap::new(),
    all: None,
});

/// The silent processes known so far. A probe knows those that its parent knew when it was started.
pub(super) fn silent() -> MutexGuard<'static, Silent> {
    SILENT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Silent {
    /// Whether all have answered.
    pub(super) fn is_nobody(&self) -> bool {
        self.processes.is_empty() && self.users.is_empty()
    }

    /// Whether a process is not asked for something any more.
    pub(super) fn has(&mut self, pid: u32, what: What) -> bool {
        let covers = |known: Option<&What>| known.is_some_and(|known| what <= *known);
        if what == What::Nothing {
            return false;
        }
        if self.all.is_some() || covers(self.processes.get(&pid)) {
            return true;
        }
        if self.users.is_empty() {
            return false;
        }
        let user = self.owner(pid);
        covers(user.and_then(|user| self.users.get(&user)))
    }

    /// Notes that a process did not answer; whether that is news.
    fn note(&mut self, pid: u32, what: What) -> bool {
        if what == What::Nothing || self.has(pid, what) {
            return false;
        }
        if self.processes.insert(pid, what).is_none()
            && let Some(user) = self.owner(pid)
        {
            let number = self.by_user.entry(user).or_default();
            *number += 1;
            if *number >= MOST_OF_ONE {
                self.note_user(user, what);
            }
        }
        if self.processes.len() > MOST {
            self.all.get_or_insert(Reason::TooManySilent);
        }
        true
    }

    fn note_user(&mut self, user: u32, what: What) {
        let known = self.users.entry(user).or_insert(what);
        *known = what.max(*known);
    }

    /// The user of a process, by `status`, which never has to be waited for. None for root, and where that does not show.
    fn owner(&mut self, pid: u32) -> Option<u32> {
        let read = || effective_user(&std::fs::read(format!("/proc/{pid}/status")).ok()?);
        self.owners.entry(pid).or_insert_with(|| read().filter(|user| *user != 0)).to_owned()
    }
}

/// How long a probe has been kept waiting, and by whom, in one look.
#[derive(Debug, Default)]
pub(super) struct Waits {
    by_process: BTreeMap<(u32, What), Duration>,
    by_user: BTreeMap<(u32, What), Duration>,
}

impl Waits {
    /// Adds a wait; whether that makes it so long that it ends here, and then the process is not asked any more, or if it
    /// was many that together were so slow, none of their user.
    pub(super) fn add(&mut self, pid: u32, what: What, passed: Duration, patience: Duration) -> Option<Blame> {
        if what == What::Nothing {
            return None;
        }
        let waited = self.by_process.entry((pid, what)).or_default();
        *waited = waited.saturating_add(passed);
        if *waited >= patience {
            return Some(Blame { pid, is_news: silent().note(pid, what) });
        }
        let mut silent = silent();
        let user = silent.owner(pid)?;
        let waited = self.by_user.entry((user, what)).or_default();
        *waited = waited.saturating_add(passed);
        if *waited < patience {
            return None;
        }
        let is_news = !silent.has(pid, what);
        silent.note_user(user, what);
        Some(Blame { pid, is_news })
    }

    /// Blames whoever took the most of it.
    pub(super) fn slowest(&self) -> Option<Blame> {
        let (&(pid, what), _) = self.by_process.iter().max_by_key(|(_, waited)| **waited)?;
        Some(Blame { pid, is_news: silent().note(pid, what) })
    }
}

/// The process to blame that there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blame {
    /// The process, or one of those.
    pub(super) pid: u32,
    /// Whether it was not known before, so that another probe gets further.
    pub(super) is_news: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::{Silent, Waits, What};

    #[test]
    fn who_is_silent_about_memory_is_asked_for_the_rest() {
        let mut silent = Silent {
            processes: BTreeMap::new(),
            users: BTreeMap::new(),
            by_user: BTreeMap::new(),
            owners: BTreeMap::from([(7, None), (8, Some(1001)), (9, Some(1001)), (10, Some(1002))]),
            all: None,
        };
        assert!(silent.note(7, What::Memory) && !silent.note(7, What::Memory));
        assert!(silent.has(7, What::Memory) && !silent.has(7, What::Facts) && !silent.has(7, What::Nothing));
        assert!(silent.note(7, What::Facts) && silent.has(7, What::Facts));
        silent.note_user(1001, What::Facts);
        assert!(silent.has(8, What::Facts) && silent.has(9, What::Memory) && !silent.has(10, What::Memory));
        assert!(!silent.has(9, What::Nothing));
    }

    #[test]
    fn many_of_one_user_go_silent_one_after_the_other() {
        let owners = (1..200).map(|pid| (pid, (pid < 100).then_some(1001)));
        let mut silent = Silent {
            processes: BTreeMap::new(),
            users: BTreeMap::new(),
            by_user: BTreeMap::new(),
            owners: owners.collect(),
            all: None,
        };
        (1..5).for_each(|pid| assert!(silent.note(pid, What::Facts)));
        assert!(silent.has(99, What::Facts) && !silent.has(100, What::Facts));
        // Of root's processes, all have to be silent.
        (100..160).for_each(|pid| assert!(silent.note(pid, What::Facts), "{pid}"));
        assert_eq!(silent.all, None);
        assert!(silent.note(160, What::Facts) && silent.has(199, What::Facts));
    }

    #[test]
    fn what_need_not_be_waited_for_blames_nobody() {
        let mut waits = Waits::default();
        let hour = Duration::from_secs(3600);
        assert_eq!(waits.add(u32::MAX, What::Nothing, hour, Duration::from_secs(1)), None);
        assert_eq!(waits.slowest(), None);
    }
}
