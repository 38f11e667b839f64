//! What an archive says of its objects, checked against itself and against what objects can be.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use super::Part;
use super::scan::{Found, Scanned};
use crate::archive::MAX_OBJECTS;
use crate::archive::bad::Bad;
use crate::archive::manifest::{Entry, Head, Queue, Reader, Segment, Set};
use crate::archive::sparse::Map;
use crate::archive::sums::Digest;
use crate::archive::tar::Name;
use crate::kind::model::{Detail, Object, ObjectId};
use crate::object::snapshot::{read_key, read_mode, read_time, write_time};
use crate::queue::Format;
use crate::queue::input::{BadInput, Records};
use crate::sys::accounts::MAX_NAME;
use crate::sys::msg::{self, MAX_QBYTES};
use crate::sys::sem::MAX_VALUE;
use crate::sys::{Gid, Mode, Perm, Pid, Timestamp, Uid};

/// Messages of up to this many bytes are read, even if `kernel.msgmax` allows less.
const LARGE: usize = 1 << 20;
/// No more is kept of why a copy is approximate, which is there to be read by people.
const MAX_REASON: usize = 200;
/// All names of an archive have no more bytes: fifty for each of the users of as many objects as it can hold.
const MAX_NAMES: usize = 25 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub number: u32,
    /// The name that it had; one for all that have the same.
    pub name: Option<Rc<str>>,
}

/// Where the contents of an object are in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where they begin in the file.
    pub offset: u64,
    /// How many bytes they have there.
    pub stored: u64,
    /// Whether they begin with a map of where they belong.
    pub sparse: bool,
    pub digest: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Segment { size: u64, place: Place },
    Set { values: Rc<[u16]> },
    Queue { qbytes: u64, qnum: u64, cbytes: u64, largest: u64, place: Place },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// As it was when it was saved.
    pub object: Object,
    pub owner: Account,
    pub group: Account,
    pub creator: Account,
    pub creator_group: Account,
    /// Why the copy may not be of one moment.
    pub approximate: Option<Box<str>>,
    pub body: Body,
}

/// Checks the manifest's objects against the members.
pub(super) fn check(
    file: &File,
    head: &Head,
    manifest: &mut Reader<impl BufRead>,
    scanned: &Scanned,
) -> Result<Vec<Item>, Bad> {
    let written = Timestamp::new(i64::try_from(scanned.time).unwrap_or(0));
    if head.time != write_time(written).unwrap_or_default() {
        return Err("its manifest and its members are of different times".into());
    }
    let mut seen = HashSet::new();
    let mut used = 0;
    let mut names = Shared::default();
    let mut items = Vec::new();
    while let Some(entry) = manifest.next_entry()? {
        if items.len() == MAX_OBJECTS {
            return Err("it holds more objects than there can be".into());
        }
        let id = entry.object_id().ok_or("its manifest names an object that cannot be")?;
        let wrong = |what: &str| Bad::Damaged(format!("of {id} it says {what}, which cannot be"));
        if !seen.insert(id) {
            return Err(Bad::Damaged(format!("it holds {id} twice")));
        }
        let found = scanned.contents.get(&id);
        if found.is_some_and(|found| found.number != used) {
            return Err("its members are not in the order of its manifest".into());
        }
        used += usize::from(found.is_some());
        let mode = read_mode(&entry.mode).ok_or_else(|| wrong("a mode"))?;
        let mode = Mode::new(mode.bits() | status_bits(&entry));
        let key = read_key(&entry.key).ok_or_else(|| wrong("a key"))?;
        let mut account = |number, name: Option<String>| match number {
            // To the kernel it means "nobody in particular".
            u32::MAX => Err(wrong("an owner")),
            _ => Ok(Account { number, name: name.map(|name| names.share(&name)).transpose()? }),
        };
        let detail = detail(&entry).ok_or_else(|| wrong("a time"))?;
        let ctime = time(&entry.ctime).ok_or_else(|| wrong("a time"))?;
        let body = match (&entry.shm, entry.sem, &entry.msg) {
            (Some(shm), _, _) => segment(file, id, shm, found)?,
            (_, Some(sem), _) => set(sem).ok_or_else(|| wrong("values"))?,
            (_, _, Some(msg)) => queue(file, id, msg, found)?,
            _ => return Err(wrong("nothing")),
        };
        let perm = Perm {
            key,
            uid: Uid::new(entry.uid),
            gid: Gid::new(entry.gid),
            cuid: Uid::new(entry.cuid),
            cgid: Gid::new(entry.cgid),
            mode,
        };
        items.push(Item {
            object: Object { id, perm, ctime, detail },
            owner: account(entry.uid, entry.owner)?,
            group: account(entry.gid, entry.group)?,
            creator: account(entry.cuid, entry.creator)?,
            creator_group: account(entry.cgid, entry.creator_group)?,
            approximate: entry.approximate.map(|reason| beginning(&reason, MAX_REASON).into()),
            body,
        });
    }
    if used != scanned.contents.len() {
        return Err("it holds contents that its manifest does not name".into());
    }
    Ok(items)
}

/// Names, each kept once.
#[derive(Default)]
struct Shared {
    names: HashSet<Rc<str>>,
    bytes: usize,
}

impl Shared {
    /// One of these, of which no more is kept than shows that it is too long for a name.
    fn share(&mut self, name: &str) -> Result<Rc<str>, Bad> {
        let name = beginning(name, MAX_NAME + 1);
        if let Some(known) = self.names.get(name) {
            return Ok(Rc::clone(known));
        }
        self.bytes += name.len();
        if self.bytes > MAX_NAMES {
            return Err("it holds more names than there can be".into());
        }
        let name: Rc<str> = name.into();
        self.names.insert(Rc::clone(&name));
        Ok(name)
    }
}

/// The beginning of a text, of `most` bytes and what belongs to the last character.
fn beginning(text: &str, most: usize) -> &str {
    &text[..(most..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())]
}

/// `SHM_DEST` and `SHM_LOCKED` of a segment.
fn status_bits(of: &Entry) -> u32 {
    of.shm.as_ref().map_or(0, |shm| u32::from(shm.doomed) << 9 | u32::from(shm.locked) << 10)
}

/// As `ls` would have shown it. None for a time that is none.
fn detail(of: &Entry) -> Option<Detail> {
    Some(match (&of.shm, &of.sem, &of.msg) {
        (Some(shm), _, _) => Detail::Shm(crate::kind::model::Segment {
            size: shm.size,
            nattch: shm.nattch,
            cpid: pid(shm.cpid),
            lpid: pid(shm.lpid),
            atime: time(&shm.atime)?,
            dtime: time(&shm.dtime)?,
            memory: None,
        }),
        (_, Some(sem), _) => {
            Detail::Sem(crate::kind::model::Set { nsems: sem.values.len() as u64, otime: time(&sem.otime)? })
        }
        (_, _, Some(msg)) => Detail::Msg(crate::kind::model::Queue {
            qnum: msg.qnum,
            cbytes: msg.cbytes,
            qbytes: Some(msg.qbytes),
            lspid: pid(msg.lspid),
            lrpid: pid(msg.lrpid),
            stime: time(&msg.stime)?,
            rtime: time(&msg.rtime)?,
        }),
        _ => return None,
    })
}

fn time(text: &Option<String>) -> Option<Timestamp> {
    text.as_deref().map_or(Some(Timestamp::NEVER), read_time)
}

fn pid(number: Option<i32>) -> Pid {
    Pid::new(number.unwrap_or(0))
}

/// The contents, if the manifest knows them by the right name and checksum.
fn place(id: ObjectId, found: Option<&Found>, member: &str, digest: &str) -> Result<Place, Bad> {
    let found = found.ok_or_else(|| Bad::Damaged(format!("it lacks the contents of {id}")))?;
    if Name::Contents(id).text() != member || Digest::parse(digest) != Some(found.digest) {
        return Err(Bad::Damaged(format!("the contents of {id} are damaged: their checksum is another")));
    }
    let Found { offset, stored, real_size, digest, .. } = *found;
    Ok(Place { offset, stored, sparse: real_size.is_some(), digest })
}

fn segment(file: &File, id: ObjectId, segment: &Segment, found: Option<&Found>) -> Result<Body, Bad> {
    let place = place(id, found, &segment.member, &segment.sha256)?;
    let real_size = found.and_then(|found| found.real_size).unwrap_or(place.stored);
    let lies = || Bad::Damaged(format!("the contents of {id} are not of the size that its manifest says"));
    if segment.size == 0 || real_size != segment.size {
        return Err(lies());
    }
    if place.sparse {
        map(file, &place, segment.size).ok_or_else(lies)?;
    }
    Ok(Body::Segment { size: segment.size, place })
}

/// The map in front of a sparse member's data, and its length there.
pub(super) fn map(file: &File, place: &Place, size: u64) -> Option<(Map, u64)> {
    let part = |left| Part { file, at: place.offset, left };
    let map = Map::read(size, BufReader::new(part(place.stored)))?;
    let text = map.encode();
    let len = text.len() as u64;
    if len.checked_add(map.data()) != Some(place.stored) {
        return None;
    }
    // The zeros behind it as well, or it would be another one that is under the checksum.
    let mut there = Vec::with_capacity(text.len());
    part(len).read_to_end(&mut there).ok()?;
    (there == text).then_some((map, len))
}

fn set(set: Set) -> Option<Body> {
    let good = !set.values.is_empty()
        && set.pids.len() == set.values.len()
        && set.values.iter().all(|value| *value <= MAX_VALUE);
    good.then(|| Body::Set { values: set.values.into() })
}

fn unfit(id: ObjectId, bad: &BadInput) -> Bad {
    Bad::Damaged(match bad {
        BadInput::TooLarge => format!("a message of {id} is larger than kernel.msgmax allows here"),
        bad => format!("a message of {id}: {bad}"),
    })
}

fn queue(file: &File, id: ObjectId, queue: &Queue, found: Option<&Found>) -> Result<Body, Bad> {
    let place = place(id, found, &queue.member, &queue.sha256)?;
    let part = Part { file, at: place.offset, left: place.stored };
    // What claims to be larger is not read into memory: it could not be sent here.
    let largest = usize::try_from(msg::limits().map_or(0, |limits| limits.msgmax)).unwrap_or(0).max(LARGE);
    let mut records = Records::new(BufReader::new(part), Format::Jsonl, largest);
    let (mut qnum, mut cbytes, mut largest) = (0u64, 0u64, 0u64);
    while let Some(record) = records.read_next().map_err(|bad| unfit(id, &bad))? {
        if record.mtype.is_none_or(|mtype| mtype < 1) {
            return Err(Bad::Damaged(format!("a message of {id} has a type that it cannot have")));
        }
        qnum += 1;
        cbytes += record.text.len() as u64;
        largest = largest.max(record.text.len() as u64);
    }
    let good = qnum == queue.qnum && cbytes == queue.cbytes;
    let good = good && [queue.qbytes, qnum, cbytes].iter().all(|number| *number <= MAX_QBYTES);
    if good {
        Ok(Body::Queue { qbytes: queue.qbytes, qnum, cbytes, largest, place })
    } else {
        Err(Bad::Damaged(format!("the messages of {id} are not what its manifest says")))
    }
}
