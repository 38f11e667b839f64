//! References: names of objects on the command line.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::inventory;
use super::key::{self, Project};
use crate::error::{Error, Result, Status, os_message};
use crate::kind::model::{Kind, Object, ObjectId};
use crate::render::escape::{escape_bytes, truncate};
use crate::sys::{Errno, Key};

/// Characters of a malformed word in an error message.
const MAX_SHOWN: usize = 100;

/// A well-formed reference, not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Given or implied.
    pub kind: Kind,
    pub name: Name,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Id(i32),
    /// Never a private key.
    Key(Key),
    /// The file and project of `ftok`.
    File(PathBuf, Project),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReference {
    #[error("an empty reference (an unset variable?)")]
    Empty,
    #[error("'{word}': no kind; write {}", suggestion(.word))]
    NoKind { word: String },
    #[error("'{word}': a {} is no {}", found.noun(), wanted.noun())]
    WrongKind {
        word: String,
        /// The kind in the word.
        found: Kind,
        /// The kind that the command takes.
        wanted: Kind,
    },
    #[error("'{word}': names no object (an unset variable?)")]
    NoName { word: String },
    #[error("'{word}': {reason}")]
    BadName {
        word: String,
        /// The form that it misses, and how.
        reason: String,
    },
}

fn suggestion(word: &str) -> String {
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) || word.starts_with("0x") {
        format!("shm:{word}, sem:{word} or msg:{word}")
    } else {
        "shm:ID, sem:ID or msg:ID, or KIND:0xKEY, or KIND:PATH:PROJECT".to_owned()
    }
}

impl Reference {
    /// Reads `shm:42`, `sem:0x5101a2b3` or `msg:/path:project`; with `implied` the kind may be left out. A malformed
    /// word never names another object.
    pub fn parse(word: &OsStr, implied: Option<Kind>) -> std::result::Result<Self, BadReference> {
        let bytes = word.as_bytes();
        if bytes.is_empty() {
            return Err(BadReference::Empty);
        }
        let shown = || truncate(&escape_bytes(bytes), MAX_SHOWN).into_owned();
        let prefix = Kind::ALL.into_iter().find_map(|kind| {
            bytes.strip_prefix(kind.word().as_bytes()).and_then(|rest| rest.strip_prefix(b":")).map(|rest| (kind, rest))
        });
        let (kind, name) = match (prefix, implied) {
            (Some((found, _)), Some(wanted)) if found != wanted => {
                return Err(BadReference::WrongKind { word: shown(), found, wanted });
            }
            (Some((kind, name)), _) => (kind, name),
            (None, Some(kind)) => (kind, bytes),
            (None, None) => return Err(BadReference::NoKind { word: shown() }),
        };
        if name.is_empty() {
            return Err(BadReference::NoName { word: shown() });
        }
        match Name::parse(name) {
            Ok(name) => Ok(Self { kind, name }),
            Err(reason) => Err(BadReference::BadName { word: shown(), reason }),
        }
    }

    /// False for a key of `ftok` whose file cannot be read.
    pub(crate) fn is_definite(&self) -> bool {
        match &self.name {
            Name::Id(_) | Name::Key(_) => true,
            Name::File(path, project) => key::ftok(path, *project).is_ok(),
        }
    }

    /// Looks the object up. Errors have status 3 when there is none (also without the file of the key), 4 or 1.
    pub fn resolve(&self) -> Result<Resolved<'_>> {
        let (id, by_key) = match &self.name {
            Name::Id(id) => (ObjectId::system_v(self.kind, *id), None),
            Name::Key(key) => (self.find(*key)?, Some(*key)),
            Name::File(path, project) => {
                let made = key::ftok(path, *project).map_err(|error| {
                    Error::cannot(
                        key::status_of(&error),
                        &format!("find {self}"),
                        os_message(&error),
                        Some("the key comes from that file"),
                    )
                })?;
                (self.find(made.key)?, Some(made.key))
            }
        };
        match inventory::look(id) {
            Ok(Some(object)) => Ok(Resolved { reference: Some(self), object }),
            // Removed after it was found by its key.
            Ok(None) if by_key.is_some() => Err(self.absent(Errno::ENOENT.to_string())),
            Ok(None) => Err(self.absent(self.hint())),
            Err(errno) => Err(inventory::unreadable(id, errno)),
        }
    }

    fn find(&self, key: Key) -> Result<ObjectId> {
        match inventory::find(self.kind, key) {
            Ok(id) => Ok(id),
            Err(Errno::ENOENT) => {
                let reason = match self.name {
                    Name::File(..) => format!("no {} has its key {key}", self.kind.noun()),
                    _ => format!("no {} has this key", self.kind.noun()),
                };
                Err(self.absent(reason))
            }
            Err(errno) => Err(Error::call(&format!("find {self}"), errno)),
        }
    }

    fn absent(&self, reason: String) -> Error {
        Error::Failed { status: Status::NotFound, message: format!("cannot find {self}: {reason}") }
    }

    /// A remedy for an unknown id: a key without its `0x` is a common slip.
    fn hint(&self) -> String {
        let plain = format!("no such {}", self.kind.noun());
        let Name::Id(id) = self.name else { return plain };
        let candidates = [Some(Key::from_raw(id)), key::parse_hex(format!("0x{id}").as_bytes())];
        let found = candidates.into_iter().flatten().find_map(|key| {
            (!key.is_private()).then(|| inventory::find(self.kind, key).ok().map(|id| (key, id))).flatten()
        });
        match found {
            Some((key, id)) => {
                format!("{plain}, but key {key} exists (did you mean {}:{key}, which is {id}?)", self.kind)
            }
            None => plain,
        }
    }
}

impl Name {
    fn parse(text: &[u8]) -> std::result::Result<Self, String> {
        if let Some(colon) = text.iter().rposition(|&byte| byte == b':') {
            return Self::parse_file(&text[..colon], &text[colon + 1..]);
        }
        if text.contains(&b'/') {
            return Err("a file needs a project, as in PATH:65 or PATH:A".to_owned());
        }
        if text.starts_with(b"0x") {
            return match key::parse_hex(text) {
                Some(key) if key.is_private() => Err("key 0 is private and names no object; use the id".to_owned()),
                Some(key) => Ok(Self::Key(key)),
                None => Err("a key is 0x and 1 to 8 hex digits".to_owned()),
            };
        }
        parse_id(text).map(Self::Id).ok_or_else(|| {
            "not an id (0 to 2147483647, decimal), a key (0x and hex digits) or a file (PATH:PROJECT)".to_owned()
        })
    }

    fn parse_file(path: &[u8], project: &[u8]) -> std::result::Result<Self, String> {
        if !path.contains(&b'/') {
            return Err("the path of a file must hold a '/', as in ./FILE:PROJECT".to_owned());
        }
        let project = Project::parse(project).map_err(|bad| format!("'{}' {bad}", escape_bytes(project)))?;
        Ok(Self::File(PathBuf::from(OsStr::from_bytes(path)), project))
    }
}

/// Digits alone, without sign, blank or leading zero.
fn parse_id(text: &[u8]) -> Option<i32> {
    if text.len() > 1 && text[0] == b'0' || text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Id(id) => write!(f, "{}:{id}", self.kind),
            Name::Key(key) => write!(f, "{}:{key}", self.kind),
            Name::File(path, project) => {
                let project = match project.number() {
                    // A colon would be taken for the separator before the project.
                    byte if byte.is_ascii_graphic() && !byte.is_ascii_digit() && byte != b':' => {
                        char::from(byte).to_string()
                    }
                    byte => byte.to_string(),
                };
                write!(f, "{}:{}:{}", self.kind, escape_bytes(path.as_os_str().as_bytes()), project)
            }
        }
    }
}

/// An object with its reference. Shown as `shm:42`, or `shm:0x5101a2b3 (id 42)`.
#[derive(Clone, Copy, Debug)]
pub struct Resolved<'a> {
    /// None for an object that a listing named by its id.
    pub reference: Option<&'a Reference>,
    /// As it was looked up.
    pub object: Object,
}

impl fmt::Display for Resolved<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reference {
            Some(reference) if !matches!(reference.name, Name::Id(_)) => {
                write!(f, "{reference} (id {})", self.object.id.sysv())
            }
            _ => self.object.id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::{Name, Reference};
    use crate::kind::model::Kind;
    use crate::sys::Key;

    fn parse(word: &str) -> Result<Reference, String> {
        Reference::parse(OsStr::new(word), None).map_err(|error| error.to_string())
    }

    #[test]
    fn the_three_forms() {
        assert_eq!(parse("shm:42"), Ok(Reference { kind: Kind::Shm, name: Name::Id(42) }));
        assert_eq!(parse("sem:0"), Ok(Reference { kind: Kind::Sem, name: Name::Id(0) }));
        assert_eq!(parse("msg:2147483647").map(|r| r.name), Ok(Name::Id(i32::MAX)));
        assert_eq!(parse("shm:0xDEADbeef").map(|r| r.name), Ok(Name::Key(Key::from_bits(0xdead_beef))));
        assert!(matches!(parse("shm:/srv/a:b.cfg:65").unwrap().name, Name::File(path, project)
            if path.as_os_str() == "/srv/a:b.cfg" && project.number() == 65));
        assert!(matches!(parse("shm:./cfg:A").unwrap().name, Name::File(_, project) if project.number() == 65));
    }

    #[test]
    fn nothing_malformed_is_taken() {
        for word in [
            "",
            "shm",
            "shm:",
            "42",
            "0x42",
            "shm:12x",
            "shm:-1",
            "shm:+1",
            "shm: 1",
            "shm:1 ",
            "shm:01",
            "shm:4294967297",
            "shm:2147483648",
            "shm:99999999999999999999",
            "shm:0x",
            "shm:0x0",
            "shm:0x00000000",
            "shm:0x123456789",
            "shm:0xg",
            "SHM:1",
            "foo:1",
            "shm:cfg:A",
            "shm:/cfg",
            "shm:/cfg:",
            "shm:/cfg:0",
            "shm:/cfg:256",
            "shm::A",
            "shm:1:2",
        ] {
            assert!(parse(word).is_err(), "{word:?}");
        }
    }

    #[test]
    fn an_implied_kind_may_be_left_out_but_not_contradicted() {
        let implied = |word| Reference::parse(OsStr::new(word), Some(Kind::Sem));
        assert_eq!(implied("7").map(|r| r.kind), Ok(Kind::Sem));
        assert_eq!(implied("sem:7").map(|r| r.kind), Ok(Kind::Sem));
        assert!(implied("shm:7").is_err());
        assert!(implied("").is_err());
    }

    proptest! {
        #[test]
        fn no_word_is_too_strange(word: Vec<u8>) {
            let _ = Reference::parse(OsStr::from_bytes(&word), None);
            let _ = Reference::parse(OsStr::from_bytes(&word), Some(Kind::Shm));
        }

        #[test]
        fn what_is_shown_reads_back(id in 0..=i32::MAX, bits in 1..=u32::MAX, project in 1u8..) {
            for name in [Name::Id(id), Name::Key(Key::from_bits(bits)),
                         Name::File("/a/b".into(), super::Project::parse(project.to_string().as_bytes()).unwrap())] {
                let reference = Reference { kind: Kind::Msg, name };
                prop_assert_eq!(Reference::parse(OsStr::new(&reference.to_string()), None), Ok(reference));
            }
        }

        #[test]
        fn digits_name_themselves_or_nothing(word in "[0-9]{1,12}") {
            if let Ok(Reference { name: Name::Id(id), .. }) = parse(&format!("shm:{word}")) {
                prop_assert_eq!(id.to_string(), word);
            }
        }
    }
}
