//! The sets that are held for a program of `sem run`, as its environment tells whoever looks at it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::kind::model::ObjectId;
use crate::kind::system_v::SystemV;
use crate::object::reference::{Name, Reference};

/// The environment variable: `sem:13`, or with one `sem run` inside another `sem:13,sem:14`, the outermost first.
pub const VARIABLE: &str = "IPCADM_SEM_RUN";

/// The sets that a value of the variable names; None when it is malformed, so that `sem run` has not made it.
#[must_use]
pub fn parse(value: &[u8]) -> Option<Vec<ObjectId>> {
    value.split(|&byte| byte == b',').map(parse_one).collect()
}

fn parse_one(word: &[u8]) -> Option<ObjectId> {
    match Reference::parse(OsStr::from_bytes(word), None) {
        Ok(Reference { kind, name: Name::Id(id) }) if kind.system_v() == Some(SystemV::Set) => {
            Some(ObjectId::system_v(kind, id))
        }
        _ => None,
    }
}

/// The value for a program for which `set` is held too, when our own environment has the value `before`. One that is
/// malformed is dropped.
#[must_use]
pub fn with(before: Option<&OsStr>, set: ObjectId) -> String {
    let mut sets = before.and_then(|before| parse(before.as_bytes())).unwrap_or_default();
    if !sets.contains(&set) {
        sets.push(set);
    }
    let words: Vec<String> = sets.iter().map(ObjectId::to_string).collect();
    words.join(",")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use proptest::prelude::*;

    use super::{parse, with};
    use crate::kind::model::{Kind, ObjectId};

    fn set(id: i32) -> ObjectId {
        ObjectId::system_v(Kind::Sem, id)
    }

    #[test]
    fn only_what_sem_run_writes_is_taken() {
        assert_eq!(parse(b"sem:13"), Some(vec![set(13)]));
        assert_eq!(parse(b"sem:13,sem:0,sem:2147483647"), Some(vec![set(13), set(0), set(i32::MAX)]));
        for bad in ["", ",", "13", "sem:", "sem:x", "sem:01", "sem:0x1", "sem:/f:1", "shm:1", "sem:1,", "sem:1, sem:2"]
        {
            assert_eq!(parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_set_is_found_again(ids in prop::collection::vec(0..=i32::MAX, 1..9)) {
            let value = ids.iter().fold(None, |before: Option<String>, &id| {
                Some(with(before.as_deref().map(OsStr::new), set(id)))
            });
            let found = parse(value.unwrap_or_default().as_bytes()).unwrap();
            prop_assert!(ids.iter().all(|&id| found.contains(&set(id))));
            prop_assert!(found.iter().all(|found| ids.contains(&found.sysv())));
        }

        #[test]
        fn no_value_is_too_strange(value: Vec<u8>) {
            let _ = parse(&value);
        }
    }
}
