//! Evidence in words.

use std::borrow::Cow;
use std::rc::Rc;

use crate::kind::model::Object;
use crate::proc::recorded::{ClockSet, Living};
use crate::usage::process::Process;
use crate::usage::state::{Evidence, Judgement, State, Words, found};
use crate::usage::undo::Hiding;
use crate::usage::users::{Paused, Usage, Waiter, Waiting};

/// Processes named in one fact.
const MOST_NAMED: usize = 3;

pub(super) fn fact(fact: impl Into<String>, source: impl Into<String>) -> Evidence {
    Evidence::Words(Rc::new(Words { fact: fact.into(), source: source.into() }))
}

impl Evidence {
    /// What is so: `creator 812 is gone: no such process`. Not yet escaped.
    #[must_use]
    pub fn fact(&self) -> Cow<'_, str> {
        match self {
            Self::Words(words) => Cow::Borrowed(&words.fact),
            Self::NoProcess(deed, number) => format!("{} {number} is gone: no such process", deed.doer()).into(),
            Self::Last(activity, age, grace) => {
                format!("{} {}; grace is {}", activity.phrase, ago(*age), span(*grace)).into()
            }
            Self::Key(key) if key.is_private() => Cow::Borrowed("private: no new process can find it"),
            Self::Key(key) => format!("key {key} lets a new process find it").into(),
            Self::Shared(_) => Cow::Borrowed(""),
        }
    }

    /// Where that can be looked up.
    #[must_use]
    pub fn source(&self) -> Cow<'_, str> {
        match self {
            Self::Words(words) => Cow::Borrowed(&words.source),
            Self::NoProcess(_, number) => format!("/proc/{number}").into(),
            Self::Last(activity, ..) => Cow::Borrowed(activity.field),
            Self::Key(_) => Cow::Borrowed("key"),
            Self::Shared(_) => Cow::Borrowed(""),
        }
    }
}

/// A length of time in its largest whole unit: `3 hours`.
pub(super) fn span(seconds: i64) -> String {
    let (number, unit) = match seconds.unsigned_abs() {
        time @ 0..60 => (time, "second"),
        time @ 60..3600 => (time / 60, "minute"),
        time @ 3600..86_400 => (time / 3600, "hour"),
        time => (time / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

pub(super) fn ago(seconds: i64) -> String {
    if seconds == 0 { "just now".to_owned() } else { format!("{} ago", span(seconds)) }
}

/// `3 threads wait`
pub(super) fn waiters(number: u64) -> String {
    if number == 1 { "1 thread waits".to_owned() } else { format!("{number} threads wait") }
}

/// Names some of many processes: `12 (httpd), 15 (httpd) and 4 more`.
fn names<'a>(processes: impl Iterator<Item = (u32, &'a str)>) -> String {
    let mut all: Vec<(u32, &str)> = processes.collect();
    all.dedup_by_key(|(pid, _)| *pid);
    let shown: Vec<String> = all.iter().take(MOST_NAMED).map(|(pid, command)| format!("{pid} ({command})")).collect();
    match all.len().saturating_sub(MOST_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

pub(super) fn attached(nattch: u64, usage: &Usage) -> Evidence {
    let times = match nattch {
        1 => "attached once".to_owned(),
        2 => "attached twice".to_owned(),
        many => format!("attached {many} times"),
    };
    if usage.holders.is_empty() {
        return fact(times, "nattch");
    }
    let by = names(usage.holders.iter().map(|holder| (holder.process.pid, holder.process.command.as_str())));
    fact(format!("{times}, by {by}"), "nattch, /proc/PID/maps")
}

pub(super) fn doomed(object: &Object, usage: &Usage) -> Judgement {
    let nattch = object.attachments();
    let removed = fact("removed: goes at the last detach", "mode: SHM_DEST");
    found(State::Doomed, vec![removed, attached(nattch, usage)])
}

/// Threads that were found asleep on it or paused there, or that the kernel counts.
pub(super) fn waiting(usage: &Usage) -> Option<Evidence> {
    let hidden = usage.hidden_waiters.unwrap_or(0);
    let source = |waiter: &Waiter| format!("/proc/{}/task/{}/syscall", waiter.process.pid, waiter.tid);
    if let Some(first) = usage.waiters.first().filter(|_| hidden == 0)
        && let Some(text) = all_paused(&usage.waiters)
    {
        return Some(fact(text, source(first)));
    }
    if let Some(first) = usage.waiters.first() {
        let by = names(usage.waiters.iter().map(|waiter| (waiter.process.pid, waiter.process.command.as_str())));
        let others = if hidden == 0 { String::new() } else { format!(", and {hidden} that cannot be seen") };
        let paused = match usage.waiters.iter().filter(|waiter| waiter.paused.is_some()).count() {
            0 => String::new(),
            1 => "; 1 is paused".to_owned(),
            many => format!("; {many} are paused"),
        };
        let all = (usage.waiters.len() as u64).saturating_add(hidden);
        let text = format!("{} on it, of {by}{others}{paused}", waiters(all));
        return Some(fact(text, source(first)));
    }
    let hidden = usage.hidden_waiters.filter(|&number| number > 0)?;
    Some(fact(format!("{} on it", waiters(hidden)), "GETNCNT, GETZCNT"))
}

/// That a process may stand in a call on a set without being counted.
pub(super) fn may_be_paused(pid: u32) -> Evidence {
    let text = format!("{pid} may stand in semop on it and be paused: its threads may not be looked into");
    fact(text, format!("/proc/{pid}/task/TID/syscall"))
}

/// That a segment's creator is gone, and that the living process `last` has detached it.
pub(super) fn creator_gone(last: &Living, gone: &[Evidence]) -> Vec<Evidence> {
    let Living { process, command } = last;
    let text = format!("{process} ({command}), the only living process that may use it, has detached it");
    gone.iter().take(1).cloned().chain([fact(text, "lpid, nattch")]).collect()
}

/// Of threads that are all paused, how the first is: `4 (worker) stands in semop on it and is paused (stopped)`.
fn all_paused(waiters: &[Waiter]) -> Option<String> {
    let paused: Option<Vec<Paused>> = waiters.iter().map(|waiter| waiter.paused).collect();
    let (first, how) = (waiters.first()?, *paused?.first()?);
    let call = match first.waiting {
        Waiting::Take { .. } | Waiting::Zero { .. } | Waiting::Operate => "semop",
        Waiting::Send { .. } => "msgsnd",
        Waiting::Receive { .. } => "msgrcv",
    };
    let others = match waiters.len() {
        1 => String::new(),
        2 => ", as 1 more thread is".to_owned(),
        many => format!(", as {} more threads are", many - 1),
    };
    let Process { pid, command, .. } = &first.process;
    Some(format!("{pid} ({command}) stands in {call} on it and is paused ({}){others}", how.word()))
}

/// Where undo records are read.
pub(super) const UNDO_SOURCE: &str = "BPF task iterator";

/// Processes that give something of a set back when they end.
pub(super) fn held(usage: &Usage) -> Option<Evidence> {
    let mut holding = usage.undo_records().iter().filter(|record| !record.adjustments.is_empty());
    let first = holding.next()?;
    let Process { pid, command, .. } = &first.process;
    let others = match holding.filter(|record| !first.shared_with.contains(&record.process.pid)).count() {
        0 => String::new(),
        1 => ", as does 1 more process".to_owned(),
        many => format!(", as do {many} more processes"),
    };
    Some(fact(format!("held: {pid} ({command}) {}{others}", first.words()), UNDO_SOURCE))
}

/// That undo records are not seen, where a judgement stands all the same.
pub(super) fn undo_hidden(usage: &Usage) -> Option<Evidence> {
    match usage.undo.as_ref()?.hidden.as_ref()? {
        Hiding::Some(_) => None,
        hidden => Some(fact(hidden.words(), UNDO_SOURCE)),
    }
}

pub(super) fn clock_set(clock: ClockSet) -> Evidence {
    let text = match clock {
        ClockSet::BeforeBoot => {
            "a time of it is earlier than the boot: the clock was set, so start times prove nothing"
        }
        ClockSet::InFuture => "a time of it is yet to come: the clock was set, so start times prove nothing",
    };
    fact(text, "btime in /proc/stat")
}
