//! The fields that objects have. Columns, sort keys, headers, JSON keys, CSV, help and man page all come from them.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::kind::CLASSES;
use crate::kind::class::{self, read, time};
use crate::kind::field::{self, Needs, named};
use crate::kind::model::{Kind, KindSet, Object, Queue};
use crate::listing::query::Analysis;
use crate::object::names::{GroupOf, Names, UserOf};
use crate::render::slot::Slot;
use crate::render::style::Style;
use crate::render::value::Value;
use crate::usage::state::Judgement;
use crate::usage::users::Usage;

/// Something that can be shown of an object.
pub type Field = field::Field<Read>;

/// How a field is read.
#[derive(Clone, Copy)]
pub enum Read {
    /// From the object alone.
    Alone(class::Read),
    /// With what was looked up beside it.
    With(for<'a> fn(&Object, &'a Lookups) -> Value<'a>),
}

/// What a list looks up beside its objects, once each: names of users and groups, and who uses the objects.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Of the users and groups that are shown.
    pub names: Names,
    /// Who uses the objects, and their states.
    pub analysis: Analysis,
}

impl Lookups {
    /// Looks up the names that `fields` of `objects` need.
    #[must_use]
    pub fn of(objects: &[Object], fields: &[&'static Field], analysis: Analysis) -> Self {
        const USERS: [UserOf; 2] = [|perm| perm.uid, |perm| perm.cuid];
        const GROUPS: [GroupOf; 2] = [|perm| perm.gid, |perm| perm.cgid];
        let needs = Needs::of(fields.iter().copied());
        let users: &[UserOf] = if needs.any(Needs::USER_NAMES) { &USERS } else { &[] };
        let groups: &[GroupOf] = if needs.any(Needs::GROUP_NAMES) { &GROUPS } else { &[] };
        Self { names: Names::of(objects.iter().map(|object| &object.perm), users, groups), analysis }
    }
}

impl Field {
    /// What it is for `object`; null where the kind has no such thing.
    #[must_use]
    pub fn value<'a>(&self, object: &Object, lookups: &'a Lookups) -> Value<'a> {
        match self.read {
            _ if !self.kinds.has(object.kind()) => Value::Null,
            Read::Alone(read) => (read.value)(object),
            Read::With(read) => read(object, lookups),
        }
    }
}

impl Field {
    /// [`Value::width`] of [`Field::value`].
    pub(crate) fn width(&self, object: &Object, lookups: &Lookups, style: &Style, scratch: &mut String) -> usize {
        match self.read {
            Read::Alone(read) if self.kinds.has(object.kind()) => (read.width)(object, style, scratch),
            _ => self.value(object, lookups).width(style, scratch),
        }
    }

    /// [`Value::fill`] of [`Field::value`].
    pub(crate) fn fill(
        &self,
        object: &Object,
        lookups: &Lookups,
        slot: Slot<'_>,
        style: &Style,
        scratch: &mut String,
    ) -> bool {
        match self.read {
            Read::Alone(read) if self.kinds.has(object.kind()) => (read.fill)(object, slot, style, scratch),
            _ => self.value(object, lookups).fill(slot, style, scratch),
        }
    }
}

/// Every field, in the order of JSON keys and CSV columns: those of all kinds, those of each kind, and those that are
/// made of others.
pub static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let own = CLASSES.iter().flat_map(|class| class.fields).map(|field| field.read_by(Read::Alone(field.read)));
    COMMON.into_iter().chain(own).chain(DERIVED).collect()
});

const COMMON: [Field; 14] = [
    alone(named!("kind", "KIND"), "shm, sem or msg", read!(|object| word(object.kind().word()))),
    alone(named!("id", "ID"), "the kernel's identifier", read!(|object| Value::Number(object.id.number))).right(),
    alone(
        named!("key", "KEY"),
        "creation key; 0x00000000 is private",
        read!(|object| Value::Hex(object.perm.key.bits())),
    ),
    alone(
        named!("ref", "REF"),
        "kind and id, as every command takes them",
        read!(|object| { Value::Reference(object.kind().word(), object.id.number) }),
    ),
    alone(
        named!("mode", "MODE"),
        "permission bits, octal",
        read!(|object| Value::Octal(object.perm.mode.permissions())),
    ),
    alone(named!("uid", "UID"), "owner, as a number", read!(|object| number(object.perm.uid.raw()))).right(),
    alone(named!("gid", "GID"), "owner's group, as a number", read!(|object| number(object.perm.gid.raw()))).right(),
    alone(named!("cuid", "CUID"), "creator, as a number", read!(|object| number(object.perm.cuid.raw()))).right(),
    alone(named!("cgid", "CGID"), "creator's group, as a number", read!(|object| number(object.perm.cgid.raw())))
        .right(),
    with(named!("owner", "OWNER"), "owner's name, or number without one", Needs::USER_NAMES, |object, lookups| {
        Value::Named(lookups.names.user(object.perm.uid), object.perm.uid.raw())
    }),
    with(
        named!("group", "GROUP"),
        "name of the owner's group, or its number",
        Needs::GROUP_NAMES,
        |object, lookups| Value::Named(lookups.names.group(object.perm.gid), object.perm.gid.raw()),
    ),
    with(
        named!("creator", "CREATOR"),
        "creator's name, or number without one",
        Needs::USER_NAMES,
        |object, lookups| Value::Named(lookups.names.user(object.perm.cuid), object.perm.cuid.raw()),
    ),
    with(
        named!("creator_group", "CREATOR_GROUP"),
        "name of the creator's group, or its number",
        Needs::GROUP_NAMES,
        |object, lookups| Value::Named(lookups.names.group(object.perm.cgid), object.perm.cgid.raw()),
    ),
    alone(
        named!("ctime", "CTIME"),
        "creation or last change of owner, mode or capacity",
        read!(|object| time(object.ctime)),
    )
    .right(),
];

const DERIVED: [Field; 10] = [
    alone(named!("activity", "ACTIVITY"), "latest of all its times", read!(|object| time(object.activity())))
        .right()
        .derived(),
    alone(
        named!("full", "FULL"),
        "share of a queue's capacity in use",
        read!(|object| { object.as_queue().map_or(Value::Null, full) }),
    )
    .of(KindSet::MSG)
    .right()
    .derived(),
    alone(
        named!("contents", "CONTENTS"),
        "size, use and flags in words",
        read!(|object| {
            let mut text = String::with_capacity(40);
            (object.kind().class().contents)(object, &mut text);
            Value::Word(Cow::Owned(text))
        }),
    )
    .flexible()
    .derived(),
    alone(
        named!("flags", "FLAGS"),
        "locked, doomed",
        read!(|object| {
            match (object.perm.mode.is_shm_locked(), object.is_doomed()) {
                (true, true) => word("locked,doomed"),
                (true, false) => word("locked"),
                (false, true) => word("doomed"),
                (false, false) => Value::Null,
            }
        }),
    )
    .of(KindSet::SHM)
    .derived(),
    with(named!("holders", "HOLDERS"), "processes that have it attached", Needs::HOLDERS, |object, lookups| {
        lookups.analysis.usage(object.id).map_or(Value::Hidden, holders)
    })
    .of(KindSet::SHM)
    .right()
    .derived(),
    with(named!("waiters", "WAITERS"), "threads asleep on it", Needs::WAITERS, |object, lookups| {
        lookups.analysis.usage(object.id).map_or(Value::Hidden, waiters)
    })
    .of(KindSet::SEM.with(Kind::Msg))
    .right()
    .derived(),
    with(
        named!("state", "STATE"),
        "doomed, active, unknown, idle, dormant, orphan",
        Needs::STATES,
        |object, lookups| judged(object, lookups, |judgement| word(judgement.state.word())),
    )
    .derived(),
    with(
        named!("unknown_why", "UNKNOWN_WHY"),
        "may_know, hidden, never_used or clock, if the state is unknown",
        Needs::STATES,
        |object, lookups| {
            judged(object, lookups, |judgement| judgement.unknown.map_or(Value::Null, |why| word(why.word())))
        },
    )
    .derived(),
    with(named!("evidence", "EVIDENCE"), "why it is in that state", Needs::USE, |object, lookups| {
        judged(object, lookups, |judgement| {
            Value::Facts(judgement.evidence.iter().map(|one| (one.fact(), one.source())).collect())
        })
    })
    .wrapping()
    .derived(),
    with(
        named!("command", "COMMAND"),
        "name of a process that made or last used it and lives",
        Needs::USE,
        |object, lookups| {
            let command = lookups.analysis.judgement(object.id).and_then(|judgement| judgement.command.as_deref());
            command.map_or(Value::Null, |command| Value::Text(Cow::Borrowed(command)))
        },
    )
    .flexible()
    .derived(),
];

const fn alone(named: field::Named, meaning: &'static str, read: class::Read) -> Field {
    Field::new(named, meaning, Read::Alone(read))
}

const fn with(
    named: field::Named,
    meaning: &'static str,
    needs: Needs,
    read: for<'a> fn(&Object, &'a Lookups) -> Value<'a>,
) -> Field {
    Field::new(named, meaning, Read::With(read)).needing(needs)
}

fn word(text: &'static str) -> Value<'static> {
    Value::Word(Cow::Borrowed(text))
}

fn number(number: u32) -> Value<'static> {
    Value::Number(u64::from(number))
}

fn judged<'a>(object: &Object, lookups: &'a Lookups, read: impl FnOnce(&'a Judgement) -> Value<'a>) -> Value<'a> {
    lookups.analysis.judgement(object.id).map_or(Value::Hidden, read)
}

/// Processes; hidden where there may be more than were found.
fn holders(usage: &Usage) -> Value<'static> {
    if usage.hidden_attachments == 0 { Value::Number(usage.holders.len() as u64) } else { Value::Hidden }
}

/// Threads. The kernel counts those on a set, so that the number is known even where the threads are hidden.
fn waiters(usage: &Usage) -> Value<'static> {
    usage
        .hidden_waiters
        .map_or(Value::Hidden, |hidden| Value::Number((usage.waiters.len() as u64).saturating_add(hidden)))
}

/// A queue is full when its bytes or its messages reach `qbytes`: the larger share counts, rounded down.
fn full(queue: &Queue) -> Value<'static> {
    match queue.qbytes {
        None => Value::Hidden,
        Some(0) => Value::Null,
        Some(qbytes) => {
            let most = queue.cbytes.max(queue.qnum);
            Value::Permille(u64::try_from(u128::from(most) * 1000 / u128::from(qbytes)).unwrap_or(u64::MAX))
        }
    }
}

/// The field named `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// The columns of a listing without `-o`: one set for a mixed one, and the kind's own for one kind.
#[must_use]
pub fn default_columns(kind: Option<Kind>) -> Vec<&'static Field> {
    const MIXED: [&str; 6] = ["ref", "key", "mode", "owner", "activity", "contents"];
    let names = kind.map_or(&MIXED[..], |kind| kind.class().columns);
    names.iter().filter_map(|name| find(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{FIELDS, default_columns, find};
    use crate::kind::model::Kind;

    #[test]
    fn the_table_is_sound() {
        for (index, field) in FIELDS.iter().enumerate() {
            assert!(FIELDS[..index].iter().all(|other| other.name != field.name), "{field:?} twice");
            assert_eq!(field.header, field.name.to_uppercase());
            assert!(std::ptr::eq(find(field.name).unwrap(), field));
        }
        assert_eq!(default_columns(None).len(), 6);
        for kind in Kind::ALL {
            assert_eq!(default_columns(Some(kind)).len(), kind.class().columns.len(), "a column of {kind} is no field");
        }
    }
}
