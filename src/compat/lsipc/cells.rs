//! What stands in the columns of an object.

use super::column::Column;
use super::command::Commands;
use super::encode::{self, Encoding};
use super::options::{Request, TimeFormat};
use crate::compat::text::{push_human, push_octal_marked};
use crate::compat::times::{Recent, push_ctime, push_iso, push_short};
use crate::kind::model::{Detail, Object};
use crate::object::names::{GroupOf, Names, UserOf};
use crate::render::units::{push_hex32, push_i64, push_u64};
use crate::sys::clock::{LocalTime, local_time, now};
use crate::sys::{Gid, Mode, Pid, Timestamp, Uid};

/// Makes cells.
pub(super) struct Cells {
    encoding: Encoding,
    bytes: bool,
    numeric_perms: bool,
    names: Names,
    commands: Commands,
    times: Times,
}

/// Who made a segment, and when at the latest.
fn creator(object: &Object) -> Option<(Pid, Timestamp)> {
    let segment = object.as_segment()?;
    // It was made no later than at any of its times.
    let times = [object.ctime, segment.atime, segment.dtime];
    let made = times.into_iter().filter(|time| !time.is_never()).min().unwrap_or(object.ctime);
    Some((segment.cpid, made))
}

impl Cells {
    /// For these objects and columns.
    pub(super) fn new(request: &Request, encoding: Encoding, objects: &[Object], columns: &[Column]) -> Self {
        let shows_commands = columns.contains(&Column::Command);
        let creators = objects.iter().filter(|_| shows_commands).filter_map(creator);
        let default = if request.is_sheet() { TimeFormat::Full } else { TimeFormat::Short };
        Self {
            encoding,
            bytes: request.bytes,
            numeric_perms: request.numeric_perms,
            names: names(objects, columns),
            commands: Commands::of_all(encoding, creators),
            times: Times::new(request.time_format.unwrap_or(default), encoding),
        }
    }

    /// Appends what `column` says of `object`; nothing where it says nothing.
    pub(super) fn push(&mut self, out: &mut String, column: Column, object: &Object) {
        let perm = &object.perm;
        match column {
            Column::Key => push_hex32(out, perm.key.bits()),
            Column::Id => push_i64(out, object.id.sysv().into()),
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
            (Detail::Shm(_), Column::Command) => {
                out.push_str(creator(object).map_or("", |(pid, made)| self.commands.of(pid, made)));
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
    let users: [(bool, UserOf); 2] =
        [(shows(&[Column::Owner, Column::User]), |perm| perm.uid), (shows(&[Column::Cuser]), |perm| perm.cuid)];
    let groups: [(bool, GroupOf); 2] =
        [(shows(&[Column::Group]), |perm| perm.gid), (shows(&[Column::Cgroup]), |perm| perm.cgid)];
    let users: Vec<UserOf> = users.into_iter().filter(|(shown, _)| *shown).map(|(_, user)| user).collect();
    let groups: Vec<GroupOf> = groups.into_iter().filter(|(shown, _)| *shown).map(|(_, group)| group).collect();
    Names::of(objects.iter().map(|object| &object.perm), &users, &groups)
}

/// `rw-r-----`.
fn push_letters(out: &mut String, mode: Mode) {
    let bits = mode.permissions();
    out.extend((0..9).rev().map(|bit| if bits & 1 << bit == 0 { '-' } else { ['x', 'w', 'r'][bit % 3] }));
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

/// Writes times as they were asked for.
struct Times {
    format: TimeFormat,
    encoding: Encoding,
    today: Option<LocalTime>,
    recent: Recent,
}

impl Times {
    fn new(format: TimeFormat, encoding: Encoding) -> Self {
        Self { format, encoding, today: local_time(Timestamp::new(now())), recent: Recent::default() }
    }

    /// Nothing for what never was.
    fn push(&mut self, out: &mut String, time: Timestamp) {
        if time.is_never() {
            return;
        }
        let (format, encoding, today) = (self.format, self.encoding, self.today.as_ref());
        self.recent.push(out, time, |out| {
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

#[cfg(test)]
mod tests {
    use super::{push_letters, push_status};
    use crate::sys::Mode;

    fn text(push: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn modes() {
        assert_eq!(text(|out| push_letters(out, Mode::new(0o3751))), "rwxr-x--x");
        assert_eq!(text(|out| push_status(out, Mode::new(0o3000))), "dest,locked");
    }
}
