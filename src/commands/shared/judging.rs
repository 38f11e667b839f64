//! The criteria by which a command judges objects.

use std::time::Duration;

use crate::output::context::note;
use crate::usage::bystanders::Bystander;
use crate::usage::criteria::{Criteria, GRACE};

/// Adds the bystanders configured on this machine to those given, and notes errors in their files.
pub(crate) fn criteria(grace: Duration, bystanders: &[Bystander]) -> Criteria {
    let (criteria, complaints) = Criteria::new(grace, bystanders);
    complaints.iter().for_each(|complaint| note(complaint));
    criteria
}

pub(crate) fn usual() -> Criteria {
    criteria(GRACE, &[])
}
