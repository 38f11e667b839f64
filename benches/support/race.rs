//! Runs that are interleaved so that a busy machine is as unfair to one as to the other, and compared in pairs.

use std::path::PathBuf;

use super::figure::{self, Target};
use super::run::{Cost, Folder, Run};

/// What each contender took in each round.
#[derive(Debug)]
pub(crate) struct Race {
    labels: Vec<String>,
    /// By contender; empty for one that is not here.
    costs: Vec<Vec<Cost>>,
}

/// Calls `run(contender)` for all contenders, `rounds` times in changing order and once before that does not count.
pub(crate) fn race<L: AsRef<str>>(rounds: usize, labels: &[L], mut run: impl FnMut(usize) -> Option<Cost>) -> Race {
    let labels: Vec<String> = labels.iter().map(|label| label.as_ref().to_owned()).collect();
    let mut costs = vec![Vec::with_capacity(rounds); labels.len()];
    for round in 0..=rounds {
        for place in 0..labels.len() {
            let contender = (round + place) % labels.len();
            let cost = run(contender);
            if round > 0 {
                costs[contender].extend(cost);
            }
        }
    }
    Race { labels, costs }
}

/// Runs whole programs against each other, the output of each to a file of its own.
pub(crate) fn race_of(rounds: usize, runs: &[Run], folder: &Folder) -> Race {
    race(rounds, runs, |contender| runs[contender].once(&output(contender, folder)))
}

/// Where [`race_of`] leaves what a contender wrote.
pub(crate) fn output(contender: usize, folder: &Folder) -> PathBuf {
    folder.file(&format!("output-{contender}"))
}

/// Of an odd number of figures.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = figures.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

impl Race {
    /// Prints CPU times against each other.
    pub(crate) fn cpu(&self, ours: usize, theirs: usize, target: Target) {
        self.compare("CPU", |cost| cost.cpu, ours, theirs, target);
    }

    /// Prints the times that passed, where waiting is the point.
    pub(crate) fn wall(&self, ours: usize, theirs: usize, target: Target) {
        self.compare("wall", |cost| cost.wall, ours, theirs, target);
    }

    /// Prints the most memory used against what it may be.
    pub(crate) fn memory(&self, contender: usize, limit: f64) {
        if let Some(most) = self.costs[contender].iter().map(|cost| cost.megabytes).reduce(f64::max) {
            figure::alone(&self.labels[contender], "MB", most, Some(limit));
        }
    }

    /// The median CPU time of a contender that is here.
    pub(crate) fn median_cpu(&self, contender: usize) -> Option<f64> {
        median(self.costs[contender].iter().map(|cost| cost.cpu))
    }

    fn compare(&self, unit: &str, of: fn(&Cost) -> f64, ours: usize, theirs: usize, target: Target) {
        let median_of = |contender: usize| median(self.costs[contender].iter().map(of));
        let pairs = self.costs[ours].iter().zip(&self.costs[theirs]);
        let ratio = median(pairs.map(|(ours, theirs)| of(ours) / of(theirs)));
        let (what, yardstick) = (&self.labels[ours], &self.labels[theirs]);
        match (median_of(ours), median_of(theirs), ratio) {
            (Some(ours), Some(theirs), Some(ratio)) => {
                figure::ratio(what, yardstick, unit, [ours, theirs], ratio, target);
            }
            (None, ..) => figure::skipped(what, yardstick, &format!("'{what}' is not here")),
            _ => figure::skipped(what, yardstick, &format!("'{yardstick}' is not here")),
        }
    }
}
