//! `ls`: lists objects.

use std::ffi::OsString;
use std::io::Write;

use clap::Args;

use crate::commands::shared::find::find;
use crate::commands::shared::judging;
use crate::commands::shared::targets::{self, Target};
use crate::error::{Error, Result, Status, Tally};
use crate::journal::saved_modes;
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object};
use crate::listing::columns;
use crate::listing::fields::{self, Field, Lookups};
use crate::listing::query::{Analysis, query};
use crate::listing::select::Selection;
use crate::object::inventory;
use crate::option_values::{count, non_empty};
use crate::output::context::{note, verbose};
use crate::output::document::Failure;
use crate::output::format::{Format, FormatArgs, StyleArgs};
use crate::output::list::{self, List, Record};
use crate::output::stdout::{self, Out};
use crate::output::usage_list::{self, LISTS};
use crate::render::style::Style;
use crate::render::value::Value;
use crate::sys::startup;
use crate::usage::report::UsageReport;
use crate::usage::role::Use;

/// List objects: all of them, those that selectors choose, or those named
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub struct LsArgs {
    /// Kinds (shm, sem, msg), or the objects to be listed; '-' reads them from standard input
    #[arg(value_name = "KIND|REF")]
    words: Vec<OsString>,
    /// Columns to show, or +COLUMN and -COLUMN to add and leave out
    #[arg(short, long, value_name = "COLUMNS", allow_hyphen_values = true)]
    output: Option<String>,
    /// Sort by these columns
    #[arg(long, value_name = "COLUMNS", value_parser = non_empty)]
    sort: Option<String>,
    /// Turn the order round
    #[arg(short, long)]
    reverse: bool,
    /// Show at most N objects
    #[arg(long, value_name = "N", value_parser = count::<usize>, allow_negative_numbers = true)]
    limit: Option<usize>,
    /// Leave out the header
    #[arg(long)]
    no_header: bool,
    /// Print references alone
    #[arg(short, long, conflicts_with_all = ["format", "json", "output"])]
    quiet: bool,
    #[command(flatten)]
    style: StyleArgs,
    #[command(flatten)]
    format: FormatArgs,
    // Last, because its heading holds for whatever follows.
    #[command(flatten)]
    selectors: Selection,
}

/// The columns; nothing unless help is asked for, since a tree is built for every command line.
fn after_help() -> String {
    let asks = |word: &OsString| {
        let word = word.as_encoded_bytes();
        word == b"help"
            || word == b"--help"
            || word.starts_with(b"-") && !word.starts_with(b"--") && word.contains(&b'h')
    };
    if !startup::arguments().iter().any(asks) {
        return String::new();
    }
    let width = fields::FIELDS.iter().map(|field| field.name.len()).max().unwrap_or(0);
    let mut text = String::from("Columns:\n");
    for field in fields::FIELDS.iter() {
        text.push_str(&format!("  {:width$}  {}\n", field.name, field.meaning));
    }
    text
}

/// What the positional words ask for.
enum Scope {
    Kinds(KindSet),
    Objects(Vec<Target>),
}

pub fn run(args: &LsArgs, implied: Option<Kind>) -> Result<Status> {
    let scope = args.scope(implied)?;
    let kinds = match &scope {
        Scope::Kinds(kinds) => *kinds,
        Scope::Objects(_) => implied.map_or(KindSet::ALL, KindSet::of),
    };
    let mut selection = args.selectors.among(kinds)?;
    let single = match &scope {
        Scope::Kinds(kinds) => kinds.single(),
        Scope::Objects(targets) => targets.iter().map(Target::kind).collect::<KindSet>().single(),
    };
    let columns = args.columns(single)?;
    let sort = args.sort_fields()?;

    let mut failures = Vec::new();
    let mut tally = Tally::default();
    let needs = Needs::of(columns.iter().chain(&sort).copied());
    if needs.any(Needs::STATES) || selection.asks_for_judgements() {
        selection.criteria = judging::criteria(args.selectors.grace(), &args.selectors.bystander);
    }
    let (mut objects, analysis) = match scope {
        Scope::Kinds(_) => {
            let found = query(&selection, needs)?;
            for (kind, source, seen) in &found.sources {
                verbose(|| format!("{} listed by {}", kind.count(*seen), source.word()));
            }
            found.losses.iter().chain(&found.doubts).for_each(|doubt| note(doubt));
            (found.objects, found.analysis)
        }
        Scope::Objects(targets) => {
            let found = find(&targets, &mut failures, &mut tally);
            let mut objects: Vec<Object> = found.iter().map(|found| found.object).collect();
            let _ = saved_modes::apply(&mut objects);
            if needs.any(Needs::MEMORY)
                && let Some(loss) = inventory::add_memory(objects.iter_mut())
            {
                note(&loss);
            }
            let analysis = Analysis::of(&objects, needs, &selection.criteria);
            (objects, analysis)
        }
    };

    let lookups = Lookups::of(&objects, &[columns.as_slice(), sort.as_slice()].concat(), analysis);
    sort_objects(&mut objects, &sort, args.reverse, &lookups);
    objects.truncate(args.limit.unwrap_or(usize::MAX));

    stdout::print(|out| args.print(out, &columns, &objects, &lookups, &failures))?;
    Ok(tally.status())
}

impl LsArgs {
    fn scope(&self, implied: Option<Kind>) -> Result<Scope> {
        let mut kinds = KindSet::NONE;
        let mut others = Vec::new();
        for word in &self.words {
            match Kind::from_word(word.as_encoded_bytes()) {
                Some(kind) => kinds = kinds.with(kind),
                None => others.push(word.clone()),
            }
        }
        let usage = |text: &str| Err(Error::Usage(text.to_owned()));
        if let Some(kind) = implied {
            if !kinds.is_empty() && kinds != KindSet::of(kind) {
                return usage(&format!("'ipcadm {kind} ls' lists {}s only", kind.noun()));
            }
            kinds = KindSet::of(kind);
        }
        if others.is_empty() {
            return Ok(Scope::Kinds(if kinds.is_empty() { KindSet::ALL } else { kinds }));
        }
        if implied.is_none() && !kinds.is_empty() {
            return usage("give kinds or objects to ls, not both");
        }
        if self.selectors.is_given() {
            return usage("give selectors or objects to ls, not both");
        }
        targets::parse(&others, implied).map(Scope::Objects)
    }

    fn columns(&self, single: Option<Kind>) -> Result<Vec<&'static Field>> {
        let exact = self.format.format() != Format::Table;
        let shown = if exact { list::exact_fields() } else { fields::default_columns(single) };
        if self.quiet {
            return Ok(Vec::new());
        }
        match &self.output {
            None => Ok(shown),
            Some(text) => columns::choose(text, &shown).map_err(|bad| Error::Usage(format!("--output: {bad}"))),
        }
    }

    fn sort_fields(&self) -> Result<Vec<&'static Field>> {
        let Some(text) = &self.sort else { return Ok(Vec::new()) };
        text.split(',')
            .map(|name| columns::find_or_suggest(name).map_err(|bad| Error::Usage(format!("--sort: {bad}"))))
            .collect()
    }

    fn print(
        &self,
        out: &mut Out,
        columns: &[&'static Field],
        objects: &[Object],
        lookups: &Lookups,
        failures: &[Failure],
    ) -> std::io::Result<()> {
        if self.quiet {
            let mut text = String::new();
            for object in objects {
                text.clear();
                Value::Reference(object.kind().word(), object.id.number).push_exact(&mut text);
                text.push('\n');
                out.write_all(text.as_bytes())?;
            }
            return Ok(());
        }
        let style = Style { header: !self.no_header, ..self.style.style() };
        let format = self.format.format();
        if format == Format::Table {
            return list::object_table(out, columns, objects, lookups, &style);
        }
        let is_json = format != Format::Csv;
        let lists = if is_json { Lists::of(columns, objects, lookups) } else { None };
        let value = |object, field: &Field| field.value(object, lookups);
        let list = List { key: "objects", fields: columns, rows: objects, value, failures };
        list.write(out, format, &style, |record, object| match &lists {
            None => record.object(object, columns, lookups),
            Some(lists) => lists.write(record, object, columns, lookups),
        })
    }
}

/// Stable, so that equal objects keep the kernel's order. What has no value comes last either way round.
fn sort_objects(objects: &mut [Object], sort: &[&'static Field], reverse: bool, lookups: &Lookups) {
    // So that equal objects are turned round as well.
    if reverse {
        objects.reverse();
    }
    if sort.is_empty() {
        return;
    }
    objects.sort_by(|one, two| {
        sort.iter()
            .map(|field| field.value(one, lookups).compare(&field.value(two, lookups), reverse))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}

/// What it takes to write the users of objects as lists: where people and CSV get a number, JSON has what `who` has.
struct Lists<'a> {
    whole: UsageReport<'a>,
    users: crate::object::names::Names,
}

impl<'a> Lists<'a> {
    /// None where `columns` have none of them.
    fn of(columns: &[&'static Field], objects: &[Object], lookups: &'a Lookups) -> Option<Self> {
        if !columns.iter().any(|field| LISTS.contains(&field.name)) {
            return None;
        }
        let whole = UsageReport::new(objects, lookups.analysis.users());
        let uses: Vec<Use> = objects.iter().flat_map(|object| whole.of(object).uses).collect();
        Some(Self { users: usage_list::names(uses.iter()), whole })
    }

    fn write<W: Write>(
        &self,
        record: &mut Record<'_, W>,
        object: &Object,
        columns: &[&'static Field],
        lookups: &Lookups,
    ) {
        let found = self.whole.of(object);
        record.may_hide();
        for field in columns {
            if !LISTS.contains(&field.name) {
                record.object(object, &[*field], lookups);
            } else if field.kinds.has(object.kind()) {
                usage_list::write_users(record, field.name, &found, &self.users);
            }
        }
    }
}
