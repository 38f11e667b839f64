//! The users that the kernel recorded for an object.

use std::collections::BTreeMap;

use crate::kind::model::Object;
use crate::kind::recorded::{Activity, CHANGED, Deed, RecordedUser};
use crate::object::semaphores::{Budget, Unanswered, last_users};
use crate::proc::recorded::{Gone, Living, Parent, Processes, Recorded, Thread, Unknown};
use crate::sys::{Pid, Timestamp};
use crate::usage::evidence::{fact, span};
use crate::usage::state::Evidence;

/// Everybody whom the kernel has recorded for an object: in the object itself, and for a set with each of its semaphores,
/// which are asked within `budget`; beside them, why those were not asked.
#[must_use]
pub fn recorded_users(object: &Object, budget: &mut Budget) -> (Vec<RecordedUser>, Option<Unanswered>) {
    let mut users = recorded_in(object);
    if object.as_set().is_none() {
        return (users, None);
    }
    match last_users(object, budget) {
        Ok(last_users) => {
            users.extend(changers(object, &last_users));
            (users, None)
        }
        Err(why) => (users, Some(why)),
    }
}

/// Whom the kernel has recorded in the object itself.
#[must_use]
pub fn recorded_in(object: &Object) -> Vec<RecordedUser> {
    let mut users = Vec::new();
    (object.kind().class().recorded)(object, &mut |user| users.push(user));
    users
}

/// Each process that is recorded for a semaphore of `set`, once, with the first such semaphore and their number.
pub(super) fn changers(set: &Object, last_users: &[Pid]) -> impl Iterator<Item = RecordedUser> {
    // SETVAL and SETALL record a process too, and move ctime on.
    let time = set.activity();
    let mut changers: BTreeMap<Pid, (u32, u32)> = BTreeMap::new();
    for (index, pid) in (0..).zip(last_users) {
        changers.entry(*pid).or_insert((index, 0)).1 += 1;
    }
    changers.into_iter().map(move |(pid, (first, count))| RecordedUser {
        deed: Deed::Change { first, count },
        pid,
        time,
        source: "GETPID, otime and ctime",
        happened: !pid.is_none(),
        may_be_thread: false,
    })
}

/// What the kernel keeps of an object's past.
#[derive(Clone, Debug)]
pub(super) struct Records<'a> {
    object: &'a Object,
    /// Who used it, but for the users of a set: those have to be asked for.
    pub users: Vec<RecordedUser>,
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

impl<'a> Records<'a> {
    /// Those of an object.
    pub(super) fn of(object: &'a Object) -> Self {
        let mut users = recorded_in(object);
        users.retain(RecordedUser::is_somebody);
        Self { object, users }
    }

    /// When something happened to it; never, where nothing did. `ctime` comes first.
    pub(super) fn times(&self) -> impl Iterator<Item = (&'static Activity, Timestamp)> {
        let activities = std::iter::once(&CHANGED).chain(self.object.kind().class().activities);
        activities.map(|activity| (activity, (activity.time)(self.object)))
    }

    /// The latest activity.
    pub(super) fn latest(&self) -> (&'static Activity, Timestamp) {
        // Of equal times the more telling one, which comes later.
        self.times().max_by_key(|(_, time)| *time).unwrap_or((&CHANGED, Timestamp::NEVER))
    }

    /// Why nothing can be said of an object without a recorded user.
    pub(super) fn nobody(&self) -> Evidence {
        if self.object.is_set() {
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

/// Sees what became of a recorded user.
pub(super) fn look_up(
    processes: &mut Processes,
    (user, object): (&RecordedUser, &Object),
    comparable: bool,
    finding: &mut Finding,
) {
    let RecordedUser { deed, pid, time, source, may_be_thread, happened: _ } = user;
    let doer = deed.doer();
    if pid.is_none() {
        let text = format!("{doer} is a process of another pid namespace, which cannot be seen from here");
        finding.doubts.push(fact(text, *source));
        return;
    }
    let number = pid.raw();
    finding.recorded.push(*pid);
    match processes.recorded_if(comparable, *pid, *time) {
        Recorded::Alive(Living { process, command }) => {
            let text = if process == number {
                format!("{doer} {number} ({command}) lives")
            } else {
                format!("{doer} {number} is a thread of {process} ({command}), which lives")
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
                fact(format!("{doer} {number}: a process has this number, but /proc does not show it"), "kill(2)")
            }
            Unknown::SetForward(Living { command, .. }, later) => {
                let text = format!(
                    "{doer} {number}: the process {number} ({command}) of now started {} later, but the clock may \
                     have been set forward by more since: it may be the same",
                    span(later)
                );
                fact(text, format!("/proc/{number}/stat, {source}; start of process 1, birth of /dev/null"))
            }
            Unknown::Incomparable(Living { command, .. }) => {
                let text = format!(
                    "{doer} {number}: the process {number} ({command}) of now may be another, for start times \
                     cannot be compared"
                );
                fact(text, format!("/proc/{number}/stat"))
            }
        }),
        Recorded::Gone(gone) => {
            let thread = if *may_be_thread { processes.thread(&object.perm, *time, comparable) } else { Thread::No };
            match thread {
                Thread::Of(Living { process, command }) => {
                    let text = format!(
                        "{doer} {number} is gone, but may have been a thread of {process} ({command}), which lives"
                    );
                    finding.doubts.push(fact(text, format!("/proc/{process}/status")));
                }
                Thread::Hidden => {
                    let text =
                        format!("{doer} {number} is gone, but may have been a thread of a process that cannot be seen");
                    finding.doubts.push(fact(text, "/proc"));
                }
                Thread::No => match gone_fact(user, gone) {
                    Ok(fact) => finding.gone.push(fact),
                    Err(doubt) => finding.doubts.push(doubt),
                },
            }
        }
    }
}

/// That a recorded user is gone.
///
/// # Errors
/// That its parent lives, which may know what it knew.
fn gone_fact(user: &RecordedUser, gone: Gone) -> Result<Evidence, Evidence> {
    let (doer, number, source) = (user.deed.doer(), user.pid.raw(), user.source);
    Ok(match gone {
        Gone::NoSuch => Evidence::NoProcess(user.deed, user.pid),
        Gone::Zombie(Living { command: own, .. }, Parent::Lives(Living { process: parent, command })) => {
            let text = format!(
                "{doer} {number} ({own}) has ended, but its parent {parent} ({command}), which has not yet asked for \
                 its status, lives"
            );
            return Err(fact(text, format!("/proc/{number}/stat, /proc/{parent}/stat")));
        }
        Gone::Zombie(Living { command, .. }, Parent::Hidden) => {
            let text = format!(
                "{doer} {number} ({command}) has ended, but its parent, which cannot be seen from here and has not yet asked for \
                 its status, lives"
            );
            return Err(fact(text, format!("/proc/{number}/stat")));
        }
        Gone::Zombie(Living { process, command }, Parent::No) => fact(
            format!("{doer} {number} is gone: {process} ({command}) has ended and waits to be reaped"),
            format!("/proc/{number}/stat"),
        ),
        Gone::Reused(Living { process, command }, later) => {
            let now_is = if process == number {
                format!("the process {number} ({command}) of now")
            } else {
                format!("the thread {number} of {process} ({command}) of now")
            };
            let text = format!("{doer} {number} is gone: {now_is} started {} later", span(later));
            fact(text, format!("/proc/{number}/stat, {source}"))
        }
    })
}
