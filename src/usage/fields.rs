//! The fields of uses: a table of them for each JSON object that tells a part of a use.

use std::borrow::Cow;

use crate::kind::field::{Field, Named, named};
use crate::object::names::Names;
use crate::render::value::Value;
use crate::sys::clock::now;
use crate::usage::last_changed::LastChanger;
use crate::usage::possible::answer::Candidate;
use crate::usage::process::Process;
use crate::usage::role::{Role, Use};
use crate::usage::undo::UndoRecord;
use crate::usage::users::{Holder, Waiter, Waiting};

/// Something that can be shown of a use. Tables have those with a heading, CSV and JSON the exact ones.
pub type UseField = Field<Read>;

/// Reads a field of a use, with the names of the processes' users; null where the use has no such thing.
pub type Read = for<'a> fn(&'a Use, &'a Names) -> Value<'a>;

/// Hexadecimal digits of a container's id that people use.
const SHORT: usize = 12;

/// The object that is used.
pub static OBJECT: [UseField; 1] =
    [field(named!("ref", "REF"), |of, _| Value::Reference(of.object.kind.word(), of.object.number))];

/// The process that uses it.
pub static PROCESS: [UseField; 8] = [
    field(named!("pid", "PID"), |of, _| number(of.process().pid)).right(),
    field(named!("command", "COMMAND"), |of, _| text(Some(&of.process().command))).flexible(),
    field(named!("uid", ""), |of, _| of.process().uid.map_or(Value::Hidden, |uid| number(uid.raw()))),
    field(named!("user", "USER"), |of, names| {
        of.process().uid.map_or(Value::Hidden, |uid| Value::Named(names.user(uid), uid.raw()))
    })
    .flexible(),
    field(named!("unit", ""), |of, _| text(of.process().unit.as_deref())),
    field(named!("container", ""), |of, _| text(of.process().container.as_deref())),
    field(named!("place", "UNIT"), |of, _| place(of.process()).map_or(Value::Null, Value::Text)).flexible().derived(),
    field(named!("started", ""), |of, _| of.process().started.map_or(Value::Null, Value::Time)),
];

/// What the process does with the object.
pub static ROLE: [UseField; 2] = [
    field(named!("role", ""), |of, _| word(of.role_word())),
    field(named!("use", "USE"), |of, _| Value::Word(of.words().into())),
];

/// An attachment.
pub static HOLDER: [UseField; 3] = [
    field(named!("mappings", ""), |of, _| holder(of, |holder| number(holder.mappings))),
    field(named!("writable", ""), |of, _| holder(of, |holder| Value::Flag(holder.writable))),
    field(named!("address", ""), |of, _| holder(of, |holder| Value::Word(format!("0x{:x}", holder.address).into()))),
];

/// A thread asleep in a system call.
pub static WAITER: [UseField; 13] = [
    field(named!("tid", ""), |of, _| waiter(of, |waiter| number(waiter.tid))),
    field(named!("waits_for", ""), |of, _| {
        waiting(of, |waiting| {
            Some(word(match waiting {
                Waiting::Take { .. } => "take",
                Waiting::Zero { .. } => "zero",
                Waiting::Operate => "operate",
                Waiting::Send { .. } => "send",
                Waiting::Receive { .. } => "receive",
            }))
        })
    }),
    field(named!("semaphore", ""), |of, _| {
        waiting(of, |waiting| match waiting {
            Waiting::Take { index, .. } | Waiting::Zero { index } => Some(number(u32::from(index))),
            Waiting::Operate => Some(Value::Hidden),
            _ => None,
        })
    }),
    field(named!("takes", ""), |of, _| {
        waiting(of, |waiting| if let Waiting::Take { by, .. } = waiting { Some(number(u32::from(by))) } else { None })
    }),
    field(named!("bytes", ""), |of, _| {
        waiting(of, |waiting| if let Waiting::Send { bytes } = waiting { Some(Value::Number(bytes)) } else { None })
    }),
    field(named!("type", ""), |of, _| {
        waiting(of, |waiting| match waiting {
            Waiting::Receive { mtype, .. } => Some(Value::Signed(mtype)),
            _ => None,
        })
    }),
    field(named!("except", ""), |of, _| {
        waiting(of, |waiting| match waiting {
            Waiting::Receive { except, .. } => Some(Value::Flag(except)),
            _ => None,
        })
    }),
    field(named!("undo", ""), |of, _| waiter(of, |waiter| waiter.undo.map_or(Value::Hidden, Value::Flag))),
    field(named!("timeout", ""), |of, _| waiter(of, |waiter| waiter.timeout.map_or(Value::Hidden, Value::Flag))),
    field(named!("since", "SINCE"), |of, _| waiter(of, since)).right(),
    field(named!("last_pid", ""), |of, _| {
        last(of, |last| (!last.pid.is_none()).then(|| Value::Signed(i64::from(last.pid.raw()))))
    }),
    field(named!("last_alive", ""), |of, _| last(of, |last| last.is_alive().map(Value::Flag))),
    field(named!("paused", ""), |of, _| {
        waiter(of, |waiter| waiter.paused.map_or(Value::Null, |paused| word(paused.word())))
    }),
];

/// A process that may know the object.
pub static CANDIDATE: [UseField; 3] = [
    field(named!("there", ""), |of, _| candidate(of, |candidate| candidate.there.word())),
    field(named!("let_in", ""), |of, _| candidate(of, |candidate| candidate.let_in.word())),
    field(named!("able", ""), |of, _| candidate(of, |candidate| candidate.able.word())),
];

/// An undo record, as CSV has it: `0=1 3=-2` is added to values when the process ends, `4711 4712` share the record.
pub static UNDO: [UseField; 2] = [
    field(named!("adjust", ""), |of, _| {
        undo(of, |record| record.adjustments.iter().map(|one| format!("{}={}", one.semaphore, one.by)).collect())
    }),
    field(named!("shared_with", ""), |of, _| {
        undo(of, |record| record.shared_with.iter().map(ToString::to_string).collect())
    }),
];

const fn field(named: Named, read: Read) -> UseField {
    Field::new(named, "", read)
}

fn holder(of: &Use, read: fn(&Holder) -> Value<'static>) -> Value<'static> {
    if let Role::Holder(holder) = &of.role { read(holder) } else { Value::Null }
}

fn waiter(of: &Use, read: fn(&Waiter) -> Value<'static>) -> Value<'static> {
    if let Role::Waiter(waiter, _) = &of.role { read(waiter) } else { Value::Null }
}

fn waiting(of: &Use, read: fn(Waiting) -> Option<Value<'static>>) -> Value<'static> {
    if let Role::Waiter(waiter, _) = &of.role { read(waiter.waiting).unwrap_or(Value::Null) } else { Value::Null }
}

fn last(of: &Use, read: fn(&LastChanger) -> Option<Value<'static>>) -> Value<'static> {
    if let Role::Waiter(_, Some(last)) = &of.role { read(last).unwrap_or(Value::Null) } else { Value::Null }
}

fn candidate(of: &Use, read: fn(&Candidate) -> &'static str) -> Value<'static> {
    if let Role::MayKnow(candidate) = &of.role { word(read(candidate)) } else { Value::Null }
}

fn undo(of: &Use, read: fn(&UndoRecord) -> Vec<String>) -> Value<'static> {
    let items = if let Role::Undo(record) = &of.role { read(record) } else { Vec::new() };
    if items.is_empty() { Value::Null } else { Value::Word(items.join(" ").into()) }
}

fn number(number: u32) -> Value<'static> {
    Value::Number(u64::from(number))
}

fn word(word: &'static str) -> Value<'static> {
    Value::Word(word.into())
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, |text| Value::Text(text.into()))
}

fn since(waiter: &Waiter) -> Value<'static> {
    let seconds = waiter.asleep_for.and_then(|seconds| i64::try_from(seconds).ok());
    seconds.map_or(Value::Hidden, |seconds| Value::Time(now().saturating_sub(seconds)))
}

/// The container of a process, by the beginning of its id, or else its unit.
fn place(process: &Process) -> Option<Cow<'_, str>> {
    let Some(container) = &process.container else { return process.unit.as_deref().map(Into::into) };
    Some(match container.split_once(':') {
        Some((runtime, id)) if id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{runtime}:{}", &id[..SHORT]).into()
        }
        _ => container.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::usage::process::Process;

    #[test]
    fn containers_are_called_by_the_beginning_of_their_number() {
        let of = |unit: Option<&str>, container: Option<String>| {
            place(&Process { unit: unit.map(str::to_owned), container, ..Process::default() }).map(String::from)
        };
        assert_eq!(of(Some("cron.service"), None).as_deref(), Some("cron.service"));
        assert_eq!(of(Some("x"), Some(format!("docker:{}", "0a".repeat(32)))).as_deref(), Some("docker:0a0a0a0a0a0a"));
        assert_eq!(of(None, Some("lxc:web".to_owned())).as_deref(), Some("lxc:web"));
        assert_eq!(of(None, None), None);
    }
}
