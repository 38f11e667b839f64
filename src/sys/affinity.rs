//! Doing something on a certain CPU.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Runs `body` on the CPU with this number and goes back to those the calling thread may use. None when the thread may
/// not run there.
pub fn on_cpu<T>(cpu: usize, body: impl FnOnce() -> T) -> Option<T> {
    if cpu >= CpuSet::MAX_CPU {
        return None;
    }
    let before = sched_getaffinity(None).ok()?;
    let mut one = CpuSet::new();
    one.set(cpu);
    sched_setaffinity(None, &one).ok()?;
    let result = body();
    // If the CPUs were taken away meanwhile, the kernel has chosen others.
    let _ = sched_setaffinity(None, &before);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::on_cpu;

    #[test]
    fn the_thread_moves_there_and_may_go_back() {
        let allowed = || std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = |text: String| text.lines().find(|line| line.starts_with("Cpus_allowed_list:")).map(str::to_owned);
        let before = line(allowed());
        let there = (0..64).find_map(|cpu| on_cpu(cpu, || (cpu, line(allowed()))));
        let (cpu, there) = there.unwrap();
        assert_eq!(there, Some(format!("Cpus_allowed_list:\t{cpu}")));
        assert_eq!(line(allowed()), before);
        assert_eq!(on_cpu(usize::MAX, || ()), None);
    }
}
