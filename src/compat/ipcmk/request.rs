//! Parses the command line of `ipcmk`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::size;
use crate::compat::getopt::{self, Item, Spec, Value};
use crate::compat::numbers::{self, BadNumber};
use crate::compat::stop::Stop;
use crate::compat::tool::shown;
use crate::sys::{Errno, Mode};

/// What to make. The last option of a kind wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Bytes.
    pub segment: Option<u64>,
    /// Number of semaphores.
    pub set: Option<u32>,
    pub queue: bool,
    pub mode: Mode,
}

#[derive(Clone, Copy, Debug)]
enum Opt {
    Segment,
    Set,
    Queue,
    Mode,
    Posix(&'static str),
    Help,
    Version,
}

const OPTIONS: [Spec<Opt>; 10] = [
    Spec::new(b'M', "shmem", Value::Required, Opt::Segment),
    Spec::new(b'S', "semaphore", Value::Required, Opt::Set),
    Spec::new(b'Q', "queue", Value::No, Opt::Queue),
    Spec::new(b'p', "mode", Value::Required, Opt::Mode),
    // POSIX options are refused with and without a value.
    Spec::new(b'm', "posix-shmem", Value::Optional, Opt::Posix("--posix-shmem")),
    Spec::new(b's', "posix-semaphore", Value::No, Opt::Posix("--posix-semaphore")),
    Spec::new(b'q', "posix-mqueue", Value::No, Opt::Posix("--posix-mqueue")),
    Spec::new(b'n', "name", Value::Optional, Opt::Posix("--name")),
    Spec::new(b'h', "help", Value::No, Opt::Help),
    Spec::new(b'V', "version", Value::No, Opt::Version),
];

const DEFAULT_MODE: u32 = 0o644;
const LARGEST_MODE: u64 = 0o7777;

/// Parses the options; operands are ignored, as by util-linux.
pub fn read(args: &[OsString]) -> Result<Work, Stop> {
    let mut work = Work { segment: None, set: None, queue: false, mode: Mode::new(DEFAULT_MODE) };
    for item in getopt::read(args, &OPTIONS) {
        let (option, value) = match item {
            Ok(Item::Option(option, value)) => (option, value.unwrap_or_default()),
            Ok(Item::Operand(_)) => continue,
            Err(bad) => return Err(bad.posix().map(not_supported).unwrap_or_else(|| bad.into())),
        };
        match option {
            Opt::Help => return Err(Stop::Help),
            Opt::Version => return Err(Stop::Version),
            Opt::Queue => work.queue = true,
            Opt::Segment => work.segment = Some(read_size(&value)?),
            Opt::Set => work.set = Some(read_elements(&value)?),
            Opt::Mode => work.mode = read_mode(&value)?,
            Opt::Posix(option) => return Err(not_supported(option)),
        }
    }
    if work.segment.is_none() && work.set.is_none() && !work.queue {
        return Err(Stop::see_help("bad usage"));
    }
    Ok(work)
}

fn not_supported(option: &str) -> Stop {
    Stop::refused(format!("{option} is not supported: this ipcmk makes System V objects only"))
}

fn read_size(word: &OsStr) -> Result<u64, Stop> {
    size::parse(word.as_bytes()).map_err(|bad| {
        let errno = if bad == BadNumber::Malformed { Errno::EINVAL } else { Errno::ERANGE };
        Stop::refused(format!("failed to parse size: '{}': {errno}", shown(word)))
    })
}

/// A number of semaphores. A negative one becomes too large, so that the kernel refuses it as it refuses 0.
fn read_elements(word: &OsStr) -> Result<u32, Stop> {
    numbers::int(word.as_bytes()).map(i32::cast_unsigned).map_err(|bad| Stop::not_parsed("elements", word, bad))
}

/// An octal mode; bits beyond the permissions are accepted and dropped.
fn read_mode(word: &OsStr) -> Result<Mode, Stop> {
    let text = numbers::skip_blanks(word.as_bytes());
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    match numbers::digits(digits, 8) {
        Ok(bits @ 0..=LARGEST_MODE) => Ok(Mode::new(bits as u32 & Mode::PERMISSIONS)),
        other => Err(Stop::not_parsed("mode", word, other.err().unwrap_or(BadNumber::TooLarge))),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStringExt as _;

    use proptest::prelude::*;

    use super::{Work, read, read_elements, read_mode};
    use crate::compat::stop::Stop;
    use crate::sys::Mode;

    fn request(line: &str) -> Result<Work, Stop> {
        let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
        read(&args)
    }

    #[test]
    fn lines() {
        let make = |segment, set, queue, mode| Ok(Work { segment, set, queue, mode: Mode::new(mode) });
        assert_eq!(request("-M 4K -S3 --queue -p 7600"), make(Some(4096), Some(3), true, 0o600));
        assert_eq!(request("-M 1 extra -M2 --mode=0"), make(Some(2), None, false, 0));
        assert_eq!(request("-QV"), Err(Stop::Version));
        assert_eq!(request("-Q -h"), Err(Stop::Help));
        assert_eq!(request("-p 600"), Err(Stop::see_help("bad usage")));
        assert_eq!(request("-Q -p 8"), Err(Stop::refused("failed to parse mode: '8'")));
        assert_eq!(request("-M x -h"), Err(Stop::refused("failed to parse size: 'x': Invalid argument")));
    }

    #[test]
    fn numbers() {
        let elements = |text: &str| read_elements(OsStr::new(text)).ok();
        assert_eq!(["010", " 1", "+1"].map(elements), [Some(10), Some(1), Some(1)]);
        assert_eq!(elements("-1"), Some(u32::MAX));
        assert_eq!(["", "1 ", "0x1", "--1", "+-1", "2147483648", "4294967297"].map(elements), [None; 7]);
        let mode = |text: &str| read_mode(OsStr::new(text)).ok().map(Mode::bits);
        assert_eq!(["0", "0640", "7777", " +7"].map(mode), [Some(0), Some(0o640), Some(0o777), Some(7)]);
        assert_eq!(["", "-1", "8", "10000", "600 ", "0x1", "u=rw"].map(mode), [None; 7]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in proptest::collection::vec(any::<Vec<u8>>(), 0..5)) {
            let args: Vec<OsString> = line.into_iter().map(OsString::from_vec).collect();
            let _ = read(&args);
        }
    }
}
