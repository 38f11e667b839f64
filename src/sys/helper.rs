//! A thread that works for the first one.

use std::io;
use std::thread::{Builder, JoinHandle};

use super::signals::set::SignalSet;

/// Starts a thread that takes no signals: what ends or stops the program still waits for the calling thread, where that
/// holds it back.
pub(crate) fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    let before = SignalSet::full().block()?;
    // It inherits the mask.
    let started = Builder::new().spawn(work);
    before.set_mask()?;
    started
}

#[cfg(test)]
mod tests {
    use super::start;

    #[test]
    fn it_takes_no_signals() {
        let blocked = || {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
            u64::from_str_radix(mask.trim(), 16).unwrap()
        };
        let before = blocked();
        let its_own = start(blocked).unwrap().join().unwrap();
        assert_eq!(blocked(), before);
        for signal in 1..=31 {
            let takes = its_own & 1 << (signal - 1) == 0;
            // Nobody can block these two.
            assert_eq!(takes, [libc::SIGKILL, libc::SIGSTOP].contains(&signal), "{signal}");
        }
    }
}
