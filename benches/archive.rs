//! How fast a segment of 1 GiB is saved and restored, against `cat` of the same bytes, all in `/dev/shm`.
//!
//! ```text
//! cargo bench --bench archive
//! ```
//!
//! A ratio of whole runs on one machine; nothing is asserted. Saving makes a checksum of all bytes and restoring makes two;
//! `sha256sum` stands beside for that. The segment lives and dies with an IPC namespace of this process's own.

#[allow(dead_code, reason = "shared with other benches, which use other parts")]
mod support;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use ipcadm_testbed::{Kind, fresh, ipcadm_path, make};
use support::figure::{self, Target};
use support::race::{Cost, race, reap};

const SIZE: usize = 1 << 30;
const ROUNDS: usize = 5;

fn main() {
    // Without it this is 'cargo test --all-targets', which wants no timings.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let memory = Scratch::new(Path::new("/dev/shm"));
    let (bytes, archive, out) = (memory.0.join("bytes"), memory.0.join("archive"), memory.0.join("out"));
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
        let cost = once(&mut command);
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

#[expect(clippy::zombie_processes, reason = "reaped with wait4, which tells its memory too")]
fn once(command: &mut Command) -> Cost {
    let label = format!("{command:?}");
    let start = Instant::now();
    let child = or_panic(Path::new(&label), command.stdin(Stdio::null()).spawn());
    reap(child.id(), start, &label)
}

fn or_panic<T>(what: &Path, result: io::Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{}: {e}", what.display()))
}

/// A folder that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(parent: &Path) -> Self {
        let path = parent.join(format!("ipcadm-bench-{}", std::process::id()));
        or_panic(&path, fs::create_dir(&path));
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A bench that cannot clean up has still measured.
        let _ = fs::remove_dir_all(&self.0);
    }
}
