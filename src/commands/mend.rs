//! Putting right what interrupted runs left closed, before anything else is closed.

use super::context::{note, say};
use crate::object::closing::folder;
use crate::object::closing::put_right::{Mended, put_right};

/// Gives objects that an interrupted run left closed their modes back, and says so. It comes before anything is looked
/// up: what is closed is to be judged as it was before.
pub(super) fn mend() {
    for mended in put_right(&folder::candidates()) {
        match &mended {
            Mended::Opened(..) => note(&mended.to_string()),
            Mended::Failed(..) | Mended::Refused(..) => say(&mended.to_string()),
        }
    }
}
