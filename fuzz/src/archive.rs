//! Archives that are put together from the input, with right checksums around whatever they say.
//!
//! - What is taken has all its objects, each as an object can be: so much of it as reaches the kernel is within bounds.
//! - What restoring comes to is the same when it is asked twice, and makes nothing by itself.
//! - What is said of an archive, and of what stands in the way, can be shown on a terminal.

use crate::support::assert_harmless;
use arbitrary::{Arbitrary, Result, Unstructured};
use ipcadm::archive::manifest::{self, Entry, Head};
use ipcadm::archive::plan::{Plan, RestoreOptions};
use ipcadm::archive::read::{Archive, Body, Item};
use ipcadm::archive::sparse::Map;
use ipcadm::archive::sums::{self, Digest};
use ipcadm::archive::tar::{BLOCK, Member, Name, padding};
use ipcadm::kind::model::{Kind, ObjectId};
use ipcadm::object::create::KeyChoice;
use ipcadm::queue::Format;
use ipcadm::queue::encode::Encoder;
use ipcadm::sys::memory::file_of;
use ipcadm::sys::sem::MAX_VALUE;

/// See above.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok((bytes, objects)) = forge(&mut input) else { return };
    let archive = match Archive::read(file_of(&bytes).expect("a file")) {
        Ok(archive) => archive,
        Err(bad) => return assert!(!bad.to_string().is_empty()),
    };
    assert_eq!(archive.items.len(), objects);
    archive.items.iter().for_each(item);
    let options = RestoreOptions {
        new_key: input.arbitrary().unwrap_or_default(),
        same_id: input.arbitrary().unwrap_or_default(),
        no_reserve: input.arbitrary().unwrap_or_default(),
        ..RestoreOptions::default()
    };
    let items: Vec<&Item> = archive.items.iter().collect();
    let (one, two) = (Plan::new(&items, &options), Plan::new(&items, &options));
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
    let Ok(plan) = one else { return };
    assert!(plan.planned.len() <= objects);
    for planned in &plan.planned {
        let specification = &planned.specification;
        assert!(specification.mode.bits() <= 0o777);
        assert!(!matches!(specification.key, KeyChoice::Key(key) if key.is_private()));
        assert!(specification.owner.is_none_or(|uid| uid.raw() != u32::MAX));
        assert!(specification.group.is_none_or(|gid| gid.raw() != u32::MAX));
        assert!(planned.origin.id.is_none_or(|id| id >= 0 && options.same_id));
    }
    plan.notes.iter().for_each(|note| assert_harmless(note, &[]));
    plan.conflicts.iter().for_each(|(_, error)| assert_harmless(&error.to_string(), &['\n']));
}

/// What an object of an archive that was taken must be like.
fn item(item: &Item) {
    assert!(item.object.id.sysv() >= 0 && item.object.perm.mode.permissions() <= 0o777);
    for account in [&item.owner, &item.group, &item.creator, &item.creator_group] {
        assert_ne!(account.number, u32::MAX);
    }
    match &item.body {
        Body::Segment { size, place, .. } => assert!(*size > 0 && (place.sparse || place.stored == *size)),
        Body::Set { values, .. } => assert!(!values.is_empty() && values.iter().all(|value| *value <= MAX_VALUE)),
        Body::Queue { qnum, cbytes, largest, .. } => assert!(largest <= cbytes && (*qnum > 0 || *cbytes == 0)),
    }
}

const TIME: u64 = 1_000_000_000;

/// Members one after the other, and what the manifest and the list are to say of them.
#[derive(Default)]
struct Forger {
    bytes: Vec<u8>,
    sums: Vec<(String, Digest)>,
    entries: Vec<Entry>,
}

impl Forger {
    fn member(&mut self, name: Name, contents: &[u8], real_size: Option<u64>, digest: Option<Digest>) -> Digest {
        let member = Member { name, stored: contents.len() as u64, time: TIME, real_size, digest };
        self.bytes.extend(member.encode());
        self.bytes.extend(contents);
        self.bytes.resize(self.bytes.len() + padding(contents.len() as u64), 0);
        let digest = Digest::of(contents);
        // What has holes may be without.
        if real_size.is_none() {
            self.sums.push((name.text(), digest));
        }
        digest
    }
}

/// The archive, and how many objects it says it has.
pub(crate) fn forge(input: &mut Unstructured<'_>) -> Result<(Vec<u8>, usize)> {
    let mut forger = Forger::default();
    for _ in 0..input.int_in_range(0..=4)? {
        let id = ObjectId::system_v(*input.choose(&Kind::ALL)?, usual(input, &[0, 1, 2, 32768, i32::MAX])?);
        let mut entry = entry(input, id)?;
        match id.kind {
            Kind::Shm => entry.shm = Some(segment(input, &mut forger, id)?),
            Kind::Sem => entry.sem = Some(set(input)?),
            Kind::Msg => entry.msg = Some(queue(input, &mut forger, id)?),
        }
        forger.entries.push(entry);
    }
    let time = usual_text(input, &["2001-09-09T01:46:40Z"])?;
    let archive = usual(input, &[1])?;
    let host = optional(input)?;
    let head = Head { archive, version: "0".to_owned(), host, boot_id: None, namespace: None, time };
    let text = manifest::encode(&head, &forger.entries).expect("JSON");
    forger.member(Name::Manifest, text.as_bytes(), None, None);
    let list = sums::encode(forger.sums.iter().map(|(name, digest)| (name.as_str(), *digest)));
    forger.member(Name::Sums, list.as_bytes(), None, Some(Digest::of(list.as_bytes())));
    forger.bytes.resize(forger.bytes.len() + 2 * BLOCK, 0);
    Ok((forger.bytes, forger.entries.len()))
}

/// Mostly one of `known`.
fn usual<'a, T: Arbitrary<'a> + Copy>(input: &mut Unstructured<'a>, known: &[T]) -> Result<T> {
    if input.ratio(1, 16)? { input.arbitrary() } else { input.choose(known).copied() }
}

fn usual_text(input: &mut Unstructured<'_>, known: &[&str]) -> Result<String> {
    if input.ratio(1, 16)? { input.arbitrary() } else { Ok((*input.choose(known)?).to_owned()) }
}

fn optional(input: &mut Unstructured<'_>) -> Result<Option<String>> {
    if input.arbitrary()? {
        usual_text(input, &["root", "daemon", "nobody", "\u{1b}[2J", "no-such-name"]).map(Some)
    } else {
        Ok(None)
    }
}

fn time(input: &mut Unstructured<'_>) -> Result<Option<String>> {
    if input.arbitrary()? { usual_text(input, &["2001-09-09T01:46:40Z"]).map(Some) } else { Ok(None) }
}

fn entry(input: &mut Unstructured<'_>, id: ObjectId) -> Result<Entry> {
    let kind = id.kind.word();
    Ok(Entry {
        reference: usual_text(input, &[&id.to_string()])?,
        kind: usual_text(input, &[kind])?,
        id: id.sysv(),
        key: usual_text(input, &["0x00000000", "0x00000051", "0xffffffff"])?,
        mode: usual_text(input, &["0600", "0640", "0777", "0000", "0666", "1600"])?,
        uid: usual(input, &[0, 1000, 65534, 0, 1, 7, u32::MAX])?,
        owner: optional(input)?,
        gid: usual(input, &[0, 1000])?,
        group: optional(input)?,
        cuid: usual(input, &[0, 1000])?,
        creator: optional(input)?,
        cgid: usual(input, &[0])?,
        creator_group: optional(input)?,
        ctime: time(input)?,
        approximate: optional(input)?,
        shm: None,
        sem: None,
        msg: None,
    })
}

fn segment(input: &mut Unstructured<'_>, forger: &mut Forger, id: ObjectId) -> Result<manifest::Segment> {
    let name = Name::Contents(id);
    let sparse: bool = input.arbitrary()?;
    let (size, contents) = if sparse {
        let size = usual(input, &[1, 4096, 1 << 20, 1 << 62])?;
        let (mut runs, mut at) = (Vec::new(), 0u64);
        for _ in 0..input.int_in_range(0..=4)? {
            let (gap, len) = (input.int_in_range(0..=9000u64)?, input.int_in_range(1..=300u64)?);
            runs.push(at + gap..at + gap + len);
            at += gap + len;
        }
        // A map that is right if the runs fit, or any text for one.
        let map = Map::new(size, runs);
        let mut contents = if input.ratio(1, 8)? { input.arbitrary::<Vec<u8>>()? } else { map.encode() };
        contents.resize(contents.len() + usize::try_from(map.data()).unwrap_or(0), 7);
        (size, contents)
    } else {
        let contents: Vec<u8> = input.arbitrary()?;
        (contents.len() as u64, contents)
    };
    let digest = forger.member(name, &contents, sparse.then_some(size), None);
    Ok(manifest::Segment {
        size: if input.ratio(1, 16)? { input.arbitrary()? } else { size },
        locked: input.arbitrary()?,
        doomed: input.arbitrary()?,
        nattch: input.arbitrary()?,
        cpid: input.arbitrary()?,
        lpid: input.arbitrary()?,
        atime: time(input)?,
        dtime: time(input)?,
        member: usual_text(input, &[&name.text()])?,
        sha256: usual_text(input, &[&digest.to_string()])?,
    })
}

fn set(input: &mut Unstructured<'_>) -> Result<manifest::Set> {
    let values: Vec<u16> = input
        .arbitrary_iter::<u16>()?
        .take(50)
        .map(|value| value.map(|value| value & 0x7fff))
        .collect::<Result<_>>()?;
    let pids = if input.ratio(1, 16)? { input.arbitrary()? } else { vec![None; values.len()] };
    Ok(manifest::Set { values, pids, otime: time(input)? })
}

fn queue(input: &mut Unstructured<'_>, forger: &mut Forger, id: ObjectId) -> Result<manifest::Queue> {
    let name = Name::Contents(id);
    let (mut contents, mut qnum, mut cbytes) = (Vec::new(), 0, 0);
    for _ in 0..input.int_in_range(0..=4)? {
        let text: Vec<u8> = input.arbitrary()?;
        let mtype = usual(input, &[1, 7, i64::MAX])?;
        Encoder::new(Format::Jsonl, false).push(&mut contents, None, mtype, &text).expect("JSON takes all");
        (qnum, cbytes) = (qnum + 1, cbytes + text.len() as u64);
    }
    if input.ratio(1, 16)? {
        contents.extend(input.arbitrary::<Vec<u8>>()?);
    }
    let digest = forger.member(name, &contents, None, None);
    Ok(manifest::Queue {
        qbytes: usual(input, &[0, 1, 16384, 1 << 31])?,
        qnum: if input.ratio(1, 16)? { input.arbitrary()? } else { qnum },
        cbytes: if input.ratio(1, 16)? { input.arbitrary()? } else { cbytes },
        lspid: input.arbitrary()?,
        lrpid: input.arbitrary()?,
        stime: time(input)?,
        rtime: time(input)?,
        member: usual_text(input, &[&name.text()])?,
        sha256: usual_text(input, &[&digest.to_string()])?,
    })
}
