//! Why users may have been missed, in words.

use std::cell::OnceCell;

use crate::proc::ipc_namespace::may_be_outside;

/// What a pass could not see, apart from what single finders could not.
#[derive(Debug, Default)]
pub(crate) struct Unseen {
    /// Why not even processes could be listed.
    pub(super) everything: Option<String>,
    /// How many of the processes that could not be looked into do not answer.
    pub(super) silent: usize,
    /// Whether `/proc` may leave out processes.
    pub(super) processes: bool,
    /// Whether processes outside of this pid namespace, which `/proc` does not show, may be in this IPC namespace; looked
    /// up where it matters.
    pub(super) outside: OnceCell<bool>,
}

/// Where users are that nothing else explains.
pub(crate) const OUTSIDE: &str = "used from another IPC namespace or from outside of this pid namespace";

/// Why the kernel counts more than are found, where that changes.
pub(crate) fn changing(otherwise: &str) -> String {
    format!("users came or went meanwhile, or: {otherwise}")
}

impl Unseen {
    /// Why a finder that could not look into so many processes may have missed users; None where it has not. Processes that
    /// are in another pid namespace do not count: see [`OUTSIDE`].
    pub(crate) fn why(&self, denied: usize) -> Option<String> {
        if let Some(why) = &self.everything {
            return Some(why.clone());
        }
        let silent = if denied == 0 { 0 } else { self.silent.min(denied) };
        let denied = match denied.saturating_sub(silent) {
            0 => None,
            1 => Some("1 process may not be looked into".to_owned()),
            many => Some(format!("{many} processes may not be looked into")),
        };
        let silent = match silent {
            0 => None,
            1 => Some("1 process does not answer".to_owned()),
            many => Some(format!("{many} processes do not answer")),
        };
        let processes = match (silent, denied) {
            (Some(silent), Some(denied)) => Some(format!("{silent} and {denied}")),
            (silent, denied) => silent.or(denied),
        };
        match (processes, self.processes) {
            (Some(denied), true) => Some(format!("{denied}, and others may be hidden in /proc (hidepid)")),
            (None, true) => Some("processes of others may be hidden in /proc (hidepid)".to_owned()),
            (denied, false) => denied,
        }
    }
    /// The same where the kernel counts nobody, so that those in other pid namespaces may be users all the same.
    pub(crate) fn why_uncounted(&self, denied: usize, unavailable: Option<&str>) -> Option<String> {
        if let Some(why) = unavailable {
            return Some(why.to_owned());
        }
        let outside = || "processes outside of this pid namespace cannot be seen".to_owned();
        self.why(denied).or_else(|| self.outside.get_or_init(may_be_outside).then(outside))
    }
}
