//! The manifest: the objects of an archive as JSON. ipcadm-archive(5) describes the fields.

use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::bad::Bad;
use crate::kind::model::{Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::object::snapshot::write_time;
use crate::sys::{Gid, Pid, Uid, accounts};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub archive: u32,
    pub version: String,
    pub host: Option<String>,
    pub boot_id: Option<String>,
    pub namespace: Option<u64>,
    pub time: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Kind and id: `shm:42`.
    #[serde(rename = "ref")]
    pub reference: String,
    pub kind: String,
    pub id: i32,
    pub key: String,
    /// Permission bits: `0640`.
    pub mode: String,
    pub uid: u32,
    pub owner: Option<String>,
    pub gid: u32,
    pub group: Option<String>,
    pub cuid: u32,
    pub creator: Option<String>,
    pub cgid: u32,
    pub creator_group: Option<String>,
    pub ctime: Option<String>,
    /// Why the copy may not be of one moment; null when it is.
    pub approximate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shm: Option<Segment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sem: Option<Set>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg: Option<Queue>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    pub size: u64,
    /// Kept in RAM.
    pub locked: bool,
    /// Removed already, when it was saved.
    pub doomed: bool,
    /// Attachments other than that of the copying itself.
    pub nattch: u64,
    pub cpid: Option<i32>,
    pub lpid: Option<i32>,
    pub atime: Option<String>,
    pub dtime: Option<String>,
    pub member: String,
    /// The checksum of that member as it is stored: of a sparse one with its map and without its holes.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The values at one moment, in order.
    pub values: Vec<u16>,
    /// The last process to change each.
    pub pids: Vec<Option<i32>>,
    pub otime: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    pub qbytes: u64,
    pub qnum: u64,
    pub cbytes: u64,
    pub lspid: Option<i32>,
    pub lrpid: Option<i32>,
    pub stime: Option<String>,
    pub rtime: Option<String>,
    pub member: String,
    pub sha256: String,
}

/// A process; None for none, or one that cannot be seen.
#[must_use]
pub fn pid(pid: Pid) -> Option<i32> {
    (!pid.is_none()).then(|| pid.raw())
}

impl Entry {
    /// Of `object`, without what only its kind has, and as a copy of one moment.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let perm = &object.perm;
        let user = |uid: Uid| (uid.raw(), accounts::user_name(uid));
        let group = |gid: Gid| (gid.raw(), accounts::group_name(gid));
        let ((uid, owner), (cuid, creator)) = (user(perm.uid), user(perm.cuid));
        let ((gid, group), (cgid, creator_group)) = (group(perm.gid), group(perm.cgid));
        Self {
            reference: object.id.to_string(),
            kind: object.kind().word().to_owned(),
            id: object.id.sysv(),
            key: perm.key.to_string(),
            mode: perm.mode.to_string(),
            uid,
            owner,
            gid,
            group,
            cuid,
            creator,
            cgid,
            creator_group,
            ctime: write_time(object.ctime),
            approximate: None,
            shm: None,
            sem: None,
            msg: None,
        }
    }

    /// Kind and id; None when they contradict each other.
    #[must_use]
    pub fn object_id(&self) -> Option<ObjectId> {
        let kind = SystemV::from_word(self.kind.as_bytes())?;
        let id = ObjectId::system_v(kind.kind(), self.id);
        let parts = [self.shm.is_some(), self.sem.is_some(), self.msg.is_some()];
        let own = SystemV::ALL.map(|one| one == kind);
        (self.id >= 0 && parts == own && id.to_string() == self.reference).then_some(id)
    }
}

/// Only this, of any version.
#[derive(Deserialize)]
struct AnyHead {
    archive: u32,
    version: String,
}

/// In front of the head, behind it, and the last line.
const BEGINNING: &str = "{\"ipcadm\":";
const OBJECTS: &str = ",\"objects\":[";
const END: &str = "]}";
/// The first line is no longer.
const MAX_HEAD: u64 = 64 << 10;
/// No line of an object is longer: one of three million semaphores.
pub const MAX_LINE: u64 = 24 << 20;

/// The document: an object a line.
///
/// # Errors
/// None that can come: everything in it can be JSON.
pub fn encode(head: &Head, entries: &[Entry]) -> serde_json::Result<String> {
    let mut text = format!("{{\"ipcadm\":{},\"objects\":[", serde_json::to_string(head)?);
    for (number, entry) in entries.iter().enumerate() {
        text.push_str(if number > 0 { ",\n" } else { "\n" });
        text.push_str(&serde_json::to_string(entry)?);
    }
    text.push_str("\n]}\n");
    Ok(text)
}

/// The document as it is read: an object at a time, so that it never is in memory as a whole.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    line: Vec<u8>,
    /// Whether another object must follow; None before the first.
    goes_on: Option<bool>,
}

impl<R: BufRead> Reader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// In words, unless it is exactly as [`encode`] writes it.
    pub fn begin(input: R) -> Result<(Head, Self), Bad> {
        let mut reader = Self { input, line: Vec::new(), goes_on: None };
        let whole = reader.next_line(MAX_HEAD)?;
        let malformed = |error: serde_json::Error| Bad::Damaged(format!("its manifest is malformed: {error}"));
        let line = reader.line.strip_prefix(BEGINNING.as_bytes()).ok_or("its manifest is malformed")?;
        // Whatever else another version may have.
        let mut first = serde_json::Deserializer::from_slice(line).into_iter::<AnyHead>();
        let AnyHead { archive, version } = first.next().ok_or("its manifest is malformed")?.map_err(malformed)?;
        if archive != super::FORMAT {
            return Err(Bad::Damaged(other_format(archive, &version)));
        }
        let head = line.strip_suffix(OBJECTS.as_bytes()).filter(|_| whole).ok_or(NOT_OURS)?;
        Ok((exact(head)?, reader))
    }

    /// The next object; None when there is none left.
    ///
    /// # Errors
    /// As [`Reader::begin`].
    pub fn next_entry(&mut self) -> Result<Option<Entry>, Bad> {
        if !self.next_line(MAX_LINE)? {
            return Err("its manifest is malformed: it ends early, or a line is too long".into());
        }
        if self.line == END.as_bytes() && self.goes_on != Some(true) {
            return if self.input.fill_buf()?.is_empty() { Ok(None) } else { Err(NOT_OURS.into()) };
        }
        if self.goes_on == Some(false) {
            return Err(NOT_OURS.into());
        }
        let text = self.line.strip_suffix(b",");
        self.goes_on = Some(text.is_some());
        exact(text.unwrap_or(&self.line)).map(Some)
    }

    pub fn into_inner(self) -> R {
        self.input
    }

    /// Puts the next line where it is looked at, without its end; whether there is one of no more than `most` bytes.
    fn next_line(&mut self, most: u64) -> Result<bool, Bad> {
        self.line.clear();
        Read::take(&mut self.input, most).read_until(b'\n', &mut self.line)?;
        Ok(self.line.pop_if(|last| *last == b'\n').is_some())
    }
}

const NOT_OURS: &str = "its manifest is not as ipcadm writes it";

/// Reads what must be as it is written.
fn exact<T: Serialize + DeserializeOwned>(text: &[u8]) -> Result<T, Bad> {
    let read: T =
        serde_json::from_slice(text).map_err(|error| Bad::Damaged(format!("its manifest is malformed: {error}")))?;
    let mut rest = Same(text);
    match serde_json::to_writer(&mut rest, &read) {
        Ok(()) if rest.0.is_empty() => Ok(read),
        _ => Err(NOT_OURS.into()),
    }
}

/// Takes what it has, and nothing else.
struct Same<'a>(&'a [u8]);

impl Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn other_format(format: u32, version: &str) -> String {
    let version = crate::render::escape::escape(version).into_owned();
    let version = crate::render::escape::truncate(&version, 40).into_owned();
    format!("it has format {format}, written by ipcadm {version}; this ipcadm knows format {}", super::FORMAT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Entry, Head, Reader, encode};

    fn parse(bytes: &[u8]) -> Result<(Head, Vec<Entry>), String> {
        let read = || {
            let (head, mut reader) = Reader::begin(bytes)?;
            let mut entries = Vec::new();
            while let Some(entry) = reader.next_entry()? {
                entries.push(entry);
            }
            Ok((head, entries))
        };
        read().map_err(|bad: super::Bad| bad.to_string())
    }

    fn head() -> Head {
        let time = "2026-11-21T05:13:50Z".to_owned();
        Head { archive: 1, version: "0.1.0".to_owned(), host: None, boot_id: None, namespace: Some(5), time }
    }

    fn entry(id: i32, owner: Option<String>, values: Vec<u16>) -> Entry {
        Entry {
            reference: format!("sem:{id}"),
            kind: "sem".to_owned(),
            id,
            key: "0x00000000".to_owned(),
            mode: "0600".to_owned(),
            uid: 0,
            owner,
            gid: 0,
            group: None,
            cuid: 0,
            creator: None,
            cgid: 0,
            creator_group: None,
            ctime: None,
            approximate: None,
            shm: None,
            sem: Some(super::Set { pids: values.iter().map(|_| None).collect(), values, otime: None }),
            msg: None,
        }
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let newer = br#"{"ipcadm":{"archive":2,"version":"9.0","more":1},"others":[]}"#;
        assert!(parse(newer).is_err_and(|reason| reason.contains("format 2")));
        assert!(parse(b"{}").is_err_and(|reason| reason.contains("malformed")));
        let good = encode(&head(), &[entry(1, None, vec![1]), entry(2, None, vec![2])]).unwrap();
        assert!(parse(good.as_bytes()).is_ok());
        for (from, to) in [
            ("\"archive\":1", "\"archive\": 1"),
            (",\"objects\":[", ",\"objects\":[ "),
            ("{\"ref\":", "{ \"ref\":"),
            ("\n]}\n", "\n]}\n\n"),
            ("\n]}\n", "\n]}"),
            ("\n]}\n", ",\n]}\n"),
            ("},\n", "}\n"),
            ("\n]}", "]}"),
            ("},\n{", "},\n]}\n{"),
        ] {
            let other = good.replacen(from, to, 1);
            assert!(other != good && parse(other.as_bytes()).is_err(), "{from} {to}");
        }
        let spaced = good.replacen("{\"ref\":", "{ \"ref\":", 1);
        assert!(parse(spaced.as_bytes()).is_err_and(|reason| reason.contains("not as ipcadm")));
    }

    #[test]
    fn an_entry_is_of_one_kind() {
        let good = entry(3, None, vec![1]);
        assert_eq!(good.object_id().map(|id| id.to_string()).as_deref(), Some("sem:3"));
        for spoil in [
            |entry: &mut Entry| entry.kind = "shm".to_owned(),
            |entry: &mut Entry| entry.id = 4,
            |entry: &mut Entry| entry.sem = None,
            |entry: &mut Entry| entry.id = -3,
        ] {
            let mut bad = good.clone();
            spoil(&mut bad);
            assert_eq!(bad.object_id(), None);
        }
    }

    proptest! {
        #[test]
        fn manifests_read_back(ids in proptest::collection::vec((0..=i32::MAX, any::<Option<String>>(), any::<Vec<u16>>()), 0..4)) {
            let entries: Vec<Entry> = ids.into_iter().map(|(id, owner, values)| entry(id, owner, values)).collect();
            let text = encode(&head(), &entries).unwrap();
            prop_assert_eq!(parse(text.as_bytes()), Ok((head(), entries)));
        }

        #[test]
        fn no_manifest_is_too_strange(bytes: Vec<u8>, text: String) {
            let _ = parse(&bytes);
            let _ = parse(text.as_bytes());
        }
    }
}
