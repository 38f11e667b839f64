//! What the processes themselves know of who uses what, in memory that they share.
//!
//! # What is written down
//!
//! A place in the ledger stands for an object that comes and goes: its kind and key never change, its id does. Whoever
//! works on it holds the lock of the place, makes the system call, and only then writes itself down as the user it now
//! is for the kernel. Cleaning knows nothing of these locks.
//!
//! A process lives, for the ledger, while its number of life stands in its seat. It clears that itself just before it
//! ends, and the controller clears it before it kills. So a process that lives for the ledger lives for the kernel; not
//! the other way round. An error of the ledger can therefore only hide a wrong removal, never make one up:
//!
//! - A call fails with EINVAL, as the object is gone. No process took it away, for they do that under the lock and write
//!   it down. So cleaning did, after the last call that succeeded. A user who was written down then and *still* lives
//!   has lived at the removal: it was wrong. One who has ended since proves nothing.
//! - A process that has a segment attached, or sleeps in a call, needs no lock to know that it lives. The segment shows
//!   SHM_DEST, or the call returns EIDRM, and no process has written down that it takes the object away: wrong.
//!
//! What the kernel records at times that nobody chooses makes a written user doubtful, and doubtful users do not count:
//!
//! - Somebody's death detaches its segments: the last user of a segment counts only if nobody had it attached then.
//!   Its creator always does.
//! - A call that slept is recorded when it is woken: while anybody sleeps, the users of its kind do not count. Semaphores
//!   slept for are others than those whose users count.
//! - Somebody's death undoes its operations, and makes it the last user: the user of such a semaphore counts only if
//!   nobody else ever asked for that.
//! - Whoever is killed with the lock in hand may have done what it did not write down: the controller, when the kernel
//!   has buried it, opens the lock and crosses out all users.
//!
//! # Ordering
//!
//! All is sequentially consistent. A process clears its life before it calls exit, or the controller does before it
//! calls kill; the kernel shows it as ended only after that, and between that and the EINVAL of another lie the locks of
//! the kernel. A seat is used again only when its process has been reaped.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use ipcadm_testbed::{Kind, calls, crowd};

use crate::chaos::known::{Gone, Plot};

/// Seats of workers. The upper half is for children of those in the lower.
pub(crate) const SEATS: usize = 256;
/// Places of objects.
pub(crate) const PLACES: usize = 360;
/// Numbers of a place.
const WIDTH: usize = 8;
/// A prime, as many removals as are remembered, and more.
const REMOVALS: usize = 2_097_143;
/// Wrong removals that are described.
const DESCRIBED: usize = 32;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    /// Set to end all.
    Stop,
    /// Set to have no threads: what a thread has received makes a queue unknown as well.
    NoThreads,
    /// Objects that were there when cleaning began, for all runs.
    Judged,
    /// Of these, those with a user who lived.
    InUse,
    Runs,
    Removed,
    /// Of these.
    RemovedSets,
    RemovedQueues,
    Kept,
    /// Gone when cleaning came to them.
    Gone,
    Failed,
    /// Runs of cleaning that were killed.
    Killed,
    /// Objects that these left closed.
    LeftClosed,
    /// Processes that were begun.
    Begun,
    /// Processes that were killed.
    Slain,
    /// Calls that succeeded.
    Used,
    Made,
    /// Objects found gone, rightly as far as can be known.
    FoundGone,
    /// Calls refused because the object was closed.
    Shut,
    /// Sleepers that were woken because the object was closed.
    Evicted,
    /// And found it gone then.
    EvictedForGood,
    /// Sleepers that slept to the end or were woken by others.
    Slept,
    /// Receptions by threads.
    ByThread,
    /// Attachments inherited from a process that has ended.
    Inherited,
    /// Processes that became others.
    Executed,
    /// Removals by processes.
    OwnRemovals,
    /// Numbers of processes used again by this test.
    Reused,
    /// Objects that a parent knew whose child was the last user.
    KnownByParent,
    /// That a child knew.
    KnownByChild,
    /// Processes that took the place of their parents.
    Successions,
    /// Locks held while others came and went.
    Locks,
    /// Processes that were stopped inside a call.
    Paused,
    /// Runs of cleaning that ended as none should.
    EndedBadly,
    /// Large sets of strangers.
    LargeSets,
    /// Their names like those of records.
    Names,
    /// Their programs.
    Programs,
    /// Their processes that did not answer.
    Silent,
    /// Wrong removals of what a process knew.
    WrongKnown,
    /// Wrong removals.
    Wrong,
}

const COUNTS: usize = 48;

/// Where it was seen that a removal was wrong.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Wrong {
    /// A user written down lives.
    UserLives,
    /// Right after it was used.
    JustUsed,
    /// While it was attached.
    Attached,
    /// While its only holder had inherited it.
    Inherited,
    /// While a thread slept in a call on it.
    Asleep,
    /// While the parent of its last user knew it.
    KnownByParent,
    /// While a child of its maker knew it.
    KnownByChild,
    /// While a successor of such a process knew it.
    KnownBySuccessor,
    /// While a lock in it was held.
    Locked,
    /// While a process was stopped in a call on it.
    Paused,
}

const WRONGS: [Wrong; 10] = [
    Wrong::UserLives,
    Wrong::JustUsed,
    Wrong::Attached,
    Wrong::Inherited,
    Wrong::Asleep,
    Wrong::KnownByParent,
    Wrong::KnownByChild,
    Wrong::KnownBySuccessor,
    Wrong::Locked,
    Wrong::Paused,
];

/// A process as users are written down: its seat and its number of life; 0 is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life(u64);

impl Life {
    pub(crate) const NOBODY: Self = Self(0);

    pub(crate) fn new(seat: usize, number: u64) -> Self {
        Self(number << 16 | seat as u64)
    }

    pub(crate) fn seat(self) -> usize {
        (self.0 & 0xffff) as usize
    }
}

/// The ledger.
#[derive(Clone, Copy)]
pub(crate) struct Ledger {
    counts: &'static [AtomicU64],
    described: &'static [AtomicU64],
    /// Two numbers each: the life, and the number of the process.
    seats: &'static [AtomicU64],
    places: &'static [AtomicU64],
    removals: &'static [AtomicU64],
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self {
            counts: crowd::shared_words(COUNTS),
            described: crowd::shared_words(DESCRIBED * 3),
            seats: crowd::shared_words(SEATS * 2),
            places: crowd::shared_words(PLACES * WIDTH),
            removals: crowd::shared_words(REMOVALS),
        }
    }

    pub(crate) fn count(&self, what: Count) {
        self.add(what, 1);
    }

    pub(crate) fn add(&self, what: Count, by: u64) {
        self.counts[what as usize].fetch_add(by, SeqCst);
    }

    pub(crate) fn get(&self, what: Count) -> u64 {
        self.counts[what as usize].load(SeqCst)
    }

    pub(crate) fn stopped(&self) -> bool {
        self.get(Count::Stop) != 0
    }

    /// Takes note of a wrong removal.
    pub(crate) fn wrong(&self, how: Wrong, kind: Kind, id: i32, who: Life) {
        let number = self.counts[Count::Wrong as usize].fetch_add(1, SeqCst) as usize;
        if let Some(words) = self.described.get(number * 3..number * 3 + 3) {
            words[0].store(how as u64 + 1, SeqCst);
            words[1].store(object_code(kind, id), SeqCst);
            words[2].store(who.0, SeqCst);
        }
    }

    /// Takes note of an object that was known and is gone.
    pub(crate) fn found_gone(&self, gone: &Gone) {
        match gone.knower {
            Some(knower) => {
                let how = match gone.plot {
                    Plot::Parent => Wrong::KnownByParent,
                    Plot::Child => Wrong::KnownByChild,
                    Plot::Successors => Wrong::KnownBySuccessor,
                    Plot::Lock => Wrong::Locked,
                    Plot::Pause => Wrong::Paused,
                };
                self.count(Count::WrongKnown);
                self.wrong(how, gone.kind, gone.id, Life(knower.number()));
            }
            None => self.count(Count::FoundGone),
        }
    }

    /// The wrong removals in words.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let describe = |words: &[AtomicU64]| {
            let [how, object, who] = [0, 1, 2].map(|index: usize| words[index].load(SeqCst));
            let how = WRONGS.get((how as usize).checked_sub(1)?)?;
            let kind = Kind::ALL[(object >> 32) as usize - 1];
            Some(format!("{}:{} {how:?}, user {:#x}", kind.word(), object as u32, who))
        };
        self.described.chunks(3).filter_map(describe).collect()
    }

    /// Whether a process lives for the ledger.
    pub(crate) fn lives(&self, life: Life) -> bool {
        life != Life::NOBODY && self.seats[life.seat() * 2].load(SeqCst) == life.0
    }

    pub(crate) fn begin_life(&self, life: Life) {
        self.seats[life.seat() * 2].store(life.0, SeqCst);
    }

    /// Before its process ends.
    pub(crate) fn end_life(&self, life: Life) {
        let _ = self.seats[life.seat() * 2].compare_exchange(life.0, 0, SeqCst, SeqCst);
    }

    /// The number of the process in a seat; 0 for an empty one.
    pub(crate) fn pid(&self, seat: usize) -> i32 {
        self.seats[seat * 2 + 1].load(SeqCst) as i32
    }

    pub(crate) fn set_pid(&self, seat: usize, pid: i32) {
        self.seats[seat * 2 + 1].store(pid as u64, SeqCst);
    }

    /// Who lives in a seat.
    pub(crate) fn sitting(&self, seat: usize) -> Life {
        Life(self.seats[seat * 2].load(SeqCst))
    }

    /// Writes down that a process is about to remove an object.
    pub(crate) fn will_remove(&self, kind: Kind, id: i32) {
        let code = object_code(kind, id);
        for word in self.chain(code) {
            match word.compare_exchange(0, code, SeqCst, SeqCst) {
                Ok(_) => return,
                Err(found) if found == code => return,
                Err(_) => {}
            }
        }
        panic!("the ledger of removals is full");
    }

    /// Whether a process has removed it, or was about to.
    pub(crate) fn own_removal(&self, kind: Kind, id: i32) -> bool {
        let code = object_code(kind, id);
        let found = self.chain(code).map(|word| word.load(SeqCst)).find(|&found| found == code || found == 0);
        found == Some(code)
    }

    fn chain(&self, code: u64) -> impl Iterator<Item = &'static AtomicU64> {
        let start = (code.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16) as usize;
        let removals = self.removals;
        (0..REMOVALS).map(move |step| &removals[(start + step) % REMOVALS])
    }

    /// The place with that number.
    pub(crate) fn place(&self, index: usize) -> Place {
        Place { index, words: &self.places[index * WIDTH..(index + 1) * WIDTH] }
    }

    /// Opens the locks that the process of a seat held, which has been reaped.
    pub(crate) fn open_locks(&self, seat: usize) {
        for place in (0..PLACES).map(|index| self.place(index)) {
            let holder = Life(place.words[LOCK].load(SeqCst));
            if holder != Life::NOBODY && holder.seat() == seat {
                place.cross_out();
                place.words[LOCK].store(0, SeqCst);
            }
        }
    }

    /// Places with a user that lives. They are not locked: it is an estimate.
    pub(crate) fn in_use(&self) -> u64 {
        (0..PLACES).filter(|&index| self.place(index).user(self).is_some()).count() as u64
    }
}

fn object_code(kind: Kind, id: i32) -> u64 {
    (kind as u64 + 1) << 32 | u64::from(id.unsigned_abs())
}

const LOCK: usize = 0;
/// One more than the id.
const ID: usize = 1;
/// And the two after it.
const USERS: usize = 2;
/// Who asked for operations to be undone, or [`MANY`].
const UNDO: usize = 5;
/// Attachments that are not known to have ended.
const HOLDERS: usize = 6;
/// Sleepers that are not known to have ended, for sending in the upper half.
const SLEEPERS: usize = 7;
const MANY: u64 = u64::MAX;

/// What a user did last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Role {
    /// Made a segment, changed semaphore 0, sent.
    First = 0,
    /// Attached or detached, received.
    Second = 1,
    /// Changed semaphore 2, which may be undone.
    Undoable = 2,
}

/// A place.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) index: usize,
    words: &'static [AtomicU64],
}

impl Place {
    /// Tries for the lock, for so long.
    pub(crate) fn lock(&self, me: Life, tries: u32) -> Option<Locked> {
        for _ in 0..tries {
            if self.words[LOCK].compare_exchange(0, me.0, SeqCst, SeqCst).is_ok() {
                return Some(Locked { place: *self });
            }
            crowd::yield_now();
        }
        None
    }

    /// The kind of its objects.
    pub(crate) fn kind(&self) -> Kind {
        Kind::ALL[self.index % 3]
    }

    /// The key of its objects; 0 for private ones.
    pub(crate) fn key(&self) -> i32 {
        if self.index.is_multiple_of(2) { 0 } else { 0x0c00 + self.index as i32 }
    }

    pub(crate) fn id(&self) -> Option<i32> {
        i32::try_from(self.words[ID].load(SeqCst)).ok()?.checked_sub(1).filter(|id| *id >= 0)
    }

    fn life(&self, role: Role) -> Life {
        Life(self.words[USERS + role as usize].load(SeqCst))
    }

    /// A user who lives and counts.
    fn user(&self, ledger: &Ledger) -> Option<Life> {
        self.id()?;
        let get = |word: usize| self.words[word].load(SeqCst);
        let roles: &[(Role, bool)] = match self.kind() {
            Kind::Shm => &[(Role::First, true), (Role::Second, get(HOLDERS) == 0)],
            Kind::Sem => {
                let undo = get(UNDO);
                &[(Role::First, true), (Role::Undoable, undo == 0 || undo == self.life(Role::Undoable).0)]
            }
            Kind::Msg => {
                let sleepers = get(SLEEPERS);
                &[(Role::First, sleepers >> 32 == 0), (Role::Second, sleepers as u32 == 0)]
            }
        };
        let counting = roles.iter().filter(|(_, counts)| *counts).map(|(role, _)| self.life(*role));
        counting.into_iter().find(|life| ledger.lives(*life))
    }

    /// Nothing more is known of its users.
    fn cross_out(&self) {
        (USERS..USERS + 3).for_each(|word| self.words[word].store(0, SeqCst));
        self.words[UNDO].store(MANY, SeqCst);
        self.words[HOLDERS].fetch_add(1 << 20, SeqCst);
        self.words[SLEEPERS].fetch_add(1 << 52 | 1 << 20, SeqCst);
    }
}

/// A place whose lock this process has.
pub(crate) struct Locked {
    pub(crate) place: Place,
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.place.words[LOCK].store(0, SeqCst);
    }
}

impl Locked {
    /// A new object, whose users are all known; with `doubt`, one that was found.
    pub(crate) fn begin(&self, id: i32, doubt: bool) {
        let words = self.place.words;
        words[ID].store(0, SeqCst);
        words[USERS..].iter().for_each(|word| word.store(0, SeqCst));
        if doubt {
            self.place.cross_out();
        }
        words[ID].store(id as u64 + 1, SeqCst);
    }

    /// There is none any more.
    pub(crate) fn end(&self) {
        self.place.words[ID].store(0, SeqCst);
    }

    /// A call of `me` has succeeded.
    pub(crate) fn used(&self, role: Role, me: Life) {
        self.place.words[USERS + role as usize].store(me.0, SeqCst);
    }

    /// A call has succeeded of a process that will not be written down.
    pub(crate) fn used_by_another(&self, role: Role) {
        self.place.words[USERS + role as usize].store(0, SeqCst);
    }

    /// From now on the death of `me` counts as use.
    pub(crate) fn will_be_undone(&self, me: Life) {
        let undo = &self.place.words[UNDO];
        let before = undo.load(SeqCst);
        undo.store(if before == 0 || before == me.0 { me.0 } else { MANY }, SeqCst);
    }

    pub(crate) fn attached(&self, by: u64) {
        self.place.words[HOLDERS].fetch_add(by, SeqCst);
    }

    pub(crate) fn detached(&self) {
        self.place.words[HOLDERS].fetch_sub(1, SeqCst);
    }

    /// Somebody is going to sleep in `role`; nobody knows who is recorded then.
    pub(crate) fn goes_to_sleep(&self, role: Role) {
        self.place.words[SLEEPERS].fetch_add(sleeper(role), SeqCst);
        self.used_by_another(role);
    }

    pub(crate) fn woke(&self, role: Role) {
        self.used_by_another(role);
        self.place.words[SLEEPERS].fetch_sub(sleeper(role), SeqCst);
    }

    /// Nobody has the segment attached, not even who was killed with it.
    pub(crate) fn nobody_holds(&self) -> bool {
        self.place.words[HOLDERS].load(SeqCst) == 0
    }

    /// Nobody sleeps on the queue.
    pub(crate) fn nobody_sleeps(&self) -> bool {
        self.place.words[SLEEPERS].load(SeqCst) == 0
    }

    /// The kernel says that `id` is gone, and `me` has not removed it.
    pub(crate) fn is_gone(&self, ledger: &Ledger, id: i32) {
        let kind = self.place.kind();
        match self.place.user(ledger) {
            // Whoever was killed at it may have begun to.
            Some(user) if !ledger.own_removal(kind, id) => ledger.wrong(Wrong::UserLives, kind, id, user),
            _ => ledger.count(Count::FoundGone),
        }
        self.end();
    }
}

fn sleeper(role: Role) -> u64 {
    if role == Role::First { 1 << 32 } else { 1 }
}

/// Whether the object is gone or, a segment, marked to go.
pub(crate) fn is_gone(kind: Kind, id: i32) -> bool {
    match calls::mode(kind, id) {
        Ok(mode) => kind == Kind::Shm && mode & 0o1000 != 0,
        Err(errno) => errno == libc::EINVAL || errno == libc::EIDRM,
    }
}
