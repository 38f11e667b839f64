//! Semaphore sets.

use crate::kind::class::{Class, FoundBy, Read, push_count, time};
use crate::kind::field::{Field, Named, named};
use crate::kind::model::{Detail, Kind, KindSet, Object, ObjectId, Set};
use crate::kind::recorded::Activity;
use crate::kind::system_v::Calls;
use crate::proc::sysvipc;
use crate::render::value::Value;
use crate::sys::sem::{self, SemStat};
use crate::sys::{SemId, Timestamp};

/// What is special about semaphore sets. Who changed a semaphore last is recorded for each of them and has to be asked
/// for: see [`recorded_users`](crate::usage::recorded::recorded_users).
pub(super) static CLASS: Class = Class {
    kind: Kind::Sem,
    word: "sem",
    noun: "semaphore set",
    found_by: FoundBy { attachments: false, sleepers: true },
    list: |_, inventory| CALLS.list(inventory),
    look: |id| CALLS.look(id),
    may_read: |id| CALLS.may_read(id),
    used: CALLS.used,
    find: Some(|key| Ok(ObjectId::system_v(Kind::Sem, sem::find(key)?.raw()))),
    remove: Some(|id| sem::remove(SemId::new(id.sysv()))),
    set: Some(|id, new| sem::set(SemId::new(id.sysv()), new.uid, new.gid, new.mode)),
    fields: &FIELDS,
    columns: &["ref", "key", "mode", "owner", "nsems", "otime", "ctime"],
    recorded: |_, _| {},
    activities: &ACTIVITIES,
    bytes: None,
    contents: |object, text| {
        if let Some(set) = object.as_set() {
            push_count(text, set.nsems, "semaphore");
        }
    },
};

impl Object {
    /// A semaphore set from what the kernel says.
    #[must_use]
    pub fn set(id: SemId, stat: &SemStat) -> Self {
        let SemStat { perm, otime, ctime, nsems } = *stat;
        let detail = Detail::Sem(Set { nsems, otime });
        Self { id: ObjectId::system_v(Kind::Sem, id.raw()), perm, ctime, detail }
    }

    /// The set's part, if it is one.
    #[must_use]
    pub const fn as_set(&self) -> Option<&Set> {
        if let Detail::Sem(set) = &self.detail { Some(set) } else { None }
    }
}

static CALLS: Calls = Calls {
    kind: Kind::Sem,
    max_index: || sem::limits().map(|limits| limits.max_index),
    used: || sem::usage().map(|usage| usage.used_ids),
    stat_any: |index| sem::stat_any(index).map(|(id, stat)| Object::set(id, &stat)),
    stat_at: |index| sem::stat_at(index).map(|(id, stat)| Object::set(id, &stat)),
    stat: |id| sem::stat(SemId::new(id)).map(|stat| Object::set(SemId::new(id), &stat)),
    proc_line: |line| sysvipc::set(line).map(|(id, stat)| Object::set(id, &stat)),
    proc_is_incomplete: false,
};

static ACTIVITIES: [Activity; 1] = [Activity {
    phrase: "last used",
    field: "otime",
    time: |object| object.as_set().map_or(Timestamp::NEVER, |set| set.otime),
}];

static FIELDS: [Field<Read>; 2] = [
    field(named!("nsems", "NSEMS"), "semaphores in the set", |object| {
        object.as_set().map_or(Value::Null, |set| Value::Number(set.nsems))
    }),
    field(named!("otime", "OTIME"), "last semop", |object| object.as_set().map_or(Value::Null, |set| time(set.otime))),
];

const fn field(named: Named, meaning: &'static str, read: Read) -> Field<Read> {
    Field::new(named, meaning, read).right().of(KindSet::SEM)
}
