//! `-l`: the limits of a kind.

use super::{Unit, push_number as number, push_size};
use crate::kind::limit::LimitDef;
use crate::kind::msg::{MSGMAX, MSGMNB, MSGMNI};
use crate::kind::sem::{SEMMNI, SEMMNS, SEMMSL, SEMOPM, SEMVMX};
use crate::kind::shm::{SHMALL, SHMMAX, SHMMIN, SHMMNI};
use crate::kind::system_v::SystemV;
use crate::sys::Result;
use crate::sys::memory::page_size;

/// util-linux's title and labels for the limits of a kind.
const fn listed(kind: SystemV) -> (&'static str, &'static [(&'static str, LimitDef)]) {
    match kind {
        SystemV::Queue => (
            "------ Messages Limits --------\n",
            &[
                ("max queues system wide", MSGMNI),
                ("max size of message", MSGMAX),
                ("default max size of queue", MSGMNB),
            ],
        ),
        SystemV::Segment => (
            "------ Shared Memory Limits --------\n",
            &[
                ("max number of segments", SHMMNI),
                ("max seg size", SHMMAX),
                ("max total shared memory", SHMALL),
                ("min seg size", SHMMIN),
            ],
        ),
        SystemV::Set => (
            "------ Semaphore Limits --------\n",
            &[
                ("max number of arrays", SEMMNI),
                ("max semaphores per array", SEMMSL),
                ("max semaphores system wide", SEMMNS),
                ("max ops per semop call", SEMOPM),
                ("semaphore max value", SEMVMX),
            ],
        ),
    }
}

/// Fails with `ENOSYS` if the kernel has no System V IPC.
pub(super) fn show(out: &mut String, kind: SystemV, unit: Unit) -> Result<()> {
    let (title, limits) = listed(kind);
    out.push_str(title);
    for (label, limit) in limits {
        let value = limit.value()?;
        out.push_str(label);
        match (limit.unit, limit.name, unit) {
            ("bytes", "shmmax", Unit::Default) => number(out, " (kbytes) = ", value / 1024),
            ("pages", _, Unit::Default) => number(out, " (kbytes) = ", total(value, page_size() as u64 / 1024)),
            ("pages", ..) => size(out, total(value, page_size() as u64), unit),
            ("bytes", ..) => size(out, value, unit),
            _ => number(out, " = ", value),
        }
    }
    Ok(())
}

/// Pages in bytes; on overflow, the largest multiple of `size`.
fn total(pages: u64, size: u64) -> u64 {
    pages.checked_mul(size).unwrap_or(u64::MAX - u64::MAX % size)
}

fn size(out: &mut String, bytes: u64, unit: Unit) {
    out.push_str(if unit == Unit::Human { " = " } else { " (bytes) = " });
    push_size(out, bytes, unit);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn too_much_memory_is_said_in_whole_pages() {
        assert_eq!(total(u64::MAX - (1 << 24), 4), 18_446_744_073_709_551_612);
        assert_eq!(total(u64::MAX - (1 << 24), 4096), 18_446_744_073_709_547_520);
        assert_eq!(total(1 << 20, 4096), 1 << 32);
    }
}
