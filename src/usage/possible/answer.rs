//! The possible users of an object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::proc::permission::LetIn;
use crate::usage::possible::able::Able;
use crate::usage::possible::there::There;
use crate::usage::process::Process;

/// A living process that may use an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub process: Process,
    /// How it comes to know the object.
    pub there: There,
    pub let_in: LetIn,
    pub able: Able,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayKnow {
    /// The first of those that may use it.
    pub candidates: Vec<Candidate>,
    pub number: u64,
    /// Why there may be any that cannot be seen, in words.
    pub unseen: Option<String>,
    /// Living processes that were asked about.
    pub living: u64,
    /// Those of them that were there and are let in.
    pub in_question: u64,
    /// Those who are able and were set aside: by which line, and how many.
    pub set_aside: BTreeMap<String, u64>,
}

impl MayKnow {
    pub fn is_nobody(&self) -> bool {
        self.number == 0 && self.unseen.is_none()
    }
}
