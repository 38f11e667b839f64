//! `clean`: plans, and safely removes, what is leaked.

mod apply;
mod view;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Args;

use self::view::View;
use crate::commands::shared::keep::KeepList;
use crate::commands::shared::recovery::{Unrecovered, recover};
use crate::commands::shared::{backup, judging};
use crate::error::{Error, Result, Status, os_message};
use crate::kind::model::{Kind, KindSet, Object, ObjectId};
use crate::listing::query::Analysis;
use crate::listing::select::Selection;
use crate::object::reference::Resolved;
use crate::option_values::non_empty_path;
use crate::output::context::{note, say, verbose};
use crate::output::format::{Format, FormatArgs, StyleArgs};
use crate::output::prompt::{can_ask, confirm};
use crate::output::report::{Outcome, Report, ReportOptions, removal_outcome};
use crate::output::stdout::{Out, to_terminal};
use crate::removal::choose::{self, Choice, CleanPolicy, NEVER};
use crate::removal::plan::{Entry, Plan};
use crate::removal::{Candidate, Check};
use crate::render::escape::escape_bytes;
use crate::sys::clock::now;
use crate::sys::new_file::NewFile;
use crate::sys::startup;
use crate::usage::state::State;

/// What is said where nobody can be asked.
const NOT_CONFIRMED: &str = "nothing removed; add --yes to remove, or --dry-run only to look";

/// Remove what is leaked: orphans, unless --state names other states
///
/// Without --yes it prints what it would remove, and asks on a terminal. Each object is judged again before it goes,
/// closed to newcomers.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Kinds: shm, sem, msg
    #[arg(value_name = "KIND")]
    kinds: Vec<OsString>,
    /// Remove without asking
    #[arg(short, long)]
    yes: bool,
    /// Say what would be removed, and remove nothing
    #[arg(short = 'n', long, conflicts_with = "yes")]
    dry_run: bool,
    /// Queues with unread messages too
    #[arg(long, conflicts_with = "apply")]
    discard_messages: bool,
    /// Save them in the archive FILE first, unread messages included; what changes after that is kept
    #[arg(long, value_name = "FILE", value_parser = non_empty_path(), group = "written", conflicts_with = "plan_out")]
    save: Option<OsString>,
    /// Write the plan to FILE, and remove nothing
    #[arg(long, value_name = "FILE", value_parser = non_empty_path(), group = "written", conflicts_with_all = ["yes", "apply"])]
    plan_out: Option<OsString>,
    /// Replace FILE if it exists
    #[arg(long, requires = "written")]
    overwrite: bool,
    /// Carry out the plan in FILE, and nothing else
    #[arg(long, value_name = "FILE", value_parser = non_empty_path())]
    apply: Option<OsString>,
    /// Read the keep list in DIR instead of /etc/ipcadm/keep.d
    #[arg(long, value_name = "DIR", value_parser = non_empty_path())]
    keep_dir: Option<OsString>,
    /// Print no lines of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    style: StyleArgs,
    #[command(flatten)]
    format: FormatArgs,
    // Last, because its heading holds for whatever follows.
    #[command(flatten)]
    selectors: Selection,
}

/// What is to be removed, what is not, and why.
struct Prepared {
    candidates: Vec<Candidate>,
    analysis: Analysis,
    skipped: choose::Skipped,
    /// Of a plan: objects that are gone, and those that are not what was planned.
    gone: Vec<ObjectId>,
    kept: Vec<(Object, Error)>,
    failed: Vec<(ObjectId, Error)>,
    unrecovered: Unrecovered,
}

/// Cleans.
///
/// # Errors
/// A usage error, a keep list or plan that cannot be trusted, a place for records that cannot be had: all before
/// anything is removed. An output error after everything is.
pub fn run(args: &CleanArgs, implied: Option<Kind>) -> Result<Status> {
    let kinds = args.kinds(implied)?;
    let mut selection = args.selectors.among(kinds)?;
    if let Some(state) = selection.state.iter().find(|state| NEVER.contains(state)) {
        let reason = format!("--state {}: what is in use is never cleaned; rm removes it by name", state.word());
        return Err(Error::Usage(reason));
    }
    let keep = KeepList::read(args.keep_dir.as_deref().map(Path::new))?;
    let plan = match &args.apply {
        Some(path) => {
            args.without_choice(implied)?;
            Some(apply::read(Path::new(path))?)
        }
        None => None,
    };
    // Objects that an interrupted run left locked are to be judged as they were before.
    let unrecovered = if args.yes { recover() } else { Unrecovered::NONE };
    let at = now();
    let keeps = |object: &Object| keep.keeps(object, at);
    let mut prepared = if let Some(plan) = &plan {
        apply::prepare(plan, &keeps, &keep)?
    } else {
        selection.criteria = judging::criteria(args.selectors.grace(), &args.selectors.bystander);
        let states = if selection.state.is_empty() { vec![State::Orphan] } else { selection.state.clone() };
        let unread = args.discard_messages || args.save.is_some();
        let policy = CleanPolicy { states, creator_gone: selection.creator_gone, unread, keeps: &keeps };
        let Choice { candidates, analysis, skipped, losses } = choose::choose(&selection, &policy)?;
        losses.iter().for_each(|loss| note(loss));
        if let Some(path) = &args.plan_out {
            args.write_plan(Path::new(path), &candidates, &analysis)?;
        }
        Prepared { candidates, analysis, skipped, ..Prepared::nothing() }
    };
    prepared.unrecovered = unrecovered;
    args.proceed(prepared, &keep)
}

impl CleanArgs {
    fn kinds(&self, implied: Option<Kind>) -> Result<KindSet> {
        let mut kinds = KindSet::NONE;
        for word in &self.kinds {
            let Some(kind) = Kind::from_word(word.as_encoded_bytes()) else {
                let shown = escape_bytes(word.as_encoded_bytes());
                let hint = "clean takes kinds (shm, sem, msg) and selectors; ipcadm rm --if-unused removes by name";
                return Err(Error::Usage(format!("'{shown}' is no kind: {hint}")));
            };
            kinds = kinds.with(kind);
        }
        match implied {
            Some(kind) if !kinds.is_empty() && kinds != KindSet::of(kind) => {
                Err(Error::Usage(format!("'ipcadm {kind} clean' takes {}s only", kind.noun())))
            }
            Some(kind) => Ok(KindSet::of(kind)),
            None => Ok(if kinds.is_empty() { KindSet::ALL } else { kinds }),
        }
    }

    /// A plan says itself what is to be removed.
    fn without_choice(&self, implied: Option<Kind>) -> Result<()> {
        if implied.is_some() || !self.kinds.is_empty() || self.selectors.is_given() || self.selectors.is_by_use() {
            return Err(Error::Usage("--apply carries out a plan as it is: give no kinds and no selectors".to_owned()));
        }
        Ok(())
    }

    fn write_plan(&self, path: &Path, candidates: &[Candidate], analysis: &Analysis) -> Result<()> {
        let shown = escape_bytes(path.as_os_str().as_encoded_bytes());
        let cannot = |reason: String, status| Error::cannot(status, &format!("write the plan {shown}"), reason, None);
        let entries = candidates.iter().filter_map(|candidate| {
            analysis.judgement(candidate.object.id).map(|judgement| Entry::of(&candidate.object, judgement))
        });
        let arguments = startup::arguments().iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let bystanders = self.selectors.bystander.iter().map(ToString::to_string).collect();
        let plan = Plan::new(entries.collect(), self.selectors.grace(), bystanders, self.discard_messages, arguments)
            .map_err(|reason| cannot(reason, Status::Failed))?;
        let write = || -> io::Result<()> {
            let file = NewFile::create(path)?;
            let mut out = io::BufWriter::new(file.file());
            serde_json::to_writer_pretty(&mut out, &plan)?;
            out.write_all(b"\n").and_then(|()| out.flush())?;
            drop(out);
            file.file().sync_all()?;
            file.keep(self.overwrite)
        };
        write().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => cannot("it exists (--overwrite replaces it)".to_owned(), Status::Exists),
            io::ErrorKind::InvalidInput => cannot(os_message(&error), Status::Refused),
            _ => cannot(os_message(&error), Status::Failed),
        })
    }

    /// Shows the plan, asks if need be, and acts if that is wanted.
    fn proceed(&self, mut prepared: Prepared, keep: &KeepList) -> Result<Status> {
        let format = self.format.format();
        if prepared.is_empty() {
            self.say_why_nothing(&view::nothing(&prepared.skipped, keep))?;
            if format == Format::Table {
                return Ok(Status::Done);
            }
        }
        // What is gone already needs nobody's consent.
        if self.yes || !self.dry_run && self.plan_out.is_none() && prepared.candidates.is_empty() && prepared.is_calm()
        {
            return self.act(prepared);
        }
        let looks_only = self.dry_run || self.plan_out.is_some();
        if format != Format::Table {
            self.preview(prepared, looks_only)?;
            return Ok(if looks_only { Status::Done } else { Status::Refused });
        }
        if !(self.quiet && looks_only) {
            let set_aside = view::set_aside(&self.selectors.bystander);
            let unseen = view::unseen(&prepared.candidates);
            let left_out = view::left_out(&prepared.skipped, keep).into_iter().chain(set_aside).chain(unseen).collect();
            let view = View { candidates: &prepared.candidates, left_out };
            let style = self.style.style();
            let analysis = std::mem::take(&mut prepared.analysis);
            let mut out = Out::stdout()?;
            let printed = view.write(&mut out, analysis, &style).map_err(Error::Output).and_then(|()| out.finish());
            printed.or_else(Error::ignore_broken_pipe)?;
            for (_, error) in &prepared.kept {
                say(&error.to_string());
            }
            if !looks_only && !prepared.candidates.is_empty() && to_terminal() && can_ask() {
                let question = match prepared.candidates.len() {
                    1 => "Remove it?".to_owned(),
                    many => format!("Remove these {many} objects?"),
                };
                if confirm(&question) == Some(true) {
                    prepared.unrecovered = recover();
                    return self.act(prepared);
                }
                say("nothing was removed");
                return Ok(Status::Refused);
            }
        }
        if looks_only {
            return Ok(Status::Done);
        }
        say(NOT_CONFIRMED);
        Ok(Status::Refused)
    }

    /// Says what is left out where nothing is to be removed. That is what a plan then consists of; JSON has it in the
    /// document.
    fn say_why_nothing(&self, lines: &[String]) -> Result<()> {
        if lines.is_empty() {
            // Where there is nothing at all nobody wants to be told so.
            if self.selectors.is_given() && self.format.format() == Format::Table && !(self.quiet || self.yes) {
                note("nothing to remove: no object is what the selectors ask for");
            } else {
                verbose(|| "nothing to remove".to_owned());
            }
            return Ok(());
        }
        match self.format.format() {
            _ if self.quiet => Ok(()),
            Format::Json => Ok(()),
            Format::Table if !self.yes => {
                let mut out = Out::stdout()?;
                let printed = lines.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(Error::Output);
                printed.and_then(|()| out.finish()).or_else(Error::ignore_broken_pipe)
            }
            _ => {
                lines.iter().for_each(|line| note(line));
                Ok(())
            }
        }
    }

    /// The plan for programs: what would become of each object.
    fn preview(&self, mut prepared: Prepared, looks_only: bool) -> Result<()> {
        let options = ReportOptions { format: self.format.format(), quiet: true, dry_run: true };
        let mut report = prepared.begin(options)?;
        for candidate in &prepared.candidates {
            report.done(&candidate.object, Outcome::Removed, false, "");
        }
        if !looks_only {
            let error = Error::Failed { status: Status::Refused, message: NOT_CONFIRMED.to_owned() };
            report.failed("clean", None, Outcome::Kept, &error);
        }
        report.finish().map(drop).or_else(Error::ignore_broken_pipe)
    }

    fn act(&self, mut prepared: Prepared) -> Result<Status> {
        let options = ReportOptions { format: self.format.format(), quiet: self.quiet, dry_run: false };
        let mut report = prepared.begin(options)?;
        verbose(|| format!("to be closed, judged again and removed: {}", prepared.candidates.len()));
        let mut before = |candidates: &mut [Candidate]| match &self.save {
            Some(file) => save(Path::new(file), self.overwrite, candidates),
            None => Ok(()),
        };
        let asked_to_end = choose::carry_out(&mut prepared.candidates, &mut before, &mut |candidate, outcome| {
            removal_outcome(&candidate.object.id, &candidate.object, outcome, false, &mut report);
        });
        match asked_to_end {
            Ok(held) => {
                let status = report.finish();
                if held.is_some() {
                    say("interrupted: what was begun is done, the rest is left");
                }
                drop(held);
                status
            }
            Err(error) => {
                // Nothing has been touched.
                report.failed("clean", None, Outcome::Failed, &error);
                report.finish().map(|_| error.status())
            }
        }
    }
}

/// Copies all of them into an archive, which is on disk when this returns.
fn save(file: &Path, overwrite: bool, candidates: &mut [Candidate]) -> Result<()> {
    let found: Vec<Resolved<'_>> =
        candidates.iter().map(|candidate| Resolved { reference: None, object: candidate.object }).collect();
    let copies = backup::save(file, overwrite, &found)?;
    for (candidate, copy) in candidates.iter_mut().zip(copies) {
        match copy {
            Some(saved) if saved.was(&candidate.object) => candidate.copied(saved.object, saved.check()),
            // What was judged is not what was saved.
            Some(_) => {
                candidate.check = Some(Check::new(|_| Err("it was used or changed before it was saved".to_owned())))
            }
            // Gone, or another one by now. Should it be there after all, it stays.
            None => candidate.check = Some(Check::new(|_| Err("it was not saved".to_owned()))),
        }
    }
    Ok(())
}

impl Prepared {
    fn is_empty(&self) -> bool {
        self.candidates.is_empty() && self.gone.is_empty() && self.is_calm()
    }

    /// Whether there is nothing that should be done and cannot be.
    fn is_calm(&self) -> bool {
        self.kept.is_empty() && self.failed.is_empty() && self.unrecovered.is_empty()
    }

    fn nothing() -> Self {
        Self {
            candidates: Vec::new(),
            analysis: Analysis::default(),
            skipped: choose::Skipped::default(),
            gone: Vec::new(),
            kept: Vec::new(),
            failed: Vec::new(),
            unrecovered: Unrecovered::NONE,
        }
    }

    /// A report that tells of what is not touched, and takes over what is known of the rest.
    fn begin(&mut self, options: ReportOptions) -> Result<Report> {
        let objects: Vec<Object> = match options.format {
            Format::Table => Vec::new(),
            _ => {
                let candidates = self.candidates.iter().map(|candidate| candidate.object);
                candidates.chain(self.kept.iter().map(|(object, _)| *object)).collect()
            }
        };
        let mut report = Report::judged(options, &objects, std::mem::take(&mut self.analysis))?;
        report.beside("left_out", self.skipped.numbers());
        self.unrecovered.tell(&mut report);
        self.gone.iter().for_each(|id| report.gone(*id));
        for (object, error) in &self.kept {
            report.failed(&object.id.to_string(), Some(object), Outcome::Kept, error);
        }
        for (id, error) in &self.failed {
            report.failed(&id.to_string(), None, Outcome::Failed, error);
        }
        Ok(report)
    }
}
