//! `save`: writes objects with their contents into an archive.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::Path;

use clap::Args;

use crate::archive::save::{Saved, Saver};
use crate::commands::shared::{judging, targets};
use crate::error::{Error, Result, Status, Tally};
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object};
use crate::listing::query::query;
use crate::listing::select::Selection;
use crate::object::reference::Resolved;
use crate::option_values::non_empty_path;
use crate::output::context::{note, verbose};
use crate::output::document;
use crate::output::format::{Format, FormatArgs};
use crate::output::progress::Progress;
use crate::output::report::{Outcome, Report, ReportOptions};
use crate::output::stdout::stdout_file;

/// Save objects with their contents in an archive that tar opens
///
/// Nothing is removed, and nothing changed but who attached a segment last, and when. The archive comes to be whole or
/// not at all.
#[derive(Debug, Args)]
pub struct SaveArgs {
    /// Kinds (shm, sem, msg), or the objects to be saved; '-' reads them from standard input
    #[arg(value_name = "KIND|REF")]
    words: Vec<OsString>,
    /// The archive to be made, mode 0600; '-' is standard output
    #[arg(short = 'O', long, value_name = "FILE", value_parser = non_empty_path(), required = true)]
    output: OsString,
    /// Replace FILE if it exists
    #[arg(long)]
    overwrite: bool,
    /// Absent objects are fine
    #[arg(long)]
    if_exists: bool,
    /// Print no lines of success
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
    // Last, because its heading holds for whatever follows.
    #[command(flatten)]
    selectors: Selection,
}

/// Something to be saved.
struct Chosen<'a> {
    found: Resolved<'a>,
    /// Chosen by selectors: it may be gone by now without anybody having named it.
    selected: bool,
}

/// Saves.
///
/// # Errors
/// A usage error; otherwise that of the first object that cannot be saved, or of the archive. There is no archive then.
pub fn run(args: &SaveArgs, implied: Option<Kind>) -> Result<Status> {
    let format = args.format.format();
    let to_stdout = args.output == "-";
    if to_stdout && format != Format::Table {
        return Err(Error::Usage("standard output is the archive, so there is no --json and no --format".to_owned()));
    }
    if to_stdout && args.overwrite {
        return Err(Error::Usage("--overwrite needs a FILE".to_owned()));
    }
    let (words, kinds) = args.words(implied)?;
    let targets = targets::parse(&words, implied)?;
    let mut missing = Tally::default();
    let mut chosen: Vec<Chosen<'_>> = Vec::new();
    if words.is_empty() {
        chosen.extend(
            args.select(kinds)?
                .into_iter()
                .map(|object| Chosen { found: Resolved { reference: None, object }, selected: true }),
        );
    }
    let (looked_up, _) = targets::look_up(&targets);
    for (target, found) in looked_up {
        let error = match found {
            Ok(Some(found)) => match targets::difference(target, &found.object) {
                None => {
                    chosen.push(Chosen { found, selected: false });
                    continue;
                }
                Some(differs) => {
                    Error::cannot(Status::Refused, &format!("save {}", target.text()), differs, Some("list it again"))
                }
            },
            Ok(None) => target.absent(),
            Err(error) => error,
        };
        if !(args.if_exists && error.status() == Status::NotFound && target.is_definite()) {
            crate::output::context::say(&error.to_string());
            missing.failed(error.status());
        }
    }
    if missing.status() != Status::Done {
        crate::output::context::say("nothing was saved");
        return Ok(missing.status());
    }
    if chosen.is_empty() {
        note("there is nothing to save, so no archive was made");
        return Ok(Status::Done);
    }
    if to_stdout && io::stdout().is_terminal() {
        let reason = "standard output is a terminal";
        return Err(Error::cannot(Status::Refused, "write the archive", reason, Some("-O FILE makes a file")));
    }
    let saver =
        if to_stdout { Saver::onto(stdout_file()?) } else { Saver::create(Path::new(&args.output), args.overwrite)? };
    let saved = match save(saver, &chosen) {
        Ok(saved) => saved,
        Err((what, error)) => return document::refuse(format, "objects", &what, error),
    };
    if to_stdout {
        return Ok(Status::Done);
    }
    let objects: Vec<Object> = saved.iter().map(|(_, saved)| saved.object).collect();
    let mut report = Report::new(ReportOptions { format, quiet: args.quiet, dry_run: false }, &objects)?;
    for (text, saved) in &saved {
        report.done_with(&saved.object, Outcome::Saved, false, format_args!("saved {text}"), |record| {
            record.text("approximate", saved.approximate.as_deref());
        });
    }
    report.finish()
}

impl SaveArgs {
    /// The references among the words, or else the kinds.
    fn words(&self, implied: Option<Kind>) -> Result<(Vec<OsString>, KindSet)> {
        let kind = |word: &OsString| Kind::from_word(word.as_encoded_bytes()).filter(|_| implied.is_none());
        let kinds: KindSet = self.words.iter().filter_map(kind).collect();
        let others: Vec<OsString> = self.words.iter().filter(|word| kind(word).is_none()).cloned().collect();
        if !others.is_empty() && !kinds.is_empty() {
            return Err(Error::Usage("give kinds or objects to save, not both".to_owned()));
        }
        if !others.is_empty() && self.selectors.is_given() {
            return Err(Error::Usage("give selectors or objects to save, not both".to_owned()));
        }
        let kinds = if kinds.is_empty() { implied.map_or(KindSet::ALL, KindSet::of) } else { kinds };
        Ok((others, kinds))
    }

    fn select(&self, kinds: KindSet) -> Result<Vec<Object>> {
        let mut selection = self.selectors.among(kinds)?;
        if selection.asks_for_judgements() {
            selection.criteria = judging::criteria(self.selectors.grace(), &self.selectors.bystander);
        }
        let listing = query(&selection, Needs::NOTHING)?;
        if !listing.losses.is_empty() {
            // What cannot be listed would be missing without a word.
            let reason = listing.losses.join("; ");
            return Err(Error::cannot(Status::Denied, "save all that is chosen", reason, None));
        }
        listing.doubts.iter().for_each(|doubt| note(doubt));
        Ok(listing.objects)
    }
}

/// Saves all, or tells which could not be.
fn save(mut saver: Saver, chosen: &[Chosen<'_>]) -> std::result::Result<Vec<(String, Saved)>, (String, Error)> {
    let total = chosen.iter().map(|one| one.found.object.as_segment().map_or(0, |segment| segment.size)).sum();
    let mut progress = Progress::new(Some(total));
    let mut saved = Vec::with_capacity(chosen.len());
    let mut done = 0;
    for Chosen { found, selected } in chosen {
        match saver.add(found, &mut |bytes| progress.update(done + bytes)) {
            Ok(copy) => {
                verbose(|| format!("copied {found} {}", copy.way));
                copy.notes.iter().for_each(|text| note(text));
                saved.push((found.to_string(), copy));
            }
            Err(error) if *selected && error.status() == Status::NotFound => {
                note(&format!("{found} went before it could be saved"));
            }
            Err(error) => return Err((found.to_string(), nothing_saved(error))),
        }
        done += found.object.as_segment().map_or(0, |segment| segment.size);
    }
    drop(progress);
    let copies = saved.iter_mut().map(|(_, copy): &mut (String, Saved)| copy);
    saver.finish(copies).map_err(|error| ("archive".to_owned(), error))?;
    for (text, copy) in &saved {
        if let Some(reason) = &copy.approximate {
            note(&format!("the copy of {text} is approximate: {reason}"));
        }
    }
    Ok(saved)
}

fn nothing_saved(error: Error) -> Error {
    match error {
        Error::Failed { status, message } => {
            Error::Failed { status, message: format!("{message}; no archive was made") }
        }
        other => other,
    }
}
