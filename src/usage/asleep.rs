//! How long a thread has slept.
//!
//! The kernel tells no time for it, but when a thread last ran, by the clock of the CPU that it ran on. Such clocks differ
//! by what interrupts and a host have taken from each CPU, so this thread goes there to read it. What is taken during
//! the sleep is missing, so the thread may have slept a little longer.

use std::collections::HashMap;

use crate::proc::reader::{Reader, Task};
use crate::proc::task::{Stat, last_ran};
use crate::sys::process::on_cpu;

/// The clocks that were read, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    by_cpu: HashMap<usize, Option<f64>>,
}

impl Clocks {
    /// For how many seconds a sleeping thread has not run; None where the kernel does not show it (it needs
    /// `CONFIG_SCHED_DEBUG`), or this thread may not run where that one did.
    pub(super) fn asleep_for(&mut self, task: Task, reader: &mut Reader) -> Option<u64> {
        let cpu = Stat::parse(reader.read(task, "stat").ok()?)?.cpu?;
        let ran = last_ran(reader.read(task, "sched").ok()?)?;
        let clock = *self.by_cpu.entry(cpu).or_insert_with(|| {
            let own = || last_ran(&std::fs::read("/proc/thread-self/sched").ok()?);
            on_cpu(cpu, own).flatten()
        });
        let seconds = (clock? - ran) / 1000.0;
        // It may have run after the clock was read. No sleep has more seconds than fit.
        Some(if seconds > 0.0 { seconds as u64 } else { 0 })
    }
}
