//! What is inside an object: semaphore values, message headers, the kind of a segment's pages.

use super::inventory;
use super::model::{Kind, Object};
use super::semaphores;
use super::semaphores::asking::{Budget, asleep_on};
use super::users::Usage;
use crate::proc::attached::{self, Wanted};
use crate::proc::probe;
use crate::sys::msg::Message;
use crate::sys::{self, Errno, MsgId, Pid, SemId, ShmId, memory, msg, namespace, sem};

/// Buffers for looking at messages start here; the kernel's cost grows with them.
const FIRST_PEEK: usize = 4096;
/// And grow no further than this: the size of a larger message stays unknown.
const LARGEST_PEEK: usize = 64 << 20;

/// What is inside an object, as far as the caller may see it.
#[derive(Clone, Debug)]
pub enum Inside {
    /// A segment: whether it is made of huge pages, if that shows.
    Segment(Option<bool>),
    /// A set's semaphores, or why not.
    Set(sys::Result<Vec<Semaphore>>),
    /// A queue's first messages, or why not.
    Queue(sys::Result<Vec<Header>>),
}

impl Inside {
    /// Looks inside; of a queue at no more than its first `messages`, of a segment by those who are known to use it.
    #[must_use]
    pub fn of(object: &Object, messages: u32, usage: &Usage) -> Self {
        match object.kind() {
            Kind::Shm => Self::Segment(huge_pages(object, usage)),
            Kind::Sem => Self::Set(semaphores(object, &mut Budget::default())),
            Kind::Msg => Self::Queue(headers(object, messages)),
        }
    }
}

/// One semaphore of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semaphore {
    /// Its number in the set.
    pub index: u32,
    /// Its value.
    pub value: u16,
    /// The last process to change it; none where nobody has, or [`hides_user`] says that it may be hidden.
    pub pid: Pid,
    /// Threads waiting for it to grow; None where they were not counted, for that would have taken too long.
    pub ncnt: Option<u32>,
    /// Threads waiting for it to become zero; likewise.
    pub zcnt: Option<u32>,
}

/// Whether it may be that a process changed a semaphore of `set` which cannot be seen from here: the kernel writes 0 for
/// one of another pid namespace, as it does for nobody. It was nobody where nothing was ever done to the set, and in the
/// first pid namespace, from which all processes can be seen.
pub fn hides_user(set: &Object, semaphores: &[Semaphore]) -> impl Fn(&Semaphore) -> bool + use<> {
    let untouched = set.as_set().is_none_or(|set| set.otime.is_never())
        && semaphores.iter().all(|semaphore| semaphore.pid.is_none() && semaphore.value == 0);
    let may_be_elsewhere = !untouched && !namespace::is_initial_pid();
    // Where it has a value, somebody gave it one.
    move |semaphore| semaphore.pid.is_none() && (semaphore.value > 0 || may_be_elsewhere)
}

/// All semaphores of a set: the values at one moment, the rest by three calls each, for the kernel has no others. Sleepers
/// are counted within `budget`.
///
/// # Errors
/// `EACCES` without read permission, `EINVAL` or `EIDRM` when the set is gone.
pub fn semaphores(set: &Object, budget: &mut Budget) -> sys::Result<Vec<Semaphore>> {
    let values = semaphores::values(set)?;
    (0u32..)
        .zip(values)
        .map(|(index, value)| {
            let pid = sem::last_pid(SemId::new(set.id.id), index)?;
            let asleep = asleep_on(set, index, budget)?;
            let ncnt = asleep.map(|asleep| asleep.to_take);
            Ok(Semaphore { index, value, pid, ncnt, zcnt: asleep.map(|asleep| asleep.until_zero) })
        })
        .collect()
}

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its position in the queue, from 0.
    pub index: u32,
    /// Its type; None when it cannot be looked at.
    pub mtype: Option<i64>,
    /// Bytes of text; None when it cannot be looked at.
    pub size: Option<u64>,
}

/// The first `most` messages of a queue, which stay where they are.
///
/// # Errors
/// `EACCES` without read permission, `ENOSYS` on kernels without `CONFIG_CHECKPOINT_RESTORE`, `EINVAL` or `EIDRM`
/// when the queue is gone.
pub fn headers(queue: &Object, most: u32) -> sys::Result<Vec<Header>> {
    let id = MsgId::new(queue.id.id);
    let cbytes = queue.as_queue().map_or(0, |queue| queue.cbytes);
    // No message is larger than all of them; a few more bytes for those that come meanwhile.
    let largest = usize::try_from(cbytes).unwrap_or(LARGEST_PEEK).clamp(FIRST_PEEK, LARGEST_PEEK);
    let mut message = Message::with_capacity(FIRST_PEEK);
    let mut headers = Vec::new();
    for index in 0..most {
        match peek(id, &mut message, index, largest) {
            Ok(()) => {
                headers.push(Header { index, mtype: Some(message.mtype()), size: Some(message.text().len() as u64) })
            }
            Err(Errno::ENOMSG) => break,
            // Larger than our buffer, or than the present msgmax: there, but not to be looked at.
            Err(Errno::E2BIG | Errno::ENOMEM) => headers.push(Header { index, mtype: None, size: None }),
            Err(Errno::EINVAL) if matches!(inventory::look(queue.id), Ok(Some(_))) => {
                headers.push(Header { index, mtype: None, size: None });
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(headers)
}

/// Looks at a message; the buffer grows as needed up to `largest`.
pub(super) fn peek(id: MsgId, message: &mut Message, index: u32, largest: usize) -> sys::Result<()> {
    loop {
        match msg::peek(id, message, index) {
            Err(Errno::E2BIG) if message.capacity() < largest => {
                *message = Message::with_capacity((message.capacity() * 4).min(largest));
            }
            other => return other,
        }
    }
}

/// Whether a segment is made of huge pages. The kernel tells nobody; a mapping of it does, and so does an account
/// of more resident memory than the segment has. None when neither shows anything.
#[must_use]
pub fn huge_pages(segment: &Object, usage: &Usage) -> Option<bool> {
    let detail = segment.as_segment()?;
    if usage.holding().next().is_some()
        && let Some(wanted) = Wanted::new(ShmId::new(segment.id.id), segment.key_in_maps())
    {
        let of_huge_pages = || {
            let (_, mappings) = attached::among(usage.holding(), &wanted).next()?;
            // The device of a mapping tells.
            Some(mappings.first().map(|found| !wanted.is_plain(&found.mapping)))
        };
        if let Some(found) = probe::run(of_huge_pages) {
            return found;
        }
    }
    let page = memory::page_size() as u64;
    let whole = detail.size.checked_next_multiple_of(page)?;
    (detail.memory?.rss > whole).then_some(true)
}
