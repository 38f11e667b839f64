//! Figures as lines: ours, the yardstick, the ratio, the target.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;

use super::race::Cost;

/// What a figure should come to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// At most this many times what the yardstick takes.
    AtMost(f64),
    /// The yardstick takes at least so many times longer.
    Faster(f64),
    /// As the yardstick takes longer, without a target.
    Open,
}

const WHAT: usize = 40;
const YARDSTICK: usize = 26;

/// Prints a line of text.
pub(crate) fn say(line: &str) {
    // A reader who has seen enough and closed the pipe need not be told.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// How the figures were made, and what their columns are.
pub(crate) fn header(objects: usize) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let cpu = cpu.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let ipcs = Command::new("ipcs").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let ipcs = String::from_utf8_lossy(&ipcs);
    let ipcs = ipcs.trim().strip_prefix("ipcs from ").unwrap_or("no util-linux");
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel = kernel.trim();
    say(&format!(
        "Linux {kernel}, {cpus} CPUs ({cpu}), {ipcs}; {objects} objects of a kind, whole processes interleaved, \
         output to a file, medians of ms"
    ));
    row("WHAT", "YARDSTICK", ["OURS", "THEIRS", "RATIO", "TARGET"].map(str::to_owned), "");
}

/// Prints times against each other, or what is missing.
pub(crate) fn time(what: &str, ours: Option<Cost>, yardstick: &str, theirs: Option<Cost>, target: Target) {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => print(what, ours.millis, yardstick, theirs.millis, target),
        _ => skipped(what, yardstick),
    }
}

/// The same of CPU time, which tells more where other programs run meanwhile.
pub(crate) fn cpu(what: &str, ours: Option<Cost>, yardstick: &str, theirs: Option<Cost>, target: Target) {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => print(what, ours.cpu, yardstick, theirs.cpu, target),
        _ => skipped(what, yardstick),
    }
}

/// Prints the most memory used against what it may be.
pub(crate) fn memory(what: &str, ours: Option<Cost>, limit: f64) {
    if let Some(ours) = ours {
        print(what, ours.megabytes, "(limit, MB)", limit, Target::AtMost(1.0));
    }
}

/// Prints the longest time that something took against what it may take.
pub(crate) fn longest(what: &str, millis: f64, limit: f64) {
    print(what, millis, "(limit, ms)", limit, Target::AtMost(1.0));
}

fn skipped(what: &str, yardstick: &str) {
    say(&format!("{what:WHAT$}  {yardstick:YARDSTICK$}  skipped: the yardstick is not installed"));
}

fn print(what: &str, ours: f64, yardstick: &str, theirs: f64, target: Target) {
    let (share, speed) = (ours / theirs, theirs / ours);
    let (ratio, target, kept) = match target {
        Target::AtMost(most) => (format!("{share:.2}"), format!("<= {most:.2}"), Some(share <= most)),
        Target::Faster(least) => (format!("{speed:.1}x"), format!(">= {least:.1}x"), Some(speed >= least)),
        Target::Open => (format!("{speed:.1}x"), "-".to_owned(), None),
    };
    let verdict = kept.map_or("", |kept| if kept { "ok" } else { "MISSED" });
    row(what, yardstick, [format!("{ours:.2}"), format!("{theirs:.2}"), ratio, target], verdict);
}

fn row(what: &str, yardstick: &str, [ours, theirs, ratio, target]: [String; 4], verdict: &str) {
    let line =
        format!("{what:WHAT$}  {yardstick:YARDSTICK$}  {ours:>8}  {theirs:>8}  {ratio:>6}  {target:>8}  {verdict}");
    say(line.trim_end());
}
