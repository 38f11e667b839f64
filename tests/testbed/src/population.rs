//! Random objects of all kinds in every state they can have, for tests that
//! compare what two programs say of them.

use crate::make::{self, Attachment, Blocked};
use crate::{Kind, NOBODY, Random, is_root};

/// SHM_NORESERVE: without it the kernel refuses sizes it has no memory for.
const NO_RESERVE: u32 = 0o10000;

/// Accounts that most systems name, one of them longer than ten letters.
const USERS: [u32; 7] = [0, 1, 2, 8, 13, 997, NOBODY];

/// Objects in the calling thread's namespace, and what keeps them in their
/// states.
#[derive(Debug)]
pub struct Population {
    /// What was made and is still there.
    pub objects: Vec<Made>,
    _attached: Vec<Attachment>,
    _waiting: Vec<Blocked>,
}

/// An object of a [`Population`].
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: i32,
}

impl Made {
    /// Whether a child that is [`unprivileged`](crate::Cmd::unprivileged) may
    /// read what is in it.
    pub fn nobody_may_read(&self) -> bool {
        let perm = make::perm(self.kind, self.id);
        let (user, group) = if is_root() { (NOBODY, NOBODY) } else { (0, 0) };
        let bit = if perm.uid == user || perm.cuid == user {
            0o400
        } else if perm.gid == group || perm.cgid == group {
            0o040
        } else {
            0o004
        };
        perm.mode & bit != 0
    }
}

impl Population {
    /// About so many objects.
    #[track_caller]
    pub fn new(random: &mut Random, number: u32) -> Self {
        Self::with_creators(random, number, |random| (account(random), account(random)))
    }

    /// As [`Population::new`], but creators have the number of their user for
    /// their group too.
    #[track_caller]
    pub fn with_even_creators(random: &mut Random, number: u32) -> Self {
        Self::with_creators(random, number, |random| {
            let number = account(random);
            (number, number)
        })
    }

    #[track_caller]
    fn with_creators(random: &mut Random, number: u32, creator: impl Fn(&mut Random) -> (u32, u32)) -> Self {
        let mut made = Population { objects: Vec::new(), _attached: Vec::new(), _waiting: Vec::new() };
        for number in 0..number {
            let kind = *random.of(&Kind::ALL);
            // No two have the same key; half of the keys have the high bit.
            let key = (random.any() as u32 & 0xffff_fc00 | number | 0x200) as i32;
            let key = if random.one_in(4) { 0 } else { key };
            let (uid, gid) = (account(random), account(random));
            // Creators are the owners of the moment, as everywhere.
            let (cuid, cgid) = if is_root() && random.one_in(3) { creator(random) } else { (0, 0) };
            let create = |random: &mut Random| made_of(kind, key, random);
            let id = if (cuid, cgid) == (0, 0) { create(random) } else { make::as_user(cuid, cgid, || create(random)) };
            made.use_it(kind, id, random);
            // Bits above 0777 are no permissions; the kernel drops them.
            let mode = random.below(0o10000) as u32;
            if is_root() {
                make::chown(kind, id, uid, gid, mode);
            } else {
                // Without capabilities, children must be able to look.
                make::chown(kind, id, 0, 0, mode | 0o400);
            }
            if kind == Kind::Shm && random.one_in(6) && make::shm_stat(id).size < 1 << 30 {
                // Marked for removal, it lives as long as it is attached.
                made._attached.push(make::attach(id));
                make::remove(kind, id);
            }
            made.objects.push(Made { kind, id });
            // Holes, so that ids are no plain count.
            if random.one_in(4) {
                let kind = *random.of(&Kind::ALL);
                make::remove(kind, made_of(kind, 0, random));
            }
        }
        made
    }

    /// Those of one kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = Made> {
        self.objects.iter().copied().filter(move |made| made.kind == kind)
    }

    fn use_it(&mut self, kind: Kind, id: i32, random: &mut Random) {
        match kind {
            Kind::Shm => {
                if make::shm_stat(id).size < 1 << 30 {
                    for _ in 0..random.below(3) {
                        let mut memory = make::attach(id);
                        if random.one_in(2) {
                            memory.write(0, b"x");
                        }
                        if random.one_in(2) {
                            self._attached.push(memory);
                        }
                    }
                    // An ordinary user may lock a little.
                    if random.one_in(if is_root() { 5 } else { 50 }) {
                        make::shm_lock(id);
                    }
                }
            }
            Kind::Sem => {
                if random.one_in(2) {
                    make::semop(id, &[(0, 1 + random.below(32_767) as i16, 0)]);
                }
                if random.one_in(6) {
                    let change = if make::sem_stat(id).otime == 0 { -1 } else { 0 };
                    self._waiting.push(make::blocked_semop(id, 0, change));
                }
            }
            Kind::Msg => {
                if random.one_in(2) {
                    make::qbytes(id, 2000 + random.below(14_000));
                }
                for _ in 0..random.below(4) {
                    make::send(id, 1, &vec![b'm'; random.below(500) as usize]);
                }
                if random.one_in(2) && make::msg_stat(id).qnum > 0 {
                    make::recv(id, 0);
                }
            }
        }
    }
}

/// An object that its creator may use.
fn made_of(kind: Kind, key: i32, random: &mut Random) -> i32 {
    match kind {
        Kind::Shm => {
            // Unattached and untouched, a segment of any size takes no memory.
            let bits = random.below(64);
            let size = if bits < 50 { 1 + random.below(1 << (bits % 21)) } else { 1 + random.below(1 << bits) };
            make::shm(key, size as usize, 0o600 | NO_RESERVE)
        }
        Kind::Sem => make::sem(key, 1 + random.below(30) as usize, 0o600),
        Kind::Msg => make::msg(key, 0o600),
    }
}

fn account(random: &mut Random) -> u32 {
    if random.one_in(2) { *random.of(&USERS) } else { random.account() }
}
