//! Settings of the IPC namespace that no `*ctl` call reports.

/// Whether a segment is destroyed when its last process detaches (`kernel.shm_rmid_forced`).
/// None where `/proc/sys` does not tell.
#[must_use]
pub fn shm_rmid_forced() -> Option<bool> {
    let text = std::fs::read_to_string("/proc/sys/kernel/shm_rmid_forced").ok()?;
    Some(text.trim() != "0")
}
