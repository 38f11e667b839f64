//! Parses options as getopt_long(3) does: clustered short options, abbreviated long options, operands between options
//! (unless `POSIXLY_CORRECT` is set) and `--`. The messages are those of glibc.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    No,
    /// The rest of the word, or the next word.
    Required,
    /// The rest of the word, if any.
    Optional,
}

#[derive(Clone, Copy, Debug)]
pub struct Spec<T> {
    pub short: Option<u8>,
    pub long: Option<&'static str>,
    pub value: Value,
    pub meaning: T,
}

impl<T> Spec<T> {
    pub const fn new(short: u8, long: &'static str, value: Value, meaning: T) -> Self {
        Self { short: Some(short), long: Some(long), value, meaning }
    }

    pub const fn long(long: &'static str, value: Value, meaning: T) -> Self {
        Self { short: None, long: Some(long), value, meaning }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<T> {
    Option(T, Option<OsString>),
    Operand(OsString),
}

/// An error in getopt's words, without the name of the program in front.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    #[error("invalid option -- '{0}'")]
    Short(String),
    #[error("unrecognized option '{0}'")]
    Long(String),
    #[error("option '{0}' is ambiguous; possibilities:{1}")]
    Ambiguous(String, String),
    #[error("option '--{0}' doesn't allow an argument")]
    NoValue(&'static str),
    #[error("option requires an argument -- '{0}'")]
    ShortNeedsValue(char),
    #[error("option '--{0}' requires an argument")]
    LongNeedsValue(&'static str),
}

impl Bad {
    /// The abbreviation, if it is ambiguous among options for POSIX objects alone; the drop-ins support none of those.
    pub fn posix(&self) -> Option<&str> {
        let Self::Ambiguous(word, list) = self else { return None };
        let name = word.split('=').next().unwrap_or_default();
        list.split_whitespace().all(|option| option.starts_with("'--posix")).then_some(name)
    }
}

/// Reads all words in order. An error does not end the list: callers act on the items one by one and stop at the first
/// error, as callers of getopt do.
pub fn read<T: Copy>(args: &[OsString], specs: &[Spec<T>]) -> Vec<Result<Item<T>, Bad>> {
    let stop_at_operand = std::env::var_os("POSIXLY_CORRECT").is_some();
    let mut items = Vec::with_capacity(args.len());
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let word = arg.as_bytes();
        if word == b"--" {
            break;
        }
        if let Some(long) = word.strip_prefix(b"--") {
            items.push(read_long(arg, long, specs, &mut rest));
        } else if word.len() > 1 && word[0] == b'-' {
            read_cluster(&word[1..], specs, &mut rest, &mut items);
        } else {
            items.push(Ok(Item::Operand(arg.clone())));
            if stop_at_operand {
                break;
            }
        }
    }
    items.extend(rest.map(|arg| Ok(Item::Operand(arg.clone()))));
    items
}

fn read_long<'a, T: Copy>(
    arg: &OsStr,
    word: &[u8],
    specs: &[Spec<T>],
    rest: &mut impl Iterator<Item = &'a OsString>,
) -> Result<Item<T>, Bad> {
    let (name, given) = match word.iter().position(|&byte| byte == b'=') {
        Some(at) => (&word[..at], Some(OsString::from_vec(word[at + 1..].to_vec()))),
        None => (word, None),
    };
    let shown = || arg.to_string_lossy().into_owned();
    let named = || specs.iter().filter_map(|spec| spec.long.map(|long| (spec, long)));
    let found = match named().find(|(_, long)| long.as_bytes() == name) {
        Some(exact) => exact,
        None => {
            let beginning: Vec<_> = named().filter(|(_, long)| long.as_bytes().starts_with(name)).collect();
            match beginning.as_slice() {
                [] => return Err(Bad::Long(shown())),
                [one] => *one,
                many => {
                    let list = many.iter().map(|(_, long)| format!(" '--{long}'")).collect();
                    return Err(Bad::Ambiguous(shown(), list));
                }
            }
        }
    };
    let (spec, long) = found;
    let value = match (spec.value, given) {
        (Value::No, Some(_)) => return Err(Bad::NoValue(long)),
        (Value::No | Value::Optional, given) => given,
        (Value::Required, Some(given)) => Some(given),
        (Value::Required, None) => Some(rest.next().cloned().ok_or(Bad::LongNeedsValue(long))?),
    };
    Ok(Item::Option(spec.meaning, value))
}

fn read_cluster<'a, T: Copy>(
    letters: &[u8],
    specs: &[Spec<T>],
    rest: &mut impl Iterator<Item = &'a OsString>,
    items: &mut Vec<Result<Item<T>, Bad>>,
) {
    for (at, letter) in letters.iter().enumerate() {
        let Some(spec) = specs.iter().find(|spec| spec.short == Some(*letter)) else {
            items.push(Err(Bad::Short(OsString::from_vec(vec![*letter]).to_string_lossy().into_owned())));
            continue;
        };
        let behind = &letters[at + 1..];
        let behind = (!behind.is_empty()).then(|| OsString::from_vec(behind.to_vec()));
        let value = match spec.value {
            Value::No => {
                items.push(Ok(Item::Option(spec.meaning, None)));
                continue;
            }
            Value::Optional => behind,
            Value::Required => match behind.or_else(|| rest.next().cloned()) {
                Some(value) => Some(value),
                None => {
                    items.push(Err(Bad::ShortNeedsValue(char::from(*letter))));
                    return;
                }
            },
        };
        items.push(Ok(Item::Option(spec.meaning, value)));
        return;
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use proptest::prelude::*;

    use super::{Bad, Item, Spec, Value, read};

    const SPECS: [Spec<char>; 4] = [
        Spec::new(b'm', "shmems", Value::No, 'm'),
        Spec::new(b'i', "id", Value::Required, 'i'),
        Spec::new(b'a', "all", Value::Optional, 'a'),
        Spec::long("shell", Value::No, 's'),
    ];

    fn words(line: &str) -> Vec<Result<Item<char>, Bad>> {
        let args: Vec<OsString> = line.split(' ').map(Into::into).collect();
        read(&args, &SPECS)
    }

    fn option(meaning: char, value: Option<&str>) -> Result<Item<char>, Bad> {
        Ok(Item::Option(meaning, value.map(Into::into)))
    }

    #[test]
    fn short_and_long() {
        assert_eq!(words("-mi5 -a"), [option('m', None), option('i', Some("5")), option('a', None)]);
        assert_eq!(
            words("--id 5 --id=6 --all=x"),
            [option('i', Some("5")), option('i', Some("6")), option('a', Some("x"))]
        );
        assert_eq!(
            words("x -m -- -m"),
            [Ok(Item::Operand("x".into())), option('m', None), Ok(Item::Operand("-m".into()))]
        );
        assert_eq!(words("--shm"), [option('m', None)]);
    }

    #[test]
    fn messages() {
        let text = |line: &str| words(line).remove(0).unwrap_err().to_string();
        assert_eq!(text("-x"), "invalid option -- 'x'");
        assert_eq!(text("--bogus=1"), "unrecognized option '--bogus=1'");
        assert_eq!(text("--sh"), "option '--sh' is ambiguous; possibilities: '--shmems' '--shell'");
        assert_eq!(text("--shm=1"), "option '--shmems' doesn't allow an argument");
        assert_eq!(text("-i"), "option requires an argument -- 'i'");
        assert_eq!(text("--id"), "option '--id' requires an argument");
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in proptest::collection::vec(any::<String>(), 0..6)) {
            let args: Vec<OsString> = line.into_iter().map(Into::into).collect();
            let _ = read(&args, &SPECS);
        }
    }
}
