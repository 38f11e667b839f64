//! Data of each semaphore that takes a system call of its own: the last process, and the numbers of waiters.
//!
//! A set may have 32,000 semaphores, a system 32,000 sets, and `GETNCNT` and `GETZCNT` walk the list of all threads
//! that sleep in several operations on the set: any user can make each of these calls slow by many threads. So calls
//! are made within a [`Budget`]; the rest stays unknown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kind::model::Object;
use crate::sys::{self, Errno, Pid, SemId, clock, namespace, sem};

/// Some hundred thousand semaphores, and some tenths of a second.
const MOST_CALLS: u64 = 1_000_000;
const MOST_TIME: Duration = Duration::from_millis(500);
/// Calls between two checks of the clock.
const STRIDE: u64 = 32;

/// The calls and CPU time that are left. Wall-clock time does not count, so that a busy machine gives the same answers.
#[derive(Clone, Debug)]
pub struct Budget {
    calls: u64,
    time: Option<Duration>,
    /// The end by the CPU clock of this thread, once it was read.
    end: Option<Duration>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { time: Some(MOST_TIME), ..Self::calls(MOST_CALLS) }
    }
}

/// Why data of a semaphore is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    Refused(Errno),
    /// The budget is used up.
    Spent,
}

impl Unanswered {
    pub const fn errno(self) -> Errno {
        match self {
            Self::Refused(errno) => errno,
            Self::Spent => Errno::EAGAIN,
        }
    }
}

impl From<Errno> for Unanswered {
    fn from(errno: Errno) -> Self {
        Self::Refused(errno)
    }
}

impl Budget {
    pub const fn unlimited() -> Self {
        Self::calls(u64::MAX)
    }

    const fn calls(calls: u64) -> Self {
        Self { calls, time: None, end: None }
    }

    /// Uses up one call.
    fn take(&mut self) -> Result<(), Unanswered> {
        let is_due = self.calls.is_multiple_of(STRIDE) || self.end.is_none();
        if let Some(time) = self.time.filter(|_| is_due) {
            let now = clock::thread_time();
            if now >= *self.end.get_or_insert(now.saturating_add(time)) {
                self.calls = 0;
            }
        }
        self.calls = self.calls.checked_sub(1).ok_or(Unanswered::Spent)?;
        CALLS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Calls made within budgets by this program; tests check that they are as few as possible.
pub fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// The reason for stopping, for messages: `MOST_CALLS`, `MOST_TIME`.
pub(crate) const TOO_MUCH: &str = "that takes more than a million system calls, or half a second of CPU time";

/// The number of sets whose last processes are unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Without read permission.
    pub hidden: u64,
    /// Not queried: the budget was used up.
    pub not_asked: u64,
}

impl Unread {
    /// Counts one more, unless the set is gone.
    pub fn note(&mut self, why: Unanswered) {
        match why {
            Unanswered::Refused(Errno::EACCES) => self.hidden += 1,
            Unanswered::Refused(_) => {}
            Unanswered::Spent => self.not_asked += 1,
        }
    }

    /// The total.
    pub const fn number(self) -> u64 {
        self.hidden + self.not_asked
    }

    /// A sentence for each reason.
    pub fn lines(self) -> impl Iterator<Item = String> {
        let sets = |number: u64| if number == 1 { "1 set".to_owned() } else { format!("{number} sets") };
        let line = move |number, why: &str| format!("who last changed the semaphores of {} is {why}", sets(number));
        let all = [
            (self.hidden, "hidden: needs read permission".to_owned()),
            (self.not_asked, format!("not known: {TOO_MUCH}")),
        ];
        all.into_iter().filter(|(number, _)| *number > 0).map(move |(number, why)| line(number, &why))
    }
}

fn of_each<T>(
    set: &Object,
    budget: &mut Budget,
    calls: u32,
    mut ask: impl FnMut(SemId, u32) -> Result<Option<T>, Unanswered>,
) -> Result<Option<T>, Unanswered> {
    let id = id(set);
    for index in 0..u32::try_from(count(set)).unwrap_or(u32::MAX) {
        for _ in 0..calls {
            budget.take()?;
        }
        if let Some(found) = ask(id, index)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The last process of each semaphore; none for unchanged ones, and for processes of other pid namespaces.
///
/// # Errors
/// `EACCES` without read permission, `EINVAL` or `EIDRM` when the set is gone; or the budget is used up.
pub(crate) fn last_users(set: &Object, budget: &mut Budget) -> Result<Vec<Pid>, Unanswered> {
    let mut users = Vec::new();
    of_each(set, budget, 1, |id, index| {
        users.push(sem::last_pid(id, index)?);
        Ok(None::<()>)
    })?;
    Ok(users)
}

/// Threads asleep on a semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asleep {
    pub index: u32,
    /// Waiting to take from it.
    pub to_take: u32,
    /// Waiting for zero.
    pub until_zero: u32,
}

impl Asleep {
    pub(crate) fn total(self) -> u64 {
        u64::from(self.to_take) + u64::from(self.until_zero)
    }

    fn on(id: SemId, index: u32) -> Result<Self, Unanswered> {
        let to_take = sem::waiting_for_increase(id, index)?;
        Ok(Self { index, to_take, until_zero: sem::waiting_for_zero(id, index)? })
    }
}

/// The semaphores with sleeping threads. Errors as `last_users`.
pub fn asleep(set: &Object, budget: &mut Budget) -> Result<Vec<Asleep>, Unanswered> {
    let mut all = Vec::new();
    of_each(set, budget, 2, |id, index| {
        all.extend(Some(Asleep::on(id, index)?).filter(|asleep| asleep.total() > 0));
        Ok(None::<()>)
    })?;
    Ok(all)
}

/// The first semaphore with sleeping threads; later ones are not queried. Errors as [`last_users`].
pub(crate) fn first_asleep(set: &Object, budget: &mut Budget) -> Result<Option<Asleep>, Unanswered> {
    of_each(set, budget, 2, |id, index| Ok(Some(Asleep::on(id, index)?).filter(|asleep| asleep.total() > 0)))
}

/// The threads asleep on a semaphore; None where the budget is used up.
pub(crate) fn asleep_on(set: &Object, index: u32, budget: &mut Budget) -> Result<Option<Asleep>, Errno> {
    if budget.take().and_then(|()| budget.take()).is_err() {
        return Ok(None);
    }
    match Asleep::on(id(set), index) {
        Ok(asleep) => Ok(Some(asleep)),
        Err(Unanswered::Refused(errno)) => Err(errno),
        Err(Unanswered::Spent) => Ok(None),
    }
}

/// Small sets before large ones, so that a set that exceeds the budget does not use up that of others.
pub(crate) fn smallest_first<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Vec<&'a Object> {
    let mut sorted: Vec<&Object> = objects.into_iter().collect();
    sorted.sort_by_key(|object| count(object));
    sorted
}

pub(crate) fn id(set: &Object) -> SemId {
    SemId::new(set.id.sysv())
}

pub fn count(set: &Object) -> u64 {
    set.as_set().map_or(0, |set| set.nsems)
}

/// All values of a set at one moment. `EACCES` without read permission, `EINVAL` or `EIDRM` when the set is gone.
pub fn values(set: &Object) -> sys::Result<Vec<u16>> {
    sem::get_all(id(set), usize::try_from(count(set)).map_err(|_| Errno::ENOMEM)?)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semaphore {
    /// The index in the set.
    pub index: u32,
    pub value: u16,
    /// The last process to change it; none where nobody has, or where `hides_user` is true.
    pub pid: Pid,
    /// Threads waiting for an increase; None where counting would exceed the budget.
    pub ncnt: Option<u32>,
    /// Threads waiting for zero; None likewise.
    pub zcnt: Option<u32>,
}

/// Whether a process that cannot be seen from here may have changed a semaphore: the kernel returns 0 for processes of
/// other pid namespaces, and for unchanged semaphores. A set without any operation is unchanged, and the initial pid
/// namespace sees all processes.
pub(crate) fn hides_user(set: &Object, semaphores: &[Semaphore]) -> impl Fn(&Semaphore) -> bool + use<> {
    let untouched = set.as_set().is_none_or(|set| set.otime.is_never())
        && semaphores.iter().all(|semaphore| semaphore.pid.is_none() && semaphore.value == 0);
    let may_be_elsewhere = !untouched && !namespace::is_initial_pid();
    // A nonzero value was set by some process.
    move |semaphore| semaphore.pid.is_none() && (semaphore.value > 0 || may_be_elsewhere)
}

/// All semaphores of a set: the values at one moment, the rest by three calls each, the only way. Waiters are counted
/// within `budget`. `EACCES` without read permission, `EINVAL` or `EIDRM` when the set is gone.
pub fn semaphores(set: &Object, budget: &mut Budget) -> sys::Result<Vec<Semaphore>> {
    let values = values(set)?;
    (0u32..)
        .zip(values)
        .map(|(index, value)| {
            let pid = sem::last_pid(SemId::new(set.id.sysv()), index)?;
            let asleep = asleep_on(set, index, budget)?;
            let ncnt = asleep.map(|asleep| asleep.to_take);
            Ok(Semaphore { index, value, pid, ncnt, zcnt: asleep.map(|asleep| asleep.until_zero) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Budget, STRIDE, Unanswered, Unread, smallest_first};
    use crate::kind::model::Object;
    use crate::sys::sem::SemStat;
    use crate::sys::{Errno, Gid, Key, Mode, Perm, SemId, Timestamp, Uid};

    #[test]
    fn a_budget_ends_and_stays_so() {
        let mut few = Budget::calls(3);
        let taken: Vec<bool> = (0..5).map(|_| few.take().is_ok()).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        let mut brief = Budget { time: Some(Duration::ZERO), ..Budget::calls(u64::MAX) };
        assert_eq!([brief.take(), brief.take()], [Err(Unanswered::Spent); 2]);
        let mut ended = Budget { end: Some(Duration::ZERO), ..Budget::default() };
        assert!((0..=STRIDE).any(|_| ended.take().is_err()));
        assert!((0..100).all(|_| Budget::unlimited().take().is_ok()));
    }

    #[test]
    fn small_sets_come_first() {
        let (uid, gid) = (Uid::new(0), Gid::new(0));
        let perm = Perm { key: Key::PRIVATE, uid, gid, cuid: uid, cgid: gid, mode: Mode::new(0o600) };
        let set = |id, nsems| {
            Object::set(SemId::new(id), &SemStat { perm, otime: Timestamp::NEVER, ctime: Timestamp::NEVER, nsems })
        };
        let sets = [set(0, 32_000), set(1, 2), set(2, 250), set(3, 2)];
        let order: Vec<i32> = smallest_first(&sets).into_iter().map(|set| set.id.sysv()).collect();
        assert_eq!(order, [1, 3, 2, 0]);
    }

    #[test]
    fn what_is_not_known_is_told_by_its_reason() {
        let mut unread = Unread::default();
        assert_eq!((unread.number(), unread.lines().count()), (0, 0));
        for why in [Errno::EACCES, Errno::EIDRM].map(Unanswered::Refused).into_iter().chain([Unanswered::Spent; 2]) {
            unread.note(why);
        }
        let lines: Vec<String> = unread.lines().collect();
        assert_eq!(unread.number(), 3);
        assert_eq!(lines[0], "who last changed the semaphores of 1 set is hidden: needs read permission");
        assert!(lines[1].starts_with("who last changed the semaphores of 2 sets is not known: "), "{lines:?}");
    }
}
