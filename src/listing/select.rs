//! Selectors: which of many objects are meant. Different ones are ANDed; of one that may be repeated, any may match.
//! A selector that does not apply to a kind excludes that kind.

use std::time::Duration;

use crate::kind::model::{Detail, KindSet, Object};
use crate::object::key;
use crate::object::mode::ModeFilter;
use crate::sys::{Gid, Key, Pid, Uid};
use crate::usage::criteria::Criteria;
use crate::usage::state::State;

/// A key, or the first digits of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    bits: u32,
    mask: u32,
}

/// Why a word is no key pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyPattern {
    /// Not hex, or too long.
    #[error("is no key: give 0x and 1 to 8 hex digits, or the first digits and '*', as in '0x0d4d*'")]
    Malformed,
    /// Key 0.
    #[error("is the private key, which names nothing; use --private")]
    Private,
}

impl KeyPattern {
    /// Reads `0x5101a2b3`, or `0x0d4d*` for all keys whose eight digits begin so.
    ///
    /// # Errors
    /// Anything else, and key 0.
    pub fn parse(text: &str) -> Result<Self, BadKeyPattern> {
        let Some(digits) = text.strip_suffix('*') else {
            let key = key::parse_hex(text.as_bytes()).ok_or(BadKeyPattern::Malformed)?;
            return if key.is_private() {
                Err(BadKeyPattern::Private)
            } else {
                Ok(Self { bits: key.bits(), mask: u32::MAX })
            };
        };
        let prefix = key::parse_hex(digits.as_bytes()).ok_or(BadKeyPattern::Malformed)?;
        // 1 to 8 digits, each of four bits.
        let shift = 4 * (8 - (digits.len() - 2));
        let mask = u32::MAX.checked_shl(u32::try_from(shift).unwrap_or(0)).unwrap_or(0);
        Ok(Self { bits: prefix.bits() << shift, mask })
    }

    /// Whether it matches. Private objects have no key that could.
    #[must_use]
    pub fn matches(self, key: Key) -> bool {
        !key.is_private() && key.bits() & self.mask == self.bits
    }
}

/// A choice among objects; the default takes all.
#[derive(Clone, Debug)]
pub struct Selection {
    /// These kinds.
    pub kinds: KindSet,
    /// One of these owners, if any is given.
    pub owners: Vec<Uid>,
    /// None of these owners.
    pub not_owners: Vec<Uid>,
    /// One of these groups, if any is given.
    pub groups: Vec<Gid>,
    /// One of these creators, if any is given.
    pub creators: Vec<Uid>,
    /// One of these keys, if any is given.
    pub keys: Vec<KeyPattern>,
    /// None of these keys.
    pub not_keys: Vec<KeyPattern>,
    /// With (true) or without (false) a private key.
    pub private: Option<bool>,
    /// One of these modes, if any is given.
    pub modes: Vec<ModeFilter>,
    /// Segments larger, queues holding more than this many bytes.
    pub larger: Option<u64>,
    /// Segments smaller, queues holding less than this many bytes.
    pub smaller: Option<u64>,
    /// Activity longer ago than this.
    pub older_than: Option<Duration>,
    /// Activity more recent than this.
    pub newer_than: Option<Duration>,
    /// Segments that are (true) or are not (false) attached.
    pub attached: Option<bool>,
    /// Queues without messages.
    pub empty: bool,
    /// Held, waited for, created or last used by one of these processes, if any is given.
    pub pids: Vec<Pid>,
    /// In one of these states, if any is given.
    pub states: Vec<State>,
    /// Segments whose creator is gone and whose only living user has detached them.
    pub creator_gone: bool,
    /// By what these states are judged.
    pub criteria: Criteria,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            kinds: KindSet::ALL,
            owners: Vec::new(),
            not_owners: Vec::new(),
            groups: Vec::new(),
            creators: Vec::new(),
            keys: Vec::new(),
            not_keys: Vec::new(),
            private: None,
            modes: Vec::new(),
            larger: None,
            smaller: None,
            older_than: None,
            newer_than: None,
            attached: None,
            empty: false,
            pids: Vec::new(),
            states: Vec::new(),
            creator_gone: false,
            criteria: Criteria::default(),
        }
    }
}

impl Selection {
    /// Whether objects have to be judged for it.
    #[must_use]
    pub fn asks_for_judgements(&self) -> bool {
        self.creator_gone || !self.states.is_empty()
    }

    /// The kinds that can match at all, so that the others need not be listed.
    #[must_use]
    pub fn possible_kinds(&self) -> KindSet {
        let mut kinds = self.kinds;
        if self.larger.is_some() || self.smaller.is_some() {
            kinds = kinds.and(KindSet::SHM.with(crate::kind::model::Kind::Msg));
        }
        if self.attached.is_some() {
            kinds = kinds.and(KindSet::SHM);
        }
        if self.empty {
            kinds = kinds.and(KindSet::MSG);
        }
        if self.states == [State::Doomed] || self.creator_gone {
            kinds = kinds.and(KindSet::SHM);
        }
        kinds
    }

    /// Whether `object` is chosen by what the kernel says of it; `now` is in seconds since 1970. Who uses it and its
    /// state are for [`survey`](crate::listing::query::survey) to look up, of those objects alone that are chosen so far.
    #[must_use]
    pub fn matches(&self, object: &Object, now: i64) -> bool {
        let perm = &object.perm;
        self.possible_kinds().has(object.kind())
            && any_or_none(&self.owners, |&owner| owner == perm.uid)
            && !self.not_owners.contains(&perm.uid)
            && any_or_none(&self.groups, |&group| group == perm.gid)
            && any_or_none(&self.creators, |&creator| creator == perm.cuid)
            && any_or_none(&self.keys, |pattern| pattern.matches(perm.key))
            && !self.not_keys.iter().any(|pattern| pattern.matches(perm.key))
            && self.private.is_none_or(|private| private == perm.key.is_private())
            && any_or_none(&self.modes, |mode| mode.matches(perm.mode.permissions()))
            && self.matches_bytes(object)
            && self.matches_age(object, now)
            && self.attached.is_none_or(|attached| object.as_segment().is_some_and(|s| (s.nattch > 0) == attached))
            && (!self.empty || object.as_queue().is_some_and(|queue| queue.qnum == 0))
    }

    fn matches_bytes(&self, object: &Object) -> bool {
        if self.larger.is_none() && self.smaller.is_none() {
            return true;
        }
        let bytes = match &object.detail {
            Detail::Shm(segment) => segment.size,
            Detail::Msg(queue) => queue.cbytes,
            Detail::Sem(_) => return false,
        };
        self.larger.is_none_or(|limit| bytes > limit) && self.smaller.is_none_or(|limit| bytes < limit)
    }

    /// A time in the future counts as just now.
    fn matches_age(&self, object: &Object, now: i64) -> bool {
        if self.older_than.is_none() && self.newer_than.is_none() {
            return true;
        }
        let seconds = now.saturating_sub(object.activity().seconds());
        let age = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        self.older_than.is_none_or(|limit| age > limit) && self.newer_than.is_none_or(|limit| age < limit)
    }
}

fn any_or_none<T>(wanted: &[T], matches: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(matches)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{KeyPattern, Selection};
    use crate::kind::model::{KindSet, Object};
    use crate::sys::msg::MsgStat;
    use crate::sys::{Gid, Key, Mode, MsgId, Perm, Pid, Timestamp, Uid};

    fn queue(key: u32, cbytes: u64, stime: i64) -> Object {
        let perm = Perm {
            key: Key::from_bits(key),
            uid: Uid::new(1),
            gid: Gid::new(2),
            cuid: Uid::new(3),
            cgid: Gid::new(4),
            mode: Mode::new(0o640),
        };
        let stat = MsgStat {
            perm,
            stime: Timestamp::new(stime),
            rtime: Timestamp::NEVER,
            ctime: Timestamp::new(100),
            cbytes,
            qnum: cbytes.min(1),
            qbytes: 16384,
            lspid: Pid::new(0),
            lrpid: Pid::new(0),
        };
        Object::queue(MsgId::new(0), &stat, true)
    }

    fn chosen(change: impl FnOnce(&mut Selection), object: &Object) -> bool {
        let mut selection = Selection::default();
        change(&mut selection);
        selection.matches(object, 1000)
    }

    #[test]
    fn each_selector() {
        let object = queue(0x0d4d_0001, 10, 940);
        assert!(chosen(|_| {}, &object));
        assert!(!chosen(|s| s.kinds = KindSet::SHM, &object));
        assert!(chosen(|s| s.owners = vec![Uid::new(9), Uid::new(1)], &object));
        assert!(!chosen(|s| s.owners = vec![Uid::new(3)], &object));
        assert!(!chosen(|s| s.not_owners = vec![Uid::new(1)], &object));
        assert!(
            chosen(|s| s.groups = vec![Gid::new(2)], &object) && !chosen(|s| s.groups = vec![Gid::new(4)], &object)
        );
        assert!(chosen(|s| s.creators = vec![Uid::new(3)], &object));
        assert!(chosen(|s| s.private = Some(false), &object) && !chosen(|s| s.private = Some(true), &object));
        assert!(chosen(|s| s.larger = Some(9), &object) && !chosen(|s| s.larger = Some(10), &object));
        assert!(chosen(|s| s.smaller = Some(11), &object) && !chosen(|s| s.smaller = Some(10), &object));
        let seconds = |s| Some(Duration::from_secs(s));
        assert!(chosen(|s| s.older_than = seconds(59), &object) && !chosen(|s| s.older_than = seconds(60), &object));
        assert!(chosen(|s| s.newer_than = seconds(61), &object) && !chosen(|s| s.newer_than = seconds(60), &object));
        // Made for segments: a queue is neither.
        assert!(!chosen(|s| s.attached = Some(true), &object) && !chosen(|s| s.attached = Some(false), &object));
        assert!(!chosen(|s| s.empty = true, &object) && chosen(|s| s.empty = true, &queue(1, 0, 0)));
        // The future is not old.
        assert!(!chosen(|s| s.older_than = seconds(0), &queue(1, 0, 5000)));
    }

    #[test]
    fn key_patterns() {
        let matches = |pattern: &str, key| KeyPattern::parse(pattern).unwrap().matches(Key::from_bits(key));
        assert!(matches("0xd4d", 0xd4d) && !matches("0xd4d", 0x0d4d_0000));
        assert!(matches("0x0d4d*", 0x0d4d_ffff) && !matches("0x0d4d*", 0xd4d));
        assert!(matches("0xdeadbeef*", 0xdead_beef) && !matches("0xdeadbeef*", 0xdead_beee));
        // A private object has no key, whatever the prefix.
        assert!(matches("0x0*", 5) && !matches("0x0*", 0));
        for bad in ["", "*", "0x", "0x*", "d4d", "0x0", "0x00000000", "0x123456789*", "0x1**", "0x-1", "*0x1"] {
            assert!(KeyPattern::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_prefix_is_a_prefix_of_the_eight_digits(key in 1u32.., digits in "[0-9a-f]{1,8}") {
            let text = format!("{key:08x}");
            prop_assert_eq!(
                KeyPattern::parse(&format!("0x{digits}*")).unwrap().matches(Key::from_bits(key)),
                text.starts_with(&digits)
            );
        }

        #[test]
        fn no_pattern_is_too_strange(text: String) {
            let _ = KeyPattern::parse(&text);
        }
    }
}
