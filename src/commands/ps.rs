//! `ps`: which objects processes use.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::Args;

use crate::error::{Error, Result, Status, Tally};
use crate::kind::field::Needs;
use crate::kind::model::KindSet;
use crate::object::inventory;
use crate::object::names::Names;
use crate::object::semaphores::Unread;
use crate::option_values::count;
use crate::output::context::{self, is_verbose, note};
use crate::output::document::{self, Failure};
use crate::output::format::{Format, FormatArgs};
use crate::output::list::{ListWriter, Record};
use crate::output::stdout::{self, Out};
use crate::output::usage_list::{self, Row};
use crate::proc::identity::{self, Owner};
use crate::proc::probe;
use crate::proc::reader::{Reader, Task};
use crate::render::escape::escape;
use crate::render::style::TimeStyle;
use crate::render::value::Value;
use crate::sys::namespace;
use crate::usage::fields::{HOLDER, OBJECT, PROCESS, ROLE, WAITER};
use crate::usage::last_changed::LastChangers;
use crate::usage::recorded_uses::living;
use crate::usage::role::{Hidden, Use, of_object};
use crate::usage::users::{Users, Wants};

/// Show which objects processes use
///
/// A process uses what it has attached, what its threads sleep on, what is given back when it ends, or with -v what it has
/// used with undo, and what the kernel has recorded it with: as the creator of a segment, or as the last to attach, send,
/// receive or change a semaphore.
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Processes; all that use something if none is given
    #[arg(value_name = "PID", value_parser = pid, allow_negative_numbers = true)]
    pids: Vec<u32>,
    /// Leave out the header
    #[arg(long)]
    no_header: bool,
    /// Print process ids alone, each once
    #[arg(short, long, conflicts_with_all = ["format", "json"])]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

fn pid(text: &str) -> std::result::Result<u32, String> {
    match count::<i32>(text)? {
        0 => Err("is no process".to_owned()),
        number => Ok(number.unsigned_abs()),
    }
}

pub fn run(args: &PsArgs) -> Result<Status> {
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut wanted = BTreeSet::new();
    for &number in &args.pids {
        match look(number) {
            Ok(pid) => {
                tally.done();
                wanted.insert(pid);
            }
            Err(error) => document::fail(&number.to_string(), &error, &mut failures, &mut tally),
        }
    }
    let inventory = inventory::collect(KindSet::ALL, Needs::NOTHING)?;
    inventory.losses.iter().for_each(|loss| note(loss));
    let objects = inventory.objects;
    let users = Users::scan(&objects, Wants::ALL);
    let last_changers = LastChangers::look_up(&objects, &users);
    let (recorded, unread) = living(&objects);
    let mut by_process: BTreeMap<u32, Vec<Use>> = BTreeMap::new();
    for used in recorded.into_iter().chain(objects.iter().flat_map(|object| of_object(object, &users, &last_changers)))
    {
        let pid = used.process().pid;
        if args.pids.is_empty() || wanted.contains(&pid) {
            by_process.entry(pid).or_default().push(used);
        }
    }
    for used in by_process.values_mut() {
        used.sort_by_key(|used| (used.object, used.rank()));
    }
    let hidden = Hidden::of(objects.iter().filter_map(|object| users.of(object.id)));
    let some =
        if wanted.is_empty() { hidden.words().is_some() } else { wanted.iter().any(|pid| users.is_unseen(*pid)) };
    let some = some || hidden.undo.is_some();
    let unseen = Unseen { hidden, sets: unread, some: some || unread.number() > 0 };
    args.notes(&unseen, &users, &wanted, &by_process);
    stdout::print(|out| args.print(out, &by_process, (&users, &unseen), &failures))?;
    Ok(tally.status())
}

/// What is hidden of the uses of all objects.
#[derive(Debug)]
struct Unseen {
    /// Of their holders and waiters.
    hidden: Hidden,
    /// Sets of which it is not known who changed them.
    sets: Unread,
    /// Whether the list may lack something for it.
    some: bool,
}

impl Unseen {
    /// Writes what stands beside the list.
    fn write<W: Write>(&self, record: &mut Record<'_, W>) {
        let waiters = if self.hidden.uncounted { Value::Hidden } else { Value::Number(self.hidden.waiters) };
        record.hide("processes", self.some);
        record.value("hidden_attachments", Value::Number(self.hidden.attachments));
        record.value("hidden_waiters", waiters);
        record.value("hidden_sets", Value::Number(self.sets.number()));
        record.text("hidden_why", self.hidden.reasons().as_deref());
    }
}

/// The process that has this number, or a thread that has it.
fn look(number: u32) -> Result<u32> {
    let operation = format!("find process {number}");
    match identity::owner(number) {
        Owner::Process(pid) => Ok(pid),
        Owner::Nobody => Err(Error::cannot(Status::NotFound, &operation, "no such process", None)),
        Owner::Hidden => {
            Err(Error::cannot(Status::Denied, &operation, "it exists, but /proc does not show it to you", None))
        }
    }
}

/// Whether all threads of a process are in other IPC namespaces than this one; None when that cannot be seen.
fn is_elsewhere(pid: u32) -> Option<bool> {
    probe::run(|| match look_elsewhere(pid) {
        Ok(found) => Some(found),
        Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::TimedOut) => None,
        // It has ended.
        Err(_) => Some(false),
    })
}

fn look_elsewhere(pid: u32) -> io::Result<bool> {
    let (mut reader, own) = (Reader::default(), namespace::ipc());
    let threads = reader.thread_ids(pid)?;
    let namespaces: Vec<_> = threads.into_iter().map(|tid| reader.ipc_namespace(Task::thread(pid, tid))).collect();
    if namespaces.iter().flatten().next().is_none() {
        return namespaces.into_iter().next().unwrap_or(Ok(0)).map(|_| false);
    }
    Ok(!namespaces.into_iter().flatten().any(|found| Some(found) == own))
}

impl PsArgs {
    /// Says what may be missing.
    fn notes(&self, unseen: &Unseen, users: &Users, wanted: &BTreeSet<u32>, by_process: &BTreeMap<u32, Vec<Use>>) {
        let told = |used: &Vec<Use>| used.iter().any(tells);
        for pid in wanted {
            let table = self.format.format() == Format::Table;
            if users.is_unseen(*pid) {
                note(&format!("process {pid} {}: it may use more than is recorded", probe::why_unseen(*pid)));
            } else if table && !by_process.get(pid).is_some_and(told) {
                note(&match is_elsewhere(*pid) {
                    _ if by_process.contains_key(pid) => {
                        format!(
                            "process {pid} holds and waits for nothing, but has used sets with undo (-v shows them)"
                        )
                    }
                    Some(true) => {
                        format!("process {pid} is in another IPC namespace, and uses no object of this one")
                    }
                    None => format!("process {pid} {}: it may use objects", probe::why_unseen(*pid)),
                    Some(false) => format!("process {pid} uses no object"),
                });
            }
        }
        if let Some(undo) = &unseen.hidden.undo {
            note(&escape(undo));
        }
        if !wanted.is_empty() {
            return;
        }
        if let Some(words) = unseen.hidden.words() {
            let why = unseen.hidden.why.as_deref().map(escape).unwrap_or_default();
            note(&format!("{words}: {why}"));
        }
        unseen.sets.lines().for_each(|line| note(&line));
    }

    fn print(
        &self,
        out: &mut Out,
        by_process: &BTreeMap<u32, Vec<Use>>,
        (users, unseen): (&Users, &Unseen),
        failures: &[Failure],
    ) -> io::Result<()> {
        let table = self.quiet || matches!(self.format.format(), Format::Table | Format::Csv);
        let all = || by_process.values().flat_map(|used| used.iter().filter(|one| !table || tells(one)));
        if self.quiet {
            let pids: BTreeSet<u32> = all().map(|used| used.process().pid).collect();
            return pids.into_iter().try_for_each(|pid| writeln!(out, "{pid}"));
        }
        let names = usage_list::names(all());
        match self.format.format() {
            Format::Table => {
                let style = context::style(false, TimeStyle::Age, !self.no_header);
                let rows: Vec<Row<'_>> = all().map(Row::Use).collect();
                usage_list::write_table(out, &usage_list::columns(&[&PROCESS, &OBJECT, &ROLE]), &rows, &names, &style)
            }
            Format::Csv => usage_list::write_csv(out, all(), !self.no_header, &names),
            format => {
                let mut list = ListWriter::new(out, format, "processes", false);
                for (pid, used) in by_process {
                    let is_unseen = users.is_unseen(*pid) || unseen.hidden.undo.is_some();
                    list.record(|record| write_process(record, used, is_unseen, &names));
                    list.flush_if_large()?;
                }
                list.end(failures, |record| unseen.write(record))
            }
        }
    }
}

/// Whether rows tell this use.
fn tells(used: &Use) -> bool {
    is_verbose() || !used.is_past()
}

fn write_process<W: Write>(record: &mut Record<'_, W>, used: &[Use], is_unseen: bool, names: &Names) {
    if let Some(first) = used.first() {
        usage_list::write_fields(record, first, &[&PROCESS], names);
    }
    record.list("uses", used, |record, used| {
        usage_list::write_fields(record, used, &[&OBJECT, &ROLE, &HOLDER, &WAITER], names);
        usage_list::write_undo(record, used);
    });
    record.hide("uses", is_unseen);
}
