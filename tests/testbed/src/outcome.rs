//! What a child process left behind, and assertions about it.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use crate::before_main;

/// How a child process ended and what it printed. Assertions that fail show
/// the whole of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The command line, for messages.
    pub command: String,
    /// The bytes on standard output.
    pub stdout: Vec<u8>,
    /// The bytes on standard error.
    pub stderr: Vec<u8>,
    /// The exit status, unless a signal ended the process.
    pub status: Option<i32>,
    /// The signal that ended the process.
    pub signal: Option<i32>,
}

impl Outcome {
    pub(crate) fn new(command: String, end: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        let (status, signal) = (end.code(), end.signal());
        Outcome { command, stdout, stderr, status, signal }
    }

    /// Standard output as text; anything that is no UTF-8 shows as U+FFFD.
    pub fn stdout_str(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text; anything that is no UTF-8 shows as U+FFFD.
    pub fn stderr_str(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Standard output without its last line end, for a single value.
    pub fn value(&self) -> String {
        let text = self.stdout_str();
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    /// It ended with status 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.status(0)
    }

    /// It ended with this exit status.
    #[track_caller]
    pub fn status(self, status: i32) -> Self {
        self.expect(self.status == Some(status), format_args!("the exit status is not {status}"));
        self
    }

    /// It was ended by this signal.
    #[track_caller]
    pub fn signal(self, signal: i32) -> Self {
        self.expect(self.signal == Some(signal), format_args!("not ended by signal {signal}"));
        self
    }

    /// Standard output is exactly this.
    #[track_caller]
    pub fn stdout_is(self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        let wanted = String::from_utf8_lossy(text);
        self.expect(self.stdout == text, format_args!("stdout is not:\n{wanted}"));
        self
    }

    /// Standard output holds this somewhere.
    #[track_caller]
    pub fn stdout_has(self, part: &str) -> Self {
        self.expect(self.stdout_str().contains(part), format_args!("stdout lacks: {part}"));
        self
    }

    /// Standard output holds this nowhere.
    #[track_caller]
    pub fn stdout_lacks(self, part: &str) -> Self {
        self.expect(!self.stdout_str().contains(part), format_args!("stdout has: {part}"));
        self
    }

    /// Nothing was printed on standard output.
    #[track_caller]
    pub fn stdout_empty(self) -> Self {
        self.expect(self.stdout.is_empty(), format_args!("stdout is not empty"));
        self
    }

    /// Standard error is exactly this.
    #[track_caller]
    pub fn stderr_is(self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        let wanted = String::from_utf8_lossy(text);
        self.expect(self.stderr == text, format_args!("stderr is not:\n{wanted}"));
        self
    }

    /// Standard error holds this somewhere.
    #[track_caller]
    pub fn stderr_has(self, part: &str) -> Self {
        self.expect(self.stderr_str().contains(part), format_args!("stderr lacks: {part}"));
        self
    }

    /// Standard error holds this nowhere.
    #[track_caller]
    pub fn stderr_lacks(self, part: &str) -> Self {
        self.expect(!self.stderr_str().contains(part), format_args!("stderr has: {part}"));
        self
    }

    /// Without a line of standard error that may be there or not.
    pub fn but_for(mut self, line: &str) -> Self {
        let text = self.stderr_str();
        self.stderr = text.split_inclusive('\n').filter(|one| one.trim_end() != line).collect::<String>().into_bytes();
        self
    }

    /// Nothing was printed on standard error.
    #[track_caller]
    pub fn stderr_empty(self) -> Self {
        self.expect(self.stderr.is_empty(), format_args!("stderr is not empty"));
        self
    }

    #[track_caller]
    fn expect(&self, held: bool, what: fmt::Arguments<'_>) {
        assert!(held, "{what}\n{self}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- command: {}", self.command)?;
        match (self.status, self.signal) {
            (Some(status), _) => writeln!(f, "--- exit status: {status}")?,
            (None, Some(signal)) => writeln!(f, "--- ended by signal {signal}")?,
            (None, None) => writeln!(f, "--- ended in an unknown way")?,
        }
        if !before_main::of_its_own() {
            writeln!(f, "--- /proc could not be mounted, so processes outside of the test may use objects as well")?;
        }
        writeln!(f, "--- stdout:\n{}", self.stdout_str())?;
        writeln!(f, "--- stderr:\n{}\n---", self.stderr_str())
    }
}
