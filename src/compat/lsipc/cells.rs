//! What stands in the columns of an object.

use super::super::common::{month_name, pad, push_clock, push_ctime, push_human, push_octal, push_two};
use super::column::Column;
use super::command::Commands;
use super::encode::{self, Encoding};
use super::options::{Request, TimeFormat};
use crate::object::model::{Detail, Object};
use crate::object::names::Names;
use crate::render::units::{push_hex32, push_i64, push_u64};
use crate::sys::clock::{LocalTime, local_time, now};
use crate::sys::{Gid, Mode, Timestamp, Uid};

/// Makes cells.
pub(super) struct Cells {
    encoding: Encoding,
    bytes: bool,
    numeric_perms: bool,
    names: Names,
    commands: Commands,
    times: Times,
}

impl Cells {
    /// For these objects and columns.
    pub(super) fn new(request: &Request, encoding: Encoding, objects: &[Object], columns: &[Column]) -> Self {
        let default = if request.is_sheet() { TimeFormat::Full } else { TimeFormat::Short };
        Self {
            encoding,
            bytes: request.bytes,
            numeric_perms: request.numeric_perms,
            names: names(objects, columns),
            commands: Commands::new(encoding),
            times: Times::new(request.time_format.unwrap_or(default), encoding),
        }
    }

    /// Appends what `column` says of `object`; nothing where it says nothing.
    pub(super) fn push(&mut self, out: &mut String, column: Column, object: &Object) {
        let perm = &object.perm;
        match column {
            Column::Key => push_hex32(out, perm.key.bits()),
            Column::Id => push_i64(out, object.id.id.into()),
            Column::Owner if self.names.user(perm.uid).is_none() => push_u64(out, perm.uid.raw().into()),
            Column::Owner | Column::User => self.user(out, perm.uid),
            Column::Perms if self.numeric_perms => push_octal_marked(out, perm.mode.permissions()),
            Column::Perms => push_letters(out, perm.mode),
            Column::Cuid => push_u64(out, perm.cuid.raw().into()),
            Column::Cuser => self.user(out, perm.cuid),
            Column::Cgid => push_u64(out, perm.cgid.raw().into()),
            Column::Cgroup => self.group(out, perm.cgid),
            Column::Uid => push_u64(out, perm.uid.raw().into()),
            Column::Gid => push_u64(out, perm.gid.raw().into()),
            Column::Group => self.group(out, perm.gid),
            Column::Ctime => self.times.push(out, object.ctime),
            _ => self.special(out, column, object),
        }
    }

    fn special(&mut self, out: &mut String, column: Column, object: &Object) {
        match (&object.detail, column) {
            (Detail::Shm(segment), Column::Size) => self.size(out, segment.size),
            (Detail::Shm(segment), Column::Nattch) => push_u64(out, segment.nattch),
            (Detail::Shm(_), Column::Status) => push_status(out, object.perm.mode),
            (Detail::Shm(segment), Column::Attach) => self.times.push(out, segment.atime),
            (Detail::Shm(segment), Column::Detach) => self.times.push(out, segment.dtime),
            (Detail::Shm(segment), Column::Command) => {
                // The segment was made no later than at any of its times.
                let times = [object.ctime, segment.atime, segment.dtime];
                let made = times.into_iter().filter(|time| !time.is_never()).min().unwrap_or(object.ctime);
                out.push_str(self.commands.of(segment.cpid, made));
            }
            (Detail::Shm(segment), Column::Cpid) => push_i64(out, segment.cpid.raw().into()),
            (Detail::Shm(segment), Column::Lpid) => push_i64(out, segment.lpid.raw().into()),
            (Detail::Msg(queue), Column::UsedBytes) => self.size(out, queue.cbytes),
            (Detail::Msg(queue), Column::Msgs) => push_u64(out, queue.qnum),
            (Detail::Msg(queue), Column::Send) => self.times.push(out, queue.stime),
            (Detail::Msg(queue), Column::Recv) => self.times.push(out, queue.rtime),
            (Detail::Msg(queue), Column::LsPid) => push_i64(out, queue.lspid.raw().into()),
            (Detail::Msg(queue), Column::LrPid) => push_i64(out, queue.lrpid.raw().into()),
            (Detail::Sem(set), Column::Nsems) => push_u64(out, set.nsems),
            (Detail::Sem(set), Column::Otime) => self.times.push(out, set.otime),
            _ => {}
        }
    }

    fn size(&self, out: &mut String, bytes: u64) {
        if self.bytes { push_u64(out, bytes) } else { push_human(out, bytes) }
    }

    /// Nothing where the user has no name.
    fn user(&self, out: &mut String, uid: Uid) {
        encode::push(self.encoding, out, self.names.user(uid).unwrap_or_default().as_bytes());
    }

    /// As [`Self::user`].
    fn group(&self, out: &mut String, gid: Gid) {
        encode::push(self.encoding, out, self.names.group(gid).unwrap_or_default().as_bytes());
    }
}

/// Looks up the names that the columns show.
fn names(objects: &[Object], columns: &[Column]) -> Names {
    let shows = |wanted: &[Column]| columns.iter().any(|column| wanted.contains(column));
    let collect = |wanted: &[Column], number: fn(&Object) -> u32| {
        let mut numbers = Vec::new();
        if shows(wanted) {
            numbers.extend(objects.iter().map(number));
            numbers.dedup();
        }
        numbers
    };
    let mut users = collect(&[Column::Owner, Column::User], |object| object.perm.uid.raw());
    users.extend(collect(&[Column::Cuser], |object| object.perm.cuid.raw()));
    let mut groups = collect(&[Column::Group], |object| object.perm.gid.raw());
    groups.extend(collect(&[Column::Cgroup], |object| object.perm.cgid.raw()));
    Names::look_up(users, groups)
}

/// `rw-r-----`.
fn push_letters(out: &mut String, mode: Mode) {
    let bits = mode.permissions();
    out.extend((0..9).rev().map(|bit| if bits & 1 << bit == 0 { '-' } else { ['x', 'w', 'r'][bit % 3] }));
}

/// Octal with one leading zero, as `%#o` prints it.
fn push_octal_marked(out: &mut String, bits: u32) {
    if bits != 0 {
        out.push('0');
    }
    push_octal(out, bits);
}

fn push_status(out: &mut String, mode: Mode) {
    let words = [(mode.is_doomed(), "dest"), (mode.is_locked(), "locked")];
    for (at, (_, word)) in words.into_iter().filter(|(set, _)| *set).enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(word);
    }
}

/// Writes times; remembers some, for many objects share theirs.
struct Times {
    format: TimeFormat,
    encoding: Encoding,
    today: Option<LocalTime>,
    recent: Vec<(i64, String)>,
}

const RECENT: usize = 64;

impl Times {
    fn new(format: TimeFormat, encoding: Encoding) -> Self {
        Self { format, encoding, today: local_time(Timestamp::new(now())), recent: vec![(0, String::new()); RECENT] }
    }

    fn push(&mut self, out: &mut String, time: Timestamp) {
        // The empty text of time 0, which is never, is in its place from the start.
        let place = &mut self.recent[(time.seconds().unsigned_abs() % RECENT as u64) as usize];
        if place.0 != time.seconds() {
            let mut text = String::new();
            match (self.format, local_time(time)) {
                (TimeFormat::Short, Some(local)) => push_short(&mut text, &local, self.today.as_ref()),
                (TimeFormat::Iso, Some(local)) => push_iso(&mut text, &local),
                _ => push_ctime(&mut text, time),
            }
            place.0 = time.seconds();
            place.1.clear();
            encode::push(self.encoding, &mut place.1, text.as_bytes());
        }
        if !time.is_never() {
            out.push_str(&place.1);
        }
    }
}

/// `05:13` today, `Nov01` this year, else `2026-Nov01`.
fn push_short(out: &mut String, time: &LocalTime, today: Option<&LocalTime>) {
    let this_year = today.is_some_and(|today| today.year == time.year);
    if this_year && today.is_some_and(|today| today.yearday == time.yearday) {
        push_two(out, time.hour);
        out.push(':');
        push_two(out, time.minute);
        return;
    }
    if !this_year {
        push_i64(out, time.year);
        out.push('-');
    }
    out.push_str(month_name(time.month));
    push_two(out, time.day);
}

/// `2026-11-21T05:13:50+00:00`.
fn push_iso(out: &mut String, time: &LocalTime) {
    push_i64(out, time.year);
    for part in [time.month, time.day] {
        out.push('-');
        push_two(out, part);
    }
    out.push('T');
    push_clock(out, time);
    out.push(if time.offset < 0 { '-' } else { '+' });
    let minutes = time.offset.unsigned_abs() / 60;
    push_two(out, (minutes / 60) as u8);
    out.push(':');
    push_two(out, (minutes % 60) as u8);
}

/// Appends a label and a value, both as wide as half a sheet.
pub(super) fn push_sheet_line(out: &mut String, label: &str, value: &str) {
    const WIDTH: usize = 36;
    let start = out.len();
    out.push_str(label);
    out.push(':');
    pad(out, start, WIDTH);
    let start = out.len();
    out.push_str(value);
    pad(out, start, WIDTH);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{push_iso, push_letters, push_octal_marked, push_short, push_status};
    use crate::sys::Mode;
    use crate::sys::clock::LocalTime;

    fn text(push: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn modes() {
        assert_eq!(text(|out| push_letters(out, Mode::new(0o3751))), "rwxr-x--x");
        assert_eq!(text(|out| push_octal_marked(out, 0o40)), "040");
        assert_eq!(text(|out| push_octal_marked(out, 0)), "0");
        assert_eq!(text(|out| push_status(out, Mode::new(0o3000))), "dest,locked");
    }

    #[test]
    fn times() {
        let then = LocalTime {
            year: 2026,
            month: 11,
            day: 1,
            hour: 5,
            minute: 3,
            second: 9,
            weekday: 0,
            yearday: 304,
            offset: -12_615,
        };
        let short = |today: LocalTime| text(|out| push_short(out, &then, Some(&today)));
        assert_eq!(short(then), "05:03");
        assert_eq!(short(LocalTime { yearday: 305, ..then }), "Nov01");
        assert_eq!(short(LocalTime { year: 2027, ..then }), "2026-Nov01");
        assert_eq!(text(|out| push_iso(out, &then)), "2026-11-01T05:03:09-03:30");
    }
}
