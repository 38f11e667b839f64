//! Reading a segment of 1 GiB, against `cat` of the same bytes in `/dev/shm`. Prints ratios; asserts nothing.
//!
//! The segment lives and dies with an IPC namespace of this process's own. Two kinds of callers are compared if it runs
//! as root: root itself and an ordinary user.
#![expect(clippy::print_stdout, reason = "a bench reports")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ipcadm_testbed::{NOBODY, fresh, ipcadm_path, is_root};

const SIZE: u64 = 1 << 30;
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let _namespace = fresh();
    // Others may not reach the build folder.
    let scratch = Path::new("/dev/shm").join(format!("ipcadm-bench-{}", std::process::id()));
    fs::create_dir(&scratch)?;
    let result = bench(&scratch);
    fs::remove_dir_all(&scratch)?;
    result
}

fn bench(scratch: &Path) -> Result<(), Box<dyn Error>> {
    let program = scratch.join("ipcadm");
    fs::copy(ipcadm_path(), &program)?;
    open_to_all(scratch)?;
    open_to_all(&program)?;
    let bytes = scratch.join("bytes");
    let created = output(Command::new(&program).args(["shm", "create", "1G", "--mode", "0666"]))?;
    let segment = created.trim().to_owned();
    let mut noise = File::open("/dev/urandom")?.take(SIZE);
    io::copy(&mut noise, &mut File::create(&bytes)?)?;
    output(Command::new(&program).args(["shm", "write", &segment]).arg(&bytes))?;

    let cat = || {
        let mut command = Command::new("cat");
        command.arg(&bytes);
        command
    };
    let read = |user: u32| {
        let mut command = Command::new(&program);
        command.args(["shm", "read", &segment]);
        if user != 0 {
            command.uid(user).gid(user);
        }
        command
    };
    // On a disk, if the folder for temporary files is on one.
    let files = std::env::temp_dir().join(format!("ipcadm-bench-{}", std::process::id()));
    for (place, to) in [("a pipe", None), ("a file in memory", Some(scratch.join("out"))), ("a file", Some(files))] {
        let mut times = [const { Vec::new() }; 3];
        // Each in each place of the order: who comes last finds the most memory dirty.
        for turn in 0..3 * ROUNDS {
            let which = (turn + turn / 3) % 3;
            let command = match which {
                0 => cat(),
                1 => read(0),
                // Alone in a user namespace, there is no other user.
                _ => read(if is_root() { NOBODY } else { 0 }),
            };
            times[which].push(time(command, to.as_ref())?);
        }
        let [cat, root, nobody] = times.map(median);
        println!(
            "1 GiB to {place}: cat {:.0} ms; shm read as root {:.0} ms ({:.2}x), as nobody {:.0} ms ({:.2}x)",
            milliseconds(cat),
            milliseconds(root),
            root.as_secs_f64() / cat.as_secs_f64(),
            milliseconds(nobody),
            nobody.as_secs_f64() / cat.as_secs_f64(),
        );
    }
    output(Command::new(&program).args(["rm", "--yes", &segment]))?;
    Ok(())
}

fn open_to_all(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
}

/// Runs it with a fresh file or a pipe that is read to its end.
fn time(mut command: Command, to: Option<&PathBuf>) -> Result<Duration, Box<dyn Error>> {
    command.stderr(Stdio::inherit());
    let begun;
    let status = match to {
        Some(path) => {
            command.stdout(File::create(path)?);
            begun = Instant::now();
            command.status()?
        }
        None => {
            begun = Instant::now();
            let mut child = command.stdout(Stdio::piped()).spawn()?;
            if let Some(mut pipe) = child.stdout.take() {
                let mut buffer = vec![0; 128 << 10];
                while pipe.read(&mut buffer)? > 0 {}
            }
            child.wait()?
        }
    };
    let took = begun.elapsed();
    if let Some(path) = to {
        fs::remove_file(path)?;
    }
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(took)
}

fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
