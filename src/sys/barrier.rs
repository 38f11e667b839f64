//! Waiting for an RCU grace period, after which a change of mode has reached every caller.
//!
//! The kernel checks the mode of an object and counts an attachment, or puts a thread to sleep on it, within one RCU
//! read section. So after a mode was taken away and a grace period has passed, every caller has either got in, and is
//! seen, or is refused.

use std::time::Duration;

use rustix::thread::{MembarrierCommand, membarrier};

/// The wait where there is no grace period: far longer than a caller needs from the check to its effect, but no proof.
const PAUSE: Duration = Duration::from_millis(20);

/// Returns after an RCU grace period: every read section that was under way has ended.
///
/// Without `membarrier` (before Linux 4.3, with `nohz_full`, forbidden by a filter), and with one processor, where the
/// call returns at once though a caller may have been preempted, it returns after a pause instead.
pub(crate) fn rcu_grace_period() {
    if membarrier(MembarrierCommand::Global).is_err() || processors() <= 1 {
        std::thread::sleep(PAUSE);
    }
}

/// 1 where the number is not known.
fn processors() -> libc::c_long {
    // SAFETY: takes and returns numbers.
    unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }
}
