//! Creating objects: exclusively, completely, or not at all.
//!
//! Nobody may meet an object half made. What needs more than the creating call is done while only its creator's
//! user may use it, and the final owner and mode come last; when a step fails, the object is removed again.

use std::time::{Duration, Instant};

use super::inventory;
use super::model::{Kind, Object, ObjectId};
use super::names::{group_text, user_text};
use super::removal::remove_id;
use crate::error::{Error, Result, Status};
use crate::proc::sysctl;
use crate::render::style::now;
use crate::sys::sem::SemOp;
use crate::sys::shm::ShmFlags;
use crate::sys::{self, Errno, Gid, Key, Mode, MsgId, SemId, ShmId, Uid, accounts, memory, msg, random, sem, shm};

/// How long `--exist-ok` waits for another creator to finish.
const MOMENT: Duration = Duration::from_secs(1);
/// How often it looks meanwhile: the kernel has nothing to wait for here.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// An object changed longer ago than this (seconds) is not being made any more.
const FRESH: i64 = 2;
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
        values: Vec<u16>,
    },
    /// A queue, with another capacity than `msgmnb` perhaps.
    Queue {
        /// Bytes.
        qbytes: Option<u64>,
    },
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
        match self.body {
            Body::Segment { .. } => Kind::Shm,
            Body::Set { .. } => Kind::Sem,
            Body::Queue { .. } => Kind::Msg,
        }
    }

    /// Makes it.
    ///
    /// # Errors
    /// Status 5 when the key is taken (and, with `exist_ok`, the object differs), 4 without a right that is needed,
    /// 1 when a limit is reached or the kernel refuses otherwise.
    pub fn create(&self) -> Result<Creation> {
        match self.key {
            KeyChoice::Private => {
                self.make(Key::PRIVATE).map_err(|errno| self.explain(errno)).and_then(|id| self.finish(id))
            }
            KeyChoice::Random => self.create_random(),
            KeyChoice::Key(key) => loop {
                match self.make(key) {
                    Ok(id) => return self.finish(id),
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

    fn create_random(&self) -> Result<Creation> {
        for _ in 0..RANDOM_TRIES {
            let key = Key::from_bits(random::bits32().map_err(|errno| Error::call("choose a random key", errno))?);
            if key.is_private() {
                continue;
            }
            match self.make(key) {
                Ok(id) => return self.finish(id),
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(self.explain(errno)),
            }
        }
        Err(Error::cannot(Status::Failed, &self.operation(), "no free random key was found", None))
    }

    fn operation(&self) -> String {
        format!("create a {}", self.kind().noun())
    }

    /// Whether owner, group, mode or capacity can only be given by a later `IPC_SET`.
    fn needs_set(&self) -> bool {
        let late = match &self.body {
            Body::Segment { .. } => false,
            // Giving values needs write permission; many of them at once are not one operation.
            Body::Set { values, .. } => self.mode.bits() & 0o200 == 0 || !fits_one_operation(values),
            Body::Queue { qbytes } => qbytes.is_some(),
        };
        late || self.owner.is_some() || self.group.is_some()
    }

    /// The mode it is created with: the final one, or the creator's own rights alone while it is being made.
    fn first_mode(&self) -> Mode {
        if !self.needs_set() {
            return self.mode;
        }
        match &self.body {
            // Whoever may read could meet values half set.
            Body::Set { values, .. } if !fits_one_operation(values) => Mode::new(0o200),
            Body::Set { .. } => Mode::new(self.mode.bits() & 0o700 | 0o200),
            _ => Mode::new(self.mode.bits() & 0o700),
        }
    }

    fn make(&self, key: Key) -> sys::Result<ObjectId> {
        let mode = self.first_mode();
        let id = match &self.body {
            Body::Segment { size, flags, .. } => shm::create(key, *size, mode, *flags)?.raw(),
            Body::Set { nsems, .. } => sem::create(key, *nsems, mode)?.raw(),
            Body::Queue { .. } => msg::create(key, mode)?.raw(),
        };
        Ok(ObjectId { kind: self.kind(), id })
    }

    /// The later steps; if one fails, the object goes again.
    fn finish(&self, id: ObjectId) -> Result<Creation> {
        self.complete(id).map(Creation::Created).map_err(|error| undo(id, error))
    }

    fn complete(&self, id: ObjectId) -> Result<Object> {
        let look = || match inventory::look(id) {
            Ok(Some(object)) => Ok(object),
            Ok(None) => Err(Error::cannot(Status::Failed, &self.operation(), "somebody removed it at once", None)),
            Err(errno) => Err(inventory::unreadable(id, errno)),
        };
        if self.kind() == Kind::Shm && sysctl::shm_rmid_forced() == Some(true) {
            let reason = "kernel.shm_rmid_forced is 1, so it would be destroyed as soon as ipcadm ends";
            return Err(Error::cannot(Status::Refused, &self.operation(), reason, Some("set it to 0")));
        }
        match &self.body {
            Body::Segment { lock: true, .. } => shm::lock(ShmId::new(id.id)).map_err(|errno| {
                let remedy = "needs CAP_IPC_LOCK, or a RLIMIT_MEMLOCK (ulimit -l) that is large enough";
                Error::cannot(Status::of(errno), "lock the new segment into RAM", errno, Some(remedy))
            })?,
            Body::Set { values, .. } => initialise(SemId::new(id.id), values)
                .map_err(|errno| Error::call("set the values of the new semaphore set", errno))?,
            _ => {}
        }
        if self.needs_set() {
            self.set(&look()?).map_err(|errno| self.explain_set(errno))?;
        }
        look()
    }

    fn set(&self, made: &Object) -> sys::Result<()> {
        let uid = self.owner.unwrap_or(made.perm.uid);
        let gid = self.group.unwrap_or(made.perm.gid);
        let id = made.id.id;
        match &self.body {
            Body::Segment { .. } => shm::set(ShmId::new(id), uid, gid, self.mode),
            Body::Set { .. } => sem::set(SemId::new(id), uid, gid, self.mode),
            Body::Queue { qbytes } => {
                let capacity = qbytes.or_else(|| made.as_queue()?.qbytes).ok_or(Errno::EACCES)?;
                msg::set(MsgId::new(id), uid, gid, self.mode, capacity)
            }
        }
    }

    fn explain_set(&self, errno: Errno) -> Error {
        let operation = format!("give the new {} its owner, mode and capacity", self.kind().noun());
        let remedy = match errno {
            Errno::EPERM => msg::limits().ok().map(|limits| {
                format!(
                    "more than kernel.msgmnb ({}) needs CAP_SYS_RESOURCE in the initial user namespace; raise \
                     kernel.msgmnb first",
                    limits.msgmnb
                )
            }),
            Errno::EINVAL => Some("that user or group does not exist in this user namespace".to_owned()),
            _ => None,
        };
        Error::cannot(Status::of(errno), &operation, errno, remedy.as_deref())
    }

    /// What the key names already. None when it is gone again.
    fn existing(&self, key: Key) -> Result<Option<Creation>> {
        let deadline = Instant::now() + MOMENT;
        loop {
            let Ok(id) = inventory::find(self.kind(), key) else { return Ok(None) };
            let looked = inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))?;
            let Some(object) = looked else { return Ok(None) };
            if !self.exist_ok {
                let reason = format!("{key} is {id}, owned by {}", user_text(object.perm.uid));
                let remedy = format!("{reason}; --exist-ok accepts it if it fits");
                return Err(Error::cannot(Status::Exists, &self.operation(), Errno::EEXIST, Some(&remedy)));
            }
            let differences = self.differences(&object);
            let unused = object.as_set().is_some_and(|set| set.otime.is_never());
            if differences.is_empty() && !unused {
                return Ok(Some(Creation::Exists(object, None)));
            }
            // Another creator may be at its later steps.
            let fresh = object.ctime.seconds() >= now().saturating_sub(FRESH);
            if fresh && Instant::now() < deadline {
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
            if !differences.is_empty() {
                let reason = format!("{key} is {id}, which differs: {}", differences.join("; "));
                return Err(Error::cannot(Status::Exists, &self.operation(), reason, None));
            }
            let note = format!("no operation was ever done on {id}: its creator may not have given it its values");
            return Ok(Some(Creation::Exists(object, Some(note))));
        }
    }

    /// In what an existing object is not as specified. Values are never compared: they are there to change.
    fn differences(&self, object: &Object) -> Vec<String> {
        let mut found = Vec::new();
        let perm = &object.perm;
        match (&self.body, object.as_segment(), object.as_set(), object.as_queue()) {
            (Body::Segment { size, lock, .. }, Some(segment), _, _) => {
                if segment.size != *size {
                    found.push(format!("size {} instead of {size}", segment.size));
                }
                if *lock && !perm.mode.is_locked() {
                    found.push("not locked".to_owned());
                }
            }
            (Body::Set { nsems, .. }, _, Some(set), _) if set.nsems != u64::from(*nsems) => {
                found.push(format!("{} semaphores instead of {nsems}", set.nsems));
            }
            (Body::Queue { qbytes: Some(wanted) }, _, _, Some(queue)) if queue.qbytes != Some(*wanted) => {
                let has = queue.qbytes.map_or_else(|| "unknown".to_owned(), |qbytes| qbytes.to_string());
                found.push(format!("capacity {has} instead of {wanted}"));
            }
            _ => {}
        }
        let me = accounts::effective_user();
        let owner = self.owner.unwrap_or(me);
        if perm.uid != owner {
            found.push(format!("owner {} instead of {}", user_text(perm.uid), user_text(owner)));
        }
        if let Some(group) = self.group
            && perm.gid != group
        {
            found.push(format!("group {} instead of {}", group_text(perm.gid), group_text(group)));
        }
        // A creator keeps an owner's rights for ever, so a stranger's object is not one's own by its owner alone.
        if ![me, owner, Uid::new(0)].contains(&perm.cuid) {
            found.push(format!("created by {}, who may still change and remove it", user_text(perm.cuid)));
        }
        if perm.mode.permissions() != self.mode.permissions() {
            found.push(format!("mode {} instead of {}", perm.mode, self.mode));
        }
        found
    }

    /// Why the kernel did not create it.
    fn explain(&self, errno: Errno) -> Error {
        let remedy = match (errno, &self.body) {
            (Errno::EINVAL, Body::Segment { size, flags, .. }) => Some(invalid_segment(*size, *flags)),
            (Errno::EINVAL, Body::Set { nsems, .. }) => sem::limits().ok().map(|limits| {
                format!(
                    "{nsems} semaphores are more than the {} that kernel.sem (SEMMSL) allows in one set",
                    limits.semmsl
                )
            }),
            (Errno::ENOSPC, _) => self.exhausted(),
            (Errno::ENOMEM, Body::Segment { flags: ShmFlags { huge_shift: Some(_), .. }, .. }) => {
                Some("too few free huge pages; see vm.nr_hugepages".to_owned())
            }
            (Errno::ENOMEM, Body::Segment { flags, .. }) if !flags.no_reserve => {
                Some("more memory than the kernel will promise; see vm.overcommit_memory, or --noreserve".to_owned())
            }
            (Errno::EPERM, Body::Segment { flags: ShmFlags { huge_shift: Some(_), .. }, .. }) => {
                Some("huge pages need CAP_IPC_LOCK or the group in vm.hugetlb_shm_group".to_owned())
            }
            _ => None,
        };
        Error::cannot(Status::of(errno), &self.operation(), errno, remedy.as_deref())
    }

    /// Which limit is reached. This is no matter of disk space, whatever the kernel's text says.
    fn exhausted(&self) -> Option<String> {
        let limit = match &self.body {
            Body::Segment { size, .. } => {
                let (limits, usage) = (shm::limits().ok()?, shm::usage().ok()?);
                if u64::from(usage.used_ids) >= limits.shmmni {
                    format!("kernel.shmmni allows {} segments and {} exist", limits.shmmni, usage.used_ids)
                } else {
                    let pages = size.div_ceil(memory::page_size() as u64);
                    format!(
                        "kernel.shmall allows {} pages, {} are in use and this takes {pages}",
                        limits.shmall, usage.total_pages
                    )
                }
            }
            Body::Set { nsems, .. } => {
                let (limits, usage) = (sem::limits().ok()?, sem::usage().ok()?);
                if u64::from(usage.used_ids) >= limits.semmni {
                    format!("kernel.sem (SEMMNI) allows {} sets and {} exist", limits.semmni, usage.used_ids)
                } else {
                    format!(
                        "kernel.sem (SEMMNS) allows {} semaphores, {} exist and this takes {nsems}",
                        limits.semmns, usage.semaphores
                    )
                }
            }
            Body::Queue { .. } => {
                let (limits, usage) = (msg::limits().ok()?, msg::usage().ok()?);
                format!("kernel.msgmni allows {} queues and {} exist", limits.msgmni, usage.used_ids)
            }
        };
        Some(format!("not disk space: {limit}; see 'ipcadm limits'"))
    }
}

/// What the kernel finds wrong with a segment.
fn invalid_segment(size: u64, flags: ShmFlags) -> String {
    match (shm::limits(), flags.huge_shift) {
        (Ok(limits), _) if size > limits.shmmax => format!("larger than kernel.shmmax, {} bytes", limits.shmmax),
        (_, Some(0)) => "this kernel has no huge pages".to_owned(),
        (_, Some(shift)) => format!("this machine has no huge pages of {} bytes", 1u64 << shift),
        (_, None) => "larger than any segment that this kernel can make".to_owned(),
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

fn fits_one_operation(values: &[u16]) -> bool {
    let semopm = sem::limits().map_or(500, |limits| limits.semopm);
    let operations = match values.iter().filter(|&&value| value > 0).count() {
        0 => 2,
        some => some,
    };
    operations as u64 <= semopm
}

/// Gives a set of zeros its values. Afterwards its otime is not zero: the sign by which others know a set as
/// initialised.
fn initialise(id: SemId, values: &[u16]) -> sys::Result<()> {
    if !fits_one_operation(values) {
        if !values.is_empty() {
            sem::set_all(id, values)?;
        }
        return touch(id, values);
    }
    let ops: Vec<SemOp> = (0u32..)
        .zip(values)
        .filter(|&(_, &value)| value > 0)
        // No set has more than 65,536 semaphores, and no value is above 32767: both fit.
        .map(|(index, &value)| SemOp::new(index as u16, value.cast_signed()).no_wait())
        .collect();
    if ops.is_empty() { touch(id, values) } else { sem::op(id, &ops, None) }
}

/// An operation that changes nothing but otime.
fn touch(id: SemId, values: &[u16]) -> sys::Result<()> {
    let first = if values.first().is_some_and(|&value| value > 0) { -1 } else { 1 };
    let ops = [SemOp::new(0, first).no_wait(), SemOp::new(0, -first).no_wait()];
    match sem::op(id, &ops, None) {
        // Where semopm is 1. The set is hidden still, as that counts as too many for one operation.
        Err(Errno::E2BIG) => ops.iter().try_for_each(|&op| sem::op(id, &[op], None)),
        done => done,
    }
}
