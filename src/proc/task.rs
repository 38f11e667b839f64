//! What `/proc` says of a process or thread in `stat` and `sched`.
//!
//! A name may hold anything, line ends and brackets included, and stands in the middle of both.

/// `PF_KTHREAD`: a thread of the kernel itself, which has no memory of its own.
const KERNEL_THREAD: u64 = 0x0020_0000;
/// `PF_EXITING` in the flags of a thread.
const EXITING: u64 = 0x4;

/// What `/proc/PID/stat` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The command name; what is no UTF-8 is replaced.
    pub command: String,
    /// `S`, `R`, `Z` and so on.
    pub state: u8,
    /// The number of its parent; 0 where that is in another pid namespace.
    pub parent: u32,
    pub group: i32,
    pub session: i32,
    pub flags: u64,
    /// Page faults that needed no reading; of a process those of all its threads, also of those that have ended.
    pub minor_faults: Option<u64>,
    pub threads: u64,
    /// When it started, in clock ticks since the machine did.
    pub started: u64,
    /// The CPU that it last ran on.
    pub cpu: Option<usize>,
}

impl Stat {
    pub fn parse(text: &[u8]) -> Option<Self> {
        let open = text.iter().position(|&byte| byte == b'(')?;
        let close = text.iter().rposition(|&byte| byte == b')')?;
        let command = String::from_utf8_lossy(text.get(open + 1..close)?).into_owned();
        let rest = std::str::from_utf8(&text[close + 1..]).ok()?;
        // The third field of the line is the first of these.
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |field: usize| words.get(field - 3)?.parse::<u64>().ok();
        let process = |field: usize| words.get(field - 3)?.parse::<i32>().ok();
        Some(Self {
            command,
            state: *words.first()?.as_bytes().first()?,
            parent: words.get(1)?.parse().ok()?,
            group: process(5)?,
            session: process(6)?,
            flags: number(9)?,
            minor_faults: number(10),
            threads: number(20)?,
            started: number(22)?,
            cpu: number(39).and_then(|cpu| usize::try_from(cpu).ok()),
        })
    }

    /// Whether the thread has ended, or is on its way out and no longer in any call.
    pub fn is_ending(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') || self.flags & EXITING != 0
    }

    /// Whether it is a thread of the kernel itself.
    pub fn is_kernel_thread(&self) -> bool {
        self.flags & KERNEL_THREAD != 0
    }

    /// Whether the process has ended and only waits to be reaped, where this is that of its first thread.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') && self.threads <= 1
    }

    /// Whether it can neither hold nor wait for anything: a thread of the kernel, or a process that has ended.
    pub fn cannot_hold_ipc(&self) -> bool {
        self.has_ended() || self.is_kernel_thread()
    }
}

/// When a thread last began to run, in milliseconds of the scheduler's clock, by `/proc/PID/task/TID/sched`. That clock
/// has no meaning but in comparison with another thread's.
pub fn last_ran(sched: &[u8]) -> Option<f64> {
    // The first line is the thread's name, which can look like any other line but the last of its kind.
    let mut values = sched.split(|&byte| byte == b'\n').filter_map(|line| {
        let rest = line.strip_prefix(b"se.exec_start")?.trim_ascii_start().strip_prefix(b":")?;
        std::str::from_utf8(rest).ok()?.trim().parse::<f64>().ok()
    });
    values.next_back().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Stat, last_ran};

    fn line(name: &str, state: char, flags: u64, threads: u64) -> String {
        format!("7 ({name}) {state} 1 6 5 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 {threads} 0 4711 0 0 18446744073709551615")
    }

    #[test]
    fn names_do_not_shift_the_fields() {
        for name in ["cat", "", "a) S 1 (b", ") (", "x\ny", "a b c"] {
            let stat = Stat::parse(line(name, 'S', 64, 3).as_bytes()).unwrap();
            assert_eq!((stat.command.as_str(), stat.state, stat.threads, stat.started), (name, b'S', 3, 4711));
            assert_eq!((stat.parent, stat.group, stat.session), (1, 6, 5));
            assert!(!stat.cannot_hold_ipc());
        }
        let own = std::fs::read("/proc/self/stat").unwrap();
        assert!(
            Stat::parse(&own).is_some_and(|stat| !stat.cannot_hold_ipc() && stat.started > 0 && stat.cpu.is_some())
        );
    }

    #[test]
    fn what_has_no_memory_cannot_hold_ipc() {
        let out =
            |state, flags, threads| Stat::parse(line("x", state, flags, threads).as_bytes()).unwrap().cannot_hold_ipc();
        assert!(out('I', 0x0020_8040, 1));
        assert!(out('Z', 0x40, 1));
        // The first thread has ended, others live on.
        assert!(!out('Z', 0x40, 2));
    }

    #[test]
    fn a_thread_on_its_way_out_is_in_no_call() {
        let ending = |state, flags| Stat::parse(line("x", state, flags, 2).as_bytes()).unwrap().is_ending();
        assert!(ending('Z', 0x40) && ending('R', 0x44));
        assert!(!ending('S', 0x40));
    }

    #[test]
    fn a_name_cannot_say_when_it_ran() {
        let text = b"a\nse.exec_start : 1 (7, #threads: 1)\n---\nse.exec_start        :     1031339.384678\nx : 1\n";
        assert_eq!(last_ran(text), Some(1_031_339.384_678));
        assert_eq!(last_ran(b"x\nse.exec_start : inf\n"), None);
        assert_eq!(last_ran(b""), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (Stat::parse(&text), last_ran(&text));
        }

        #[test]
        fn every_name_comes_back(name in "[^\0]{0,15}") {
            prop_assert_eq!(Stat::parse(line(&name, 'S', 0, 1).as_bytes()).unwrap().command, name);
        }
    }
}
