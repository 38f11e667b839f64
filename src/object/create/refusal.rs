//! Why the kernel refuses a creation: the limit reached, the permission missing.

use super::{Body, Specification};
use crate::error::{Error, Status};
use crate::kind::msg::MSGMNB;
use crate::kind::sem::SEMMSL;
use crate::kind::shm::SHMMAX;
use crate::object::limits;
use crate::sys::Errno;
use crate::sys::shm::ShmFlags;

impl Specification {
    pub(super) fn explain(&self, errno: Errno) -> Error {
        let remedy = match (errno, &self.body) {
            (Errno::EINVAL, Body::Segment { size, flags, .. }) => Some(invalid_segment(*size, *flags)),
            (Errno::EINVAL, Body::Set { nsems, .. }) => SEMMSL.value().ok().map(|most| {
                format!("{nsems} semaphores are more than the {most} that {} allows in one set", SEMMSL.setting())
            }),
            (Errno::ENOSPC, _) => self.exhausted(),
            (Errno::ENOMEM, Body::Segment { flags: ShmFlags { huge_shift: Some(_), .. }, .. }) => {
                Some("too few free huge pages; see vm.nr_hugepages".to_owned())
            }
            (Errno::ENOMEM, Body::Segment { flags, .. }) if !flags.no_reserve => {
                Some("more memory than the kernel will promise; see vm.overcommit_memory, or --noreserve".to_owned())
            }
            (Errno::EPERM, Body::Segment { flags: ShmFlags { huge_shift: Some(_), .. }, .. }) => {
                Some("huge pages need CAP_IPC_LOCK or the group in vm.hugetlb_shm_group".to_owned())
            }
            _ => None,
        };
        Error::cannot(Status::of(errno), &self.operation(), errno, remedy.as_deref())
    }

    /// The limit reached: ENOSPC is not about disk space, although its text says so.
    fn exhausted(&self) -> Option<String> {
        let size = match &self.body {
            Body::Segment { size, .. } => *size,
            Body::Set { nsems, .. } => u64::from(*nsems),
            Body::Queue { .. } => 0,
        };
        let limit = limits::reached(self.kind(), size)?;
        Some(format!("not disk space: {limit}; see 'ipcadm limits'"))
    }

    /// The error of the `IPC_SET` that follows.
    pub(super) fn explain_set(&self, errno: Errno) -> Error {
        let capacity = if matches!(self.body, Body::Queue { .. }) { ", mode and capacity" } else { " and mode" };
        let operation = format!("give the new {} its owner{capacity}", self.kind().noun());
        let msgmnb = MSGMNB.value().unwrap_or(u64::MAX);
        let remedy = match (errno, &self.body) {
            (Errno::EPERM, Body::Queue { qbytes: Some(qbytes) }) if *qbytes > msgmnb => Some(format!(
                "more than kernel.msgmnb ({msgmnb}) needs CAP_SYS_RESOURCE in the initial user namespace; raise \
                 kernel.msgmnb first"
            )),
            (Errno::EINVAL, _) => Some("that user or group does not exist in this user namespace".to_owned()),
            _ => None,
        };
        Error::cannot(Status::of(errno), &operation, errno, remedy.as_deref())
    }
}

fn invalid_segment(size: u64, flags: ShmFlags) -> String {
    match (SHMMAX.value(), flags.huge_shift) {
        (Ok(most), _) if size > most => format!("larger than kernel.shmmax, {most} bytes"),
        (_, Some(0)) => "this kernel has no huge pages".to_owned(),
        (_, Some(shift)) => format!("this machine has no huge pages of {} bytes", 1u64 << shift),
        (_, None) => "larger than any segment that this kernel can make".to_owned(),
    }
}
