//! The users that the kernel recorded for an object.

use std::borrow::Cow;

use crate::kind::model::{Detail, Object};
use crate::proc::recorded::{Gone, Living, Parent, Recorded, Thread, Unknown};
use crate::sys::{Pid, Timestamp};
use crate::usage::evidence::{fact, span};
use crate::usage::judge::Judge;
use crate::usage::state::Evidence;

/// One recorded user.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// What it did: `creator`, `last sender`.
    pub role: Cow<'static, str>,
    /// Who.
    pub pid: Pid,
    /// When, by the kernel.
    pub time: Timestamp,
    /// The fields that say so.
    pub source: &'static str,
    /// Whether the number may be that of a thread.
    pub may_be_thread: bool,
}

/// A kind of activity.
#[derive(Clone, Copy, Debug)]
pub(super) struct What {
    /// `last attached`
    pub phrase: &'static str,
    /// The field with its time.
    pub field: &'static str,
}

/// What the kernel keeps of an object's past.
#[derive(Clone, Debug)]
pub(super) struct Records {
    /// Who used it, but for the users of a set: those have to be asked for.
    pub users: Vec<Record>,
    /// When something happened to it; never, where nothing did. `ctime` comes first.
    pub times: Vec<(What, Timestamp)>,
}

/// What became of recorded users.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub alive: Vec<Evidence>,
    pub doubts: Vec<Evidence>,
    pub gone: Vec<Evidence>,
    /// The command name of the first that lives.
    pub command: Option<String>,
    /// The numbers that were recorded, whoever they were.
    pub recorded: Vec<Pid>,
    /// Whether all undo records were read.
    pub undo_is_known: bool,
    /// The last user of a segment, who lives and has detached it, if its creator is gone.
    pub detached: Option<Living>,
}

impl Records {
    /// Those of an object.
    pub(super) fn of(object: &Object) -> Self {
        let mut users = Vec::new();
        let mut times = vec![(What { phrase: "created or changed", field: "ctime" }, object.ctime)];
        let mut user = |role, pid, time, source, may_be_thread| {
            users.push(Record { role: Cow::Borrowed(role), pid, time, source, may_be_thread });
        };
        match &object.detail {
            Detail::Shm(segment) => {
                // IPC_SET moves ctime on; a creator is then compared with a later time, which only spares more.
                user("creator", segment.cpid, object.ctime, "cpid and ctime", false);
                let last = segment.atime.max(segment.dtime);
                if !(last.is_never() && segment.lpid.is_none()) {
                    let source = if segment.dtime >= segment.atime { "lpid and dtime" } else { "lpid and atime" };
                    user("last user", segment.lpid, last, source, false);
                }
                times.push((What { phrase: "last attached", field: "atime" }, segment.atime));
                times.push((What { phrase: "last detached", field: "dtime" }, segment.dtime));
            }
            Detail::Sem(set) => times.push((What { phrase: "last used", field: "otime" }, set.otime)),
            Detail::Msg(queue) => {
                if !(queue.stime.is_never() && queue.lspid.is_none()) {
                    user("last sender", queue.lspid, queue.stime, "lspid and stime", false);
                }
                if !(queue.rtime.is_never() && queue.lrpid.is_none()) {
                    // A sender is always recorded as a process: the same number is no thread's.
                    let may_be_thread = queue.lrpid != queue.lspid;
                    user("last receiver", queue.lrpid, queue.rtime, "lrpid and rtime", may_be_thread);
                }
                times.push((What { phrase: "last sent to", field: "stime" }, queue.stime));
                times.push((What { phrase: "last received from", field: "rtime" }, queue.rtime));
            }
        }
        Self { users, times }
    }

    /// The latest activity.
    pub(super) fn latest(&self) -> (What, Timestamp) {
        // Of equal times the more telling one, which comes later.
        let latest = self.times.iter().copied().max_by_key(|(_, time)| *time);
        latest.unwrap_or((What { phrase: "created or changed", field: "ctime" }, Timestamp::NEVER))
    }

    /// Why nothing can be said of an object without a recorded user.
    pub(super) fn nobody(&self) -> Evidence {
        if self.times.iter().any(|(what, _)| what.field == "otime") {
            fact(
                "no user is recorded: nobody who can be seen has changed a semaphore, and a set has no creating process",
                "GETPID, otime",
            )
        } else {
            fact(
                "no user is recorded: nobody has sent or received, and a queue has no creating process",
                "stime, rtime",
            )
        }
    }
}

impl Judge {
    /// Sees what became of a recorded user.
    pub(super) fn look_up(&mut self, record: &Record, object: &Object, comparable: bool, finding: &mut Finding) {
        let Record { role, pid, time, source, may_be_thread } = record;
        if pid.is_none() {
            let text = format!("{role} is a process of another pid namespace, which cannot be seen from here");
            finding.doubts.push(fact(text, *source));
            return;
        }
        let number = pid.raw();
        finding.recorded.push(*pid);
        match self.processes.recorded(*pid, *time, comparable) {
            Recorded::Alive(Living { process, command }) => {
                let text = if process == number {
                    format!("{role} {number} ({command}) lives")
                } else {
                    format!("{role} {number} is a thread of {process} ({command}), which lives")
                };
                finding.alive.push(fact(text, format!("/proc/{number}/stat")));
                finding.command.get_or_insert_with(|| command.clone());
                // Not attached any more, it was detached last: by whoever is recorded last.
                let is_creator = finding.recorded.len() == 1;
                if object.as_segment().is_some() && !is_creator && !finding.gone.is_empty() {
                    finding.detached = Some(Living { process, command });
                }
            }
            Recorded::Unknown(why) => finding.doubts.push(match why {
                Unknown::Hidden => {
                    fact(format!("{role} {number}: a process has this number, but /proc does not show it"), "kill(2)")
                }
                Unknown::SetForward(Living { command, .. }, later) => {
                    let text = format!(
                        "{role} {number}: the process {number} ({command}) of now started {} later, but the clock may \
                         have been set forward by more since: it may be the same",
                        span(later)
                    );
                    fact(text, format!("/proc/{number}/stat, {source}; start of process 1, birth of /dev/null"))
                }
                Unknown::Incomparable(Living { command, .. }) => {
                    let text = format!(
                        "{role} {number}: the process {number} ({command}) of now may be another, for start times \
                         cannot be compared"
                    );
                    fact(text, format!("/proc/{number}/stat"))
                }
            }),
            Recorded::Gone(gone) => {
                let thread =
                    if *may_be_thread { self.processes.thread(&object.perm, *time, comparable) } else { Thread::No };
                match thread {
                    Thread::Of(Living { process, command }) => {
                        let text = format!(
                            "{role} {number} is gone, but may have been a thread of {process} ({command}), which lives"
                        );
                        finding.doubts.push(fact(text, format!("/proc/{process}/status")));
                    }
                    Thread::Hidden => {
                        let text = format!(
                            "{role} {number} is gone, but may have been a thread of a process that cannot be seen"
                        );
                        finding.doubts.push(fact(text, "/proc"));
                    }
                    Thread::No => match gone_fact(role, number, source, gone) {
                        Ok(fact) => finding.gone.push(fact),
                        Err(doubt) => finding.doubts.push(doubt),
                    },
                }
            }
        }
    }
}

/// That a recorded user is gone.
///
/// # Errors
/// That its parent lives, which may know what it knew.
fn gone_fact(role: &str, number: i32, source: &str, gone: Gone) -> Result<Evidence, Evidence> {
    Ok(match gone {
        Gone::NoSuch => fact(format!("{role} {number} is gone: no such process"), format!("/proc/{number}")),
        Gone::Zombie(Living { command: own, .. }, Parent::Lives(Living { process: parent, command })) => {
            let text = format!(
                "{role} {number} ({own}) has ended, but its parent {parent} ({command}), which has not yet asked for \
                 its status, lives"
            );
            return Err(fact(text, format!("/proc/{number}/stat, /proc/{parent}/stat")));
        }
        Gone::Zombie(Living { command, .. }, Parent::Hidden) => {
            let text = format!(
                "{role} {number} ({command}) has ended, but its parent, which cannot be seen from here and has not yet asked for \
                 its status, lives"
            );
            return Err(fact(text, format!("/proc/{number}/stat")));
        }
        Gone::Zombie(Living { process, command }, Parent::No) => fact(
            format!("{role} {number} is gone: {process} ({command}) has ended and waits to be reaped"),
            format!("/proc/{number}/stat"),
        ),
        Gone::Reused(Living { process, command }, later) => {
            let now_is = if process == number {
                format!("the process {number} ({command}) of now")
            } else {
                format!("the thread {number} of {process} ({command}) of now")
            };
            let text = format!("{role} {number} is gone: {now_is} started {} later", span(later));
            fact(text, format!("/proc/{number}/stat, {source}"))
        }
    })
}
