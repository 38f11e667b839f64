//! The command builder.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use super::confine::{self, Confinement, close_stdout};
use super::forking;
use super::running::Running;
use crate::{NOBODY, Outcome, World, before_main, is_root};

/// A child process to be run: arguments, environment, standard streams, and
/// what it may do.
///
/// Its environment is PATH, `LC_ALL=C` and `TZ=UTC`; standard input is
/// /dev/null; standard output and error are captured. It runs in the IPC
/// namespace of the thread that starts it, without a controlling terminal.
#[derive(Debug)]
#[must_use = "nothing runs before run() or spawn()"]
pub struct Cmd {
    path: PathBuf,
    name: OsString,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    dir: Option<PathBuf>,
    stdin: Input,
    stdout: Output,
    stderr: Output,
    confinement: Confinement,
}

#[derive(Debug)]
enum Input {
    Null,
    Bytes(Vec<u8>),
    From(PathBuf),
    Open,
}

#[derive(Debug)]
enum Output {
    Captured,
    To(PathBuf),
    ClosedPipe,
    Closed,
}

impl Cmd {
    pub(super) fn new(path: PathBuf, name: OsString) -> Self {
        let mut env = BTreeMap::new();
        env.insert("PATH".into(), env::var_os("PATH").unwrap_or_default());
        env.insert("LC_ALL".into(), "C".into());
        env.insert("TZ".into(), "UTC".into());
        Cmd {
            path,
            name,
            args: Vec::new(),
            env,
            dir: None,
            stdin: Input::Null,
            stdout: Output::Captured,
            stderr: Output::Captured,
            confinement: Confinement::default(),
        }
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// More arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Takes away an environment variable.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.env.remove(std::ffi::OsStr::new(name));
        self
    }

    /// Runs it in this folder instead of the test's.
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Standard input is a pipe with these bytes.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Input::Bytes(bytes.into());
        self
    }

    /// Standard input is this file, opened for reading.
    pub fn stdin_from(mut self, path: impl AsRef<Path>) -> Self {
        self.stdin = Input::From(path.as_ref().to_owned());
        self
    }

    /// Standard input is a pipe that stays open: see [`Running::send`].
    pub fn stdin_open(mut self) -> Self {
        self.stdin = Input::Open;
        self
    }

    /// Standard output is this file, opened for writing and not truncated:
    /// /dev/full, say.
    pub fn stdout_to(mut self, path: impl AsRef<Path>) -> Self {
        self.stdout = Output::To(path.as_ref().to_owned());
        self
    }

    /// Standard output is a pipe whose read end is closed: writing gives
    /// EPIPE.
    pub fn stdout_closed_pipe(mut self) -> Self {
        self.stdout = Output::ClosedPipe;
        self
    }

    /// Standard output is closed from the start, as a shell's `>&-` leaves
    /// it.
    pub fn stdout_closed(mut self) -> Self {
        self.stdout = Output::Closed;
        self
    }

    /// It may lock this many bytes into RAM (RLIMIT_MEMLOCK), unless it has
    /// CAP_IPC_LOCK.
    pub fn may_lock(mut self, bytes: u64) -> Self {
        self.confinement.memlock = Some(bytes);
        self
    }

    /// It may start neither processes nor threads (RLIMIT_NPROC), unless it is root's or has rights.
    pub fn last_process(mut self) -> Self {
        self.confinement.is_last = true;
        self
    }

    /// Standard error is this file, opened for writing and not truncated.
    pub fn stderr_to(mut self, path: impl AsRef<Path>) -> Self {
        self.stderr = Output::To(path.as_ref().to_owned());
        self
    }

    /// It runs without any rights: as [`NOBODY`] when there are several users
    /// ([`is_root`]), otherwise as the same user without capabilities, who
    /// still owns what the test made.
    pub fn unprivileged(mut self) -> Self {
        self.confinement.user = is_root().then_some((NOBODY, NOBODY));
        self.confinement.no_capabilities = true;
        self
    }

    /// It runs as this user and the group of the same number, without
    /// supplementary groups.
    ///
    /// # Panics
    ///
    /// When not [`is_root`].
    pub fn uid(self, uid: u32) -> Self {
        self.ids(uid, uid)
    }

    /// It runs as this user and group, without supplementary groups.
    ///
    /// # Panics
    ///
    /// When not [`is_root`].
    pub fn ids(mut self, uid: u32, gid: u32) -> Self {
        assert!(is_root(), "a test that needs two users must ask is_root() first");
        self.confinement.user = Some((uid, gid));
        self
    }

    /// The kernel ends it, past all handlers, when it makes this system call
    /// (`libc::SYS_…`); it shows as signal SIGSYS.
    pub fn killed_at(mut self, call: i64) -> Self {
        self.confinement.filter = Some((number(call), confine::KILL));
        self
    }

    /// It lives on a kernel without this system call.
    pub fn without_call(mut self, call: i64) -> Self {
        self.confinement.filter = Some((number(call), confine::MISSING));
        self
    }

    /// It runs in this world, whatever else is taken from it there.
    /// [`Running::pid`] and signals are then of a process that waits for it
    /// outside.
    pub fn inside(mut self, world: &World) -> Self {
        self.confinement.world = Some(world.entry().unwrap_or_else(|e| panic!("a descriptor: {e}")));
        self
    }

    /// It finds /proc empty.
    pub fn without_proc(mut self) -> Self {
        self.confinement.hidden = Some(c"/proc");
        self
    }

    /// It finds /proc/sysvipc empty, as on gVisor.
    pub fn without_sysvipc(mut self) -> Self {
        self.confinement.hidden = Some(c"/proc/sysvipc");
        self
    }

    /// It finds this file in the place of /etc/passwd, and so the names of
    /// users in it.
    ///
    /// # Panics
    ///
    /// When the path has a NUL.
    pub fn accounts(mut self, file: impl AsRef<Path>) -> Self {
        let path = std::ffi::CString::new(file.as_ref().as_os_str().as_encoded_bytes()).expect("a path without NUL");
        self.confinement.accounts = Some(path);
        self
    }

    /// It finds /dev/shm empty: `ipcrm --all` of newer util-linux removes all
    /// that is there.
    pub fn without_dev_shm(mut self) -> Self {
        self.confinement.hidden = Some(c"/dev/shm");
        self
    }

    /// Runs it to its end. A child that has not ended after a minute is
    /// killed, which shows as signal 9.
    pub fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts it and returns at once. See [`Running`].
    pub fn spawn(mut self) -> Running {
        before_main::require();
        let description = self.description();
        let mut child = self.start().unwrap_or_else(|e| panic!("cannot start {description}: {e}"));
        let stdin = child.stdin.take();
        let stdin = match self.stdin {
            Input::Bytes(bytes) => {
                feed(stdin, bytes);
                None
            }
            Input::Null | Input::From(_) | Input::Open => stdin,
        };
        Running::new(description, child, stdin)
    }

    fn start(&mut self) -> io::Result<Child> {
        let mut command = Command::new(&self.path);
        command.arg0(&self.name).args(&self.args).env_clear().envs(&self.env);
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command.stdin(match &self.stdin {
            Input::Null => Stdio::null(),
            Input::From(path) => File::open(path)?.into(),
            Input::Bytes(_) | Input::Open => Stdio::piped(),
        });
        command.stdout(self.stdout.stdio()?);
        command.stderr(self.stderr.stdio()?);
        if matches!(self.stdout, Output::Closed) {
            close_stdout(&mut command);
        }
        let argv = [&self.name].into_iter().chain(&self.args);
        self.confinement.apply(&mut command, &self.path, argv, &self.env)?;
        let _guard = forking();
        command.spawn()
    }

    fn description(&self) -> String {
        let mut text = self.name.to_string_lossy().into_owned();
        for arg in &self.args {
            let arg = arg.to_string_lossy();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_=:./,+@%".contains(c);
            match !arg.is_empty() && arg.chars().all(plain) {
                true => text.extend([" ", &arg]),
                false => text.push_str(&format!(" {arg:?}")),
            }
        }
        text + &self.confinement.to_string()
    }
}

impl Output {
    fn stdio(&self) -> io::Result<Stdio> {
        Ok(match self {
            Output::Captured => Stdio::piped(),
            Output::To(path) => File::options().write(true).open(path)?.into(),
            Output::ClosedPipe => io::pipe()?.1.into(),
            Output::Closed => Stdio::null(),
        })
    }
}

fn number(call: i64) -> u32 {
    call.try_into().unwrap_or_else(|_| panic!("{call} is no system call"))
}

/// Writes the bytes from a thread, so that a child which prints before it has
/// read everything does not stop. A child may well not read them all.
fn feed(pipe: Option<impl io::Write + Send + 'static>, bytes: Vec<u8>) {
    if let Some(mut pipe) = pipe {
        thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
}
