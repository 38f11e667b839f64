//! The copy of a queue: its messages in order, looked at and left where they are.

use super::{Saved, Saver};
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
use crate::queue::look::Looker;
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

pub(super) fn add(saver: &mut Saver, found: &Resolved<'_>, before: &Object) -> Result<(Entry, Saved)> {
    let begun = now();
    let mut approximate = None;
    let mut tries = 1;
    let (copy, object) = loop {
        let (copy, object, steady) = once(found, before)?;
        if steady {
            break (copy, object);
        }
        if tries == TRIES {
            approximate = Some(format!("messages came or went each of the {TRIES} times it was copied"));
            break (copy, object);
        }
        tries += 1;
    };
    let name = Name::Contents(before.id);
    let digest = saver.tar.whole(name, &copy.records).map_err(|error| saver.unwritable(&error))?;
    let queue = figures(&object);
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
    let entry = Entry { msg: Some(described), ..Entry::of(&object, approximate.clone()) };
    let way = match tries {
        1 => "by MSG_COPY".to_owned(),
        tries => format!("by MSG_COPY, at try {tries}"),
    };
    let messages = Some(digest);
    let saved =
        Saved { before: *before, object, approximate, way, notes: Vec::new(), values: Vec::new(), messages, begun };
    Ok((entry, saved))
}

fn figures(object: &Object) -> crate::kind::model::Queue {
    match object.detail {
        model::Detail::Msg(queue) => queue,
        _ => unreachable!("only queues come here"),
    }
}

/// Copies; the queue afterwards, and whether it was the same all the time.
fn once(found: &Resolved<'_>, before: &Object) -> Result<(Copy, Object, bool)> {
    let id = before.id;
    let look = || {
        let gone = || Error::cannot(Status::NotFound, &format!("save {found}"), "it was removed meanwhile", None);
        inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))?.ok_or_else(gone)
    };
    let first = look()?;
    let text = found.to_string();
    let copy = read(&text, &first)?;
    let then = look()?;
    let queue = figures(&then);
    let mut steady = first == then && copy.number == queue.qnum && copy.bytes == queue.cbytes;
    if steady && is_recent(&then, now()) {
        // Times are whole seconds: what came and went within this one may not show in them.
        steady = read(&text, &then)? == copy && look()? == then;
    }
    Ok((copy, then, steady))
}

/// Whether something may have happened since without another time coming out of it.
fn is_recent(queue: &Object, since: i64) -> bool {
    let queue = figures(queue);
    queue.stime.max(queue.rtime).seconds() >= since.saturating_sub(1)
}

fn read(text: &str, object: &Object) -> Result<Copy> {
    let queue = queue::Queue { text: text.to_owned(), object: *object };
    let too_large = |reason: &str| Error::cannot(Status::Failed, &format!("save {text}"), reason, None);
    let mut looker = Looker::new(&queue)?;
    let mut encoder = Encoder::new(Format::Jsonl, false);
    let mut copy = Copy::default();
    looker.each(Wanted::First, u64::MAX, |seen| {
        // JSON holds every message.
        let _ = encoder.push(&mut copy.records, None, seen.mtype, &seen.text);
        copy.number += 1;
        copy.bytes += seen.text.len() as u64;
        match copy.records.len() as u64 {
            0..=MAX_MESSAGES => Ok(()),
            _ => Err(too_large("it holds more than an archive takes")),
        }
    })?;
    if !looker.unseen().is_empty() {
        let reason = "a message is larger than kernel.msgmax now allows, so the kernel shows it to nobody";
        return Err(too_large(reason));
    }
    Ok(copy)
}

pub(super) fn unchanged(queue: &Object, begun: i64, messages: Option<Digest>) -> std::result::Result<(), String> {
    if !is_recent(queue, begun) {
        return Ok(());
    }
    let copy = read(&queue.id.to_string(), queue).map_err(|error| error.to_string())?;
    if Some(Digest::of(&copy.records)) == messages { Ok(()) } else { Err("changed after it was saved".to_owned()) }
}
