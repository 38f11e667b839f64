//! Where it all happens: an IPC namespace, a pid namespace with few numbers, and no rights.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use ipcadm_testbed::crowd::{self, Waited};
use ipcadm_testbed::{fresh, release};

use crate::cleaner::{Cleaner, Manner, closed, modes};
use crate::controller::Controller;
use crate::ledger::{Count, Ledger};

/// Process numbers there are: a few hundred more than there are processes. Numbers below 300 are not used again.
const NUMBERS: u32 = 1100;

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
    let _ns = fresh();
    // In a process of its own, whose children alone are in the pid namespace.
    let status = ended(|| match crowd::new_pid_namespace() {
        Err(_) => NOT_HERE,
        Ok(()) => ended(|| {
            if crowd::mount_proc().is_err() {
                return NOT_HERE;
            }
            few_numbers();
            first_process(task);
            0
        }),
    });
    let status = if status == NOT_HERE {
        eprintln!("left out, as it needs a pid namespace: that numbers of processes are used again soon");
        ended(|| {
            crowd::adopt_orphans();
            first_process(task);
            0
        })
    } else {
        status
    };
    assert_eq!(status, 0, "the first process of the arena has ended badly");
}

/// There is no pid namespace to be had, or no `/proc` for it.
const NOT_HERE: i32 = 3;

/// Runs `body` in a process of its own; its status.
fn ended(body: impl FnOnce() -> i32) -> i32 {
    let pid = crowd::fork(true, body).expect("fork");
    match crowd::wait(pid, true) {
        Waited::Ended(_, status) => status,
        other => panic!("{other:?}"),
    }
}

/// Lets numbers come again soon; only where that concerns this pid namespace alone.
fn few_numbers() {
    let limited = match release() {
        (major, minor) if (major, minor) >= (6, 14) => {
            fs::write("/proc/sys/kernel/pid_max", NUMBERS.to_string()).map_err(|error| error.to_string())
        }
        _ => Err("pid_max of a namespace needs Linux 6.14".to_owned()),
    };
    if let Err(why) = limited {
        eprintln!("numbers of processes are not used again soon: {why}");
    }
}

fn first_process(task: Task) {
    let ledger = Ledger::new();
    let records = std::env::temp_dir().join(format!("ipcadm-chaos-{}", task_number()));
    let cleaner = Cleaner::new(records.clone());
    crowd::drop_rights(task.privileged).expect("dropping rights");
    DirBuilder::new().mode(0o700).create(&records).expect("a folder");
    ledger.add(Count::NoThreads, u64::from(task.manner == Manner::Queues));
    let mut controller = Controller::new(ledger, task.workers);
    let pid = crowd::fork(true, || {
        cleaner.clean(ledger, task.manner, task.judgements, task.at_most);
        0
    });
    let status = controller.run(pid.expect("fork"));
    assert_eq!(status, 0, "the cleaner has ended badly");
    ledger.count(Count::Stop);
    controller.end_all();
    let (left, closed_before) = (modes().len(), closed());
    // One more run puts right what is closed, and takes nothing.
    let last = cleaner.run(&["clean", "--yes", "--grace", "1h"]);
    // The line above is the test runner's.
    println!("\nlast-status {}", last.status.code().unwrap_or(-1));
    println!("left {left}\nclosed-before {closed_before}\nclosed-after {}", closed());
    println!("records {}", files(&records.join("ipcadm")).len());
    for name in files(&records.join("ipcadm")) {
        eprintln!("a record is left: {name}");
    }
    let _ = fs::remove_dir_all(&records);
    for count in COUNTS {
        println!("{count:?} {}", ledger.get(count));
    }
    ledger.wrongs().iter().for_each(|wrong| println!("! {wrong}"));
}

const COUNTS: [Count; 27] = [
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
    Count::Wrong,
];

fn task_number() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos()).to_string()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
