//! Families: a founder makes objects and hands them on to processes that only know them. The kernel's record names others,
//! who are gone.
//!
//! In some families all have the library that names the calls: their members may use what they know. In the others nobody
//! has it, and only who holds a lock or stands in a call counts, which is seen without.

use std::time::{Duration, Instant};

use ipcadm_testbed::crowd::{self, Waited};
use ipcadm_testbed::{Kind, calls};
use libc::{EACCES, EEXIST, IPC_CREAT, IPC_EXCL, IPC_NOWAIT, SEM_UNDO};

use crate::chaos::able::Library;
use crate::chaos::known::{Known, Member, Noted, Plot};
use crate::chaos::ledger::{Count, Ledger};
use crate::chaos::random::Random;

/// Attempts to get into a closed object.
const KNOCKS: u32 = 300;
/// How long an idle member lives at most, in milliseconds.
const IDLE: u64 = 250;
/// How long a member is waited for, which may have failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// A member at work.
struct Process {
    known: Known,
    ledger: Ledger,
    me: Member,
    random: Random,
}

/// An object of a member.
#[derive(Clone, Copy)]
struct Own {
    kind: Kind,
    id: i32,
    noted: Noted,
}

/// Founds a family in a process of its own.
pub(crate) fn found(known: Known, ledger: Ledger, me: Member, seed: u64, user: Option<u32>, library: &Library) {
    known.set_pid(me, crowd::own_pid());
    if let Some(user) = user {
        crowd::become_user(user).expect("another user");
    }
    let mut founder = Process { known, ledger, me, random: Random::new(seed) };
    let able = founder.random.once_in(2);
    if able {
        library.map();
    }
    for _ in 0..=founder.random.below(3) {
        match (able, founder.random.below(3)) {
            (true, 0) => founder.inherit(),
            (true, 1) => founder.hand_on(),
            (true, _) => founder.succeed(),
            (false, 0) => founder.pause(),
            (false, _) => founder.lock(),
        }
        if ledger.stopped() {
            break;
        }
    }
    if founder.random.once_in(2) {
        founder.idle(IDLE, None);
    }
    known.end(me);
}

impl Process {
    /// A new object, used by nobody yet, and written down.
    fn make(&mut self, plot: Plot, kind: Kind) -> Option<Own> {
        let key = if self.random.once_in(3) { 1 + (self.random.next() as i32 & 0x7fff_fffe) } else { 0 };
        let size = if kind == Kind::Shm { 4096 } else { 1 };
        let id = match calls::get(kind, key, size, 0o600 | IPC_CREAT | IPC_EXCL) {
            Err(EEXIST) => calls::get(kind, 0, size, 0o600 | IPC_CREAT),
            result => result,
        };
        let id = id.ok()?;
        self.ledger.count(Count::Made);
        Some(Own { kind, id, noted: self.known.note(plot, kind, id)? })
    }

    fn any_kind(&mut self) -> Kind {
        Kind::ALL[self.random.below(3) as usize]
    }

    /// A child that uses it and ends: the last user that the kernel knows.
    fn let_use(&self, own: Own) {
        let child = crowd::fork(true, || i32::from(!use_once(own)));
        if child.is_ok_and(|pid| crowd::wait(pid, true) == Waited::Ended(pid, 0)) {
            self.ledger.count(Count::Used);
        }
    }

    /// Lives on, and looks now and then whether what it knows is still there. It may use it in the end.
    fn idle(&mut self, at_most: u64, own: Option<Own>) {
        let end = Instant::now() + Duration::from_millis(self.random.below(at_most));
        while Instant::now() < end && !self.ledger.stopped() {
            std::thread::sleep(Duration::from_millis(3));
            if let Some(own) = own
                && self.random.once_in(5)
            {
                self.look(own);
            }
        }
        let Some(own) = own else { return };
        self.look(own);
        if self.random.once_in(4) && use_once(own) {
            self.ledger.count(Count::Used);
        }
        self.look(own);
    }

    fn look(&self, own: Own) {
        if let Some(gone) = self.known.look_again(own.noted) {
            self.ledger.found_gone(&gone);
        }
    }

    /// Begins a member that runs `body`, and its number.
    fn begin(&mut self, body: impl FnOnce(&mut Process)) -> Option<(Member, i32)> {
        let member = self.known.begin(self.me.family())?;
        let (known, ledger, seed) = (self.known, self.ledger, self.random.next());
        let child = crowd::fork(false, || {
            if !known.lives(member) {
                return 0;
            }
            known.set_pid(member, crowd::own_pid());
            body(&mut Process { known, ledger, me: member, random: Random::new(seed) });
            known.end(member);
            0
        });
        match child {
            Ok(pid) => {
                self.known.set_pid(member, pid);
                self.ledger.count(Count::Begun);
                Some((member, pid))
            }
            Err(_) => {
                self.known.end(member);
                None
            }
        }
    }

    /// What children use that are gone, their parent may use.
    fn inherit(&mut self) {
        let kind = self.any_kind();
        let Some(own) = self.make(Plot::Parent, kind) else { return };
        self.known.learn(own.noted, self.me);
        self.let_use(own);
        self.ledger.count(Count::KnownByParent);
        self.idle(IDLE, Some(own));
    }

    /// A member is told of it at its birth, as a daemon of what it is to serve.
    fn hand_on(&mut self) {
        let kind = self.any_kind();
        let Some(own) = self.make(Plot::Child, kind) else { return };
        self.known.learn(own.noted, self.me);
        let before = self.random.once_in(2);
        if before {
            self.let_use(own);
        }
        let begun = self.begin(|daemon| {
            daemon.known.learn(own.noted, daemon.me);
            if !before {
                daemon.let_use(own);
            }
            daemon.idle(2 * IDLE, Some(own));
        });
        if begun.is_some() {
            self.ledger.count(Count::KnownByChild);
        }
    }

    /// One after the other, each the child of the one before, which ends.
    fn succeed(&mut self) {
        let kind = self.any_kind();
        let Some(own) = self.make(Plot::Successors, kind) else { return };
        self.known.learn(own.noted, self.me);
        self.let_use(own);
        let left = 1 + self.random.below(12);
        self.begin(|first| first.renew(own, left));
    }

    fn renew(&mut self, own: Own, left: u64) {
        self.known.learn(own.noted, self.me);
        let at_most = if self.random.once_in(2) { 8 } else { 60 };
        self.idle(at_most, Some(own));
        if left == 0 || self.ledger.stopped() {
            return;
        }
        if self.begin(|next| next.renew(own, left - 1)).is_some() {
            self.ledger.count(Count::Successions);
        }
    }

    /// A lock that is given back by the end of its holder, who may have executed something else. Others came and went.
    fn lock(&mut self) {
        let Some(own) = self.make(Plot::Lock, Kind::Sem) else { return };
        let id = own.id;
        if knock(|| calls::semop(id, (0, 4, IPC_NOWAIT), None)).is_err() {
            return;
        }
        let held = crowd::shared_words(1);
        let executes = self.random.once_in(2);
        let holder = self.begin(|holder| {
            let taken = knock(|| calls::semop(id, (0, -1, SEM_UNDO | IPC_NOWAIT), None)).is_ok();
            crowd::add(&held[0], 1);
            if !(taken && holder.known.learn(own.noted, holder.me)) {
                return;
            }
            crowd::add(&held[0], 1);
            if executes {
                crowd::become_sleep();
            }
            holder.idle(3 * IDLE, None);
            holder.look(own);
        });
        let Some((member, _)) = holder else { return };
        if self.wait_for(member, || held[0].load(std::sync::atomic::Ordering::SeqCst) == 2) {
            self.let_use(own);
            self.ledger.count(Count::Locks);
        }
    }

    /// A member that is stopped inside a call, as by a debugger or a freezer. Others came and went.
    fn pause(&mut self) {
        let kind = if self.random.once_in(2) { Kind::Sem } else { Kind::Msg };
        let Some(own) = self.make(Plot::Pause, kind) else { return };
        // Until the other is stopped this one is the last user, and lives. Otherwise the queue might be closed while
        // somebody receives, who is refused then, and stands where he waited.
        if !use_once(own) {
            return;
        }
        let sleeper = self.begin(|_| {
            // It is never woken rightly.
            let _ = match own.kind {
                Kind::Msg => calls::recv(own.id, 99, 0),
                _ => calls::semop(own.id, (0, -1, 0), None),
            };
        });
        let Some((member, pid)) = sleeper else { return };
        if !self.wait_for(member, || crowd::is_asleep(pid)) {
            return;
        }
        crowd::stop(pid);
        if self.wait_for(member, || crowd::state(pid) == Some('T')) && stands_in_call(pid) {
            self.known.learn(own.noted, member);
            self.let_use(own);
            self.ledger.count(Count::Paused);
        }
    }

    /// Waits until something is so, unless the member ends.
    fn wait_for(&self, member: Member, is_so: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        while self.known.lives(member) && begun.elapsed() < PATIENCE {
            if is_so() {
                return true;
            }
            crowd::yield_now();
        }
        false
    }
}

/// Whether the call in which a stopped process stands is still the one in which it slept.
fn stands_in_call(pid: i32) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    let number = text.split(' ').next().and_then(|number| number.parse::<i64>().ok());
    number.is_some_and(|number| [libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_msgrcv].contains(&number))
}

/// Makes a call again while the object is closed.
fn knock(call: impl Fn() -> Result<(), i32>) -> Result<(), i32> {
    for _ in 0..KNOCKS {
        match call() {
            Err(EACCES) => crowd::yield_now(),
            result => return result,
        }
    }
    Err(EACCES)
}

/// Uses an object, so that this process is the last user of all of it.
fn use_once(own: Own) -> bool {
    let id = own.id;
    let done = match own.kind {
        Kind::Shm => knock(|| calls::attach(id).and_then(calls::detach)),
        Kind::Sem => knock(|| calls::semop(id, (0, 1, IPC_NOWAIT), None))
            .and_then(|()| knock(|| calls::semop(id, (0, -1, IPC_NOWAIT), None))),
        Kind::Msg => {
            knock(|| calls::send(id, 1, 16, IPC_NOWAIT)).and_then(|()| knock(|| calls::recv(id, 1, IPC_NOWAIT)))
        }
    };
    done.is_ok()
}
