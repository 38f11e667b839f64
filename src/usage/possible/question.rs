//! A question about the possible users of an object.

use crate::kind::model::Object;
use crate::kind::recorded::Activity;
use crate::proc::recorded::ClockSet;
use crate::sys::{Pid, Timestamp};

pub(crate) struct Question<'a> {
    /// The object, with the times and the mode that it had before anything of our own touched it.
    pub object: &'a Object,
    /// What was last done with it, and when.
    pub last: (&'static Activity, Timestamp),
    /// The numbers that the kernel has recorded for it.
    pub recorded: &'a [Pid],
    /// Where start times prove nothing.
    pub clock: Option<ClockSet>,
    /// Processes that do not count.
    pub except: &'a [u32],
    /// Whether those count too who came later and may look it up by its key, which leaves no trace.
    pub by_key: bool,
    /// Whether it counts for a segment that only descendants of its creator can have inherited it; others may have been
    /// told of it, and have used it before the last user did.
    pub by_descent: bool,
    /// Whether the undo records of all processes were read, so that an undo list proves nothing more.
    pub undo_is_known: bool,
}
