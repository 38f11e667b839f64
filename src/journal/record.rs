//! The record of the objects that a run has locked, from which the next run recovers those that an interrupted one left.
//!
//! There is a file for each run, with flock(2) held on it while the run lives. A line is written for each batch before
//! the first of its objects is locked, and taken away when the last is removed or unlocked; so a file without flock names
//! objects that may still be locked. A line without an end is one whose run was killed while it wrote it: nothing of that
//! batch is locked.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, Status, os_message};
use crate::journal::folder::{self, Places};
use crate::journal::locked::is_locked_since;
use crate::kind::model::{Kind, Object, ObjectId};
use crate::object::fingerprint::with_parts;
use crate::object::inventory;
use crate::proc::sysctl;
use crate::sys::new_file::NewFile;
use crate::sys::{Gid, Key, Mode, Perm, Uid, clock, fd, namespace, random};

const VERSION: u32 = 3;
/// Records begin so; what begins otherwise is none.
pub(super) const PREFIX: &str = "closed-";
/// No record is longer.
const MOST_BYTES: u64 = 1 << 26;

/// What a line of a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    ipcadm_record: u32,
    /// Of which run of the machine it is.
    pub boot: String,
    pub namespace: u64,
    /// When its run began, before the first object was locked; seconds since 1970.
    pub time: i64,
    objects: Vec<Entry>,
}

impl Content {
    /// The objects as they were before they were locked, as far as it takes to know them again.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        self.objects.iter().filter_map(Entry::object)
    }
}

/// An object in numbers, since thousands are written at a time: its kind and id; key, owner, group, creator, his group and
/// mode; the creating process of a segment; the number of semaphores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry(Kind, i32, [u32; 6], Option<i32>, Option<u64>);

impl Entry {
    fn of(object: &Object) -> Self {
        let Perm { key, uid, gid, cuid, cgid, mode } = object.perm;
        let numbers = [key.bits(), uid.raw(), gid.raw(), cuid.raw(), cgid.raw(), mode.permissions()];
        let creator = object.as_segment().map(|segment| segment.cpid.raw());
        Self(object.kind(), object.id.sysv(), numbers, creator, object.as_set().map(|set| set.nsems))
    }

    fn object(&self) -> Option<Object> {
        let Self(kind, id, [key, uid, gid, cuid, cgid, mode], creator, nsems) = *self;
        let (uid, gid, cuid, cgid) = (Uid::new(uid), Gid::new(gid), Uid::new(cuid), Gid::new(cgid));
        let perm = Perm { key: Key::from_bits(key), uid, gid, cuid, cgid, mode: Mode::new(mode) };
        let is_possible = id >= 0 && mode == perm.mode.permissions();
        kind.system_v().filter(|_| is_possible).map(|kind| with_parts((kind, id), perm, creator, nsems))
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

    /// What they say, of runs that live or were interrupted, but that of `own`; and whether those are all that there are,
    /// and can be read.
    pub(super) fn read(&self, places: &Places, own: Option<&Path>) -> (Vec<Content>, bool) {
        let found = places.own();
        let (mut contents, mut all) = (Vec::new(), found.all);
        for folder in found.folders.iter().filter(|folder| folder::check(folder).is_ok()) {
            let Ok(records) = files(folder) else {
                all = false;
                continue;
            };
            for path in records.into_iter().filter(|path| Some(path.as_path()) != own) {
                let said = match folder::open_own(&path) {
                    Ok(mut file) => read(&mut file, &self.boot).ok(),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(_) => None,
                };
                all &= said.is_some();
                let said = said.into_iter().flat_map(|said| said.contents);
                contents.extend(said.filter(|content| content.namespace == self.namespace));
            }
        }
        (contents, all)
    }
}

#[derive(Debug)]
pub struct Record {
    file: File,
    path: PathBuf,
    /// Where it and those of other runs of this user are.
    places: Places,
    here: Records,
    /// When the run began; seconds since 1970.
    time: i64,
    /// The length of the lines that stay, as they name objects that could not be unlocked.
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

    /// Writes down the objects that are about to be locked. It outlives this process; that it reaches the disk does not
    /// matter, as no object outlives the machine.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&mut self, objects: &[Object]) -> io::Result<()> {
        let (boot, namespace, time) = (self.here.boot.clone(), self.here.namespace, self.time);
        let objects = objects.iter().map(Entry::of).collect();
        let mut text = serde_json::to_vec(&Content { ipcadm_record: VERSION, boot, namespace, time, objects })?;
        text.push(b'\n');
        self.length = self.kept + text.len() as u64;
        self.file.set_len(self.kept)?;
        self.file.write_all_at(&text, self.kept)
    }

    /// The batch is done. Each of the objects that were locked and are not known to be gone is given, as it was before; if
    /// one is locked all the same, the batch stays on record for the next run.
    ///
    /// # Errors
    /// Those of writing.
    pub fn done<'a>(&mut self, left: impl IntoIterator<Item = &'a Object>) -> io::Result<()> {
        let is_locked = |object: &Object| match inventory::look(object.id) {
            Ok(now) => now.is_some_and(|now| is_locked_since(object, &now)),
            Err(_) => true,
        };
        if left.into_iter().any(is_locked) {
            self.kept = self.length;
        }
        self.file.set_len(self.kept)
    }

    /// The objects that other records name, of runs that live or were interrupted.
    #[must_use]
    pub fn named_by_others(&self) -> Others {
        let (contents, all) = self.here.read(&self.places, Some(&self.path));
        let named = contents.iter().flat_map(Content::objects).map(|object| object.id).collect();
        Others { named, all }
    }

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
    /// Whether another record names the object.
    #[must_use]
    pub fn name(&self, id: &ObjectId) -> bool {
        self.named.contains(id)
    }

    /// Why the mode of a locked object may not be its own: another record names it, or may.
    #[must_use]
    pub fn may_have_locked(&self, id: &ObjectId) -> Option<&'static str> {
        if self.name(id) {
            Some("another run of ipcadm is at work on it")
        } else if !self.all {
            Some(
                "a record of another run, which cannot be read, may tell another mode for it ('ipcadm set --mode' gives it one)",
            )
        } else {
            None
        }
    }
}

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
    /// The lines of this boot: objects that may still be locked.
    pub(super) contents: Vec<Content>,
    /// Whether its run was killed while it wrote the last line, before anything of that was locked.
    pub(super) cut_short: bool,
}

/// Reads a record; no object outlives the machine, so lines of another boot say nothing.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(file: &mut File, boot: &str) -> std::result::Result<Said, String> {
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| os_message(&error))?;
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
    #[derive(Deserialize)]
    struct Version {
        ipcadm_record: u32,
    }
    // The version first: another one may have other fields.
    let Version { ipcadm_record } = serde_json::from_slice(text).map_err(|_| "not a record".to_owned())?;
    if ipcadm_record != VERSION {
        return Err(format!("version {ipcadm_record} is unknown"));
    }
    let content: Content = serde_json::from_slice(text).map_err(|_| "it is damaged".to_owned())?;
    if !content.objects.iter().all(|entry| entry.object().is_some()) {
        return Err("it tells of impossible objects".to_owned());
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Content, Entry, VERSION, parse};
    use crate::object::fingerprint::Fingerprint;
    use crate::object::samples::objects;

    fn content() -> Content {
        let objects = objects().iter().map(Entry::of).collect();
        Content { ipcadm_record: VERSION, boot: "b".into(), namespace: 9, time: 200, objects }
    }

    #[test]
    fn what_is_written_reads_back() {
        let text = serde_json::to_string(&content()).unwrap();
        assert_eq!(parse(text.as_bytes()), Ok(content()));
        let three = r#"[["Shm",1,[5,1,2,3,4,416],6,null],["Sem",2,[5,1,2,3,4,416],null,10],["Msg",3,[5,1,2,3,4,416],null,null]]"#;
        assert_eq!(text, format!(r#"{{"ipcadm_record":3,"boot":"b","namespace":9,"time":200,"objects":{three}}}"#));
        for (read, object) in content().objects().zip(objects()) {
            assert!(Fingerprint::of(&read).is_of(&object) && read.perm == object.perm, "{read:?}");
        }
    }

    #[test]
    fn a_bad_record_is_refused() {
        let good = serde_json::to_string(&content()).unwrap();
        for (from, to) in [
            ("\"ipcadm_record\":3", "\"ipcadm_record\":1"),
            ("416", "4096"),
            ("416", "\"0640\""),
            ("416", "-416"),
            (",6,null]", ",6]"),
            ("\"Msg\",3", "\"Msg\",3,3"),
            ("\"Msg\",3", "\"Pipe\",3"),
            ("\"Msg\",3", "\"Msg\",-3"),
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
