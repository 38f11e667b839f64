//! Restores the modes that an interrupted run left at 0000, before anything else is locked.

use crate::error::{Error, Status};
use crate::journal::folder::Places;
use crate::journal::recover::{self, Recovery};
use crate::output::context::note;
use crate::output::report::{Outcome, Report};

/// What could not be recovered: objects, and why.
#[must_use]
pub(crate) struct Unrecovered(Vec<(String, Error)>);

/// Gives objects that an interrupted run left locked their modes back, and says so. It comes before anything is looked
/// up: what is locked is to be judged as it was before.
pub(crate) fn recover() -> Unrecovered {
    let mut failures = Vec::new();
    for recovery in recover::recover(&Places::usual()) {
        match &recovery {
            Recovery::Failed(id, _) => {
                failures
                    .push((id.to_string(), Error::Failed { status: Status::Failed, message: recovery.to_string() }));
            }
            // Who else may make files must not make us fail.
            Recovery::Unlocked(..) | Recovery::PassedOver(..) | Recovery::CutShort(_) => note(&recovery.to_string()),
        }
    }
    Unrecovered(failures)
}

impl Unrecovered {
    /// Nothing failed.
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Whether nothing failed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reports the failures.
    pub(crate) fn tell(&self, report: &mut Report) {
        self.0.iter().for_each(|(about, error)| report.failed(about, None, Outcome::Failed, error));
    }
}
