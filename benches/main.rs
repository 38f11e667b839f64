//! How fast `ipcadm` is, against what it is measured by.
//!
//! ```text
//! cargo bench                every bench
//! cargo bench -- who list    some
//! ```
//!
//! Whole processes, CPU time of user and kernel, contenders interleaved: medians, and the median of the ratios of
//! pairs. Times alone would say more about the machine. Nothing is asserted of them. Each bench runs in a process of
//! its own, and its objects live and die with an IPC namespace of that; for the limits to be raised there, an ordinary
//! user needs Linux 6.9. What is not installed is skipped, and said. The figures, and what they mean, are in
//! docs/performance.md.

mod archive;
mod data;
mod growth;
mod list;
mod messages;
mod remove;
mod start;
mod support;
mod who;

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

use ipcadm_testbed::ipcadm_path;
use support::figure::{machine, say};
use support::run::Folder;

/// Runs a bench in this process.
const APART: &str = "--apart";

const BENCHES: [(&str, fn()); 8] = [
    // First, while the machine is quiet: it is the shortest.
    ("start", start::run),
    ("list", list::run),
    ("remove", remove::run),
    ("archive", archive::run),
    ("data", data::run),
    ("messages", messages::run),
    ("who", who::run),
    ("growth", growth::run),
];

fn main() -> ExitCode {
    // Without it this is 'cargo test --all-targets', which wants no timings.
    if !env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let words: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let named = |word: &str| BENCHES.iter().find(|bench| bench.0 == word);
    if env::args().any(|arg| arg == APART) {
        words.iter().filter_map(|word| named(word)).for_each(|(_, run)| run());
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = words.iter().find(|word| named(word).is_none()) {
        say(&format!("there is no bench {unknown}; there are: {}", BENCHES.map(|bench| bench.0).join(" ")));
        return ExitCode::from(2);
    }
    say(&machine());
    let folder = Folder::new();
    // A linker writes its file in pieces, of which the kernel makes small pages in its cache: the program would start a
    // sixth slower than one that is installed.
    let program = folder.program(&ipcadm_path());
    let chosen = BENCHES.iter().filter(|bench| words.is_empty() || words.iter().any(|word| word == bench.0));
    let failed = chosen.filter(|bench| !ends_well(bench.0, &program)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a bench in a process of its own: what is forked from a large one would seem to need as much memory as that.
fn ends_well(bench: &str, program: &Path) -> bool {
    let this = env::current_exe().unwrap_or_else(|e| panic!("where is this executable: {e}"));
    let status = Command::new(this).args(["--bench", APART, bench]).env("CARGO_BIN_EXE_ipcadm", program).status();
    status.unwrap_or_else(|e| panic!("cannot start this again: {e}")).success()
}
