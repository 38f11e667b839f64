//! The envelope of every JSON document, and the failures that it tells.

use std::io::{ErrorKind, Write};

use crate::error::{Error, Result, Status, Tally};
use crate::output::context::say;
use crate::output::format::Format;
use crate::output::stdout::Out;
use crate::render::json::JsonWriter;
use crate::sys::clock::now;
use crate::sys::namespace;

/// Something that could not be done, as JSON tells it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// What the user called it.
    pub(crate) reference: String,
    /// The status it alone would lead to.
    pub(crate) status: Status,
    /// What is printed on standard error.
    pub(crate) message: String,
}

impl Failure {
    /// From an error about what the user called `reference`.
    pub(crate) fn of(reference: &str, error: &Error) -> Self {
        Self { reference: reference.to_owned(), status: error.status(), message: error.to_string() }
    }
}

/// Says that what the user called `reference` cannot be shown, and keeps that for the document and the status.
pub(crate) fn fail(reference: &str, error: &Error, failures: &mut Vec<Failure>, tally: &mut Tally) {
    say(&error.to_string());
    tally.failed(error.status());
    failures.push(Failure::of(reference, error));
}

/// `{"ipcadm": {…}, "LIST": [`
pub(crate) fn head<W: Write>(json: &mut JsonWriter<W>, list: &str, dry_run: bool) {
    json.open_object();
    json.key("ipcadm");
    json.open_object();
    json.key("version");
    json.string(env!("CARGO_PKG_VERSION"));
    json.key("namespace");
    match namespace::ipc() {
        Some(number) => json.number(number),
        None => json.null(),
    }
    json.key("time");
    json.time(now());
    if dry_run {
        json.key("dry_run");
        json.flag(true);
    }
    json.close_object();
    json.key(list);
    json.open_array();
}

/// `"errors": […]}` and the end of the line.
pub(crate) fn errors<W: Write>(json: &mut JsonWriter<W>, failures: &[Failure]) {
    json.key("errors");
    json.open_array();
    for failure in failures {
        json.line();
        json.open_object();
        json.key("ref");
        json.string(&failure.reference);
        json.key("status");
        json.number(u64::from(failure.status.code()));
        json.key("message");
        json.string(&failure.message);
        json.close_object();
    }
    json.close_array();
    json.close_object();
    json.end_line();
}

/// Ends a command that comes to nothing: in JSON with a document that tells the failure, otherwise by the error.
///
/// # Errors
/// Every error in another format; in JSON a usage error, and one of the output that the command itself met.
pub(crate) fn refuse(format: Format, list: &str, reference: &str, error: Error) -> Result<Status> {
    if format != Format::Json || !matches!(error, Error::Failed { .. }) {
        return Err(error);
    }
    say(&error.to_string());
    match print_refusal(list, &Failure::of(reference, &error)) {
        Err(Error::Output(output)) if output.kind() == ErrorKind::BrokenPipe => {}
        Err(output) => say(&output.to_string()),
        Ok(()) => {}
    }
    // The failure is what counts, printed or not.
    Ok(error.status())
}

fn print_refusal(list: &str, failure: &Failure) -> Result<()> {
    let mut out = Out::stdout()?;
    let mut json = JsonWriter::new(&mut out);
    head(&mut json, list, false);
    json.close_array();
    errors(&mut json, std::slice::from_ref(failure));
    json.flush().map_err(Error::Output)?;
    out.finish()
}
