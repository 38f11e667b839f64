//! Selectors: which of many objects are meant. Different ones are ANDed; of one that may be repeated, any may match.
//! A selector that does not apply to a kind excludes that kind.

use std::time::Duration;

use clap::Args;

use crate::error::Result;
use crate::kind::model::{KindSet, Object};
use crate::object::key;
use crate::object::mode::ModeFilter;
use crate::option_values::{count, duration, group, non_empty, size, user};
use crate::sys::{Gid, Key, Pid, Uid};
use crate::usage::bystanders::Bystander;
use crate::usage::criteria::{Criteria, GRACE};
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
    pub fn parse(text: &str) -> std::result::Result<Self, BadKeyPattern> {
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

/// Which objects are meant. Different selectors must all match; of a repeated one, any.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Selectors")]
pub struct Selection {
    /// Of these kinds.
    #[arg(skip)]
    pub kinds: KindSet,
    /// By what states are judged.
    #[arg(skip)]
    pub criteria: Criteria,
    /// The accounts that the options name.
    #[arg(skip)]
    pub(crate) accounts: Accounts,
    /// Owned by USER, a name or number
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    pub(crate) owner: Vec<String>,
    /// Not owned by USER
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    pub(crate) not_owner: Vec<String>,
    /// Of group GROUP, a name or number
    #[arg(long, value_name = "GROUP", value_parser = non_empty)]
    pub(crate) group: Vec<String>,
    /// Created by USER
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    pub(crate) creator: Vec<String>,
    /// With this key, or keys beginning so: '0x0d4d*'
    #[arg(long, value_name = "KEY", value_parser = key_pattern)]
    pub(crate) key: Vec<KeyPattern>,
    /// Without this key
    #[arg(long, value_name = "KEY", value_parser = key_pattern)]
    pub(crate) not_key: Vec<KeyPattern>,
    /// Without a key
    #[arg(long, conflicts_with = "keyed")]
    pub(crate) private: bool,
    /// With a key
    #[arg(long)]
    pub(crate) keyed: bool,
    /// With mode 0640 exactly, any bit of /022, or all bits of -022
    #[arg(long, value_name = "MODE", value_parser = mode_filter, allow_hyphen_values = true)]
    pub(crate) mode: Vec<ModeFilter>,
    /// Segments larger, queues holding more than SIZE
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    pub(crate) larger: Option<u64>,
    /// Segments smaller, queues holding less than SIZE
    #[arg(long, value_name = "SIZE", value_parser = size, allow_negative_numbers = true)]
    pub(crate) smaller: Option<u64>,
    /// Last activity longer ago than AGE
    #[arg(long, value_name = "AGE", value_parser = duration, allow_negative_numbers = true)]
    pub(crate) older_than: Option<Duration>,
    /// Last activity less long ago than AGE
    #[arg(long, value_name = "AGE", value_parser = duration, allow_negative_numbers = true)]
    pub(crate) newer_than: Option<Duration>,
    /// Segments that are attached
    #[arg(long, conflicts_with = "unattached")]
    pub(crate) attached: bool,
    /// Segments that are not attached
    #[arg(long)]
    pub(crate) unattached: bool,
    /// Queues without messages
    #[arg(long)]
    pub(crate) empty: bool,
    /// Held, waited for, created or last used by process PID
    #[arg(long, value_name = "PID", value_parser = pid, allow_negative_numbers = true)]
    pub(crate) pid: Vec<Pid>,
    /// In STATE: doomed, active, unknown, idle, dormant or orphan
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Vec<State>,
    /// Same as --state orphan
    #[arg(long)]
    pub(crate) orphan: bool,
    /// Take an object for idle whose last activity is younger than AGE (default: 10m)
    #[arg(long, value_name = "AGE", value_parser = duration, allow_negative_numbers = true)]
    pub(crate) grace: Option<Duration>,
    /// Segments whose creator is gone, and that the only living process which may use them has detached
    #[arg(long)]
    pub(crate) creator_gone: bool,
    /// Take it that PROCESS uses no object it was not seen to use: a number, a program or a NAME.service
    #[arg(long, value_name = "PROCESS", value_parser = bystander)]
    pub(crate) bystander: Vec<Bystander>,
}

/// The users and groups of a selection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    owners: Vec<Uid>,
    not_owners: Vec<Uid>,
    groups: Vec<Gid>,
    creators: Vec<Uid>,
}

fn bystander(text: &str) -> std::result::Result<Bystander, String> {
    Bystander::parse_word(text)
}

fn pid(text: &str) -> std::result::Result<Pid, String> {
    match count::<i32>(text)? {
        0 => Err("is no process".to_owned()),
        number => Ok(Pid::new(number)),
    }
}

fn state(text: &str) -> std::result::Result<State, String> {
    State::from_word(text).ok_or_else(|| {
        let words = State::ALL.map(State::word).join(", ");
        format!("is no state; states are {words}")
    })
}

fn key_pattern(text: &str) -> std::result::Result<KeyPattern, String> {
    KeyPattern::parse(text).map_err(|error| error.to_string())
}

fn mode_filter(text: &str) -> std::result::Result<ModeFilter, String> {
    ModeFilter::parse(text).map_err(|error| error.to_string())
}

impl Selection {
    /// The same, among objects of these kinds, with its users and groups looked up.
    ///
    /// # Errors
    /// A usage error for an unknown user or group.
    pub fn among(&self, kinds: KindSet) -> Result<Self> {
        let users = |option: &str, names: &[String]| names.iter().map(|name| user(option, name)).collect::<Result<_>>();
        let accounts = Accounts {
            owners: users("--owner", &self.owner)?,
            not_owners: users("--not-owner", &self.not_owner)?,
            groups: self.group.iter().map(|name| group("--group", name)).collect::<Result<_>>()?,
            creators: users("--creator", &self.creator)?,
        };
        let mut selection = Self { kinds, accounts, ..self.clone() };
        if self.orphan {
            selection.state.push(State::Orphan);
        }
        selection.criteria.grace = self.grace();
        Ok(selection)
    }

    /// The grace age of states.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace.unwrap_or(GRACE)
    }

    /// Whether one was given that asks who uses an object, or for the grace age of that.
    #[must_use]
    pub fn is_by_use(&self) -> bool {
        self.orphan
            || self.creator_gone
            || self.grace.is_some()
            || !(self.pid.is_empty() && self.state.is_empty() && self.bystander.is_empty())
    }

    /// Whether any selector was given. Neither the grace age nor a bystander selects anything by itself.
    #[must_use]
    pub fn is_given(&self) -> bool {
        let Self { owner, not_owner, group, creator, key, not_key, mode, pid, state, .. } = self;
        let flags =
            [self.private, self.keyed, self.attached, self.unattached, self.empty, self.orphan, self.creator_gone];
        [owner, not_owner, group, creator].iter().any(|names| !names.is_empty())
            || [key, not_key].iter().any(|keys| !keys.is_empty())
            || !(mode.is_empty() && pid.is_empty() && state.is_empty())
            || flags.contains(&true)
            || [self.larger, self.smaller].iter().any(Option::is_some)
            || [self.older_than, self.newer_than].iter().any(Option::is_some)
    }

    /// Whether objects have to be judged for it.
    #[must_use]
    pub fn asks_for_judgements(&self) -> bool {
        self.creator_gone || !self.state.is_empty()
    }

    /// The kinds that can match at all, so that the others need not be listed.
    #[must_use]
    pub fn possible_kinds(&self) -> KindSet {
        let mut kinds = self.kinds;
        if self.larger.is_some() || self.smaller.is_some() {
            kinds = kinds.iter().filter(|kind| kind.class().is_sized_in_bytes).collect();
        }
        if self.attached || self.unattached {
            kinds = kinds.and(KindSet::SHM);
        }
        if self.empty {
            kinds = kinds.and(KindSet::MSG);
        }
        if self.state == [State::Doomed] || self.creator_gone {
            kinds = kinds.and(KindSet::SHM);
        }
        kinds
    }

    /// Whether `object` is chosen by what the kernel says of it; `now` is in seconds since 1970. Who uses it and its
    /// state are for `query` to look up, of those objects alone that are chosen so far.
    #[must_use]
    pub fn matches(&self, object: &Object, now: i64) -> bool {
        let perm = &object.perm;
        self.possible_kinds().has(object.kind())
            && any_or_none(&self.accounts.owners, |&owner| owner == perm.uid)
            && !self.accounts.not_owners.contains(&perm.uid)
            && any_or_none(&self.accounts.groups, |&group| group == perm.gid)
            && any_or_none(&self.accounts.creators, |&creator| creator == perm.cuid)
            && any_or_none(&self.key, |pattern| pattern.matches(perm.key))
            && !self.not_key.iter().any(|pattern| pattern.matches(perm.key))
            && (!self.private || perm.key.is_private())
            && !(self.keyed && perm.key.is_private())
            && any_or_none(&self.mode, |mode| mode.matches(perm.mode.permissions()))
            && self.matches_bytes(object)
            && self.matches_age(object, now)
            && (!self.attached || object.attachments() > 0)
            && (!self.unattached || object.as_segment().is_some_and(|segment| segment.nattch == 0))
            && (!self.empty || object.as_queue().is_some_and(|queue| queue.qnum == 0))
    }

    fn matches_bytes(&self, object: &Object) -> bool {
        if self.larger.is_none() && self.smaller.is_none() {
            return true;
        }
        let bytes = (object.kind().class().size)(object);
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
        assert!(chosen(|s| s.accounts.owners = vec![Uid::new(9), Uid::new(1)], &object));
        assert!(!chosen(|s| s.accounts.owners = vec![Uid::new(3)], &object));
        assert!(!chosen(|s| s.accounts.not_owners = vec![Uid::new(1)], &object));
        assert!(
            chosen(|s| s.accounts.groups = vec![Gid::new(2)], &object)
                && !chosen(|s| s.accounts.groups = vec![Gid::new(4)], &object)
        );
        assert!(chosen(|s| s.accounts.creators = vec![Uid::new(3)], &object));
        assert!(chosen(|s| s.keyed = true, &object) && !chosen(|s| s.private = true, &object));
        assert!(chosen(|s| s.larger = Some(9), &object) && !chosen(|s| s.larger = Some(10), &object));
        assert!(chosen(|s| s.smaller = Some(11), &object) && !chosen(|s| s.smaller = Some(10), &object));
        let seconds = |s| Some(Duration::from_secs(s));
        assert!(chosen(|s| s.older_than = seconds(59), &object) && !chosen(|s| s.older_than = seconds(60), &object));
        assert!(chosen(|s| s.newer_than = seconds(61), &object) && !chosen(|s| s.newer_than = seconds(60), &object));
        // Made for segments: a queue is neither.
        assert!(!chosen(|s| s.attached = true, &object) && !chosen(|s| s.unattached = true, &object));
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
