//! Fingerprints: what must still be so for an object to be the one that was looked at or listed.

use std::borrow::Cow;

use serde::Deserialize;

use crate::kind::model::{Detail, Object, ObjectId, Queue, Segment, Set};
use crate::kind::system_v::SystemV;
use crate::object::difference::{Named, Part, first_difference};
use crate::object::key;
use crate::sys::{Gid, Mode, Perm, Pid, Timestamp, Uid};

/// What an object keeps for life, and the time of its last change. An id alone may come back for another object.
///
/// An object that was listed is known in the parts that are compared, and in no others.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(Object);

/// The key is compared before the time, which a replacement changes too: the key says more.
const COMPARED: [Named; 6] = [
    (Part::Id, "id"),
    (Part::Creator, "creator"),
    (Part::CreatingProcessIfSeen, "creating process"),
    (Part::Semaphores, "number of semaphores"),
    (Part::Key, "key"),
    (Part::ChangeTime, "change time"),
];

/// How a fingerprint compares with the object that has the id now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same object, unchanged.
    Same,
    /// The same segment, removed meanwhile: it waits for its last detach and has lost its key.
    Doomed,
    /// Changed or replaced; what differs.
    Changed(&'static str),
}

impl Fingerprint {
    /// The fingerprint of an object.
    #[must_use]
    pub const fn of(object: &Object) -> Self {
        Self(*object)
    }

    /// Kind and id.
    #[must_use]
    pub const fn id(&self) -> ObjectId {
        self.0.id
    }

    /// Compares with the object that has the same id now.
    #[must_use]
    pub fn compare(&self, object: &Object) -> Comparison {
        match first_difference(&self.0, object, &COMPARED) {
            None => Comparison::Same,
            Some("key") if object.is_doomed() => Comparison::Doomed,
            Some(what) => Comparison::Changed(what),
        }
    }

    /// Whether `object` is the same one, changed or not.
    #[must_use]
    pub(crate) fn is_of(&self, object: &Object) -> bool {
        let unchanged = Self(Object { ctime: object.ctime, ..self.0 });
        matches!(unchanged.compare(object), Comparison::Same | Comparison::Doomed)
    }

    /// Reads the fingerprint out of a line that `ls --format jsonl` wrote.
    ///
    /// # Errors
    /// When it is no JSON, or lacks one of the fields (as with `-o`).
    pub fn from_json(line: &str) -> Result<Self, BadLine> {
        if !line.trim_start().starts_with('{') {
            return Err(BadLine("no JSON object".to_owned()));
        }
        let raw: Line<'_> = serde_json::from_str(line).map_err(|error| {
            // serde's own text names the place in the line, which the caller has already told.
            let text = error.to_string();
            BadLine(text.split(" at line ").next().unwrap_or("is no JSON object").to_owned())
        })?;
        let bad = |reason: &str| BadLine(reason.to_owned());
        let kind = SystemV::from_word(raw.kind.as_bytes()).ok_or_else(|| bad("unknown kind"))?;
        if raw.id < 0 {
            return Err(bad("negative id"));
        }
        let key = key::parse_hex(raw.key.as_bytes()).ok_or_else(|| bad("bad key"))?;
        let time: jiff::Timestamp = raw.ctime.parse().map_err(|_| bad("bad ctime"))?;
        if kind == SystemV::Set && raw.nsems.is_none() {
            return Err(bad("missing field `nsems`"));
        }
        let (cuid, cgid) = (Uid::new(raw.cuid), Gid::new(raw.cgid));
        let perm = Perm { key, uid: cuid, gid: cgid, cuid, cgid, mode: Mode::new(0) };
        let object = with_parts((kind, raw.id), perm, raw.cpid, raw.nsems);
        Ok(Self(Object { ctime: Timestamp::new(time.as_second()), ..object }))
    }
}

/// An object of which no more is known than what is compared, but for its time of change. `creator` is the creating
/// process of a segment; None stands for one that could not be seen.
pub(crate) fn with_parts((kind, id): (SystemV, i32), perm: Perm, creator: Option<i32>, nsems: Option<u64>) -> Object {
    let (never, nobody) = (Timestamp::NEVER, Pid::new(0));
    let detail = match kind {
        SystemV::Segment => {
            let cpid = creator.map_or(nobody, Pid::new);
            Detail::Shm(Segment { size: 0, nattch: 0, cpid, lpid: nobody, atime: never, dtime: never, memory: None })
        }
        SystemV::Set => Detail::Sem(Set { nsems: nsems.unwrap_or(0), otime: never }),
        SystemV::Queue => Detail::Msg(Queue {
            qnum: 0,
            cbytes: 0,
            qbytes: None,
            lspid: nobody,
            lrpid: nobody,
            stime: never,
            rtime: never,
        }),
    };
    Object { id: ObjectId::system_v(kind.kind(), id), perm, ctime: never, detail }
}

/// Why a line is no listed object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of 'ls --format jsonl': {0}")]
pub struct BadLine(String);

/// The keys of a line that matter here; there are others.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    id: i32,
    #[serde(borrow)]
    key: Cow<'a, str>,
    cuid: u32,
    cgid: u32,
    #[serde(borrow)]
    ctime: Cow<'a, str>,
    cpid: Option<i32>,
    nsems: Option<u64>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Comparison, Fingerprint};
    use crate::kind::model::{Detail, Object};
    use crate::object::samples::objects;
    use crate::sys::{Key, Mode, Pid, Timestamp};

    fn segment(key: u32, mode: u32, cpid: i32, ctime: i64) -> Object {
        let [mut segment, ..] = objects();
        (segment.perm.key, segment.perm.mode) = (Key::from_bits(key), Mode::new(mode));
        segment.ctime = Timestamp::new(ctime);
        if let Detail::Shm(own) = &mut segment.detail {
            own.cpid = Pid::new(cpid);
        }
        segment
    }

    #[test]
    fn a_removed_segment_is_told_from_a_changed_one() {
        let listed = Fingerprint::of(&segment(9, 0o600, 77, 100));
        assert_eq!(listed.compare(&segment(9, 0o600, 77, 100)), Comparison::Same);
        assert_eq!(listed.compare(&segment(9, 0o640, 77, 100)), Comparison::Same);
        assert_eq!(listed.compare(&segment(0, 0o1600, 77, 100)), Comparison::Doomed);
        assert_eq!(listed.compare(&segment(8, 0o600, 77, 100)), Comparison::Changed("key"));
        assert_eq!(listed.compare(&segment(9, 0o600, 78, 100)), Comparison::Changed("creating process"));
        assert_eq!(listed.compare(&segment(9, 0o600, 77, 101)), Comparison::Changed("change time"));
        assert_eq!(listed.compare(&segment(9, 0o600, 0, 100)), Comparison::Same);
    }

    #[test]
    fn a_changed_object_is_the_same_one_and_a_replaced_one_is_not() {
        let listed = Fingerprint::of(&segment(9, 0o600, 77, 100));
        assert!(listed.is_of(&segment(9, 0o640, 77, 101)));
        assert!(listed.is_of(&segment(0, 0o1600, 77, 101)));
        assert!(!listed.is_of(&segment(8, 0o600, 77, 100)));
        assert!(!listed.is_of(&segment(9, 0o600, 78, 100)));
    }

    #[test]
    fn a_listed_line_gives_the_same_fingerprint() {
        let line = r#"{"kind":"shm","id":1,"key":"0x00000009","cuid":3,"cgid":4,"ctime":"1970-01-01T00:01:40Z","cpid":77,"x":1}"#;
        let listed = Fingerprint::from_json(line).unwrap();
        assert_eq!(listed.compare(&segment(9, 0o600, 77, 100)), Comparison::Same);
        assert_eq!(listed.compare(&segment(9, 0o600, 78, 100)), Comparison::Changed("creating process"));
        assert_eq!(listed.compare(&segment(8, 0o600, 77, 101)), Comparison::Changed("key"));
        for bad in [
            "",
            "{",
            "{}",
            "[]",
            "5",
            r#"{"kind":"foo","id":5,"key":"0x9","cuid":7,"cgid":8,"ctime":"1970-01-01T00:01:40Z"}"#,
            r#"{"kind":"sem","id":5,"key":"0x9","cuid":7,"cgid":8,"ctime":"1970-01-01T00:01:40Z"}"#,
            r#"{"kind":"shm","id":-5,"key":"0x9","cuid":7,"cgid":8,"ctime":"1970-01-01T00:01:40Z"}"#,
            r#"{"kind":"shm","id":5,"key":"9","cuid":7,"cgid":8,"ctime":"1970-01-01T00:01:40Z"}"#,
            r#"{"kind":"shm","id":5,"key":"0x9","cuid":7,"cgid":8,"ctime":"yesterday"}"#,
        ] {
            assert!(Fingerprint::from_json(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line: String) {
            let _ = Fingerprint::from_json(&line);
        }
    }
}
