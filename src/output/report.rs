//! What acting commands say: an outcome for each object, in every format.
//!
//! They finish their work whatever happens to standard output, and their status tells of the work.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, ErrorKind};

use crate::error::{Error, Result, Status, Tally};
use crate::kind::model::{Memory, Object, ObjectId};
use crate::listing::fields::{Field, Lookups};
use crate::listing::query::Analysis;
use crate::object::inventory;
use crate::output::context::say;
use crate::output::document::Failure;
use crate::output::format::Format;
use crate::output::list::{self, ListWriter, Record};
use crate::output::stdout::{Out, to_terminal};
use crate::removal;
use crate::render::value::Value;
use crate::usage::text;

/// What became of an object. The words are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is new.
    Created,
    /// It was there and fits.
    Exists,
    Changed,
    /// A copy of it is in an archive.
    Saved,
    Removed,
    /// It is marked and goes at its last detach.
    WillGo,
    /// It was removed by somebody else meanwhile.
    Gone,
    /// It stays as it was.
    Kept,
    Failed,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Exists => "exists",
            Self::Changed => "changed",
            Self::Saved => "saved",
            Self::Removed => "removed",
            Self::WillGo => "will-go",
            Self::Gone => "gone",
            Self::Kept => "kept",
            Self::Failed => "failed",
        }
    }
}

/// The fields that end each record.
const OWN: [&str; 2] = ["outcome", "changed"];

/// How a command reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportOptions {
    pub(crate) format: Format,
    /// Leave out the lines of success.
    pub(crate) quiet: bool,
    /// Nothing is really done.
    pub(crate) dry_run: bool,
}

/// Gathers outcomes and prints them as they come.
pub(crate) struct Report {
    options: ReportOptions,
    list: ListWriter<Out>,
    fields: Vec<&'static Field>,
    lookups: Lookups,
    memory: HashMap<ObjectId, Memory>,
    tally: Tally,
    failures: Vec<Failure>,
    /// Numbers that stand beside the list in a document, under a key of their own.
    beside: Option<(&'static str, Vec<(&'static str, u64)>)>,
    output_error: Option<io::Error>,
}

impl Report {
    /// A report on some of `objects`.
    ///
    /// # Errors
    /// When standard output cannot even be duplicated: before anything is done.
    pub(crate) fn new(options: ReportOptions, objects: &[Object]) -> Result<Self> {
        Ok(Self::onto(Out::stdout_or_failing()?, options, objects))
    }

    /// A report on objects that were judged: it tells their states, and why.
    ///
    /// # Errors
    /// As [`Report::new`].
    pub(crate) fn judged(options: ReportOptions, objects: &[Object], analysis: Analysis) -> Result<Self> {
        Ok(Self::with(Out::stdout_or_failing()?, options, objects, list::judged_fields(), analysis))
    }

    /// A report onto an output that is open already.
    pub(crate) fn onto(out: Out, options: ReportOptions, objects: &[Object]) -> Self {
        Self::with(out, options, objects, list::exact_fields(), Analysis::default())
    }

    fn with(
        out: Out,
        options: ReportOptions,
        objects: &[Object],
        fields: Vec<&'static Field>,
        analysis: Analysis,
    ) -> Self {
        let fields = if options.format == Format::Table { Vec::new() } else { fields };
        let lookups = Lookups::of(objects, &fields, analysis);
        let mut list = ListWriter::new(out, options.format, "objects", options.dry_run);
        if options.format == Format::Csv {
            let names = fields.iter().map(|field| field.name).chain(OWN);
            list.csv_record(names.map(|name| Value::Word(name.into())));
        }
        Self {
            options,
            list,
            fields,
            lookups,
            memory: memory(options.format, objects),
            tally: Tally::default(),
            failures: Vec::new(),
            beside: None,
            output_error: None,
        }
    }

    /// Has a document tell `numbers` beside its list, as an object under `key`.
    pub(crate) fn beside(&mut self, key: &'static str, numbers: Vec<(&'static str, u64)>) {
        self.beside = Some((key, numbers));
    }

    /// One object is done with, and was perhaps changed by that; `line` is what people read.
    pub(crate) fn done(&mut self, object: &Object, outcome: Outcome, changed: bool, line: impl Display) {
        self.done_with(object, outcome, changed, line, |_| {});
    }

    /// An object that was to be acted on is gone, and nothing but its id is known.
    pub(crate) fn gone(&mut self, id: ObjectId) {
        self.tally.done();
        self.line(format_args!("{id} was already gone"));
        let known = [
            ("kind", Value::Word(id.kind.word().into())),
            ("id", Value::Number(id.number)),
            ("ref", Value::Reference(id.kind.word(), id.number)),
        ];
        match self.options.format {
            Format::Table => {}
            Format::Json | Format::Jsonl => self.list.record(|record| {
                known.into_iter().for_each(|(name, value)| record.value(name, value));
                end_record(record, Outcome::Gone, false);
            }),
            Format::Csv => {
                let known: HashMap<&str, Value<'_>> = known.into_iter().collect();
                let fields = self.fields.iter().map(|field| known.get(field.name).cloned().unwrap_or(Value::Null));
                self.list.csv_record(fields.chain(end_of_row(Outcome::Gone, false)));
            }
        }
        self.flush_if_large();
    }

    /// As [`Report::done`], with fields of the command's own.
    pub(crate) fn done_with(
        &mut self,
        object: &Object,
        outcome: Outcome,
        changed: bool,
        line: impl Display,
        extra: impl FnOnce(&mut Record<'_, Out>),
    ) {
        self.tally.done();
        self.line(line);
        self.entry(object, outcome, changed, extra);
        self.flush_if_large();
    }

    fn line(&mut self, line: impl Display) {
        if self.options.format == Format::Table && !self.options.quiet {
            self.list.line(line);
        }
    }

    /// Something failed; `object` is what it failed on, if that is known.
    pub(crate) fn failed(&mut self, reference: &str, object: Option<&Object>, outcome: Outcome, error: &Error) {
        self.fail(reference, object, outcome, false, error);
    }

    /// Something failed when it had changed a part of `object` already.
    pub(crate) fn half_done(&mut self, reference: &str, object: &Object, error: &Error) {
        self.fail(reference, Some(object), Outcome::Failed, true, error);
    }

    fn fail(&mut self, reference: &str, object: Option<&Object>, outcome: Outcome, changed: bool, error: &Error) {
        if to_terminal() {
            // So that it stands between the lines it belongs between.
            let result = self.list.flush();
            self.keep(result);
        }
        say(&error.to_string());
        self.tally.failed(error.status());
        self.failures.push(Failure::of(reference, error));
        if let Some(object) = object {
            self.entry(object, outcome, changed, |_| {});
        }
        self.flush_if_large();
    }

    fn entry(&mut self, object: &Object, outcome: Outcome, changed: bool, extra: impl FnOnce(&mut Record<'_, Out>)) {
        let changed = changed && !self.options.dry_run;
        let mut object = *object;
        let memory = self.memory.get(&object.id).copied();
        if let Some(segment) = object.as_segment_mut() {
            segment.memory = segment.memory.or(memory);
        }
        let object = &object;
        match self.options.format {
            Format::Table => {}
            Format::Json | Format::Jsonl => self.list.record(|record| {
                record.object(object, &self.fields, &self.lookups);
                extra(record);
                end_record(record, outcome, changed);
            }),
            Format::Csv => {
                let fields = self.fields.iter().map(|field| field.value(object, &self.lookups));
                self.list.csv_record(fields.chain(end_of_row(outcome, changed)));
            }
        }
    }

    fn flush_if_large(&mut self) {
        let result = self.list.flush_if_large();
        self.keep(result);
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.output_error.get_or_insert(error);
        }
    }

    /// Ends the report; the status of the work.
    ///
    /// # Errors
    /// When the work is done but standard output could not be written, as on a full disk. A closed pipe is no
    /// error: the work is done all the same.
    pub(crate) fn finish(mut self) -> Result<Status> {
        self.end();
        match self.output_error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                if self.tally.status() == Status::Done {
                    return Err(Error::Output(error));
                }
                say(&Error::Output(error).to_string());
            }
            _ => {}
        }
        Ok(self.tally.status())
    }

    /// Ends a report that must have been read: a closed pipe is an error too.
    ///
    /// # Errors
    /// When standard output could not be written.
    pub(crate) fn finish_strictly(mut self) -> Result<()> {
        self.end();
        self.output_error.map_or(Ok(()), |error| Err(Error::Output(error).broken_pipe_is_error()))
    }

    fn end(&mut self) {
        let beside = self.beside.take();
        let result = self.list.end(&self.failures, |record| {
            if let Some((key, numbers)) = beside {
                record.record(key, |record| {
                    numbers.into_iter().for_each(|(name, number)| record.value(name, Value::Number(number)));
                });
            }
        });
        self.keep(result);
    }
}

/// The end of each record: the outcome, and whether it changed the object.
fn end_of_row(outcome: Outcome, changed: bool) -> [Value<'static>; 2] {
    [Value::Word(outcome.word().into()), Value::Flag(changed)]
}

fn end_record(record: &mut Record<'_, Out>, outcome: Outcome, changed: bool) {
    OWN.into_iter().zip(end_of_row(outcome, changed)).for_each(|(name, value)| record.value(name, value));
    record.may_hide();
}

/// What segments have in memory, where it is to be shown.
fn memory(format: Format, objects: &[Object]) -> HashMap<ObjectId, Memory> {
    if format == Format::Table {
        return HashMap::new();
    }
    let mut segments: Vec<Object> = objects.iter().filter(|object| object.is_segment()).copied().collect();
    // Where that fails, it is shown that it is not known.
    let _ = inventory::add_memory(segments.iter_mut());
    segments.iter().filter_map(|segment| Some((segment.id, segment.as_segment()?.memory?))).collect()
}

/// Reports what became, or would become, of an object with the name `name` that was to be removed.
pub(crate) fn removal_outcome(
    name: &impl Display,
    object: &Object,
    outcome: removal::Outcome,
    dry_run: bool,
    report: &mut Report,
) {
    match outcome {
        removal::Outcome::Removed => {
            let verb = if dry_run { "would remove" } else { "removed" };
            report.done(object, Outcome::Removed, true, format_args!("{verb} {name}"));
        }
        removal::Outcome::Gone => report.done(object, Outcome::Gone, false, format_args!("{name} was already gone")),
        removal::Outcome::WillGo { nattch, already, usage } => {
            let then = text::will_go(nattch, Some(&usage));
            let line = match (dry_run, already) {
                (_, true) => format!("{name} was removed before and {then}"),
                (true, false) => format!("would mark {name}, which {then}"),
                (false, false) => format!("marked {name}, which {then}"),
            };
            report.done(object, Outcome::WillGo, !already, line);
        }
        removal::Outcome::Kept(reason) => {
            let error = Error::cannot(Status::Refused, &format!("remove {name}"), reason, Some("kept"));
            report.failed(&name.to_string(), Some(object), Outcome::Kept, &error);
        }
        removal::Outcome::Failed(error) => report.failed(&name.to_string(), Some(object), Outcome::Failed, &error),
    }
}
