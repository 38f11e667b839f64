//! How fast the users of an object, and those who may use it, are found among 500 processes.
//!
//! ```text
//! cargo bench --bench who
//! ```
//!
//! The yardstick for a segment, and for what nobody is seen to use, is a program that does nothing but read the mappings
//! of all processes, and `lsof` where it is installed. Ratios of whole runs on one machine; nothing is asserted. The objects live and die with an IPC
//! namespace of this process's own.

#[allow(dead_code, reason = "shared with other benches, which use other parts")]
mod support;

use std::fs::{self, File};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use ipcadm_testbed::{fresh, ipcadm_path, make};
use support::figure::{self, Target};
use support::race::{Cost, race, reap};

const PROCESSES: usize = 500;
const ROUNDS: usize = 11;
/// What this program is told when it is to be the yardstick.
const READ_ALL: &str = "--read-all";

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(name) = args.iter().position(|arg| arg == READ_ALL).and_then(|at| args.get(at + 1)) {
        read_all(name);
        return;
    }
    // Without it this is 'cargo test --all-targets', which wants no timings.
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let _namespace = fresh();
    let crowd = Crowd::new();
    let (segment, set) = (make::shm(0, 4096, 0o600), make::sem(0, 1, 0o600));
    // Whoever may use it is asked of all, and of what they can do.
    make::by_dead_process(|| {
        make::setall(make::sem(0, 1, 0o600), &[1]);
        0
    });
    // The last to be looked at.
    let holder = make::holder(segment);
    let sleeper = make::blocked_semop(set, 0, -1);
    figure::say(&format!("{PROCESSES} processes; medians of ms of {ROUNDS} runs"));
    let own = std::env::current_exe().unwrap_or_else(|e| panic!("where is this executable: {e}"));
    let own = own.to_string_lossy().into_owned();
    let program = ipcadm_path().to_string_lossy().into_owned();
    let (segment, set) = (format!("shm:{segment}"), format!("sem:{set}"));
    let runs = [
        vec![program.as_str(), "who", &segment],
        vec![own.as_str(), READ_ALL, "maps"],
        vec![program.as_str(), "who", &set],
        vec![own.as_str(), READ_ALL, "syscall"],
        vec![program.as_str(), "ls", "-o", "+state"],
        vec![program.as_str(), "clean", "--dry-run", "--grace", "0"],
        vec![program.as_str(), "ps"],
        vec!["lsof", "-n"],
    ];
    let costs = race(ROUNDS, runs.len(), |contender| once(&runs[contender]));
    let [who, maps, waiters, syscalls, state, plan, ps, lsof] = costs.as_slice() else { return };
    figure::time("who of a segment", *who, "reading all maps", *maps, Target::AtMost(2.0));
    figure::time("who of a set", *waiters, "reading all syscall", *syscalls, Target::AtMost(2.0));
    figure::time("ls -o +state", *state, "reading all maps", *maps, Target::Open);
    figure::time("clean --dry-run", *plan, "reading all maps", *maps, Target::Open);
    figure::time("who of a segment", *who, "lsof -n", *lsof, Target::Open);
    figure::time("ps", *ps, "lsof -n", *lsof, Target::Open);
    drop((crowd, holder, sleeper));
}

/// Reads a file of every process with one buffer, as a program in C would.
fn read_all(name: &str) {
    let mut buffer = [0; 64 << 10];
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name();
        if !pid.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            continue;
        }
        let Ok(mut file) = File::open(format!("/proc/{}/{name}", pid.to_string_lossy())) else { continue };
        while file.read(&mut buffer).is_ok_and(|count| count > 0) {}
    }
}

fn once(command: &[&str]) -> Option<Cost> {
    let mut run = Command::new(command[0]);
    run.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let child = run.spawn().ok()?;
    Some(reap(child.id(), start, command[0]))
}

/// Processes that do nothing, ended with this.
struct Crowd(Vec<Child>);

impl Crowd {
    fn new() -> Self {
        let sleep = || Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Self((0..PROCESSES).map(|_| sleep().unwrap_or_else(|e| panic!("cannot start sleep: {e}"))).collect())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
