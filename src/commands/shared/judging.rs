//! By what the objects of a run are judged.

use std::time::Duration;

use crate::output::context::note;
use crate::usage::bystanders::Bystander;
use crate::usage::criteria::{Criteria, GRACE};

/// With this grace age, with the bystanders of this machine and those named for this run; says what is wrong with the
/// files that name them.
pub(crate) fn criteria(grace: Duration, bystanders: &[Bystander]) -> Criteria {
    let (criteria, complaints) = Criteria::new(grace, bystanders);
    complaints.iter().for_each(|complaint| note(complaint));
    criteria
}

/// The usual ones.
pub(crate) fn usual() -> Criteria {
    criteria(GRACE, &[])
}
