//! Figures as rows of a table in Markdown: ours, the yardstick's, their ratio, its target.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;

/// What a ratio should come to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// At most this many times what the yardstick takes.
    AtMost(f64),
    /// The yardstick takes at least so many times longer.
    Faster(f64),
    /// As the ratio is, without a target.
    Open,
}

/// Prints a line of text.
pub(crate) fn say(line: &str) {
    // A reader who has seen enough and closed the pipe need not be told.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// On what machine the figures are made.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    let cpu = cpu.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let ipcs = Command::new("ipcs").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let ipcs = String::from_utf8_lossy(&ipcs);
    let ipcs = ipcs.trim().strip_prefix("ipcs from ").unwrap_or("no util-linux");
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{cpus} CPUs ({cpu}), Linux {}, {ipcs}; load {load} at the start", kernel.trim())
}

/// Begins a table, with what is the same for all its rows.
pub(crate) fn table(what: &str) {
    say(&format!("\n{what}:\n"));
    row(["what", "yardstick", "in", "ours", "theirs", "ratio", "target"]);
    row(["---", "---", "---", "--:", "--:", "--:", "---"]);
}

/// A figure of ours and the yardstick's.
pub(crate) fn ratio(what: &str, yardstick: &str, unit: &str, [ours, theirs]: [f64; 2], ratio: f64, target: Target) {
    let as_share = (format!("{ratio:.2}"), None);
    let (text, kept) = match target {
        Target::AtMost(most) => (as_share.0, Some((ratio <= most, format!("at most {most}")))),
        Target::Faster(least) => (faster(ratio), Some((1.0 / ratio >= least, format!("{least}x")))),
        Target::Open if ratio < 0.5 => (faster(ratio), None),
        Target::Open => as_share,
    };
    let target = kept.map_or_else(String::new, |(kept, text)| if kept { text } else { text + ", missed" });
    row([what, yardstick, unit, &short(ours), &short(theirs), &text, &target]);
}

/// A figure without a yardstick, which may have a limit.
pub(crate) fn alone(what: &str, unit: &str, ours: f64, most: Option<f64>) {
    let target = most.map_or_else(String::new, |most| {
        let missed = if ours <= most { "" } else { ", missed" };
        format!("at most {most} {unit}{missed}")
    });
    row([what, "", unit, &short(ours), "", "", &target]);
}

/// What cannot be compared.
pub(crate) fn skipped(what: &str, yardstick: &str, reason: &str) {
    row([what, yardstick, "", "", "", "", &format!("skipped: {reason}")]);
}

/// A row with as many cells as its table has columns.
pub(crate) fn row<const N: usize>(cells: [&str; N]) {
    // Texts are wide and to the left, numbers to the right; the last column needs no width.
    const WIDTHS: [isize; 7] = [-44, -34, -4, 7, 7, 12, 0];
    let cell = |(place, text): (usize, &&str)| {
        let width = if N == WIDTHS.len() || place == 0 { WIDTHS[place] } else { 10 };
        let absolute = width.unsigned_abs();
        if width < 0 { format!("{text:absolute$}") } else { format!("{text:>absolute$}") }
    };
    say(&format!("| {} |", cells.iter().enumerate().map(cell).collect::<Vec<_>>().join(" | ")));
}

fn faster(ratio: f64) -> String {
    format!("{:.1}x faster", 1.0 / ratio)
}

/// Three digits, or all before the point.
pub(crate) fn short(number: f64) -> String {
    let decimals = if number < 10.0 {
        2
    } else if number < 100.0 {
        1
    } else {
        0
    };
    format!("{number:.decimals$}")
}
