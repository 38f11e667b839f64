//! `-l`: the limits of a kind.

use super::{Unit, push_size};
use crate::kind::model::Kind;
use crate::render::units::push_u64;
use crate::sys::memory::page_size;
use crate::sys::{Result, msg, sem, shm};

/// Shows the limits of a kind.
///
/// # Errors
/// `ENOSYS` where the kernel has no System V IPC.
pub(super) fn show(out: &mut String, kind: Kind, unit: Unit) -> Result<()> {
    match kind {
        Kind::Msg => {
            let limits = msg::limits()?;
            out.push_str("------ Messages Limits --------\n");
            number(out, "max queues system wide", limits.msgmni);
            size(out, "max size of message", limits.msgmax, unit);
            size(out, "default max size of queue", limits.msgmnb, unit);
        }
        Kind::Shm => {
            let limits = shm::limits()?;
            out.push_str("------ Shared Memory Limits --------\n");
            number(out, "max number of segments", limits.shmmni);
            if unit == Unit::Default {
                number(out, "max seg size (kbytes)", limits.shmmax / 1024);
                number(out, "max total shared memory (kbytes)", total(limits.shmall, page_size() as u64 / 1024));
            } else {
                size(out, "max seg size", limits.shmmax, unit);
                size(out, "max total shared memory", total(limits.shmall, page_size() as u64), unit);
            }
            size(out, "min seg size", limits.shmmin, unit);
        }
        Kind::Sem => {
            let limits = sem::limits()?;
            out.push_str("------ Semaphore Limits --------\n");
            number(out, "max number of arrays", limits.semmni);
            number(out, "max semaphores per array", limits.semmsl);
            number(out, "max semaphores system wide", limits.semmns);
            number(out, "max ops per semop call", limits.semopm);
            number(out, "semaphore max value", limits.semvmx);
        }
    }
    Ok(())
}

/// So many pages of this size; where that is too much, as many as can be said.
fn total(pages: u64, size: u64) -> u64 {
    pages.checked_mul(size).unwrap_or(u64::MAX - u64::MAX % size)
}

fn number(out: &mut String, label: &str, value: u64) {
    out.push_str(label);
    out.push_str(" = ");
    push_u64(out, value);
    out.push('\n');
}

fn size(out: &mut String, label: &str, bytes: u64, unit: Unit) {
    out.push_str(label);
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
