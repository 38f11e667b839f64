//! How fast the plan of `clean` is made over 30,000 objects, against `ls` of the same, and how fast they are removed,
//! against `rm -`, which looks at each and closes none.
//!
//! ```text
//! cargo bench --bench clean
//! ```
//!
//! Ratios of whole runs on one machine; nothing is asserted. The objects live and die with an IPC namespace of this
//! process's own.

#[allow(dead_code, reason = "shared with other benches, which use other parts")]
mod support;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use ipcadm_testbed::{Kind, Namespace, fresh, ipcadm_path, make};
use support::figure::{self, Target};
use support::race::{Cost, race, reap};

const OF_EACH: usize = 10_000;
const ROUNDS: usize = 5;
const CLEAN: [&str; 8] = ["clean", "-q", "--grace", "0", "--state", "orphan", "--state", "unknown"];

fn main() {
    // Without it this is 'cargo test --all-targets', which wants no timings.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let namespace = fresh();
    namespace.sysctl("shmmni", 32_768);
    namespace.sysctl("sem", "250 1024000000 500 32768");
    let list = std::env::temp_dir().join(format!("ipcadm-bench-clean-{}", std::process::id()));
    leak();
    figure::say(&format!("{} objects; medians of ms of {ROUNDS} runs", 3 * OF_EACH));
    let plan = [&["clean", "-n"], &CLEAN[2..]].concat();
    let runs: [&[&str]; 3] = [&["ls"], &["ls", "-o", "+state"], &plan];
    let costs = race(ROUNDS, runs.len(), |contender| Some(once(runs[contender], None)));
    let [ls, state, plan] = costs.as_slice() else { return };
    figure::time("the plan of clean", *plan, "ls", *ls, Target::Open);
    figure::time("the plan of clean", *plan, "ls -o +state", *state, Target::Open);
    figure::memory("its memory", *plan, 64.0);
    let costs = race(ROUNDS, 2, |contender| {
        clear(&namespace);
        leak();
        Some(match contender {
            0 => once(&[&CLEAN[..], &["--yes"]].concat(), None),
            _ => {
                or_panic(std::fs::write(&list, references(&namespace)));
                once(&["rm", "-q", "-"], Some(&list))
            }
        })
    });
    figure::time("clean --yes", costs[0], "rm -", costs[1], Target::Open);
    let _ = std::fs::remove_file(&list);
}

/// Objects of a dead process.
fn leak() {
    make::by_dead_process(|| {
        for _ in 0..OF_EACH {
            make::shm(0, 4096, 0o600);
            make::setall(make::sem(0, 1, 0o600), &[1]);
            make::msg(0, 0o600);
        }
        0
    });
}

fn clear(namespace: &Namespace) {
    for kind in Kind::ALL {
        namespace.ids(kind).into_iter().for_each(|id| make::remove(kind, id));
    }
}

fn references(namespace: &Namespace) -> String {
    let of = |kind: Kind| namespace.ids(kind).into_iter().map(move |id| format!("{}:{id}\n", kind.word()));
    Kind::ALL.into_iter().flat_map(of).collect()
}

fn once(args: &[&str], input: Option<&PathBuf>) -> Cost {
    let mut run = Command::new(ipcadm_path());
    run.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    match input {
        Some(path) => run.stdin(or_panic(File::open(path))),
        None => run.stdin(Stdio::null()),
    };
    let start = Instant::now();
    reap(or_panic(run.spawn()).id(), start, args[0])
}

fn or_panic<T>(result: io::Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{e}"))
}
