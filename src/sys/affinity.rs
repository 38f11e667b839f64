//! Doing something on a certain CPU.

use std::mem::{MaybeUninit, size_of};

/// Runs `body` on the CPU with this number and goes back to those the calling thread may use. None when the thread may
/// not run there.
pub fn on_cpu<T>(cpu: usize, body: impl FnOnce() -> T) -> Option<T> {
    let size = size_of::<libc::cpu_set_t>();
    if cpu >= size * 8 {
        return None;
    }
    let mut before = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: writes one cpu_set_t of the size given; 0 means the calling thread.
    if unsafe { libc::sched_getaffinity(0, size, before.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: all zero is a valid set, and `cpu` is within it.
    let one = unsafe {
        let mut one = MaybeUninit::<libc::cpu_set_t>::zeroed().assume_init();
        libc::CPU_SET(cpu, &mut one);
        one
    };
    // SAFETY: reads one cpu_set_t of the size given.
    if unsafe { libc::sched_setaffinity(0, size, &raw const one) } != 0 {
        return None;
    }
    let result = body();
    // SAFETY: the set that the first call has written. If the CPUs were taken away meanwhile, the kernel has chosen.
    unsafe { libc::sched_setaffinity(0, size, before.as_ptr()) };
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
