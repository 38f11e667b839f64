//! Who uses an object, in words.

use crate::kind::model::Object;
use crate::render::escape::escape;
use crate::usage::process::Process;
use crate::usage::undo::Hiding;
use crate::usage::users::Usage;

/// So many processes are named; of the others the number.
const NAMED: usize = 8;

/// `pids 12 (postgres), 40 (sh) and 3 more`, each process once.
fn named(processes: &[&Process]) -> String {
    let one = |process: &&Process| match process.command.as_str() {
        "" => process.pid.to_string(),
        command => format!("{} ({})", process.pid, escape(command)),
    };
    let mut text = processes.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ");
    if processes.len() > NAMED {
        text.push_str(&format!(" and {} more", processes.len() - NAMED));
    }
    format!("{} {text}", if processes.len() == 1 { "pid" } else { "pids" })
}

fn once<'a>(processes: impl Iterator<Item = &'a Process>) -> Vec<&'a Process> {
    let mut all: Vec<&Process> = processes.collect();
    all.sort_by_key(|process| process.pid);
    all.dedup_by_key(|process| process.pid);
    all
}

/// When a removed segment with so many attachments goes: `goes when pid 12 (postgres) detaches`.
#[must_use]
pub fn will_go(nattch: u64, usage: Option<&Usage>) -> String {
    let holders = usage.map_or_else(Vec::new, |usage| once(usage.holders.iter().map(|holder| &*holder.process)));
    let hidden = usage.map_or(0, |usage| usage.hidden_attachments);
    match (holders.len(), hidden) {
        (0, _) if nattch == 1 => "goes when its last attachment detaches".to_owned(),
        (0, _) => format!("goes when its last {nattch} attachments detach"),
        (1, 0) => format!("goes when {} detaches", named(&holders)),
        (_, 0) => format!("goes when {} detach", named(&holders)),
        _ => format!("goes when {} and others that cannot be seen detach", named(&holders)),
    }
}

/// Why an object should not go without a question: who has it attached, waits on it or gives it something back, as far as
/// can be seen, and what would be lost. None when there is nothing of that.
#[must_use]
pub fn in_use(object: &Object, usage: Option<&Usage>) -> Option<String> {
    let nattch = object.attachments();
    if nattch > 0 {
        return (!object.is_doomed()).then(|| attached(nattch, usage));
    }
    let mut parts = Vec::new();
    if let Some(qnum) = object.as_queue().map(|queue| queue.qnum).filter(|&qnum| qnum > 0) {
        parts.push(format!("{qnum} unread message{}", if qnum == 1 { "" } else { "s" }));
    }
    parts.extend(usage.and_then(waited_for));
    parts.extend(usage.and_then(held));
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Why it cannot be said that nobody uses an object; None when that can.
#[must_use]
pub fn maybe_in_use(object: &Object, usage: &Usage) -> Option<String> {
    if object.is_doomed() {
        return Some(format!("removed already; it {}", will_go(1, Some(usage))));
    }
    let past = once(usage.undo_records().iter().map(|record| &record.process));
    let past = || (!past.is_empty()).then(|| format!("used with undo by {}", named(&past)));
    in_use(object, Some(usage)).or_else(past).or_else(|| {
        if let Some(hidden @ Hiding::Some(_)) = usage.undo.as_ref().and_then(|undo| undo.hidden.as_ref()) {
            return Some(format!("whether a process holds it cannot be known: {}", hidden.words()));
        }
        let why = usage.hidden_why.as_deref().unwrap_or("threads may not be looked into");
        let unknown = usage.hidden_waiters.is_none();
        unknown.then(|| format!("whether a thread waits on it cannot be known: {}", escape(why)))
    })
}

fn attached(nattch: u64, usage: Option<&Usage>) -> String {
    let times = |nattch: u64| match nattch {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    };
    let holders = usage.map_or_else(Vec::new, |usage| once(usage.holders.iter().map(|holder| &*holder.process)));
    let hidden = usage.map_or(0, |usage| usage.hidden_attachments);
    match (holders.is_empty(), hidden) {
        (true, _) => format!("attached {}, by nobody who can be seen", times(nattch)),
        (false, 0) => format!("attached by {}", named(&holders)),
        (false, hidden) => {
            format!("attached by {}, and {} by others who cannot be seen", named(&holders), times(hidden))
        }
    }
}

/// Who gives something of a set back when it ends.
fn held(usage: &Usage) -> Option<String> {
    let holding = || usage.undo_records().iter().filter(|record| !record.adjustments.is_empty());
    let processes = once(holding().map(|record| &record.process));
    match holding().next() {
        Some(first) if processes.len() == 1 => Some(format!("{} {}", named(&processes), first.words())),
        Some(_) => Some(format!("held by {}, which give back at exit", named(&processes))),
        None => None,
    }
}

fn waited_for(usage: &Usage) -> Option<String> {
    let waiters = once(usage.waiters.iter().map(|waiter| &waiter.process));
    let hidden = usage.hidden_waiters.unwrap_or(0);
    let paused = match usage.waiters.iter().map(|waiter| waiter.paused).collect::<Option<Vec<_>>>().as_deref() {
        Some([first, ..]) => format!(", paused ({})", first.word()),
        _ => String::new(),
    };
    let threads = |number: u64| if number == 1 { "1 thread".to_owned() } else { format!("{number} threads") };
    match (waiters.len(), hidden) {
        (0, 0) => None,
        (0, hidden) => Some(format!("waited for by {} that cannot be seen", threads(hidden))),
        (_, 0) => Some(format!("waited for by {}{paused}", named(&waiters))),
        (_, hidden) => {
            Some(format!("waited for by {}{paused}, and {} that cannot be seen", named(&waiters), threads(hidden)))
        }
    }
}
