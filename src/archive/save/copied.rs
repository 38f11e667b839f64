//! A copy of one object, as the three kinds make it.

use crate::archive::manifest::Entry;
use crate::archive::sums::Digest;
use crate::kind::model::Object;

/// A copy whose contents, if it has a member of its own, are written.
pub(super) struct Copied {
    /// The line of the manifest, but for the reason of being approximate.
    pub(super) entry: Entry,
    /// The object when copying it had ended.
    pub(super) object: Object,
    /// Why the copy may not be of one moment.
    pub(super) approximate: Option<String>,
    pub(super) way: String,
    /// What was noticed and does not make it a worse copy.
    pub(super) notes: Vec<String>,
    pub(super) contents: Contents,
}

/// What tells later whether the contents are still those that were copied, besides the kernel's counters and times.
#[derive(Clone, Debug)]
pub(super) enum Contents {
    /// Of a segment nothing else does.
    Segment,
    Set(Vec<u16>),
    /// The checksum of a queue's messages.
    Queue(Digest),
}
