//! `key`: makes a key from a file as ftok(3) does, and takes keys apart.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use clap::Args;

use crate::error::{Error, Result, Status};
use crate::kind::model::{Kind, ObjectId};
use crate::object::inventory;
use crate::object::key::{self, FileKey, Parts, Project};
use crate::output::context::Context;
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::stdout::{Out, to_terminal};
use crate::render::csv;
use crate::render::escape::escape_bytes;
use crate::render::json::JsonWriter;
use crate::render::sheet::Sheet;
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

/// Makes or explains a key.
///
/// # Errors
/// A usage error, status 3 or 4 when the file cannot be looked at, an output error.
pub fn run(args: &KeyArgs, context: &Context) -> Result<Status> {
    let format = args.format.format();
    let (key, file) = match &args.project {
        Some(project) => match make(&args.first, project) {
            Ok(made) => (made.key, Some(made)),
            Err(error) => return document::refuse(format, "keys", &args.first.to_string_lossy(), error),
        },
        None => (read(&args.first)?, None),
    };
    if let Some(file) = file {
        context.verbose(|| format!("the file is inode {} of device {:#x}", file.inode, file.device));
    }
    let mut out = Out::stdout()?;
    print(&mut out, format, key, file).map_err(Error::Output)?;
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

fn print(out: &mut Out, format: Format, key: Key, file: Option<FileKey>) -> std::io::Result<()> {
    let parts = Parts::of(key);
    let objects = holders(key);
    match format {
        // Made from a file, the key is what is wanted, in a script as well.
        Format::Table if file.is_some() => writeln!(out, "{key}"),
        Format::Table => sheet(key, parts, &objects).write(out, 0),
        Format::Csv => {
            let values = values(key, parts, file);
            let mut text = String::new();
            csv::push_record(&mut text, values.iter().map(|(name, _)| Value::Word((*name).into())), to_terminal());
            csv::push_record(&mut text, values.iter().map(|(_, value)| value.clone()), to_terminal());
            out.write_all(text.as_bytes())
        }
        format => {
            let mut json = JsonWriter::new(out);
            if format == Format::Json {
                document::head(&mut json, "keys", false);
                json.line();
            }
            json.open_object();
            for (name, value) in values(key, parts, file) {
                json.key(name);
                json.value(&value);
            }
            json.key("refs");
            json.open_array();
            for object in &objects {
                json.string(&object.to_string());
            }
            json.close_array();
            json.close_object();
            if format == Format::Json {
                document::tail(&mut json, &[]);
            }
            json.end_document()?;
            json.flush()
        }
    }
}

fn values(key: Key, parts: Parts, file: Option<FileKey>) -> Vec<(&'static str, Value<'static>)> {
    vec![
        ("key", Value::Hex(key.bits())),
        ("signed", Value::Signed(i64::from(key.raw()))),
        ("unsigned", Value::Number(u64::from(key.bits()))),
        ("project", Value::Number(u64::from(parts.project))),
        ("device_minor", Value::Number(u64::from(parts.device_minor))),
        ("inode_bits", Value::Number(u64::from(parts.inode_bits))),
        ("device", file.map_or(Value::Null, |file| Value::Number(file.device))),
        ("inode", file.map_or(Value::Null, |file| Value::Number(file.inode))),
    ]
}

fn sheet(key: Key, parts: Parts, objects: &[ObjectId]) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.line("key", key.to_string());
    if key.is_private() {
        sheet.line("meaning", "IPC_PRIVATE: objects with it have no key at all");
        return sheet;
    }
    sheet.line("signed", key.raw().to_string());
    sheet.line("unsigned", key.bits().to_string());
    let project = match parts.project {
        byte if byte.is_ascii_graphic() => format!("0x{byte:02x} ({byte}, '{}')", char::from(byte)),
        byte => format!("0x{byte:02x} ({byte})"),
    };
    sheet.line("project", format!("{project}, if ftok made it"));
    sheet.line("device minor", format!("0x{:02x} (low byte of the file's device number)", parts.device_minor));
    sheet.line("inode bits", format!("0x{:04x} (low 16 bits of the file's inode number)", parts.inode_bits));
    let names: Vec<String> = objects.iter().map(ToString::to_string).collect();
    sheet.line("objects", if names.is_empty() { "none has it now".to_owned() } else { names.join(", ") });
    sheet
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
