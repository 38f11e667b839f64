//! Semaphore sets.

use std::sync::atomic::AtomicBool;

use crate::kind::calls::Calls;
use crate::kind::class::{Class, FoundBy, Read, push_count, read, time};
use crate::kind::field::{Field, Named, named};
use crate::kind::limit::{LimitDef, Used, limit};
use crate::kind::model::{Detail, Kind, KindSet, Object, ObjectId, Set};
use crate::kind::recorded::Activity;
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
    limits: &LIMITS,
    activities: &ACTIVITIES,
    size: |object| object.as_set().map_or(0, |set| set.nsems),
    is_sized_in_bytes: false,
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
    has_stat_any: AtomicBool::new(false),
};

static LIMITS: [LimitDef; 5] = [SEMMNI, SEMMNS, SEMMSL, SEMOPM, SEMVMX];

pub(crate) const SEMMNI: LimitDef = LimitDef {
    meaning: "number of sets; the fourth number of kernel.sem",
    used: Used::Objects(|in_use| Ok(in_use.sem()?.used_ids.into())),
    ..limit(("semmni", Some("kernel.sem")), "sets", "", || Ok(sem::limits()?.semmni))
};
pub(crate) const SEMMNS: LimitDef = LimitDef {
    meaning: "semaphores in all sets; the second number of kernel.sem",
    used: Used::Sum(|in_use| Ok(in_use.sem()?.semaphores), |nsems| nsems, "exist"),
    ..limit(("semmns", Some("kernel.sem")), "semaphores", "", || Ok(sem::limits()?.semmns))
};
pub(crate) const SEMMSL: LimitDef = LimitDef {
    meaning: "semaphores in one set; in use: the largest; the first number of kernel.sem",
    used: Used::Largest,
    ..limit(("semmsl", Some("kernel.sem")), "semaphores", "", || Ok(sem::limits()?.semmsl))
};
pub(crate) const SEMOPM: LimitDef = LimitDef {
    meaning: "operations in one semop; the third number of kernel.sem",
    ..limit(("semopm", Some("kernel.sem")), "operations", "", || Ok(sem::limits()?.semopm))
};
pub(crate) const SEMVMX: LimitDef =
    limit(("semvmx", None), "value", "largest value of a semaphore", || Ok(sem::limits()?.semvmx));

static ACTIVITIES: [Activity; 1] = [Activity {
    phrase: "last used",
    field: "otime",
    time: |object| object.as_set().map_or(Timestamp::NEVER, |set| set.otime),
}];

static FIELDS: [Field<Read>; 2] = [
    field(
        named!("nsems", "NSEMS"),
        "semaphores in the set",
        read!(|object| { object.as_set().map_or(Value::Null, |set| Value::Number(set.nsems)) }),
    ),
    field(
        named!("otime", "OTIME"),
        "last semop",
        read!(|object| object.as_set().map_or(Value::Null, |set| time(set.otime))),
    ),
];

const fn field(named: Named, meaning: &'static str, read: Read) -> Field<Read> {
    Field::new(named, meaning, read).right().of(KindSet::SEM)
}
