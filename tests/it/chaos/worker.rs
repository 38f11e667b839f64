//! The short-lived processes: each does some random things with random objects, and ends in one of several ways.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ipcadm_testbed::calls::{self, Attached};
use ipcadm_testbed::{Kind, crowd};
use libc::{E2BIG, EACCES, EAGAIN, EEXIST, EIDRM, EINTR, EINVAL, ENOMSG, IPC_CREAT, IPC_EXCL, IPC_NOWAIT, SEM_UNDO};

use crate::chaos::ledger::{Count, Ledger, Life, Locked, PLACES, Place, Role, SEATS, Wrong, is_gone};
use crate::chaos::random::Random;

/// Attempts to get into a closed object.
const KNOCKS: u32 = 300;
/// During so many of so many runs of cleaning operations are to be undone.
const UNDO_RUNS: (u64, u64) = (2, 10);
/// Attempts at a lock.
const TRIES: u32 = 50;
/// Places that most workers have to do with.
const HOT: u64 = 100;
/// A message that nobody waits for, and one for which only a thread does.
const MTYPE: i64 = 1;
const MTYPE_THREAD: i64 = 7;
const MTYPE_NEVER: i64 = 9;

/// A segment that this process has attached.
struct Held {
    place: Place,
    id: i32,
    attached: Attached,
}

/// A process at work.
struct Worker {
    ledger: Ledger,
    me: Life,
    random: Random,
    held: Vec<Held>,
    /// Whether its end undoes operations, on whatever set: as long as it lives every set of its user may be held.
    undoes: bool,
}

/// Lives a whole life.
pub(crate) fn live(ledger: Ledger, me: Life, seed: u64) {
    let mut worker = Worker { ledger, me, random: Random::new(seed), held: Vec::new(), undoes: false };
    crowd::interrupt_every(Duration::from_millis(2 + worker.random.below(40)));
    let steps = 1 + worker.random.below(80);
    for _ in 0..steps {
        if ledger.stopped() || worker.undoes && worker.random.once_in(5) {
            break;
        }
        worker.step();
    }
    // What it has attached, or is to be undone, goes with it.
    if worker.random.once_in(2) {
        worker.let_go();
    }
    worker.look_at_held();
}

impl Worker {
    fn step(&mut self) {
        self.look_at_held();
        let place = self.choose();
        if self.random.once_in(30) {
            self.remove(place);
        } else {
            match place.kind() {
                Kind::Shm => self.use_segment(place),
                Kind::Sem => self.use_set(place),
                Kind::Msg => self.use_queue(place),
            }
        }
        match self.random.below(12) {
            0 => std::thread::sleep(Duration::from_micros(self.random.below(4000))),
            1..4 => crowd::yield_now(),
            _ => {}
        }
    }

    /// Most have to do with few places, which are others after a while; those before are left alone, to be cleaned away.
    fn choose(&mut self) -> Place {
        let place = if self.random.once_in(10) {
            self.random.below(PLACES as u64)
        } else {
            (self.ledger.get(Count::Runs) / 2 * HOT + self.random.below(HOT)) % PLACES as u64
        };
        self.ledger.place(place as usize)
    }

    /// The object of a place that is locked, made if there is none.
    fn object(&self, locked: &Locked) -> Option<i32> {
        if let Some(id) = locked.place.id() {
            return Some(id);
        }
        let (kind, key) = (locked.place.kind(), locked.place.key());
        let size = if kind == Kind::Shm { 4096 } else { 3 };
        match calls::get(kind, key, size, 0o600 | IPC_CREAT | IPC_EXCL) {
            Ok(id) => {
                locked.begin(id, false);
                match kind {
                    Kind::Shm => locked.used(Role::First, self.me),
                    // Of a semaphore that nobody changed it is not known whether nobody did.
                    Kind::Sem if (0..3).all(|index| calls::semop(id, (index, 1, IPC_NOWAIT), None).is_ok()) => {
                        locked.used(Role::First, self.me);
                        locked.used(Role::Undoable, self.me);
                    }
                    Kind::Sem | Kind::Msg => {}
                }
                self.ledger.count(Count::Made);
                Some(id)
            }
            // Made by one who was killed before he could write it down.
            Err(EEXIST) => {
                let id = calls::get(kind, key, 0, 0).ok()?;
                locked.begin(id, true);
                Some(id)
            }
            Err(_) => None,
        }
    }

    /// Makes a call that does not sleep, knocking again while the object is closed; `used` is told under the lock when
    /// it has succeeded.
    fn call<T>(
        &mut self,
        locked: &Locked,
        id: i32,
        call: impl Fn() -> Result<T, i32>,
        used: impl FnOnce(&Locked),
    ) -> Option<T> {
        let mut shut = false;
        for _ in 0..KNOCKS {
            match call() {
                Ok(value) => {
                    used(locked);
                    self.ledger.count(Count::Used);
                    self.look_again(locked, id);
                    return Some(value);
                }
                Err(EACCES) => {
                    if !shut {
                        self.ledger.count(Count::Shut);
                    }
                    shut = true;
                    crowd::yield_now();
                }
                Err(EINVAL | EIDRM) => {
                    locked.is_gone(&self.ledger, id);
                    return None;
                }
                Err(_) => return None,
            }
        }
        None
    }

    /// It has just been used, this process lives, and nobody else can remove it. But a segment that was removed before,
    /// by who was killed in that moment and could not write it down, is there for as long as somebody has it attached,
    /// and may still be attached by its identifier.
    fn look_again(&mut self, locked: &Locked, id: i32) {
        let kind = locked.place.kind();
        for _ in 0..self.random.below(6) {
            if is_gone(kind, id) {
                if !self.ledger.own_removal(kind, id) {
                    self.ledger.wrong(Wrong::JustUsed, kind, id, self.me);
                }
                locked.end();
                return;
            }
            crowd::yield_now();
        }
    }

    fn remove(&mut self, place: Place) {
        let Some(locked) = place.lock(self.me, TRIES) else { return };
        let Some(id) = place.id() else { return };
        if is_gone(place.kind(), id) {
            locked.is_gone(&self.ledger, id);
            return;
        }
        self.ledger.will_remove(place.kind(), id);
        if calls::remove(place.kind(), id).is_ok() {
            self.ledger.count(Count::OwnRemovals);
        }
        locked.end();
    }

    fn use_segment(&mut self, place: Place) {
        let Some(locked) = place.lock(self.me, TRIES) else { return };
        let Some(id) = self.object(&locked) else { return };
        let me = self.me;
        let attached = self.call(
            &locked,
            id,
            || calls::attach(id),
            |locked| {
                locked.attached(1);
                locked.used(Role::Second, me);
            },
        );
        let Some(attached) = attached else { return };
        self.held.push(Held { place, id, attached });
        if self.random.once_in(3) {
            // At once, under the same lock.
            self.detach(&locked);
            return;
        }
        if self.random.once_in(12) && self.held.len() == 1 {
            // The child will hold it too, and nothing else: that would have to be written down as well.
            locked.attached(1);
            drop(locked);
            self.bequeath();
            return;
        }
        drop(locked);
        // What is to be undone outlives the program.
        if !self.undoes && self.random.once_in(60) {
            self.ledger.count(Count::Executed);
            // The memory goes, and with it the attachments; the process stays, until it is killed.
            crowd::interrupt_every(Duration::ZERO);
            crowd::become_sleep();
        }
        if self.random.once_in(2) {
            self.let_go_of_last();
        }
    }

    /// Detaches the last one, of the place that is locked.
    fn detach(&mut self, locked: &Locked) {
        let Some(held) = self.held.pop() else { return };
        let gone = self.is_wrong(&held, Wrong::Attached);
        if calls::detach(held.attached).is_ok() && !gone && locked.place.id() == Some(held.id) {
            locked.used(Role::Second, self.me);
            locked.detached();
            // The death of another who has it attached would detach it as well, and be the last use.
            if locked.nobody_holds() {
                self.look_again(locked, held.id);
            }
        }
    }

    /// Whether a held segment was removed; by whom it may not be is noted.
    fn is_wrong(&self, held: &Held, how: Wrong) -> bool {
        let gone = is_gone(Kind::Shm, held.id);
        if gone && !self.ledger.own_removal(Kind::Shm, held.id) {
            self.ledger.wrong(how, Kind::Shm, held.id, self.me);
            // Once is enough.
            self.ledger.will_remove(Kind::Shm, held.id);
        }
        gone
    }

    fn look_at_held(&self) {
        for held in &self.held {
            self.is_wrong(held, Wrong::Attached);
        }
    }

    fn let_go_of_last(&mut self) {
        let Some(held) = self.held.last() else { return };
        let Some(locked) = held.place.lock(self.me, TRIES) else { return };
        self.detach(&locked);
    }

    fn let_go(&mut self) {
        (0..self.held.len()).for_each(|_| self.let_go_of_last());
    }

    /// Has a child hold what this process holds, and ends soon.
    fn bequeath(&mut self) {
        let seat = self.me.seat() + SEATS / 2;
        if self.ledger.pid(seat) != 0 || self.ledger.sitting(seat) != Life::NOBODY {
            return;
        }
        let life = Life::new(seat, self.random.next() & 0xffff_ffff | 1);
        let (ledger, looks) = (self.ledger, 2 + self.random.below(60));
        let held = std::mem::take(&mut self.held);
        let child = Worker { ledger, me: life, random: Random::new(self.random.next()), held, undoes: false };
        self.ledger.begin_life(life);
        let pid = crowd::fork(false, || {
            ledger.set_pid(seat, crowd::own_pid());
            for _ in 0..looks {
                std::thread::sleep(Duration::from_millis(1));
                for held in &child.held {
                    child.is_wrong(held, Wrong::Inherited);
                }
                ledger.count(Count::Inherited);
            }
            ledger.end_life(life);
            0
        });
        if pid.is_err() {
            ledger.end_life(life);
        }
        self.held = child.held;
        if self.random.once_in(2) {
            ledger.end_life(self.me);
            crowd::leave(0);
        }
    }

    fn use_set(&mut self, place: Place) {
        let Some(locked) = place.lock(self.me, TRIES) else { return };
        let Some(id) = self.object(&locked) else { return };
        let me = self.me;
        match self.random.below(8) {
            0..3 => {
                let delta = if self.random.once_in(2) { 1 } else { -1 };
                let operate = || calls::semop(id, (0, delta, IPC_NOWAIT), None);
                self.call(&locked, id, operate, |locked| locked.used(Role::First, me));
            }
            // At times nobody does so, that sets can go.
            3 if self.ledger.get(Count::Runs) % UNDO_RUNS.1 < UNDO_RUNS.0 => {
                let delta = if self.random.once_in(2) { 1 } else { -1 };
                self.undoes = true;
                locked.will_be_undone(me);
                let operate = || calls::semop(id, (2, delta, SEM_UNDO | IPC_NOWAIT), None);
                self.call(&locked, id, operate, |locked| locked.used(Role::Undoable, me));
            }
            3 | 4 => {
                let delta = if self.random.once_in(2) { 1 } else { -1 };
                self.call(&locked, id, || calls::semop(id, (1, delta, IPC_NOWAIT), None), |_| {});
            }
            choice => {
                // Waiting for zero sleeps only above it.
                if choice == 5 {
                    self.call(&locked, id, || calls::semop(id, (1, 1, IPC_NOWAIT), None), |_| {});
                }
                drop(locked);
                let delta = if choice == 5 { 0 } else { -1 };
                let limit = self.random.once_in(2).then_some(1 + self.random.below(10).cast_signed());
                let open = is_open(place, id);
                self.slept(place, id, open, calls::semop(id, (1, delta, 0), limit));
            }
        }
    }

    /// Sees what a call that may have slept came to.
    fn slept(&self, place: Place, id: i32, was_open: bool, result: Result<(), i32>) {
        match result {
            Ok(()) => self.ledger.count(Count::Used),
            Err(EIDRM) if !self.ledger.own_removal(place.kind(), id) => {
                self.ledger.wrong(Wrong::Asleep, place.kind(), id, self.me);
            }
            Err(EACCES) if was_open => {
                self.ledger.count(Count::Evicted);
                self.see_what_comes(place, id);
            }
            Err(EINTR | EAGAIN) => self.ledger.count(Count::Slept),
            Err(_) => {}
        }
    }

    /// A sleeper was woken because the object was closed after it had been judged: that is no removal of what is in use,
    /// for it had done nothing yet, but it is felt.
    fn see_what_comes(&self, place: Place, id: i32) {
        for _ in 0..KNOCKS {
            match calls::mode(place.kind(), id) {
                Ok(mode) if mode & 0o777 == 0 => std::thread::sleep(Duration::from_micros(200)),
                Ok(_) => return,
                Err(_) => {
                    if !self.ledger.own_removal(place.kind(), id) {
                        self.ledger.count(Count::EvictedForGood);
                    }
                    return;
                }
            }
        }
    }

    fn use_queue(&mut self, place: Place) {
        let Some(locked) = place.lock(self.me, TRIES) else { return };
        let Some(id) = self.object(&locked) else { return };
        let me = self.me;
        match self.random.below(10) {
            0..3 => {
                let send = || calls::send(id, MTYPE, 16, IPC_NOWAIT);
                self.call(&locked, id, send, |locked| locked.used(Role::First, me));
            }
            3..6 => {
                let receive = || calls::recv(id, 0, IPC_NOWAIT);
                self.call(&locked, id, receive, |locked| locked.used(Role::Second, me));
            }
            6 if self.random.once_in(4) && self.ledger.get(Count::NoThreads) == 0 => {
                self.receive_by_thread(&locked, id)
            }
            6 | 7 => {
                locked.goes_to_sleep(Role::First);
                drop(locked);
                // The third does not fit.
                let open = is_open(place, id);
                let result = (0..3).try_for_each(|_| calls::send(id, MTYPE, calls::MOST_BYTES, 0));
                self.slept(place, id, open, result);
                self.wake(place, id, Role::First);
            }
            choice => {
                locked.goes_to_sleep(Role::Second);
                drop(locked);
                let mtype = if choice == 8 { 0 } else { MTYPE_NEVER };
                let open = is_open(place, id);
                self.slept(place, id, open, calls::recv(id, mtype, 0));
                self.wake(place, id, Role::Second);
            }
        }
    }

    /// Without the lock it stays unknown who uses the queue.
    fn wake(&self, place: Place, id: i32, role: Role) {
        if let Some(locked) = place.lock(self.me, TRIES)
            && place.id() == Some(id)
        {
            locked.woke(role);
        }
    }

    /// A thread receives what another process sends that ends then; the thread ends too, and another one lives on. The
    /// lock is held all the time.
    fn receive_by_thread(&mut self, locked: &Locked, id: i32) {
        static PARKED: AtomicBool = AtomicBool::new(false);
        // The child that sends would hold what this process holds, and let it go.
        if !locked.nobody_sleeps() || !self.held.is_empty() {
            return;
        }
        // Of a process with one thread it is not known that it had others.
        if !PARKED.swap(true, Ordering::SeqCst) {
            std::thread::spawn(|| std::thread::sleep(Duration::from_secs(1000)));
        }
        let received = std::thread::spawn(move || {
            loop {
                match calls::recv(id, MTYPE_THREAD, 0) {
                    Err(EINTR) => {}
                    result => break result,
                }
            }
        });
        let sender = crowd::fork(true, || {
            std::thread::sleep(Duration::from_micros(300));
            i32::from(calls::send(id, MTYPE_THREAD, 16, IPC_NOWAIT).is_err())
        });
        let sent = sender.is_ok_and(|pid| matches!(crowd::wait(pid, true), crowd::Waited::Ended(_, 0)));
        if !sent {
            // It waits in vain, unless the queue is gone.
            for _ in 0..KNOCKS {
                match calls::send(id, MTYPE_THREAD, 16, IPC_NOWAIT) {
                    Ok(()) => {
                        locked.used(Role::First, self.me);
                        break;
                    }
                    Err(EAGAIN) if calls::recv(id, MTYPE, IPC_NOWAIT).is_ok() => {
                        locked.used(Role::Second, self.me);
                    }
                    Err(EINVAL | EIDRM) => break,
                    Err(_) => crowd::yield_now(),
                }
                if received.is_finished() {
                    break;
                }
            }
        } else {
            locked.used_by_another(Role::First);
        }
        if !sent && !received.is_finished() {
            // Closed all the time, or full: the thread sleeps on.
            locked.goes_to_sleep(Role::Second);
            return;
        }
        match received.join() {
            Ok(Ok(())) => {
                locked.used(Role::Second, self.me);
                self.ledger.count(Count::ByThread);
                self.look_again(locked, id);
            }
            Ok(Err(EIDRM)) => {
                self.ledger.wrong(Wrong::Asleep, Kind::Msg, id, self.me);
                locked.end();
            }
            Ok(Err(EINVAL)) => locked.is_gone(&self.ledger, id),
            Ok(Err(EACCES | ENOMSG | E2BIG)) => self.ledger.count(Count::Evicted),
            _ => {}
        }
    }
}

fn is_open(place: Place, id: i32) -> bool {
    calls::mode(place.kind(), id).is_ok_and(|mode| mode & 0o777 != 0)
}
