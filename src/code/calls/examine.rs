//! Whether the calls of an ELF file are to be found by names or by numbers.

use crate::code::calls::elf::{BROKEN, Format, PT_DYNAMIC, PT_INTERP, string};
use crate::code::calls::names::{self, Names};
use crate::code::calls::{Calls, Examined, How, Role, Source, Unexaminable, code, fill};

/// Which calls a file can make. A mapped file that is not of the ELF format has no calls: such are data, and code that
/// a program made as it runs. `name` is the last part of its path.
///
/// # Errors
/// When that cannot be told.
pub fn examine(source: &mut dyn Source, role: Role, name: &[u8]) -> Result<Examined, Unexaminable> {
    let none = Examined { soname: None, calls: Calls::NONE, how: How::Imports };
    let mut head = [0; 4096];
    let count = fill(source, &mut head, 0)?;
    let head = &head[..count];
    if !head.starts_with(b"\x7fELF") {
        return match role {
            Role::Program => Err("is no ELF file".into()),
            Role::Mapped => Ok(none),
        };
    }
    let (format, table) = Format::of(head).ok_or(BROKEN)?;
    let headers = format.headers(source, head, &table)?;
    let Some(header) = headers.iter().rfind(|header| header.kind == PT_DYNAMIC) else {
        return code::examine(source, format, &headers, table.end);
    };
    let dynamic = format.dynamic(source, &headers, header)?;
    let strings = dynamic.strings.ok_or(BROKEN)?;
    let soname = dynamic.soname.map(|at| string(source, &strings, at)).transpose()?;
    let names = Names { strings, soname };
    if names::is_c_library(source, &names, name)? {
        return Ok(Examined { soname: names.soname, ..none });
    }
    let has_loader = headers.iter().any(|header| header.kind == PT_INTERP);
    if role == Role::Program && !has_loader && !dynamic.needs && names.soname.is_none() {
        // It is static all the same: it relocates itself.
        return code::examine(source, format, &headers, table.end);
    }
    names::examine(source, names)
}
