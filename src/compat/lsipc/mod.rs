//! `lsipc`: lists objects of one kind, or limits, in columns of choice.

use std::ffi::OsString;
use std::process::ExitCode;

use super::Tool;
use super::common::{Failed, say};
use super::out::Out;
use crate::kind::field::Needs;
use crate::kind::model::{Kind, KindSet, Object, ObjectId};
use crate::object::inventory;
use crate::object::semaphores::{Budget, Semaphore, semaphores};
use crate::sys::locale;
use cells::Cells;
use column::Column;
use command::Commands;
use encode::Encoding;
use options::{Request, fail};
use print::Printer;
use table::{Head, Table};

mod cells;
mod choice;
mod column;
mod command;
pub mod encode;
mod help;
mod options;
mod print;
mod summary;
mod table;

/// Runs it.
#[must_use]
pub fn run(args: Vec<OsString>) -> ExitCode {
    let request = match options::read(&args) {
        Ok(request) => request,
        Err(status) => return status,
    };
    let columns = match choice::columns(&request) {
        Ok(columns) => columns,
        Err(message) => return fail(&message),
    };
    match (request.kind, request.id) {
        (Some(kind), Some(id)) => show_one(&request, columns, ObjectId::system_v(kind, id)),
        (Some(kind), None) if !request.global => list(&request, columns, kind),
        _ => show_limits(&request, columns),
    }
}

fn list(request: &Request, columns: Vec<Column>, kind: Kind) -> ExitCode {
    let inventory = match inventory::collect(KindSet::of(kind), Needs::NOTHING) {
        Ok(inventory) => inventory,
        Err(error) => return fail(&error.to_string()),
    };
    let out = print_objects(request, columns, kind, &inventory.objects).finish();
    let status = out.finish(Tool::Lsipc, ExitCode::SUCCESS);
    inventory.losses.iter().for_each(|loss| say(Tool::Lsipc, loss));
    status
}

fn print_objects(request: &Request, columns: Vec<Column>, kind: Kind, objects: &[Object]) -> Printer {
    let list = match kind {
        Kind::Shm => "sharedmemory",
        Kind::Sem => "semaphores",
        Kind::Msg => "messages",
    };
    let mut printer = Printer::new(request, columns.clone(), list);
    let mut cells = Cells::new(request, printer.encoding(), objects, &columns);
    for object in objects {
        printer.row(|text, column| cells.push(text, column, object));
    }
    printer
}

fn show_one(request: &Request, columns: Vec<Column>, id: ObjectId) -> ExitCode {
    // A negative number would be an index to the kernel, and never an id.
    let found = if id.sysv() < 0 { Ok(None) } else { inventory::look(id) };
    let object = match found {
        Ok(Some(object)) => object,
        Ok(None) => {
            say(Tool::Lsipc, format_args!("id {} not found", id.sysv()));
            // A reader of JSON still gets a document, with nothing in it.
            let out = print_objects(request, columns, id.kind, &[]).finish();
            return out.finish(Tool::Lsipc, ExitCode::FAILURE);
        }
        Err(errno) => return fail(&inventory::unreadable(id, errno).to_string()),
    };
    let mut out = print_objects(request, columns, id.kind, &[object]).finish();
    if !request.is_sheet() || id.kind != Kind::Sem {
        return out.finish(Tool::Lsipc, ExitCode::SUCCESS);
    }
    match semaphores(&object, &mut Budget::unlimited()) {
        Ok(semaphores) => {
            print_elements(&mut out, &object, &semaphores);
            out.finish(Tool::Lsipc, ExitCode::SUCCESS)
        }
        Err(errno) => {
            let status = out.finish(Tool::Lsipc, ExitCode::FAILURE);
            say(Tool::Lsipc, Failed("semctl(GETVAL) failed", errno));
            status
        }
    }
}

fn print_elements(out: &mut Out, set: &Object, semaphores: &[Semaphore]) {
    out.text.push_str("Elements:\n\n");
    let names = ["SEMNUM", "VALUE", "NCOUNT", "ZCOUNT", "PID", "COMMAND"];
    let mut table = Table::new(
        names.iter().map(|name| Head { name, width: name.len(), right: true, cut: false, uneven: false }).collect(),
    );
    let encoding = Encoding::Table { utf8: locale::is_utf8() };
    // A semaphore was last changed by an operation or by being set.
    let latest = set.activity();
    let commands = Commands::of_all(encoding, semaphores.iter().map(|semaphore| (semaphore.pid, latest)));
    for semaphore in semaphores {
        table.number(semaphore.index.into());
        table.number(semaphore.value.into());
        table.number(semaphore.ncnt.unwrap_or_default().into());
        table.number(semaphore.zcnt.unwrap_or_default().into());
        table.number(semaphore.pid.raw().unsigned_abs().into());
        table.cell(|text| text.push_str(commands.of(semaphore.pid, latest)));
    }
    table.print(out, true, None);
}

fn show_limits(request: &Request, columns: Vec<Column>) -> ExitCode {
    let rows = match summary::rows(request.kind) {
        Ok(rows) => rows,
        Err(error) => return fail(&error.to_string()),
    };
    let mut printer = Printer::new(request, columns, "ipclimits");
    let encoding = printer.encoding();
    for row in &rows {
        printer.row(|text, column| row.push(text, column, encoding, request.bytes));
    }
    printer.finish().finish(Tool::Lsipc, ExitCode::SUCCESS)
}
