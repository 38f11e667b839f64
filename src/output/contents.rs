//! Semaphores and message headers of an object, as `show` prints them.

use std::io::{self, Write};

use crate::kind::field::{Field, Named, named};
use crate::kind::model::Object;
use crate::listing::contents::ObjectContents;
use crate::object::semaphores::{Semaphore, hides_user};
use crate::output::list::{self, Record};
use crate::queue::headers::Header;
use crate::render::style::Style;
use crate::render::value::Value;
use crate::sys::Errno;

/// More semaphores than these are no help to the eye.
const SEMAPHORES: usize = 64;

/// Reads a field of a semaphore, whose last user may be hidden.
type ReadSemaphore = fn(&Semaphore, bool) -> Value<'static>;

type ReadHeader = fn(&Header) -> Value<'static>;

static SEMAPHORE_FIELDS: [Field<ReadSemaphore>; 5] = [
    of_semaphore(named!("index", "INDEX"), |semaphore, _| Value::Number(semaphore.index.into())),
    of_semaphore(named!("value", "VALUE"), |semaphore, _| Value::Number(semaphore.value.into())),
    of_semaphore(named!("pid", "PID"), |semaphore, is_hidden| match semaphore.pid.raw() {
        _ if is_hidden => Value::Hidden,
        0 => Value::Null,
        pid => Value::Signed(pid.into()),
    }),
    of_semaphore(named!("ncnt", "NCNT"), |semaphore, _| count(semaphore.ncnt)),
    of_semaphore(named!("zcnt", "ZCNT"), |semaphore, _| count(semaphore.zcnt)),
];

static HEADER_FIELDS: [Field<ReadHeader>; 3] = [
    of_header(named!("index", "INDEX"), |header| Value::Number(header.index.into())),
    of_header(named!("type", "TYPE"), |header| header.mtype.map_or(Value::Hidden, Value::Signed)),
    of_header(named!("size", "SIZE"), |header| header.size.map_or(Value::Hidden, Value::Number)),
];

const fn of_semaphore(named: Named, read: ReadSemaphore) -> Field<ReadSemaphore> {
    Field::new(named, "", read).right()
}

const fn of_header(named: Named, read: ReadHeader) -> Field<ReadHeader> {
    Field::new(named, "", read).right()
}

fn count(count: Option<u32>) -> Value<'static> {
    count.map_or(Value::Hidden, |count| Value::Number(count.into()))
}

/// Writes them as JSON has them.
pub(crate) fn write_json<W: Write>(record: &mut Record<'_, W>, object: &Object, contents: &ObjectContents) {
    match contents {
        ObjectContents::Segment(huge) => record.value("hugepages", huge.map_or(Value::Hidden, Value::Flag)),
        ObjectContents::Set(Ok(semaphores)) => {
            let hides_user = hides_user(object, semaphores);
            record.list("semaphores", semaphores, |record, semaphore| {
                record.fields(&SEMAPHORE_FIELDS, |field| (field.read)(semaphore, hides_user(semaphore)));
            });
            let is_hidden = |semaphore: &Semaphore| semaphore.zcnt.is_none() || hides_user(semaphore);
            record.hide("semaphores", semaphores.iter().any(is_hidden));
        }
        ObjectContents::Queue(Ok(headers)) => {
            record.list("messages", headers, |record, header| {
                record.fields(&HEADER_FIELDS, |field| (field.read)(header));
            });
            record.hide("messages", headers.iter().any(|header| header.size.is_none()));
        }
        ObjectContents::Set(Err(_)) => record.value("semaphores", Value::Hidden),
        ObjectContents::Queue(Err(_)) => record.value("messages", Value::Hidden),
    }
}

/// Writes them as tables.
pub(crate) fn write_table(
    out: &mut impl Write,
    object: &Object,
    contents: &ObjectContents,
    style: &Style,
) -> io::Result<()> {
    match contents {
        ObjectContents::Segment(_) => Ok(()),
        ObjectContents::Set(Ok(semaphores)) => write_semaphores(out, semaphores, object, style),
        ObjectContents::Set(Err(errno)) => unseen(out, "values", *errno, "needs read permission"),
        ObjectContents::Queue(Ok(headers)) => write_headers(out, headers, object, style),
        ObjectContents::Queue(Err(Errno::ENOSYS)) => {
            unseen(out, "messages", Errno::ENOSYS, "a kernel without CONFIG_CHECKPOINT_RESTORE")
        }
        ObjectContents::Queue(Err(errno)) => unseen(out, "messages", *errno, "needs read permission"),
    }
}

fn unseen(out: &mut impl Write, contents: &str, errno: Errno, remedy: &str) -> io::Result<()> {
    match errno {
        Errno::EINVAL | Errno::EIDRM => writeln!(out, "  the {contents} are gone: it was removed meanwhile"),
        errno => writeln!(out, "  the {contents} cannot be seen: {errno} ({remedy})"),
    }
}

fn write_semaphores(out: &mut impl Write, semaphores: &[Semaphore], set: &Object, style: &Style) -> io::Result<()> {
    let (shown, more) = semaphores.split_at(semaphores.len().min(SEMAPHORES));
    writeln!(out)?;
    let fields: Vec<_> = list::columns(&SEMAPHORE_FIELDS).collect();
    let hides_user = hides_user(set, semaphores);
    list::table(out, &fields, shown, style, |semaphore, field| (field.read)(semaphore, hides_user(semaphore)))?;
    match more.len() {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more; 'ipcadm show --json {}' shows them", set.id),
    }
}

fn write_headers(out: &mut impl Write, headers: &[Header], queue: &Object, style: &Style) -> io::Result<()> {
    if headers.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let fields: Vec<_> = list::columns(&HEADER_FIELDS).collect();
    list::table(out, &fields, headers, style, |header, field| (field.read)(header))?;
    let held = queue.as_queue().map_or(0, |queue| queue.qnum);
    match held.saturating_sub(headers.len() as u64) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more; --messages {held} shows them"),
    }
}
