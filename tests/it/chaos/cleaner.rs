//! Who cleans meanwhile: the program itself, or a naive script in its place.

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use ipcadm_testbed::{Kind, calls};

use crate::chaos::ledger::{Count, Ledger};
use crate::chaos::random::Random;

/// How it is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// By `ipcadm clean`.
    Clean,
    /// By `ipcadm clean`, which is killed at any moment.
    Killed,
    /// By `ipcadm clean msg`, of unknown queues too: outside of the first pid namespace none is better known.
    Queues,
    /// By `ipcadm clean`, of what families leave.
    Known,
    /// By `ipcadm clean`, of what families leave, while strangers get in the way.
    Strangers,
    /// By a script that lists what nobody uses and removes it then.
    Naive,
}

impl Manner {
    /// Whether those who leave objects behind are families.
    pub(crate) fn has_families(self) -> bool {
        matches!(self, Self::Known | Self::Strangers)
    }
}

/// The program, and a folder for its records.
pub(crate) struct Cleaner {
    program: File,
    pub(crate) records: PathBuf,
}

impl Cleaner {
    /// Opens the program, which may not be reached later.
    pub(crate) fn new(records: PathBuf) -> Self {
        let path = ipcadm_testbed::ipcadm_path();
        let program = File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { program, records }
    }

    fn ipcadm(&self, args: &[&str]) -> Command {
        let number = self.program.as_raw_fd();
        // Opened again by the child: the descriptor itself is closed when it becomes the program.
        let mut command = Command::new(format!("/proc/{}/fd/{number}", std::process::id()));
        command.arg0("ipcadm").args(args).env_clear().env("LC_ALL", "C").env("XDG_RUNTIME_DIR", &self.records);
        command.stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.ipcadm(args).output().unwrap_or_else(|e| panic!("cannot start ipcadm: {e}"))
    }

    /// Cleans again and again, until so many objects were judged or so long.
    /// `in_use` counts what is in use.
    pub(crate) fn clean(
        &self,
        ledger: Ledger,
        in_use: impl Fn() -> u64,
        manner: Manner,
        judgements: u64,
        at_most: Duration,
    ) {
        let start = Instant::now();
        let mut random = Random::new(7);
        let mut last = Duration::from_millis(50);
        while ledger.get(Count::Judged) < judgements && start.elapsed() < at_most {
            let objects = objects();
            ledger.add(Count::InUse, in_use());
            let begun = Instant::now();
            match manner {
                Manner::Clean | Manner::Known | Manner::Strangers => self.clean_once(ledger, &[]),
                Manner::Queues => self.clean_once(ledger, &["msg", "--state", "unknown"]),
                Manner::Naive => self.naively(ledger),
                Manner::Killed => {
                    // Not longer than a whole run takes.
                    let moment = Duration::from_micros(random.below(last.as_micros() as u64 + 1));
                    if random.once_in(10) {
                        self.clean_once(ledger, &[]);
                        last = begun.elapsed();
                    } else {
                        self.clean_and_kill(ledger, random.once_in(2).then_some(moment));
                    }
                }
            }
            ledger.add(Count::Judged, objects);
            ledger.count(Count::Runs);
        }
        if manner == Manner::Killed {
            // The last one too, so that there is something to put right.
            self.clean_and_kill(ledger, None);
        }
    }

    fn clean_once(&self, ledger: Ledger, more: &[&str]) {
        let output = self.run(&[&ALL, more].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        for (outcome, count) in [
            ("removed", Count::Removed),
            ("will-go", Count::Removed),
            ("kept", Count::Kept),
            ("gone", Count::Gone),
            ("failed", Count::Failed),
        ] {
            let field = format!("\"outcome\":\"{outcome}\"");
            ledger.add(count, text.lines().filter(|line| line.contains(&field)).count() as u64);
        }
        for (kind, count) in [("sem", Count::RemovedSets), ("msg", Count::RemovedQueues)] {
            let field = format!("\"kind\":\"{kind}\"");
            let removed = |line: &&str| line.contains(&field) && line.contains("\"outcome\":\"removed\"");
            ledger.add(count, text.lines().filter(removed).count() as u64);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let strange = told.lines().filter(|line| !(line.contains("note: ") || line.ends_with("(kept)")));
        strange.take(3).for_each(|line| eprintln!("clean: {line}"));
        if ![Some(0), Some(9), Some(10)].contains(&output.status.code()) {
            eprintln!("clean: {}", output.status);
            ledger.count(Count::EndedBadly);
        }
    }

    fn clean_and_kill(&self, ledger: Ledger, moment: Option<Duration>) {
        let mut command = self.ipcadm(&ALL);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|e| panic!("cannot start ipcadm: {e}"));
        match moment {
            Some(moment) => std::thread::sleep(moment),
            // While something is closed.
            None => while closed() == 0 && child.try_wait().is_ok_and(|ended| ended.is_none()) {},
        }
        let _ = child.kill();
        if child.wait().is_ok_and(|status| status.code().is_none()) {
            ledger.count(Count::Killed);
            ledger.add(Count::LeftClosed, closed());
        }
    }

    fn naively(&self, ledger: Ledger) {
        let listed = self.run(&["ls", "-q", "--state", "orphan", "--state", "dormant", "--grace", "0"]);
        for line in String::from_utf8_lossy(&listed.stdout).lines() {
            let Some((kind, id)) = line.split_once(':') else { continue };
            let kind = Kind::ALL.into_iter().find(|known| known.word() == kind);
            let (Some(kind), Ok(id)) = (kind, id.parse()) else { continue };
            if calls::remove(kind, id).is_ok() {
                ledger.count(Count::Removed);
            }
        }
    }
}

const ALL: [&str; 10] = [
    "clean",
    "--yes",
    "--grace",
    "0",
    "--state",
    "orphan",
    "--state",
    "dormant",
    "--discard-messages",
    "--format=jsonl",
];

/// Every object and its mode.
pub(crate) fn modes() -> Vec<(Kind, String, u32)> {
    let mut modes = Vec::new();
    for kind in Kind::ALL {
        let text = fs::read_to_string(format!("/proc/sysvipc/{}", kind.word())).unwrap_or_default();
        for line in text.lines().skip(1) {
            let mut words = line.split_whitespace().skip(1);
            let (Some(id), Some(mode)) = (words.next(), words.next()) else { continue };
            modes.push((kind, id.to_owned(), u32::from_str_radix(mode, 8).unwrap_or(0)));
        }
    }
    modes
}

/// How many are closed.
pub(crate) fn closed() -> u64 {
    modes().iter().filter(|(_, _, mode)| mode & 0o777 == 0).count() as u64
}

/// How many there are.
fn objects() -> u64 {
    modes().len() as u64
}
