//! What a user may write for objects, sizes, modes, operations and so on.
//!
//! - What is understood and can be printed is understood the same when it is printed and read again.
//! - Numbers are within what the kernel takes.
//! - What is said of a word that is refused can be shown on a terminal.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::assert_harmless;
use ipcadm::kind::model::{Kind, ObjectId};
use ipcadm::listing::columns;
use ipcadm::listing::fields::default_columns;
use ipcadm::listing::select::KeyPattern;
use ipcadm::object::fingerprint::Fingerprint;
use ipcadm::object::key::{self, Parts, Project};
use ipcadm::object::mode::{ModeChange, ModeFilter};
use ipcadm::object::reference::{Name, Reference};
use ipcadm::render::units::{parse_duration, parse_size};
use ipcadm::segment::parse_byte;
use ipcadm::set::assign::Assignment;
use ipcadm::set::operation::{Operation, parse_list};
use ipcadm::set::range::Range;
use ipcadm::sys::sem::MAX_VALUE;
use ipcadm::usage::bystanders::Bystander;
use ipcadm::usage::held_sets;

/// See above.
pub fn check(data: &[u8]) {
    references(data);
    if let Some(key) = key::parse_hex(data) {
        assert_eq!(key::parse_hex(key.to_string().as_bytes()), Some(key));
        assert_eq!(Parts::of(key).key(), key);
    }
    assert!(Project::parse(data).is_ok_and(|project| project.number() > 0) || Project::parse(data).is_err());
    held_sets(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    modes(text);
    semaphores(text);
    if let Ok(pattern) = KeyPattern::parse(text) {
        assert!(!pattern.matches(ipcadm::sys::Key::from_bits(0)));
    }
    if let Ok(size) = parse_size(text) {
        assert_eq!(parse_size(&size.to_string()), Ok(size));
        assert_eq!(parse_size(&format!("{size:#x}")), Ok(size));
    }
    let _ = parse_duration(text);
    if let Ok(byte) = parse_byte(text) {
        assert_eq!(parse_byte(&format!("{byte:#x}")), Ok(byte));
    }
    match columns::choose(text, &default_columns(None)) {
        Ok(chosen) => assert!(!chosen.is_empty()),
        Err(bad) => assert_harmless(&bad.to_string(), &['\n']),
    }
    if let Err(bad) = Fingerprint::from_json(text) {
        assert_harmless(&bad.to_string().replace('\n', ""), &[]);
    }
    let _ = Bystander::parse(text);
}

fn references(data: &[u8]) {
    for implied in [None, Some(Kind::Shm), Some(Kind::Sem), Some(Kind::Msg)] {
        match Reference::parse(OsStr::from_bytes(data), implied) {
            Ok(reference) => {
                assert!(implied.is_none_or(|kind| kind == reference.kind));
                let shown = reference.to_string();
                assert_harmless(&shown, &[]);
                match &reference.name {
                    Name::Id(id) => assert!(*id >= 0),
                    Name::Key(key) => assert!(!key.is_private()),
                    // Of a path with unusual characters what is shown is another.
                    Name::File(path, _) if path.to_str().is_none_or(|path| path.contains('\\')) => continue,
                    Name::File(..) if shown.contains('\\') => continue,
                    Name::File(..) => {}
                }
                assert_eq!(Reference::parse(OsStr::new(&shown), None).ok(), Some(reference));
            }
            Err(bad) => assert_harmless(&bad.to_string(), &[]),
        }
    }
}

fn held_sets(data: &[u8]) {
    let Some(sets) = held_sets::parse(data) else { return };
    let another = ObjectId::system_v(Kind::Sem, i32::MAX);
    let text = held_sets::with(Some(OsStr::from_bytes(data)), another);
    let again = held_sets::parse(text.as_bytes()).expect("what was written");
    assert!(again.starts_with(&sets) && again.contains(&another));
}

fn modes(text: &str) {
    if let Ok(change) = ModeChange::parse(text) {
        for old in [0, 0o640, 0o777, u32::MAX] {
            let new = change.apply(old);
            assert!(new <= 0o777);
            // The bits of an object above these nine are no permissions.
            assert_eq!(new, change.apply(old & 0o777));
        }
    }
    if let Ok(filter) = ModeFilter::parse(text) {
        assert_eq!(filter.matches(0o640), filter.matches(0o7640));
    }
}

fn semaphores(text: &str) {
    if let Ok(range) = Range::parse(text) {
        assert!(range.first() <= range.last());
        assert_eq!(Range::parse(&range.to_string()), Ok(range));
    }
    if let Ok(operation) = Operation::parse(text) {
        assert_eq!(Operation::parse(&operation.to_string()), Ok(operation));
        assert!(operation.expand().take(2000).all(|one| !one.undo && one.delta > i16::MIN));
    }
    if let Ok(operations) = parse_list(text) {
        let shown: Vec<String> = operations.iter().map(ToString::to_string).collect();
        assert_eq!(parse_list(&shown.join(",")), Ok(operations));
    }
    match Assignment::parse(text) {
        Ok(Assignment::Next(value) | Assignment::To(_, value)) => assert!(value <= MAX_VALUE),
        Err(bad) => assert_harmless(&bad.to_string(), &[]),
    }
}
