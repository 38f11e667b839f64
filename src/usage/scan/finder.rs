//! What plugs into the pass: one question that is answered from some files of each process.

use std::io;

use crate::kind::model::{IdMap, Object};
use crate::object::semaphores::Budget;
use crate::proc::reader::{Reader, Task};
use crate::usage::process::ProcessCache;
use crate::usage::scan::unseen::Unseen;
use crate::usage::users::Users;

/// Whose files a finder reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of a process, which are the same by whichever of its threads they are read: `maps`, `exe`, `fd`.
    Process,
    /// Those of each thread: `syscall`.
    Threads,
}

/// A finder of one sort of users. The pass decides which processes and threads it is shown, and keeps account of those
/// that it could not look into.
pub(crate) trait Finder: std::fmt::Debug {
    fn scope(&self) -> Scope;

    /// Whether it looks for nothing, so that it need not be shown any process.
    fn is_idle(&self) -> bool;

    /// Why this kernel shows it nothing of any process, if that is so.
    fn unavailable(&self) -> Option<&'static str> {
        None
    }

    /// Whether a process can be passed over, whichever namespaces it is in: a cheap look that most processes do not get
    /// past. False where that is not certain.
    fn passes_over(&mut self, _pid: u32, _reader: &mut Reader) -> bool {
        false
    }

    /// Looks at a process or a thread that is in the IPC namespace with this number.
    ///
    /// # Errors
    /// When it may not be looked into, or has ended.
    fn look(&mut self, task: Task, namespace: u64, reader: &mut Reader, processes: &mut ProcessCache)
    -> io::Result<()>;

    /// Tells of each object what was found.
    fn finish(self: Box<Self>, ending: &mut Ending<'_>);
}

/// The end of a pass, where finders say what they have found.
///
/// Users come and go while they are looked for. So of an object with users that were not found, a finder says nothing
/// unless this is the last pass, or a pass before has observed the same; else the object is looked at again.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) is_last: bool,
    pub(crate) observations: &'a mut Observations,
    pub(crate) unseen: &'a Unseen,
    /// How many processes the finder could not look into, and why it could look into none.
    pub(crate) denied: usize,
    pub(crate) unavailable: Option<&'static str>,
    /// What is known of objects.
    pub(crate) found: &'a mut Users,
    /// The objects that are to be looked at again.
    pub(crate) again: &'a mut Vec<Object>,
}

/// What passes have observed so far, and how much more the kernel may be asked.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    pub(crate) by_object: IdMap<Observation>,
    pub(crate) budget: Budget,
}

/// What a pass has observed of an object, to be compared with what the next one does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// Users that the kernel counts.
    pub(crate) counted: u64,
    /// Processes with their mappings, or threads.
    pub(crate) users: Vec<(u32, u64)>,
}
