//! Creating objects: exclusively, and complete or not at all.
//!
//! Nobody may find an incomplete object. Steps after the creating call are made while only its creator's user has
//! permission; the final owner and mode come last. When a step fails, the object is removed again.

pub mod again;
mod existing;
mod refusal;
mod values;

use std::rc::Rc;

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

/// Taken random keys in a row that mean something is wrong.
const RANDOM_TRIES: u32 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// Only the id leads to the object.
    Private,
    Key(Key),
    /// A random unused key.
    Random,
}

#[derive(Clone, Debug)]
pub struct Specification {
    pub key: KeyChoice,
    pub mode: Mode,
    pub owner: Option<Uid>,
    pub group: Option<Gid>,
    /// Accept an existing object that is the same.
    pub exist_ok: bool,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    Segment {
        size: u64,
        flags: ShmFlags,
        /// Lock it into RAM.
        lock: bool,
    },
    Set {
        nsems: u32,
        /// One initial value each; empty for zeros.
        values: Rc<[u16]>,
    },
    Queue {
        /// Bytes; None for `msgmnb`.
        qbytes: Option<u64>,
    },
}

impl Body {
    pub const fn kind(&self) -> SystemV {
        match self {
            Self::Segment { .. } => SystemV::Segment,
            Self::Set { .. } => SystemV::Set,
            Self::Queue { .. } => SystemV::Queue,
        }
    }
}

#[derive(Clone, Copy)]
struct Steps {
    /// The final mode, or the creator's own permissions alone during creation.
    first_mode: Mode,
    /// Whether one operation sets all values of a set.
    at_once: bool,
    /// Whether an `IPC_SET` follows for owner, group, mode and capacity.
    set_later: bool,
}

#[derive(Clone, Debug)]
pub enum Creation {
    Created(Object),
    /// It existed and fits; perhaps with a remark.
    Exists(Object, Option<String>),
}

impl Specification {
    pub const fn kind(&self) -> Kind {
        self.body.kind().kind()
    }

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
            KeyChoice::Random => {
                self.make_random(steps).map_err(|errno| self.no_random_key(errno)).and_then(|id| self.finish(id, steps))
            }
            KeyChoice::Key(key) => loop {
                match self.make(key, steps) {
                    Ok(id) => return self.finish(id, steps),
                    Err(Errno::EEXIST) => {
                        if let Some(found) = self.existing(key)? {
                            return Ok(found);
                        }
                        // Removed meanwhile: the key is free again.
                    }
                    Err(errno) => return Err(self.explain(errno)),
                }
            },
        }
    }

    /// With `kernel.shm_rmid_forced` a new segment would go with its creator; an existing one may still be accepted.
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

    /// Creates the object with a random unused key by the creating call alone: values, owner, group and capacity are
    /// not set, and a segment may go with its creator (`kernel.shm_rmid_forced`). `EEXIST` when no free key was found.
    pub(crate) fn make_by_call(&self) -> sys::Result<ObjectId> {
        self.make_random(Steps { first_mode: self.mode, at_once: true, set_later: false })
    }

    fn operation(&self) -> String {
        format!("create a {}", self.kind().noun())
    }

    /// Decided once, since the limits it depends on may change meanwhile.
    fn steps(&self) -> Steps {
        let at_once = match &self.body {
            Body::Set { values, .. } => fits_one_operation(values),
            _ => true,
        };
        let late = match &self.body {
            Body::Segment { .. } => false,
            // Setting values needs write permission; too many of them take several operations.
            Body::Set { .. } => self.mode.bits() & 0o200 == 0 || !at_once,
            Body::Queue { qbytes } => qbytes.is_some(),
        };
        let set_later = late || self.owner.is_some() || self.group.is_some();
        let bits = match &self.body {
            _ if !set_later => self.mode.bits(),
            // A reader could see values partly set.
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

    /// The later steps; on failure the object is removed.
    fn finish(&self, id: ObjectId, steps: Steps) -> Result<Creation> {
        self.complete(id, steps).map(Creation::Created).map_err(|error| undo(id, error))
    }

    fn complete(&self, id: ObjectId, steps: Steps) -> Result<Object> {
        match &self.body {
            Body::Segment { lock: true, .. } => lock_new(id)?,
            Body::Set { values, .. } => initialise(SemId::new(id.sysv()), values, steps.at_once)
                .map_err(|errno| Error::call("set the values of the new semaphore set", errno))?,
            _ => {}
        }
        if steps.set_later {
            self.set(&self.look(id)?).map_err(|errno| self.explain_set(errno))?;
        }
        self.look(id)
    }

    fn look(&self, id: ObjectId) -> Result<Object> {
        match inventory::look(id) {
            Ok(Some(object)) => Ok(object),
            Ok(None) => Err(Error::cannot(Status::Failed, &self.operation(), "somebody removed it at once", None)),
            Err(errno) => Err(inventory::unreadable(id, errno)),
        }
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

fn lock_new(id: ObjectId) -> Result<()> {
    shm::lock(ShmId::new(id.sysv())).map_err(|errno| {
        let remedy = "needs CAP_IPC_LOCK, or a RLIMIT_MEMLOCK (ulimit -l) that is large enough";
        Error::cannot(Status::of(errno), "lock the new segment into RAM", errno, Some(remedy))
    })
}

/// Removes the object just created because of `error`; adds a failure of that to the error.
pub fn undo(id: ObjectId, error: Error) -> Error {
    match (remove_id(id), error) {
        (Ok(()) | Err(Errno::EINVAL | Errno::EIDRM), error) => error,
        (Err(errno), error) => Error::Failed {
            status: error.status(),
            message: format!("{error}; {id} was made and cannot be removed again: {errno}"),
        },
    }
}
