//! Which columns a request shows, and in which order.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::column::{CREATOR, Column, GENERIC, SUMMARY, listed, special, times};
use super::options::Request;
use crate::compat::common::shown;
use crate::kind::model::Kind;

/// As many columns as util-linux has room for: each of them twice.
const MOST: usize = 68;

/// The columns to show; `Err` is the message about a bad `-o`.
pub(super) fn columns(request: &Request) -> Result<Vec<Column>, String> {
    let Some(list) = &request.columns else { return Ok(defaults(request)) };
    let (mut columns, list) = match list.as_bytes() {
        [b'+', more @ ..] => (defaults(request), more),
        all => (Vec::new(), all),
    };
    named(list, |column| applies(request, column), &mut columns)?;
    if columns.len() > MOST {
        return Err(format!("{} columns are too many: no more than {MOST}", columns.len()));
    }
    Ok(columns)
}

fn applies(request: &Request, column: Column) -> bool {
    GENERIC.contains(&column)
        || request.global && SUMMARY.contains(&column)
        || !request.global && request.kind.is_some_and(|kind| special(kind).contains(&column))
}

fn defaults(request: &Request) -> Vec<Column> {
    let Some(kind) = request.kind else { return SUMMARY.to_vec() };
    if request.is_sheet() && !request.creator && !request.time {
        return GENERIC.iter().chain(special(kind)).copied().collect();
    }
    let mut columns = listed(kind).to_vec();
    // The widest column stands last, but not behind what else is added.
    let command_last = request.time && !request.creator && !request.global;
    let command = (kind == Kind::Shm).then_some(Column::Command);
    columns.extend(command.filter(|_| !command_last));
    if request.global {
        columns.extend(SUMMARY);
    }
    if request.creator {
        columns.extend(CREATOR);
    }
    if request.time {
        columns.extend(times(kind));
    }
    columns.extend(command.filter(|_| command_last));
    columns
}

/// Reads names between commas. A message shows the list from the bad name on, as util-linux does.
fn named(list: &[u8], applies: impl Fn(Column) -> bool, columns: &mut Vec<Column>) -> Result<(), String> {
    let shown = |bytes: &[u8]| shown(OsStr::from_bytes(bytes));
    let mut rest = list;
    loop {
        let end = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
        if end == 0 && rest != b"," {
            return Err(format!("missing column name in '{}'", shown(list)));
        }
        // A comma at the end is taken for a part of the name.
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

    use super::super::column::Column;
    use super::named;

    fn read(list: &str) -> Result<Vec<Column>, String> {
        let mut columns = Vec::new();
        named(list.as_bytes(), |column| column != Column::Nsems, &mut columns).map(|()| columns)
    }

    #[test]
    fn lists() {
        assert_eq!(read("id,KEY,use%"), Ok(vec![Column::Id, Column::Key, Column::UsePercent]));
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
