//! Formats the cells of objects.

use super::column::{Column, Shows};
use super::command::Commands;
use super::encode::{self, Encoding};
use super::options::{Request, TimeFormat};
use crate::compat::fact::{self, Fact, Value};
use crate::compat::text::{push_human, push_octal_marked};
use crate::compat::times::{Recent, push_ctime, push_iso, push_short};
use crate::kind::model::Object;
use crate::object::names::Names;
use crate::render::text::permission_letters;
use crate::render::units::{push_hex32, push_i64, push_u64};
use crate::sys::clock::{LocalTime, local_time, now};
use crate::sys::{Mode, Timestamp};

pub(super) struct Cells {
    encoding: Encoding,
    bytes: bool,
    numeric_perms: bool,
    names: Names,
    commands: Commands,
    time_format: TimeFormat,
    today: Option<LocalTime>,
    times: Recent,
}

impl Cells {
    /// Looks up the names and commands that these columns show; all objects are of one kind.
    pub(super) fn new(request: &Request, encoding: Encoding, objects: &[Object], columns: &[&'static Column]) -> Self {
        let facts = || columns.iter().filter_map(|column| column.fact());
        let recorded = |value| match value {
            Value::Command(pid, time) => Some((pid, time)),
            _ => None,
        };
        let commands = fact::values(objects, facts(), |value| matches!(value, Value::Command(..)));
        let default = if request.is_sheet() { TimeFormat::Full } else { TimeFormat::Short };
        Self {
            encoding,
            bytes: request.bytes,
            numeric_perms: request.numeric_perms,
            names: fact::names(objects, facts()),
            commands: Commands::of_all(encoding, commands.filter_map(recorded)),
            time_format: request.time_format.unwrap_or(default),
            today: local_time(Timestamp::new(now())),
            times: Recent::default(),
        }
    }

    /// Appends the cell, which may be empty.
    pub(super) fn push(&mut self, out: &mut String, column: &Column, object: &Object) {
        let Some(value) = column.fact().and_then(|fact| fact(object)) else { return };
        match value {
            Value::Key(key) => push_hex32(out, key.bits()),
            Value::Id(id) => push_i64(out, id.into()),
            Value::Number(number) => push_u64(out, number),
            Value::Bytes(bytes) if self.bytes => push_u64(out, bytes),
            Value::Bytes(bytes) => push_human(out, bytes),
            Value::Bits(bits) => push_octal_marked(out, bits),
            Value::Perms(mode) if self.numeric_perms => push_octal_marked(out, mode.permissions()),
            Value::Perms(mode) => out.extend(permission_letters(mode.permissions())),
            Value::Status(mode) => out.push_str(status(mode)),
            Value::Owner(uid) => match self.names.user(uid) {
                Some(name) => encode::push(self.encoding, out, name.as_bytes()),
                None => push_u64(out, uid.raw().into()),
            },
            Value::User(uid) => {
                encode::push(self.encoding, out, self.names.user(uid).unwrap_or_default().as_bytes());
            }
            Value::Group(gid) => {
                encode::push(self.encoding, out, self.names.group(gid).unwrap_or_default().as_bytes());
            }
            Value::Time(time) if time.is_never() => {}
            Value::Time(time) => self.time(out, time),
            Value::Command(pid, time) => out.push_str(self.commands.of(pid, time)),
        }
    }

    fn time(&mut self, out: &mut String, time: Timestamp) {
        let (format, encoding, today) = (self.time_format, self.encoding, self.today.as_ref());
        self.times.push(out, time, |out| {
            let mut text = String::new();
            match (format, local_time(time)) {
                (TimeFormat::Short, Some(local)) => push_short(&mut text, &local, today),
                (TimeFormat::Iso, Some(local)) => push_iso(&mut text, &local),
                _ => push_ctime(&mut text, time),
            }
            encode::push(encoding, out, text.as_bytes());
        });
    }
}

impl Column {
    const fn fact(&self) -> Option<Fact> {
        match self.shows {
            Shows::Object(fact) => Some(fact),
            Shows::Limit(_) => None,
        }
    }
}

const fn status(mode: Mode) -> &'static str {
    match (mode.is_doomed(), mode.is_shm_locked()) {
        (true, true) => "dest,locked",
        (true, false) => "dest",
        (false, true) => "locked",
        (false, false) => "",
    }
}
