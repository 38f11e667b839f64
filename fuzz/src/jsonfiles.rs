//! Files that come back: plans, records, listed objects, manifests, lists of checksums, maps of holes.
//!
//! - A manifest, a list of checksums, a name and a map are taken only as they are written: encoding gives the input.
//! - A plan or record that is taken, written and read again is the same, and names only objects that can be.
//! - Why one is refused can be shown on a terminal.

use crate::support::assert_harmless;
use ipcadm::archive::manifest::{self, Entry, Head, Reader};
use ipcadm::archive::read::Bad;
use ipcadm::archive::sparse::Map;
use ipcadm::archive::sums;
use ipcadm::archive::tar::Name;
use ipcadm::journal::record;
use ipcadm::object::fingerprint::Fingerprint;
use ipcadm::removal::plan::Plan;

/// See above.
pub fn check(data: &[u8]) {
    match whole_manifest(data) {
        Ok((head, entries)) => {
            assert_eq!(manifest::encode(&head, &entries).expect("JSON").as_bytes(), data);
            for entry in entries {
                assert!(entry.object_id().is_none_or(|id| id.sysv() >= 0 && id.to_string() == entry.reference));
            }
        }
        // serde_json repeats names of fields as they are; the command shows them escaped.
        Err(reason) => assert!(!reason.to_string().is_empty()),
    }
    match Plan::parse(data) {
        Ok(plan) => {
            let text = serde_json::to_vec(&plan).expect("JSON");
            assert!(plan.objects.iter().all(|entry| entry.object.id().is_some() && entry.state().is_some()));
            assert_eq!(Plan::parse(&text), Ok(plan));
        }
        Err(reason) => assert_harmless(&reason, &[]),
    }
    match record::parse(data) {
        Ok(content) => {
            let text = serde_json::to_vec(&content).expect("JSON");
            assert!(content.objects().all(|object| object.perm.mode.bits() <= 0o777));
            assert_eq!(record::parse(&text), Ok(content));
        }
        Err(reason) => assert_harmless(&reason, &[]),
    }
    if let Some(name) = Name::parse(data) {
        assert_eq!(name.text().as_bytes(), data);
    }
    maps(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(list) = sums::parse(text) {
        assert_eq!(sums::encode(list), text);
    }
    if let Ok(fingerprint) = Fingerprint::from_json(text) {
        assert!(fingerprint.id().sysv() >= 0);
    }
}

fn whole_manifest(data: &[u8]) -> Result<(Head, Vec<Entry>), Bad> {
    let (head, mut reader) = Reader::begin(data)?;
    let mut entries = Vec::new();
    while let Some(entry) = reader.next_entry()? {
        entries.push(entry);
    }
    Ok((head, entries))
}

fn maps(data: &[u8]) {
    for size in [10, 4096, 1 << 40, u64::MAX] {
        let Some(map) = Map::read(size, data) else { continue };
        let encoded = map.encode();
        let numbers = encoded.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        // Zeros up to a whole block are the archive's to check.
        assert!(data.starts_with(&encoded[..numbers]) && encoded.len() % 512 == 0);
        assert!(map.data() <= size && map.runs.iter().all(|run| run.start < run.end && run.end <= size));
        assert!(map.runs.windows(2).all(|two| two[0].end < two[1].start));
        assert_eq!(Map::read(size, encoded.as_slice()), Some(map));
    }
}
