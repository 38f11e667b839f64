//! The objects named on a command line or on standard input.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;

use crate::error::{Error, Result, Status, os_message};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::object::fingerprint::{Comparison, Fingerprint};
use crate::object::inventory;
use crate::object::reference::{Reference, Resolved};
use crate::output::context::{note, verbose};
use crate::render::escape::{escape_bytes, truncate};
use crate::sys::{Errno, startup};

/// A line of standard input longer than this names nothing.
const MAX_LINE: usize = 64 * 1024;

/// What a word or line asks for.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A reference.
    Named(Reference),
    /// A line of `ls --format jsonl`: exactly that object, unchanged.
    Listed(Box<Fingerprint>),
}

/// Reads all words, and standard input for a `-` among them, before anything is looked up.
///
/// # Errors
/// A usage error for the first malformed word or line.
pub(crate) fn parse(words: &[OsString], implied: Option<Kind>) -> Result<Vec<Target>> {
    let mut targets = Vec::with_capacity(words.len());
    let mut stdin_read = false;
    for word in words {
        if word == "-" {
            if !stdin_read {
                read_stdin(implied, &mut targets)?;
            }
            stdin_read = true;
        } else {
            let reference = Reference::parse(word, implied).map_err(|bad| Error::Usage(bad.to_string()))?;
            targets.push(Target::Named(reference));
        }
    }
    Ok(targets)
}

/// Reads a reference to a segment.
///
/// # Errors
/// A usage error, as for sets and queues.
pub(crate) fn segment(word: &OsStr) -> Result<Reference> {
    one(word, SystemV::Segment)
}

/// Reads a reference to a semaphore set.
pub(crate) fn set(word: &OsStr) -> Result<Reference> {
    one(word, SystemV::Set)
}

/// Reads a reference to a message queue.
pub(crate) fn queue(word: &OsStr) -> Result<Reference> {
    one(word, SystemV::Queue)
}

fn one(word: &OsStr, kind: SystemV) -> Result<Reference> {
    Reference::parse(word, Some(kind.kind())).map_err(|bad| Error::Usage(bad.to_string()))
}

fn read_stdin(implied: Option<Kind>, targets: &mut Vec<Target>) -> Result<()> {
    let unreadable = |error: &io::Error| Error::cannot(Status::Failed, "read standard input", os_message(error), None);
    if startup::stdin_was_closed() {
        return Err(unreadable(&Errno::from_raw(libc::EBADF).into()));
    }
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let got =
            (&mut stdin).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).map_err(|error| unreadable(&error))?;
        if got == 0 {
            break;
        }
        let place = |reason: &str| Error::Usage(format!("standard input, line {number}: {reason}"));
        if got > MAX_LINE {
            return Err(place("too long to be a reference"));
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            targets.push(parse_line(text, implied).map_err(|reason| place(&reason))?);
        }
    }
    Ok(())
}

fn parse_line(line: &[u8], implied: Option<Kind>) -> std::result::Result<Target, String> {
    if line.starts_with(b"{") {
        let text = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
        let listed = Fingerprint::from_json(text).map_err(|bad| bad.to_string())?;
        return match implied {
            Some(kind) if kind != listed.id().kind => Err(format!("{} is no {}", listed.id(), kind.noun())),
            _ => Ok(Target::Listed(Box::new(listed))),
        };
    }
    Reference::parse(OsStr::from_bytes(line), implied).map(Target::Named).map_err(|bad| {
        if line.iter().any(u8::is_ascii_whitespace) {
            let shown = truncate(&escape_bytes(line), 60).into_owned();
            format!("'{shown}' looks like a row of a table; use 'ipcadm ls -q' or 'ipcadm ls --format jsonl'")
        } else {
            bad.to_string()
        }
    })
}

impl Target {
    /// What the user called it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Named(reference) => reference.to_string(),
            Self::Listed(fingerprint) => fingerprint.id().to_string(),
        }
    }

    /// Its kind.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Named(reference) => reference.kind,
            Self::Listed(fingerprint) => fingerprint.id().kind,
        }
    }

    /// Whether it can be known which object is meant, so that nothing found means that it is absent.
    pub(crate) fn is_definite(&self) -> bool {
        match self {
            Self::Named(reference) => reference.is_definite(),
            Self::Listed(_) => true,
        }
    }

    /// The id, if it was listed with it.
    pub(crate) fn listed(&self) -> Option<ObjectId> {
        match self {
            Self::Named(_) => None,
            Self::Listed(fingerprint) => Some(fingerprint.id()),
        }
    }

    /// The error for an object that was listed and is gone since.
    pub(crate) fn absent(&self) -> Error {
        Error::Failed {
            status: Status::NotFound,
            message: format!("cannot find {}: gone since it was listed", self.text()),
        }
    }

    /// Finds the object. `Ok(None)` when it was listed and is gone since.
    ///
    /// # Errors
    /// Status 3 when a reference names nothing, 4 or 1 when the object cannot be looked at.
    pub(crate) fn resolve(&self) -> Result<Option<Resolved<'_>>> {
        match self {
            Self::Named(reference) => reference.resolve().map(Some),
            Self::Listed(fingerprint) => {
                let id = fingerprint.id();
                let found = inventory::look(id).map_err(|errno| inventory::unreadable(id, errno))?;
                Ok(found.map(|object| Resolved { reference: None, object }))
            }
        }
    }

    /// The fingerprint the object must still have: the listed one, or that of `found` itself.
    pub(crate) fn fingerprint(&self, found: &Object) -> Fingerprint {
        match self {
            Self::Named(_) => Fingerprint::of(found),
            Self::Listed(fingerprint) => **fingerprint,
        }
    }
}

/// A target, and what was found under its name.
pub(crate) type Looked<'a> = (&'a Target, Result<Option<Resolved<'a>>>);

/// Looks up everything before the first change. An object named twice is there once: changed, it would no longer be
/// what was looked at.
pub(crate) fn look_up<'a>(targets: &'a [Target]) -> (Vec<Looked<'a>>, Vec<Object>) {
    let mut looked_up: Vec<Looked<'a>> = targets.iter().map(|target| (target, target.resolve())).collect();
    let mut seen = HashSet::with_capacity(looked_up.len());
    let mut objects = Vec::with_capacity(looked_up.len());
    looked_up.retain(|(_, found)| {
        let Ok(Some(found)) = found else { return true };
        let first = seen.insert(found.object.id);
        if first {
            objects.push(found.object);
        }
        first
    });
    let missing = looked_up.len() - objects.len();
    verbose(|| format!("looked up before any change: {} found, {missing} not", objects.len()));
    (looked_up, objects)
}

/// In what an object is no longer what was listed; None when it is the same, or was not listed.
pub(crate) fn difference(target: &Target, found: &Object) -> Option<String> {
    match target.fingerprint(found).compare(found) {
        Comparison::Same => None,
        Comparison::Doomed => Some("it has been removed and waits for its last detach".to_owned()),
        Comparison::Changed(what) => Some(format!("it has changed meanwhile: another {what}")),
    }
}

/// Refuses an object that is no longer what was listed.
///
/// # Errors
/// Status 10, with what is different.
pub(crate) fn unchanged(target: &Target, found: &Object) -> Result<()> {
    difference(target, found).map_or(Ok(()), |differs| {
        Err(Error::cannot(Status::Refused, &format!("change {}", target.text()), differs, Some("kept; list it again")))
    })
}

/// Says of an object that is shown all the same that it is no longer what was listed.
pub(crate) fn note_difference(target: &Target, found: &Object) {
    if let Some(differs) = difference(target, found) {
        note(&format!("{} is not what was listed: {differs}", target.text()));
    }
}

/// The bytes that are meant, which must all be there.
///
/// # Errors
/// Status 1.
pub(crate) fn byte_range(
    found: &Resolved<'_>,
    operation: &str,
    offset: u64,
    length: Option<u64>,
) -> Result<Range<u64>> {
    let size = found.object.as_segment().map_or(0, |segment| segment.size);
    let end = length.map_or(Some(size.max(offset)), |length| offset.checked_add(length));
    match end {
        Some(end) if end <= size => Ok(offset..end),
        _ => {
            let bytes = length.map_or(String::new(), |length| format!("{length} bytes from "));
            let reason = format!("{bytes}offset {offset} is beyond its {size} bytes");
            Err(Error::cannot(Status::Failed, &format!("{operation} {}", found), reason, None))
        }
    }
}
