//! Who uses an object, in words.

use crate::object::users::Process;
use crate::render::escape::escape;

/// So many processes are named; of the others the number.
const NAMED: usize = 8;

/// `12 (postgres), 40 (sh) and 3 more`, each process once.
pub(super) fn named<'a>(processes: impl IntoIterator<Item = &'a Process>) -> String {
    let mut all: Vec<&Process> = processes.into_iter().collect();
    all.sort_by_key(|process| process.pid);
    all.dedup_by_key(|process| process.pid);
    let one = |process: &&Process| match process.command.as_str() {
        "" => process.pid.to_string(),
        command => format!("{} ({})", process.pid, escape(command)),
    };
    let mut text = all.iter().take(NAMED).map(one).collect::<Vec<_>>().join(", ");
    if all.len() > NAMED {
        text.push_str(&format!(" and {} more", all.len() - NAMED));
    }
    let plural = if all.len() == 1 { "pid" } else { "pids" };
    format!("{plural} {text}")
}

/// When a removed segment with so many attachments goes: `goes when pid 12 (postgres) detaches`.
pub(super) fn will_go(nattch: u64, holders: &[Process]) -> String {
    if holders.is_empty() {
        return match nattch {
            1 => "goes when its last attachment detaches".to_owned(),
            many => format!("goes when its last {many} attachments detach"),
        };
    }
    let several = holders.windows(2).any(|pair| pair[0].pid != pair[1].pid);
    format!("goes when {} {}", named(holders), if several { "detach" } else { "detaches" })
}
