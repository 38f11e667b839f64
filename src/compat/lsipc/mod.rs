//! `lsipc`: lists the objects of one kind, or the limits, in chosen columns.

use std::ffi::OsString;

use super::Tool;
use super::out::Out;
use super::stop::Stop;
use crate::kind::field::Needs;
use crate::kind::model::{KindSet, Object, ObjectId};
use crate::kind::system_v::SystemV;
use crate::object::inventory;
use crate::object::semaphores::{self, Budget, Semaphore};
use crate::sys::locale;
use cells::Cells;
use column::Column;
use command::Commands;
use encode::Encoding;
use options::Request;
use print::Printer;
use table::{Head, Table};

mod cells;
mod choice;
mod column;
mod command;
pub mod encode;
pub(super) mod help;
mod options;
mod print;
mod summary;
mod table;

pub(super) fn run(args: &[OsString]) -> Result<u8, Stop> {
    let request = options::read(args)?;
    let columns = choice::columns(&request)?;
    match (request.kind, request.id) {
        (Some(kind), Some(id)) => show_one(&request, columns, kind, id),
        (Some(kind), None) if !request.global => list(&request, columns, kind),
        _ => show_limits(&request, columns),
    }
}

fn list(request: &Request, columns: Vec<&'static Column>, kind: SystemV) -> Result<u8, Stop> {
    let inventory = inventory::collect(KindSet::of(kind.kind()), Needs::NOTHING)
        .map_err(|error| Stop::refused(error.to_string()))?;
    let status = print_objects(request, columns, kind, &inventory.objects).finish();
    inventory.losses.iter().for_each(|loss| Tool::Lsipc.say(loss));
    Ok(status)
}

fn print_objects(request: &Request, columns: Vec<&'static Column>, kind: SystemV, objects: &[Object]) -> Out {
    let list = match kind {
        SystemV::Segment => "sharedmemory",
        SystemV::Set => "semaphores",
        SystemV::Queue => "messages",
    };
    let mut printer = Printer::new(request, columns.clone(), list);
    let mut cells = Cells::new(request, printer.encoding(), objects, &columns);
    for object in objects {
        printer.row(|text, column| cells.push(text, column, object));
    }
    printer.finish()
}

fn show_one(request: &Request, columns: Vec<&'static Column>, kind: SystemV, id: i32) -> Result<u8, Stop> {
    let id = ObjectId::system_v(kind.kind(), id);
    // No id is negative; the kernel would take the number for an index.
    let found = if id.sysv() < 0 { Ok(None) } else { inventory::look(id) };
    let Some(object) = found.map_err(|errno| Stop::refused(inventory::unreadable(id, errno).to_string()))? else {
        // JSON output is still a document, with an empty list.
        let mut out = print_objects(request, columns, kind, &[]);
        out.fail(format_args!("id {} not found", id.sysv()));
        return Ok(out.finish());
    };
    let mut out = print_objects(request, columns, kind, &[object]);
    if !request.is_sheet() || kind != SystemV::Set {
        return Ok(out.finish());
    }
    match semaphores::semaphores(&object, &mut Budget::unlimited()) {
        Ok(semaphores) => {
            print_elements(&mut out, &object, &semaphores);
            Ok(out.finish())
        }
        Err(errno) => {
            out.failed = true;
            let status = out.finish();
            Tool::Lsipc.say(format_args!("semctl(GETVAL) failed: {errno}"));
            Ok(status)
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
    // A semaphore was last changed by semop or by SETVAL.
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

fn show_limits(request: &Request, columns: Vec<&'static Column>) -> Result<u8, Stop> {
    let rows = summary::rows(request.kind).map_err(|error| Stop::refused(error.to_string()))?;
    let mut printer = Printer::new(request, columns, "ipclimits");
    let encoding = printer.encoding();
    for row in &rows {
        printer.row(|text, column| row.push(text, column, encoding, request.bytes));
    }
    Ok(printer.finish().finish())
}
