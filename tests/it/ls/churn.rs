//! Listing while other processes create and remove objects flat out: what lives all the time is listed exactly once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ipcadm_testbed::{fresh, ipcadm, make};

/// Listings of each sort at least; every one of them has to be right.
const RUNS: usize = 15;
/// And so long at least. Nothing is judged by the clock: it only says how much is tried.
const LONG: Duration = Duration::from_secs(3);
/// Objects of each kind that live through all of it.
const LASTING: i32 = 150;

/// How often each reference stands in the first column.
fn counts(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let first = line.split([' ', ',']).next().unwrap_or_default();
        *counts.entry(first).or_default() += 1;
    }
    counts
}

#[test]
fn what_lasts_is_listed_exactly_once() {
    let _ns = fresh();
    let churners = [make::churner(40), make::churner(7)];
    // Made under way, so that they stand between those that come and go.
    let mut lasting = Vec::new();
    for key in 1..=LASTING {
        let ids = [make::shm(key, 4096, 0o600), make::sem(key, 1, 0o600), make::msg(key, 0o600)];
        lasting.extend(ids.iter().zip(["shm", "sem", "msg"]).map(|(id, kind)| format!("{kind}:{id}")));
    }
    let listings = [
        // The kernel is asked for each.
        &["ls", "-o", "ref,mode", "--no-header"][..],
        &["ls", "-q"],
        // Resident memory is in /proc/sysvipc only.
        &["ls", "-o", "ref,rss", "--no-header"],
        &["ls", "--format", "csv", "-o", "ref,rss", "--no-header"],
    ];
    let mut passing = 0;
    let start = Instant::now();
    for run in 0.. {
        if run >= RUNS && start.elapsed() >= LONG {
            break;
        }
        for args in listings {
            let text = ipcadm(args.iter().copied()).run().ok().stderr_empty().stdout_str();
            let counts = counts(&text);
            for reference in &lasting {
                assert_eq!(counts.get(reference.as_str()), Some(&1), "{reference} in run {run} of {args:?}:\n{text}");
            }
            passing += counts.len() - lasting.len();
            assert!(
                counts.values().all(|&count| count == 1),
                "an id was listed twice in run {run} of {args:?}:\n{text}"
            );
        }
    }
    // Nor do selectors, other formats and names lose any of them.
    let keyed = ipcadm(["ls", "-q", "--keyed"]).run().ok().stdout_str();
    assert_eq!(keyed.lines().count(), lasting.len());
    let shown = ipcadm(["ls", "--format", "jsonl", "-"]).stdin(&*keyed).run().ok().stdout_str();
    assert_eq!(shown.lines().count(), lasting.len());
    for _ in 0..RUNS {
        ipcadm(["limits", "--json"]).run().ok().stderr_empty().stdout_has("semmni");
        ipcadm(["show", "shm:0x1", "sem:0x1", "msg:0x1"]).run().ok().stderr_empty();
    }
    assert!(churners.iter().all(make::Churner::is_running) && passing > 0, "nothing came and went");
}

#[test]
fn what_comes_and_goes_is_shown_or_not_but_is_no_failure() {
    let _ns = fresh();
    let churner = make::churner(20);
    for _ in 0..RUNS {
        // Some of them are gone when they are asked for: that is said, and nothing else goes wrong.
        let refs = ipcadm(["ls", "-q"]).run().ok().stderr_empty().stdout_str();
        for format in ["table", "jsonl"] {
            let shown = ipcadm(["show", "--format", format, "-"]).stdin(&*refs).run();
            assert!([Some(0), Some(3), Some(9)].contains(&shown.status), "{shown}");
            let complaints = shown.stderr_str();
            assert!(
                complaints.lines().all(|line| line.starts_with("ipcadm: ") && line.contains(": no such ")),
                "{shown}"
            );
        }
    }
    assert!(churner.is_running());
}
