//! How fast messages go through `ipcadm` against two processes that do nothing but `msgsnd` and `msgrcv`.
//!
//! A million short lines from a file through a queue of the default size into a file, and the same messages from
//! one bare loop to another. A ratio of whole runs on one machine; nothing is asserted.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::support::figure::{self, Target};
use crate::support::race::{Cost, Folder, race, reap};
use ipcadm_testbed::{fresh, ipcadm_path, make};

const MESSAGES: usize = 1_000_000;
const ROUNDS: usize = 9;
/// "message 0000000"
const LENGTH: usize = 15;

/// All figures.
pub(crate) fn run() {
    let folder = Folder::new();
    let (input, output) = (folder.file("messages"), folder.file("received"));
    let text: String = (0..MESSAGES).map(|number| format!("message {number:07}\n")).collect();
    File::create(&input).and_then(|mut file| file.write_all(text.as_bytes())).unwrap_or_else(|e| panic!("{e}"));
    let _namespace = fresh();
    let id = make::msg(0, 0o600);
    let costs = race(ROUNDS, 2, |contender| {
        let start = Instant::now();
        let (receiver, sender) = if contender == 0 { ours(id, &input, &output) } else { os_message(id) };
        reap(sender, start, "sender");
        Some(reap(receiver, start, "receiver"))
    });
    let received = fs::read(&output).unwrap_or_default();
    assert!(received == text.as_bytes(), "what was received is not what was sent");
    figure::say(&format!("{MESSAGES} messages of {LENGTH} bytes; medians of ms of {ROUNDS} runs"));
    let (ours, theirs): (Option<Cost>, Option<Cost>) = (costs[0], costs[1]);
    figure::time("msg send --lines, msg recv --lines", ours, "msgsnd and msgrcv loops", theirs, Target::AtMost(1.15));
}

/// The program twice; the pids of receiver and sender.
fn ours(id: i32, input: &Path, output: &Path) -> (u32, u32) {
    let start = |args: &[&str], stdin: Stdio, stdout: Stdio| {
        let queue = id.to_string();
        let mut command = Command::new(ipcadm_path());
        command.arg("msg").arg(args[0]).arg(queue).args(&args[1..]).stdin(stdin).stdout(stdout);
        command.spawn().unwrap_or_else(|e| panic!("cannot start ipcadm: {e}")).id()
    };
    let read = File::open(input).unwrap_or_else(|e| panic!("{}: {e}", input.display()));
    let write = File::create(output).unwrap_or_else(|e| panic!("{}: {e}", output.display()));
    let count = MESSAGES.to_string();
    let receiver = start(&["recv", "--lines", "--count", &count], Stdio::null(), write.into());
    (receiver, start(&["send", "--lines"], read.into(), Stdio::null()))
}

/// Two forked loops; the pids of receiver and sender.
fn os_message(id: i32) -> (u32, u32) {
    let mut message = [0u8; 8 + 64];
    message[0] = 1;
    let child = |flow: &mut dyn FnMut() -> i64| {
        // SAFETY: this process has one thread; the child makes system calls on memory of its own and exits.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
        if pid == 0 {
            let failed = (0..MESSAGES).any(|_| flow() < 0);
            // SAFETY: takes a number and does not return.
            unsafe { libc::_exit(i32::from(failed)) };
        }
        pid.unsigned_abs()
    };
    let mut received = message;
    // SAFETY: the type and up to 64 bytes of text are written to `received`.
    let receiver =
        child(&mut || unsafe { libc::syscall(libc::SYS_msgrcv, id, received.as_mut_ptr(), 64usize, 0i64, 0) });
    // SAFETY: the type and 15 bytes of text are read from `message`.
    let sender = child(&mut || unsafe { libc::syscall(libc::SYS_msgsnd, id, message.as_ptr(), LENGTH, 0) });
    (receiver, sender)
}
