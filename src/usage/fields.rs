//! The one table of what is printed about a use.

use crate::object::names::Names;
use crate::render::table::Column;
use crate::render::value::Value;
use crate::sys::clock::now;
use crate::usage::possible::Candidate;
use crate::usage::role::{Role, Use};
use crate::usage::users::{Process, Waiting};

/// Something to print about a use.
#[derive(Debug)]
pub struct UseField {
    /// Its name in JSON and CSV.
    pub name: &'static str,
    /// Its column in tables, of those that have one.
    pub column: Option<Column>,
    /// What it belongs to in JSON.
    pub part: Part,
    value: fn(&Use, &Names) -> Value<'static>,
}

/// Which of JSON's objects a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The object that is used.
    Object,
    /// The process.
    Process,
    /// What it does, in words.
    Use,
    /// A holder.
    Holder,
    /// A waiter.
    Waiter,
    /// A process that may know it.
    Candidate,
    /// A process with an undo record.
    Undo,
}

impl UseField {
    /// Whether it is for machines too.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.name != "place"
    }

    /// Its value of a use; null where it means nothing.
    #[must_use]
    pub fn value(&self, of: &Use, names: &Names) -> Value<'static> {
        (self.value)(of, names)
    }
}

/// As many hex digits of a container's number as people use.
const SHORT: usize = 12;

const fn column(header: &'static str, right: bool, flexible: bool) -> Option<Column> {
    Some(Column { header, right, flexible, wraps: false })
}

/// All fields, in the order of CSV.
pub static USE_FIELDS: [UseField; 32] = [
    UseField {
        name: "ref",
        column: column("REF", false, false),
        part: Part::Object,
        value: |of, _| Value::Reference(of.object.kind.word(), of.object.number),
    },
    UseField {
        name: "pid",
        column: column("PID", true, false),
        part: Part::Process,
        value: |of, _| number(of.process().pid),
    },
    UseField {
        name: "command",
        column: column("COMMAND", false, true),
        part: Part::Process,
        value: |of, _| text(Some(of.process().command.as_str())),
    },
    UseField {
        name: "uid",
        column: None,
        part: Part::Process,
        value: |of, _| of.process().uid.map_or(Value::Hidden, |uid| number(uid.raw())),
    },
    UseField { name: "user", column: column("USER", false, true), part: Part::Process, value: user },
    UseField { name: "unit", column: None, part: Part::Process, value: |of, _| text(of.process().unit.as_deref()) },
    UseField {
        name: "container",
        column: None,
        part: Part::Process,
        value: |of, _| text(of.process().container.as_deref()),
    },
    UseField {
        name: "place",
        column: column("UNIT", false, true),
        part: Part::Process,
        value: |of, _| text(place(of.process()).as_deref()),
    },
    UseField {
        name: "started",
        column: None,
        part: Part::Process,
        value: |of, _| of.process().started.map_or(Value::Null, Value::Time),
    },
    UseField { name: "role", column: None, part: Part::Use, value: |of, _| Value::Word(of.role_word().into()) },
    UseField {
        name: "use",
        column: column("USE", false, false),
        part: Part::Use,
        value: |of, _| Value::Word(of.words().into()),
    },
    UseField {
        name: "mappings",
        column: None,
        part: Part::Holder,
        value: |of, _| match &of.role {
            Role::Holder(holder) => Value::Number(u64::from(holder.mappings)),
            _ => Value::Null,
        },
    },
    UseField {
        name: "writable",
        column: None,
        part: Part::Holder,
        value: |of, _| match &of.role {
            Role::Holder(holder) => Value::Flag(holder.writable),
            _ => Value::Null,
        },
    },
    UseField {
        name: "address",
        column: None,
        part: Part::Holder,
        value: |of, _| match &of.role {
            Role::Holder(holder) => Value::Word(format!("0x{:x}", holder.address).into()),
            _ => Value::Null,
        },
    },
    UseField {
        name: "tid",
        column: None,
        part: Part::Waiter,
        value: |of, _| match &of.role {
            Role::Waiter(waiter, _) => number(waiter.tid),
            _ => Value::Null,
        },
    },
    UseField { name: "waits_for", column: None, part: Part::Waiter, value: waits_for },
    UseField {
        name: "semaphore",
        column: None,
        part: Part::Waiter,
        value: |of, _| match waiting(of) {
            Some(Waiting::Take { index, .. } | Waiting::Zero { index }) => number(u32::from(index)),
            Some(Waiting::Operate) => Value::Hidden,
            _ => Value::Null,
        },
    },
    UseField {
        name: "takes",
        column: None,
        part: Part::Waiter,
        value: |of, _| match waiting(of) {
            Some(Waiting::Take { by, .. }) => number(u32::from(by)),
            _ => Value::Null,
        },
    },
    UseField {
        name: "bytes",
        column: None,
        part: Part::Waiter,
        value: |of, _| match waiting(of) {
            Some(Waiting::Send { bytes }) => Value::Number(bytes),
            _ => Value::Null,
        },
    },
    UseField {
        name: "type",
        column: None,
        part: Part::Waiter,
        value: |of, _| match waiting(of) {
            Some(Waiting::Receive { mtype, .. }) => Value::Signed(mtype),
            _ => Value::Null,
        },
    },
    UseField {
        name: "except",
        column: None,
        part: Part::Waiter,
        value: |of, _| match waiting(of) {
            Some(Waiting::Receive { except, .. }) => Value::Flag(except),
            _ => Value::Null,
        },
    },
    UseField {
        name: "undo",
        column: None,
        part: Part::Waiter,
        value: |of, _| match &of.role {
            Role::Waiter(waiter, _) => waiter.undo.map_or(Value::Hidden, Value::Flag),
            _ => Value::Null,
        },
    },
    UseField {
        name: "timeout",
        column: None,
        part: Part::Waiter,
        value: |of, _| match &of.role {
            Role::Waiter(waiter, _) => waiter.timeout.map_or(Value::Hidden, Value::Flag),
            _ => Value::Null,
        },
    },
    UseField { name: "since", column: column("SINCE", true, false), part: Part::Waiter, value: since },
    UseField {
        name: "last_pid",
        column: None,
        part: Part::Waiter,
        value: |of, _| match &of.role {
            Role::Waiter(_, Some(trace)) if !trace.pid.is_none() => Value::Signed(i64::from(trace.pid.raw())),
            _ => Value::Null,
        },
    },
    UseField {
        name: "last_alive",
        column: None,
        part: Part::Waiter,
        value: |of, _| match &of.role {
            Role::Waiter(_, Some(trace)) => trace.is_alive().map_or(Value::Null, Value::Flag),
            _ => Value::Null,
        },
    },
    UseField {
        name: "paused",
        column: None,
        part: Part::Waiter,
        value: |of, _| match &of.role {
            Role::Waiter(waiter, _) => waiter.paused.map_or(Value::Null, |paused| Value::Word(paused.word().into())),
            _ => Value::Null,
        },
    },
    UseField {
        name: "there",
        column: None,
        part: Part::Candidate,
        value: |of, _| candidate(of, |candidate| candidate.there.word()),
    },
    UseField {
        name: "let_in",
        column: None,
        part: Part::Candidate,
        value: |of, _| candidate(of, |candidate| candidate.let_in.word()),
    },
    UseField {
        name: "able",
        column: None,
        part: Part::Candidate,
        value: |of, _| candidate(of, |candidate| candidate.able.word()),
    },
    UseField { name: ADJUST, column: None, part: Part::Undo, value: adjust },
    UseField { name: SHARED_WITH, column: None, part: Part::Undo, value: shared_with },
];

fn candidate(of: &Use, word: fn(&Candidate) -> &'static str) -> Value<'static> {
    match &of.role {
        Role::MayKnow(candidate) => Value::Word(word(candidate).into()),
        _ => Value::Null,
    }
}

/// The field with what is given back; in JSON a list.
pub const ADJUST: &str = "adjust";
/// The field with the processes that share an undo record; in JSON a list.
pub const SHARED_WITH: &str = "shared_with";

/// `0=1 3=-2`: what is added to the values of which semaphores.
fn adjust(of: &Use, _: &Names) -> Value<'static> {
    match &of.role {
        Role::Undo(record) if !record.adjustments.is_empty() => {
            let all = record.adjustments.iter().map(|adjustment| format!("{}={}", adjustment.semaphore, adjustment.by));
            Value::Word(all.collect::<Vec<_>>().join(" ").into())
        }
        _ => Value::Null,
    }
}

/// `4711 4712`
fn shared_with(of: &Use, _: &Names) -> Value<'static> {
    match &of.role {
        Role::Undo(record) if !record.shared_with.is_empty() => {
            let all: Vec<String> = record.shared_with.iter().map(ToString::to_string).collect();
            Value::Word(all.join(" ").into())
        }
        _ => Value::Null,
    }
}

fn number(number: u32) -> Value<'static> {
    Value::Number(u64::from(number))
}

fn text(text: Option<&str>) -> Value<'static> {
    text.map_or(Value::Null, |text| Value::Text(text.to_owned().into()))
}

fn waiting(of: &Use) -> Option<Waiting> {
    match &of.role {
        Role::Waiter(waiter, _) => Some(waiter.waiting),
        _ => None,
    }
}

fn user(of: &Use, names: &Names) -> Value<'static> {
    let Some(uid) = of.process().uid else { return Value::Hidden };
    match names.user(uid) {
        Some(name) => Value::Text(name.to_owned().into()),
        None => Value::Named(None, uid.raw()),
    }
}

fn waits_for(of: &Use, _: &Names) -> Value<'static> {
    Value::Word(
        match waiting(of) {
            None => return Value::Null,
            Some(Waiting::Take { .. }) => "take",
            Some(Waiting::Zero { .. }) => "zero",
            Some(Waiting::Operate) => "operate",
            Some(Waiting::Send { .. }) => "send",
            Some(Waiting::Receive { .. }) => "receive",
        }
        .into(),
    )
}

fn since(of: &Use, _: &Names) -> Value<'static> {
    match &of.role {
        Role::Waiter(waiter, _) => {
            let seconds = waiter.asleep_for.and_then(|seconds| i64::try_from(seconds).ok());
            seconds.map_or(Value::Hidden, |seconds| Value::Time(now().saturating_sub(seconds)))
        }
        _ => Value::Null,
    }
}

/// Where a process belongs, as people say it: its container, by the beginning of its number, or else its unit.
fn place(process: &Process) -> Option<String> {
    let Some(container) = &process.container else { return process.unit.clone() };
    match container.split_once(':') {
        Some((runtime, number)) if number.len() >= 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Some(format!("{runtime}:{}", &number[..SHORT]))
        }
        _ => Some(container.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::usage::users::Process;

    #[test]
    fn containers_are_called_by_the_beginning_of_their_number() {
        let of = |unit: Option<&str>, container: Option<String>| {
            place(&Process { unit: unit.map(str::to_owned), container, ..Process::default() })
        };
        assert_eq!(of(Some("cron.service"), None).as_deref(), Some("cron.service"));
        assert_eq!(of(Some("x"), Some(format!("docker:{}", "0a".repeat(32)))).as_deref(), Some("docker:0a0a0a0a0a0a"));
        assert_eq!(of(None, Some("lxc:web".to_owned())).as_deref(), Some("lxc:web"));
        assert_eq!(of(None, None), None);
    }
}
