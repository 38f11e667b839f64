//! A message and a signal that come in the same moment: what was taken goes back, though nobody reads the output.
//!
//! In a process of its own, for a signal that was caught stays caught.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ipcadm::queue::Format;
use ipcadm::queue::encode::Encoder;
use ipcadm::queue::sink::{Sink, Unwritten};
use ipcadm::sys::signals::wake::{Waited, WakeTimer};
use ipcadm_testbed::apart;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pipe that takes no further byte.
fn full_pipe() -> (io::PipeReader, File) {
    let (reader, writer) = io::pipe().expect("a pipe");
    let mut file = File::from(OwnedFd::from(writer));
    let set = |file: &File, flags: i32| {
        // SAFETY: takes numbers only.
        assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags) }, 0);
    };
    set(&file, libc::O_NONBLOCK);
    while file.write(&[0; 4096]).is_ok() {}
    set(&file, 0);
    (reader, file)
}

#[test]
fn a_write_after_the_signal_does_not_sleep_on() {
    apart!("a_write_after_the_signal_does_not_sleep_on", || {
        let mut timer = WakeTimer::new().expect("a timer");
        timer.catch_signals().expect("handlers");
        let (reader, file) = full_pipe();
        let mut sink = Sink::new(file, Encoder::new(Format::Lines, false), None);
        // A write that nothing interrupts gets another error in the end.
        let (done, wait) = mpsc::channel::<()>();
        let watchdog = thread::spawn(move || {
            let _ = wait.recv_timeout(PATIENCE);
            drop(reader);
        });
        // The signal comes when the message is taken already.
        let deadline = Instant::now().checked_add(2 * PATIENCE);
        let taken = timer.wait(deadline, || {
            // SAFETY: takes a number; its handler was installed above.
            unsafe { libc::raise(libc::SIGTERM) };
            Ok(())
        });
        assert_eq!(taken, Ok(Waited::Done(())));
        assert!(sink.add(1, b"taken").is_ok());
        let unwritten = sink.flush();
        assert!(
            matches!(unwritten, Err(Unwritten::Stopped(signal)) if signal.number() == libc::SIGTERM),
            "{unwritten:?}"
        );
        assert_eq!(sink.take_unwritten().len(), 1);
        drop(done);
        watchdog.join().expect("the watchdog");
    });
}
