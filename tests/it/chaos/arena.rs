//! Where it all happens: an IPC namespace, a pid namespace with few numbers, and no rights.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Duration;

use ipcadm_testbed::crowd::{self, Waited};
use ipcadm_testbed::{fresh, is_root, left_out, release};

use crate::chaos::able::Library;
use crate::chaos::cleaner::{Cleaner, Manner, closed, modes};
use crate::chaos::controller::Controller;
use crate::chaos::families::Families;
use crate::chaos::known::Known;
use crate::chaos::ledger::{Count, Ledger};
use crate::chaos::strangers::Strangers;

/// Process numbers there are: a few hundred more than there are processes. Numbers below 300 are not used again.
const NUMBERS: u32 = 1100;

/// How much longer the last run of cleaning may take than all of it should.
const LAST_RUN: Duration = Duration::from_secs(60);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) manner: Manner,
    /// Objects to be judged.
    pub(crate) judgements: u64,
    /// Not longer than that.
    pub(crate) at_most: Duration,
    /// Workers at a time.
    pub(crate) workers: usize,
    /// With CAP_IPC_OWNER, for which nothing is closed.
    pub(crate) privileged: bool,
}

/// Does it; prints what came of it, `name number` a line, and what was wrong.
pub(crate) fn run(task: Task) {
    let with_strangers = task.manner == Manner::Strangers;
    let mut status = AGAIN;
    while status == AGAIN {
        // In a process of its own, whose children alone are in the pid namespace.
        status = ended(|| {
            let first = crowd::in_new_pid_namespace(|| {
                if crowd::mount_proc().is_err() {
                    return NOT_HERE;
                }
                // Made inside, and not that of the first process, so that it is known who may sleep on a queue.
                let inner = crowd::fork(true, || {
                    let _ns = fresh();
                    if crowd::made_inside() == Some(false) {
                        return AGAIN;
                    }
                    crowd::use_all_processors();
                    few_numbers();
                    crowd::adopt_orphans();
                    controlled(task);
                    0
                });
                // What has more rights than the cleaner cannot be looked into, and may then be any possible user.
                if !of_many_users(task) {
                    crowd::drop_rights(task.privileged).expect("dropping rights");
                }
                end_of(inner.expect("fork"))
            });
            match first {
                Ok(Waited::Ended(_, status)) => status,
                _ => NOT_HERE,
            }
        });
    }
    let status = if status == NOT_HERE {
        if !is_root() || with_strangers {
            // There are other processes of this user, of which nobody knows what they may use; or strangers
            // would be let loose in the folders of all.
            println!("\n{LEFT_OUT}");
            return;
        }
        left_out(RARELY_AGAIN);
        ended(|| {
            let _ns = fresh();
            crowd::adopt_orphans();
            controlled(task);
            0
        })
    } else {
        status
    };
    assert_eq!(status, 0, "the first process of the arena has ended badly");
}

/// There is no pid namespace to be had, or no `/proc` for it.
const NOT_HERE: i32 = 3;
/// The numbers of the namespaces do not tell which is the younger.
const AGAIN: i32 = 4;

/// What is missing where `pid_max` cannot be set.
const RARELY_AGAIN: &str = "what takes numbers of processes that are soon used again (Linux 6.14)";

/// What is printed instead of results.
pub(crate) const LEFT_OUT: &str = "what takes a pid namespace";

/// Families are of many users, where there are: then those who begin and clean them stay root.
fn of_many_users(task: Task) -> bool {
    task.manner.has_families() && is_root()
}

/// Runs `body` in a process of its own; its status.
fn ended(body: impl FnOnce() -> i32) -> i32 {
    end_of(crowd::fork(true, body).expect("fork"))
}

fn end_of(pid: i32) -> i32 {
    match crowd::wait(pid, true) {
        Waited::Ended(_, status) => status,
        other => panic!("{other:?}"),
    }
}

/// Lets numbers come again soon; only where that concerns this pid namespace alone.
fn few_numbers() {
    // Before, pid_max is that of the whole machine.
    if release() < (6, 14) || fs::write("/proc/sys/kernel/pid_max", NUMBERS.to_string()).is_err() {
        left_out(RARELY_AGAIN);
    }
}

fn controlled(task: Task) {
    let ledger = Ledger::new();
    let with_strangers = task.manner == Manner::Strangers;
    let folder = if with_strangers { "/tmp".into() } else { std::env::temp_dir() };
    let records = folder.join(format!("ipcadm-chaos-{}", task_number()));
    // With strangers there is no safe place for records but a folder of a random name beside theirs.
    let cleaner = Cleaner::new(if with_strangers { records.join("none") } else { records.clone() });
    if with_strangers {
        for (folder, for_all) in [(c"/tmp", true), (c"/var/tmp", true), (c"/run", false)] {
            crowd::cover(folder, for_all).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
        }
    }
    let of_many_users = of_many_users(task);
    if !of_many_users {
        crowd::drop_rights(task.privileged).expect("dropping rights");
    }
    DirBuilder::new().mode(0o700).create(&records).expect("a folder");
    ledger.add(Count::NoThreads, u64::from(task.manner == Manner::Queues));
    let clean = |in_use: &dyn Fn() -> u64| {
        let pid = crowd::fork(true, || {
            cleaner.clean(ledger, in_use, task.manner, task.judgements, task.at_most);
            0
        });
        pid.expect("fork")
    };
    if task.manner.has_families() {
        let strangers = with_strangers.then(|| Strangers::begin(ledger, &records));
        let (known, library) = (Known::new(), Library::new(&records));
        let mut families = Families::new(known, ledger, &library, of_many_users);
        let status = families.run(clean(&|| known.in_use()), task.at_most + LAST_RUN);
        assert_eq!(status, 0, "the cleaner has ended badly");
        ledger.count(Count::Stop);
        strangers.iter().for_each(Strangers::end);
        families.end_all();
    } else {
        let mut controller = Controller::new(ledger, task.workers);
        let status = controller.run(clean(&|| ledger.in_use()));
        assert_eq!(status, 0, "the cleaner has ended badly");
        ledger.count(Count::Stop);
        controller.end_all();
    }
    let (left, closed_before) = (modes().len(), closed());
    // One more run puts right what is closed, and takes nothing.
    let last = cleaner.run(&["clean", "--yes", "--grace", "1h"]);
    // The line above is the test runner's.
    println!("\nlast-status {}", last.status.code().unwrap_or(-1));
    println!("left {left}\nclosed-before {closed_before}\nclosed-after {}", closed());
    let left = if with_strangers { folders_of_root() } else { files(&records.join("ipcadm")) };
    println!("records {}", left.len());
    left.iter().for_each(|name| eprintln!("a record is left: {name}"));
    let _ = fs::remove_dir_all(&records);
    for count in COUNTS {
        println!("{count:?} {}", ledger.get(count));
    }
    ledger.wrongs().iter().for_each(|wrong| println!("! {wrong}"));
}

const COUNTS: [Count; 38] = [
    Count::Stop,
    Count::Judged,
    Count::InUse,
    Count::Runs,
    Count::Removed,
    Count::RemovedSets,
    Count::RemovedQueues,
    Count::Kept,
    Count::Gone,
    Count::Failed,
    Count::Killed,
    Count::LeftClosed,
    Count::Begun,
    Count::Slain,
    Count::Used,
    Count::Made,
    Count::FoundGone,
    Count::Shut,
    Count::Evicted,
    Count::EvictedForGood,
    Count::Slept,
    Count::ByThread,
    Count::Inherited,
    Count::Executed,
    Count::OwnRemovals,
    Count::Reused,
    Count::KnownByParent,
    Count::KnownByChild,
    Count::Successions,
    Count::Locks,
    Count::Paused,
    Count::EndedBadly,
    Count::LargeSets,
    Count::Names,
    Count::Programs,
    Count::Silent,
    Count::WrongKnown,
    Count::Wrong,
];

fn task_number() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos()).to_string()
}

/// Folders made for records where all may make some, and not by strangers.
fn folders_of_root() -> Vec<String> {
    let entries =
        ["/tmp", "/var/tmp"].into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let named = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"ipcadm-0-"));
    let of_root = named.filter(|entry| entry.metadata().is_ok_and(|data| data.uid() == 0));
    of_root.map(|entry| entry.path().display().to_string()).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
