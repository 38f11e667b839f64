//! Chooses the columns that a request shows, and their order.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::column::{self, CREATOR, Column, GENERIC, SUMMARY, special};
use super::options::Request;
use crate::compat::stop::Stop;
use crate::compat::tool::shown;
use crate::kind::system_v::SystemV;

/// util-linux has room for each column twice.
const MOST: usize = 68;

pub(super) fn columns(request: &Request) -> Result<Vec<&'static Column>, Stop> {
    let Some(list) = &request.columns else { return Ok(defaults(request)) };
    let (mut columns, list) = match list.as_bytes() {
        [b'+', more @ ..] => (defaults(request), more),
        all => (Vec::new(), all),
    };
    named(list, |column| applies(request, column), &mut columns).map_err(Stop::refused)?;
    if columns.len() > MOST {
        return Err(Stop::refused(format!("{} columns are too many: no more than {MOST}", columns.len())));
    }
    Ok(columns)
}

fn applies(request: &Request, column: &Column) -> bool {
    let special = match request.kind {
        _ if request.global => &SUMMARY,
        Some(kind) => special(kind),
        None => &[],
    };
    GENERIC.iter().chain(special).any(|known| known.name == column.name)
}

fn defaults(request: &Request) -> Vec<&'static Column> {
    let Some(kind) = request.kind else { return SUMMARY.iter().collect() };
    if request.is_sheet() && !request.creator && !request.time {
        return GENERIC.iter().chain(special(kind)).collect();
    }
    let (listed, times) = column::listed(kind);
    let mut columns: Vec<&Column> = column::named(listed).collect();
    // The widest column comes last, unless -c or -g adds more.
    let command_last = request.time && !request.creator && !request.global;
    let command = Column::named(b"COMMAND").filter(|_| kind == SystemV::Segment);
    columns.extend(command.filter(|_| !command_last));
    if request.global {
        columns.extend(&SUMMARY);
    }
    if request.creator {
        columns.extend(column::named(CREATOR));
    }
    if request.time {
        columns.extend(column::named(times));
    }
    columns.extend(command.filter(|_| command_last));
    columns
}

/// Parses comma-separated names. A message repeats the list from the bad name on, as in util-linux.
fn named(list: &[u8], applies: impl Fn(&Column) -> bool, columns: &mut Vec<&'static Column>) -> Result<(), String> {
    let shown = |bytes: &[u8]| shown(OsStr::from_bytes(bytes));
    let mut rest = list;
    loop {
        let end = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
        if end == 0 && rest != b"," {
            return Err(format!("missing column name in '{}'", shown(list)));
        }
        // A trailing comma is part of the name.
        let end = if end + 1 == rest.len() { rest.len() } else { end };
        let column = Column::named(&rest[..end]).ok_or_else(|| format!("unknown column: {}", shown(rest)))?;
        if !applies(column) {
            return Err(format!("column {} does not apply to the specified IPC", shown(rest)));
        }
        columns.push(column);
        match rest.get(end + 1..) {
            Some(next) if end < rest.len() => rest = next,
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::named;

    fn read(list: &str) -> Result<Vec<&'static str>, String> {
        let mut columns = Vec::new();
        named(list.as_bytes(), |column| column.name != "NSEMS", &mut columns)?;
        Ok(columns.into_iter().map(|column| column.name).collect())
    }

    #[test]
    fn lists() {
        assert_eq!(read("id,KEY,use%"), Ok(vec!["ID", "KEY", "USE%"]));
        assert_eq!(read("id,x,key"), Err("unknown column: x,key".to_owned()));
        assert_eq!(read("id,"), Err("unknown column: id,".to_owned()));
        assert_eq!(read("nsems,id"), Err("column nsems,id does not apply to the specified IPC".to_owned()));
        assert_eq!(read("id,,"), Err("unknown column: ,".to_owned()));
        for list in ["", ",,", ",id", "id,,key"] {
            assert_eq!(read(list), Err(format!("missing column name in '{list}'")));
        }
    }

    proptest! {
        #[test]
        fn no_list_is_too_strange(list in prop_oneof![any::<String>(), "[idkey,]{0,9}"]) {
            if let Ok(columns) = read(&list) {
                prop_assert_eq!(columns.len(), list.split(',').count());
            }
        }
    }
}
