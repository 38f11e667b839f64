//! How fast a segment of 1 GiB is saved and restored, against `cat` of the same bytes, all in `/dev/shm`.
//!
//! A ratio of whole runs on one machine; nothing is asserted. Saving makes a checksum of all bytes and restoring makes two;
//! `sha256sum` stands beside for that. The segment lives and dies with an IPC namespace of this process's own.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::figure::{self, Target};
use crate::support::race::{Folder, once_with, or_panic, race};
use ipcadm_testbed::{Kind, fresh, ipcadm_path, make};

const SIZE: usize = 1 << 30;
const ROUNDS: usize = 5;

/// All figures.
pub(crate) fn run() {
    let memory = Folder::within(Path::new("/dev/shm"));
    let (bytes, archive, out) = (memory.file("bytes"), memory.file("archive"), memory.file("out"));
    let noise = File::open("/dev/urandom").map(|noise| noise.take(SIZE as u64));
    let copied = noise.and_then(|mut noise| io::copy(&mut noise, &mut File::create(&bytes)?));
    or_panic(&bytes, copied);
    let namespace = fresh();
    let id = make::shm(0x51, SIZE, 0o600).to_string();
    let program = ipcadm_path();
    let run = |args: &[&str]| {
        let status = Command::new(&program).args(args).status();
        assert!(or_panic(&program, status).success(), "{args:?}");
    };
    run(&["shm", "write", "-q", &id, &bytes.to_string_lossy()]);
    run(&["save", "-q", "-O", &archive.to_string_lossy()]);
    figure::say(&format!("{SIZE} bytes in memory; medians of ms of {ROUNDS} runs"));
    let costs = race(ROUNDS, 4, |contender| {
        let mut command = match contender {
            0 => {
                let mut command = Command::new("cat");
                command.arg(&bytes).stdout(or_panic(&out, File::create(&out)));
                command
            }
            1 => {
                let mut command = Command::new("sha256sum");
                command.arg(&bytes).stdout(Stdio::null());
                command
            }
            2 => {
                let mut command = Command::new(&program);
                command.args(["save", "-q", &format!("shm:{id}"), "-O"]).arg(&out);
                command
            }
            _ => {
                let mut command = Command::new(&program);
                command.args(["restore", "-q", "--new-key"]).arg(&archive).stderr(Stdio::null());
                command
            }
        };
        let cost = once_with(&mut command, Stdio::null());
        drop(fs::remove_file(&out));
        for other in namespace.ids(Kind::Shm).into_iter().filter(|other| other.to_string() != id) {
            make::remove(Kind::Shm, other);
        }
        Some(cost)
    });
    for (what, cost) in [("save to a file in memory", costs[2]), ("restore from a file in memory", costs[3])] {
        figure::time(what, cost, "cat", costs[0], Target::Open);
        figure::time(what, cost, "sha256sum", costs[1], Target::Open);
    }
    // Of restoring it would be that of the segment, which is filled by way of an attachment.
    figure::memory("memory of saving", costs[2], 16.0);
}
