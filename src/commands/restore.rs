//! `restore`: makes the objects of an archive again.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;

use clap::Args;

use crate::archive::plan::{Accounts, By, Plan, Planned, RestoreOptions};
use crate::archive::read::{Archive, Item};
use crate::commands::shared::judging;
use crate::commands::shared::recovery::{Unrecovered, recover};
use crate::error::{Error, Result, Status, Tally, os_message};
use crate::kind::model::{Kind, KindSet, Object};
use crate::listing::fields::{self, Lookups};
use crate::object::create::KeyChoice;
use crate::object::names::Names;
use crate::object::reference::{Name, Reference};
use crate::object::{inventory, key};
use crate::option_values::{group, non_empty, non_empty_path, semaphore_value, user};
use crate::output::context::{note, say, verbose};
use crate::output::document;
use crate::output::format::{Format, FormatArgs, StyleArgs};
use crate::output::list::{self, Record};
use crate::output::progress::Progress;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::output::stdout::{self, Out};
use crate::render::escape::{escape, escape_bytes};
use crate::render::value::Value;
use crate::sys::{Key, startup};
use crate::usage::criteria::Criteria;

/// Make the objects of an archive again
///
/// The whole archive is checked first, and so is everything that might stand in the way. Nothing that exists is touched
/// unless --replace is given.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The archive; '-' is standard input
    #[arg(value_name = "FILE", value_parser = non_empty_path())]
    file: OsString,
    /// Only these of its objects, as they were called when they were saved
    #[arg(value_name = "REF")]
    refs: Vec<OsString>,
    /// Show what is in it, and make nothing
    #[arg(short, long, conflicts_with_all = ["same_id", "new_key", "replace", "noreserve", "values", "numeric_owner", "by_name", "owner", "group", "dry_run", "quiet"])]
    list: bool,
    /// Give each the id it had
    #[arg(long)]
    same_id: bool,
    /// Give those with a key another one, which is free
    #[arg(long)]
    new_key: bool,
    /// Remove first what has a key or id that is needed, if it is unused
    #[arg(long)]
    replace: bool,
    /// Reserve no swap space for segments
    #[arg(long)]
    noreserve: bool,
    /// Values instead of those saved, separated by commas, if one set is restored
    #[arg(long, value_name = "VALUES", value_parser = semaphore_value, value_delimiter = ',')]
    values: Option<Vec<u16>>,
    /// Take the numbers of owners, whatever their names
    #[arg(long, conflicts_with = "by_name")]
    numeric_owner: bool,
    /// Take the names of owners, whatever their numbers
    #[arg(long)]
    by_name: bool,
    /// Owner and creator instead of those saved
    #[arg(long, value_name = "USER", value_parser = non_empty)]
    owner: Option<String>,
    /// Group and creator's group instead of those saved
    #[arg(long, value_name = "GROUP", value_parser = non_empty)]
    group: Option<String>,
    /// Say what would be made, and make nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print no lines of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    style: StyleArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// Fails before anything is made where the archive is not as it was written.
pub fn run(args: &RestoreArgs) -> Result<Status> {
    let references: Vec<Reference> = args
        .refs
        .iter()
        .map(|word| Reference::parse(word, None).map_err(|bad| Error::Usage(bad.to_string())))
        .collect::<Result<_>>()?;
    let options = args.options()?;
    let name = if args.file == "-" {
        "standard input".to_owned()
    } else {
        escape_bytes(args.file.as_encoded_bytes()).into_owned()
    };
    let format = args.format.format();
    let archive = match open(&args.file, &name) {
        Ok(archive) => archive,
        Err(error) => return document::refuse(format, "objects", &name, error),
    };
    verbose(|| {
        let head = &archive.head;
        let host = head.host.as_deref().map_or_else(|| "an unknown machine".into(), escape);
        let (version, count) = (escape(&head.version), archive.items.len());
        format!(
            "{name}: {count} object{}, saved {} on {host} by ipcadm {version}; all checksums are right",
            if count == 1 { "" } else { "s" },
            escape(&head.time)
        )
    });
    let mut tally = Tally::default();
    let items = choose(&archive.items, &references, &name, &mut tally)?;
    if tally.status() != Status::Done {
        say("nothing was done");
        return Ok(tally.status());
    }
    if args.list {
        args.print(&items)?;
        if format == Format::Table {
            items.iter().for_each(|item| note_approximate(item));
        }
        return Ok(Status::Done);
    }
    let unrecovered = if args.replace && !args.dry_run { recover() } else { Unrecovered::NONE };
    let plan = Plan::new(&items, &options)?;
    plan.notes.iter().for_each(|text| note(text));
    let objects: Vec<Object> = items.iter().map(|item| item.object).collect();
    let mut report = Report::new(ReportOptions { format, quiet: args.quiet, dry_run: args.dry_run }, &objects)?;
    unrecovered.tell(&mut report);
    if !plan.conflicts.is_empty() {
        for (id, error) in &plan.conflicts {
            report.failed(&id.to_string(), None, Outcome::Failed, error);
        }
        say("nothing was done");
        return report.finish();
    }
    items.iter().for_each(|item| note_approximate(item));
    let lost = items.iter().any(|item| item.object.is_doomed());
    let any = if args.dry_run {
        plan.planned.iter().for_each(|planned| foretell(planned, &mut report));
        !items.is_empty()
    } else {
        restore(&archive, &plan, format != Format::Table, &mut report)
    };
    if any && !args.quiet {
        let doomed = if lost { ", that a segment had been removed" } else { "" };
        note(&format!("not restored, as nobody can: times, process numbers, pending undo of semaphores{doomed}"));
    }
    report.finish()
}

fn open(file: &OsString, name: &str) -> Result<Archive> {
    let opened = if file == "-" { startup::stdin() } else { File::open(file) };
    let opened = opened.and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::Error::from_raw_os_error(libc::EISDIR)),
        false => Ok(file),
    });
    let file = opened.map_err(|error| {
        let status = match error.kind() {
            io::ErrorKind::PermissionDenied => Status::Denied,
            _ => Status::Failed,
        };
        Error::cannot(status, &format!("read {name}"), os_message(&error), None)
    })?;
    Archive::open(file, name)
}

/// The items that are meant: all, without references.
fn choose<'a>(items: &'a [Item], references: &[Reference], archive: &str, tally: &mut Tally) -> Result<Vec<&'a Item>> {
    if references.is_empty() {
        return Ok(items.iter().collect());
    }
    let mut chosen = vec![false; items.len()];
    let mut by_id: HashMap<(Kind, i32), usize> = HashMap::new();
    let mut by_key: HashMap<(Kind, Key), Vec<usize>> = HashMap::new();
    for (place, item) in items.iter().enumerate() {
        let Object { id, perm, .. } = item.object;
        by_id.insert((id.kind, id.sysv()), place);
        if perm.key != Key::PRIVATE {
            by_key.entry((id.kind, perm.key)).or_default().push(place);
        }
    }
    for reference in references {
        let with_key = |key| by_key.get(&(reference.kind, key)).map_or(&[][..], Vec::as_slice);
        let meant = match &reference.name {
            Name::Id(id) => by_id.get(&(reference.kind, *id)).map_or(&[][..], std::slice::from_ref),
            Name::Key(key) => with_key(*key),
            Name::File(path, project) => with_key(key::of_file(path, *project)?.key),
        };
        meant.iter().for_each(|&place| chosen[place] = true);
        if meant.is_empty() {
            say(&format!("cannot find {reference}: it is not in {archive} ('ipcadm restore --list' shows what is)"));
            tally.failed(Status::NotFound);
        }
    }
    Ok(items.iter().zip(chosen).filter_map(|(item, chosen)| chosen.then_some(item)).collect())
}

/// Makes all of them; whether any was made. What `shows_memory` tells what segments have in memory, which the kernel is
/// asked for once, when all are made.
fn restore(archive: &Archive, plan: &Plan<'_>, shows_memory: bool, report: &mut Report) -> bool {
    let mut progress = Progress::new(Some(plan.planned.iter().map(Planned::bytes).sum()));
    let (mut any, mut later) = (false, Vec::new());
    archive.make(&plan.planned, &mut |done| progress.update(done), &mut |planned, made| {
        let from = planned.item.object;
        match made {
            Ok(made) => {
                any = true;
                if shows_memory {
                    later.push((from, made));
                } else {
                    tell_made(&from, &made, report);
                }
            }
            Err(error) => report.failed(&from.id.to_string(), None, Outcome::Failed, &error),
        }
    });
    let _ = inventory::add_memory(later.iter_mut().map(|(_, made)| made));
    later.iter().for_each(|(from, made)| tell_made(from, made, report));
    any
}

fn tell_made(from: &Object, made: &Object, report: &mut Report) {
    let line = format!("{} -> {} ({})", from.id, made.id, key_text(made.perm.key));
    report.done_with(made, Outcome::Created, true, line, |record| write_from(record, from));
}

/// Says so of a copy that may not be of one moment.
fn note_approximate(item: &Item) {
    if let Some(reason) = &item.approximate {
        note(&format!("the copy of {} is approximate: {}", item.object.id, escape(reason)));
    }
}

fn foretell(planned: &Planned<'_>, report: &mut Report) {
    let from = &planned.item.object;
    let key = match planned.specification.key {
        KeyChoice::Random => "a new key".to_owned(),
        KeyChoice::Private => key_text(Key::PRIVATE),
        KeyChoice::Key(key) => key_text(key),
    };
    let mut line = format!("would restore {} ({key})", from.id);
    if planned.origin.id.is_some() {
        line.push_str(" with its id");
    }
    for old in &planned.replaced {
        line.push_str(&format!(", after removing {}", old.id));
    }
    report.done_with(from, Outcome::Created, false, line, |record| write_from(record, from));
}

fn key_text(key: Key) -> String {
    if key.is_private() { "no key".to_owned() } else { format!("key {key}") }
}

/// Writes the object that is copied.
fn write_from(record: &mut Record<'_, Out>, from: &Object) {
    record.record("from", |record| {
        record.value("ref", Value::Reference(from.kind().word(), from.id.number));
        record.value("key", Value::Hex(from.perm.key.bits()));
    });
}

impl RestoreArgs {
    fn options(&self) -> Result<RestoreOptions> {
        let by = match (self.numeric_owner, self.by_name) {
            (true, _) => By::Number,
            (_, true) => By::Name,
            _ => By::Both,
        };
        Ok(RestoreOptions {
            new_key: self.new_key,
            same_id: self.same_id,
            replace: self.replace,
            no_reserve: self.noreserve,
            accounts: Accounts {
                by,
                owner: self.owner.as_deref().map(|name| user("--owner", name)).transpose()?,
                group: self.group.as_deref().map(|name| group("--group", name)).transpose()?,
            },
            values: self.values.clone(),
            criteria: if self.replace { judging::usual() } else { Criteria::default() },
        })
    }

    /// Lists what was chosen, with the names that owners had where it was saved.
    fn print(&self, items: &[&Item]) -> Result<()> {
        let objects: Vec<Object> = items.iter().map(|item| item.object).collect();
        let users: Vec<_> = items
            .iter()
            .flat_map(|item| [&item.owner, &item.creator])
            .map(|account| (account.number, account.name.as_deref()))
            .collect();
        let groups: Vec<_> = items
            .iter()
            .flat_map(|item| [&item.group, &item.creator_group])
            .map(|account| (account.number, account.name.as_deref()))
            .collect();
        let lookups = Lookups { names: Names::known(&users, &groups), ..Lookups::default() };
        let format = self.format.format();
        if format == Format::Csv {
            return Err(Error::Usage("--list has no --format csv".to_owned()));
        }
        stdout::print(|out| {
            if format == Format::Table {
                let kinds: KindSet = objects.iter().map(Object::kind).collect();
                let (columns, style) = (fields::default_columns(kinds.single()), self.style.style());
                return list::table(out, &columns, &objects, &style, |object, field| field.value(object, &lookups));
            }
            list::json(out, format, "objects", items, &[], |record, item| {
                record.object(&item.object, &list::exact_fields(), &lookups);
                record.text("approximate", item.approximate.as_deref());
            })
        })
    }
}
