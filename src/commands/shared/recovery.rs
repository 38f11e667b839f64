//! Putting right what interrupted runs left closed, before anything else is closed.

use crate::error::{Error, Status};
use crate::journal::folder::Places;
use crate::journal::recover::{Mended, put_right};
use crate::output::context::note;
use crate::output::report::{Outcome, Report};

/// What could not be put right, with the object that it is about.
#[must_use]
pub(crate) struct Unmended(Vec<(String, Error)>);

/// Gives objects that an interrupted run left closed their modes back, and says so. It comes before anything is looked
/// up: what is closed is to be judged as it was before.
pub(crate) fn mend() -> Unmended {
    let mut failures = Vec::new();
    for mended in put_right(&Places::usual()) {
        match &mended {
            Mended::Failed(id, _) => {
                failures.push((id.to_string(), Error::Failed { status: Status::Failed, message: mended.to_string() }));
            }
            // Who else may make files must not make us fail.
            Mended::Opened(..) | Mended::PassedOver(..) | Mended::CutShort(_) => note(&mended.to_string()),
        }
    }
    Unmended(failures)
}

impl Unmended {
    /// Nothing that could not be.
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Whether all is right.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says what is not right, as a part of the report.
    pub(crate) fn tell(&self, report: &mut Report) {
        self.0.iter().for_each(|(about, error)| report.failed(about, None, Outcome::Failed, error));
    }
}
