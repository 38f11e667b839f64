//! Looks up the objects that a command is to show.

use crate::commands::shared::targets::{self, Target};
use crate::error::Tally;
use crate::object::reference::Resolved;
use crate::output::document::{self, Failure};

/// The objects that were found, in the order of `targets`. Those that were not are said, and are failures.
pub(crate) fn find<'a>(targets: &'a [Target], failures: &mut Vec<Failure>, tally: &mut Tally) -> Vec<Resolved<'a>> {
    let mut objects = Vec::with_capacity(targets.len());
    for target in targets {
        match target.resolve().and_then(|found| found.ok_or_else(|| target.absent())) {
            Ok(found) => {
                tally.done();
                targets::note_difference(target, &found.object);
                objects.push(found);
            }
            Err(error) => document::fail(&target.text(), &error, failures, tally),
        }
    }
    objects
}
