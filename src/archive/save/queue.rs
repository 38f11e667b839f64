//! The copy of a queue: its messages in order, looked at and left where they are.

use super::copied::{Contents, Copied};
use super::output::Output;
use crate::archive::MAX_MESSAGES;
use crate::archive::manifest::{self, Entry, Queue};
use crate::archive::sums::Digest;
use crate::archive::tar::Name;
use crate::error::{Error, Result, Status};
use crate::kind::model::{self, Object};
use crate::object::inventory;
use crate::object::reference::Resolved;
use crate::object::snapshot::write_time;
use crate::queue::encode::Encoder;
use crate::queue::peek::QueuePeeker;
use crate::queue::{self, Format};
use crate::sys::clock::now;
use crate::sys::msg::Wanted;

/// How often a queue in use is copied again, in the hope of a quiet moment.
const TRIES: u32 = 5;

/// The messages of a queue as records.
#[derive(Debug, Default, PartialEq, Eq)]
struct Copy {
    records: Vec<u8>,
    number: u64,
    bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    object: Object,
    queue: model::Queue,
}

pub(super) fn copy(out: &mut Output, found: &Resolved<'_>, before: &Object) -> Result<Copied> {
    let mut approximate = None;
    let mut tries = 1;
    let (copy, Look { object, queue }) = loop {
        let (copy, look, steady) = once(found, before)?;
        if steady {
            break (copy, look);
        }
        if tries == TRIES {
            approximate = Some(format!("messages came or went each of the {TRIES} times it was copied"));
            break (copy, look);
        }
        tries += 1;
    };
    let name = Name::Contents(before.id);
    let digest = out.tar.whole(name, &copy.records).map_err(|error| out.unwritable(&error))?;
    let qbytes = queue.qbytes.ok_or_else(|| {
        Error::cannot(Status::Failed, &format!("save {found}"), "this kernel does not show its capacity", None)
    })?;
    let described = Queue {
        qbytes,
        qnum: copy.number,
        cbytes: copy.bytes,
        lspid: manifest::pid(queue.lspid),
        lrpid: manifest::pid(queue.lrpid),
        stime: write_time(queue.stime),
        rtime: write_time(queue.rtime),
        member: name.text(),
        sha256: digest.to_string(),
    };
    let way = match tries {
        1 => "by MSG_COPY".to_owned(),
        tries => format!("by MSG_COPY, at try {tries}"),
    };
    let entry = Entry { msg: Some(described), ..Entry::of(&object) };
    Ok(Copied { entry, object, approximate, way, notes: Vec::new(), contents: Contents::Queue(digest) })
}

/// Copies; the queue afterwards, and whether it was the same all the time.
fn once(found: &Resolved<'_>, before: &Object) -> Result<(Copy, Look, bool)> {
    let id = before.id;
    let look = || {
        let object = inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))?;
        let look = object.and_then(|object| Some(Look { object, queue: *object.as_queue()? }));
        look.ok_or_else(|| Error::cannot(Status::NotFound, &format!("save {found}"), "it was removed meanwhile", None))
    };
    let first = look()?;
    let text = found.to_string();
    let copy = read(&text, &first.object)?;
    let then = look()?;
    let mut steady = first == then && copy.number == then.queue.qnum && copy.bytes == then.queue.cbytes;
    if steady && is_recent(&then.queue, now()) {
        // Times are whole seconds: what came and went within this one may not show in them.
        steady = read(&text, &then.object)? == copy && look()? == then;
    }
    Ok((copy, then, steady))
}

/// Whether something may have happened since without another time coming out of it.
fn is_recent(queue: &model::Queue, since: i64) -> bool {
    queue.stime.max(queue.rtime).seconds() >= since.saturating_sub(1)
}

fn read(text: &str, object: &Object) -> Result<Copy> {
    let queue = queue::Queue { text: text.to_owned(), object: *object };
    let too_large = |reason: &str| Error::cannot(Status::Failed, &format!("save {text}"), reason, None);
    let mut peeker = QueuePeeker::new(&queue)?;
    let mut encoder = Encoder::new(Format::Jsonl, false);
    let mut copy = Copy::default();
    peeker.each(Wanted::First, u64::MAX, |seen| {
        // JSON holds every message.
        let _ = encoder.push(&mut copy.records, None, seen.mtype, &seen.text);
        copy.number += 1;
        copy.bytes += seen.text.len() as u64;
        match copy.records.len() as u64 {
            0..=MAX_MESSAGES => Ok(()),
            _ => Err(too_large("it holds more than an archive takes")),
        }
    })?;
    if !peeker.unseen().is_empty() {
        let reason = "a message is larger than kernel.msgmax now allows, so the kernel shows it to nobody";
        return Err(too_large(reason));
    }
    Ok(copy)
}

pub(super) fn unchanged(object: &Object, begun: i64, messages: &Digest) -> std::result::Result<(), String> {
    if object.as_queue().is_some_and(|queue| !is_recent(queue, begun)) {
        return Ok(());
    }
    let copy = read(&object.id.to_string(), object).map_err(|error| error.to_string())?;
    if Digest::of(&copy.records) == *messages { Ok(()) } else { Err("changed after it was saved".to_owned()) }
}
