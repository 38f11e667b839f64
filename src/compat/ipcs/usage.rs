//! `-u`: the totals of a kind.

use super::{Unit, push_number as number, push_size};
use crate::kind::system_v::SystemV;
use crate::sys::{Result, msg, sem, shm};

/// Fails with `ENOSYS` if the kernel has no System V IPC.
pub(super) fn show(out: &mut String, kind: SystemV, unit: Unit) -> Result<()> {
    match kind {
        SystemV::Queue => {
            let usage = msg::usage()?;
            out.push_str("------ Messages Status --------\n");
            number(out, "allocated queues = ", usage.used_ids.into());
            number(out, "used headers = ", usage.messages);
            out.push_str(if unit == Unit::Bytes { "used space (bytes) = " } else { "used space = " });
            push_size(out, usage.bytes, unit);
            out.push_str(if unit == Unit::Default { " bytes\n" } else { "\n" });
        }
        SystemV::Segment => {
            let usage = shm::usage()?;
            out.push_str("------ Shared Memory Status --------\n");
            number(out, "segments allocated ", usage.used_ids.into());
            number(out, "pages allocated ", usage.total_pages);
            number(out, "pages resident  ", usage.resident_pages);
            number(out, "pages swapped   ", usage.swapped_pages);
            // Linux always reports 0 for these.
            out.push_str("Swap performance: 0 attempts\t 0 successes\n");
        }
        SystemV::Set => {
            let usage = sem::usage()?;
            out.push_str("------ Semaphore Status --------\n");
            number(out, "used arrays = ", usage.used_ids.into());
            number(out, "allocated semaphores = ", usage.semaphores);
        }
    }
    Ok(())
}
