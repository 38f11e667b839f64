//! `key`: makes a key from a file as ftok(3) does, and takes keys apart.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use clap::Args;

use crate::error::{Error, Result, Status};
use crate::kind::field::{Field, Named, named};
use crate::kind::model::{Kind, ObjectId};
use crate::object::inventory;
use crate::object::key::{self, FileKey, Parts, Project};
use crate::output::context::verbose;
use crate::output::format::{Format, FormatArgs};
use crate::output::stdout::Out;
use crate::output::{document, list};
use crate::render::escape::escape_bytes;
use crate::render::key_values::KeyValueList;
use crate::render::value::Value;
use crate::sys::Key;

/// Make a key from a file as ftok(3) does, or take a key apart
#[derive(Debug, Args)]
#[command(override_usage = "ipcadm key [OPTIONS] PATH PROJECT\n       ipcadm key [OPTIONS] KEY")]
pub struct KeyArgs {
    /// A file, or a key: 0x and hex digits, or a decimal as other programs print it
    #[arg(value_name = "PATH|KEY", allow_negative_numbers = true)]
    first: OsString,
    /// Project of the file's key: 1 to 255, 0x01 to 0xff, or one printable character that is no digit
    #[arg(value_name = "PROJECT", allow_negative_numbers = true)]
    project: Option<OsString>,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &KeyArgs) -> Result<Status> {
    let format = args.format.format();
    let (key, file) = match &args.project {
        Some(project) => match make(&args.first, project) {
            Ok(made) => (made.key, Some(made)),
            Err(error) => return document::refuse(format, "keys", &args.first.to_string_lossy(), error),
        },
        None => (read(&args.first)?, None),
    };
    if let Some(file) = file {
        verbose(|| format!("the file is inode {} of device {:#x}", file.inode, file.device));
    }
    let mut out = Out::stdout()?;
    print(&mut out, format, (key, file)).map_err(Error::Output)?;
    out.finish()?;
    Ok(Status::Done)
}

fn make(path: &OsStr, project: &OsStr) -> Result<FileKey> {
    if path.is_empty() {
        return Err(Error::Usage("the path is empty (an unset variable?)".to_owned()));
    }
    let project = Project::parse(project.as_bytes())
        .map_err(|bad| Error::Usage(format!("'{}' {bad}", escape_bytes(project.as_bytes()))))?;
    key::of_file(Path::new(path), project)
}

/// Reads a key in hex, or in decimal: signed as `/proc/sysvipc` prints it, or unsigned.
fn read(word: &OsStr) -> Result<Key> {
    let text = word.as_bytes();
    if text.is_empty() {
        return Err(Error::Usage("the key is empty (an unset variable?)".to_owned()));
    }
    key::parse_hex(text).or_else(|| decimal(text)).ok_or_else(|| {
        let shown = escape_bytes(text);
        let hint = if text.contains(&b'/') || Path::new(word).exists() { "; a file needs a PROJECT too" } else { "" };
        Error::Usage(format!("'{shown}' is no key: give 0x and 1 to 8 hex digits, or -2147483648 to 4294967295{hint}"))
    })
}

fn decimal(text: &[u8]) -> Option<Key> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if let Ok(signed) = i32::try_from(number) {
        return Some(Key::from_raw(signed));
    }
    u32::try_from(number).ok().map(Key::from_bits)
}

/// The objects that have this key now.
fn holders(key: Key) -> Vec<ObjectId> {
    if key.is_private() {
        return Vec::new();
    }
    Kind::ALL.into_iter().filter_map(|kind| inventory::find(kind, key).ok()).collect()
}

/// A key, and the file that it was made of.
type Made = (Key, Option<FileKey>);

type KeyField = Field<fn(&Made) -> Value<'static>>;

static FIELDS: [KeyField; 8] = [
    field(named!("key", "KEY"), |(key, _)| Value::Hex(key.bits())),
    field(named!("signed", "SIGNED"), |(key, _)| Value::Signed(i64::from(key.raw()))),
    field(named!("unsigned", "UNSIGNED"), |(key, _)| Value::Number(u64::from(key.bits()))),
    field(named!("project", "PROJECT"), |(key, _)| Value::Number(u64::from(Parts::of(*key).project))),
    field(named!("device_minor", "DEVICE_MINOR"), |(key, _)| Value::Number(u64::from(Parts::of(*key).device_minor))),
    field(named!("inode_bits", "INODE_BITS"), |(key, _)| Value::Number(u64::from(Parts::of(*key).inode_bits))),
    field(named!("device", "DEVICE"), |(_, file)| file.map_or(Value::Null, |file| Value::Number(file.device))),
    field(named!("inode", "INODE"), |(_, file)| file.map_or(Value::Null, |file| Value::Number(file.inode))),
];

const fn field(named: Named, read: fn(&Made) -> Value<'static>) -> KeyField {
    Field::new(named, "", read)
}

fn print(out: &mut Out, format: Format, made: Made) -> io::Result<()> {
    let value = |made: &Made, field: &KeyField| (field.read)(made);
    match (format, made) {
        // Made from a file, the key is what is wanted, in a script as well.
        (Format::Table, (key, Some(_))) => writeln!(out, "{key}"),
        (Format::Table, (key, None)) => details(key).write(out, 0),
        (Format::Csv, _) => list::csv(out, &list::exact(&FIELDS).collect::<Vec<_>>(), [&made], true, value),
        (Format::Json | Format::Jsonl, (key, _)) => list::json(out, format, "keys", [made], &[], |record, made| {
            record.fields(&FIELDS, |field| value(&made, field));
            record.values("refs", holders(key).iter().map(|id| Value::Reference(id.kind.word(), id.number)));
        }),
    }
}

fn details(key: Key) -> KeyValueList {
    let parts = Parts::of(key);
    let mut list = KeyValueList::default();
    list.line("key", key.to_string());
    if key.is_private() {
        list.line("meaning", "IPC_PRIVATE: objects with it have no key at all");
        return list;
    }
    list.line("signed", key.raw().to_string());
    list.line("unsigned", key.bits().to_string());
    let project = match parts.project {
        byte if byte.is_ascii_graphic() => format!("0x{byte:02x} ({byte}, '{}')", char::from(byte)),
        byte => format!("0x{byte:02x} ({byte})"),
    };
    list.line("project", format!("{project}, if ftok made it"));
    list.line("device minor", format!("0x{:02x} (low byte of the file's device number)", parts.device_minor));
    list.line("inode bits", format!("0x{:04x} (low 16 bits of the file's inode number)", parts.inode_bits));
    let names: Vec<String> = holders(key).iter().map(ToString::to_string).collect();
    list.line("objects", if names.is_empty() { "none has it now".to_owned() } else { names.join(", ") });
    list
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::read;

    #[test]
    fn keys_as_programs_print_them() {
        let key = |text: &str| read(OsStr::new(text)).map(|key| key.to_string()).ok();
        assert_eq!(key("0x5101a2b3").as_deref(), Some("0x5101a2b3"));
        assert_eq!(key("-559038737").as_deref(), Some("0xdeadbeef"));
        assert_eq!(key("3735928559").as_deref(), Some("0xdeadbeef"));
        assert_eq!(key("0").as_deref(), Some("0x00000000"));
        for bad in ["", "-", "+1", "1x", " 1", "4294967296", "-2147483649", "0x", "0x123456789", "99999999999999999999"]
        {
            assert_eq!(key(bad), None, "{bad:?}");
        }
    }
}
