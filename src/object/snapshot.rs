//! Objects written down for people and for later: the form in which plans have an object. Archives have the same parts
//! in another arrangement.

use serde::{Deserialize, Serialize};

use crate::kind::model::{Detail, Kind, Object, ObjectId, Queue, Segment, Set};
use crate::kind::system_v::{Part, SystemV};
use crate::object::key;
use crate::render::style::push_utc;
use crate::sys::{Gid, Key, Mode, Perm, Pid, Timestamp, Uid};

/// An object as files have it: the fields of `ls --json` that tell of change or use, and of those of a kind its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "as ipcadm-json(5) says")]
pub struct Snapshot {
    pub kind: String,
    pub id: i32,
    pub key: String,
    pub mode: String,
    pub uid: u32,
    pub gid: u32,
    pub cuid: u32,
    pub cgid: u32,
    pub ctime: String,
    pub activity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nattch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lpid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dtime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nsems: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qnum: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cbytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qbytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lspid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lrpid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtime: Option<String>,
}

/// A time as JSON has it, in UTC; None for one that has not come.
#[must_use]
pub(crate) fn write_time(time: Timestamp) -> Option<String> {
    (!time.is_never()).then(|| {
        let mut text = String::new();
        push_utc(&mut text, time.seconds());
        text
    })
}

/// Reads a time; None unless it is as [`write_time`] writes it.
#[must_use]
pub(crate) fn read_time(text: &str) -> Option<Timestamp> {
    let time = Timestamp::new(text.parse::<jiff::Timestamp>().ok()?.as_second());
    (write_time(time).as_deref() == Some(text)).then_some(time)
}

/// Reads permission bits; None unless they are four octal digits.
#[must_use]
pub(crate) fn read_mode(text: &str) -> Option<Mode> {
    let bits = u32::from_str_radix(text, 8).ok().filter(|bits| *bits <= Mode::PERMISSIONS)?;
    Some(Mode::new(bits)).filter(|mode| mode.to_string() == text)
}

/// Reads a key; None unless it is `0x` and eight small hex digits.
#[must_use]
pub(crate) fn read_key(text: &str) -> Option<Key> {
    key::parse_hex(text.as_bytes()).filter(|key| key.to_string() == text)
}

impl Snapshot {
    /// Writes an object down. The status bits of its mode and the memory behind a segment are left out.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let perm = &object.perm;
        let common = Self {
            kind: object.kind().word().to_owned(),
            id: object.id.sysv(),
            key: perm.key.to_string(),
            mode: perm.mode.to_string(),
            uid: perm.uid.raw(),
            gid: perm.gid.raw(),
            cuid: perm.cuid.raw(),
            cgid: perm.cgid.raw(),
            ctime: write_time(object.ctime).unwrap_or_default(),
            activity: write_time(object.activity()).unwrap_or_default(),
            ..Self::default()
        };
        match object.system_v() {
            Some(Part::Segment(segment)) => Self {
                size: Some(segment.size),
                nattch: Some(segment.nattch),
                cpid: Some(segment.cpid.raw()),
                lpid: Some(segment.lpid.raw()),
                atime: write_time(segment.atime),
                dtime: write_time(segment.dtime),
                ..common
            },
            Some(Part::Set(set)) => Self { nsems: Some(set.nsems), otime: write_time(set.otime), ..common },
            Some(Part::Queue(queue)) => Self {
                qnum: Some(queue.qnum),
                cbytes: Some(queue.cbytes),
                qbytes: queue.qbytes,
                lspid: Some(queue.lspid.raw()),
                lrpid: Some(queue.lrpid.raw()),
                stime: write_time(queue.stime),
                rtime: write_time(queue.rtime),
                ..common
            },
            None => common,
        }
    }

    /// The identity; None if it cannot be one.
    #[must_use]
    pub fn id(&self) -> Option<ObjectId> {
        let kind = Kind::from_word(self.kind.as_bytes())?;
        (self.id >= 0).then_some(ObjectId::system_v(kind, self.id))
    }

    /// The object that was written down; None unless all of it is as [`Snapshot::of`] writes it.
    #[must_use]
    pub fn object(&self) -> Option<Object> {
        let id = self.id()?;
        let time = |text: &Option<String>| text.as_deref().map_or(Some(Timestamp::NEVER), read_time);
        let ctime = if self.ctime.is_empty() { Timestamp::NEVER } else { read_time(&self.ctime)? };
        // What is missing is read as 0 here. That it is missing shows when all is compared.
        let number = |number: Option<u64>| number.unwrap_or(0);
        let pid = |pid: Option<i32>| Pid::new(pid.unwrap_or(0));
        let detail = match id.system_v_kind()? {
            SystemV::Segment => Detail::Shm(Segment {
                size: number(self.size),
                nattch: number(self.nattch),
                cpid: pid(self.cpid),
                lpid: pid(self.lpid),
                atime: time(&self.atime)?,
                dtime: time(&self.dtime)?,
                memory: None,
            }),
            SystemV::Set => Detail::Sem(Set { nsems: number(self.nsems), otime: time(&self.otime)? }),
            SystemV::Queue => Detail::Msg(Queue {
                qnum: number(self.qnum),
                cbytes: number(self.cbytes),
                qbytes: self.qbytes,
                lspid: pid(self.lspid),
                lrpid: pid(self.lrpid),
                stime: time(&self.stime)?,
                rtime: time(&self.rtime)?,
            }),
        };
        let perm = Perm {
            key: read_key(&self.key)?,
            uid: Uid::new(self.uid),
            gid: Gid::new(self.gid),
            cuid: Uid::new(self.cuid),
            cgid: Gid::new(self.cgid),
            mode: read_mode(&self.mode)?,
        };
        let object = Object { id, perm, ctime, detail };
        (Self::of(&object) == *self).then_some(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, to_value};

    use super::Snapshot;
    use crate::kind::model::Object;
    use crate::object::difference::{Part, is_same};
    use crate::object::samples::objects;

    /// Documents in which one number each is another one.
    fn changed(value: &Value) -> Vec<Value> {
        match value {
            Value::Object(fields) => {
                let changed_field = |(name, field)| {
                    let with = move |other| {
                        let mut fields = fields.clone();
                        fields.insert(String::clone(name), other);
                        Value::Object(fields)
                    };
                    changed(field).into_iter().map(with)
                };
                fields.iter().flat_map(changed_field).collect()
            }
            Value::Number(number) => vec![(number.as_u64().unwrap_or(0) + 1).into()],
            _ => Vec::new(),
        }
    }

    #[test]
    fn an_object_reads_back() {
        for object in objects() {
            let written = Snapshot::of(&object);
            assert_eq!(written.object(), Some(object));
            for other in changed(&to_value(&written).unwrap()) {
                let other: Snapshot = from_value(other).unwrap();
                assert!(other.object().is_some_and(|other| !is_same(&other, &object)), "{other:?}");
            }
        }
    }

    #[test]
    fn what_is_not_written_so_is_no_object() {
        let good = serde_json::to_string(&Snapshot::of(&objects()[0])).unwrap();
        for (from, to) in [
            ("\"shm\"", "\"pipe\""),
            ("\"id\":1", "\"id\":-1"),
            ("\"0x00000005\"", "\"0x5\""),
            ("\"0640\"", "\"640\""),
            ("\"0640\"", "\"1640\""),
            ("\"ctime\":\"1970-01-01T00:01:40Z\"", "\"ctime\":\"yesterday\""),
            ("\"activity\":\"1970-01-01T00:33:20Z\"", "\"activity\":\"\""),
            ("\"atime\":\"1970-01-01T00:16:40Z\"", "\"atime\":\"\""),
            ("\"size\":8,", ""),
            ("\"size\":8,", "\"size\":8,\"nsems\":1,"),
        ] {
            assert!(good.contains(from), "{from}");
            let bad: Snapshot = serde_json::from_str(&good.replacen(from, to, 1)).unwrap();
            assert_eq!(bad.object(), None, "{from} {to}");
        }
        for more in ["{\"more\":1,", "{\"id\":1,"] {
            assert!(serde_json::from_str::<Snapshot>(&good.replacen('{', more, 1)).is_err());
        }
    }

    #[test]
    fn every_number_is_one_part_of_a_comparison() {
        use Part::*;
        let common = [Id, Key, Creator, Owner, Permissions, ChangeTime];
        let special = [
            [Size, CreatingProcess, Attachments, LastAttachment],
            [Semaphores, LastOperation, LastOperation, LastOperation],
            [Messages, LastSend, LastReceive, Capacity],
        ];
        for (object, special) in objects().into_iter().zip(special) {
            for other in changed(&to_value(object).unwrap()) {
                let other: Object = from_value(other).unwrap();
                let differing: Vec<&Part> =
                    common.iter().chain(&special).filter(|part| part.differs(&object, &other)).collect();
                assert!(!differing.is_empty() && differing.iter().all(|part| *part == differing[0]), "{other:?}");
                assert!(!is_same(&object, &other));
            }
        }
    }
}
