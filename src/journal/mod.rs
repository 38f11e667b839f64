//! The record of what a run has set to mode 0000: kept so that the next run can give the modes back, and so that lists
//! show the modes that the objects had before.

pub mod access;
pub mod folder;
pub mod locked;
pub mod record;
pub mod recover;
pub mod saved_modes;

/// What a user namespace shows for users it has no number for.
const UNMAPPED: u32 = 65534;
