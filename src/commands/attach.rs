//! `shm attach`: keeps a segment attached for a time, or while a program runs.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::Command;
use std::time::Duration;

use clap::Args;

use crate::commands::shared::{child, targets};
use crate::error::{Error, OWN_FAILURE, Result, Status};
use crate::kind::model::Object;
use crate::kind::system_v::SystemV;
use crate::listing::fields::{self, Lookups};
use crate::listing::query::Analysis;
use crate::object::inventory;
use crate::option_values::duration;
use crate::output::context::{note, say};
use crate::output::format::{Format, FormatArgs, StyleArgs};
use crate::output::stdout::Out;
use crate::output::{document, list};
use crate::render::escape::escape_bytes;
use crate::render::value::Value;
use crate::segment::attach;
use crate::sys::shm::Attachment;
use crate::sys::{ShmId, process};

/// Attach a segment for a time or while a program runs
///
/// With neither, it is attached and detached at once. With CMD the exit status is CMD's; 125 is a failure of ipcadm's
/// own, 126 and 127 are as for env(1).
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// Segment to attach
    #[arg(value_name = "REF")]
    reference: OsString,
    /// Attach for reading only
    #[arg(long)]
    read_only: bool,
    /// Keep it attached so long
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, conflicts_with = "command")]
    keep: Option<Duration>,
    /// Attach even if detaching will destroy the segment (kernel.shm_rmid_forced)
    #[arg(short, long)]
    force: bool,
    /// Print nothing
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    style: StyleArgs,
    #[command(flatten)]
    format: FormatArgs,
    /// Program to run while it is attached
    #[arg(value_name = "CMD", last = true)]
    command: Vec<OsString>,
}

/// With a program, every failure of ipcadm's own has status 125.
pub fn run(args: &AttachArgs) -> Result<u8> {
    let runs = !args.command.is_empty();
    match args.attach() {
        Ok(code) => Ok(code),
        Err(error) if runs => {
            say(&error.to_string());
            Ok(OWN_FAILURE)
        }
        Err(error) => {
            let reference = escape_bytes(args.reference.as_encoded_bytes()).into_owned();
            let status = document::refuse(args.format.format(), "objects", &reference, error)?;
            Ok(status.code())
        }
    }
}

impl AttachArgs {
    fn attach(&self) -> Result<u8> {
        if self.format.format() == Format::Csv {
            return Err(Error::Usage("--format: attach prints table, json or jsonl".to_owned()));
        }
        child::check(&self.command)?;
        let reference = targets::segment(&self.reference)?;
        let found = reference.resolve()?;
        attach::check(&found, "attach", Some(self.force))?;
        let mut shown = Shown::new(self)?;
        let id = ShmId::new(found.object.id.sysv());
        let lesser = (!self.read_only).then_some("--read-only needs less");
        let attachment = Attachment::new(id, self.read_only)
            .map_err(|errno| attach::refused(&found, "attach", self.read_only, errno, lesser))?;
        let during = inventory::look(found.object.id).ok().flatten().unwrap_or(found.object);
        let runs = !self.command.is_empty();
        let shown_before = shown.attached(&found.to_string(), attachment.address(), during);
        if !runs {
            shown_before?;
            std::thread::sleep(self.keep.unwrap_or_default());
            attachment.detach().map_err(|errno| Error::call(&format!("detach {found}"), errno))?;
            shown.detached(&found.to_string(), inventory::look(found.object.id).ok().flatten())?;
            return Ok(Status::Done.code());
        }
        // What cannot be printed keeps no program from running, and is said when it has run.
        let code = self.command.split_first().map_or(OWN_FAILURE, |(program, rest)| run_program(program, rest));
        attachment.detach().map_err(|errno| Error::call(&format!("detach {found}"), errno))?;
        let after = inventory::look(found.object.id).ok().flatten();
        let shown = shown_before.and_then(|()| shown.detached(&found.to_string(), after));
        match shown.or_else(Error::ignore_broken_pipe) {
            Err(error) => {
                say(&error.to_string());
                // The program's own status counts, unless it would hide this.
                Ok(if code == 0 { OWN_FAILURE } else { code })
            }
            Ok(()) => Ok(code),
        }
    }
}

fn run_program(program: &OsString, arguments: &[OsString]) -> u8 {
    let mut command = Command::new(program);
    command.args(arguments);
    child::status(program, process::run(command))
}

/// What is printed while attached and afterwards.
struct Shown<'a> {
    args: &'a AttachArgs,
    out: Out,
    /// For the one JSON document, which comes at the end.
    states: Vec<(Object, Option<usize>)>,
}

impl<'a> Shown<'a> {
    fn new(args: &'a AttachArgs) -> Result<Self> {
        Ok(Self { args, out: Out::stdout()?, states: Vec::new() })
    }

    fn attached(&mut self, text: &str, address: usize, object: Object) -> Result<()> {
        let access = if self.args.read_only { "read-only" } else { "read-write" };
        self.line(&format!("attached {text} at {address:#x}, {access}"))?;
        self.state(object, Some(address))
    }

    fn detached(&mut self, text: &str, object: Option<Object>) -> Result<()> {
        match object {
            Some(object) => {
                self.line(&format!("detached {text}"))?;
                self.state(object, None)?;
            }
            None => note(&format!("{text} is gone: that was the last attachment of a segment to be destroyed")),
        }
        if self.args.format.format() == Format::Json && !self.args.quiet {
            let states = std::mem::take(&mut self.states);
            self.json(Format::Json, &states).map_err(Error::Output)?;
        }
        self.out.flush().map_err(Error::Output)
    }

    fn line(&mut self, line: &str) -> Result<()> {
        if self.args.quiet || self.args.format.format() != Format::Table {
            return Ok(());
        }
        writeln!(self.out, "{line}").map_err(Error::Output)
    }

    /// Shows the segment's row and hands it on at once: a reader may be waiting for it.
    fn state(&mut self, object: Object, address: Option<usize>) -> Result<()> {
        if self.args.quiet {
            return Ok(());
        }
        let mut object = [object];
        // Where that fails, the row shows that it is not known.
        let _ = inventory::add_memory(object.iter_mut());
        let columns = fields::default_columns(Some(SystemV::Segment.kind()));
        let names = Lookups::of(&object, &columns, Analysis::default());
        let result = match self.args.format.format() {
            Format::Json => {
                self.states.push((object[0], address));
                return Ok(());
            }
            Format::Jsonl => self.json(Format::Jsonl, &[(object[0], address)]),
            _ => {
                let style = self.args.style.style();
                list::table(&mut self.out, &columns, &object, &style, |object, field| field.value(object, &names))
            }
        };
        result.and_then(|()| self.out.flush()).map_err(Error::Output)
    }

    fn json(&mut self, format: Format, states: &[(Object, Option<usize>)]) -> io::Result<()> {
        let exact = list::exact_fields();
        list::json(&mut self.out, format, "objects", states, &[], |record, (object, address)| {
            record.object(object, &exact, &Lookups::of(&[*object], &exact, Analysis::default()));
            record.value("attached", Value::Flag(address.is_some()));
            record.text("address", address.map(|address| format!("{address:#x}")).as_deref());
        })
    }
}
