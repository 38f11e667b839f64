//! What the drop-ins share: messages, `-V` and `-h`, standard output as the C library's streams treat it, times.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use super::Tool;
use super::getopt::Bad;
use crate::render::escape::escape;
use crate::render::units::{push_i64, push_u64};
use crate::sys::clock::{LocalTime, local_time};
use crate::sys::{Errno, Timestamp, signals, startup};

/// The release of util-linux whose behaviour the drop-ins have.
pub const UTIL_LINUX: &str = "2.42";

/// Output is handed on in pieces of about this size.
const PIECE: usize = 64 * 1024;

/// Says something on standard error behind the tool's name. Nothing can be done where that fails.
pub fn say(tool: Tool, message: impl Display) {
    let line = format!("{}: {}\n", tool.name(), harmless(&message.to_string()));
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Says what is wrong with the command line as getopt does, and where to find help.
pub fn usage_error(tool: Tool, bad: &Bad) -> ExitCode {
    say(tool, bad);
    try_help(tool)
}

/// Says where to find help; for a command line that was complained of.
pub fn try_help(tool: Tool) -> ExitCode {
    let line = format!("Try '{} --help' for more information.\n", tool.name());
    let _ = io::stderr().write_all(line.as_bytes());
    ExitCode::FAILURE
}

/// Answers `-V`. Scripts look for `util-linux` and a number behind it, or for the last word.
pub fn version(tool: Tool) -> ExitCode {
    let ours = env!("CARGO_PKG_VERSION");
    print(tool, &format!("{} from ipcadm {ours}, compatible with util-linux {UTIL_LINUX}\n", tool.name()))
}

/// Prints a text and ends well, unless it cannot be printed: for `-h`.
pub fn print(tool: Tool, text: &str) -> ExitCode {
    let mut out = Out::new();
    out.text.push_str(text);
    out.finish(tool, ExitCode::SUCCESS)
}

/// An argument as it stands in a message.
#[must_use]
pub fn shown(arg: &OsStr) -> String {
    arg.to_string_lossy().into_owned()
}

/// Escapes what could deceive a terminal, a line at a time. A backslash by itself cannot, and stays as it was typed.
#[must_use]
pub fn harmless(text: &str) -> String {
    text.split('\\').map(escape).collect::<Vec<_>>().join("\\")
}

/// Standard output, which remembers that it failed until the end, as the C library's does.
#[derive(Debug, Default)]
pub struct Out {
    /// What was not handed on yet; append to it, and call [`Out::row`] now and then.
    pub text: String,
    file: Option<File>,
    failed: Option<io::Error>,
}

impl Out {
    /// Nothing is opened before there is something to print.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands on what has gathered if it is much: to be called after every row.
    pub fn row(&mut self) {
        if self.text.len() >= PIECE {
            self.flush();
        }
    }

    /// Hands on what has gathered.
    pub fn flush(&mut self) {
        if self.text.is_empty() || self.failed.is_some() {
            self.text.clear();
            return;
        }
        if let Err(error) = self.write() {
            self.failed = Some(error);
        }
        self.text.clear();
    }

    fn write(&mut self) -> io::Result<()> {
        if startup::stdout_was_closed() {
            return Err(Errno::from_raw(libc::EBADF).into());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(io::stdout().as_fd().try_clone_to_owned().map(File::from)?),
        };
        file.write_all(self.text.as_bytes())
    }

    /// Hands on the rest. The exit status is `status`, or failure when not everything could be printed; a reader that
    /// has gone away ends the program by `SIGPIPE`, or is no failure where that signal is ignored.
    pub fn finish(mut self, tool: Tool, status: ExitCode) -> ExitCode {
        self.flush();
        match self.failed {
            None => status,
            Some(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                if !startup::sigpipe_was_ignored() {
                    signals::die_by(signals::Signal::PIPE);
                }
                status
            }
            Some(error) => {
                say(tool, format_args!("write error: {}", reason(&error)));
                ExitCode::FAILURE
            }
        }
    }
}

/// The C library's text for an error.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |number| Errno::from_raw(number).to_string())
}

/// Blanks up to column `width` of a cell that began at `start`.
pub fn pad(out: &mut String, start: usize, width: usize) {
    const BLANKS: &str = "                                                                ";
    let missing = width.saturating_sub(out.len() - start);
    match BLANKS.get(..missing) {
        Some(blanks) => out.push_str(blanks),
        None => out.extend(std::iter::repeat_n(' ', missing)),
    }
}

/// `text`, and blanks up to `width` bytes.
pub fn push_left(out: &mut String, text: &str, width: usize) {
    let start = out.len();
    out.push_str(text);
    pad(out, start, width);
}

/// `number`, and blanks up to `width`.
pub fn push_left_u64(out: &mut String, number: u64, width: usize) {
    let start = out.len();
    push_u64(out, number);
    pad(out, start, width);
}

/// `number`, and blanks up to `width`.
pub fn push_left_i64(out: &mut String, number: i64, width: usize) {
    let start = out.len();
    push_i64(out, number);
    pad(out, start, width);
}

/// `number` in octal without leading zeros, as `%o` prints it.
pub fn push_octal(out: &mut String, number: u32) {
    let mut shift = (number.checked_ilog2().unwrap_or(0) / 3) * 3;
    loop {
        out.push(char::from(b'0' + ((number >> shift) & 7) as u8));
        if shift == 0 {
            return;
        }
        shift -= 3;
    }
}

/// A size as util-linux shows it to humans: powers of 1024 with one letter, and one decimal unless that is 0, which is
/// cut to three decimals first and then rounded.
pub fn push_human(out: &mut String, bytes: u64) {
    const LETTERS: [char; 7] = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];
    let unit = (bytes.checked_ilog2().unwrap_or(0) / 10) as usize;
    let shift = unit * 10;
    let mut whole = bytes >> shift;
    let below = bytes & ((1 << shift) - 1);
    let thousandths = ((u128::from(below) * 1000) >> shift) as u64;
    let mut tenths = (thousandths + 50) / 100;
    if tenths == 10 {
        whole += 1;
        tenths = 0;
    }
    push_u64(out, whole);
    if tenths > 0 {
        out.push('.');
        push_u64(out, tenths);
    }
    out.push(LETTERS[unit]);
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// The name of a month from 1 on, in the C locale: `Jan`.
#[must_use]
pub fn month_name(month: u8) -> &'static str {
    MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"???")
}

/// Two digits.
pub fn push_two(out: &mut String, number: u8) {
    out.push(char::from(b'0' + number / 10 % 10));
    out.push(char::from(b'0' + number % 10));
}

/// `Nov  1 05:13:50`.
fn push_day_and_time(out: &mut String, time: &LocalTime) {
    out.push_str(month_name(time.month));
    out.push_str(if time.day < 10 { "  " } else { " " });
    push_u64(out, time.day.into());
    out.push(' ');
    push_clock(out, time);
}

/// `05:13:50`.
pub fn push_clock(out: &mut String, time: &LocalTime) {
    push_two(out, time.hour);
    out.push(':');
    push_two(out, time.minute);
    out.push(':');
    push_two(out, time.second);
}

/// A time as ctime(3) writes it: `Sat Nov  1 05:13:50 2026`; in seconds since 1970 where the calendar ends.
pub fn push_ctime(out: &mut String, time: Timestamp) {
    let Some(local) = local_time(time) else { return push_i64(out, time.seconds()) };
    out.push_str(DAYS.get(usize::from(local.weekday)).unwrap_or(&"???"));
    out.push(' ');
    push_day_and_time(out, &local);
    out.push(' ');
    push_i64(out, local.year);
}

/// A time as ctime(3) writes it without day of the week and year: `Nov  1 05:13:50`.
pub fn push_ctime_without_year(out: &mut String, time: Timestamp) {
    match local_time(time) {
        Some(local) => push_day_and_time(out, &local),
        None => push_i64(out, time.seconds()),
    }
}

/// The error of a failed call in the words of the C library, behind what failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a>(pub &'a str, pub Errno);

impl Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{harmless, push_human, push_octal};

    fn text(push: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn octal_and_human_numbers() {
        for (number, octal) in
            [(0, "0"), (7, "7"), (8, "10"), (0o600, "600"), (0o2606, "2606"), (u32::MAX, "37777777777")]
        {
            assert_eq!(text(|out| push_octal(out, number)), octal);
        }
        for (bytes, shown) in [
            (0, "0B"),
            (1, "1B"),
            (1023, "1023B"),
            (1024, "1K"),
            (16000, "15.6K"),
            (65537, "64K"),
            (3 << 30, "3G"),
            (u64::MAX, "16E"),
            ((1 << 20) - 1, "1024K"),
        ] {
            assert_eq!(text(|out| push_human(out, bytes)), shown, "{bytes}");
        }
    }

    #[test]
    fn messages_do_no_harm_and_stay_as_they_were_typed() {
        assert_eq!(harmless(r"a\b '\x'"), r"a\b '\x'");
        assert_eq!(harmless("a\nb\x1b[2J"), r"a\nb\x1b[2J");
    }
}
