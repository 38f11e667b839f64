//! Makes the planned objects: each is there complete, or not at all.

use std::io::{self, BufReader, Read};

use super::plan::Planned;
use super::read::{Archive, Body, Place};
use super::room::{self, Room};
use super::sparse::Map;
use super::summing::{CHUNK, Summing};
use super::sums::Digest;
use crate::error::{Error, Result, Status, os_message};
use crate::kind::model::{Object, ObjectId};
use crate::queue::Format;
use crate::queue::input::Records;
use crate::segment::Filling;
use crate::sys::msg::{self, Message};
use crate::sys::signals::blocked::BlockedSignals;
use crate::sys::{Errno, MsgId, ShmId};

impl Archive {
    /// Makes all objects; `progress` is told how many bytes are done, and `each` what became of one.
    ///
    /// Errors are those of creating, status 10 or 4 where what is to be replaced cannot go, and status 1 when the contents
    /// cannot be read or put in, or are no longer what was checked. What was half made is gone again; what was replaced
    /// stays gone.
    pub fn make(
        &self,
        planned: &[Planned<'_>],
        progress: &mut dyn FnMut(u64),
        each: &mut dyn FnMut(&Planned<'_>, Result<Object>),
    ) {
        let mut before = 0;
        for batch in room::batches(planned) {
            let made = self.make_batch(batch, &mut |done| progress(before + done));
            batch.iter().zip(made).for_each(|(planned, made)| each(planned, made));
            before += batch.iter().map(Planned::bytes).sum::<u64>();
        }
    }

    fn make_batch(&self, batch: &[Planned<'_>], progress: &mut dyn FnMut(u64)) -> Vec<Result<Object>> {
        // Before anything is removed or made.
        let texts: Vec<Result<Vec<u8>>> = batch.iter().map(|planned| self.texts(planned)).collect();
        // A signal that ends the program waits until there is an object or none.
        let _held = BlockedSignals::block();
        let probed: Vec<Result<Vec<u8>>> = batch
            .iter()
            .zip(texts)
            .map(|(planned, texts)| texts.and_then(|texts| probe(planned).map(|()| texts)))
            .collect();
        let (ready, _): (Vec<_>, Vec<_>) = batch.iter().zip(&probed).filter(|(_, texts)| texts.is_ok()).unzip();
        let room = Room::make(&ready);
        let mut before = 0;
        let made = batch.iter().zip(probed).map(|(planned, texts)| {
            let texts = texts?;
            room.check(planned)?;
            let made = self.make_one(planned, &texts, &mut |done| progress(before + done));
            before += planned.bytes();
            made
        });
        made.collect()
    }

    fn make_one(&self, planned: &Planned<'_>, texts: &[u8], progress: &mut dyn FnMut(u64)) -> Result<Object> {
        let from = planned.item.object.id;
        let made = planned.specification.create_again(&planned.origin, &mut |id| match &planned.item.body {
            Body::Segment { size, place, .. } => self.fill(from, id, *size, place, progress),
            Body::Queue { .. } => send(from, id, texts),
            Body::Set { .. } => Ok(()),
        });
        let then = if planned.replaced.is_empty() { "" } else { "; what it was to replace is gone" };
        made.map_err(|error| named(from, error, then))
    }

    /// The messages of a queue as records, checked.
    fn texts(&self, planned: &Planned<'_>) -> Result<Vec<u8>> {
        match &planned.item.body {
            Body::Queue { place, .. } => self.whole(planned.item.object.id, place),
            _ => Ok(Vec::new()),
        }
    }

    /// All messages of a queue as records, checked.
    fn whole(&self, from: ObjectId, place: &Place) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.part(place.offset, place.stored).read_to_end(&mut bytes).map_err(|error| unreadable(from, &error))?;
        if Digest::of(&bytes) == place.digest { Ok(bytes) } else { Err(changed(from)) }
    }

    /// Puts its bytes into a new segment. Holes stay holes.
    fn fill(
        &self,
        from: ObjectId,
        id: ObjectId,
        size: u64,
        place: &Place,
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let (map, mut at) = match place.sparse {
            true => self.map(place, size).ok_or_else(|| changed(from))?,
            false => (Map::full(size), 0),
        };
        let mut summing = Summing::of_stored(place.stored);
        if place.sparse {
            summing.map(&map.encode());
        }
        at += place.offset;
        let failed = |errno: Errno| Error::call(&format!("fill {id}"), errno);
        let mut target = Filling::attach(ShmId::new(id.sysv())).map_err(failed)?;
        let mut done = 0;
        for run in &map.runs {
            let mut offset = run.start;
            while offset < run.end {
                let len = usize::try_from(run.end - offset).unwrap_or(CHUNK).min(CHUNK);
                summing.data(len, |bytes| {
                    self.part(at, len as u64).read_exact(bytes).map_err(|error| unreadable(from, &error))?;
                    target.put(offset, bytes).map_err(failed)
                })?;
                (offset, at, done) = (offset + len as u64, at + len as u64, done + len as u64);
                progress(done);
            }
        }
        target.detach().map_err(failed)?;
        if summing.finish().stored == place.digest { Ok(()) } else { Err(changed(from)) }
    }
}

/// Nothing must go for what cannot be made.
fn probe(planned: &Planned<'_>) -> Result<()> {
    if planned.replaced.is_empty() {
        return Ok(());
    }
    let probed = planned.specification.probe(&planned.origin);
    probed.map_err(|error| named(planned.item.object.id, error, "; nothing was replaced"))
}

fn named(from: ObjectId, error: Error, then: &str) -> Error {
    match error {
        Error::Failed { status, message } => {
            let message = message.strip_prefix("cannot ").unwrap_or(&message).to_owned();
            Error::Failed { status, message: format!("cannot restore {from}: {message}{then}") }
        }
        error => error,
    }
}

/// Sends all messages to a new queue, which has room for them.
fn send(from: ObjectId, id: ObjectId, records: &[u8]) -> Result<()> {
    let mut reader = Records::new(BufReader::new(records), Format::Jsonl, i32::MAX as usize);
    let mut message = Message::with_capacity(8192);
    loop {
        match reader.read_next() {
            Ok(Some(record)) => message.fill(record.mtype.unwrap_or(1), record.text),
            Ok(None) => return Ok(()),
            Err(_) => return Err(changed(from)),
        }
        loop {
            match msg::send(MsgId::new(id.sysv()), &message, true) {
                Ok(()) => break,
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    let operation = format!("send message {} to {id}", reader.number());
                    return Err(Error::call(&operation, errno));
                }
            }
        }
    }
}

fn unreadable(from: ObjectId, error: &io::Error) -> Error {
    Error::cannot(Status::Failed, &format!("read the contents of {from}"), os_message(error), None)
}

fn changed(from: ObjectId) -> Error {
    let reason = "somebody has changed the archive since it was checked";
    Error::cannot(Status::Failed, &format!("read the contents of {from}"), reason, None)
}
