//! `who`: which processes use objects.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::io::{self, Write};

use clap::Args;

use super::context::{Context, note};
use super::envelope::{self, Failure};
use super::judging;
use super::options::{Format, FormatArgs};
use super::output::Out;
use super::targets;
use super::uses::{self, Row};
use crate::error::{Error, Result, Status, Tally};
use crate::object::inventory::{self, Wants as Collect};
use crate::object::model::{Kind, KindSet, Object, ObjectId};
use crate::object::names::Names;
use crate::object::state::possible::MayKnow;
use crate::object::state::{Criteria, Judge};
use crate::object::users::{Usage, Users, Wants};
use crate::object::uses::recorded::living;
use crate::object::uses::traces::Traces;
use crate::object::uses::{Hidden, Use, hidden, of_object, undo_hidden};
use crate::proc::probe;
use crate::render::escape::escape;
use crate::render::json::JsonWriter;
use crate::render::style::{Style, TimeStyle};

/// So many objects are told of one by one.
const FEW: usize = 10;

/// Show which processes use objects
///
/// Of segments, the processes that have them attached; of semaphore sets and message queues, the threads that sleep on
/// them; of sets also the processes that give something back when they end, or with -v have used them with undo. Then
/// living processes that the kernel has recorded with the object, and those that may know it. Below the table stands who
/// changed a semaphore last that a thread waits for: a hint at who may hold it.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// Objects; '-' reads them from standard input
    #[arg(value_name = "REF", required = true)]
    refs: Vec<OsString>,
    /// Leave out the header
    #[arg(long)]
    no_header: bool,
    /// Print process ids alone, each once
    #[arg(short, long, conflicts_with_all = ["format", "json"])]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// An object and who uses it.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The object.
    pub(super) object: Object,
    /// Its users.
    pub(super) uses: Vec<Use>,
    /// As the scan found it.
    pub(super) usage: &'a Usage,
    /// Who may know it besides; the first of them are among its users.
    pub(super) may_know: MayKnow,
}

/// The objects whose users tell all about those of `objects`. Where one is a set, all sets: a process that changed one
/// last may wait for another.
pub(super) fn with_other_sets(objects: &[Object]) -> Vec<Object> {
    let mut all = objects.to_vec();
    if objects.iter().any(|object| object.kind() == Kind::Sem) {
        let named: HashSet<_> = objects.iter().map(|object| object.id).collect();
        let sets = inventory::collect(Collect { kinds: KindSet::SEM, memory: false });
        let sets = sets.map(|found| found.objects).unwrap_or_default();
        all.extend(sets.into_iter().filter(|set| !named.contains(&set.id)));
    }
    all
}

/// Everything about who uses objects.
#[derive(Debug)]
pub(super) struct Whole<'a> {
    users: &'a Users,
    traces: Traces,
    nobody: Usage,
    others: Option<Others>,
}

/// Those who are not seen to use an object.
#[derive(Debug)]
struct Others {
    /// Living processes that the kernel has recorded.
    recorded: HashMap<ObjectId, Vec<Use>>,
    /// Who may know it.
    may_know: HashMap<ObjectId, MayKnow>,
}

impl<'a> Whole<'a> {
    /// Adds to the users of `all` what they wait for.
    pub(super) fn new(all: &[Object], users: &'a Users) -> Self {
        Self { users, traces: Traces::look_up(all, users), nobody: Usage::default(), others: None }
    }

    /// Adds to those who use `objects` the living processes that are recorded with them, and those that may know them.
    pub(super) fn with_others(mut self, objects: &[Object], criteria: &Criteria) -> Self {
        if objects.is_empty() {
            return self;
        }
        let (recorded, may_know) = probe::run(|| {
            let mut recorded: HashMap<ObjectId, Vec<Use>> = HashMap::new();
            for used in living(objects).0 {
                recorded.entry(used.object).or_default().push(used);
            }
            let mut judge = Judge::new(criteria);
            let may_know = |object: &Object| {
                let usage = self.users.of(object.id).unwrap_or(&self.nobody);
                let seen: Vec<Use> = of_object(object, self.users, &self.traces).collect();
                let all = seen.iter().chain(recorded.get(&object.id).into_iter().flatten());
                let known: Vec<u32> = all.map(|used| used.process().pid).collect();
                (object.id, judge.may_know(object, usage, &known))
            };
            let may_know: HashMap<ObjectId, MayKnow> = objects.iter().map(may_know).collect();
            (recorded, may_know)
        });
        self.others = Some(Others { recorded, may_know });
        self
    }

    /// Who uses an object of those that were looked at.
    pub(super) fn of(&self, object: &Object) -> Found<'_> {
        let usage = self.users.of(object.id).unwrap_or(&self.nobody);
        let mut uses: Vec<Use> = of_object(object, self.users, &self.traces).collect();
        let mut may_know = MayKnow::default();
        if let Some(Others { recorded, may_know: all }) = &self.others {
            // Who is seen to use it needs no record to be named.
            let known: Vec<u32> = uses.iter().map(|used| used.process().pid).collect();
            let recorded = recorded.get(&object.id).into_iter().flatten();
            uses.extend(recorded.filter(|used| !known.contains(&used.process().pid)).cloned());
            may_know = all.get(&object.id).cloned().unwrap_or_default();
            let candidates = std::mem::take(&mut may_know.candidates);
            uses.extend(candidates.into_iter().map(|candidate| Use::possible(object.id, candidate)));
        }
        Found { object: *object, uses, usage, may_know }
    }

    /// Hints at who may hold the semaphores of an object that threads wait for.
    pub(super) fn hints(&self, object: &Object) -> Vec<String> {
        self.traces.lines(object.id, |name| escape(name).into_owned())
    }
}

impl Found<'_> {
    /// Whether nobody is seen to use it or recorded with it, and no user is hidden.
    fn is_unused(&self) -> bool {
        let mut known = self.uses.iter().filter(|used| used.is_known() && !used.is_past());
        known.next().is_none() && Hidden::of([self.usage]).words().is_none()
    }

    /// That nobody is seen to use it, and who may know it; `all` where rows tell of those who have used it in the past.
    fn unused(&self, all: bool) -> String {
        let id = self.object.id;
        let past = if !all && self.uses.iter().any(Use::is_past) {
            ", but processes live that have used it with undo (-v shows them)"
        } else {
            ""
        };
        let who = match (&self.may_know.unseen, self.may_know.number) {
            (Some(why), _) => format!("; who may know it cannot be seen: {}", escape(why)),
            (None, 0) if past.is_empty() => ", and no living process may know it".to_owned(),
            (None, 0) => String::new(),
            (None, 1) => "; 1 process may know it".to_owned(),
            (None, many) => format!("; {many} processes may know it"),
        };
        format!("nobody is seen to use {id}{past}{who}")
    }

    /// The uses that are told, or with `all` even past ones.
    pub(super) fn told(&self, all: bool) -> impl Iterator<Item = &Use> {
        self.uses.iter().filter(move |used| all || !used.is_past())
    }

    /// Who has a row in tables: of those who may know it for all that can be seen, there is no more to tell than their
    /// number.
    pub(super) fn shown(&self, all: bool) -> impl Iterator<Item = &Use> {
        self.told(all).filter(|used| used.is_known() || used.is_examined())
    }

    /// How many may know it that have no row.
    pub(super) fn more(&self) -> Option<String> {
        let told = self.shown(true).filter(|used| !used.is_known()).count() as u64;
        match self.may_know.number.saturating_sub(told) {
            0 => None,
            1 if told == 0 => Some("1 process may know it".to_owned()),
            many if told == 0 => Some(format!("{many} processes may know it")),
            1 => Some("1 more process may know it".to_owned()),
            many => Some(format!("{many} more processes may know it")),
        }
    }

    /// The rows of a table.
    pub(super) fn rows(&self, all: bool) -> Vec<Row<'_>> {
        let mut rows: Vec<Row<'_>> = self.shown(all).map(Row::Use).collect();
        let more = [self.more(), Hidden::of([self.usage]).words()];
        rows.extend(more.into_iter().flatten().map(|words| Row::Hidden(self.object.id, words)));
        rows
    }

    /// The keys that tell it in JSON; adds to what is hidden.
    pub(super) fn write<W: Write>(&self, json: &mut JsonWriter<W>, names: &Names, unseen: &mut Vec<&'static str>) {
        let mut incomplete = Vec::new();
        for key in uses::LISTS {
            uses::write_users(json, key, &self.uses, self.usage, names, &mut incomplete);
        }
        uses::write_records(json, &self.uses, self.usage, names, &mut incomplete);
        uses::write_may_know(json, &self.uses, &self.may_know, names, &mut incomplete);
        json.key("hidden_attachments");
        json.number(self.usage.hidden_attachments);
        json.key("hidden_waiters");
        match self.usage.hidden_waiters {
            Some(count) => json.number(count),
            None => json.null(),
        }
        json.key("hidden_why");
        match Hidden::of([self.usage]).reasons() {
            Some(why) => json.string(&why),
            None => json.null(),
        }
        unseen.append(&mut incomplete);
        if self.usage.hidden_waiters.is_none() {
            unseen.push("hidden_waiters");
        }
    }
}

/// Shows who uses objects.
///
/// # Errors
/// A usage error or an output error.
pub fn run(args: &WhoArgs, implied: Option<Kind>, context: &Context) -> Result<Status> {
    let targets = targets::parse(&args.refs, implied)?;
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut objects: Vec<Object> = Vec::new();
    let mut seen = HashSet::new();
    for target in &targets {
        match target.resolve().and_then(|found| found.ok_or_else(|| target.absent())) {
            Ok(resolved) => {
                tally.done();
                targets::note_difference(target, &resolved.object);
                if seen.insert(resolved.object.id) {
                    objects.push(resolved.object);
                }
            }
            Err(error) => envelope::fail(&target.text(), &error, &mut failures, &mut tally),
        }
    }
    if matches!(args.format.format(), Format::Json | Format::Jsonl)
        && let Some(loss) = inventory::add_memory(objects.iter_mut())
    {
        note(&loss);
    }
    let all = with_other_sets(&objects);
    let users = Users::scan(&all, Wants::ALL);
    let whole = Whole::new(&all, &users).with_others(&objects, &judging::usual());
    let found: Vec<Found<'_>> = objects.iter().map(|object| whole.of(object)).collect();
    args.notes(&found, context);
    let mut out = Out::stdout()?;
    let printed = args.print(&mut out, &found, &whole, &failures, context).map_err(Error::Output);
    printed.and_then(|()| out.finish()).or_else(Error::forgive_closed_pipe)?;
    Ok(tally.status())
}

impl WhoArgs {
    /// Says what the output cannot: that nobody uses an object, and where there is no room for it, what is hidden.
    fn notes(&self, found: &[Found<'_>], context: &Context) {
        let table = self.format.format() == Format::Table;
        if table && !self.quiet {
            let unused: Vec<&Found<'_>> = found.iter().filter(|one| one.is_unused()).collect();
            if unused.len() > FEW {
                let known = unused.iter().filter(|one| !one.may_know.is_nobody()).count();
                let what = format!("nobody is seen to use {} of {} objects", unused.len(), found.len());
                note(&format!("{what}; living processes may know {known} of them"));
            } else {
                unused.iter().for_each(|one| note(&one.unused(context.is_verbose())));
            }
        }
        if self.quiet || self.format.format() == Format::Csv || (table && self.no_header) {
            let incomplete: Vec<&Found<'_>> = found.iter().filter(|one| hidden(one.usage).is_some()).collect();
            if incomplete.len() > FEW {
                let all = Hidden::of(incomplete.iter().map(|one| one.usage));
                let what = all.words().unwrap_or_default();
                let why = all.why.as_deref().map(escape).unwrap_or_default();
                note(&format!("of {} objects of {}: {what}: {why}", incomplete.len(), found.len()));
            } else {
                let tell =
                    |one: &&Found<'_>| hidden(one.usage).map(|words| format!("{}: {}", one.object.id, escape(&words)));
                incomplete.iter().filter_map(tell).for_each(|words| note(&words));
            }
        }
    }

    /// What stands below a table: why something is hidden, each reason once, and the hints. None of it where the
    /// rows alone are asked for.
    fn below(&self, found: &[Found<'_>], whole: &Whole<'_>) -> Vec<String> {
        if self.no_header {
            return Vec::new();
        }
        let reasons: BTreeSet<&str> = found.iter().filter_map(|one| one.usage.hidden_why.as_deref()).collect();
        let undo: BTreeSet<String> = found.iter().filter_map(|one| undo_hidden(one.usage)).collect();
        let reasons = reasons.into_iter().map(str::to_owned).chain(undo);
        let reasons = reasons.map(|why| format!("hidden: {}", escape(&why)));
        let hints = found.iter().flat_map(|one| whole.hints(&one.object)).map(|hint| format!("hint: {hint}"));
        reasons.chain(hints).collect()
    }

    fn print(
        &self,
        out: &mut Out,
        found: &[Found<'_>],
        whole: &Whole<'_>,
        failures: &[Failure],
        context: &Context,
    ) -> io::Result<()> {
        let all = || found.iter().flat_map(|one| one.told(context.is_verbose()));
        if self.quiet {
            let pids: BTreeSet<u32> = all().filter(|used| used.is_seen()).map(|used| used.process().pid).collect();
            return pids.into_iter().try_for_each(|pid| writeln!(out, "{pid}"));
        }
        let names = uses::names(found.iter().flat_map(|one| &one.uses));
        match self.format.format() {
            Format::Table => {
                let mut style = Style::new(false, TimeStyle::Age);
                context.fit(&mut style);
                style.header = !self.no_header;
                let rows: Vec<Row<'_>> = found.iter().flat_map(|one| one.rows(context.is_verbose())).collect();
                uses::write_table(out, &uses::columns(true), &rows, &names, &style)?;
                let below = self.below(found, whole);
                if !below.is_empty() {
                    writeln!(out)?;
                }
                below.iter().try_for_each(|line| writeln!(out, "{line}"))
            }
            Format::Csv => uses::write_csv(out, all().filter(|used| used.is_known()), !self.no_header, &names),
            format => {
                let lines = format == Format::Jsonl;
                let fields = envelope::exact_fields();
                let objects: Vec<Object> = found.iter().map(|one| one.object).collect();
                let owners = envelope::names(&objects, &fields);
                let mut json = JsonWriter::new(out);
                if !lines {
                    envelope::head(&mut json, "objects", false);
                }
                for one in found {
                    if !lines {
                        json.line();
                    }
                    json.open_object();
                    let mut unseen = envelope::fields(&mut json, &one.object, &owners, &fields);
                    one.write(&mut json, &names, &mut unseen);
                    envelope::hidden(&mut json, &unseen);
                    json.close_object();
                    if lines {
                        json.end_document()?;
                    }
                    json.relieve()?;
                }
                if !lines {
                    envelope::tail(&mut json, failures);
                    json.end_document()?;
                }
                json.flush()
            }
        }
    }
}
