//! The first process of an arena of families: begins them and ends them, and watches what they know.

use std::time::{Duration, Instant};

use ipcadm_testbed::crowd::{self, Waited};

use crate::chaos::able::Library;
use crate::chaos::family;
use crate::chaos::known::{FAMILIES, Known};
use crate::chaos::ledger::{Count, Ledger};
use crate::chaos::random::Random;

/// The first of the users that families are. Each family is another one, so that what it leaves can be told to be nobody's.
const FIRST_USER: u32 = 100_000;
/// Where there is one user only, there is one family at a time, and nobody for so long between two: whoever starts soon
/// after an object was last used may have been told of it.
const GAP: Duration = Duration::from_millis(200);
/// How much less than cleaning a family runs.
const NICE: i32 = 10;

/// What it knows.
pub(crate) struct Families<'a> {
    known: Known,
    ledger: Ledger,
    library: &'a Library,
    random: Random,
    /// The next user, if there are several.
    user: Option<u32>,
    /// When the only family was over.
    over: Option<Instant>,
}

impl<'a> Families<'a> {
    pub(crate) fn new(known: Known, ledger: Ledger, library: &'a Library, several_users: bool) -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let random = Random::new(since.map_or(1, |since| since.as_nanos() as u64));
        Self { known, ledger, library, random, user: several_users.then_some(FIRST_USER), over: None }
    }

    /// Lets families come and go until the process `until` has ended; returns its status. That takes no
    /// longer than `at_most`.
    pub(crate) fn run(&mut self, until: i32, at_most: Duration) -> i32 {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < at_most, "cleaning does not end");
            while let Waited::Ended(pid, how) = crowd::wait(-1, false) {
                assert!(how != 101, "a member of a family has panicked");
                if pid == until {
                    return how;
                }
                self.known.reaped(pid);
            }
            self.begin_some();
            self.slay_some();
            self.look();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn begin_some(&mut self) {
        let families = if self.user.is_some() { FAMILIES } else { 1 };
        for family in (0..families).filter(|&family| self.known.is_over(family)) {
            if self.user.is_none() && self.over.get_or_insert_with(Instant::now).elapsed() < GAP {
                return;
            }
            let Some(founder) = self.known.begin(family) else { continue };
            let (known, ledger, user, library) = (self.known, self.ledger, self.user, self.library);
            let seed = self.random.next();
            let begun = crowd::fork(false, || {
                crowd::be_nice(NICE);
                family::found(known, ledger, founder, seed, user, library);
                0
            });
            match begun {
                Ok(pid) => self.known.set_pid(founder, pid),
                Err(_) => self.known.end(founder),
            }
            self.user = self.user.map(|user| user + 1);
            self.over = None;
        }
    }

    /// Ends some members at any moment: first in the ledger.
    fn slay_some(&mut self) {
        for _ in 0..self.random.below(4) {
            let seat = self.random.below(Known::SEATS as u64) as usize;
            self.slay(seat);
        }
    }

    fn slay(&self, seat: usize) {
        if let Some((member, pid)) = self.known.sitting(seat)
            && pid != 0
        {
            self.known.end(member);
            crowd::kill(pid);
            self.ledger.count(Count::Slain);
        }
    }

    fn look(&self) {
        self.known.look(|gone| self.ledger.found_gone(&gone));
    }

    /// Ends all, and waits until they have ended.
    pub(crate) fn end_all(&self) {
        loop {
            self.look();
            (0..Known::SEATS).for_each(|seat| self.slay(seat));
            match crowd::wait(-1, false) {
                Waited::Nobody => return,
                Waited::Running => std::thread::sleep(Duration::from_millis(1)),
                Waited::Ended(pid, _) => self.known.reaped(pid),
            }
        }
    }
}
