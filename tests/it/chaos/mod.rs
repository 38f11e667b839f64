//! No wrong removal, ever: hundreds of short-lived processes use objects at full speed while they are cleaned away, and
//! know themselves what was still theirs.
//!
//! How that can be known without a doubt is told in [`ledger`]. By default it takes some seconds; as many judgements as
//! `IPCADM_CHAOS_JUDGEMENTS` says are worth more with a program that was built for release
//! (`CARGO_BIN_EXE_ipcadm` names it).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "results go from process to process, and to the reader")]

mod able;
mod arena;
mod cleaner;
mod controller;
mod families;
mod family;
mod known;
mod ledger;
mod random;
mod strangers;
mod worker;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use self::arena::Task;
use self::cleaner::Manner;
use ipcadm_testbed::{is_root, left_out, needs_root, test_name};

/// Tells the process that is the arena what to do.
const TASK: &str = "IPCADM_CHAOS_TASK";
/// How many judgements there are to be; some by default.
const JUDGEMENTS: &str = "IPCADM_CHAOS_JUDGEMENTS";

/// How many by default: some seconds' worth.
const DEFAULT: u64 = 8000;

/// What came of it.
struct Results {
    text: String,
    numbers: BTreeMap<String, u64>,
}

impl Results {
    fn get(&self, name: &str) -> u64 {
        *self.numbers.get(name).unwrap_or_else(|| panic!("no {name} in\n{}", self.text))
    }
}

/// Runs the arena in a process of its own, which has one thread and may fork as it likes.
fn chaos(manner: &str, judgements: u64, seconds: u64, privileged: bool) -> Option<Results> {
    let this = std::env::current_exe().expect("this executable");
    let task = format!("{manner} {judgements} {seconds} {}", u8::from(privileged));
    let output = Command::new(this)
        .args(["--exact", &test_name(module_path!(), "the_arena")])
        .args(["--ignored", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .output()
        .expect("the arena");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    if text.contains(arena::LEFT_OUT) {
        left_out(arena::LEFT_OUT);
        return None;
    }
    let numbers = text.lines().filter_map(|line| {
        let (name, number) = line.split_once(' ')?;
        Some((name.to_owned(), number.parse().ok()?))
    });
    let results = Results { numbers: numbers.collect(), text };
    eprintln!("{manner}:\n{}", results.text);
    Some(results)
}

#[test]
#[ignore = "is started by the other tests"]
fn the_arena() {
    let Ok(task) = std::env::var(TASK) else { return };
    let words: Vec<&str> = task.split(' ').collect();
    let number = |place: usize| words[place].parse::<u64>().expect("a number");
    let manner = match words[0] {
        "clean" => Manner::Clean,
        "queues" => Manner::Queues,
        "killed" => Manner::Killed,
        "known" => Manner::Known,
        "strangers" => Manner::Strangers,
        _ => Manner::Naive,
    };
    let (judgements, at_most) = (number(1), Duration::from_secs(number(2)));
    arena::run(Task { manner, judgements, at_most, workers: 110, privileged: number(3) == 1 });
}

fn judgements(default: u64) -> u64 {
    std::env::var(JUDGEMENTS).map_or(default, |text| text.parse().expect(JUDGEMENTS))
}

/// That the test was one: so many ended in all ways, used all kinds of calls, and left enough to be cleaned away.
fn was_worth_it(results: &Results, wanted: u64) {
    assert!(results.get("Judged") >= wanted, "{}", results.text);
    for (name, least) in [
        ("InUse", wanted / 20),
        ("Removed", wanted / 100),
        ("Kept", wanted / 1000),
        ("Shut", wanted / 1000),
        ("Slain", wanted / 50),
        ("Inherited", wanted / 20),
        ("Executed", wanted / 500),
        ("Slept", wanted / 20),
    ] {
        assert!(results.get(name) >= least, "{name} is less than {least}:\n{}", results.text);
    }
}

#[test]
fn nothing_in_use_is_removed() {
    let wanted = judgements(DEFAULT);
    let Some(results) = chaos("clean", wanted, 600, false) else { return };
    assert_eq!(results.get("Wrong"), 0, "{}", results.text);
    was_worth_it(&results, wanted);
    for name in ["RemovedSets", "ByThread"] {
        assert!(results.get(name) >= wanted / 1000, "{name}:\n{}", results.text);
    }
    // Neither while objects were left to themselves nor after all has anything remained closed, or on record.
    for name in ["Failed", "closed-before", "closed-after", "records", "last-status"] {
        assert_eq!(results.get(name), 0, "{name}:\n{}", results.text);
    }
}

#[test]
fn no_queue_in_use_is_removed() {
    let wanted = judgements(DEFAULT) / 2;
    let Some(results) = chaos("queues", wanted, 600, false) else { return };
    assert_eq!(results.get("Wrong"), 0, "{}", results.text);
    assert!(results.get("RemovedQueues") >= wanted / 200, "{}", results.text);
    for name in ["Failed", "closed-before", "closed-after", "records", "last-status"] {
        assert_eq!(results.get(name), 0, "{name}:\n{}", results.text);
    }
}

#[test]
fn nothing_that_somebody_knows_is_removed() {
    // One user has one family at a time, with a few objects.
    let part = if is_root() { 2 } else { 10 };
    let wanted = judgements(DEFAULT) / part;
    let Some(results) = chaos("known", wanted, 600, false) else { return };
    assert_eq!((results.get("WrongKnown"), results.get("Wrong")), (0, 0), "{}", results.text);
    for (name, least) in [
        ("Judged", wanted),
        ("InUse", wanted / 10),
        // What they have left behind is removed all the same.
        ("Removed", wanted / 50),
        ("RemovedSets", wanted / 200),
        ("KnownByParent", wanted / 200),
        ("KnownByChild", wanted / 200),
        ("Successions", wanted / 200),
        ("Locks", wanted / 200),
        ("Paused", wanted / 400),
    ] {
        assert!(results.get(name) >= least, "{name} is less than {least}:\n{}", results.text);
    }
    for name in ["Failed", "closed-before", "closed-after", "records", "last-status"] {
        assert_eq!(results.get(name), 0, "{name}:\n{}", results.text);
    }
}

#[test]
fn strangers_neither_stop_it_nor_mislead_it() {
    if !needs_root("processes of another user that get in the way") {
        return;
    }
    let wanted = judgements(DEFAULT) / 10;
    let Some(results) = chaos("strangers", wanted, 120, false) else { return };
    assert_eq!((results.get("WrongKnown"), results.get("Wrong")), (0, 0), "{}", results.text);
    for (name, least) in [
        ("Judged", wanted),
        ("InUse", wanted / 40),
        ("Removed", wanted / 10),
        // Of what is not the strangers'.
        ("FoundGone", wanted / 20),
        ("Locks", wanted / 400),
        ("LargeSets", wanted / 100),
        ("Names", wanted / 100),
        ("Programs", wanted / 100),
    ] {
        assert!(results.get(name) >= least, "{name} is less than {least}:\n{}", results.text);
    }
    for name in ["EndedBadly", "Failed", "closed-before", "closed-after", "records", "last-status"] {
        assert_eq!(results.get(name), 0, "{name}:\n{}", results.text);
    }
}

#[test]
fn killed_runs_leave_nothing_closed() {
    let Some(results) = chaos("killed", judgements(DEFAULT) / 4, 600, false) else { return };
    assert_eq!(results.get("Wrong"), 0, "{}", results.text);
    assert!(results.get("Killed") > 0 && results.get("LeftClosed") > 0, "{}", results.text);
    for name in ["closed-after", "records", "last-status"] {
        assert_eq!(results.get(name), 0, "{name}:\n{}", results.text);
    }
}

#[test]
fn a_naive_script_is_caught() {
    // A few seconds of it do.
    let Some(results) = chaos("naive", 3000, 30, false) else { return };
    assert!(results.get("Wrong") > 0, "{}", results.text);
}

/// For processes with CAP_IPC_OWNER nothing is closed. Nobody can promise them anything: it is only measured.
#[test]
#[ignore = "measures only; a line of the manual comes from it"]
fn what_remains_for_the_privileged() {
    let Some(results) = chaos("clean", judgements(DEFAULT), 600, true) else { return };
    let (wrong, removed, judged) = (results.get("Wrong"), results.get("Removed"), results.get("Judged"));
    println!("{wrong} of {removed} removals hit a privileged process, in {judged} judgements");
}
