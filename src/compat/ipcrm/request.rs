//! Parses the command line of `ipcrm`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::compat::getopt::{self, Item, Spec, Value};
use crate::compat::numbers::{self, BadNumber};
use crate::compat::stop::Stop;
use crate::compat::tool::shown;
use crate::kind::model::KindSet;
use crate::kind::system_v::SystemV;
use crate::sys::Key;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Removed in this order.
    pub orders: Vec<Order>,
    /// Kinds to remove entirely, after the orders.
    pub all: Option<KindSet>,
    /// Whether to announce the objects of `all`.
    pub verbose: bool,
    /// The old syntax prints a confirmation.
    pub confirm: bool,
}

/// One object to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub kind: SystemV,
    pub name: Name,
    /// Whether to announce the removal.
    pub verbose: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    Id(i32),
    /// A key other than `IPC_PRIVATE`, and the text it was given as.
    Key(Key, String),
}

#[derive(Clone, Copy, Debug)]
enum Opt {
    Id(SystemV),
    Key(SystemV),
    All,
    Posix(&'static str),
    Verbose,
    Help,
    Version,
}

const OPTIONS: [Spec<Opt>; 13] = [
    Spec::new(b'm', "shmem-id", Value::Required, Opt::Id(SystemV::Segment)),
    Spec::new(b'M', "shmem-key", Value::Required, Opt::Key(SystemV::Segment)),
    // POSIX options are refused with and without a value.
    Spec::long("posix-shmem", Value::Optional, Opt::Posix("--posix-shmem")),
    Spec::new(b'q', "queue-id", Value::Required, Opt::Id(SystemV::Queue)),
    Spec::new(b'Q', "queue-key", Value::Required, Opt::Key(SystemV::Queue)),
    Spec::long("posix-mqueue", Value::Optional, Opt::Posix("--posix-mqueue")),
    Spec::new(b's', "semaphore-id", Value::Required, Opt::Id(SystemV::Set)),
    Spec::new(b'S', "semaphore-key", Value::Required, Opt::Key(SystemV::Set)),
    Spec::long("posix-semaphore", Value::Optional, Opt::Posix("--posix-semaphore")),
    Spec::new(b'a', "all", Value::Optional, Opt::All),
    Spec::new(b'v', "verbose", Value::No, Opt::Verbose),
    Spec::new(b'h', "help", Value::No, Opt::Help),
    Spec::new(b'V', "version", Value::No, Opt::Version),
];

/// Parses either syntax. Any malformed word is an error, wherever it stands.
pub fn read(args: &[OsString]) -> Result<Work, Stop> {
    let Some(first) = args.first() else { return Err(Stop::see_help("bad usage")) };
    match SystemV::from_word(first.as_bytes()) {
        Some(kind) => read_old(kind, &args[1..]),
        None => read_options(args),
    }
}

/// `ipcrm shm|msg|sem ID…`: every word is an id, even with a leading `-`.
fn read_old(kind: SystemV, words: &[OsString]) -> Result<Work, Stop> {
    if words.is_empty() {
        return Err(Stop::see_help("not enough arguments"));
    }
    let (mut orders, mut messages) = (Vec::new(), Vec::new());
    for word in words {
        match numbers::int(word.as_bytes()) {
            Ok(id) if id >= 0 => orders.push(Order { kind, name: Name::Id(id), verbose: false }),
            Ok(negative) => messages.push(format!("invalid id ({negative})")),
            Err(_) if word.is_empty() => messages.push("invalid id: it is empty (an unset variable?)".to_owned()),
            Err(_) => messages.push(format!("invalid id: {}", shown(word))),
        }
    }
    if messages.is_empty() {
        return Ok(Work { orders, confirm: true, ..Work::default() });
    }
    messages.extend((!orders.is_empty()).then(|| NOTHING_REMOVED.to_owned()));
    Err(Stop::Refused { messages, see_help: false })
}

/// `ipcrm OPTIONS`.
fn read_options(args: &[OsString]) -> Result<Work, Stop> {
    let mut work = Work::default();
    let mut operand = None;
    for item in getopt::read(args, &OPTIONS) {
        let (option, value) = match item {
            Ok(Item::Option(option, value)) => (option, value),
            Ok(Item::Operand(word)) => {
                operand.get_or_insert(word);
                continue;
            }
            Err(bad) => return Err(bad.posix().map(not_supported).unwrap_or_else(|| bad.into())),
        };
        let (kind, name) = match option {
            Opt::Help => return Err(Stop::Help),
            Opt::Version => return Err(Stop::Version),
            Opt::Posix(option) => return Err(not_supported(option)),
            Opt::Verbose => {
                work.verbose = true;
                continue;
            }
            Opt::All => {
                work.all = Some(read_kinds(value.as_deref())?);
                continue;
            }
            Opt::Id(kind) => (kind, Name::Id(read_id(&value.unwrap_or_default())?)),
            Opt::Key(kind) => (kind, read_key(&value.unwrap_or_default())?),
        };
        work.orders.push(Order { kind, name, verbose: work.verbose });
    }
    match operand {
        None => Ok(work),
        Some(word) => Err(unknown_argument(&word, &work)),
    }
}

/// Said because util-linux would have removed the objects before or after the malformed word.
const NOTHING_REMOVED: &str = "nothing was removed";

const SYSTEM_V_ONLY: &str = "POSIX objects are files, which rm(1) removes; this ipcrm removes System V objects only";

fn not_supported(option: &str) -> Stop {
    Stop::refused(format!("{option} is not supported: {SYSTEM_V_ONLY}"))
}

/// An operand among options. If it looks like the kind for `-a`, the message shows the correct form.
fn unknown_argument(word: &OsStr, work: &Work) -> Stop {
    let mut messages = vec![format!("unknown argument: {}", shown(word))];
    match SystemV::from_word(word.as_bytes()) {
        Some(kind) if work.all.is_some() => messages.push(format!(
            "{NOTHING_REMOVED}; to remove every {} write --all={kind} or -a{kind}, without a blank",
            kind.kind().noun()
        )),
        _ if work.all.is_some() || !work.orders.is_empty() => messages.push(NOTHING_REMOVED.to_owned()),
        _ => {}
    }
    Stop::Refused { messages, see_help: true }
}

/// The value of `-a`, which may begin with `=` as in `-a=shm`.
fn read_kinds(value: Option<&OsStr>) -> Result<KindSet, Stop> {
    let Some(value) = value else { return Ok(KindSet::SYSTEM_V) };
    let word = value.as_bytes();
    let word = word.strip_prefix(b"=").unwrap_or(word);
    if matches!(word, b"pshm" | b"pmsg" | b"psem") {
        return Err(not_supported(&format!("--all={}", shown(OsStr::from_bytes(word)))));
    }
    let unknown = || Stop::refused(format!("unknown argument: {}", shown(OsStr::from_bytes(word))));
    SystemV::from_word(word).map(|kind| KindSet::of(kind.kind())).ok_or_else(unknown)
}

/// A decimal id; a negative number is an error.
fn read_id(word: &OsStr) -> Result<i32, Stop> {
    let id = numbers::int(word.as_bytes()).map_err(|bad| Stop::not_parsed("argument", word, bad))?;
    if id < 0 { Err(Stop::refused(format!("invalid id ({id})"))) } else { Ok(id) }
}

/// A key in C notation: 32 bits, unsigned or, as /proc/sysvipc shows keys, signed.
fn read_key(word: &OsStr) -> Result<Name, Stop> {
    let (negative, number) = numbers::sign(numbers::skip_blanks(word.as_bytes()));
    let (radix, digits) = numbers::base(number);
    let bits = numbers::digits(digits, radix).and_then(|number| match negative {
        false => u32::try_from(number).map_err(|_| BadNumber::TooLarge),
        true => 0i64
            .checked_sub_unsigned(number)
            .and_then(|number| i32::try_from(number).ok())
            .map(i32::cast_unsigned)
            .ok_or(BadNumber::TooLarge),
    });
    let key = Key::from_bits(bits.map_err(|bad| Stop::not_parsed("argument", word, bad))?);
    if key.is_private() {
        return Err(Stop::refused(format!("illegal key ({})", shown(word))));
    }
    Ok(Name::Key(key, shown(word)))
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStringExt as _;

    use proptest::prelude::*;

    use super::{Name, Order, Work, read, read_id, read_key};
    use crate::compat::stop::Stop;
    use crate::kind::model::KindSet;
    use crate::kind::system_v::SystemV;
    use crate::sys::Key;

    fn request(line: &str) -> Result<Work, Stop> {
        let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
        read(&args)
    }

    #[test]
    fn both_syntaxes() {
        let order = |kind, name, verbose| Order { kind, name, verbose };
        assert_eq!(
            request("-m 5 -vQ 0x1F --all=sem"),
            Ok(Work {
                orders: vec![
                    order(SystemV::Segment, Name::Id(5), false),
                    order(SystemV::Queue, Name::Key(Key::from_bits(31), "0x1F".to_owned()), true)
                ],
                all: Some(KindSet::SEM),
                verbose: true,
                confirm: false,
            })
        );
        assert_eq!(
            request("sem 5 6"),
            Ok(Work {
                orders: [5, 6].map(|id| order(SystemV::Set, Name::Id(id), false)).into(),
                confirm: true,
                ..Work::default()
            })
        );
        assert_eq!(request("-m 5 -h"), Err(Stop::Help));
        assert_eq!(request("-m x -V"), Err(Stop::refused("failed to parse argument: 'x'")));
    }

    #[test]
    fn keys_and_ids() {
        let key = |text: &str| match read_key(OsStr::new(text)) {
            Ok(Name::Key(key, _)) => Some(key.bits()),
            _ => None,
        };
        for (text, bits) in [("255", 255), ("0xff", 255), ("0XFF", 255), ("0377", 255), ("4294967295", u32::MAX)] {
            assert_eq!(key(text), Some(bits));
        }
        for (text, bits) in [("-1", u32::MAX), ("-559038737", 0xdead_beef), ("-0x21524111", 0xdead_beef), ("+1", 1)] {
            assert_eq!(key(text), Some(bits));
        }
        assert_eq!(["-2147483648", "-020000000000", "-0x80000000"].map(key), [Some(0x8000_0000); 3]);
        for text in ["", "0", "-0", "0x0", "00", "0x", "08", "0x100000000", "4294967296", "1 ", "0x-1", "x", "+-1"] {
            assert_eq!(key(text), None, "{text:?}");
        }
        for text in ["-2147483649", "-0x80000001", "-4294967295", "-18446744073709551535", "--1", "- 1"] {
            assert_eq!(key(text), None, "{text:?}");
        }
        assert_eq!(read_id(OsStr::new("  0012")), Ok(12));
        assert_eq!(read_id(OsStr::new("2147483647")), Ok(i32::MAX));
        assert_eq!(read_id(OsStr::new(" +1")), Ok(1));
        for text in ["", " ", "-1", "+-1", "- 1", "1 ", "0x1", "2147483648", "4294967297", "1\n", "\u{661}"] {
            assert!(read_id(OsStr::new(text)).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in proptest::collection::vec(any::<Vec<u8>>(), 0..5)) {
            let args: Vec<OsString> = line.into_iter().map(OsString::from_vec).collect();
            let _ = read(&args);
        }

        #[test]
        fn an_id_is_its_own_number_or_none(word in "[ +-]{0,2}0{0,2}[0-9]{0,20}[x ]{0,1}") {
            if let Ok(id) = read_id(OsStr::new(&word)) {
                prop_assert_eq!(word.trim_start().parse::<i128>(), Ok(id.into()));
                prop_assert!(id >= 0);
            }
        }

        #[test]
        fn every_key_reads_back(bits in 1u32..) {
            let mut texts = vec![format!("{bits}"), format!("{bits:#x}"), format!("0{bits:o}")];
            let signed = bits.cast_signed();
            texts.push(signed.to_string());
            if signed < 0 {
                let size = signed.unsigned_abs();
                texts.extend([format!("-{size:#x}"), format!("-0{size:o}")]);
            }
            for text in texts {
                prop_assert_eq!(read_key(OsStr::new(&text)), Ok(Name::Key(Key::from_bits(bits), text)));
            }
        }
    }
}
