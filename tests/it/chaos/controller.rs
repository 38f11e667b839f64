//! The first process of the arena: begins lives and ends them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ipcadm_testbed::crowd::{self, Waited};

use crate::chaos::ledger::{Count, Ledger, Life, SEATS};
use crate::chaos::random::Random;
use crate::chaos::worker;

/// Places for workers; above are those for their children.
const WORKERS: usize = SEATS / 2;
/// How often every ended process is buried. Until then some stay zombies.
const FUNERALS: Duration = Duration::from_millis(700);

/// How much less than cleaning a worker runs.
const NICE: i32 = 10;

/// What the controller knows.
pub(crate) struct Controller {
    ledger: Ledger,
    random: Random,
    /// Of each seat, whether its process is to stay a zombie for a while.
    unburied: Vec<bool>,
    number: u64,
    last_funerals: Instant,
    seen: HashSet<i32>,
    workers: usize,
}

impl Controller {
    pub(crate) fn new(ledger: Ledger, workers: usize) -> Self {
        let (random, seen) = (Random::new(seed()), HashSet::new());
        let (unburied, last_funerals) = (vec![false; SEATS], Instant::now());
        Self { ledger, random, unburied, number: 0, last_funerals, seen, workers: workers.min(WORKERS) }
    }

    /// Lets workers come and go until the process `until` has ended; returns its status.
    pub(crate) fn run(&mut self, until: i32) -> i32 {
        let mut status = None;
        while status.is_none() {
            self.bury(until, &mut status);
            for seat in 0..self.workers {
                if self.ledger.pid(seat) == 0 {
                    self.begin(seat);
                }
            }
            for _ in 0..self.random.below(4) {
                let seat = self.random.below(SEATS as u64) as usize;
                // Children may be long at it, and so may those that sleep.
                if self.random.once_in(3) {
                    self.slay(seat);
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        status.unwrap_or(1)
    }

    fn begin(&mut self, seat: usize) {
        self.number += 1;
        let (ledger, life, seed) = (self.ledger, Life::new(seat, self.number), self.random.next());
        ledger.begin_life(life);
        let begun = crowd::fork(true, || {
            // There are so many of them that cleaning would hardly run.
            crowd::be_nice(NICE);
            let lived = std::panic::catch_unwind(|| worker::live(ledger, life, seed));
            ledger.end_life(life);
            if lived.is_ok() { 0 } else { 101 }
        });
        match begun {
            Ok(pid) => {
                self.ledger.set_pid(seat, pid);
                self.ledger.count(Count::Begun);
                if !self.seen.insert(pid) {
                    self.ledger.count(Count::Reused);
                }
                self.unburied[seat] = self.random.once_in(5);
            }
            // The numbers have run out for now.
            Err(_) => ledger.end_life(life),
        }
    }

    /// Ends a process: first in the ledger.
    fn slay(&mut self, seat: usize) {
        let (pid, life) = (self.ledger.pid(seat), self.ledger.sitting(seat));
        if pid != 0 && life != Life::NOBODY {
            self.ledger.end_life(life);
            crowd::kill(pid);
            self.ledger.count(Count::Slain);
        }
    }

    /// Reaps who has ended, but leaves some zombies.
    fn bury(&mut self, until: i32, status: &mut Option<i32>) {
        if self.last_funerals.elapsed() >= FUNERALS {
            self.last_funerals = Instant::now();
            while let Waited::Ended(pid, how) = crowd::wait(-1, false) {
                if pid == until {
                    *status = Some(how);
                }
                (0..SEATS).filter(|&seat| self.ledger.pid(seat) == pid).for_each(|seat| self.clear(seat, how));
            }
            return;
        }
        if let Waited::Ended(_, how) = crowd::wait(until, false) {
            *status = Some(how);
        }
        for seat in 0..SEATS {
            let pid = self.ledger.pid(seat);
            if pid != 0
                && !self.unburied[seat]
                && let Waited::Ended(_, how) = crowd::wait(pid, false)
            {
                self.clear(seat, how);
            }
        }
    }

    /// The process of the seat is buried.
    fn clear(&self, seat: usize, how: i32) {
        assert!(how != 101, "a worker has panicked");
        // The life of one who was killed has been ended: its locks are found by what they say.
        self.ledger.end_life(self.ledger.sitting(seat));
        self.ledger.open_locks(seat);
        self.ledger.set_pid(seat, 0);
    }

    /// Ends all but this process, and waits until they have.
    pub(crate) fn end_all(&mut self) {
        loop {
            (0..SEATS).for_each(|seat| self.slay(seat));
            match crowd::wait(-1, false) {
                Waited::Nobody => break,
                Waited::Running => std::thread::sleep(Duration::from_millis(1)),
                Waited::Ended(pid, _) => {
                    for seat in (0..SEATS).filter(|&seat| self.ledger.pid(seat) == pid) {
                        self.ledger.set_pid(seat, 0);
                    }
                }
            }
        }
    }
}

/// Another one for each run.
fn seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(1, |since| since.as_nanos() as u64)
}
