//! A drop-in run side by side with the tool it stands in for.

use std::fmt::Write as _;
use std::ops::{Range, RangeBounds};

use crate::{Cmd, Outcome, drop_in, left_out, tool};

/// The releases with which all comparisons are made but those with newer ones.
pub(crate) const USUAL: Range<(u32, u32)> = (2, 38)..(2, 41);
/// The newest release that is known to the tests.
pub(crate) const NEWEST: (u32, u32) = (2, 43);

/// The release of util-linux that the installed tool of this name comes from; None when it is another's.
pub(crate) fn release_of(name: &str) -> Option<(u32, u32)> {
    let text = tool(name, ["-V"]).run().stdout_str();
    let (_, version) = text.split_once("util-linux ")?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Whether the installed tool of this name is from one of these releases of util-linux. Says on stderr what is left out
/// when it is not.
#[track_caller]
pub fn is_from(name: &str, releases: impl RangeBounds<(u32, u32)>) -> bool {
    match release_of(name) {
        None => left_out(&format!("what needs util-linux's {name}")),
        Some(release) if releases.contains(&release) => return true,
        Some(_) if releases.contains(&USUAL.start) => left_out(&format!("what util-linux 2.38 does: {name}")),
        Some(_) => left_out(&format!("what newer releases of util-linux do: {name}")),
    }
    false
}

/// What the two programs did.
#[derive(Debug)]
pub struct Pair {
    /// What the installed tool did.
    pub theirs: Outcome,
    /// What the drop-in did.
    pub ours: Outcome,
}

impl Pair {
    /// Whether no caller could tell them apart.
    pub fn is_alike(&self) -> bool {
        let told = |outcome: &Outcome| (outcome.status, outcome.signal);
        self.theirs.stdout == self.ours.stdout
            && (self.theirs.stderr == self.ours.stderr || self.is_newer_complaint())
            && told(&self.theirs) == told(&self.ours)
    }
}

/// How releases before 2.41 begin to complain of options that exclude each other, and how newer ones do.
const EXCLUSIVE: [(&str, &str); 2] = [
    ("lsipc: mutually exclusive arguments: ", "lsipc: options --"),
    (
        "lsipc: --global is mutually exclusive with --creator, --id and --time\n",
        "lsipc: --global is mutually exclusive with ",
    ),
];

impl Pair {
    /// Whether ours has the words of newer releases for what theirs, an older one, complains of.
    fn is_newer_complaint(&self) -> bool {
        let is = |(old, new): &(&str, &str)| {
            self.theirs.stderr.starts_with(old.as_bytes()) && self.ours.stderr.starts_with(new.as_bytes())
        };
        EXCLUSIVE.iter().any(is)
    }
}

/// Runs the installed tool and the drop-in with the same arguments, `set` up
/// alike.
pub fn both(name: &str, args: &[&str], set: impl Fn(Cmd) -> Cmd) -> Pair {
    let args = || args.iter().copied();
    Pair { theirs: set(tool(name, args())).run(), ours: set(drop_in(name, args())).run() }
}

/// Many pairs of runs, and where they differed.
#[derive(Debug)]
pub struct Comparison {
    name: &'static str,
    cases: usize,
    differing: Vec<String>,
}

impl Comparison {
    /// Of the tool with this name.
    pub fn new(name: &'static str) -> Self {
        Comparison { name, cases: 0, differing: Vec::new() }
    }

    /// Runs both with these arguments, `set` up alike, and notes whether they
    /// did the same.
    pub fn case(&mut self, args: &[&str], set: impl Fn(Cmd) -> Cmd) {
        self.cases += 1;
        let pair = both(self.name, args, set);
        if !pair.is_alike() {
            self.differing.push(describe(&pair));
        }
    }

    /// All were alike, and there were at least so many.
    ///
    /// # Panics
    ///
    /// When not, with the first differences.
    #[track_caller]
    pub fn all_alike(self, at_least: usize) {
        let (cases, many) = (self.cases, self.differing.len());
        let shown = self.differing.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("\n");
        assert!(self.differing.is_empty(), "{many} of {cases} cases of {} differ:\n{shown}", self.name);
        assert!(cases >= at_least, "only {cases} cases of {}", self.name);
    }
}

/// The first lines that differ, with every blank to be seen, and both ends.
fn describe(pair: &Pair) -> String {
    let mut text = format!("=== {}\n", pair.theirs.command);
    for (stream, theirs, ours) in
        [("stdout", &pair.theirs.stdout, &pair.ours.stdout), ("stderr", &pair.theirs.stderr, &pair.ours.stderr)]
    {
        let (theirs, ours) = (String::from_utf8_lossy(theirs), String::from_utf8_lossy(ours));
        let lines = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
        let (theirs, ours) = (lines(&theirs), lines(&ours));
        let differing = |at: &usize| theirs.get(*at) != ours.get(*at);
        for at in (0..theirs.len().max(ours.len())).filter(differing).take(3) {
            let _ = writeln!(text, "{stream} {}: theirs {:?}\n      ours {:?}", at + 1, theirs.get(at), ours.get(at));
        }
    }
    let end = |outcome: &Outcome| format!("status {:?} signal {:?}", outcome.status, outcome.signal);
    text + &format!("theirs {}, ours {}\n", end(&pair.theirs), end(&pair.ours))
}
