//! Programs that are run and measured, and a folder for what they write.

use std::env;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use ipcadm_testbed::ipcadm_path;

/// What one process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Milliseconds of the CPU, for itself, for children that it waited for, and in the kernel.
    pub(crate) cpu: f64,
    /// Milliseconds from before it was started until it was reaped.
    pub(crate) wall: f64,
    /// The most memory it had resident, in millions of bytes. No less than this bench itself had when it started
    /// it, because the kernel counts from before exec.
    pub(crate) megabytes: f64,
}

/// A program to be run.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// What a reader would type.
    pub(crate) label: String,
    /// None where it is not installed.
    program: Option<PathBuf>,
    /// What it is called as, if not by its path.
    name: Option<String>,
    args: Vec<String>,
    input: Option<PathBuf>,
    locale: &'static str,
    user: Option<u32>,
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

/// What removes all objects of these kinds that are orphans, or would be if more were recorded of who has used them; of
/// all kinds if none is named.
pub(crate) fn clean<const N: usize>(kinds: [&str; N]) -> Run {
    let run = ipcadm(["clean", "--yes"]).args(&kinds);
    run.args(&["-q", "--grace", "0", "--state", "orphan", "--state", "unknown"])
}

/// A yardstick, which may be missing here.
pub(crate) fn tool<const N: usize>(name: &str, args: [&str; N]) -> Run {
    let path = env::var_os("PATH").unwrap_or_default();
    let program = env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    Run::new(name, program, &args)
}

/// A program that reads this file of every process or thread, and does nothing else.
pub(crate) fn read_all(file: &str) -> Run {
    tool("sh", ["-c", &format!("exec cat /proc/[0-9]*/{file}")]).label(&format!("cat /proc/*/{file}"))
}

/// The least that can be done: see `limit.c`, which is compiled into the folder. Missing where there is no C compiler.
pub(crate) fn limit<const N: usize>(args: [&str; N], folder: &Folder) -> Run {
    let program = folder.file("limit");
    if !program.is_file() {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/limit.c");
        let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
        // Whether it has come to be is what counts.
        let _ = compiler.args(["-O2", "-o"]).arg(&program).arg(source).stdin(Stdio::null()).status();
    }
    Run::new("the limit in C:", program.is_file().then_some(program), &args)
}

impl Run {
    pub(crate) fn new(name: &str, program: Option<PathBuf>, args: &[&str]) -> Self {
        let label = [&[name], args].concat().join(" ");
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { label, program, name: None, args, input: None, locale: "C", user: None }
    }

    /// Under another label.
    pub(crate) fn label(self, label: &str) -> Self {
        Self { label: label.to_owned(), ..self }
    }

    /// With more arguments, under the same label.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// Called by the name of one of util-linux's.
    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// In this locale instead of C.
    pub(crate) fn locale(self, locale: &'static str) -> Self {
        Self { label: format!("{} ({locale})", self.label), locale, ..self }
    }

    /// Standard input is this file instead of /dev/null.
    pub(crate) fn input(self, file: &Path) -> Self {
        Self { input: Some(file.to_owned()), ..self }
    }

    /// As this user, who has to be able to reach the program. None is the one who runs this.
    pub(crate) fn user(self, user: Option<u32>) -> Self {
        Self { user, ..self }
    }

    /// Runs it with standard output to a file; None when there is no such program.
    pub(crate) fn once(&self, output: &Path) -> Option<Cost> {
        Some(self.start(or_panic(output, File::create(output)).into())?.reap())
    }

    /// Runs it with standard output to a pipe that is read to its end; None when there is no such program.
    pub(crate) fn once_to_pipe(&self) -> Option<Cost> {
        let (mut reader, writer) = io::pipe().unwrap_or_else(|e| panic!("pipe: {e}"));
        let started = self.start(writer.into())?;
        or_panic(Path::new("a pipe"), io::copy(&mut reader, &mut io::sink()));
        Some(started.reap())
    }

    /// Starts it; None when there is no such program.
    #[expect(clippy::zombie_processes, reason = "reaped with wait4, which tells what it took")]
    pub(crate) fn start(&self, output: Stdio) -> Option<Started> {
        let mut command = Command::new(self.program.as_ref()?);
        let open = |file: &PathBuf| or_panic(file, File::open(file)).into();
        command
            .args(&self.args)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", self.locale)
            // Unset, the C library would look at /etc/localtime for every time that a yardstick prints.
            .env("TZ", "UTC")
            .stdin(self.input.as_ref().map_or_else(Stdio::null, open))
            .stdout(output)
            .stderr(Stdio::null());
        if let Some(name) = &self.name {
            command.arg0(name);
        }
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let start = Instant::now();
        let child = command.spawn().unwrap_or_else(|e| panic!("cannot start {}: {e}", self.label));
        Some(Started { pid: child.id(), start, label: self.label.clone() })
    }
}

impl AsRef<str> for Run {
    fn as_ref(&self) -> &str {
        &self.label
    }
}

/// A process that runs.
#[derive(Debug)]
pub(crate) struct Started {
    pid: u32,
    start: Instant,
    label: String,
}

impl Started {
    /// Waits for it; it must end well.
    pub(crate) fn reap(self) -> Cost {
        let pid = libc::pid_t::try_from(self.pid).unwrap_or_else(|e| panic!("pid {}: {e}", self.pid));
        let mut status = 0;
        // SAFETY: all zero is a valid rusage, and wait4 fills in one and a status; the child is this process's own and
        // is reaped nowhere else.
        let (reaped, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            (libc::wait4(pid, &raw mut status, 0, &raw mut usage), usage)
        };
        let wall = self.start.elapsed().as_secs_f64() * 1e3;
        assert_eq!(reaped, pid, "wait4: {}", io::Error::last_os_error());
        assert_eq!(status, 0, "'{}' failed: wait status {status:#x}", self.label);
        let time = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
        let cpu = time(usage.ru_utime) + time(usage.ru_stime);
        Cost { cpu, wall, megabytes: usage.ru_maxrss as f64 * 1024.0 / 1e6 }
    }
}

/// The result, or a panic that names the file or program.
pub(crate) fn or_panic<T>(what: &Path, result: io::Result<T>) -> T {
    result.unwrap_or_else(|e| panic!("{}: {e}", what.display()))
}

/// The lines of a file.
pub(crate) fn lines_of(file: &Path) -> usize {
    or_panic(file, fs::read(file)).iter().filter(|&&byte| byte == b'\n').count()
}

/// A folder for what the processes write, removed at the end.
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

    /// The same as an argument.
    pub(crate) fn path(&self, name: &str) -> String {
        self.file(name).to_string_lossy().into_owned()
    }

    /// A copy of a program in it, as installing makes one, which others can reach.
    pub(crate) fn program(&self, original: &Path) -> PathBuf {
        let program = self.file("ipcadm");
        or_panic(original, fs::copy(original, &program));
        or_panic(&program, fs::set_permissions(&program, Permissions::from_mode(0o755)));
        program
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in cargo's folder does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
