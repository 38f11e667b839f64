//! Restores the modes that an interrupted run left at 0000, before anything else is locked.

use crate::error::{Error, Status};
use crate::journal::folder::Places;
use crate::journal::recover::{self, Recovery};
use crate::output::context::note;
use crate::output::report::{Outcome, Report};

/// Objects that could not be unlocked, and why. Commands must report them.
#[must_use]
pub(crate) struct Unrecovered(Vec<(String, Error)>);

/// Restores and notes the modes of objects that an interrupted run left locked. Commands call this before any look-up, so
/// that objects are judged by their own modes.
pub(crate) fn recover() -> Unrecovered {
    let mut failures = Vec::new();
    for recovery in recover::recover(&Places::usual()) {
        match &recovery {
            Recovery::Failed(id, _) => {
                failures
                    .push((id.to_string(), Error::Failed { status: Status::Failed, message: recovery.to_string() }));
            }
            // Files of other users must not make this run fail.
            Recovery::Unlocked(..) | Recovery::PassedOver(..) | Recovery::CutShort(_) => note(&recovery.to_string()),
        }
    }
    Unrecovered(failures)
}

impl Unrecovered {
    pub(crate) const NONE: Self = Self(Vec::new());

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn tell(&self, report: &mut Report) {
        self.0.iter().for_each(|(about, error)| report.failed(about, None, Outcome::Failed, error));
    }
}
