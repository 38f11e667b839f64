//! What is known of objects by processes that only know them: they have used one, or inherited its number from who has,
//! or hold a lock, or are stopped inside a call, and the kernel's record names somebody else who is gone.
//!
//! As in [`ledger`](crate::chaos::ledger) a process lives here while its number of life stands in its seat, which is cleared
//! before it ends or is killed. Nobody here removes anything. So whoever finds an object gone looks for one that knew it:
//! if such a process lives *then*, it was wrong. For a process writes itself down, and has learned of the object at its
//! birth, or by using it: at every moment since the object was made, it or who it has it from has lived.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use ipcadm_testbed::{Kind, crowd};

use crate::chaos::ledger::is_gone;

/// Families at a time.
pub(crate) const FAMILIES: usize = 24;
/// Seats of each.
const MEMBERS: usize = 12;
/// Objects that are watched at a time.
const OBJECTS: usize = 1500;
/// Who knows one, at most.
const KNOWERS: usize = 6;
/// What stands in the place of an object that is being written down.
const BUSY: u64 = u64::MAX;

/// A member of a family: its seat and its number of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member(u64);

impl Member {
    pub(crate) fn seat(self) -> usize {
        (self.0 & 0xffff) as usize
    }

    pub(crate) fn family(self) -> usize {
        self.seat() / MEMBERS
    }

    /// For reports.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// An object that was written down.
#[derive(Clone, Copy)]
pub(crate) struct Noted {
    words: &'static [AtomicU64],
    code: u64,
}

/// How an object is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Plot {
    /// By the parent of its last user.
    Parent,
    /// By a child of who made it.
    Child,
    /// By one process after the other.
    Successors,
    /// By who holds a lock.
    Lock,
    /// By who is stopped in a call.
    Pause,
}

impl Plot {
    const ALL: [Self; 5] = [Self::Parent, Self::Child, Self::Successors, Self::Lock, Self::Pause];
}

/// An object that is gone, and who knew it and lives.
pub(crate) struct Gone {
    pub(crate) plot: Plot,
    pub(crate) kind: Kind,
    pub(crate) id: i32,
    pub(crate) knower: Option<Member>,
}

/// The ledger.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    /// Two numbers each: the life, and the number of the process.
    seats: &'static [AtomicU64],
    /// The object, and who knows it.
    objects: &'static [AtomicU64],
    next: &'static AtomicU64,
}

impl Known {
    /// Of all families.
    pub(crate) const SEATS: usize = FAMILIES * MEMBERS;

    pub(crate) fn new() -> Self {
        Self {
            seats: crowd::shared_words(Self::SEATS * 2),
            objects: crowd::shared_words(OBJECTS * (1 + KNOWERS)),
            next: &crowd::shared_words(1)[0],
        }
    }

    /// A new life in a seat of that family that nobody has.
    pub(crate) fn begin(&self, family: usize) -> Option<Member> {
        let number = self.next.fetch_add(1, SeqCst) + 1;
        (family * MEMBERS..(family + 1) * MEMBERS).find_map(|seat| {
            let life = number << 16 | seat as u64;
            let free = self.pid(seat) == 0 && self.seats[seat * 2].compare_exchange(0, life, SeqCst, SeqCst).is_ok();
            free.then_some(Member(life))
        })
    }

    /// Before its process ends.
    pub(crate) fn end(&self, member: Member) {
        let _ = self.seats[member.seat() * 2].compare_exchange(member.0, 0, SeqCst, SeqCst);
    }

    pub(crate) fn lives(&self, member: Member) -> bool {
        self.seats[member.seat() * 2].load(SeqCst) == member.0
    }

    /// Who lives in a seat, and the number of its process; 0 before it is known.
    pub(crate) fn sitting(&self, seat: usize) -> Option<(Member, i32)> {
        let life = self.seats[seat * 2].load(SeqCst);
        (life != 0).then(|| (Member(life), self.pid(seat)))
    }

    fn pid(&self, seat: usize) -> i32 {
        self.seats[seat * 2 + 1].load(SeqCst) as i32
    }

    pub(crate) fn set_pid(&self, member: Member, pid: i32) {
        self.seats[member.seat() * 2 + 1].store(pid as u64, SeqCst);
    }

    /// The process was reaped.
    pub(crate) fn reaped(&self, pid: i32) {
        for seat in 0..Self::SEATS {
            if self.pid(seat) == pid {
                self.seats[seat * 2].store(0, SeqCst);
                self.seats[seat * 2 + 1].store(0, SeqCst);
            }
        }
    }

    /// Whether all of a family have ended and were reaped. Who was killed may have left a seat to a child that was never
    /// born, or finds no seat when it is.
    pub(crate) fn is_over(&self, family: usize) -> bool {
        let seats = family * MEMBERS..(family + 1) * MEMBERS;
        let over = seats.clone().all(|seat| self.pid(seat) == 0);
        if over {
            seats.for_each(|seat| self.seats[seat * 2].store(0, SeqCst));
        }
        over
    }

    /// Writes down an object that a process of the caller's family has just made.
    pub(crate) fn note(&self, plot: Plot, kind: Kind, id: i32) -> Option<Noted> {
        let code = (plot as u64) << 40 | (kind as u64 + 1) << 32 | u64::from(id.unsigned_abs());
        let words = self
            .objects
            .chunks(1 + KNOWERS)
            .find(|words| words[0].load(SeqCst) == 0 && words[0].compare_exchange(0, BUSY, SeqCst, SeqCst).is_ok())?;
        words[1..].iter().for_each(|word| word.store(0, SeqCst));
        words[0].store(code, SeqCst);
        Some(Noted { words, code })
    }

    /// A member may use it from now on, whatever others do. False if too many know it, or it is struck out.
    pub(crate) fn learn(&self, noted: Noted, member: Member) -> bool {
        let learned = noted.words[1..].iter().find(|word| {
            let before = word.load(SeqCst);
            let free = before == 0 || !self.lives(Member(before));
            free && word.compare_exchange(before, member.0, SeqCst, SeqCst).is_ok()
        });
        let is_noted = noted.words[0].load(SeqCst) == noted.code;
        if let Some(word) = learned.filter(|_| !is_noted) {
            let _ = word.compare_exchange(member.0, 0, SeqCst, SeqCst);
        }
        learned.is_some() && is_noted
    }

    /// Looks at all objects; strikes out those that are gone.
    pub(crate) fn look(&self, mut gone: impl FnMut(Gone)) {
        self.objects.chunks(1 + KNOWERS).filter_map(|words| self.look_at(words)).for_each(&mut gone);
    }

    /// Looks at one; strikes it out if it is gone.
    pub(crate) fn look_again(&self, noted: Noted) -> Option<Gone> {
        self.look_at(noted.words).filter(|gone| object(noted.code) == Some((gone.plot, gone.kind, gone.id)))
    }

    fn look_at(&self, words: &[AtomicU64]) -> Option<Gone> {
        let code = words[0].load(SeqCst);
        let (plot, kind, id) = object(code).filter(|(_, kind, id)| is_gone(*kind, *id))?;
        // First it was gone, and then one lives that knew it.
        let knower = self.knower(words);
        words[0].compare_exchange(code, 0, SeqCst, SeqCst).ok()?;
        Some(Gone { plot, kind, id, knower })
    }

    /// Objects that somebody knows who lives.
    pub(crate) fn in_use(&self) -> u64 {
        let known = self.objects.chunks(1 + KNOWERS).filter(|words| object(words[0].load(SeqCst)).is_some());
        known.filter(|words| self.knower(words).is_some()).count() as u64
    }

    fn knower(&self, words: &[AtomicU64]) -> Option<Member> {
        words[1..].iter().map(|word| Member(word.load(SeqCst))).find(|member| member.0 != 0 && self.lives(*member))
    }
}

fn object(code: u64) -> Option<(Plot, Kind, i32)> {
    let kind = ((code >> 32 & 0xff) as usize).checked_sub(1)?;
    Some((*Plot::ALL.get((code >> 40) as usize)?, *Kind::ALL.get(kind)?, i32::try_from(code as u32).ok()?))
}
