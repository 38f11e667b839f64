//! Restoring an object with its creator, id and contents.

use std::rc::Rc;

use super::values::{fits_one_operation, initialise};
use super::{Body, KeyChoice, Specification, Steps, lock_new, undo};
use crate::error::{Error, Result, Status, os_message};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::kind::remove_id;
use crate::kind::system_v::SystemV;
use crate::object::inventory;
use crate::object::names::user_text;
use crate::proc::sysctl;
use crate::sys::credentials::Acting;
use crate::sys::shm::ShmFlags;
use crate::sys::{Errno, Gid, Key, Mode, MsgId, SemId, Uid, msg, sem};

/// Attributes of a restored object besides its [`Specification`].
#[derive(Clone, Copy, Debug, Default)]
pub struct OriginalIdentity {
    /// None for the caller.
    pub creator: Option<(Uid, Gid)>,
    pub id: Option<i32>,
    /// A set without any `semop` so far.
    pub never_used: bool,
    /// Capacity for the messages to be restored, if that exceeds the queue's own.
    pub room: u64,
}

/// The mode during creation: the creator alone.
const WHILE_MADE: Mode = Mode::new(0o600);

impl Specification {
    /// Restores an object; `fill` adds the contents before the final owner and mode are set.
    ///
    /// # Errors
    /// Status 5 when key or id is taken, 4 without permission, 10 where the object would not last, 1 otherwise, and
    /// those of `fill`. The object is removed again then.
    pub(crate) fn create_again(
        &self,
        origin: &OriginalIdentity,
        fill: &mut dyn FnMut(ObjectId) -> Result<()>,
    ) -> Result<Object> {
        if self.body.kind() == SystemV::Segment && sysctl::shm_rmid_forced() == Some(true) {
            self.create_where_nothing_lasts()?;
        }
        let id = self.make_again(origin)?;
        self.populate(id, origin, fill).map_err(|error| undo(id, error))
    }

    /// Creates and removes an object like it, without key and contents: checks for all permissions before the present
    /// object is removed. Lack of room for both at once does not count. Errors as `Specification::create_again`.
    pub fn probe(&self, origin: &OriginalIdentity) -> Result<()> {
        if let Some(wanted) = origin.id {
            // The id is still taken, so the kernel gives another one.
            ask_for_id(self.kind(), wanted)?;
        }
        let alike = Self { key: KeyChoice::Private, ..self.clone() };
        match alike.make_with_creator(origin) {
            Ok(id) => {
                let populated = alike.populate(id, origin, &mut |_| Ok(()));
                populated.map_err(|error| undo(id, error))?;
                remove_id(id).or_else(|errno| match errno {
                    Errno::EINVAL | Errno::EIDRM => Ok(()),
                    errno => Err(Error::call(&format!("remove {id}, which was made to try"), errno)),
                })
            }
            Err(error) => {
                if origin.id.is_some() {
                    self.forget_wanted_id();
                }
                if error.status() == Status::Denied { Err(error) } else { Ok(()) }
            }
        }
    }

    fn make_again(&self, origin: &OriginalIdentity) -> Result<ObjectId> {
        if let Some(wanted) = origin.id {
            ask_for_id(self.kind(), wanted)?;
        }
        let made = self.make_with_creator(origin);
        let Some(wanted) = origin.id else { return made };
        match made {
            Ok(id) if id.sysv() == wanted => Ok(id),
            Ok(id) => {
                let reason = format!("the kernel gave it {id}: another object has its place, or took the id first");
                let error = Error::cannot(Status::Exists, &self.operation(), reason, None);
                Err(undo(id, error))
            }
            Err(error) => {
                self.forget_wanted_id();
                Err(error)
            }
        }
    }

    /// The kernel keeps a requested id until the next creation; nothing else resets it.
    fn forget_wanted_id(&self) {
        let body = match self.body.kind() {
            SystemV::Segment => Body::Segment { size: 1, flags: ShmFlags::default(), lock: false },
            SystemV::Set => Body::Set { nsems: 1, values: Rc::default() },
            SystemV::Queue => Body::Queue { qbytes: None },
        };
        let specification = Self { body, ..self.clone() };
        // If this fails too, no object can be created, and nothing else can be tried.
        if let Ok(id) = specification.make(Key::PRIVATE, AT_FIRST) {
            let _ = remove_id(id);
        }
    }

    fn make_with_creator(&self, origin: &OriginalIdentity) -> Result<ObjectId> {
        let acting = match origin.creator {
            Some((uid, gid)) => Some(Acting::begin(uid, gid).map_err(|errno| {
                let remedy = "needs CAP_SETUID and CAP_SETGID";
                let operation = format!("{} in the name of {}", self.operation(), user_text(uid));
                Error::cannot(Status::of(errno), &operation, errno, Some(remedy))
            })?),
            None => None,
        };
        let made = match self.key {
            KeyChoice::Random => self.make_random(AT_FIRST).map_err(|errno| self.no_random_key(errno)),
            KeyChoice::Private => self.make(Key::PRIVATE, AT_FIRST).map_err(|errno| self.explain(errno)),
            KeyChoice::Key(key) => self.make(key, AT_FIRST).map_err(|errno| match errno {
                Errno::EEXIST => {
                    let taken =
                        inventory::find(self.kind(), key).map_or_else(|_| "taken".to_owned(), |id| id.to_string());
                    Error::cannot(Status::Exists, &self.operation(), errno, Some(&format!("{key} is {taken}")))
                }
                errno => self.explain(errno),
            }),
        };
        if let Some(Err(errno)) = acting.map(Acting::end) {
            let error = Error::call("act as oneself again", errno);
            return Err(match made {
                Ok(id) => undo(id, error),
                Err(_) => error,
            });
        }
        made
    }

    /// Sets contents, values, owner and mode.
    fn populate(
        &self,
        id: ObjectId,
        origin: &OriginalIdentity,
        fill: &mut dyn FnMut(ObjectId) -> Result<()>,
    ) -> Result<Object> {
        let made = self.look(id)?;
        match &self.body {
            Body::Queue { qbytes } => {
                let room = qbytes.unwrap_or(0).max(origin.room);
                msg::set(MsgId::new(id.sysv()), made.perm.uid, made.perm.gid, WHILE_MADE, room)
                    .map_err(|errno| self.explain_set(errno))?;
            }
            Body::Set { values, .. } => {
                let set = SemId::new(id.sysv());
                let done = if origin.never_used {
                    sem::set_all(set, values)
                } else {
                    initialise(set, values, fits_one_operation(values))
                };
                done.map_err(|errno| Error::call("set the values of the new semaphore set", errno))?;
            }
            Body::Segment { .. } => {}
        }
        fill(id)?;
        if let Body::Segment { lock: true, .. } = &self.body {
            lock_new(id)?;
        }
        self.set(&self.look(id)?).map_err(|errno| self.explain_set(errno))?;
        self.look(id)
    }
}

/// Requests an id for the next object of this kind (`*_next_id`).
fn ask_for_id(kind: Kind, wanted: i32) -> Result<()> {
    sysctl::ask_for_id(kind.word(), wanted).map_err(|error| {
        let status = match error.kind() {
            std::io::ErrorKind::PermissionDenied => Status::Denied,
            _ => Status::Failed,
        };
        let remedy = "needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN; without --same-id it gets another one";
        Error::cannot(status, &format!("ask for the id {wanted}"), os_message(&error), Some(remedy))
    })
}

const AT_FIRST: Steps = Steps { first_mode: WHILE_MADE, at_once: true, set_later: true };
