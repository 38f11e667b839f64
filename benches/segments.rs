//! How fast a segment of 1 GiB is read, against `cat` of the same bytes in `/dev/shm`.
//!
//! A ratio of whole runs on one machine; nothing is asserted. The segment lives and dies with an IPC namespace of this
//! process's own. Run as root, it measures root and an ordinary user, who tells data from holes in another way.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::support::figure::{self, Target};
use crate::support::race::{Cost, Folder, or_panic, race, reap};
use ipcadm_testbed::{NOBODY, fresh, ipcadm_path, is_root, make};

const SIZE: usize = 1 << 30;
const ROUNDS: usize = 7;

/// All figures.
pub(crate) fn run() {
    // Others may not reach the build folder.
    let memory = Folder::within(Path::new("/dev/shm"));
    // On a disk, if the folder for temporary files is on one.
    let disk = Folder::within(&std::env::temp_dir());
    let program = memory.file("ipcadm");
    or_panic(&program, fs::copy(ipcadm_path(), &program));
    or_panic(&program, fs::set_permissions(&program, Permissions::from_mode(0o755)));
    let bytes = memory.file("bytes");
    let noise = File::open("/dev/urandom").map(|noise| noise.take(SIZE as u64));
    let copied = noise.and_then(|mut noise| io::copy(&mut noise, &mut File::create(&bytes)?));
    or_panic(&bytes, copied);
    let _namespace = fresh();
    let id = make::shm(0, SIZE, 0o666).to_string();
    let written = Command::new(&program).args(["shm", "write", "-q", &id]).arg(&bytes).status();
    assert!(or_panic(&program, written).success(), "the segment cannot be written");

    figure::say(&format!("{SIZE} bytes; medians of ms of {ROUNDS} runs"));
    // Alone in a user namespace, there is no other user.
    let users = if is_root() { vec![("root", None), ("nobody", Some(NOBODY))] } else { vec![("ordinary user", None)] };
    let places = [("a pipe", None), ("a file in memory", Some(&memory)), ("a file", Some(&disk))];
    for (place, to) in places {
        let to = to.map(|folder| folder.file("out"));
        // Each in each place of the order: who comes last finds the most memory dirty.
        let costs = race(ROUNDS, 1 + users.len(), |contender| {
            let command = match contender.checked_sub(1).and_then(|user| users.get(user)) {
                None => {
                    let mut command = Command::new("cat");
                    command.arg(&bytes);
                    command
                }
                Some((_, user)) => {
                    let mut command = Command::new(&program);
                    command.args(["shm", "read", &id]);
                    if let Some(user) = user {
                        command.uid(*user).gid(*user);
                    }
                    command
                }
            };
            Some(once(command, to.as_deref()))
        });
        for ((user, _), cost) in users.iter().zip(&costs[1..]) {
            let most = match (&to, *user) {
                (None, _) => 0.5,
                (Some(_), "root") => 1.0,
                (Some(_), _) => 1.3,
            };
            figure::time(&format!("shm read to {place}, {user}"), *cost, "cat", costs[0], Target::AtMost(most));
        }
    }
}

/// Runs it into a fresh file, or into a pipe that is read to its end.
#[expect(clippy::zombie_processes, reason = "reaped with wait4, which tells its memory too")]
fn once(mut command: Command, to: Option<&Path>) -> Cost {
    command.stdin(Stdio::null());
    let output = to.map(|path| or_panic(path, File::create(path)));
    command.stdout(output.map_or_else(Stdio::piped, Stdio::from));
    let label = format!("{command:?}");
    let start = Instant::now();
    let mut child = or_panic(Path::new(&label), command.spawn());
    if let Some(mut pipe) = child.stdout.take() {
        let mut buffer = vec![0; 128 << 10];
        while or_panic(Path::new("a pipe"), pipe.read(&mut buffer)) > 0 {}
    }
    let cost = reap(child.id(), start, &label);
    if let Some(path) = to {
        assert_eq!(or_panic(path, fs::metadata(path)).len(), SIZE as u64, "{label} wrote something else");
        or_panic(path, fs::remove_file(path));
    }
    cost
}
