//! All details of an object, as `show` prints them to people.

use std::io::{self, Write};

use crate::kind::model::{Object, Queue, Segment, Set};
use crate::kind::system_v::Part;
use crate::listing::contents::ObjectContents;
use crate::listing::fields::Lookups;
use crate::object::key::Parts;
use crate::output::contents;
use crate::output::usage_list::{self, Row};
use crate::proc::recorded::{LookedUp, Recorded};
use crate::render::escape::escape;
use crate::render::key_values::KeyValueList;
use crate::render::style::{Style, TimeStyle};
use crate::render::units::{push_age, push_size};
use crate::sys::{Pid, Timestamp};
use crate::usage::fields::{PROCESS, ROLE};
use crate::usage::recorded::recorded_in;
use crate::usage::report::ObjectUsage;
use crate::usage::role::hidden;
use crate::usage::state::Judgement;

/// Everything below the first line stands this far in.
const INDENT: usize = 2;
/// Writes the details of an object, which the user calls `text`.
pub(crate) fn write(
    out: &mut impl Write,
    text: &str,
    object: &Object,
    contents: &ObjectContents,
    (found, hints, all): (&ObjectUsage<'_>, &[String], bool),
    lookups: &Lookups,
    (style, processes): (&Style, &LookedUp),
) -> io::Result<()> {
    let (bold, plain) = if style.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    writeln!(out, "{bold}{text}{plain}  {}", object.kind().noun())?;
    let mut list = KeyValueList::default();
    common(&mut list, object, lookups);
    match object.system_v() {
        Some(Part::Segment(segment)) => of_segment(&mut list, object, segment, contents, (style, processes)),
        Some(Part::Set(set)) => of_set(&mut list, set, style),
        Some(Part::Queue(queue)) => of_queue(&mut list, queue, style, processes),
        None => {}
    }
    list.line("ctime", time(object.ctime, style));
    if let Some(judgement) = lookups.analysis.judgement(object.id) {
        state(&mut list, judgement);
    }
    list.write(out, INDENT)?;
    write_users(out, found, hints, all, style)?;
    let style = &Style { indent: INDENT, ..style.clone() };
    contents::write_table(out, object, contents, style)
}

/// Writes who uses the object, if anybody does or may; with `all` also who has used it and owes nothing.
fn write_users(
    out: &mut impl Write,
    found: &ObjectUsage<'_>,
    hints: &[String],
    all: bool,
    style: &Style,
) -> io::Result<()> {
    let rows: Vec<Row<'_>> = found.shown(all).map(Row::Use).collect();
    if !rows.is_empty() {
        writeln!(out)?;
        let style = &Style { time: TimeStyle::Age, zone: None, indent: INDENT, ..style.clone() };
        usage_list::write_table(
            out,
            &usage_list::columns(&[&PROCESS, &ROLE]),
            &rows,
            &usage_list::names(found.uses.iter()),
            style,
        )?;
    }
    if let Some(words) = found.more() {
        writeln!(out, "  {words}")?;
    }
    if let Some(words) = hidden(found.usage) {
        writeln!(out, "  {}", escape(&words))?;
    }
    hints.iter().try_for_each(|hint| writeln!(out, "  hint: {hint}"))
}

fn common(list: &mut KeyValueList, object: &Object, lookups: &Lookups) {
    let perm = &object.perm;
    list.line("id", object.id.sysv().to_string());
    list.line(
        "key",
        if perm.key.is_private() {
            format!("{} (private)", perm.key)
        } else {
            let parts = Parts::of(perm.key);
            format!(
                "{} (if ftok made it: project 0x{:02x}, device minor 0x{:02x}, inode bits 0x{:04x})",
                perm.key, parts.project, parts.device_minor, parts.inode_bits
            )
        },
    );
    list.line("mode", format!("{} ({})", perm.mode, letters(perm.mode.permissions())));
    list.line("owner", account(lookups.names.user(perm.uid), perm.uid.raw()));
    list.line("group", account(lookups.names.group(perm.gid), perm.gid.raw()));
    list.line("creator", account(lookups.names.user(perm.cuid), perm.cuid.raw()));
    list.line("creator_group", account(lookups.names.group(perm.cgid), perm.cgid.raw()));
}

fn of_segment(
    list: &mut KeyValueList,
    object: &Object,
    segment: &Segment,
    contents: &ObjectContents,
    (style, processes): (&Style, &LookedUp),
) {
    list.line("size", bytes(segment.size));
    list.line("rss", segment.rss().map_or_else(|| "?".to_owned(), |rss| format!("{} in RAM", bytes(rss))));
    list.line(
        "swap",
        segment.memory.map_or_else(|| "?".to_owned(), |memory| format!("{} in swap", bytes(memory.swap))),
    );
    let huge = match contents {
        ObjectContents::Segment(Some(true)) => "yes, it seems",
        ObjectContents::Segment(Some(false)) => "no",
        _ => "? (the kernel tells only whoever has it attached)",
    };
    list.line("hugepages", huge);
    list.line("locked", if object.perm.mode.is_locked() { "yes: kept in RAM" } else { "no" });
    list.line("doomed", if object.is_doomed() { "yes: removed, goes at the last detach" } else { "no" });
    list.line("nattch", count(segment.nattch, "attachment"));
    list.line("cpid", process(segment.cpid, object.ctime, true, processes));
    let last = segment.atime.max(segment.dtime);
    list.line("lpid", process(segment.lpid, last, !last.is_never(), processes));
    list.line("atime", time(segment.atime, style));
    list.line("dtime", time(segment.dtime, style));
}

fn of_set(list: &mut KeyValueList, set: &Set, style: &Style) {
    list.line("nsems", count(set.nsems, "semaphore"));
    list.line("otime", time(set.otime, style));
}

fn of_queue(list: &mut KeyValueList, queue: &Queue, style: &Style, processes: &LookedUp) {
    list.line("qnum", count(queue.qnum, "message"));
    list.line("cbytes", bytes(queue.cbytes));
    list.line("qbytes", queue.qbytes.map_or_else(|| "?".to_owned(), bytes));
    list.line("lspid", process(queue.lspid, queue.stime, !queue.stime.is_never(), processes));
    list.line("lrpid", process(queue.lrpid, queue.rtime, !queue.rtime.is_never(), processes));
    list.line("stime", time(queue.stime, style));
    list.line("rtime", time(queue.rtime, style));
}

/// The state, and each fact on a line of its own, with its source.
fn state(list: &mut KeyValueList, judgement: &Judgement) {
    list.line("state", judgement.state.word());
    for (number, evidence) in judgement.evidence.iter().enumerate() {
        let label = if number == 0 { "evidence" } else { "" };
        list.line(label, format!("{} [{}]", escape(&evidence.fact), escape(&evidence.source)));
    }
}

fn account(name: Option<&str>, number: u32) -> String {
    name.map_or_else(|| format!("{number} (no name)"), |name| format!("{} ({number})", escape(name)))
}

/// `rw-r-----`, as ls(1) shows it.
fn letters(mode: u32) -> String {
    (0..9).rev().map(|bit| if mode >> bit & 1 == 0 { '-' } else { ['x', 'w', 'r'][bit % 3] }).collect()
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn bytes(number: u64) -> String {
    let mut text = String::new();
    push_size(&mut text, number);
    if number >= 1024 {
        text.push_str(&format!(" ({number} bytes)"));
    } else {
        text.push_str(if number == 1 { " byte" } else { " bytes" });
    }
    text
}

fn time(time: Timestamp, style: &Style) -> String {
    if time.is_never() {
        return "never".to_owned();
    }
    let mut text = String::new();
    style.push_time(&mut text, time.seconds());
    let age = style.now.saturating_sub(time.seconds());
    text.push_str(" (");
    push_age(&mut text, age);
    text.push_str(if age < 0 { ")" } else { " ago)" });
    text
}

/// A recorded process, and whether it is still that one.
fn process(pid: Pid, time: Timestamp, happened: bool, processes: &LookedUp) -> String {
    match (pid.is_none(), happened) {
        (true, true) => "? (a process of another pid namespace)".to_owned(),
        (true, false) => "none yet".to_owned(),
        (false, _) => match processes.of(pid, time) {
            Some(Recorded::Alive(living)) => format!("{pid} ({})", escape(&living.command)),
            Some(Recorded::Gone(_)) => format!("{pid} (gone)"),
            Some(Recorded::Unknown(_)) | None => pid.to_string(),
        },
    }
}

/// The processes that the details of an object name, and when they did what they are recorded for.
pub(crate) fn recorded(object: &Object) -> Vec<(Pid, Timestamp)> {
    recorded_in(object).into_iter().map(|user| (user.pid, user.time)).collect()
}
