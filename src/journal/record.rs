//! The record of what a run has closed, from which the next run puts right what an interrupted one left behind.
//!
//! A file for each run, locked while the run lives. A line is written for each batch before the first of its objects
//! is closed, and taken away when the last is removed or open again; so a record without a lock tells what may still be
//! closed. A line that does not end is one whose run was killed while it wrote it: nothing of that batch is closed.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Status, bare};
use crate::journal::access;
use crate::journal::folder::{self, Places};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::object::inventory;
use crate::proc::sysctl;
use crate::sys::new_file::NewFile;
use crate::sys::{Mode, clock, fd, namespace, random};

/// The version of the format.
const VERSION: u32 = 1;
/// Records begin so; what begins otherwise is none.
pub(super) const PREFIX: &str = "closed-";
/// No record is longer.
const MOST_BYTES: u64 = 1 << 26;

/// What a line of a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The version of the format.
    ipcadm_record: u32,
    /// Of which run of the machine it is.
    pub boot: String,
    /// Of which IPC namespace.
    pub namespace: u64,
    /// When its run began, before the first object was closed; seconds since 1970.
    pub time: i64,
    /// The objects.
    pub objects: Vec<Entry>,
}

/// An object that is to be closed, as it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    kind: String,
    id: i32,
    key: u32,
    cuid: u32,
    cgid: u32,
    cpid: Option<i32>,
    nsems: Option<u64>,
    uid: u32,
    gid: u32,
    qbytes: Option<u64>,
    mode: u32,
}

impl Entry {
    /// From an object that is not closed yet.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self {
            kind: object.kind().word().to_owned(),
            id: object.id.sysv(),
            key: object.perm.key.bits(),
            cuid: object.perm.cuid.raw(),
            cgid: object.perm.cgid.raw(),
            cpid: object.as_segment().map(|segment| segment.cpid.raw()),
            nsems: object.as_set().map(|set| set.nsems),
            uid: object.perm.uid.raw(),
            gid: object.perm.gid.raw(),
            qbytes: object.as_queue().and_then(|queue| queue.qbytes),
            mode: object.perm.mode.permissions(),
        }
    }

    /// Which object it is about; None for no sensible one.
    #[must_use]
    pub fn id(&self) -> Option<ObjectId> {
        let kind = Kind::from_word(self.kind.as_bytes())?;
        (self.id >= 0).then_some(ObjectId::system_v(kind, self.id))
    }

    /// The mode it had.
    #[must_use]
    pub fn mode(&self) -> Mode {
        Mode::new(self.mode)
    }

    /// Whether `object` is what the record is about, closed, or a set open to its owner for a look. It may have got
    /// another owner or capacity since.
    #[must_use]
    pub fn is_closed(&self, object: &Object) -> bool {
        let mode = object.perm.mode.permissions();
        let now = Self::of(object);
        let same_owner = (now.uid, now.gid) == (self.uid, self.gid);
        let for_a_look = object.as_set().is_some() && mode == access::LOOK.permissions() && same_owner;
        if mode == self.mode || !(mode == access::CLOSED.permissions() || for_a_look) {
            return false;
        }
        let mut closed = Self { mode, uid: now.uid, gid: now.gid, qbytes: now.qbytes, ..self.clone() };
        // A reader in another pid namespace may see no creator.
        if closed.cpid == Some(0) || now.cpid == Some(0) {
            closed.cpid = now.cpid;
        }
        closed == now
    }

    fn is_sound(&self) -> bool {
        self.id().is_some() && self.mode & !Mode::PERMISSIONS == 0
    }
}

/// The records of this run of the machine and this IPC namespace.
#[derive(Debug)]
pub(super) struct Records {
    boot: String,
    namespace: u64,
}

impl Records {
    /// None where `/proc` does not tell which those are.
    pub(super) fn here() -> Option<Self> {
        Some(Self { boot: sysctl::boot_id()?, namespace: namespace::ipc()? })
    }

    /// What they say, of runs that live or were interrupted, but that of `own`; and whether those are all. What cannot be
    /// read says nothing.
    pub(super) fn read(&self, places: &Places, own: Option<&Path>) -> (Vec<Content>, bool) {
        let found = places.own();
        let (mut contents, mut all) = (Vec::new(), found.all);
        for folder in found.folders.iter().filter(|folder| folder::check(folder).is_ok()) {
            let Ok(records) = files(folder) else {
                all = false;
                continue;
            };
            for path in records.into_iter().filter(|path| Some(path.as_path()) != own) {
                let said = folder::open_own(&path).ok().and_then(|mut file| read(&mut file, &self.boot).ok());
                let said = said.into_iter().flat_map(|said| said.contents);
                contents.extend(said.filter(|content| content.namespace == self.namespace));
            }
        }
        (contents, all)
    }
}

/// The record of this run.
#[derive(Debug)]
pub struct Record {
    file: File,
    path: PathBuf,
    /// Where it and those of other runs of this user are.
    places: Places,
    here: Records,
    /// When the run began; seconds since 1970.
    time: i64,
    /// The length of the lines that stay, as they name what could not be opened again.
    kept: u64,
    /// The length with the line of this batch.
    length: u64,
}

impl Record {
    /// Begins a record in one of `places`.
    ///
    /// # Errors
    /// Status 1 when there is no safe place for it, or `/proc` does not tell what belongs into it.
    pub fn begin(places: &Places) -> Result<Self> {
        let cannot = |reason: String| Error::cannot(Status::Failed, "keep a record of what is closed", reason, None);
        let here = Records::here()
            .ok_or_else(|| cannot("/proc does not tell the boot id, or not the IPC namespace".to_owned()))?;
        let (file, path) = places.first(create).map_err(cannot)?;
        let (places, time) = (places.clone(), clock::now());
        Ok(Self { file, path, places, here, time, kept: 0, length: 0 })
    }

    /// Writes down what is about to be closed. It outlives this process; that it reaches the disk does not matter, as no
    /// object outlives the machine.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&mut self, objects: &[Object]) -> io::Result<()> {
        let objects = objects.iter().map(Entry::of).collect();
        let (boot, namespace, time) = (self.here.boot.clone(), self.here.namespace, self.time);
        let mut text = serde_json::to_vec(&Content { ipcadm_record: VERSION, boot, namespace, time, objects })?;
        text.push(b'\n');
        self.length = self.kept + text.len() as u64;
        self.file.set_len(self.kept)?;
        self.file.write_all_at(&text, self.kept)
    }

    /// The batch is done: each of `objects`, as they were before, should be gone or open. If one is closed all the same,
    /// the batch stays on record for the next run.
    ///
    /// # Errors
    /// Those of writing.
    pub fn done(&mut self, objects: &[Object]) -> io::Result<()> {
        let closed = |object: &Object| match inventory::look(object.id) {
            Ok(now) => now.is_some_and(|now| Entry::of(object).is_closed(&now)),
            Err(_) => true,
        };
        if objects.iter().any(closed) {
            self.kept = self.length;
        }
        self.file.set_len(self.kept)
    }

    /// The objects that other records name, of runs that live or were interrupted. What cannot be read names none.
    #[must_use]
    pub fn named_by_others(&self) -> Others {
        let (contents, all) = self.here.read(&self.places, Some(&self.path));
        let named = contents.into_iter().flat_map(|content| content.objects).filter_map(|entry| entry.id()).collect();
        Others { named, all }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.kept == 0 {
            // An empty record without a lock is removed by the next run.
            let _ = fs::remove_file(&self.path);
            self.path.parent().into_iter().for_each(|folder| self.places.tidy(folder));
        }
    }
}

/// What records of other runs name.
pub struct Others {
    named: HashSet<ObjectId>,
    all: bool,
}

impl Others {
    /// Whether another record names the object, or may.
    #[must_use]
    pub fn contains(&self, id: &ObjectId) -> bool {
        !self.all || self.named.contains(id)
    }
}

/// The records in `folder`.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    let is_record =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    Ok(paths.into_iter().filter(is_record).collect())
}

/// Makes the file. It gets its name when it is locked, so that no other run takes it for left behind; before that, a
/// run that is killed leaves nothing.
fn create(folder: &Path) -> io::Result<(File, PathBuf)> {
    let path = folder.join(format!("{PREFIX}{}-{:08x}", std::process::id(), random::bits32()?));
    let new = NewFile::create(&path)?;
    // The lock goes with what both refer to.
    let file = new.file().try_clone()?;
    fd::try_lock(&file)?;
    new.keep(false)?;
    Ok((file, path))
}

/// What a record says that was left behind.
#[derive(Default)]
pub(super) struct Said {
    /// The lines of this run of the machine: what may still be closed.
    pub(super) contents: Vec<Content>,
    /// Whether its run was killed while it wrote the last line, before anything of that was closed.
    pub(super) cut_short: bool,
}

/// Reads a record; no object outlives the machine, so lines of another boot say nothing.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(file: &mut File, boot: &str) -> std::result::Result<Said, String> {
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| bare(&error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err("too long".to_owned());
    }
    let mut said = Said::default();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) if is_past(line, boot) => {}
            Some(line) => said.contents.push(parse(line)?),
            None => said.cut_short = true,
        }
    }
    Ok(said)
}

/// Whether a line, of whatever version, is of another run of the machine than `boot`.
fn is_past(line: &[u8], boot: &str) -> bool {
    #[derive(Deserialize)]
    struct Any {
        boot: String,
    }
    serde_json::from_slice(line).is_ok_and(|any: Any| any.boot != boot)
}

/// Reads a line of a record.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &[u8]) -> std::result::Result<Content, String> {
    let content: Content = serde_json::from_slice(text).map_err(|_| "not a record".to_owned())?;
    if content.ipcadm_record != VERSION {
        return Err(format!("version {} is unknown", content.ipcadm_record));
    }
    if !content.objects.iter().all(Entry::is_sound) {
        return Err("it tells of impossible objects".to_owned());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Content, Entry, VERSION, parse};
    use crate::kind::model::Object;
    use crate::sys::msg::MsgStat;
    use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, Timestamp, Uid};

    fn queue(mode: u32, ctime: i64) -> Object {
        let perm = Perm {
            key: Key::from_bits(5),
            uid: Uid::new(1),
            gid: Gid::new(2),
            cuid: Uid::new(3),
            cgid: Gid::new(4),
            mode: Mode::new(mode),
        };
        let stat = MsgStat {
            perm,
            stime: Timestamp::NEVER,
            rtime: Timestamp::NEVER,
            ctime: Timestamp::new(ctime),
            cbytes: 0,
            qnum: 0,
            qbytes: 16384,
            lspid: Pid::new(0),
            lrpid: Pid::new(0),
        };
        Object::queue(MsgId::new(7), &stat, true)
    }

    fn content() -> Content {
        let objects = vec![Entry::of(&queue(0o640, 100))];
        Content { ipcadm_record: VERSION, boot: "b".into(), namespace: 9, time: 200, objects }
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = serde_json::to_vec(&content()).unwrap();
        assert_eq!(parse(&text), Ok(content()));
        assert_eq!(content().objects[0].mode().bits(), 0o640);
    }

    #[test]
    fn only_a_closed_object_is_one() {
        let entry = Entry::of(&queue(0o640, 100));
        assert!(entry.is_closed(&queue(0, 200)));
        // Opened again by somebody.
        assert!(!entry.is_closed(&queue(0o600, 200)));
        let mut other = queue(0, 200);
        other.perm.uid = Uid::new(8);
        assert!(entry.is_closed(&other), "closed it is all the same");
        other = queue(0, 200);
        other.perm.key = Key::from_bits(6);
        assert!(!entry.is_closed(&other));
    }

    #[test]
    fn a_bad_record_is_refused() {
        let good = String::from_utf8(serde_json::to_vec(&content()).unwrap()).unwrap();
        for (from, to) in [
            ("\"ipcadm_record\":1", "\"ipcadm_record\":2"),
            ("\"mode\":416", "\"mode\":4095"),
            ("\"mode\":416", "\"mode\":-1"),
            ("\"kind\":\"msg\"", "\"kind\":\"pipe\""),
            ("\"id\":7", "\"id\":-7"),
            ("\"namespace\":9", "\"namespace\":9,\"more\":1"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(&good.as_bytes()[..good.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn no_record_is_too_strange(text: Vec<u8>) {
            let _ = parse(&text);
        }
    }
}
