//! Copies that were made, and whether the objects still are what was copied.

use std::collections::HashMap;

use super::attachment::{self, Held, SOMEBODY};
use super::copied::Contents;
use super::{queue, set};
use crate::kind::model::{Object, ObjectId};
use crate::object::difference::is_same;
use crate::object::inventory;
use crate::removal::Check;
use crate::sys::Timestamp;

#[derive(Clone, Debug)]
pub struct Saved {
    /// The object right before it was copied.
    pub(super) before: Object,
    /// The object when copying it had ended: what copying itself changed counts as before.
    pub object: Object,
    /// Why the copy may not be of one moment.
    pub approximate: Option<String>,
    pub way: String,
    /// What was noticed and does not make it a worse copy.
    pub notes: Vec<String>,
    pub(super) contents: Contents,
    /// When copying began, seconds since 1970.
    pub(super) begun: i64,
}

impl Saved {
    /// Whether `object`, an earlier look, and the look right before it was copied are the same.
    #[must_use]
    pub fn was(&self, object: &Object) -> bool {
        is_same(&self.before, object)
    }

    /// [`Saved::unchanged`] for what is removed while it is locked.
    #[must_use]
    pub fn check(&self) -> Check {
        let saved = self.clone();
        // What was locked and unlocked again since has another time of change.
        Check::new(move |expected| saved.unchanged_since(expected.ctime))
    }

    /// Whether the object still is what was saved, as far as the kernel tells: its counters, times, processes,
    /// attachments; a set's values; a queue's messages, where its times leave a doubt.
    ///
    /// # Errors
    /// What has changed, or why that cannot be known, in words.
    pub fn unchanged(&self) -> Result<(), String> {
        self.unchanged_since(self.object.ctime)
    }

    /// The same of an object that has this time of change, by something of our own.
    fn unchanged_since(&self, ctime: Timestamp) -> Result<(), String> {
        if let Some(reason) = &self.approximate {
            return Err(format!("the copy may not be what it holds: {reason}"));
        }
        let id = self.object.id;
        let now = inventory::look(id).map_err(|errno| format!("it cannot be looked at: {errno}"))?;
        // Gone is gone: there is nothing left to lose.
        let Some(now) = now else { return Ok(()) };
        if !is_same(&now, &Object { ctime, ..self.object }) {
            return Err("changed after it was saved".to_owned());
        }
        match &self.contents {
            Contents::Segment => Ok(()),
            Contents::Set(values) => set::unchanged(&now, values),
            Contents::Queue(messages) => queue::unchanged(&now, self.begun, messages),
        }
    }
}

/// Segments that stay attached after they were copied, until their times tell who else comes.
#[derive(Debug, Default)]
pub struct HeldSegments(Vec<Held>);

impl HeldSegments {
    pub(super) fn push(&mut self, held: Held) {
        self.0.push(held);
    }

    /// Detaches all, and writes down in their copies what they then are, or that somebody has come since. May wait for
    /// the next second.
    pub fn let_go<'a>(self, copies: impl Iterator<Item = &'a mut Saved>) {
        if self.0.is_empty() {
            return;
        }
        let told = attachment::wait_for_a_later_second(&self.0);
        let left: HashMap<ObjectId, Option<Object>> =
            self.0.into_iter().map(|held| (held.before.id, held.let_go().filter(|_| told))).collect();
        for copy in copies {
            match left.get(&copy.object.id) {
                None => {}
                Some(Some(object)) => copy.object = *object,
                Some(None) => copy.approximate = copy.approximate.take().or(Some(SOMEBODY.to_owned())),
            }
        }
    }
}
