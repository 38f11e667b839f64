//! Creating objects: exclusively, completely, or not at all.
//!
//! Nobody may meet an object half made. What needs more than the creating call is done while only its creator's
//! user may use it, and the final owner and mode come last; when a step fails, the object is removed again.

mod again;
mod existing;
mod refusal;
mod values;

use std::rc::Rc;

pub use self::again::Origin;
use self::values::{fits_one_operation, initialise};
use super::inventory;
use crate::error::{Error, Result, Status};
use crate::kind::class::Attributes;
use crate::kind::model::{Kind, Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::kind::{self, remove_id};
use crate::proc::sysctl;
use crate::sys::shm::{self, ShmFlags};
use crate::sys::{self, Errno, Gid, Key, Mode, SemId, ShmId, Uid, msg, random, sem};

/// Random keys that may be taken before something must be wrong.
const RANDOM_TRIES: u32 = 1000;

/// Which key the new object gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// None: only its id leads to it.
    Private,
    /// This one.
    Key(Key),
    /// One that nobody has yet.
    Random,
}

/// What is to be made.
#[derive(Clone, Debug)]
pub struct Specification {
    /// Its key.
    pub key: KeyChoice,
    /// Permission bits.
    pub mode: Mode,
    /// Owner, if not the caller.
    pub owner: Option<Uid>,
    /// Group, if not the caller's.
    pub group: Option<Gid>,
    /// Accept what is there if it is the same.
    pub exist_ok: bool,
    /// What only its kind has.
    pub body: Body,
}

/// The part that depends on the kind.
#[derive(Clone, Debug)]
pub enum Body {
    /// A segment.
    Segment {
        /// Bytes.
        size: u64,
        /// Huge pages, reservation.
        flags: ShmFlags,
        /// Keep it in RAM.
        lock: bool,
    },
    /// A semaphore set.
    Set {
        /// Number of semaphores.
        nsems: u32,
        /// Their initial values, as many as there are; none at all for zeros.
        values: Rc<[u16]>,
    },
    /// A queue, with another capacity than `msgmnb` perhaps.
    Queue {
        /// Bytes.
        qbytes: Option<u64>,
    },
}

impl Body {
    /// The kind to be made.
    #[must_use]
    pub const fn kind(&self) -> SystemV {
        match self {
            Self::Segment { .. } => SystemV::Segment,
            Self::Set { .. } => SystemV::Set,
            Self::Queue { .. } => SystemV::Queue,
        }
    }
}

/// How it is made.
#[derive(Clone, Copy)]
struct Steps {
    /// The mode it is created with: the final one, or the creator's own rights alone while it is being made.
    first_mode: Mode,
    /// All values of a set by one operation.
    at_once: bool,
    /// Owner, group, mode and capacity by a later `IPC_SET`.
    set_later: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Creation {
    /// It is new.
    Created(Object),
    /// It was there already and fits; perhaps there is something to be said about it.
    Exists(Object, Option<String>),
}

impl Specification {
    /// The kind to be made.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind().kind()
    }

    /// Makes it.
    ///
    /// # Errors
    /// Status 5 when the key is taken (and, with `exist_ok`, the object differs), 4 without a right that is needed,
    /// 1 when a limit is reached or the kernel refuses otherwise.
    pub fn create(&self) -> Result<Creation> {
        let steps = self.steps();
        if self.body.kind() == SystemV::Segment && sysctl::shm_rmid_forced() == Some(true) {
            return self.create_where_nothing_lasts();
        }
        match self.key {
            KeyChoice::Private => self
                .make(Key::PRIVATE, steps)
                .map_err(|errno| self.explain(errno))
                .and_then(|id| self.finish(id, steps)),
            KeyChoice::Random => self.create_random(steps),
            KeyChoice::Key(key) => loop {
                match self.make(key, steps) {
                    Ok(id) => return self.finish(id, steps),
                    Err(Errno::EEXIST) => {
                        if let Some(found) = self.existing(key)? {
                            return Ok(found);
                        }
                        // Removed in that moment: the key is free again.
                    }
                    Err(errno) => return Err(self.explain(errno)),
                }
            },
        }
    }

    /// With `kernel.shm_rmid_forced` a new segment would go with its creator; one that is there may still be accepted.
    fn create_where_nothing_lasts(&self) -> Result<Creation> {
        if let KeyChoice::Key(key) = self.key
            && inventory::find(self.kind(), key).is_ok()
            && let Some(found) = self.existing(key)?
        {
            return Ok(found);
        }
        let reason = "kernel.shm_rmid_forced is 1, so it would be destroyed as soon as ipcadm ends";
        Err(Error::cannot(Status::Refused, &self.operation(), reason, Some("set it to 0")))
    }

    fn create_random(&self, steps: Steps) -> Result<Creation> {
        let made = self.make_random(steps).map_err(|errno| self.no_random_key(errno))?;
        self.finish(made, steps)
    }

    fn no_random_key(&self, errno: Errno) -> Error {
        match errno {
            Errno::EEXIST => Error::cannot(Status::Failed, &self.operation(), "no free random key was found", None),
            errno => self.explain(errno),
        }
    }

    /// `EEXIST` when no key was free.
    fn make_random(&self, steps: Steps) -> sys::Result<ObjectId> {
        for _ in 0..RANDOM_TRIES {
            let key = Key::from_bits(random::bits32()?);
            if key.is_private() {
                continue;
            }
            match self.make(key, steps) {
                Err(Errno::EEXIST) => {}
                done => return done,
            }
        }
        Err(Errno::EEXIST)
    }

    /// Makes it with a random key that nobody has, by the creating call alone: nothing is set later, so values, owner,
    /// group and capacity do not count, and a segment may go with its creator (`kernel.shm_rmid_forced`).
    ///
    /// # Errors
    /// The kernel's; `EEXIST` when no key was free.
    pub fn make_bare(&self) -> sys::Result<ObjectId> {
        self.make_random(Steps { first_mode: self.mode, at_once: true, set_later: false })
    }

    fn operation(&self) -> String {
        format!("create a {}", self.kind().noun())
    }

    /// Decides how it is made: once, for the limits that count may change meanwhile.
    fn steps(&self) -> Steps {
        let at_once = match &self.body {
            Body::Set { values, .. } => fits_one_operation(values),
            _ => true,
        };
        let late = match &self.body {
            Body::Segment { .. } => false,
            // Giving values needs write permission; many of them at once are not one operation.
            Body::Set { .. } => self.mode.bits() & 0o200 == 0 || !at_once,
            Body::Queue { qbytes } => qbytes.is_some(),
        };
        let set_later = late || self.owner.is_some() || self.group.is_some();
        let bits = match &self.body {
            _ if !set_later => self.mode.bits(),
            // Whoever may read could meet values half set.
            Body::Set { .. } if !at_once => 0o200,
            Body::Set { .. } => self.mode.bits() & 0o700 | 0o200,
            _ => self.mode.bits() & 0o700,
        };
        Steps { first_mode: Mode::new(bits), at_once, set_later }
    }

    fn make(&self, key: Key, steps: Steps) -> sys::Result<ObjectId> {
        let mode = steps.first_mode;
        let id = match &self.body {
            Body::Segment { size, flags, .. } => shm::create(key, *size, mode, *flags)?.raw(),
            Body::Set { nsems, .. } => sem::create(key, *nsems, mode)?.raw(),
            Body::Queue { .. } => msg::create(key, mode)?.raw(),
        };
        Ok(ObjectId::system_v(self.kind(), id))
    }

    /// The later steps; if one fails, the object goes again.
    fn finish(&self, id: ObjectId, steps: Steps) -> Result<Creation> {
        self.complete(id, steps).map(Creation::Created).map_err(|error| undo(id, error))
    }

    fn complete(&self, id: ObjectId, steps: Steps) -> Result<Object> {
        let look = || match inventory::look(id) {
            Ok(Some(object)) => Ok(object),
            Ok(None) => Err(Error::cannot(Status::Failed, &self.operation(), "somebody removed it at once", None)),
            Err(errno) => Err(inventory::unreadable(id, errno)),
        };
        match &self.body {
            Body::Segment { lock: true, .. } => shm::lock(ShmId::new(id.sysv())).map_err(|errno| {
                let remedy = "needs CAP_IPC_LOCK, or a RLIMIT_MEMLOCK (ulimit -l) that is large enough";
                Error::cannot(Status::of(errno), "lock the new segment into RAM", errno, Some(remedy))
            })?,
            Body::Set { values, .. } => initialise(SemId::new(id.sysv()), values, steps.at_once)
                .map_err(|errno| Error::call("set the values of the new semaphore set", errno))?,
            _ => {}
        }
        if steps.set_later {
            self.set(&look()?).map_err(|errno| self.explain_set(errno))?;
        }
        look()
    }

    fn set(&self, made: &Object) -> sys::Result<()> {
        let uid = self.owner.unwrap_or(made.perm.uid);
        let gid = self.group.unwrap_or(made.perm.gid);
        let qbytes = match &self.body {
            Body::Queue { qbytes: Some(qbytes) } => Some(*qbytes),
            _ => made.as_queue().and_then(|queue| queue.qbytes),
        };
        kind::set(made.id, Attributes { uid, gid, mode: self.mode, qbytes })
    }
}

/// Removes what was made a moment ago because of `error`, and says so if even that fails.
#[must_use]
pub fn undo(id: ObjectId, error: Error) -> Error {
    match (remove_id(id), error) {
        (Ok(()) | Err(Errno::EINVAL | Errno::EIDRM), error) => error,
        (Err(errno), error) => Error::Failed {
            status: error.status(),
            message: format!("{error}; {id} was made and cannot be removed again: {errno}"),
        },
    }
}
