//! `-l`: the limits of a kind.

use super::{Unit, push_size};
use crate::kind::model::Kind;
use crate::object::limits::{self, LimitDef};
use crate::render::units::push_u64;
use crate::sys::Result;
use crate::sys::memory::page_size;

/// util-linux's title and words for the limits of a kind.
const fn listed(kind: Kind) -> (&'static str, &'static [(&'static str, LimitDef)]) {
    match kind {
        Kind::Msg => (
            "------ Messages Limits --------\n",
            &[
                ("max queues system wide", limits::MSGMNI),
                ("max size of message", limits::MSGMAX),
                ("default max size of queue", limits::MSGMNB),
            ],
        ),
        Kind::Shm => (
            "------ Shared Memory Limits --------\n",
            &[
                ("max number of segments", limits::SHMMNI),
                ("max seg size", limits::SHMMAX),
                ("max total shared memory", limits::SHMALL),
                ("min seg size", limits::SHMMIN),
            ],
        ),
        Kind::Sem => (
            "------ Semaphore Limits --------\n",
            &[
                ("max number of arrays", limits::SEMMNI),
                ("max semaphores per array", limits::SEMMSL),
                ("max semaphores system wide", limits::SEMMNS),
                ("max ops per semop call", limits::SEMOPM),
                ("semaphore max value", limits::SEMVMX),
            ],
        ),
    }
}

/// Shows the limits of a kind.
///
/// # Errors
/// `ENOSYS` where the kernel has no System V IPC.
pub(super) fn show(out: &mut String, kind: Kind, unit: Unit) -> Result<()> {
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

/// So many pages of this size; where that is too much, as many as can be said.
fn total(pages: u64, size: u64) -> u64 {
    pages.checked_mul(size).unwrap_or(u64::MAX - u64::MAX % size)
}

fn number(out: &mut String, equals: &str, value: u64) {
    out.push_str(equals);
    push_u64(out, value);
    out.push('\n');
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
