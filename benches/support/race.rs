//! Runs of whole processes, interleaved so that a busy machine is as unfair to one as to the other.

use std::env;
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use ipcadm_testbed::ipcadm_path;

/// What one process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// From before it was started until it was reaped.
    pub(crate) millis: f64,
    /// Of the CPU, for itself and in the kernel.
    pub(crate) cpu: f64,
    /// The most memory it had resident, in millions of bytes. No less than this bench itself had when it started
    /// it, because the kernel counts from before exec.
    pub(crate) megabytes: f64,
}

/// A program to be run with standard output to a file.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// What a reader would type.
    pub(crate) label: String,
    program: Option<PathBuf>,
    /// What it is called as, if not by its path.
    name: Option<String>,
    args: Vec<String>,
    input: Option<PathBuf>,
    locale: &'static str,
}

/// The program that is measured.
pub(crate) fn ipcadm<const N: usize>(args: [&str; N]) -> Run {
    Run::new("ipcadm", Some(ipcadm_path()), &args)
}

/// The program that is measured, called by the name of one of util-linux's.
pub(crate) fn drop_in<const N: usize>(name: &str, args: [&str; N]) -> Run {
    let run = Run::new(&format!("our {name}"), Some(ipcadm_path()), &args);
    Run { name: Some(name.to_owned()), ..run }
}

/// A yardstick, which may be missing here.
pub(crate) fn tool<const N: usize>(name: &str, args: [&str; N]) -> Run {
    let path = env::var_os("PATH").unwrap_or_default();
    let program = env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    Run::new(name, program, &args)
}

impl Run {
    fn new(name: &str, program: Option<PathBuf>, args: &[&str]) -> Self {
        let label = [&[name], args].concat().join(" ");
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { label, program, name: None, args, input: None, locale: "C" }
    }

    /// Whether there is such a program.
    pub(crate) fn is_there(&self) -> bool {
        self.program.is_some()
    }

    /// In this locale instead of C.
    pub(crate) fn locale(mut self, locale: &'static str) -> Self {
        self.label = format!("{} ({locale})", self.label);
        self.locale = locale;
        self
    }

    /// Standard input is this file instead of /dev/null.
    pub(crate) fn input(mut self, file: &Path) -> Self {
        self.input = Some(file.to_owned());
        self
    }

    /// Runs it with standard output to `output`; None when there is no such program.
    #[expect(clippy::zombie_processes, reason = "reaped with wait4, which tells its memory too")]
    pub(crate) fn once(&self, output: &Path) -> Option<Cost> {
        let program = self.program.as_ref()?;
        let open = |file: &Path| File::open(file).unwrap_or_else(|e| panic!("cannot open {}: {e}", file.display()));
        let mut command = Command::new(program);
        command
            .args(&self.args)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", self.locale)
            // Unset, the C library would look at /etc/localtime for every time that a yardstick prints.
            .env("TZ", "UTC")
            .stdin(self.input.as_deref().map_or_else(Stdio::null, |file| open(file).into()))
            .stdout(File::create(output).unwrap_or_else(|e| panic!("cannot create {}: {e}", output.display())));
        if let Some(name) = &self.name {
            command.arg0(name);
        }
        let start = Instant::now();
        let child = command.spawn().unwrap_or_else(|e| panic!("cannot start {}: {e}", self.label));
        Some(reap(child.id(), start, &self.label))
    }
}

/// Runs a command, for nobody who reads what it prints.
pub(crate) fn once(command: &mut Command) -> Cost {
    once_with(command.stdout(Stdio::null()).stderr(Stdio::null()), Stdio::null())
}

/// Runs a command with this for standard input.
#[expect(clippy::zombie_processes, reason = "reaped with wait4, which tells what it took")]
pub(crate) fn once_with(command: &mut Command, input: Stdio) -> Cost {
    let label = format!("{command:?}");
    let start = Instant::now();
    let child = or_panic(Path::new(&label), command.stdin(input).spawn());
    reap(child.id(), start, &label)
}

/// The result, or a panic that names the file or program.
pub(crate) fn or_panic<T>(what: &Path, result: io::Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{}: {e}", what.display()))
}

/// Waits for the child `pid`, which must end well.
pub(crate) fn reap(pid: u32, start: Instant, label: &str) -> Cost {
    let pid = libc::pid_t::try_from(pid).unwrap_or_else(|e| panic!("pid {pid}: {e}"));
    let mut status = 0;
    // SAFETY: all zero is a valid rusage, and wait4 fills in one and a status; the child is this process's own and
    // is reaped nowhere else.
    let (reaped, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(pid, &raw mut status, 0, &raw mut usage), usage)
    };
    let millis = start.elapsed().as_secs_f64() * 1e3;
    assert_eq!(reaped, pid, "wait4: {}", io::Error::last_os_error());
    assert_eq!(status, 0, "'{label}' failed: wait status {status:#x}");
    let time = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    Cost { millis, cpu, megabytes: usage.ru_maxrss as f64 * 1024.0 / 1e6 }
}

/// The lines of a file, without holding them in this process's memory.
pub(crate) fn lines_of(file: &Path) -> usize {
    let mut reader = BufReader::new(File::open(file).unwrap_or_else(|e| panic!("cannot open {}: {e}", file.display())));
    let (mut lines, mut line) = (0, Vec::new());
    while reader.read_until(b'\n', &mut line).unwrap_or_else(|e| panic!("cannot read {}: {e}", file.display())) > 0 {
        lines += 1;
        line.clear();
    }
    lines
}

/// Calls `run(contender)` for all `contenders`, `rounds` times in changing order and once before that does not
/// count. The median times and the largest memory of each; None where there was nothing to run.
pub(crate) fn race(rounds: usize, contenders: usize, mut run: impl FnMut(usize) -> Option<Cost>) -> Vec<Option<Cost>> {
    let mut costs = vec![Vec::with_capacity(rounds); contenders];
    for round in 0..=rounds {
        for place in 0..contenders {
            let contender = (round + place) % contenders;
            let cost = run(contender);
            if round > 0 {
                costs[contender].extend(cost);
            }
        }
    }
    costs.into_iter().map(median).collect()
}

fn median(costs: Vec<Cost>) -> Option<Cost> {
    let middle = |of: fn(&Cost) -> f64| {
        let mut all: Vec<f64> = costs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let megabytes = costs.iter().map(|cost| cost.megabytes).reduce(f64::max)?;
    Some(Cost { millis: middle(|cost| cost.millis)?, cpu: middle(|cost| cost.cpu)?, megabytes })
}

/// A folder for what the processes print, removed at the end.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one, in cargo's own for such things.
    pub(crate) fn new() -> Self {
        Self::within(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// A new one in this folder, which other users can reach if they can reach that.
    pub(crate) fn within(parent: &Path) -> Self {
        let path = parent.join(format!("ipcadm-bench-{}", std::process::id()));
        or_panic(&path, fs::create_dir(&path));
        or_panic(&path, fs::set_permissions(&path, Permissions::from_mode(0o755)));
        Self(path)
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in cargo's folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
