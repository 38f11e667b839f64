//! Other runs that have locked the same objects.

use std::thread;
use std::time::{Duration, Instant};

use crate::journal::locked::{is_locked, may_be_locked};
use crate::journal::record::Record;
use crate::object::inventory;
use crate::removal::Outcome;
use crate::removal::locked::Turn;

/// How long another run that has locked the same objects is waited for, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(5);

/// Keeps objects that were judged while another run had them locked: the mode they had is not theirs.
pub(super) fn keep_locked_by_others(batch: &[Turn<'_>], record: &Record, outcomes: &mut [Option<Outcome>]) {
    let places = || (0..batch.len()).filter(|&place| may_be_locked(&batch[place].expected));
    if places().next().is_none() {
        return;
    }
    let others = record.named_by_others();
    for place in places() {
        if outcomes[place].is_none()
            && let Some(reason) = others.may_have_locked(&batch[place].expected.id)
        {
            outcomes[place] = Some(Outcome::Kept(reason.to_owned()));
        }
    }
}

/// Reports objects as gone that were kept because another run had locked them, and that this run then removes. Mostly it
/// does so a moment later.
pub(super) fn wait_for_other_runs(batch: &[Turn<'_>], record: &Record, outcomes: &mut [Outcome]) {
    let end = Instant::now() + PATIENCE;
    let mut left: Vec<usize> = (0..batch.len()).filter(|&place| matches!(outcomes[place], Outcome::Kept(_))).collect();
    loop {
        left.retain(|&place| match inventory::look(batch[place].expected.id) {
            Ok(None) => {
                outcomes[place] = Outcome::Gone;
                false
            }
            Ok(Some(now)) => is_locked(&now),
            Err(_) => false,
        });
        if left.is_empty() {
            return;
        }
        let others = record.named_by_others();
        left.retain(|&place| others.name(&batch[place].expected.id));
        if left.is_empty() || Instant::now() >= end {
            return;
        }
        thread::sleep(STEP);
    }
}
