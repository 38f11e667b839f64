//! Locks an object and unlocks it, by its mode alone.

use crate::kind;
use crate::kind::class::Attributes;
use crate::kind::model::Object;
use crate::sys::{self, Errno, Mode, msg, namespace};

/// The mode of a locked object: only those who need no permission get in.
pub const LOCKED: Mode = Mode::new(0);
/// The mode of a locked set while its owner looks into it.
pub const LOOK: Mode = Mode::new(0o400);

/// Gives `object`, as it was just seen, the permission bits `mode`; owner, group and capacity stay.
///
/// # Errors
/// `EPERM` without the right to, and for a queue above `msgmnb`; `EINVAL` and `EIDRM` when it is gone. `EACCES`
/// where the capacity of a queue is not known, and so cannot be kept.
pub fn set_mode(object: &Object, mode: Mode) -> sys::Result<()> {
    kind::set(object.id, Attributes { mode, ..Attributes::of(object) })
}

/// Why `object` cannot be locked, known without trying; None when it probably can.
#[must_use]
pub fn obstacle(object: &Object) -> Option<String> {
    if object.system_v().is_none() {
        return Some("objects of its kind have no mode that keeps everybody out".to_owned());
    }
    if object.as_queue().is_some_and(|queue| queue.qbytes.is_none_or(|qbytes| qbytes > msg::MAX_QBYTES)) {
        return Some("this kernel does not tell its capacity, which closing it would change".to_owned());
    }
    let unmapped = [object.perm.uid.raw(), object.perm.gid.raw()].contains(&super::UNMAPPED);
    if unmapped && !namespace::is_initial_user() {
        return Some("its owner may have no number in this user namespace, so closing it could change him".to_owned());
    }
    None
}

/// In words, why the kernel refused to lock `object`.
#[must_use]
pub fn refusal(object: &Object, errno: Errno) -> String {
    let msgmnb = msg::limits().map_or(u64::MAX, |limits| limits.msgmnb);
    match object.as_queue().and_then(|queue| queue.qbytes) {
        Some(qbytes) if errno == Errno::EPERM && qbytes > msgmnb => format!(
            "it cannot be closed to newcomers: its capacity {qbytes} is above kernel.msgmnb ({msgmnb}), which needs \
             CAP_SYS_RESOURCE in the initial user namespace to be kept"
        ),
        _ => format!("it cannot be closed to newcomers: {errno}"),
    }
}
