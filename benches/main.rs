//! How fast `ipcadm` is, against what it is measured by.
//!
//! ```text
//! cargo bench                   every bench
//! cargo bench -- who clean      some
//! cargo bench -- ratios ls rm   some figures of one that has several
//! ```
//!
//! Each bench runs in a process of its own, and its objects live and die with an IPC namespace of that. Ratios on one
//! machine in one run: times alone would say more about the machine. Nothing is asserted. For the limits to be raised
//! there, an ordinary user needs Linux 6.9.

mod archive;
mod clean;
mod compat;
mod judging;
mod messages;
mod ratios;
mod segments;
mod semaphores;
mod support;
mod who;

use std::env;
use std::process::{Command, ExitCode};

use support::figure::say;

/// A bench: its name, what it does with the names of some of its figures, and which there are.
type Bench = (&'static str, fn(&[String]), &'static [&'static str]);

const BENCHES: [Bench; 9] = [
    ("ratios", ratios::run, &["start", "ls", "ipcs", "json", "rm"]),
    ("compat", compat::run, &["start", "list", "rm"]),
    ("semaphores", |_| semaphores::run(), &[]),
    ("messages", |_| messages::run(), &[]),
    ("segments", |_| segments::run(), &[]),
    ("archive", |_| archive::run(), &[]),
    ("who", |_| who::run(), &[]),
    ("judging", |_| judging::run(), &[]),
    ("clean", |_| clean::run(), &[]),
];

fn main() -> ExitCode {
    // Without it this is 'cargo test --all-targets', which wants no timings.
    if !env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let words: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if let Some((name, figures)) = words.split_first()
        && let Some((_, run, known)) = BENCHES.iter().find(|bench| bench.0 == name)
        && figures.iter().all(|figure| known.contains(&figure.as_str()))
    {
        run(figures);
        return ExitCode::SUCCESS;
    }
    let is_known = |word: &String| BENCHES.iter().any(|bench| bench.0 == word);
    if let Some(unknown) = words.iter().find(|word| !is_known(word)) {
        say(&format!("there is no bench or figure {unknown}; there are:"));
        BENCHES.iter().for_each(|(name, _, figures)| say(&format!("{name} {}", figures.join(" "))));
        return ExitCode::from(2);
    }
    let chosen = BENCHES.iter().filter(|bench| words.is_empty() || words.iter().any(|word| word == bench.0));
    let failed = chosen.filter(|bench| !ends_well(bench.0)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a bench in a process of its own: what is forked from a large one would seem to need as much memory as that.
fn ends_well(bench: &str) -> bool {
    say(&format!("{bench}:"));
    let this = env::current_exe().unwrap_or_else(|e| panic!("where is this executable: {e}"));
    let status = Command::new(this).args(["--bench", bench]).status();
    status.unwrap_or_else(|e| panic!("cannot start this again: {e}")).success()
}
