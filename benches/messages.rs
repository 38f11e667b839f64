//! A million short messages from a file through a queue of the default size into a file, against bare loops of `msgsnd`
//! and `msgrcv`.

use std::fs::{self, File};
use std::process::Stdio;

use crate::support::figure::{self, Target};
use crate::support::race::race;
use crate::support::run::{Cost, Folder, ipcadm, limit, or_panic};
use ipcadm_testbed::{fresh, make};

const MESSAGES: usize = 1_000_000;
const ROUNDS: usize = 7;

/// All figures.
pub(crate) fn run() {
    figure::table(&format!("{MESSAGES} messages of 15 bytes, sender and receiver together, medians of {ROUNDS} runs"));
    let folder = Folder::new();
    let (input, output) = (folder.file("messages"), folder.file("received"));
    let text: String = (0..MESSAGES).map(|number| format!("message {number:07}\n")).collect();
    or_panic(&input, fs::write(&input, &text));
    let _namespace = fresh();
    let (id, count) = (make::msg(0, 0o600).to_string(), MESSAGES.to_string());
    let pairs = [
        (
            ipcadm(["msg", "recv", &id, "--lines", "--count", &count]),
            ipcadm(["msg", "send", &id, "--lines"]).input(&input),
        ),
        (limit(["recv", &id, &count], &folder), limit(["send", &id, &count], &folder)),
    ];
    let labels = ["msg send --lines, msg recv --lines", "the limit in C: msgsnd, msgrcv"];
    let race = race(ROUNDS, &labels, |contender| {
        let (receiver, sender) = &pairs[contender];
        let output = if contender == 0 { or_panic(&output, File::create(&output)).into() } else { Stdio::null() };
        let receiver = receiver.start(output)?;
        let sender = sender.start(Stdio::null())?.reap();
        let receiver = receiver.reap();
        Some(Cost { cpu: sender.cpu + receiver.cpu, ..receiver })
    });
    assert!(fs::read(&output).is_ok_and(|received| received == text.as_bytes()), "what was sent is not what came");
    race.cpu(0, 1, Target::AtMost(1.15));
    race.wall(0, 1, Target::Open);
}
