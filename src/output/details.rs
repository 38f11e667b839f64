//! All details of an object, as `show` prints them to people.

use std::io::{self, Write};

use crate::kind::model::{Object, Queue, Segment};
use crate::kind::system_v::Part;
use crate::listing::contents::ObjectContents;
use crate::listing::fields::Lookups;
use crate::object::key::Parts;
use crate::output::contents;
use crate::output::context::{self, is_verbose};
use crate::output::usage_list::{self, Row};
use crate::proc::recorded::{LookedUp, Recorded};
use crate::render::escape::escape;
use crate::render::key_values::KeyValueList;
use crate::render::style::{Style, TimeStyle};
use crate::render::text::{permission_letters, plural};
use crate::render::units::{push_age, push_size};
use crate::sys::{Pid, Timestamp};
use crate::usage::fields::{PROCESS, ROLE};
use crate::usage::recorded::recorded_in;
use crate::usage::report::{ObjectUsage, UsageReport};
use crate::usage::role::hidden;
use crate::usage::state::Judgement;

/// Everything below the first line stands this far in.
const INDENT: usize = 2;

/// What the details of some objects are made of.
pub(crate) struct Details<'a> {
    lookups: &'a Lookups,
    whole: &'a UsageReport<'a>,
    processes: LookedUp,
    style: Style,
}

impl<'a> Details<'a> {
    /// Looks up the processes that the details of `objects` name.
    pub(crate) fn of(objects: &[Object], lookups: &'a Lookups, whole: &'a UsageReport<'a>) -> Self {
        let recorded = objects.iter().flat_map(recorded_in).map(|user| (user.pid, user.time));
        let style = Style { indent: INDENT, ..context::style(false, TimeStyle::Full, true) };
        Self { lookups, whole, processes: LookedUp::new(recorded), style }
    }

    /// Writes those of `object`, which the user calls `text`; of a queue no more than its first `messages`.
    pub(crate) fn write(&self, out: &mut impl Write, text: &str, object: &Object, messages: u32) -> io::Result<()> {
        let found = self.whole.of(object);
        let contents = ObjectContents::of(object, messages, found.usage);
        let (bold, plain) = if self.style.color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        writeln!(out, "{bold}{text}{plain}  {}", object.kind().noun())?;
        let mut list = KeyValueList::default();
        common(&mut list, object, self.lookups);
        match object.system_v() {
            Some(Part::Segment(segment)) => self.segment(&mut list, object, segment, &contents),
            Some(Part::Set(set)) => {
                list.line("nsems", plural(set.nsems, "semaphore"));
                list.line("otime", self.time(set.otime));
            }
            Some(Part::Queue(queue)) => self.queue(&mut list, queue),
            None => {}
        }
        list.line("ctime", self.time(object.ctime));
        if let Some(judgement) = self.lookups.analysis.judgement(object.id) {
            state(&mut list, judgement);
        }
        list.write(out, INDENT)?;
        self.write_users(out, &found)?;
        contents::write_table(out, object, &contents, &self.style)
    }

    /// Writes who uses the object, if anybody does or may.
    fn write_users(&self, out: &mut impl Write, found: &ObjectUsage<'_>) -> io::Result<()> {
        let rows: Vec<Row<'_>> = found.shown(is_verbose()).map(Row::Use).collect();
        if !rows.is_empty() {
            writeln!(out)?;
            let style = Style { time: TimeStyle::Age, zone: None, ..self.style.clone() };
            let names = usage_list::names(found.uses.iter());
            usage_list::write_table(out, &usage_list::columns(&[&PROCESS, &ROLE]), &rows, &names, &style)?;
        }
        let hidden = hidden(found.usage).map(|words| escape(&words).into_owned());
        let hints = self.whole.hints(&found.object).into_iter().map(|hint| format!("hint: {hint}"));
        found.more().into_iter().chain(hidden).chain(hints).try_for_each(|line| writeln!(out, "  {line}"))
    }

    fn segment(&self, list: &mut KeyValueList, object: &Object, segment: &Segment, contents: &ObjectContents) {
        let in_memory = |number: Option<u64>, place: &str| {
            number.map_or_else(|| "?".to_owned(), |number| format!("{} in {place}", bytes(number)))
        };
        list.line("size", bytes(segment.size));
        list.line("rss", in_memory(segment.rss(), "RAM"));
        list.line("swap", in_memory(segment.memory.map(|memory| memory.swap), "swap"));
        let huge = match contents {
            ObjectContents::Segment(Some(true)) => "yes, it seems",
            ObjectContents::Segment(Some(false)) => "no",
            _ => "? (the kernel tells only whoever has it attached)",
        };
        list.line("hugepages", huge);
        list.line("locked", if object.perm.mode.is_shm_locked() { "yes: kept in RAM" } else { "no" });
        list.line("doomed", if object.is_doomed() { "yes: removed, goes at the last detach" } else { "no" });
        list.line("nattch", plural(segment.nattch, "attachment"));
        list.line("cpid", self.process(segment.cpid, object.ctime, true));
        let last = segment.atime.max(segment.dtime);
        list.line("lpid", self.process(segment.lpid, last, !last.is_never()));
        list.line("atime", self.time(segment.atime));
        list.line("dtime", self.time(segment.dtime));
    }

    fn queue(&self, list: &mut KeyValueList, queue: &Queue) {
        list.line("qnum", plural(queue.qnum, "message"));
        list.line("cbytes", bytes(queue.cbytes));
        list.line("qbytes", queue.qbytes.map_or_else(|| "?".to_owned(), bytes));
        list.line("lspid", self.process(queue.lspid, queue.stime, !queue.stime.is_never()));
        list.line("lrpid", self.process(queue.lrpid, queue.rtime, !queue.rtime.is_never()));
        list.line("stime", self.time(queue.stime));
        list.line("rtime", self.time(queue.rtime));
    }

    fn time(&self, time: Timestamp) -> String {
        if time.is_never() {
            return "never".to_owned();
        }
        let mut text = String::new();
        self.style.push_time(&mut text, time.seconds());
        let age = self.style.now.saturating_sub(time.seconds());
        text.push_str(" (");
        push_age(&mut text, age);
        text.push_str(if age < 0 { ")" } else { " ago)" });
        text
    }

    /// A recorded process, and whether it is still that one.
    fn process(&self, pid: Pid, time: Timestamp, happened: bool) -> String {
        match (pid.is_none(), happened) {
            (true, true) => "? (a process of another pid namespace)".to_owned(),
            (true, false) => "none yet".to_owned(),
            (false, _) => match self.processes.of(pid, time) {
                Some(Recorded::Alive(living)) => format!("{pid} ({})", escape(&living.command)),
                Some(Recorded::Gone(_)) => format!("{pid} (gone)"),
                Some(Recorded::Unknown(_)) | None => pid.to_string(),
            },
        }
    }
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
    list.line("mode", format!("{} ({})", perm.mode, permission_letters(perm.mode.permissions()).collect::<String>()));
    list.line("owner", account(lookups.names.user(perm.uid), perm.uid.raw()));
    list.line("group", account(lookups.names.group(perm.gid), perm.gid.raw()));
    list.line("creator", account(lookups.names.user(perm.cuid), perm.cuid.raw()));
    list.line("creator_group", account(lookups.names.group(perm.cgid), perm.cgid.raw()));
}

/// The state, and each fact on a line of its own, with its source.
fn state(list: &mut KeyValueList, judgement: &Judgement) {
    list.line("state", judgement.state.word());
    for (number, evidence) in judgement.evidence.iter().enumerate() {
        let label = if number == 0 { "evidence" } else { "" };
        list.line(label, format!("{} [{}]", escape(&evidence.fact()), escape(&evidence.source())));
    }
}

fn account(name: Option<&str>, number: u32) -> String {
    name.map_or_else(|| format!("{number} (no name)"), |name| format!("{} ({number})", escape(name)))
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
