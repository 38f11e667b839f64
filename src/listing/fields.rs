//! The one table of fields. Columns, sort keys, headers, JSON keys, CSV, help and man page all come from it.

use std::borrow::Cow;

use crate::kind::model::{Detail, Kind, KindSet, Object, Queue, Segment, Set};
use crate::listing::query::Insight;
use crate::object::names::Names;
use crate::render::table::Column;
use crate::render::units::{push_size, push_u64};
use crate::render::value::Value;
use crate::sys::{Pid, Timestamp};
use crate::usage::users::Usage;

/// Something that can be shown of an object.
pub struct Field {
    /// Name for `-o` and `--sort`, and the JSON key.
    pub name: &'static str,
    /// The JSON key as it is written, `"name":`; a listing writes it very often.
    pub json_key: &'static str,
    /// Heading of its column.
    pub header: &'static str,
    /// The kinds that have it.
    pub kinds: KindSet,
    /// Whether its column stands at the right.
    pub right: bool,
    /// Whether it is part of an object's JSON and CSV without being asked for.
    pub exact: bool,
    /// What it means, for the help and the man page.
    pub meaning: &'static str,
    read: Read,
}

/// How a field is read, by what it belongs to.
#[derive(Clone, Copy)]
enum Read {
    Object(for<'a> fn(&Object, &'a Names) -> Value<'a>),
    Segment(fn(&Segment) -> Value<'static>),
    Set(fn(&Set) -> Value<'static>),
    Queue(fn(&Queue) -> Value<'static>),
}

impl Field {
    /// What it is for `object`; null where the kind has no such thing.
    #[must_use]
    pub fn value<'a>(&self, object: &Object, names: &'a Names) -> Value<'a> {
        match (self.read, &object.detail) {
            (Read::Object(read), _) if self.kinds.has(object.kind()) => read(object, names),
            (Read::Segment(read), Detail::Shm(segment)) => read(segment),
            (Read::Set(read), Detail::Sem(set)) => read(set),
            (Read::Queue(read), Detail::Msg(queue)) => read(queue),
            _ => Value::Null,
        }
    }

    /// Its column.
    #[must_use]
    pub fn column(&self) -> Column {
        Column {
            header: self.header,
            right: self.right,
            flexible: matches!(self.name, "contents" | "command" | "evidence"),
            wraps: self.name == "evidence",
        }
    }

    /// Whether it needs `/proc/sysvipc/shm`.
    #[must_use]
    pub fn needs_memory(&self) -> bool {
        matches!(self.name, "rss" | "swap")
    }

    /// What it needs to know of the object's use.
    #[must_use]
    pub fn insight(&self) -> Insight {
        match self.name {
            "state" | "unknown_why" => Insight::STATES,
            "evidence" | "command" => Insight { judgements: true, holders: true, waiters: true },
            "holders" => Insight { judgements: false, holders: true, waiters: false },
            "waiters" => Insight { judgements: false, holders: false, waiters: true },
            _ => Insight::NONE,
        }
    }

    /// Whether it needs names of users.
    #[must_use]
    pub fn needs_users(&self) -> bool {
        matches!(self.name, "owner" | "creator")
    }

    /// Whether it needs names of groups.
    #[must_use]
    pub fn needs_groups(&self) -> bool {
        matches!(self.name, "group" | "creator_group")
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The forms of a field's name.
struct Named {
    name: &'static str,
    json_key: &'static str,
    header: &'static str,
}

macro_rules! named {
    ($name:literal, $header:literal) => {
        Named { name: $name, json_key: concat!("\"", $name, "\":"), header: $header }
    };
}

/// Every field, in the order of JSON keys and CSV columns.
pub static FIELDS: [Field; 43] = [
    common(named!("kind", "KIND"), false, "shm, sem or msg", |object, _| word(object.kind().word())),
    common(named!("id", "ID"), true, "the kernel's identifier", |object, _| Value::Number(object.id.number)),
    common(named!("key", "KEY"), false, "creation key; 0x00000000 is private", |object, _| {
        Value::Hex(object.perm.key.bits())
    }),
    common(named!("ref", "REF"), false, "kind and id, as every command takes them", |object, _| {
        Value::Reference(object.kind().word(), object.id.number)
    }),
    common(named!("mode", "MODE"), false, "permission bits, octal", |object, _| {
        Value::Octal(object.perm.mode.permissions())
    }),
    common(named!("uid", "UID"), true, "owner, as a number", |object, _| {
        Value::Number(u64::from(object.perm.uid.raw()))
    }),
    common(named!("gid", "GID"), true, "owner's group, as a number", |object, _| {
        Value::Number(u64::from(object.perm.gid.raw()))
    }),
    common(named!("cuid", "CUID"), true, "creator, as a number", |object, _| {
        Value::Number(u64::from(object.perm.cuid.raw()))
    }),
    common(named!("cgid", "CGID"), true, "creator's group, as a number", |object, _| {
        Value::Number(u64::from(object.perm.cgid.raw()))
    }),
    common(named!("owner", "OWNER"), false, "owner's name, or number without one", |object, names| {
        Value::Named(names.user(object.perm.uid), object.perm.uid.raw())
    }),
    common(named!("group", "GROUP"), false, "name of the owner's group, or its number", |object, names| {
        Value::Named(names.group(object.perm.gid), object.perm.gid.raw())
    }),
    common(named!("creator", "CREATOR"), false, "creator's name, or number without one", |object, names| {
        Value::Named(names.user(object.perm.cuid), object.perm.cuid.raw())
    }),
    common(
        named!("creator_group", "CREATOR_GROUP"),
        false,
        "name of the creator's group, or its number",
        |object, names| Value::Named(names.group(object.perm.cgid), object.perm.cgid.raw()),
    ),
    common(named!("ctime", "CTIME"), true, "creation or last change of owner, mode or capacity", |object, _| {
        time(object.ctime)
    }),
    segment(named!("size", "SIZE"), "bytes asked for at creation", |segment| Value::Bytes(segment.size)),
    segment(named!("nattch", "NATTCH"), "attachments: mappings, not processes", |segment| {
        Value::Number(segment.nattch)
    }),
    segment(named!("cpid", "CPID"), "process that created it", |segment| pid(segment.cpid, true)),
    segment(named!("lpid", "LPID"), "last process to attach or detach", |segment| {
        pid(segment.lpid, !(segment.atime.is_never() && segment.dtime.is_never()))
    }),
    segment(named!("atime", "ATIME"), "last attach, also by fork", |segment| time(segment.atime)),
    segment(named!("dtime", "DTIME"), "last detach", |segment| time(segment.dtime)),
    segment(named!("rss", "RSS"), "bytes in RAM", |segment| segment.rss().map_or(Value::Hidden, Value::Bytes)),
    segment(named!("swap", "SWAP"), "bytes in swap", |segment| {
        segment.memory.map_or(Value::Hidden, |memory| Value::Bytes(memory.swap))
    }),
    Field {
        kinds: KindSet::SHM,
        ..common(named!("locked", "LOCKED"), false, "kept in RAM (SHM_LOCK)", |object, _| {
            Value::Flag(object.perm.mode.is_locked())
        })
    },
    Field {
        kinds: KindSet::SHM,
        ..common(named!("doomed", "DOOMED"), false, "removed, goes at the last detach", |object, _| {
            Value::Flag(object.is_doomed())
        })
    },
    set(named!("nsems", "NSEMS"), "semaphores in the set", |set| Value::Number(set.nsems)),
    set(named!("otime", "OTIME"), "last semop", |set| time(set.otime)),
    queue(named!("qnum", "QNUM"), "messages held", |queue| Value::Number(queue.qnum)),
    queue(named!("cbytes", "CBYTES"), "bytes held", |queue| Value::Bytes(queue.cbytes)),
    queue(named!("qbytes", "QBYTES"), "capacity in bytes", |queue| queue.qbytes.map_or(Value::Hidden, Value::Bytes)),
    queue(named!("lspid", "LSPID"), "last process to send", |queue| pid(queue.lspid, !queue.stime.is_never())),
    queue(named!("lrpid", "LRPID"), "last process or thread to receive", |queue| {
        pid(queue.lrpid, !queue.rtime.is_never())
    }),
    queue(named!("stime", "STIME"), "last send", |queue| time(queue.stime)),
    queue(named!("rtime", "RTIME"), "last receive", |queue| time(queue.rtime)),
    derived(named!("activity", "ACTIVITY"), true, KindSet::ALL, "latest of all its times", |object, _| {
        time(object.activity())
    }),
    derived(named!("full", "FULL"), true, KindSet::MSG, "share of a queue's capacity in use", |object, _| {
        object.as_queue().map_or(Value::Null, full)
    }),
    derived(named!("contents", "CONTENTS"), false, KindSet::ALL, "size, use and flags in words", |object, _| {
        Value::Word(Cow::Owned(contents(object)))
    }),
    derived(named!("flags", "FLAGS"), false, KindSet::SHM, "locked, doomed", |object, _| {
        word(match (object.perm.mode.is_locked(), object.is_doomed()) {
            (true, true) => "locked,doomed",
            (true, false) => "locked",
            (false, true) => "doomed",
            (false, false) => return Value::Null,
        })
    }),
    derived(named!("holders", "HOLDERS"), true, KindSet::SHM, "processes that have it attached", |object, names| {
        names.insights().usage(object.id).map_or(Value::Hidden, holders)
    }),
    derived(
        named!("waiters", "WAITERS"),
        true,
        KindSet::SEM.with(Kind::Msg),
        "threads asleep on it",
        |object, names| names.insights().usage(object.id).map_or(Value::Hidden, waiters),
    ),
    derived(
        named!("state", "STATE"),
        false,
        KindSet::ALL,
        "doomed, active, unknown, idle, dormant, orphan",
        |object, names| {
            names.insights().judgement(object.id).map_or(Value::Hidden, |judgement| word(judgement.state.word()))
        },
    ),
    derived(
        named!("unknown_why", "UNKNOWN_WHY"),
        false,
        KindSet::ALL,
        "may_know, hidden, never_used or clock, if the state is unknown",
        |object, names| {
            names
                .insights()
                .judgement(object.id)
                .map_or(Value::Hidden, |judgement| judgement.unknown.map_or(Value::Null, |why| word(why.word())))
        },
    ),
    derived(named!("evidence", "EVIDENCE"), false, KindSet::ALL, "why it is in that state", |object, names| {
        names.insights().judgement(object.id).map_or(Value::Hidden, |judgement| {
            Value::Facts(judgement.evidence.iter().map(|one| (one.fact.as_str(), one.source.as_str())).collect())
        })
    }),
    derived(
        named!("command", "COMMAND"),
        false,
        KindSet::ALL,
        "name of a process that made or last used it and lives",
        |object, names| {
            let command = names.insights().judgement(object.id).and_then(|judgement| judgement.command.as_deref());
            command.map_or(Value::Null, |command| Value::Text(Cow::Borrowed(command)))
        },
    ),
];

type ReadObject = for<'a> fn(&Object, &'a Names) -> Value<'a>;

const fn common(named: Named, right: bool, meaning: &'static str, read: ReadObject) -> Field {
    Field {
        name: named.name,
        json_key: named.json_key,
        header: named.header,
        kinds: KindSet::ALL,
        right,
        exact: true,
        meaning,
        read: Read::Object(read),
    }
}

/// Made of other fields: shown when asked for, and never part of an object's JSON by itself.
const fn derived(named: Named, right: bool, kinds: KindSet, meaning: &'static str, read: ReadObject) -> Field {
    Field {
        name: named.name,
        json_key: named.json_key,
        header: named.header,
        kinds,
        right,
        exact: false,
        meaning,
        read: Read::Object(read),
    }
}

const fn segment(named: Named, meaning: &'static str, read: fn(&Segment) -> Value<'static>) -> Field {
    Field {
        name: named.name,
        json_key: named.json_key,
        header: named.header,
        kinds: KindSet::SHM,
        right: true,
        exact: true,
        meaning,
        read: Read::Segment(read),
    }
}

const fn set(named: Named, meaning: &'static str, read: fn(&Set) -> Value<'static>) -> Field {
    Field {
        name: named.name,
        json_key: named.json_key,
        header: named.header,
        kinds: KindSet::SEM,
        right: true,
        exact: true,
        meaning,
        read: Read::Set(read),
    }
}

const fn queue(named: Named, meaning: &'static str, read: fn(&Queue) -> Value<'static>) -> Field {
    Field {
        name: named.name,
        json_key: named.json_key,
        header: named.header,
        kinds: KindSet::MSG,
        right: true,
        exact: true,
        meaning,
        read: Read::Queue(read),
    }
}

fn word(text: &'static str) -> Value<'static> {
    Value::Word(Cow::Borrowed(text))
}

fn time(time: Timestamp) -> Value<'static> {
    if time.is_never() { Value::Null } else { Value::Time(time.seconds()) }
}

/// The kernel writes 0 both for "none yet" and for a process of a pid namespace that cannot be seen from here;
/// `happened` tells which.
fn pid(pid: Pid, happened: bool) -> Value<'static> {
    match (pid.is_none(), happened) {
        (false, _) => Value::Signed(i64::from(pid.raw())),
        (true, true) => Value::Hidden,
        (true, false) => Value::Null,
    }
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

fn contents(object: &Object) -> String {
    let mut text = String::with_capacity(40);
    let count = |text: &mut String, number: u64, one: &str, many: &str| {
        push_u64(text, number);
        text.push_str(if number == 1 { one } else { many });
    };
    match &object.detail {
        Detail::Shm(segment) => {
            push_size(&mut text, segment.size);
            if segment.nattch > 0 {
                text.push_str(", ");
                count(&mut text, segment.nattch, " attachment", " attachments");
            }
            if object.perm.mode.is_locked() {
                text.push_str(", locked");
            }
            if object.is_doomed() {
                text.push_str(", doomed");
            }
        }
        Detail::Sem(set) => count(&mut text, set.nsems, " semaphore", " semaphores"),
        Detail::Msg(queue) => {
            count(&mut text, queue.qnum, " message", " messages");
            if queue.cbytes > 0 {
                text.push_str(", ");
                push_size(&mut text, queue.cbytes);
            }
        }
    }
    text
}

/// The field named `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// The columns of a listing without `-o`: one set for a mixed one, and the kind's own for one kind.
#[must_use]
pub fn default_columns(kind: Option<Kind>) -> Vec<&'static Field> {
    let names: &[&str] = match kind {
        None => &["ref", "key", "mode", "owner", "activity", "contents"],
        Some(Kind::Shm) => {
            &["ref", "key", "mode", "owner", "size", "nattch", "rss", "cpid", "lpid", "activity", "flags"]
        }
        Some(Kind::Sem) => &["ref", "key", "mode", "owner", "nsems", "otime", "ctime"],
        Some(Kind::Msg) => {
            &["ref", "key", "mode", "owner", "qnum", "cbytes", "qbytes", "full", "lspid", "lrpid", "activity"]
        }
    };
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
        // Every default column exists.
        assert_eq!(
            [None, Some(Kind::Shm), Some(Kind::Sem), Some(Kind::Msg)].map(|kind| default_columns(kind).len()),
            [6, 11, 7, 11]
        );
    }
}
